"""Zoom's log of undelivered events, from the sandbox's strict stand-in, before the real engine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from domain.presence import ZoomPresence
from sandbox.clock import SandboxClock
from sandbox.faults import Fault, FaultKind
from sandbox.people import ZOOM_APP_ID
from sandbox.server import WORLD, build_sandbox
from sandbox.world import World
from sandbox.zoom_log import Logged
from sandbox.zoom_states import ZoomPresence as Sent
from sync.feed import webhook_log
from sync.feed.webhook_log import OLDEST_MS, WebhookLog
from sync.zoom.api import ZoomApi
from sync.zoom.slots import Pace
from sync.zoom.webhook import ZoomAccount, ZoomEvents
from tests.doubles.engine import Bridge
from tests.doubles.people import ADA, BEN
from tests.sandbox.support import config

Z = ZoomPresence


@dataclass
class Log:
    world: World
    api: ZoomApi
    bridge: Bridge
    directory_changes: int = 0

    def reader(self, app_id: str = ZOOM_APP_ID) -> WebhookLog:
        pace = Pace(1000, monotonic=lambda: 0.0, sleep=self._no_sleep)
        return WebhookLog(self.api, app_id, pace)

    async def take(
        self, ago_ms: int = 300_000, app_id: str = ZOOM_APP_ID, *, until_ms: int = 0
    ) -> None:
        events = ZoomEvents(
            self.bridge.engine,
            account=ZoomAccount(self.bridge.redis, configured=self.world.config.zoom_account_id),
            meter=self.bridge.counts,
            directory_changed=self._changed,
        )
        now = await self.bridge.store.now_ms()
        await self.reader(app_id).take_missed(now - ago_ms, now - until_ms, now, take=events.take)

    def failed(self, event: str, about: dict[str, Any], *, ago_ms: int = 0, times: int = 1) -> None:
        """Zoom could not deliver this, some time ago."""
        at = int(self.world.clock.wall() * 1000) - ago_ms
        payload = {"account_id": self.world.config.zoom_account_id, "object": about}
        delivery = self.world.webhooks._pack(
            {"event": event, "payload": payload, "event_ts": at}, ""
        )
        for number in range(times):
            self.world.webhooks.calls.append(
                Logged(
                    at=at / 1000,
                    event=event,
                    status=503,
                    good=False,
                    failed_reason_type=0,
                    url="",
                    body=delivery.body.decode(),
                    request_id=delivery.headers["x-zm-request-id"],
                    retry_num=number,
                )
            )

    async def _changed(self) -> None:
        self.directory_changes += 1

    async def _no_sleep(self, _: float) -> None:
        pass


@pytest.fixture
async def log(bridge: Bridge) -> AsyncIterator[Log]:
    app = build_sandbox(config(), clock=SandboxClock())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as session:
        api = ZoomApi(
            session,
            oauth_url=f"http://{host}:{port}",
            api_url=f"http://{host}:{port}",
            account_id=app[WORLD].config.zoom_account_id,
            client_id="zoom-client",
            client_secret="zoom-secret",
            now=lambda: 0.0,
        )
        yield Log(app[WORLD], api, bridge)
    await runner.cleanup()


def of(oid: str, status: str = "In_Meeting") -> dict[str, Any]:
    return {"id": f"z{oid}", "email": f"{oid}@example.com", "presence_status": status}


async def test_what_was_not_delivered_is_taken(log: Log) -> None:
    """Newest wins by the event's time; repetitions of a delivery count once."""
    for oid in (ADA, BEN):
        await log.bridge.connect(oid, Z.AVAILABLE)
        await log.bridge.pass_time(oid, 600)
    log.failed("user.presence_status_updated", of(ADA), ago_ms=60_000, times=3)
    log.failed("user.presence_status_updated", of(BEN, "Presenting"), ago_ms=50_000)
    log.failed("user.presence_status_updated", of(BEN, "Away"), ago_ms=120_000)
    with capture_logs() as logs:
        await log.take()
    ada, ben = await log.bridge.state(ADA), await log.bridge.state(BEN)
    assert ada.observation is not None
    assert ada.observation.presence is Z.IN_MEETING
    assert ben.observation is not None
    assert ben.observation.presence is Z.PRESENTING
    assert log.bridge.counts.events == {"accepted": 2, "older": 1}
    assert [(line["event"], line["events"]) for line in logs] == [("zoom_webhook_log_read", 3)]


