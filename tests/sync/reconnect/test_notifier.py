"""Telling people and admins, over a real Redis and with the real engine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from domain.presence import ZoomPresence
from domain.storms import HOLD_MS, MOST_TRIES, WINDOW_MS, Delivery, Notified
from sync.reconnect.store import NoticeStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.engine import ADMIN
from tests.doubles.graph import Fault
from tests.doubles.notices import let_time_pass
from tests.doubles.people import ADA, BEN, person
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from domain.storms import Case, Storm
    from sync.reconnect.notifier import Sent
    from tests.doubles.engine import Bridge

Z = ZoomPresence
CROWD = [person(number) for number in range(10, 16)]
REVOKED = "invalid_grant"


async def fail(bridge: Bridge, *people: str) -> None:
    """The authorisations of these people end, and it is found out."""
    for oid in people:
        if await bridge.store.state(oid) is None:
            await bridge.connect(oid)
            await bridge.work()
        bridge.login.revoked.add(oid)
        bridge.tokens.invalidate(oid)
        await bridge.say(oid, Z.PRESENTING)
    await bridge.work()
    for oid in people:
        assert (await bridge.state(oid)).trouble == "authorize"


async def storm(bridge: Bridge) -> None:
    """Six people fail at once, and the admin is told."""
    await fail(bridge, *CROWD)
    await bridge.notifier.round()


def told(bridge: Bridge) -> list[str]:
    return [oid for oid, _ in bridge.chat.told]


async def test_whoever_was_parked_when_a_process_died_is_told_by_the_next(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    # Nothing in the memory of the process that parked them is needed.
    await bridge.another_notifier().round()
    assert bridge.chat.told == [(ADA, REVOKED)]
    assert bridge.counts.reconnects == {"sent": 1}


async def test_one_process_at_a_time_tells(bridge: Bridge) -> None:
    await bridge.notifier.round()
    await fail(bridge, ADA)
    other = bridge.another_notifier()
    await other.round()
    assert bridge.chat.told == []
    await bridge.redis.delete(keys.job_taken("notices", "all"))  # as its TTL would
    await other.round()
    await bridge.notifier.round()
    assert told(bridge) == [ADA]


async def test_the_lock_ends_by_itself_and_is_given_back_at_the_end(bridge: Bridge) -> None:
    await bridge.notifier.round()
    assert 0 < await bridge.redis.pttl(keys.job_taken("notices", "all")) <= 30_000
    bridge.notifier.work.stop()
    await bridge.notifier.work.run()
    assert await bridge.redis.keys("*notices*") == []


async def test_a_process_that_died_while_sending_is_not_repeated(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    bridge.chat.answers[ADA] = RuntimeError("killed")
    with contextlib.suppress(RuntimeError):
        await bridge.notifier.round()
    del bridge.chat.answers[ADA]
    await bridge.redis.delete(keys.job_taken("notices", "all"))
    with capture_logs() as logs:
        await bridge.another_notifier().round()
    assert told(bridge) == [ADA]
    assert bridge.counts.reconnects == {"undelivered": 1}
    assert [line["event"] for line in logs] == ["reconnect_card_unsure"]


async def test_what_the_channel_did_not_take_is_tried_again_within_bounds(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    bridge.chat.answers[ADA] = "later"
    for tries in range(1, MOST_TRIES + 1):
        await bridge.notifier.round()
        await bridge.notifier.round()
        assert len(bridge.chat.told) == tries, "not before it is time"
        await _its_time(bridge, ADA)
    await bridge.notifier.round()
    assert len(bridge.chat.told) == MOST_TRIES
    assert bridge.counts.reconnects == {"undelivered": 1}


async def _its_time(bridge: Bridge, oid: str) -> None:
    """The wait before the next try is over, as another process sees it."""
    asked = Notified.load(await bridge.redis.hget(keys.person(oid), "notified"))
    if asked.delivery is Delivery.AGAIN:
        due = Notified(Delivery.AGAIN, asked.tries, 1)
        await bridge.redis.hset(keys.person(oid), "notified", due.dump())
        await let_time_pass(bridge.redis, 1)


async def test_when_the_channel_comes_back_it_arrives(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    bridge.chat.answers[ADA] = "later"
    await bridge.notifier.round()
    bridge.chat.answers.clear()
    await _its_time(bridge, ADA)
    await bridge.notifier.round()
    await bridge.notifier.round()
    assert told(bridge) == [ADA, ADA]
    assert bridge.counts.reconnects == {"sent": 1}


async def test_while_the_channel_is_away_one_person_a_round_tries(bridge: Bridge) -> None:
    await fail(bridge, ADA, BEN)
    bridge.chat.answers |= {ADA: "later", BEN: "later"}
    await bridge.notifier.round()
    assert len(bridge.chat.told) == 1


@pytest.mark.parametrize("answer", ["undelivered", "unknown"])
async def test_who_cannot_be_reached_is_counted_once(bridge: Bridge, answer: Sent) -> None:
    await fail(bridge, ADA)
    bridge.chat.answers[ADA] = answer
    for _ in range(3):
        await bridge.notifier.round()
    assert told(bridge) == [ADA]
    assert bridge.counts.reconnects == {"undelivered": 1}


async def test_each_end_of_an_authorisation_is_told_anew(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    await bridge.notifier.round()
    bridge.login.revoked.clear()
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    assert "notified" not in await bridge.redis.hgetall(keys.person(ADA))
    await fail(bridge, ADA)
    await bridge.notifier.round()
    assert told(bridge) == [ADA, ADA]


async def test_a_look_at_the_status_does_not_begin_it_anew(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    await bridge.notifier.round()
    since = [one.since_ms async for one in bridge.store.parked()]
    for _ in range(3):
        explanation = await bridge.engine.explain(ADA)
        assert explanation is not None
        assert explanation.shown_error == REVOKED
        await bridge.work()
        await bridge.notifier.round()
    assert [one.since_ms async for one in bridge.store.parked()] == since
    assert told(bridge) == [ADA]


async def test_a_status_that_finds_it_out_leads_to_a_card_too(bridge: Bridge) -> None:
    await bridge.connect(ADA)
    await bridge.work()
    bridge.login.revoked.add(ADA)
    bridge.tokens.invalidate(ADA)
    await bridge.engine.explain(ADA)
    await bridge.work()
    await bridge.notifier.round()
    assert bridge.chat.told == [(ADA, REVOKED)]


async def test_who_disconnects_meanwhile_is_not_told(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    await bridge.engine.disconnect(ADA)
    await bridge.notifier.round()
    assert bridge.chat.told == []
    assert await bridge.lasting_keys() == []


class Cut(NoticeStore):
    """The connection to Redis breaks at the n-th mark, after Redis has done it (or before)."""

    def __init__(self, bridge: Bridge, at: int, *, done: bool) -> None:
        super().__init__(bridge.redis, Scripts(bridge.redis))
        self._left = at
        self._done = done

    async def _cut(self, mark: Awaitable[bool]) -> bool:
        self._left -= 1
        if self._left == 0 and not self._done:
            cast("Any", mark).close()
            raise RedisConnectionError
        marked = await mark
        if self._left == 0:
            raise RedisConnectionError
        return marked

    async def note(self, case: Case, now: Notified) -> bool:
        return await self._cut(super().note(case, now))

    async def note_alert(self, storm: Storm, admin: str, before: Notified, now: Notified) -> bool:
        return await self._cut(super().note_alert(storm, admin, before, now))


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("done", [True, False])
async def test_a_connection_that_breaks_in_between_neither_loses_nor_repeats_a_card(
    bridge: Bridge, at: int, done: bool
) -> None:
    await fail(bridge, ADA)
    notifier = bridge.another_notifier(Cut(bridge, at, done=done))
    with pytest.raises(RedisConnectionError):
        await notifier.step()
    for _ in range(3):
        await notifier.round()
    assert told(bridge) == [ADA]
    assert bridge.counts.reconnects == {"sent": 1}
    assert (await bridge.state(ADA)).notified.delivery is Delivery.SENT


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("done", [True, False])
async def test_nor_an_alert(bridge: Bridge, at: int, done: bool) -> None:
    await fail(bridge, *CROWD)
    notifier = bridge.another_notifier(Cut(bridge, at, done=done))
    with pytest.raises(RedisConnectionError):
        await notifier.round()
    for _ in range(3):
        await notifier.round()
    assert len(bridge.chat.alerts) == 1
    assert (await bridge.notices.storms())[REVOKED].heard


# -- storms --------------------------------------------------------------------------------------


async def test_many_alike_lead_to_one_alert_and_no_card(bridge: Bridge) -> None:
    await storm(bridge)
    for _ in range(3):
        await bridge.another_notifier().round()
        await bridge.notifier.round()
    assert bridge.chat.alerts == [(ADMIN, REVOKED, len(CROWD))]
    assert bridge.chat.told == []
    assert bridge.counts.reconnects == {"withheld": len(CROWD)}
    assert await bridge.redis.ttl(keys.STORMS) > 0


async def test_an_admin_who_is_a_guest_is_not_told(bridge: Bridge) -> None:
    bridge.externals.add(ADMIN)
    await storm(bridge)
    await bridge.notifier.round()
    assert bridge.chat.alerts == []
    bridge.externals.clear()
    await bridge.notifier.round()
    assert len(bridge.chat.alerts) == 1


async def test_whoever_joins_a_storm_is_not_told_either(bridge: Bridge) -> None:
    await storm(bridge)
    await let_time_pass(bridge.redis, 3600)
    await fail(bridge, ADA)
    await bridge.notifier.round()
    assert bridge.chat.told == []
    assert (await bridge.notices.storms())[REVOKED].people == len(CROWD) + 1


async def test_an_alert_that_was_not_taken_is_tried_again(bridge: Bridge) -> None:
    bridge.chat.answers[ADMIN] = "later"
    await storm(bridge)
    await bridge.notifier.round()
    assert len(bridge.chat.alerts) == 1
    bridge.chat.answers.clear()
    await bridge.redis.hset(
        keys.STORMS, f"{REVOKED}/@{ADMIN}", Notified(Delivery.AGAIN, 1, 1).dump()
    )
    for _ in range(2):
        await bridge.notifier.round()
    assert len(bridge.chat.alerts) == 2


async def test_an_admin_without_a_chat_is_told_once_there_is_one(bridge: Bridge) -> None:
    bridge.chat.answers[ADMIN] = "unknown"
    await storm(bridge)
    await bridge.notifier.round()
    bridge.chat.answers.clear()
    for _ in range(3):
        await bridge.notifier.round()
    assert len(bridge.chat.alerts) == 3
    assert (await bridge.notices.storms())[REVOKED].heard


async def test_who_still_fails_after_a_day_gets_their_card(bridge: Bridge) -> None:
    await storm(bridge)
    await let_time_pass(bridge.redis, HOLD_MS / 1000 - 60)
    await bridge.notifier.round()
    assert bridge.chat.told == []
    await let_time_pass(bridge.redis, 61)
    for _ in range(3):
        await bridge.notifier.round()
    assert sorted(told(bridge)) == CROWD
    assert await bridge.notices.storms() == {}
    assert len(bridge.chat.alerts) == 1


async def try_again(bridge: Bridge) -> None:
    """As the button does, and the notifier and the worker after it."""
    going_on = (await bridge.notices.storms())[REVOKED]
    assert await bridge.notices.try_again(going_on, await bridge.store.now_ms())
    await bridge.notifier.round()
    await bridge.work()
    await bridge.notifier.round()


async def test_trying_again_finds_out_who_still_fails(bridge: Bridge) -> None:
    await storm(bridge)
    healed, still = CROWD[:4], CROWD[4:]
    bridge.login.revoked -= set(healed)
    await try_again(bridge)
    for oid in healed:
        assert (await bridge.state(oid)).trouble is None
        assert bridge.shown(oid) == "DoNotDisturb/Presenting"
    for oid in still:
        assert (await bridge.state(oid)).trouble == "authorize"
    assert (await bridge.notices.storms())[REVOKED].people == len(still)
    assert bridge.chat.told == []
    await let_time_pass(bridge.redis, WINDOW_MS / 1000)
    await bridge.notifier.round()
    assert sorted(told(bridge)) == still, "few are left: it is their own trouble"
    assert bridge.chat.over == [(ADMIN, REVOKED)]
    await bridge.notifier.round()
    assert len(bridge.chat.alerts) == 1


async def test_trying_again_in_vain_makes_no_second_alert(bridge: Bridge) -> None:
    await storm(bridge)
    for _ in range(2):
        await try_again(bridge)
        await let_time_pass(bridge.redis, WINDOW_MS / 1000)
        await bridge.notifier.round()
    assert len(bridge.chat.alerts) == 1
    assert bridge.chat.told == []
    assert bridge.counts.reconnects == {"withheld": len(CROWD)}


async def test_trying_again_asks_microsoft_also_for_whom_nothing_is_to_be_written(
    bridge: Bridge,
) -> None:
    await storm(bridge)
    for oid in CROWD:
        await bridge.say(oid, Z.OFFLINE)
    await let_time_pass(bridge.redis, 3600)  # nothing of ours is held any more
    for oid in CROWD:
        await bridge.pass_time(oid, 7200)
    await try_again(bridge)
    assert (await bridge.notices.storms())[REVOKED].people == len(CROWD)


async def test_an_outage_while_trying_again_blames_nobody(bridge: Bridge) -> None:
    await storm(bridge)
    bridge.login.revoked.clear()
    bridge.graph.faults.append(Fault(503))
    await try_again(bridge)
    troubles = {(await bridge.state(oid)).trouble for oid in CROWD}
    assert "authorize" not in troubles


async def test_a_storm_of_healed_people_ends_in_silence(bridge: Bridge) -> None:
    await storm(bridge)
    bridge.login.revoked.clear()
    await try_again(bridge)
    assert (await bridge.notices.storms())[REVOKED].people == 0
    await let_time_pass(bridge.redis, WINDOW_MS / 1000)
    await bridge.notifier.round()
    assert await bridge.notices.storms() == {}
    assert await bridge.redis.exists(keys.STORMS) == 0
    assert bridge.chat.over == [(ADMIN, REVOKED)]
    assert bridge.chat.told == []


async def test_a_storm_that_is_over_cannot_be_tried_again(bridge: Bridge) -> None:
    await storm(bridge)
    going_on = (await bridge.notices.storms())[REVOKED]
    await bridge.notices.end(going_on)
    assert not await bridge.notices.try_again(going_on, 1)


async def test_a_damaged_row_of_the_storms_is_reported_and_left_out(bridge: Bridge) -> None:
    await bridge.redis.hset(keys.STORMS, mapping={"x/began": "soon", "y/people": 3, "odd": 1})
    await bridge.redis.expire(keys.STORMS, 60)
    with capture_logs() as logs:
        assert await bridge.notices.storms() == {}
    assert [line["event"] for line in logs] == ["storm_row_damaged"] * 2


async def test_it_goes_round_until_it_is_told_to_stop(bridge: Bridge) -> None:
    await fail(bridge, ADA)
    running = asyncio.create_task(bridge.notifier.work.run())

    async def done() -> bool:
        return bool(bridge.counts.reconnects)

    await eventually(done)
    bridge.notifier.work.stop()
    await running
    assert told(bridge) == [ADA]
