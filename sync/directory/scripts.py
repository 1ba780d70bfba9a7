"""Scripts of the directory's mirror. `state` and `lease`: keys.DIRECTORY_STATE, DIRECTORY_LEASE."""

from collections.abc import Sequence

from sync.redis import keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script


@script(head=CLOCK)
def directory_request(*, state: Key, delay_ms: int) -> int:
    """Somebody wants Zoom's directory read anew, after a delay in which many requests become one.

    An earlier request stands. Returns when it is wanted (epoch ms).
    """


@script(head=CLOCK)
def directory_claim(*, state: Key, lease: Key, token: str, lease_ms: int) -> int:
    """One process at a time reads Zoom's directory.

    Returns 0 when it is ours to do now, else in how many ms to look again. A reader that dies
    leaves `due` at the end of its lease: another one starts over.
    """


@script(head=CLOCK)
def directory_finish(
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
def directory_stage(*, part: Key, rows: Sequence[str]) -> int:
    """Write rows (field, value, ...) of a part that nobody sees yet.

    They end by themselves unless they are swapped in.
    """


@script(head=CLOCK, constants={"OLD_READING_TTL": keys.OLD_READING_TTL})
def directory_swap(
    *,
    state: Key,
    lease: Key,
    current: Key,
    changes: Key,
    staged_changes: Key,
    staged: tuple[Key, Key, Key, Key],
    former: tuple[Key, ...],
    token: str,
    reading: str,
    users: int,
    groups: int,
) -> bool:
    """Make a staged reading the one that is read, with its changes to pass on.

    `former`: the parts that are current now, as the reader believes, which holds the lease.
    False when the lease was lost: then nothing is changed.
    """
