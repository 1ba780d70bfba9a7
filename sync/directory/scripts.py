"""Scripts of the directory's mirror. `state` and `lease`: keys.DIRECTORY_STATE, DIRECTORY_LEASE."""

from sync.redis import keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script


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
