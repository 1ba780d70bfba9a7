"""Groups by the names that people type: any script, any case, hundreds of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.people import GROUPS, SandboxGroup, SandboxPerson
from sandbox.world import PersonState
from tests.doubles.inside import ADA, BEN, inputs, office, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = (
    "Café Größe",
    "営業部 東京",
    "🚀 Launch Team",
    "فريق المبيعات",
    "O'Brien's Desk",
    "Sales enable",
    'The "A" Team',
    "R&D",
    "C++ <Core> Team",
    "🎉",
    "settings",
    "enable",
    "style",
    "Priority 2",
    "Growth style mirror",
    "account",
    "please",
    "“Quoted” team",
    "“Quoted”",
    "‘Single’",
    "Jose\u0301",
)
TYPED = (
    ("settings group café größe lock", "Café Größe"),
    ("settings group CAFE GRÖSSE lock", "Café Größe"),
    ("/settings group 営業部 東京 lock", "営業部 東京"),
    ("settings group 🚀 launch team lock", "🚀 Launch Team"),
    ("settings group فريق المبيعات lock", "فريق المبيعات"),
    ("settings group o’brien’s desk LOCK", "O'Brien's Desk"),
    ("settings group \"O'Brien's Desk\" lock", "O'Brien's Desk"),
    ("Settings Group ‘O’Brien’s Desk’ Lock please", "O'Brien's Desk"),
    ('settings group "Sales enable" lock', "Sales enable"),
    ('settings group The "A" Team lock', 'The "A" Team'),
    ("settings group r&amp;d lock", "R&D"),
    ("settings group C++ <Core> Team lock", "C++ <Core> Team"),
    ("settings group c++ &lt;core&gt; team lock", "C++ <Core> Team"),
    ("settings group 🎉 lock", "🎉"),
    ("settings group settings lock", "settings"),
    ("/settings group Enable lock", "enable"),
    ("settings group style lock", "style"),
    ("settings group priority 2 lock", "Priority 2"),
    ("settings group growth style mirror lock", "Growth style mirror"),
    ("settings group account lock", "account"),
    ("settings group please lock", "please"),
    ("settings group “Quoted” lock", "“Quoted”"),
    ("settings group quoted lock", "“Quoted”"),
    ("settings group 'single' lock", "‘Single’"),
    ("settings group JOSÉ lock", "Jose\u0301"),
    ("“settings group enable lock”", "enable"),
)
FORMS = (
    ("settings group C++ <Core> Team", "C++ <Core> Team"),
    ("settings group 🎉", "🎉"),
    ("settings group settings", "settings"),
    ("settings settings", "settings"),
    ("settings group enable", "enable"),
    ("settings group Enable, please", "enable"),
    ("settings group style", "style"),
    ("settings group priority 2", "Priority 2"),
    ("settings group growth style mirror", "Growth style mirror"),
    ("settings group account", "account"),
    ("settings group please", "please"),
    ("settings group Sales enable", None),  # two groups can be meant: the verb counts
    ("settings group customer care please", "Customer Care"),
    ("settings group customer care?", "Customer Care"),
)
LOST = (
    ("settings group  lock", '<p>settings group <img itemtype="x/Emoji" alt="🎉"> lock</p>', "🎉"),
    (
        "settings group C++  Team lock",
        "<p>settings group C++ &lt;Core&gt; Team lock</p>",
        "C++ <Core> Team",
    ),
)
"""What Teams leaves out of the text and has in the HTML beside it."""


async def groups(place: Office, *names: str) -> None:
    place.zoom_groups([*GROUPS[:2], *(SandboxGroup(f"g{n}", name) for n, name in enumerate(names))])
    await place.directory_read_again()


async def test_a_name_is_found_however_it_is_typed(place: Office) -> None:
    await groups(place, *NAMES)
    for said, name in TYPED:
        text = said_by((await place.chat(ADA).says(said)).card)
        # Names from right to left stand between marks that isolate them.
        text = text.replace("\u2068", "").replace("\u2069", "")
        assert f"{name} inherits, so there’s nothing" in text, said


async def test_a_group_that_is_called_like_a_verb_is_found_and_shown_to_the_letter(
    place: Office,
) -> None:
    await groups(place, *NAMES, "Customer Care")
    for said, name in FORMS:
        text = said_by((await place.chat(ADA).says(said)).card)
        wanted = "Enable presence sync for Sales?" if name is None else f"Settings for {name} "
        assert wanted in text, said


async def test_a_verb_that_is_no_group_is_explained(place: Office) -> None:
    for said, told in (
        ("settings group enable", "Which group should I enable?"),
        ("settings group Sales style", "“style” needs one of"),
        ("settings Sales enable", "I don’t know settings “Sales”."),
    ):
        assert told in said_by((await place.chat(ADA).says(said)).card), said
        assert "Which group should" not in said_by((await place.chat(BEN).says(said)).card)


async def test_what_teams_leaves_out_of_the_text_is_read_from_the_html(place: Office) -> None:
    await groups(place, *NAMES)
    for said, html, name in LOST:
        attachments = [{"contentType": "text/html", "content": html}]
        text = said_by((await place.chat(ADA).says(said, attachments=attachments)).card)
        assert f"{name} inherits, so there’s nothing" in text, said


async def test_an_unknown_name_gets_a_picker_that_leads_on(place: Office) -> None:
    chat = place.chat(ADA)
    message = await chat.says("settings group Saless Taem disable")
    text = said_by(message.card)
    assert "There’s no group called “Saless Taem”. Which one did you mean?" in text
    assert titles(message.card)[0] == "Sales Team North"
    card = await chat.clicks("Sales Team North", message)
    assert "Disable presence sync for Sales Team North?" in said_by(card)
    card = await chat.clicks("Disable", message)
    assert "Presence sync is disabled for Sales Team North." in said_by(card)


async def test_an_unknown_name_without_a_verb_leads_to_the_form(place: Office) -> None:
    chat = place.chat(ADA)
    message = await chat.says("settings group custmer care")
    card = await chat.clicks("Customer Care", message)
    assert "Settings for Customer Care" in said_by(card)
    assert "It has 1 person in Zoom." in said_by(card)


async def test_a_name_that_is_nothing_like_any_leads_to_all(place: Office) -> None:
    chat = place.chat(ADA)
    message = await chat.says("settings group xyzzy")
    assert "No group has a similar name." in said_by(message.card)
    assert titles(message.card) == ["All groups"]
    card = await chat.clicks("All groups", message)
    assert "5 groups" in said_by(card)


async def test_equal_names_are_told_apart_by_their_sizes(place: Office) -> None:
    await groups(place, "Support", "Support", "SUPPORT")
    place.in_zoom(ADA, "Support")
    await place.directory_read_again()
    chat = place.chat(ADA)
    message = await chat.says("settings group support enable")
    assert "Several groups are called “support”." in said_by(message.card)
    assert sorted(titles(message.card)[:3]) == [
        "SUPPORT (0 people)",
        "Support (1 person)",
        "Support (1 person)",
    ]


async def test_three_hundred_groups_stay_usable(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path) as place:
        names = [f"Sales {n:03d} Überlingen am Bodensee" for n in range(60)]
        names += [f"Region {n:03d} 東京都 🗼 " + "long name " * 8 for n in range(238)]
        crowd = {
            f"00000000-0000-4000-8000-1{n:011d}": SandboxPerson(
                f"00000000-0000-4000-8000-1{n:011d}",
                f"Person {n}",
                f"p{n}@example.com",
                f"p{n}@example.com",
                f"z{n:019d}",
                f"p{n}@example.com",
                (names[n % len(names)],),
            )
            for n in range(700)  # two and more of every name
        }
        place.world.people |= {oid: PersonState(person) for oid, person in crowd.items()}
        try:
            await groups(place, *names)
        finally:
            for oid in crowd:
                del place.world.people[oid]
        chat = place.chat(ADA)
        listed = await chat.says("settings groups")
        assert "300 groups, page 1 of 30" in said_by(listed.card)
        found = await chat.says("settings groups sa")
        assert "61 groups with “sa” in the name, page 1 of 7" in said_by(found.card)
        card = await chat.clicks("Next page", found)
        assert "page 2 of 7" in said_by(card)
        chosen = inputs(card)["group"]["choices"][3]
        card = await chat.clicks("Open", found, group=chosen["value"])
        assert chosen["title"] in said_by(card)
        card = await chat.clicks("Search", listed, search="BODENSEE")
        assert "60 groups with “BODENSEE” in the name" in said_by(card)
        picker = await chat.says("settings group sales disable")
        assert picker.card is not None
        assert "Disable presence sync for Sales?" in said_by(picker.card)  # the one of that name
        picker = await chat.says("settings group region disable")
        assert picker.card is not None
        assert len(inputs(picker.card)["group"]["choices"]) == 60
        assert "more match" in said_by(picker.card)
        last = inputs(picker.card)["group"]["choices"][-1]["value"]
        card = await chat.clicks("Choose", picker, group=last)
        assert titles(card) == ["Disable", "Cancel"]
        sizes = [len(json.dumps(m.card)) for m in chat.received if m.card]
        assert max(sizes) < 25_000


async def test_without_zooms_api_the_account_works_and_groups_say_what_is_missing(
    town: Outside, tmp_path: Path
) -> None:
    names = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
    none: dict[str, Any] = dict.fromkeys(names)
    async with office(town, tmp_path, **none) as place:
        await place.connect(ADA)
        chat = place.chat(ADA)
        centre = await chat.says("settings")
        for said in ("settings group Sales", "settings group Sales disable", "settings groups sa"):
            message = await chat.says(said)
            text = said_by(message.card)
            assert "Groups need Zoom’s API" in text
            assert all(name in text for name in names)
        assert "Groups need Zoom’s API" in said_by(await chat.clicks("Groups", centre))
        card = await chat.clicks("Open the account", message)
        assert "Settings for the account" in said_by(card)
        question = await chat.says("settings account disable")
        assert "1 person now" in said_by(question.card)
        card = await chat.clicks("Disable", question)
        assert "Presence sync is disabled for the account." in said_by(card)


async def test_before_zoom_was_read_groups_say_so(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path) as place:
        await place.redis.delete("pb:{dir}:current", "pb:{dir}:state")
        chat = place.chat(ADA)
        for said in ("settings group Sales disable", "settings groups"):
            text = said_by((await chat.says(said)).card)
            assert "for the first time. Try again in a minute." in text
