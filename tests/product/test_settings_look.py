"""Looking: the control centre, one person, the history; in the chat and on the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from domain.presence import ZoomPresence as OurPresence
from domain.presence import zoom_label
from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.cards import lint
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, EMEKA, said_by
from tests.doubles.notices import found_out, let_time_pass
from tests.doubles.outside import facts, titles
from tests.doubles.product import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.inside import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")


async def change(place: Office, said: str) -> None:
    chat = place.chat(ADA)
    question = await chat.says(said)
    await chat.clicks(titles(question.card)[0], question)


async def look(place: Office, address: str) -> dict[str, Any]:
    card = (await place.chat(ADA).says(f"settings user {address}")).card
    assert card is not None
    return card


async def test_the_centre_counts_people_and_lists_groups(place: Office) -> None:
    await place.connect(BEN, CHIARA, DOROTHEA)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    chat = place.chat(ADA)
    centre = await chat.says("settings")
    text = said_by(centre.card)
    assert "On for the account. Style mirror." in text
    assert "Presence sync is on for 5 people. 3 of them are connected." in text
    assert "1 active now 2 idle 0 problems 2 not connected" in said_by(
        lint.without_charts(centre.card)
    )
    assert "No group has its own settings." in text
    assert "Zoom’s users and groups were last read just now" in text.replace("'", "’")
    everything = ["Account", "Groups", "History", "Morning digest", "Refresh"]
    assert titles(centre.card) == everything
    await change(place, "settings group Sales disable")
    text = said_by(await chat.clicks("Refresh", centre))
    assert (
        "Presence sync is on for 3 people. 1 of them is connected. 2 more people are connected, "
        "but presence sync is off for them." in text
    )
    assert "1. Sales Off" in text
    assert "Settings for the account" in said_by(await chat.clicks("Account", centre))


async def test_one_person_explained(place: Office) -> None:
    await place.connect(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    card = await look(place, "BEN@example.com")
    assert "Presence sync is on for them." in said_by(card)
    lines = facts(card)
    assert lines["Decided by"] == "the account"
    assert lines["Style"] == "mirror, set by their admins"
    assert lines["Connection"] == "Connected"
    assert re.fullmatch(r"Microsoft last accepted an update at \d\d:\d\d", lines["Updates"])
    assert "Problem" not in lines

    await change(place, "settings group Sales disable")
    await place.at_rest()
    card = await look(place, "ben.okafor@example.com")
    assert "Presence sync is off for them." in said_by(card)
    assert facts(card)["Decided by"] == "Sales, priority 1"
    assert facts(card)["Because"] == "Calendar and contacts integration is off"
    assert titles(card) == ["Open the group", "All settings"]

    await change(place, "settings group Sales enable")
    await change(place, "settings group Sales lock")
    await place.chat(BEN).says("pause")
    card = await look(place, "ben@example.com")
    assert "They paused presence sync themselves." in said_by(card)
    assert facts(card)["Decided by"] == "Sales, priority 1, locked"


async def test_one_person_whose_app_is_taken_out(place: Office) -> None:
    await place.connect(BEN)
    await place.chat(BEN).installs("remove-upgrade")
    link = facts(await look(place, "ben@example.com"))["Connection"]
    assert "the app was removed from their Teams at" in link
    assert "If the app isn’t back within a day" in link
    await place.chat(BEN).installs("add-upgrade")
    assert facts(await look(place, "ben@example.com"))["Connection"] == "Connected"


async def test_one_person_who_has_not_connected_or_does_not_exist(place: Office) -> None:
    card = await look(place, "emeka@example.com")
    assert EMEKA.name in said_by(card)
    assert facts(card)["Connection"] == "Not connected"
    assert "Ask them to say connect to the app in Teams." in said_by(card)
    assert "I don’t know anyone" not in said_by(card)
    assert "Nobody in Zoom, or connected here, has" in said_by(
        await look(place, "nobody@example.com")
    )


async def test_one_person_whose_authorisation_ended(place: Office) -> None:
    await place.connect(BEN)
    place.world.identity.revoke(BEN.object_id)
    place.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED, times=2))
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    chat = place.chat(BEN)

    await found_out(place.redis, BEN.object_id)
    assert facts(await look(place, "ben@example.com"))["Connection"] == (
        "Their authorisation ended; they haven’t been notified yet"
    )
    await let_time_pass(place.redis, 31)

    async def asked_again() -> bool:
        return any("Connect again" in titles(message.card) for message in chat.received)

    await place.until(asked_again, "they are asked to connect again")
    card = await look(place, "ben@example.com")
    assert (
        facts(card)["Connection"] == "Their authorisation ended; they were asked to connect again"
    )
    assert facts(card)["Problem"].startswith("Microsoft no longer accepts their authorisation (")
    assert "Connect again" in said_by(card)


async def test_the_look_never_tells_what_zoom_says_or_microsoft_was_told(place: Office) -> None:
    await place.connect(BEN)
    chat, row = place.chat(BEN), keys.person(BEN.object_id)
    seen: list[str] = []

    async def answered() -> bool:
        got, done = await place.redis.hmget(row, "got", "acted")
        return not place.world.webhooks.pending and got == done

    for style in ("busy only", "mirror", "full"):
        asked = await chat.says(f"style {style}")
        if style == "full":
            await chat.clicks("Use full", asked)
        for presence in ZoomPresence:
            place.world.set_zoom(BEN.object_id, presence)
            await place.until(answered, "it is carried out")
            card = await look(place, "ben@example.com")
            text = json.dumps({k: v for k, v in card.items() if k != "body"}) + said_by(card)
            for label in {zoom_label(p) for p in OurPresence} | {"Busy", "InACall", "DoNotDisturb"}:
                assert label not in text.replace("busy only", ""), (style, presence, label)
            rest = re.sub(r"\d\d:\d\d", "", text.replace(style, ""))
            if rest not in seen[-1:]:
                seen.append(rest)
    # Nor does the rest of it change, but once: when something has been written.
    assert len(seen) == 2, seen


async def test_every_look_is_in_the_history(place: Office) -> None:
    await look(place, "ben@example.com")
    await look(place, "Nobody@Example.com")
    history = said_by((await place.chat(ADA).says("settings history")).card)
    assert f"nobody@example.com: looked up {ADA.name}," in history
    assert f"ben@example.com: looked up {ADA.name}," in history


async def test_the_history_has_pages(place: Office) -> None:
    for number in range(23):
        await look(place, f"somebody{number}@example.com")
    chat = place.chat(ADA)
    newest = await chat.says("settings history")
    assert titles(newest.card) == ["Older", "All settings"]
    pages = [said_by(newest.card)]
    while "Older" in titles(chat.now(newest)):
        pages.append(said_by(await chat.clicks("Older", newest)))
    assert [page.count("looked up") for page in pages] == [10, 10, 3]
    assert titles(chat.now(newest)) == ["Newest", "All settings"]
    assert "new → on" in pages[-1]
    found = re.findall(r"somebody(\d+)@", " ".join(pages))
    assert [int(number) for number in found] == list(reversed(range(23)))
    assert said_by(await chat.clicks("Newest", newest)) == pages[0]


async def test_the_history_says_who_changed_what_from_what_to_what(place: Office) -> None:
    await change(place, "settings account style busy only")
    await change(place, "settings account lock")
    await change(place, "settings group Sales disable")
    await change(place, "settings group Sales inherit")
    text = said_by((await place.chat(ADA).says("settings history")).card)
    for part in (
        "Sales: changed Calendar and contacts integration: off → inherits",
        "Sales: changed Calendar and contacts integration: inherits → off",
        "The account: changed Lock: not locked → locked",
        "The account: changed Style: mirror → busy only",
    ):
        assert part in text
        text = text.partition(part)[2]


async def test_somebody_is_found_by_name_and_of_several_it_is_asked(place: Office) -> None:
    assert "Ben Okafor · ben.okafor@" in said_by(await look(place, "okafor ben"))
    chat = place.chat(ADA)
    asked = await chat.says("settings user o")
    assert "2 people in Zoom have a name like “o”." in said_by(asked.card)
    # Buttons that a process of 0.2.0 refuses come when none runs any more.
    await place.redis.hset(keys.DATA_CONTRACT, "newest", 2)

    async def known() -> bool:
        return bool(place.product.command.events("data_version_reached"))

    await place.until(known, "every process knows the buttons")
    asked = await chat.says("settings user o")
    assert titles(asked.card) == ["1. Ben Okafor", "2. Chiara O'Brien", "All settings"]
    card = await chat.clicks("2. Chiara O'Brien", asked)
    assert "Chiara O'Brien · " in said_by(card)
    history = said_by((await chat.says("settings history")).card)
    assert f"o: looked up {ADA.name}," in history
    assert f"chiara@example.com: looked up {ADA.name}," in history.replace(".obrien@", "@")
    assert "Nobody in Zoom" in said_by(await look(place, "Benjamin"))


async def test_inviting_can_be_said(place: Office) -> None:
    said = said_by((await place.chat(ADA).says("settings invite")).card)
    assert "Nobody to invite" in said or "once?" in said
    assert "I can’t tell which group" in said_by(
        (await place.chat(ADA).says("settings invite Xyz")).card
    )


async def test_the_command_line_prints_the_history(place: Office, tmp_path: Path) -> None:
    await change(place, "settings account lock")
    await change(place, "settings group O'Brien's Desk disable")
    await look(place, "ben@example.com")
    environ = {"REDIS_URL": place.around.redis.url}
    code, text = await run("audit", environ=environ, folder=tmp_path)
    assert code == 0, text
    lines = text.splitlines()
    assert len(lines) == 4
    assert "Installation (installation)  change  account: " in lines[0]
    assert lines[1].endswith(
        f"Ada Lindqvist ({ADA.object_id})  change  account: Lock: not locked -> locked"
    )
    assert lines[2].endswith(
        "change  O'Brien's Desk: Calendar and contacts integration: inherits -> off"
    )
    assert "None" not in text
    assert lines[3].endswith("look-up  ben@example.com")
    code, text = await run("audit", "--json", environ=environ, folder=tmp_path)
    assert code == 0, text
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["kind"] for row in rows] == ["change", "change", "change", "look-up"]
    assert rows[2]["old"] is None
    assert rows[2]["new"]["integration"] is False
    assert rows[1]["by"] == ADA.object_id
