"""The room of Zoom's feed, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.feed.catch_up import CatchUp, SweepStore
from sync.feed.store import Doubt, Listener
from sync.feed.watch import FeedWatch

if TYPE_CHECKING:
    from sync.engine.people import PeopleStore
    from sync.engine.ports import PolicySource
    from sync.feed.catch_up import Missed
    from sync.feed.store import FeedStore
    from sync.redis.connection import Client
    from sync.redis.duties import Work


@dataclass(frozen=True, slots=True)
class FeedRoom:
    """What was heard of Zoom, what is doubted, and asking about it.

    `listener` has a duty only where Zoom's events come in.
    """

    store: FeedStore
    doubt: Doubt
    listener: Listener
    catch_up: CatchUp

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties in every process."""
        return self.doubt.work, self.catch_up.work


def wire(
    store: FeedStore,
    doubt: Doubt,
    redis: Client,
    *,
    people: PeopleStore,
    policy: PolicySource,
    per_second: float | None,
    missed: Missed | None,
) -> FeedRoom:
    """Put it together. `per_second`, `missed`: sync.feed.catch_up."""
    catch_up = CatchUp(
        store,
        FeedWatch(store),
        SweepStore(redis, people),
        people,
        policy=policy,
        per_second=per_second,
        missed=missed,
    )
    return FeedRoom(store, doubt, Listener(store), catch_up)
