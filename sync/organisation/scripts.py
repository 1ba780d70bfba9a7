"""Scripts of the organisation's authorisation, and of matching.

The rest of a matching's life is as the directory's (sync.directory.scripts).
"""

from sync.redis import keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script


@script()
def consent_save(*, consent: Key, asked_ms: int, instead: str, row: str) -> str | None:
    """Keep what Microsoft said when it was asked then, in the place of a row (empty: of nothing).

    What was there before: another row, and nothing was kept. None: it was asked later already.
    """


@script()
def opt_out_note(*, everybody: Key, mark: str, before: str, after: str | None) -> bool:
    """Note something else of an opt-out, or forget it (None).

    False: it is not noted as `before` any more, and nothing was changed.
    """


@script(head=CLOCK, constants={"OLD_READING_TTL": keys.OLD_READING_TTL})
def matches_swap(
    *,
    state: Key,
    lease: Key,
    current: Key,
    staged: tuple[Key, Key],
    former: tuple[Key, ...],
    token: str,
    reading: str,
    wanted: str,
    full: bool,
    counts: str,
) -> bool:
    """Make a staged matching the one that counts.

    `former`: the parts that are current now, as the matcher believes, which holds the lease.
    False when the lease was lost: then nothing is changed.
    """
