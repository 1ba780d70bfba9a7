"""What was heard of Zoom's feed, by all web processes together, and since when it is doubted.

Deliveries are counted in memory and written at most once a second, beside the webhook's answers.
"""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

import structlog

from domain.clock import MINUTE
from domain.feed import FeedHealth, Heard, Slot, validation_missing
from sync.feed import scripts as lua
from sync.redis import duties, keys
from sync.redis.connection import server_ms
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

BEAT_SECONDS = 10.0
"""How often a web process shows itself at least."""
LONG_AWAY_MS = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class FeedState:
    """All that is kept of the feed. Times are epoch ms of the Redis server's clock.

    `beat_ms`: a web process was there. `counts`: deliveries by hour since the epoch, of the hours
    from `judged` on, which are not in the pattern yet. `silent_ms`: the feed was found silent, and
    since when nothing came. `warned_ms`: the validation after which one was found missing.
    `doubted_ms`: states of Zoom observed before are not trusted; `sweep_ms`, `swept_ms`: the doubt
    for which people are being asked about, and the last for which all were. `gap`: when events
    were missed, until Zoom's log of them was read.
    """

    now_ms: int
    beat_ms: int | None = None
    since_ms: int | None = None
    last_ms: int | None = None
    validated_ms: int | None = None
    judged: int | None = None
    counts: Mapping[int, int] = field(default_factory=dict)
    recent: tuple[int, ...] = ()
    silent_ms: int | None = None
    warned_ms: int | None = None
    doubted_ms: int = 0
    sweep_ms: int = 0
    swept_ms: int = 0
    gap: tuple[int, int] | None = None

    @property
    def heard(self) -> Heard:
        """What the feed is judged by."""
        return Heard(self.last_ms, self.since_ms, self.recent)

    @property
    def away_ms(self) -> int:
        """For how long no web process has been there."""
        return 0 if self.beat_ms is None else max(0, self.now_ms - self.beat_ms)


