"""Faults on order: the next requests to a stand-in go wrong in a chosen way.

    world.faults.graph.append(Fault(FaultKind.THROTTLED, times=3, retry_after=10))

Each queue is worked off in order; a fault with `times=3` meets three requests. `STALLED` requests
wait until `release()`. `AFTERWARDS` and `TRUNCATED` do what was asked and then answer badly: the
caller can't know that it was done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Refuse = Callable[[web.Request, int, dict[str, str]], web.Response]

LONGEST_QUEUE = 1000


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLED = "throttled"  # 429, nothing done
    UNAVAILABLE = "unavailable"  # 503, nothing done
    ERROR = "error"  # 500, nothing done
    UNAUTHORIZED = "unauthorized"  # 401, nothing done
    FORBIDDEN = "forbidden"  # 403, nothing done
    STALLED = "stalled"  # no answer until released, then the ordinary one
    AFTERWARDS = "afterwards"  # done, but answered with 429
    RESET = "reset"  # the connection breaks, nothing done
    TRUNCATED = "truncated"  # done, but the answer breaks off
    INTERCEPTED = "intercepted"  # a firewall's page comes back, nothing done
    GATEWAY = "gateway"  # a gateway that knows no such address says so in JSON, nothing done


_PAGE = "<html><title>Blocked</title><body>This address is blocked.</body></html>"
_STATUS = {
    FaultKind.THROTTLED: 429,
    FaultKind.AFTERWARDS: 429,
    FaultKind.UNAVAILABLE: 503,
    FaultKind.ERROR: 500,
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.FORBIDDEN: 403,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One order. `retry_after` is sent with 429 and 503; None: no such header.

    It is a number of seconds, or a text to be sent as it is.
    """

    kind: FaultKind
    times: int = 1
    retry_after: int | str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for numbers that make no sense."""
        if not 1 <= self.times <= LONGEST_QUEUE:
            raise ValueError(f"times must be 1 to {LONGEST_QUEUE}")
        if isinstance(self.retry_after, int) and self.retry_after < 0:
            raise ValueError("retry_after must not be negative")


class FaultQueue:
    """The orders for one stand-in, oldest first."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._orders: deque[Fault] = deque(maxlen=LONGEST_QUEUE)
        self._released = asyncio.Event()
        self.stalled = 0

    def append(self, fault: Fault) -> None:
        """Order a fault after those that wait already."""
        self._orders.append(fault)
        self._changed()

    def forget(self) -> None:
        """Forget all orders; requests that are stalled stay so."""
        self._orders.clear()
        self._changed()

    def clear(self) -> None:
        """Forget all orders and let stalled requests go."""
        self.forget()
        self.release()

    def release(self) -> None:
        """Let every stalled request go on."""
        released, self._released = self._released, asyncio.Event()
        released.set()
        self._changed()

    def waiting(self) -> list[Fault]:
        """What is still to come."""
        return list(self._orders)

    def _take(self) -> Fault | None:
        if not self._orders:
            return None
        fault = self._orders.popleft()
        if fault.times > 1:
            self._orders.appendleft(replace(fault, times=fault.times - 1))
        self._changed()
        return fault

    def guard(self, handler: Handler, refuse: Refuse) -> Handler:
        """Wrap a handler. `refuse(request, status, headers)` makes the service's error answer."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            fault = self._take()
            if fault is None:
                return await handler(request)
            if fault.kind is FaultKind.STALLED:
                await self._stall()
                return await handler(request)
            if fault.kind is FaultKind.RESET:
                return _cut(request)
            if fault.kind is FaultKind.INTERCEPTED:
                return web.Response(text=_PAGE, content_type="text/html", status=403)
            if fault.kind is FaultKind.GATEWAY:
                return web.json_response({"message": "no Route matched"}, status=404)
            if fault.kind in {FaultKind.AFTERWARDS, FaultKind.TRUNCATED}:
                await handler(request)
            if fault.kind is FaultKind.TRUNCATED:
                return await _break_off(request)
            status = _STATUS[fault.kind]
            headers: dict[str, str] = {}
            if fault.retry_after is not None and status in {429, 503}:
                headers["Retry-After"] = str(fault.retry_after)
            return refuse(request, status, headers)

        return guarded

    async def _stall(self) -> None:
        released = self._released
        self.stalled += 1
        self._changed()
        try:
            await released.wait()
        finally:
            self.stalled -= 1
            self._changed()


class Faults:
    """One queue per stand-in."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """`changed` is called whenever a queue changes."""
        self.graph = FaultQueue(changed)
        self.zoom = FaultQueue(changed)
        self.entra = FaultQueue(changed)

    def queue(self, service: str) -> FaultQueue:
        """The queue of a stand-in by its name. Raises KeyError for an unknown one."""
        return {"graph": self.graph, "zoom": self.zoom, "entra": self.entra}[service]

    def release(self) -> None:
        """Let all stalled requests go (before the sandbox stops)."""
        for queue in (self.graph, self.zoom, self.entra):
            queue.release()


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # nobody is there to read it


async def _break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 4096
    await response.prepare(request)
    await response.write(b'{"@odata.context":"https://graph')
    if request.transport is not None:
        request.transport.close()
    return response
