"""Duties: what a process does beside its requests, again and again, for as long as it lives.

All have one loop. A step is done, then comes a pause, unless somebody wakes the duty. While Redis
is away nothing is lost: the step is tried again, and its duty says so in the log. Anything else
that a step raises is a bug and ends the process.

To add one: declare it here; give a `Work` with its step to `launch.wiring`, or no
process starts; describe its action in docs/log-actions.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final

import structlog

from domain.errors import NotWired
from sync.redis.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from sync.redis.leases import Lease

log = structlog.get_logger()

EARLIER: Final = 0.1
"""A duty's own pause is shorter by up to this part: who starts together need not ask together."""


@dataclass(frozen=True, slots=True, eq=False)
class Duty:
    """What is known of a duty before it is done.

    `waits` says in the log that Redis failed (it gets the name of the exception): at the first
    failure of a row, or at each where `says_each`. None: others that need Redis say it.
    `every_s` between two steps, where a step does not say otherwise; `retry_s` after a failure
    (None: the same). `gentle`: the end waits for the step that is under way (the step looks at
    `Work.stopping`); the others are broken off wherever they are.
    """

    name: str
    waits: Callable[[str], object] | None
    every_s: float
    retry_s: float | None = None
    says_each: bool = False
    gentle: bool = False


DATA: Final = Duty("data", lambda e: log.warning("data_version_not_shown", error=e), 5.0, 1.0)
"""Far more often than a process may be silent (sync.upgrade.scripts.GONE_MS)."""
SETTINGS: Final = Duty("settings", lambda e: log.error("settings_redis_away", error=e), 2.0)
"""A change is known everywhere after these seconds; as a rule SETTINGS_NEWS is faster."""
SETTINGS_NEWS: Final = Duty("settings-news", None, 0.5)
KEYS: Final = Duty("keys", lambda e: log.warning("resealing_waits", error=e), 10.0, says_each=True)
ROLLOUTS: Final = Duty(
    "rollouts", lambda e: log.warning("rollouts_wait", error=e), 5.0, says_each=True
)
DOUBT: Final = Duty("doubt", None, 1.0)
CATCH_UP: Final = Duty("catch-up", lambda e: log.warning("catch_up_waits", error=e), 2.0)
PROVING: Final = Duty("proving", lambda e: log.warning("proving_waits", error=e), 2.0)
DEPARTURES: Final = Duty("departures", lambda e: log.warning("departures_wait", error=e), 5.0)
DIRECTORY: Final = Duty("directory", lambda e: log.error("directory_redis_away", error=e), 5.0, 1.0)
CONSENT: Final = Duty("consent", lambda e: log.warning("consent_waits", error=e), 5.0)
"""Whether the organisation has authorised the app: what one process finds, all know so soon."""
MATCHING: Final = Duty("matching", lambda e: log.warning("matching_waits", error=e), 5.0)
COVERAGE: Final = Duty("coverage", lambda e: log.warning("coverage_waits", error=e), 5.0)
READBACK: Final = Duty("readback", lambda e: log.warning("readback_waits", error=e), 1.0)
"""Looking at what Microsoft shows; not where it is switched off."""
READBACK_LOSSES: Final = Duty("readback-losses", None, 1.0)
OWN_KEPT: Final = Duty("own-kept", lambda e: log.warning("own_kept_waits", error=e), 5.0)
"""People's own authorisations beside the organisation's: they count again, or end in time."""
FEED: Final = Duty("feed", lambda e: log.warning("feed_not_noted", error=e), 1.0)
NOTIFIER: Final = Duty(
    "notifier", lambda e: log.warning("notices_wait", error=e), 3.0, says_each=True, gentle=True
)
INVITATIONS: Final = Duty(
    "invitations",
    lambda e: log.warning("invitations_wait", error=e),
    5.0,
    says_each=True,
    gentle=True,
)
DIGESTS: Final = Duty(
    "digests", lambda e: log.warning("digests_wait", error=e), 60.0, 10.0, gentle=True
)
"""Morning digests, where people talk with us."""
ROSTER: Final = Duty("roster", lambda e: log.warning("roster_waits", error=e), 60.0, says_each=True)
GAUGES: Final = Duty("gauges", lambda e: log.warning("gauges_wait", error=e), 15.0)

DUTIES: Final = tuple(it for it in list(vars().values()) if isinstance(it, Duty))
"""Every duty of the product: those above."""


async def until(woken: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await woken.wait()


@dataclass(eq=False, repr=False)
class Work:
    """How a process does one of its duties.

    `step` does what is to be done now, and returns in how many seconds to look again (None: as the
    duty says). `lease` is let go at the end, after `at_end`, if Redis is there.
    """

    duty: Duty
    step: Callable[[], Awaitable[float | None]]
    _: KW_ONLY
    lease: Lease | None = None
    at_end: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.stopping = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Have the next step done at once."""
        self._woken.set()

    def stop(self) -> None:
        """The process ends: no other step is begun, and `run` returns."""
        self.stopping = True
        self._woken.set()

    async def run(
        self,
        *,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = until,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Step after step, until `stop` or a cancellation. Raises what a step raises but trouble.

        `wait` waits for an event, so many seconds at most; `chance` gives 0 to 1.
        """
        troubled = False
        try:
            while not self.stopping:
                self._woken.clear()
                try:
                    pause, troubled = await self.step(), False
                except REDIS_TROUBLE as error:
                    if self.duty.waits is not None and (self.duty.says_each or not troubled):
                        self.duty.waits(type(error).__name__)
                    pause, troubled = self.duty.retry_s, True
                raise_if_cancelled()
                if pause is None:
                    pause = self.duty.every_s * (1 - EARLIER * chance())
                await wait(self._woken, pause)
        finally:
            with contextlib.suppress(*REDIS_TROUBLE):
                if self.at_end is not None:
                    await self.at_end()
                if self.lease is not None:
                    await self.lease.let_go()


def wired(works: Iterable[Work], *, without: Collection[Duty] = ()) -> tuple[Work, ...]:
    """The work of a process: every duty once, `without` those that it does not need.

    Raises NotWired, at the start and not when somebody misses what was to be done.
    """
    found = tuple(works)
    given = [work.duty for work in found] + list(without)
    for duty in DUTIES:
        if given.count(duty) != 1:
            raise NotWired(f"the duty {duty.name!r} is wired {given.count(duty)} times, not once")
    for duty in given:
        if duty not in DUTIES:
            raise NotWired(f"the duty {duty.name!r} is not in DUTIES")
    return found
