"""What all processes share, read from Redis at one moment: for the gauges and for `top`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.directory import DirectoryHealth
    from sync.engine.queue import LaneFigures


class Counts(Protocol):
    """How many people are connected, and how many of them are parked, by reason."""

    @property
    def connected(self) -> int:
        """Everybody who is connected."""

    @property
    def parked(self) -> Mapping[str, int]:
        """Those for whom nothing is tried."""


class FeedFigures(Protocol):
    """How Zoom's feed is doing; an age is None before the first time."""

    @property
    def age_seconds(self) -> float | None:
        """Since the last delivery."""

    @property
    def silent(self) -> bool:
        """Whether its pattern does not explain its silence."""

    @property
    def validation_age_seconds(self) -> float | None:
        """Since Zoom last validated the webhook's address."""

    @property
    def left(self) -> int:
        """People whom Zoom is still to be asked about after a gap."""


class People(Protocol):
    """The people's store (sync.engine.people), as far as it counts."""

    async def queue(self) -> Sequence[LaneFigures]:
        """How many people stand in each lane."""

    async def counts(self) -> Counts:
        """How many there are; reads no person's row."""


class Quota(Protocol):
    """The shared budget (sync.engine.quota)."""

    async def used(self) -> float:
        """The share that is in use."""


class Directory(Protocol):
    """The mirror of Zoom's users and groups (sync.directory.store)."""

    async def health(self) -> DirectoryHealth:
        """How it is doing."""


class Feed(Protocol):
    """What is kept of Zoom's feed."""

    async def health(self) -> FeedFigures:
        """How it is doing."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The figures of one moment. `used` is the share of Graph's budget in use, 0 to 1."""

    lanes: Sequence[LaneFigures]
    connected: int
    parked: Mapping[str, int]
    used: float
    directory: DirectoryHealth
    feed: FeedFigures | None


@dataclass(frozen=True, slots=True)
class SharedSource:
    """Where they are read. Some hundred small commands, whatever the number of people."""

    people: People
    quota: Quota
    directory: Directory
    feed: Feed | None = None

    async def read(self) -> Shared:
        """Read them now. Raises what Redis raises."""
        counts = await self.people.counts()
        return Shared(
            lanes=await self.people.queue(),
            connected=counts.connected,
            parked=counts.parked,
            used=await self.quota.used(),
            directory=await self.directory.health(),
            feed=None if self.feed is None else await self.feed.health(),
        )
