"""`settings account …` and `settings group …` in one line, with people connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, EMEKA, office, reopened, said_by
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
AVAILABLE = ("Available", "Available")


async def change(place: Office, said: str) -> Sent:
    """Say it and confirm it."""
    chat = place.chat(ADA)
    question = await chat.says(said)
    confirm, cancel = titles(question.card)
    assert cancel == "Cancel"
    await chat.clicks(confirm, question)
    return question


async def rule(place: Office, person: SandboxPerson) -> str:
    """The line of somebody's own status that names the level that decides."""
    text = said_by((await place.chat(person).says("status")).card)
    return text.partition(" Setting ")[2].partition(" I set ")[0]


async def meeting(place: Office, *people: SandboxPerson) -> None:
    for person in people:
        place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    for person in people:
        await place.product.told(person, CALL)


async def test_disabling_a_group_says_whom_it_touches_and_clears_at_once(place: Office) -> None:
    await place.connect(BEN, DOROTHEA)
    await meeting(place, BEN, DOROTHEA)
    chat = place.chat(ADA)
    question = await chat.says("/settings group Sales disable")
    assert titles(question.card) == ["Disable", "Cancel"]
    text = said_by(question.card)
    assert "Disable presence sync for Sales?" in text
    assert "Who is affected: 1 person now, 1 person once they connect" in text
    assert "I clear what I set for them" in text
    assert place.around.told(BEN) == CALL
    card = await chat.clicks("Disable", question)
    assert "Clearing 0 of 1" in said_by(card)
    await place.product.told(BEN, None)
    card = await place.shows(chat, question, "Cleared for 1 person.")
    assert "Presence sync is disabled for Sales." in said_by(card)
    assert "Cleared for 1 person. It applies to 1 person once they connect." in said_by(card)
    assert "What they notice: I clear what I set for them" in said_by(card)
    assert place.around.told(DOROTHEA) == CALL
    assert {m.activity_id for m in chat.received} == {question.activity_id}  # one card
    assert await rule(place, BEN) == (
        "Your admins have presence sync turned off for your group Sales."
    )
    assert (
        await rule(place, DOROTHEA)
        == "Presence sync is on for your organisation. Your style is mirror."
    )


async def test_enabling_a_group_pushes_what_zoom_says_now(place: Office) -> None:
    await place.connect(BEN, CHIARA, EMEKA)
    await change(place, "settings account disable")
    await place.at_rest()
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    place.world.set_zoom(EMEKA.object_id, ZoomPresence.IN_MEETING)
    await place.product.until(lambda: not place.world.webhooks.pending, "Zoom has said it")
    # Chiara's change is missed, and what was said of her is old: Zoom is asked.
    place.world.webhooks.url = None
    place.world.set_zoom(CHIARA.object_id, ZoomPresence.AVAILABLE)
    seconds, _ = await place.redis.time()
    await place.redis.hset(keys.person(CHIARA.object_id), "obs_at", (seconds - 3 * 3600) * 1000)
    question = await change(place, "settings group Sales enable")
    await place.product.told(BEN, CALL)
    await place.product.told(CHIARA, AVAILABLE)
    await place.shows(place.chat(ADA), question, "Updated for 2 people.")
    assert place.around.told(EMEKA) is None
    assert (
        await rule(place, BEN) == "Presence sync is on for your group Sales. Your style is mirror."
    )


async def test_inherit_gives_the_group_back_to_the_account(place: Office) -> None:
    await place.connect(BEN)
    await meeting(place, BEN)
    await change(place, "settings group Sales disable")
    await place.product.told(BEN, None)
    await change(place, "settings group Sales inherit")
    await place.product.told(BEN, CALL)
    assert (
        await rule(place, BEN) == "Presence sync is on for your organisation. Your style is mirror."
    )


async def test_a_locked_account_decides_over_groups(place: Office) -> None:
    await place.connect(BEN)
    await meeting(place, BEN)
    await change(place, "settings group Sales disable")
    await place.product.told(BEN, None)
    await change(place, "settings account lock")
    await place.product.told(BEN, CALL)
    assert await rule(place, BEN) == (
        "Presence sync is on for your organisation (locked by your admin). Your style is mirror."
    )
    question = await place.chat(ADA).says("settings group Sales style full")
    assert "For 2 people the locked account decides." in said_by(question.card)
    await change(place, "settings account unlock")
    await place.product.told(BEN, None)


async def test_the_group_of_the_highest_priority_decides(place: Office) -> None:
    await place.connect(BEN)
    await meeting(place, BEN)
    await change(place, "settings group Sales enable")
    await change(place, "settings group Sales Team North disable")
    assert place.around.told(BEN) == CALL
    question = await place.chat(ADA).says("settings group Sales Team North lock")
    assert "For 1 person a higher group decides" in said_by(question.card)
    await change(place, "settings group “sales team NORTH” priority 1")
    await place.product.told(BEN, None)
    assert "your group Sales Team North" in await rule(place, BEN)
    await change(place, "settings group Sales priority 1")
    await place.product.told(BEN, CALL)
    centre = said_by((await place.chat(ADA).says("settings")).card)
    assert centre.index("1. Sales ") < centre.index("2. Sales Team North")


