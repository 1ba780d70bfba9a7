"""Which people a percentage takes: a part of everybody, always the same one. Pure.

It hangs on the object id alone: whoever is in a share is in every larger one too, whatever level
they are of and whoever else comes or goes.
"""

from __future__ import annotations

import hashlib
from typing import Final

EVERYBODY: Final = 100
"""The share of a level that leaves nobody out."""
_PLACES: Final = 2**64


def check_share(percent: int) -> None:
    """Raise ValueError for what is no share: a whole number from 1 to 100."""
    if not 1 <= percent <= EVERYBODY:
        raise ValueError("a share is a whole number from 1 to 100")


def in_share(object_id: str, percent: int) -> bool:
    """Whether somebody is among so many of a hundred. Raising it only adds people."""
    digest = hashlib.sha256(object_id.lower().encode()).digest()
    place = int.from_bytes(digest[:8], "big")
    return place * EVERYBODY < percent * _PLACES
