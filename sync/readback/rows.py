"""What is kept of reading back: what was seen of somebody, and how it is going. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from domain.presence import Shown

WORD = re.compile(r"[A-Za-z]{1,32}")
_SIGHT = re.compile(r"([A-Za-z]{0,32})/([A-Za-z]{0,32})@([0-9]{1,15})")


class Sight(NamedTuple):
    """What a look saw of somebody, and when it was sent (epoch ms of the Redis server)."""

    shown: Shown
    sent_ms: int


def word(value: object) -> str:
    """A word of Microsoft's as it may be stored; "" for what is none of its words."""
    return value if isinstance(value, str) and WORD.fullmatch(value) else ""


@lru_cache(1024)
def words(shown: Shown) -> str:
    """Both words in one text; what is none of Microsoft's words is left out."""
    return f"{word(shown.availability)}/{word(shown.activity)}"


def pack_sight(sight: Sight) -> str:
    """As the field `sight` of a person's row keeps it: `availability/activity@sent_ms`."""
    return f"{words(sight.shown)}@{sight.sent_ms}"


def parse_sight(text: object) -> Sight | None:
    """Read it back. None for what `pack_sight` did not write."""
    match = _SIGHT.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else Sight(Shown(match[1], match[2]), int(match[3]))