async def test_own_style_gives_way_to_a_lock_and_comes_back(place: Office) -> None:
    await place.connect(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await place.product.told(BEN, AVAILABLE)
    chat = place.chat(BEN)
    await chat.says("style busy only")
    await place.product.told(BEN, None)
    await change(place, "settings group Sales enable")
    await place.at_rest()
    assert place.around.told(BEN) is None
    await change(place, "settings group Sales lock")
    await place.product.told(BEN, AVAILABLE)
    assert await rule(place, BEN) == (
        "Presence sync is on for your group Sales (locked by your admin). Your style is mirror."
    )
    text = words((await chat.says("style full")).card)
    assert "set for your group Sales and locked" in text
    await change(place, "settings group Sales unlock")
    await place.product.told(BEN, None)
    assert "Your style is busy only" in words((await chat.says("style")).card)


async def test_a_style_of_the_account_is_carried_out(place: Office) -> None:
    await place.connect(EMEKA)
    place.world.set_zoom(EMEKA.object_id, ZoomPresence.AVAILABLE)
    await place.product.told(EMEKA, AVAILABLE)
    question = await change(place, "settings account style busy only")
    await place.product.told(EMEKA, None)
    await place.shows(place.chat(ADA), question, "The style for the account is busy only.")


@pytest.mark.parametrize("verb", ["lock", "unlock", "priority 2", "style mirror"])
async def test_a_group_that_inherits_says_what_to_do_first(place: Office, verb: str) -> None:
    chat = place.chat(ADA)
    message = await chat.says(f"settings group Sales {verb}")
    assert "Sales inherits, so" in said_by(message.card)
    assert titles(message.card) == ["Enable…", "Disable…", "Cancel"]
    card = await chat.clicks("Enable…", message)
    assert titles(card) == ["Enable", "Cancel"]
    assert "Presence sync is enabled for Sales." in said_by(await chat.clicks("Enable", message))


async def test_what_is_already_so_is_not_asked(place: Office) -> None:
    chat = place.chat(ADA)
    for said in ("settings account enable", "settings account unlock", "settings account enable"):
        message = await chat.says(said)
        assert "Nothing to change" in said_by(message.card)
    message = await chat.says("settings group Sales inherit")
    assert "Nothing to change" in said_by(message.card)


async def test_status_names_the_level_before_somebody_connects(place: Office) -> None:
    await change(place, "settings group Sales disable")
    chat = place.chat(BEN)

    async def names_it() -> bool:
        text = said_by((await chat.says("status")).card)
        assert "Not connected." in text
        return "Setting Your admins have presence sync turned off for your group Sales" in text

    await place.until(names_it, "who has the app is known by address")
    other = said_by((await place.chat(EMEKA).says("status")).card)
    assert "Setting Presence sync is on for your organisation." in other


async def test_pausing_always_works(place: Office) -> None:
    await place.connect(BEN)
    await meeting(place, BEN)
    await change(place, "settings account lock")
    chat = place.chat(BEN)
    assert "Paused" in words((await chat.says("pause")).card)
    await place.product.told(BEN, None)
    await change(place, "settings account disable")
    question = await place.chat(ADA).says("settings account enable")
    assert "1 person now" not in said_by(question.card)  # they paused
    await place.chat(ADA).clicks("Enable", question)
    assert place.around.told(BEN) is None
    await chat.says("resume")
    await place.product.told(BEN, CALL)


async def test_progress_counts_only_what_is_carried_out(place: Office) -> None:
    await place.connect(BEN, CHIARA)
    await meeting(place, BEN, CHIARA)
    place.world.faults.graph.append(Fault(FaultKind.STALLED, times=1))
    question = await change(place, "settings group Sales disable")
    chat = place.chat(ADA)
    card = await place.shows(chat, question, "Clearing 1 of 2")
    assert "Cleared" not in said_by(card)
    place.world.faults.graph.release()
    await place.shows(chat, question, "Cleared for 2 people.")


async def test_progress_waits_while_microsoft_is_busy(place: Office) -> None:
    await place.connect(BEN)
    await meeting(place, BEN)
    place.world.faults.graph.append(Fault(FaultKind.THROTTLED, times=1, retry_after=2))
    question = await change(place, "settings group Sales disable")
    await place.around.until(
        lambda: not place.world.faults.graph.waiting(), "it is refused", place.product.command
    )
    chat = place.chat(ADA)
    assert place.around.told(BEN) == CALL
    assert "Clearing 0 of 1" in said_by(chat.now(question))
    await place.shows(chat, question, "Cleared for 1 person.")
    assert place.around.told(BEN) is None


async def test_whoever_cannot_be_reached_is_counted(place: Office) -> None:
    await place.connect(BEN, CHIARA)
    await meeting(place, BEN, CHIARA)
    place.world.identity.revoke(BEN.object_id)
    place.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED, times=2))
    question = await change(place, "settings group Sales disable")
    card = await place.shows(place.chat(ADA), question, "didn’t accept it")
    assert "Cleared for 1 person. Microsoft didn’t accept it for 1 person" in said_by(card)


async def test_a_restart_in_the_middle_finishes_it(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path) as place:
        await place.connect(BEN, CHIARA)
        await meeting(place, BEN, CHIARA)
        place.world.faults.graph.append(Fault(FaultKind.THROTTLED, times=1, retry_after=3))
        question = await change(place, "settings group Sales disable")
        await place.product.until(
            lambda: not place.world.faults.graph.waiting(), "Microsoft has refused once"
        )
        chat = place.chat(ADA)
        assert "Clearing 0 of 2" in said_by(chat.now(question))
    assert (town.told(BEN), town.told(CHIARA)).count(None) < 2
    async with reopened(town, tmp_path) as place:
        assert await place.redis.scard(keys.jobs("rollouts")) == 1
        await place.shows(place.chat(ADA), question, "Cleared for 2 people.")
        assert town.told(BEN) is None
        assert town.told(CHIARA) is None
        await place.at_rest()
        assert await place.redis.keys("pb:{rollouts}:*") == []