async def test_directory_events_are_taken_too(log: Log) -> None:
    await log.bridge.connect(ADA)
    log.failed("group.member_added", {"id": "g1"})
    about = {"id": f"z{ADA}", "email": f"{ADA}@example.com"}
    log.failed("user.deactivated", about, ago_ms=60_000)  # before they connected
    await log.take()
    assert not (await log.bridge.state(ADA)).leaving
    log.failed("user.deleted", about, ago_ms=-2)
    await log.take()
    assert (await log.bridge.state(ADA)).leaving
    assert log.directory_changes == 2 + 3, "what is taken twice is taken as new"


async def test_what_is_of_no_use_is_skipped(log: Log) -> None:
    await log.bridge.connect(ADA)
    log.failed("app_deauthorized", {})
    log.failed("user.presence_status_updated", {"id": "", "presence_status": "Away"})
    log.failed("meeting.started", {})
    calls = log.world.webhooks.calls
    calls.append(replace(calls[-1], body="{"))
    with capture_logs() as logs:
        await log.take()
    assert not (await log.bridge.state(ADA)).leaving
    told = [line["event"] for line in logs]
    assert told.count("zoom_webhook_log_row_skipped") == 3
    assert told[-1] == "zoom_webhook_log_read"


async def test_every_page_is_read(log: Log) -> None:
    await log.bridge.connect(ADA)
    for number in range(250):
        log.failed("user.presence_status_updated", of(ADA), ago_ms=10 * number)
    await log.take()
    assert log.bridge.counts.events.total() == 250
    assert webhook_log.PAGE_SIZE < 250


async def test_only_the_gap_is_read_and_at_most_seven_days(log: Log) -> None:
    await log.bridge.connect(ADA)
    log.failed("user.presence_status_updated", of(ADA), ago_ms=30 * 60_000)
    await log.take(ago_ms=5 * 60_000)
    assert log.bridge.counts.events == {}
    await log.take(ago_ms=2 * OLDEST_MS)
    assert log.bridge.counts.events == {"accepted": 1}


async def test_a_gap_of_no_time_is_not_asked_about(log: Log) -> None:
    with capture_logs() as logs:
        await log.take(ago_ms=0, until_ms=600_000)
    assert logs == []


@pytest.mark.parametrize("why", ["scope", "app"])
async def test_a_refusal_is_one_line(log: Log, why: str) -> None:
    log.world.webhooks.log_readable = why != "scope"
    with capture_logs() as logs:
        await log.take(app_id=ZOOM_APP_ID if why == "scope" else "another-app")
    (line,) = logs
    assert line["event"] == "zoom_webhook_log_refused"
    assert line["reason"] == {"scope": "zoom_rights", "app": "zoom_app_unknown"}[why]
    if why == "scope":
        assert line["detail"] == "marketplace_app:read:admin"


async def test_a_zoom_that_is_away_is_one_line(log: Log) -> None:
    log.world.faults.zoom.append(Fault(FaultKind.UNAVAILABLE, times=5))
    with capture_logs() as logs:
        await log.take()
    assert [line["event"] for line in logs] == ["zoom_webhook_log_not_read"]


async def test_the_log_is_what_the_sandbox_could_not_deliver(log: Log) -> None:
    """Through Zoom's own sender: nobody listens at the address."""
    log.world.webhooks.url = "http://127.0.0.1:9/zoom/webhook"
    person = log.world.config.people[0]
    log.world.set_zoom(person.object_id, Sent.IN_MEETING)
    await log.world.wait_until(lambda: bool(log.world.webhooks.calls))
    (call,) = log.world.webhooks.calls
    assert (call.status, call.good, call.failed_reason_type) == (-1, False, 2)
    await log.take()
    assert log.bridge.counts.events == {"not_connected": 1}
