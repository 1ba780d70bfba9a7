"""Who may do what: the roles that people have, and whom something is for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What somebody is besides a person with a presence of their own."""

    ADMIN = "admin"
    """Changes settings, and looks people up."""
    HELPDESK = "helpdesk"
    """Looks people up and has them tried again, and sees no more of them than that needs."""
    OPERATOR = "operator"
    """Runs the app, and looks people up on its command line."""


APP_ROLES: Final[Mapping[str, Role]] = {
    "PresenceAdmin": Role.ADMIN,
    "PresenceHelpdesk": Role.HELPDESK,
}
"""The app roles in Entra by their values; of several that somebody has the first counts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of somebody's role in the chat; not `sure`: it may be a higher one."""

    role: Role | None = None
    sure: bool = True
    by_zoom: bool = False
    """They have it by a role in Zoom alone."""


class By(Enum):
    """Who may say or press something. The server asks again each time."""

    ANYBODY = "whoever says it or sees the card, for themselves"
    HELPDESK = "an admin or somebody of the helpdesk, on a card that was given to them"
    ADMIN = "an admin"
    RECIPIENT = "the admin to whom the card was given: the click changes something"
    ENTRA_ADMIN = "an admin whom the operator or Entra names: a role in Zoom is not enough"
    ENTRA_RECIPIENT = "such an admin, to whom the card was given"

    def lets(self, role: Role | None, *, by_zoom: bool = False) -> bool:
        """Whether somebody of this role may; `by_zoom`: they have it by a role in Zoom alone."""
        match self:
            case By.ANYBODY:
                return True
            case By.HELPDESK:
                return role in {Role.ADMIN, Role.HELPDESK}
            case By.ADMIN | By.RECIPIENT:
                return role is Role.ADMIN
            case By.ENTRA_ADMIN | By.ENTRA_RECIPIENT:
                return role is Role.ADMIN and not by_zoom
        assert_never(self)

    @property
    def own_card(self) -> bool:
        """Whether a click counts only on a card that was given to whoever presses it."""
        return self in {By.HELPDESK, By.RECIPIENT, By.ENTRA_RECIPIENT}
