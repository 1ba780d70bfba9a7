"""Words that the cards for admins share: levels, numbers of people, what a change touches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from wording.text import outside


class Act(StrEnum):
    """What can be done to a level in one line, by the word for it."""

    ENABLE = "enable"
    DISABLE = "disable"
    INHERIT = "inherit"
    LOCK = "lock"
    UNLOCK = "unlock"
    PRIORITY = "priority"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Target:
    """The account (both empty) or a Zoom group."""

    group_id: str = ""
    name: str = ""

    @property
    def is_account(self) -> bool:
        """Whether this is the account."""
        return not self.group_id

    def words(self, limit: int = 80) -> str:
        """The level as a part of a sentence."""
        return "the account" if self.is_account else outside(self.name, limit)


ACCOUNT: Final = Target()


@dataclass(frozen=True, slots=True)
class Change:
    """An act with its value: the wanted place (PRIORITY, as digits), one of STYLES (STYLE)."""

    act: Act
    value: str = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a change touches, in numbers of people.

    `now`: connected, so it changes for them at once. `once_connected`: covered, but not connected
    yet. `elsewhere`: decided by another level, which `by` names.
    """

    now: int
    once_connected: int
    elsewhere: int
    by: Literal["a higher group", "their own group", "the locked account"] = "a higher group"

    def words(self) -> str:
        """The numbers in one line; what is zero is left out."""
        parts = [
            f"{self.now:,} change now" if self.now > 1 else "1 person changes now" * self.now,
            f"{self.once_connected:,} once they connect" if self.once_connected else "",
            f"{self.elsewhere:,} decided by {self.by}" if self.elsewhere else "",
        ]
        return " · ".join(part for part in parts if part)


def people(count: int) -> str:
    """A number of people."""
    return "1 person" if count == 1 else f"{count:,} people"
