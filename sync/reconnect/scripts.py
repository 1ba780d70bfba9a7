"""The script of how far notifying people and alerting admins is."""

from collections.abc import Mapping

from sync.redis.keys import Key
from sync.redis.scripts import script


@script()
def notice_mark(
    *, row: Key, field: str, before: str, after: str, must_hold: Mapping[str, str | int]
) -> bool:
    """Replace a field of a hash ("" none) if it reads as it was read, and other fields hold.

    False when something changed meanwhile: then nothing is changed.
    """
