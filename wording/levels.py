"""Levels in words, and whom an edit of one touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wording.text import outside

if TYPE_CHECKING:
    from domain.policy import Level, Policy
    from domain.policy_edits import Effect


def level_words(level: Level, limit: int = 80) -> str:
    """The level as a part of a sentence."""
    return "the account" if level.is_account else outside(level.name, limit)


def touched(effect: Effect, level: Level, after: Policy) -> str:
    """Whom an edit touches, in one line; what is zero is left out, nothing at all is empty.

    `after` is the policy once the edit is made.
    """
    if after.account.locked:
        decider = "the locked account"
    else:
        decider = "their own group" if level.is_account else "a higher group"
    now = len(effect.now)
    parts = [
        f"{now:,} change now" if now > 1 else "1 person changes now" * now,
        f"{effect.later:,} once they connect" if effect.later else "",
        f"{effect.elsewhere:,} decided by {decider}" if effect.elsewhere else "",
    ]
    return " · ".join(part for part in parts if part)
