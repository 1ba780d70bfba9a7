"""Reading long lists of Zoom's: page after page, at a pace, again where Zoom says later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sync.zoom.api import ZoomApi
    from sync.zoom.slots import Pace

MOST_PAGES = 10_000
TRIES = 4
LONGEST_WAIT = 60.0
"""Seconds. A longer wait would outlive page tokens and locks: the reading is given up instead."""


@dataclass(frozen=True, slots=True)
class ZoomListing:
    """Reads them. `on_wait` hears why, and for how many seconds, a request is to wait."""

    api: ZoomApi
    pace: Pace
    on_wait: Callable[[RetryLater, float], object]

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """One answer. Raises what `ZoomApi.get` raises; RetryLater when tries did not help."""
        for attempt in range(1, TRIES + 1):
            await self.pace.wait()
            try:
                return await self.api.get(path, **query)
            except RetryLater as error:
                wait = 2.0**attempt if error.after is None else error.after
                if attempt == TRIES or wait > LONGEST_WAIT:
                    raise
                self.on_wait(error, wait)
            await self.pace.sleep(wait)
        raise AssertionError("unreachable")

    async def pages(
        self, path: str, name: str, **query: str | int
    ) -> AsyncIterator[tuple[list[Any], dict[str, Any]]]:
        """Yield the rows `name` of each page, and the whole answer that they stand in."""
        token, tokens = "", set[str]()
        for _ in range(MOST_PAGES):
            more = {"next_page_token": token} if token else {}
            answer = await self.get(path, **query, **more)
            rows = answer.get(name)
            if not isinstance(rows, list):
                raise RetryLater("zoom_answer", name)
            yield rows, answer
            token = answer.get("next_page_token") or ""
            if not token:
                return
            if not isinstance(token, str) or token in tokens:
                raise RetryLater("zoom_answer", "next_page_token")
            tokens.add(token)
        raise RetryLater("zoom_answer", "too many pages")
