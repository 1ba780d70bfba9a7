"""Graph's presence calls, as little as will do: it counts, and on demand refuses as Graph would."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.wire import response
from sandbox.quota import Quota

_DONE = response(200)


@dataclass
class Graph:
    """What was asked of it since `begin`.

    `writes` counts accepted requests by person, `refused` those that were answered 429. `arrivals`
    are the times (perf_counter) at which the head of a request was there, while `keep_arrivals` is
    set. `me` is the profile of whoever asks for their own, as JSON.
    """

    writes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    refused: int = 0
    last: float = 0.0
    arrivals: asyncio.Queue[float] = field(default_factory=asyncio.Queue)
    keep_arrivals: bool = False
    me: bytes = b""
    _quota: Quota | None = None

    def begin(self, *, limit: int | None = None, window: float = 0.0) -> None:
        """Forget what was, and allow `limit` requests in any `window` seconds, or any number."""
        self.writes.clear()
        self.accepted = self.refused = 0
        self._quota = Quota(time.perf_counter, limit=limit, window=window) if limit else None

    def answer(self, first_line: bytes) -> bytes:
        """Answer a request for `.../users/<object id>/...` whose head has just arrived."""
        self.last = time.perf_counter()
        if b"/v1.0/me?" in first_line:
            return response(200, self.me)
        if self.keep_arrivals:
            self.arrivals.put_nowait(self.last)
        if self._quota is not None and (wait := self._quota.take()) is not None:
            self.refused += 1
            return response(429, headers=f"Retry-After: {wait}\r\n")
        self.accepted += 1
        _, found, rest = first_line.partition(b"/users/")
        if found:
            self.writes[rest.partition(b"/")[0].decode()] += 1
        return _DONE
