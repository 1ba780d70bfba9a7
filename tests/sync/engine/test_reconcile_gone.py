"""People whose app is taken out, perhaps to be replaced: cleared, silent, back or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.link import Ending
from domain.person import Patch
from domain.policy import Personal
from domain.presence import ZoomPresence
from domain.step import Lane
from sync.redis import keys
from tests.doubles.graph import CLEAR, PREFER, SET, Fault
from tests.doubles.people import ADA

if TYPE_CHECKING:
    from tests.doubles.engine import Bridge

Z = ZoomPresence
DAY = keys.APP_BACK_TTL


async def gone(bridge: Bridge, presence: ZoomPresence = Z.IN_MEETING) -> None:
    """Somebody is shown as Zoom says, then their app is taken out."""
    await bridge.connect(ADA, presence)
    await bridge.work()
    await bridge.engine.app_gone(ADA)


async def days_pass(bridge: Bridge, seconds: float = DAY) -> None:
    """Let time pass, also since the app was taken out."""
    await bridge.pass_time(ADA, seconds)
    since = await bridge.redis.hget(keys.person(ADA), "gone")
    if since is not None:
        await bridge.redis.hset(keys.person(ADA), "gone", int(since) - int(seconds * 1000))


async def test_it_is_cleared_at_once_and_nothing_is_written_from_then_on(bridge: Bridge) -> None:
    await gone(bridge)
    assert bridge.shown(ADA) is None
    writes = bridge.graph.count()
    for presence in (Z.PRESENTING, Z.AVAILABLE, Z.IN_MEETING):
        assert await bridge.say(ADA, presence) == "accepted"
        await bridge.work()
    await bridge.engine.test(ADA)
    await bridge.engine.choose(ADA, Personal(None, None))
    await bridge.store.demand(ADA, Lane.CHANGE, Patch.needs(0))
    await bridge.work()
    assert bridge.graph.count() - writes <= 1, "a look for the test at most"
    assert bridge.graph.count(SET) == 1
    assert bridge.graph.count(CLEAR) == 1


async def test_it_is_back_and_the_newest_state_is_written_at_once(bridge: Bridge) -> None:
    await gone(bridge)
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    await bridge.engine.app_back(ADA)
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"
    await bridge.engine.app_back(ADA)
    await bridge.work()
    assert bridge.graph.count(SET) == 2, "nothing is repeated"
    assert (await bridge.state(ADA)).gone_ms is None


async def test_if_it_is_not_back_in_a_day_they_are_forgotten(bridge: Bridge) -> None:
    await gone(bridge)
    due = await bridge.due_in(ADA)
    assert due is not None
    assert DAY - 60 < due <= DAY
    await days_pass(bridge, DAY - 60)
    await bridge.work()
    assert await bridge.store.state(ADA) is not None
    await days_pass(bridge, 61)
    with capture_logs() as lines:
        await bridge.work()
    assert await bridge.store.state(ADA) is None
    assert await bridge.lasting_keys() == []
    assert [line["event"] for line in lines] == ["app_not_back", "link_erased"]
    await bridge.engine.app_back(ADA)
    assert await bridge.store.state(ADA) is None


async def test_twice_gone_counts_from_the_second(bridge: Bridge) -> None:
    await gone(bridge)
    await days_pass(bridge, DAY / 2)
    await bridge.engine.app_gone(ADA)
    due = await bridge.due_in(ADA)
    assert due is not None
    assert due > DAY - 60
    assert bridge.graph.count() == 2


async def test_who_is_back_in_the_moment_of_forgetting_stays(bridge: Bridge) -> None:
    await gone(bridge)
    await days_pass(bridge, DAY + 1)
    await bridge.say(ADA, Z.IN_MEETING)
    [claim] = await bridge.due()
    await bridge.store.demand(ADA, Lane.URGENT, Patch.app_back())
    await bridge.reconciler.reconcile(claim)
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"


async def test_who_must_connect_again_is_not_told_meanwhile_but_forgotten_in_time(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.login.revoked.add(ADA)
    bridge.tokens.invalidate(ADA)
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    await bridge.engine.app_gone(ADA)
    await bridge.notifier.round()
    assert bridge.chat.told == [], "there is no chat with them now"
    due = await bridge.due_in(ADA)
    assert due is not None
    await bridge.engine.app_back(ADA)
    await bridge.notifier.round()
    assert bridge.chat.told == [(ADA, "invalid_grant")]
    await bridge.engine.app_gone(ADA)
    await days_pass(bridge, DAY + 1)
    await bridge.work()
    assert await bridge.store.state(ADA) is None


async def test_what_microsoft_does_not_clear_now_is_cleared_later(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(503, action=CLEAR))
    await bridge.engine.app_gone(ADA)
    assert bridge.shown(ADA) == "Busy/InACall"
    await bridge.pass_time(ADA, 10)
    await bridge.work()
    assert bridge.shown(ADA) is None


async def test_who_is_given_up_meanwhile_is_forgotten_in_time_and_tried_when_back(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    for _ in range(3):
        bridge.graph.faults.append(Fault(404, action=CLEAR))
    await bridge.engine.app_gone(ADA)
    for _ in range(3):
        await bridge.pass_time(ADA, 600)
        await bridge.work()
    due = await bridge.due_in(ADA)
    assert due is not None, "not parked for ever"
    await bridge.engine.app_back(ADA)
    assert bridge.graph.count(SET) + bridge.graph.count("look") >= 1
    await bridge.engine.app_gone(ADA)
    await days_pass(bridge, DAY + 1)
    await bridge.work()
    assert await bridge.store.state(ADA) is None


async def test_a_status_that_we_preferred_is_taken_back(bridge: Bridge) -> None:
    bridge.full()
    await bridge.connect(ADA, Z.DO_NOT_DISTURB)
    await bridge.work()
    assert bridge.graph.count(PREFER) == 1
    await bridge.engine.app_gone(ADA)
    assert bridge.graph.preferred == {}
    assert bridge.shown(ADA) is None
    await bridge.engine.app_back(ADA)
    assert bridge.graph.count(PREFER) == 2


@pytest.mark.parametrize("connected", [True, False])
async def test_nobody_is_made_by_news_of_an_app(bridge: Bridge, *, connected: bool) -> None:
    if connected:
        await gone(bridge)
        assert await bridge.engine.disconnect(ADA) == Ending("cleared")
    await bridge.engine.app_gone(ADA)
    await bridge.engine.app_back(ADA)
    assert not await bridge.engine.app_is_gone(ADA)
    assert await bridge.lasting_keys() == []
