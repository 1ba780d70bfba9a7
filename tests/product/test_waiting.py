"""Microsoft or its sign-in service hangs, or somebody asks too often: everybody gets an answer."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.engine.explanation import MOST_ADMITTED, MOST_LOOK_UPS
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, EMEKA, said_by
from tests.doubles.outside import words

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.doubles.inside import Office
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
WITHIN = 3.0


async def quickly(answer: Awaitable[Any]) -> str:
    """What an answer says; it must come while people still look."""
    began = time.monotonic()
    got = await answer
    assert time.monotonic() - began < WITHIN
    return words(got if isinstance(got, dict) else got.card)


async def test_everybody_is_answered_while_microsoft_hangs(place: Office) -> None:
    people = (BEN, CHIARA, DOROTHEA, EMEKA)
    await place.connect(*people)
    connected: dict[str, Sent] = {p.object_id: place.chat(p).received[-1] for p in people}
    for person in people:
        place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await place.product.told(person, CALL)
    chats = [place.chat(person) for person in people]
    place.teams.typing.clear()
    queue = place.world.faults.graph
    queue.append(Fault(FaultKind.STALLED, times=100))
    try:
        status, test, pause, leave = await asyncio.gather(
            quickly(chats[0].says("status")),
            quickly(chats[1].presses("Test it", on=connected[CHIARA.object_id])),
            quickly(chats[2].says("pause")),
            quickly(chats[3].says("resume")),
        )
        shown = set(place.teams.typing)
    finally:
        queue.clear()
    assert "Microsoft is slow to answer" in status
    assert "I told it “In a call” because Zoom has said “In a meeting”" in status
    assert "Still testing" in test or "couldn’t see what it shows" in test or "half worked" in test
    assert "what I had set, “In a call”, but Microsoft hasn’t answered yet. It may show" in pause
    assert "is cleared," not in pause
    assert "Microsoft is slow to answer" in leave
    assert {chat.client.conversation_id for chat in chats} == shown
    await place.product.told(DOROTHEA, None)


async def test_whose_rights_can_not_be_found_out_is_not_called_no_admin(place: Office) -> None:
    await place.connect(BEN)
    place.world.faults.entra.append(Fault(FaultKind.STALLED, times=10))
    try:
        said = await quickly(place.chat(BEN).says("settings"))
    finally:
        place.world.faults.entra.clear()
    assert "I can’t find out right now whether you may do that" in said


async def test_an_answer_that_comes_at_once_needs_no_sign_of_work(place: Office) -> None:
    await place.connect(BEN)
    place.teams.typing.clear()
    await place.chat(BEN).says("status")
    assert place.teams.typing == []


async def test_who_asks_again_and_again_is_told_the_last_look(place: Office) -> None:
    await place.connect(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    chat = place.chat(BEN)
    for _ in range(MOST_ADMITTED):
        last = await chat.says("status")
    assert "when I last looked" not in said_by(last.card)
    place.world.set_zoom(BEN.object_id, ZoomPresence.PRESENTING)
    await place.product.told(BEN, ("DoNotDisturb", "Presenting"))
    for card in (
        (await chat.says("status")).card,
        await chat.presses("Refresh", on=last),
    ):
        assert "Microsoft showed “In a call” when I last looked" in said_by(card)
        assert "You’ve asked often, so I didn’t look just now." in said_by(card)
    tested = await chat.presses("Test it", on=last)
    assert words(tested).startswith("Not tested")
    assert place.around.told(BEN) == ("DoNotDisturb", "Presenting")
    paused = (await chat.says("pause")).card
    assert "You’ve paused and resumed often" in said_by(paused)
    assert "is cleared," not in said_by(paused)
    assert "you paused" in said_by((await chat.says("status")).card).lower()


async def test_an_admin_who_looks_up_again_and_again_is_stopped_before_the_record(
    place: Office,
) -> None:
    await place.connect(BEN)
    chat, before = place.chat(ADA), await place.redis.xlen(keys.LOOKS[0])
    for _ in range(MOST_LOOK_UPS):
        found = await chat.says(f"settings user {BEN.upn}")
    assert "Presence sync for one person" in said_by(found.card)
    stopped = await chat.says(f"settings user {BEN.upn}")
    assert "You’ve looked up or retried many people" in said_by(stopped.card)
    assert await place.redis.xlen(keys.LOOKS[0]) - before == MOST_LOOK_UPS
