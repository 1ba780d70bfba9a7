"""Asking Zoom about somebody in the middle of their reconciliation."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import structlog

from domain.errors import OutsideError, PersonGone, RetryLater
from domain.plan import ASK_AGAIN_MS
from domain.presence import Observation, ZoomPresence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.engine.lease import Reconciliation
    from sync.engine.people import PeopleStore
    from sync.engine.ports import Meter, ZoomLookup

log = structlog.get_logger()

_ZOOM_BUSY = frozenset({"zoom_busy", "zoom_daily_limit"})


@dataclass(eq=False)
class Asking:
    """Asks, within Zoom's pace. `zoom_slot` gives the seconds until somebody's slot.

    `prove` has it found out in the background which Zoom user somebody is.
    """

    store: PeopleStore
    zoom: ZoomLookup
    meter: Meter
    _: KW_ONLY
    zoom_slot: Callable[[str], Awaitable[float]]
    prove: Callable[[str], Awaitable[None]]

    async def ask(self, run: Reconciliation) -> int | None:
        """Ask Zoom. None: it answered; else in how many milliseconds to try (again)."""
        oid, asked_ms = run.state.object_id, run.now()
        link = await self.store.link(oid)
        if link is None:
            return ASK_AGAIN_MS
        if link.zoom_id is None or oid != await self.store.owner_of(
            address=None, zoom_id=link.zoom_id
        ):
            # An address may be somebody else's by now, or somebody else stands for the Zoom user.
            await self.prove(oid)
            return ASK_AGAIN_MS
        wait = await self.zoom_slot(oid)
        if wait > 0:
            return int(wait * 1000) + 1
        try:
            presence = await self.zoom.presence_of(link.zoom_id)
        except PersonGone:
            # Zoom knows nobody by this name now: nothing to mirror.
            self.meter.lookup("gone")
            presence = ZoomPresence.OFFLINE
        except OutsideError as error:
            self.meter.lookup("busy" if error.code in _ZOOM_BUSY else "failed")
            log.warning("zoom_not_asked", person=oid, reason=error.code)
            after = error.after if isinstance(error, RetryLater) else None
            return max(ASK_AGAIN_MS, int((after or 0) * 1000))
        else:
            self.meter.lookup("unknown" if presence is None else "answered")
        if presence is None:
            log.warning("zoom_unknown_state", person=oid)
            return ASK_AGAIN_MS
        observation = Observation(presence, asked_ms)
        # Offered, not set: an event that came meanwhile may be newer.
        outcome = await self.store.offer(oid, observation)
        if outcome == "accepted":
            run.state.observation = observation
            return None
        fresh = await self.store.state(oid)
        if outcome == "not_connected" or fresh is None:
            return ASK_AGAIN_MS  # they left meanwhile; the next reconciliation sees to that
        run.state.observation = fresh.observation
        return None
