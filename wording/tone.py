"""How things stand, at first sight."""

from __future__ import annotations

from typing import Literal

Tone = Literal["good", "attention", "warning", "neutral"]
"""Fine · the person must act · not quite · nothing going on."""
