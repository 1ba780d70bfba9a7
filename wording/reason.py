"""An admin's reason for a change in words."""

from __future__ import annotations

from typing import Final

from domain.reason import LONGEST_REASON
from wording.text import outside

LABEL: Final = "Reason or ticket (optional)"
TOO_LONG: Final = f"A reason can have {LONGEST_REASON} characters at most."
NOT_YET: Final = "I can’t keep a reason yet, because this app is being updated."
WITHOUT: Final = "Say it without “because”, or try again in a few minutes."


def shown_reason(reason: str) -> str:
    """A reason (domain.reason), ready to stand in a sentence of ours."""
    return outside(reason, LONGEST_REASON)
