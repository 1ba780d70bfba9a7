"""Scripts of reading back: whom to look at, what was seen, and that it ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.engine.scripts import QUEUE, Shard
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script


@script(head=QUEUE)
def saw(
    *,
    prefix: Key,
    shard: Shard,
    sent_ms: int,
    settle_ms: int,
    shown: Mapping[str, str | int],
    asked: Mapping[str, str | int],
) -> list[Any]:
    """A look saw this (`shown`: object id -> words); plan those anew of whom it is news.

    It is news of who is in `asked` (the engine wants to know), or where other words are kept.
    Returns of each [object id, verdict, when we last told Microsoft a session (ms; 0), which one
    ("" none, or not surely)]. Verdicts: 0 gone (not connected, or leaving), 1 taken, else too
    early: sent less than `settle_ms` after our last write; the time (ms) from when on it is not.
    """


@script()
def take(
    *, watched: Key, prefix: Key, now_ms: int, next_ms: int, at_most: int, counted: int
) -> list[list[str]]:
    """Take those who are to be looked at now, the latest first; they are next at `next_ms`.

    Returns of each the object id and when they were to be looked at; of those whose id ends with
    four digits below `counted` also what is known of what should be shown (`style|Zoom's state|what
    we hold|what hides it`; "": nothing, or somebody works on them), and when that last changed or
    was written (ms). Reading that of everybody would take a hundredth of a core. The time that is
    kept is a half behind `next_ms`, or a quarter where the engine wanted to know (it was no half
    before).
    """


@script()
def put(*, watched: Key, kept: Mapping[str, str | int], at: Mapping[str, str | int]) -> int:
    """Have these looked at at another time; who has not the `kept` one any more, stays.

    Returns how many were changed.
    """


@script(head=QUEUE)
def demand_all(*, prefix: Key, shard: Shard, members: Sequence[str]) -> int:
    """Plan these anew; how many of them are there."""


@script(head=CLOCK)
def readback_state(*, state: Key) -> list[Any]:
    """Now, and the fields of the state."""


@script(head=CLOCK)
def readback_fell(*, state: Key, up_ms: int) -> bool:
    """It is not relied on any more. False: somebody noticed that before, or it is up anew."""
