"""What people are asked for at Microsoft, and what they granted, by short names. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUIRED_SCOPE = "Presence.ReadWrite"
"""Without it there is nothing that we could do for a person."""


def short_names(granted: object, asked: Sequence[str]) -> frozenset[str]:
    """Scope names without resource. No scope in the answer: as asked (RFC 6749 section 5.1)."""
    names = granted.split() if isinstance(granted, str) else asked
    return frozenset(name.rsplit("/", 1)[-1] for name in names)


def allows_presence(names: frozenset[str]) -> bool:
    """Whether these names are enough to show somebody's presence."""
    return REQUIRED_SCOPE.lower() in {name.lower() for name in names}
