"""The styles in words: how much of the Zoom presence Microsoft shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.presence import Style

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class StyleWords:
    """A style in one sentence; whether it writes the slot of the status set by hand."""

    sentence: str
    writes_own_status: bool = False

    def warning(self, whose: str) -> str:
        """What one should know before choosing it; empty when there is nothing."""
        if not self.writes_own_status:
            return ""
        return f"It writes {whose} own status slot, so it can replace a status set by hand."


STYLES: Final[Mapping[Style, StyleWords]] = {
    Style.BUSY_ONLY: StyleWords("Shows meetings, calls and Do not disturb, and nothing else."),
    Style.MIRROR: StyleWords(
        "Shows Available and Away too. It never touches a status set by hand."
    ),
    Style.FULL: StyleWords(
        "Shows Zoom’s exact labels, also for Busy, Do not disturb and calendar events.",
        writes_own_status=True,
    ),
}
"""In the order in which they are explained."""
