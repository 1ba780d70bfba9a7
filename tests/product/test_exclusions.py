"""Excluding people over the chat: who is covered ends, who signed in themselves does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from domain.clock import DAY
from domain.coverage import Announcement, How
from domain.policy import AuthorisedBy
from domain.share import in_share
from sandbox.people import PEOPLE
from sandbox.zoom_states import ZoomPresence
from sync.engine.people import PeopleStore
from sync.organisation.announcements import ANNOUNCEMENTS
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, office, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]


@pytest_asyncio.fixture(loop_scope="module")
async def org(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    """The product where an organisation has consented, and people start on request.

    Chiara and Dorothea had connected before.
    """
    async with office(town, tmp_path, rights=RIGHTS) as place:
        await place.connect(CHIARA, DOROTHEA)
        await confirmed(place, "settings account authorise ask")
        yield place


async def confirmed(place: Office, said: str) -> str:
    """Say it, and press the button that confirms; what the question and the answer said."""
    chat = place.chat(ADA)
    question = await chat.says(said)
    [confirm, cancel] = titles(question.card)[-2:]
    assert cancel == "Cancel", said_by(question.card)
    asked = said_by(question.card)
    return f"{asked} {said_by(await chat.clicks(confirm, question))}"


async def started(place: Office, person: SandboxPerson) -> None:
    chat = place.chat(person)
    offer = await chat.says("connect")
    assert titles(offer.card) == ["Start", "Not for me"], said_by(offer.card)
    await chat.clicks("Start", offer)
    place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(person, CALL)


async def test_who_is_excluded_is_cleared_at_once_and_cannot_start(org: Office) -> None:
    await started(org, BEN)
    org.world.set_zoom(CHIARA.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(CHIARA, CALL)
    said = await confirmed(org, f"settings exclude {BEN.upn}, {CHIARA.upn} because INC0012345")
    assert "Exclude 2 people?" in said
    assert "Covered now: this ends it." in said
    assert "Connected with their own sign-in, which isn’t touched." in said
    assert "2 people are excluded now." in said
    assert "For 1 person I’m clearing what I set." in said
    await org.product.told(BEN, None)

    async def forgotten() -> bool:
        return not await org.redis.exists(keys.person(BEN.object_id))

    await org.until(forgotten, "what was known of Ben is erased")
    assert org.around.told(CHIARA) == CALL
    offer = await org.chat(BEN).says("connect")
    assert "Start" not in titles(offer.card)
    listed = said_by((await org.chat(ADA).says("settings excluded")).card)
    assert "Admins have excluded 2 people." in listed
    assert "INC0012345 · Ada Lindqvist" in listed
    history = said_by((await org.chat(ADA).says("settings history")).card)
    assert f"{BEN.upn}: excluded" in history


async def test_who_is_included_again_may_start(org: Office) -> None:
    await confirmed(org, f"settings exclude {BEN.upn}")
    said = await confirmed(org, f"settings include {BEN.upn.upper()}")
    assert "Include 1 person again?" in said
    assert "1 person is no longer excluded." in said
    await started(org, BEN)


async def test_nobody_is_excluded_whom_nobody_meant(org: Office) -> None:
    chat = org.chat(ADA)
    unknown = await chat.says("settings exclude nobody@example.com 山田@例え.example")
    assert "There’s nobody to exclude." in said_by(unknown.card)
    half = await chat.says(f"settings exclude {BEN.upn} Sales")
    assert "“Sales” isn’t an e-mail address." in said_by(half.card)
    many = " ".join(f"user{number}@example.com" for number in range(150))
    assert "These are 150 addresses." in said_by((await chat.says(f"settings exclude {many}")).card)
    assert await org.redis.exists(keys.EXCLUDED) == 0


async def test_a_question_to_one_admin_is_not_answered_by_another(org: Office) -> None:
    org.app_roles(DOROTHEA, "PresenceAdmin")
    question = await org.chat(ADA).says(f"settings exclude {ADA.upn}")
    assert "That’s you." in said_by(question.card)
    other = org.chat(DOROTHEA)
    refused = await other.clicks("Exclude", question, question.card)
    assert "Nothing was changed." in said_by(refused)
    assert await org.redis.exists(keys.EXCLUDED) == 0
    mine = await other.says(f"settings exclude {ADA.upn}")
    assert "1 person is excluded now." in said_by(await other.clicks("Exclude", mine))
    late = await org.chat(ADA).clicks("Exclude", question)
    assert "1 person was excluded already." in said_by(late)


async def test_it_is_not_for_a_role_in_zoom_or_for_others(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path, rights=RIGHTS, ADMIN_ZOOM_ROLE="on") as place:
        place.is_admin_in_zoom(BEN, admin=True)
        await place.connect(BEN)
        chat = place.chat(BEN)
        for said in (
            f"settings exclude {CHIARA.upn}",
            f"settings include {CHIARA.upn}",
            "settings excluded",
            "settings account authorise ask",
            "settings account percent 20",
        ):
            card = said_by((await chat.says(said)).card)
            assert "Your role in Zoom isn’t enough for this." in card, said
        other = await place.chat(CHIARA).says(f"settings exclude {BEN.upn}")
        assert "Settings are for admins" in said_by(other.card)
        assert await place.redis.exists(keys.EXCLUDED) == 0


async def test_a_level_is_limited_to_a_share_or_by_what_entra_says(org: Office) -> None:
    said = await confirmed(org, "settings account percent 20")
    assert "Set the share for the account to 20%?" in said
    assert "about 20 in 100 people are started" in said
    said = await confirmed(org, "settings account only country Sweden")
    assert "Limit the account to people with country Sweden?" in said
    chat = org.chat(ADA)
    form = said_by((await chat.says("settings account")).card)
    assert "Share: 20%." in form
    assert "counts only for people who have country Sweden in Entra" in form
    offer = await org.chat(BEN).says("connect")  # in the sandbox nobody is in Sweden
    assert "Start" not in titles(offer.card)
    await confirmed(org, "settings account only country germany")
    await started(org, BEN)  # whoever chooses Start is not limited by the share
    await confirmed(org, "settings account only everyone")
    history = said_by((await chat.says("settings history")).card)
    assert "Only for: country germany → everyone" in history
    assert "Share of people: 100% → 20%" in history
    for wrong in ("percent 0", "percent 101", "percent 1.5", "percent all"):
        answer = said_by((await chat.says(f"settings account {wrong}")).card)
        assert "isn’t a share" in answer, answer


async def test_whom_a_lower_share_ends_is_counted_and_then_ended(org: Office) -> None:
    await confirmed(org, "settings account authorise inform")
    at_ms = (await org.redis.time())[0] * 1000 - 10 * DAY
    told = ANNOUNCEMENTS.dump(Announcement(at_ms, How.INFORMED))
    few = [person for person in PEOPLE if in_share(person.object_id, 20)]
    for person in PEOPLE:
        await org.redis.set(keys.announced(person.object_id), told)
    people = PeopleStore(org.redis, Scripts(org.redis))

    async def covered() -> set[str]:
        everybody = [oid async for oid in people.everyone()]
        rows = await people.rows(everybody, "authorised_by", "leaving")
        ours = [row for row in rows if row.authorised_by is AuthorisedBy.ORGANISATION]
        return {row.object_id for row in ours if not row.leaving}

    async def everybody_starts() -> bool:
        return len(await covered()) >= len(PEOPLE) - 1

    await org.until(everybody_starts, "everybody is covered")
    before = await covered()
    said = await confirmed(org, "settings account percent 20")
    left = before & {person.object_id for person in few}
    ends = f"It ends for {len(before - left)} people who are covered today."
    assert said.count(ends) == 2, said

    async def others_ended() -> bool:
        return await covered() == left

    await org.until(others_ended, "it has ended for the others")
