"""Scripts of what is read whole from outside. `state` and `lease`: its own keys."""

from collections.abc import Sequence

from sync.redis import keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script


@script(head=CLOCK)
def reading_request(*, state: Key, delay_ms: int) -> int:
    """Somebody wants it read anew, after a delay in which many requests become one.

    An earlier request stands. Returns when it is wanted (epoch ms).
    """


@script(head=CLOCK)
def reading_claim(*, state: Key, lease: Key, token: str, lease_ms: int) -> int:
    """One process at a time reads it.

    Returns 0 when it is ours to do now, else in how many ms to look again. A reader that dies
    leaves `due` at the end of its lease: another one starts over.
    """


@script(head=CLOCK)
def reading_finish(
    *,
    state: Key,
    lease: Key,
    token: str,
    next_ms: int,
    not_before_ms: int,
    reason: str,
    detail: str,
    doubt: bool,
) -> bool:
    """End a reading, good (no reason) or bad: the next in `next_ms`, `not_before_ms` if requested.

    False when the lease was lost: somebody else reads by now.
    """


@script(constants={"STAGED_TTL": keys.STAGED_TTL})
def reading_stage(*, part: Key, rows: Sequence[str]) -> int:
    """Write rows (field, value, ...) of a part that nobody sees yet.

    They end by themselves unless they are swapped in.
    """
