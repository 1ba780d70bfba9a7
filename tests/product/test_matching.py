"""Who in Zoom is whom in Entra: read with the organisation's consent, seen and changed in chat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from domain.matching import FoundBy, Match, Uncovered
from sandbox.people import OTHERS
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, office, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sync.organisation.matches import MatchStore
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRITE, FULL, BASIC = "Presence.ReadWrite.All", "User.Read.All", "User.ReadBasic.All"
BY_NAME = {person.name: person for person in OTHERS}
ADMINS = f"{ADA.object_id},{DOROTHEA.object_id}"


@pytest_asyncio.fixture(loop_scope="module")
async def others(town: Outside) -> AsyncIterator[Outside]:
    """The town with those whom only Entra or Zoom knows."""
    before, town.world.config = town.world.config, replace(town.world.config, others=OTHERS)
    yield town
    town.world.config = before


@pytest_asyncio.fixture(loop_scope="module")
async def place(others: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(others, tmp_path, rights=(WRITE, FULL), ADMIN_OBJECT_IDS=ADMINS) as running:
        await matched(running)
        yield running


def store(place: Office) -> MatchStore:
    return place.beside.organisation.matching.store


async def matched(place: Office) -> None:
    """Wait until everybody was matched, anew where it is requested."""

    rematcher = place.product.core.organisation.matching.rematcher
    assert rematcher is not None

    async def done() -> bool:
        await place.redis.hset(keys.MATCHES_STATE, "not_before", 0)
        rematcher.work.wake()
        waits = await place.redis.hexists(keys.MATCHES_STATE, "requested")
        busy = await place.redis.exists(keys.MATCHES_LEASE)
        return not waits and not busy and (await store(place).health()).read_ms is not None

    await place.until(done, "everybody is matched")


async def of(place: Office, name: str) -> Match:
    found = await store(place).of_zoom(BY_NAME[name].zoom_id)
    assert found is not None
    return found


async def test_everybody_is_matched_by_every_address_and_the_others_have_a_reason(
    place: Office,
) -> None:
    expected = {
        "Ida Merger": Uncovered.NOBODY,
        "Zed Ali": None,
        "Info desk": Uncovered.DISABLED,
        "Room 4": Uncovered.RESOURCE,
        "Gus Guest": Uncovered.EXTERNAL,
        "Nora NoTeams": Uncovered.NO_TEAMS,
        "The Twins": Uncovered.SEVERAL,
        "Kim (phone)": Uncovered.NOBODY,
        "Tove Two": Uncovered.TWO_ZOOM,
        "Tove (old)": Uncovered.TWO_ZOOM,
    }
    assert {name: (await of(place, name)).why for name in expected} == expected
    for person in (ADA, BEN, CHIARA):
        assert await store(place).of_zoom(person.zoom_id) == Match(
            person.zoom_id, person.object_id, FoundBy.ADDRESS
        )


async def test_an_admin_sees_who_is_not_matched_and_why(place: Office) -> None:
    answer = await place.chat(ADA).says("settings unmatched")
    said = said_by(answer.card)
    assert "6 of 15 people in Zoom are matched. 5 can’t be matched. 4 are left out." in said
    assert "Ida Merger" in said
    assert "twin.one@example.com and twin.two@example.com" in said
    assert "Matched with" not in said
    assert "Match Matched with zed.ali@example.com by their address." in said_by(
        (await place.chat(ADA).says("settings user zed@sales.example")).card
    )


async def test_an_alias_is_previewed_added_and_found_by(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings alias old.example example.com")
    assert "With the alias 1 of them would be, at example.com." in said_by(question.card)
    assert (await of(place, "Ida Merger")).why is Uncovered.NOBODY
    assert "Saved." in said_by(await chat.clicks("Add alias", question))
    await matched(place)
    found = await of(place, "Ida Merger")
    assert (found.object_id, found.by) == (BY_NAME["Ida Merger"].object_id, FoundBy.ALIAS)
    history = said_by((await chat.says("settings history")).card)
    assert "old.example: matching changed" in history
    assert "Became: none → example.com" in history


async def test_a_mapping_by_hand_counts_with_a_second_admin_s_yes(place: Office) -> None:
    words = "settings match kim.lee@example.com kim@nick.example"
    chat, other = place.chat(ADA), place.chat(DOROTHEA)
    question = await chat.says(words)
    made = await chat.clicks("Match them", question)
    assert "doesn’t count yet" in said_by(made)
    assert "Confirm" not in titles((await chat.says(words)).card)
    assert (await of(place, "Kim (phone)")).why is Uncovered.NOBODY
    theirs = await other.says(words)
    assert "so it counts" in said_by(await other.clicks("Confirm", theirs))
    await matched(place)
    found = await of(place, "Kim (phone)")
    assert (found.object_id, found.by) == (BY_NAME["Kim Lee"].object_id, FoundBy.HAND)


async def test_whom_it_is_about_is_asked_in_their_own_chat(place: Office) -> None:
    person = place.chat(BEN)
    await person.says("help")  # so that their chat is known
    chat = place.chat(ADA)
    question = await chat.says("settings match ben@example.com kim@nick.example")
    assert "Matched with ben@example.com" not in said_by(question.card)
    await chat.clicks("Match them", question)
    asked = person.received[-1]
    assert titles(asked.card) == ["Confirm", "It’s not mine"]
    assert "won’t be used as yours" in said_by(await person.clicks("It’s not mine", asked))
    assert "is over" in said_by(await person.clicks("Confirm", asked, asked.card))
    await matched(place)
    assert (await of(place, "Kim (phone)")).why is Uncovered.NOBODY


async def test_nobody_else_may(place: Office) -> None:
    for said in ("settings unmatched", "settings alias", "settings match ben@example.com"):
        assert "Settings are for admins" in said_by((await place.chat(BEN).says(said)).card)


async def test_without_consent_nothing_is_read_and_it_is_said(
    others: Outside, tmp_path: Path
) -> None:
    async with office(others, tmp_path, ADMIN_OBJECT_IDS=ADMINS) as place:

        async def tried() -> bool:
            return (await store(place).health()).reason is not None

        await place.until(tried, "matching was tried")
        said = said_by((await place.chat(ADA).says("settings unmatched")).card)
        assert "hasn’t authorised this app yet" in said


async def test_with_the_lesser_right_it_is_said_what_that_means(
    others: Outside, tmp_path: Path
) -> None:
    async with office(others, tmp_path, rights=(WRITE, BASIC), ADMIN_OBJECT_IDS=ADMINS) as place:
        await matched(place)
        said = said_by((await place.chat(ADA).says("settings unmatched")).card)
        assert "User.ReadBasic.All" in said
        assert (await of(place, "Zed Ali")).why is Uncovered.NOBODY
        assert (await of(place, "Info desk")).why is None  # it can't be seen that it is disabled
        assert (await of(place, "Gus Guest")).why is Uncovered.EXTERNAL
