"""Numbers of people, as words."""

from __future__ import annotations


def people(count: int) -> str:
    """A number of people."""
    return "1 person" if count == 1 else f"{count:,} people"
