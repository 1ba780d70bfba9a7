"""Scripts of the organisation's authorisation."""

from sync.redis.keys import Key
from sync.redis.scripts import script


@script()
def consent_save(*, consent: Key, asked_ms: int, row: str) -> str | None:
    """Keep what Microsoft said when it was asked then; what was kept before (empty: nothing).

    None: it was asked later already, and nothing was kept.
    """
