"""Reading anew when it is due: one process at a time, later and later after failures.

A reading that fails or is not believed changes nothing but what is known of its health.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from domain.clock import MINUTE
from domain.errors import OutsideError, RetryLater
from sync.redis.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from sync.readings.rows import Readings

FIRST_RETRY_MS = MINUTE
LEASE_MS = 2 * MINUTE


class Renewal(ABC):
    """What every kind has in common; what differs is said by those who read."""

    longest_retry_ms: ClassVar[int]

    store: Readings
    _failures: int = 0

    async def renew(self) -> float:
        """Read if it is due and nobody else does. Returns in how many seconds to look again."""
        token = secrets.token_hex(8)
        wait = await self.store.claim(token, LEASE_MS)
        if wait > 0:
            return wait / 1000
        async with self.store.lease(token, LEASE_MS).kept():
            await self._renew(token)
        return 0.0

    async def _renew(self, token: str) -> None:
        try:
            refused = await self.replace(token)
        except OutsideError as error:
            await self._failed(token, error)
        except REDIS_TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 - it is said, with its traceback
            # A bug with what was said today must not end everything else; it shows in the health.
            self.say_crashed(error)
            await self._failed(token, RetryLater("internal"))
        else:
            if refused is None:
                self._failures = 0
            else:
                self.say_not_believed(refused)
            next_ms, not_before_ms = self.pauses(refused)
            await self.store.finish(
                token,
                next_ms=next_ms,
                not_before_ms=not_before_ms,
                reason=refused or "",
                doubt=refused is not None,
            )

    async def _failed(self, token: str, error: OutsideError) -> None:
        self._failures += 1
        backoff = FIRST_RETRY_MS * 2 ** min(self._failures - 1, 10)
        after = error.after if isinstance(error, RetryLater) and error.after is not None else 0
        delay = min(max(backoff, int(after * 1000)), self.longest_retry_ms)
        next_ms, not_before_ms = self.after_failure(error, delay)
        await self.store.finish(
            token,
            next_ms=next_ms,
            not_before_ms=not_before_ms,
            reason=error.code,
            detail=error.detail,
        )

    @abstractmethod
    async def replace(self, token: str) -> str | None:
        """Read, judge and swap. Returns why it was not believed, or None. Raises OutsideError."""

    @abstractmethod
    def pauses(self, refused: str | None) -> tuple[int, int]:
        """Until the next reading, and at least until one that is requested (ms)."""

    @abstractmethod
    def after_failure(self, error: OutsideError, delay_ms: int) -> tuple[int, int]:
        """Say in the log what failed; the same two pauses. `delay_ms` grows with each failure."""

    @abstractmethod
    def say_not_believed(self, refused: str) -> None:
        """Say in the log that an answer was not believed, and why."""

    @abstractmethod
    def say_crashed(self, error: Exception) -> None:
        """Say in the log that we failed ourselves, with the traceback."""
