"""By whose authorisation the product shows whom: it says so itself, and the panel shows it.

The stand-ins can't know it: Microsoft and Zoom see requests, and not who said yes to them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What the panel draws beside the words."""

    COVERED = "covered"
    WAITS = "waits"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Covered:
    """How it stands with somebody. `words` are shown as they are; `more` may be empty."""

    object_id: str
    name: str
    address: str
    mark: Mark
    words: str
    more: str = ""


CoverageSource = Callable[[], Awaitable[Sequence[Covered] | None]]
"""Everybody, in the order in which they are shown; None: it can't be told right now."""
