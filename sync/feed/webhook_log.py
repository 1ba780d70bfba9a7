"""Zoom's own log of what it could not deliver: read after a gap, and taken like deliveries.

`GET /v2/marketplace/apps/{appId}/webhook_logs` (Zoom documentation, "Get webhook logs"): failed
attempts of at most seven days, with the body that was sent. It needs the scope
`marketplace_app:read:admin`; without it, people are asked about all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog

from domain.clock import DAY, MINUTE
from domain.errors import AdminMustAct, OutsideError, PersonGone
from sync.zoom.events import AppRemoved, Malformed, Validation, parse_event
from sync.zoom.listing import ZoomListing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sync.zoom.api import ZoomApi
    from sync.zoom.events import Event
    from sync.zoom.slots import Pace

log = structlog.get_logger()

PAGE_SIZE = 100
"""A third of what Zoom allows: each row repeats headers and bodies."""
FAILED = 2
"""Zoom's `type` of a query for failed attempts only."""
OLDEST_MS = 7 * DAY - MINUTE
"""Zoom refuses to look back further; less a minute for clocks that differ."""
MARGIN_MS = MINUTE
"""An attempt is logged when it has failed: some seconds after it was made."""


class WebhookLog:
    """The log of one Marketplace app. `pace` spaces requests out."""

    def __init__(self, api: ZoomApi, app_id: str, pace: Pace) -> None:
        self._listing = ZoomListing(api, pace, on_wait=lambda _, __: None)
        self._path = f"/v2/marketplace/apps/{quote(app_id, safe='')}/webhook_logs"

    async def take_missed(
        self, from_ms: int, to_ms: int, now_ms: int, *, take: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Take every event that Zoom could not deliver in a time (epoch ms), as far as it tells.

        `take` acts on an event (sync.zoom.webhook.ZoomEvents).

        What Zoom refuses to tell is logged and missed for good. Raises what Redis raises: then the
        time is to be taken again, which is harmless.
        """
        from_ms = max(from_ms - MARGIN_MS, now_ms - OLDEST_MS)
        to_ms = min(to_ms + MARGIN_MS, now_ms)
        if to_ms <= from_ms:
            return
        taken = 0
        try:
            async for event in self._events(from_ms, to_ms):
                await take(event)
                taken += 1
        except AdminMustAct as error:
            log.warning("zoom_webhook_log_refused", reason=error.code, detail=error.detail)
        except PersonGone:  # what a 404 means elsewhere
            log.warning("zoom_webhook_log_refused", reason="zoom_app_unknown")
        except OutsideError as error:
            log.warning("zoom_webhook_log_not_read", reason=error.code, events=taken)
        else:
            log.info("zoom_webhook_log_read", events=taken, seconds=(to_ms - from_ms) // 1000)

    async def _events(self, from_ms: int, to_ms: int) -> AsyncIterator[Event]:
        seen = set[int]()
        async for rows, _ in self._listing.pages(
            self._path,
            "webhook_logs",
            page_size=PAGE_SIZE,
            type=FAILED,
            **{"from": _moment(from_ms), "to": _moment(to_ms + 999)},  # whole seconds
        ):
            for row in rows:
                body = row.get("request_body") if isinstance(row, dict) else None
                # Every repetition of a delivery has a row of its own.
                if isinstance(body, str) and hash(body) not in seen:
                    seen.add(hash(body))
                    event = _event(body)
                    if event is not None:
                        yield event


def _event(body: str) -> Event | None:
    """Read a logged body; None: nothing to act on any more."""
    try:
        event = parse_event(body.encode())
    except (Malformed, UnicodeEncodeError):
        log.warning("zoom_webhook_log_row_skipped")
        return None
    if isinstance(event, AppRemoved):
        # The app's log can be read, so it was added again since.
        log.warning("zoom_webhook_log_row_skipped", name="app_deauthorized")
        return None
    return None if isinstance(event, Validation) else event


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
