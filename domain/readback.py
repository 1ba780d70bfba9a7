"""Reading back: what Microsoft shows of everybody, looked at again and again."""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """How well Microsoft is read back just now; there is none while nobody reads it.

    `settle_ms`: after a write, looks sent within so many milliseconds may still show what was
    there before. `sweep_ms`: within so many milliseconds everybody who is watched is looked at.
    """

    settle_ms: int
    sweep_ms: int