class FeedStore:
    """Every read and write of the feed's keys."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    async def note(self, deliveries: int, validations: int) -> int:
        """A web process is there and heard so much. Returns for how many ms none was there.

        If that was long enough for Zoom's events to be lost, everything known is doubted from now
        on. 0: there was one all the time; -1: there has never been one.
        """
        return await self._scripts.run(
            lua.feed_note, state=keys.FEED_STATE, deliveries=deliveries, validations=validations
        )

    async def read(self) -> FeedState:
        """All of it, but the pattern. What was heard at a time still to come was heard now."""
        row: dict[str, str] = await self._client.hgetall(keys.FEED_STATE)
        return _read(row, await server_ms(self._client))

    async def pattern(self) -> dict[int, Slot]:
        """The hours of the week that are known."""
        rows: dict[str, str] = await self._client.hgetall(keys.FEED_PATTERN)
        found = {}
        for name, text in rows.items():
            root, _, weeks = text.partition(" ")
            try:
                found[int(name)] = Slot(float(root), int(weeks))
            except ValueError:
                log.error("feed_pattern_damaged", slot=name)
        return found

    async def learnt(
        self, judged: int, recent: Sequence[int], slots: Mapping[int, Slot], hours: Sequence[int]
    ) -> None:
        """Keep what the hours before `judged` taught; the counts of `hours` are dropped."""
        # In this order a process that dies in between loses some hours, and counts none twice.
        row = {"judged": judged, "recent": ",".join(map(str, recent))}
        await self._client.hset(keys.FEED_STATE, mapping=row)
        if hours:
            await self._client.hdel(keys.FEED_STATE, *(f"hour:{hour}" for hour in hours))
        if slots:
            rows = {slot: f"{known.root:.4f} {known.weeks}" for slot, known in slots.items()}
            await self._client.hset(keys.FEED_PATTERN, mapping=rows)

    async def fell_silent(self, since_ms: int) -> None:
        """The feed is silent; everything known is doubted."""
        row = {"silent": since_ms, "doubted": await server_ms(self._client)}
        await self._client.hset(keys.FEED_STATE, mapping=row)

    async def came_back(self, gap: tuple[int, int]) -> None:
        """The feed is not silent any more: what came in the gap is doubted once more."""
        row = {"doubted": await server_ms(self._client), "gap_to": gap[1]}
        await self._client.hset(keys.FEED_STATE, mapping=row)
        await self._client.hsetnx(keys.FEED_STATE, "gap_from", gap[0])
        await self._client.hdel(keys.FEED_STATE, "silent")

    async def doubt(self) -> None:
        """From now on everything known is doubted."""
        await self._client.hset(keys.FEED_STATE, "doubted", await server_ms(self._client))

    async def warned(self, validated_ms: int) -> None:
        """It was said that no validation followed this one."""
        await self._client.hset(keys.FEED_STATE, "warned", validated_ms)

    async def sweeping(self, doubted_ms: int) -> None:
        """Who is to be asked about because of this doubt is known."""
        await self._client.hset(keys.FEED_STATE, "sweep", doubted_ms)

    async def swept(self, doubted_ms: int) -> None:
        """Everyone was asked about because of this doubt."""
        await self._client.hset(keys.FEED_STATE, "swept", doubted_ms)

    async def gap_read(self, gap: tuple[int, int]) -> None:
        """Zoom's log of a gap was read, or can't be."""
        if await self._client.hget(keys.FEED_STATE, "gap_to") == str(gap[1]):
            await self._client.hdel(keys.FEED_STATE, "gap_from", "gap_to")

    async def doubted_ms(self) -> int:
        """Since when what is known is doubted (epoch ms); 0: it never was."""
        text = await self._client.hget(keys.FEED_STATE, "doubted")
        return int(text) if text is not None and str(text).isdecimal() else 0

    async def health(self) -> FeedHealth:
        """How the feed is doing, for metrics and cards."""
        state = await self.read()
        return FeedHealth(
            now_ms=state.now_ms,
            last_ms=state.last_ms,
            silent_since_ms=state.silent_ms if is_still_silent(state) else None,
            validated_ms=state.validated_ms,
            validation_missing=validation_missing(
                state.now_ms, validated_ms=state.validated_ms, since_ms=state.since_ms
            ),
            doubted_ms=state.doubted_ms,
            left=int(await self._client.zcard(keys.FEED_LEFT)),
        )


def is_still_silent(state: FeedState) -> bool:
    """Whether nothing came since the feed was found silent."""
    return state.silent_ms is not None and (state.last_ms or 0) <= state.silent_ms


@dataclass(eq=False)
class Listener:
    """What this web process heard of Zoom. One per process."""

    store: FeedStore
    _: KW_ONLY
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.work = Work(duties.FEED, self.write, at_end=self.write)
        self._deliveries = 0
        self._validations = 0
        self._beaten = float("-inf")

    def heard(self, *, validation: bool = False) -> None:
        """Something with a good signature came. Costs an addition: it is written later."""
        self._deliveries += 1
        self._validations += validation

    async def write(self) -> None:
        """Write down what was heard since the last time, and now and then that we are here."""
        now = self.monotonic()
        deliveries, validations = self._deliveries, self._validations
        if not deliveries and now - self._beaten < BEAT_SECONDS:
            return
        away = await self.store.note(deliveries, validations)
        self._deliveries -= deliveries
        self._validations -= validations
        self._beaten = now
        if away > 0:
            log.warning("zoom_events_missed", seconds=away // 1000)


class Doubt:
    """Since when what Zoom said is doubted, as this process knows it. One per process."""

    def __init__(self, store: FeedStore) -> None:
        self.work = Work(duties.DOUBT, self.load)
        self._store = store
        self._ms = 0

    def ms(self) -> int:
        """Epoch ms; what was observed before is not trusted. At most some seconds old."""
        return self._ms

    async def load(self) -> None:
        """Read it anew."""
        self._ms = await self._store.doubted_ms()


_HOUR = "hour:"


def _read(row: Mapping[str, str], now_ms: int) -> FeedState:
    """Read the state. A field that we did not write counts as missing."""

    def number(name: str) -> int | None:
        text = row.get(name, "")
        return int(text) if text.isdecimal() else None

    def past(name: str) -> int | None:
        at = number(name)
        return None if at is None else min(at, now_ms)

    counts = {
        int(name.removeprefix(_HOUR)): int(text)
        for name, text in row.items()
        if name.startswith(_HOUR) and name[len(_HOUR) :].isdecimal() and text.isdecimal()
    }
    gap_from, gap_to = number("gap_from"), number("gap_to")
    return FeedState(
        now_ms=now_ms,
        beat_ms=past("beat"),
        since_ms=past("since"),
        last_ms=past("last"),
        validated_ms=past("validated"),
        judged=number("judged"),
        counts=counts,
        recent=tuple(int(text) for text in row.get("recent", "").split(",") if text.isdecimal()),
        silent_ms=past("silent"),
        warned_ms=number("warned"),
        doubted_ms=number("doubted") or 0,
        sweep_ms=number("sweep") or 0,
        swept_ms=number("swept") or 0,
        gap=None if gap_from is None or gap_to is None else (gap_from, gap_to),
    )
