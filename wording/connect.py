"""What came of a sign-in after Microsoft agreed: for page and chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wording.ended import ended

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class NotLinked:
    """Why there is no connection although Microsoft agreed: what happened, and the next step."""

    title: str
    happened: str
    next_step: str


_WAIT: Final = "Wait a minute, then say connect in the chat to try again."

CONTESTED: Final = NotLinked(
    "Someone else is connecting this Zoom account",
    "You signed in, but someone else is connecting the same Zoom account or address right now.",
    _WAIT,
)
NOT_ALLOWED: Final = NotLinked(
    "Presence Bridge isn’t set up correctly",
    "You signed in, but this app isn’t allowed to look up what it needs.",
    "Please tell your admin. The reason is in the app’s log under link_not_made.",
)


def from_now_on(*, on: bool) -> str:
    """What follows from being connected; `on`: presence sync is on for them. Begins small."""
    when = "from now on" if on else "once presence sync is on for you,"
    return f"{when} I’ll tell Microsoft 365 what Zoom says about you."


def no_zoom_user(addresses: Sequence[str]) -> NotLinked:
    """Zoom has no user with any of the person's `addresses` at Microsoft."""
    which = "this address" if len(addresses) == 1 else "one of these addresses"
    return NotLinked(
        "No matching Zoom account",
        "You signed in, but Zoom has no user with your Microsoft address "
        f"({', '.join(addresses) or 'Microsoft gave none'}).",
        f"Ask your admin to give you a Zoom account with {which}, then connect again.",
    )


def address_taken(address: str) -> NotLinked:
    """Somebody else is connected with the Zoom account of this address."""
    return NotLinked(
        "This Zoom account is already connected",
        f"Someone else is already connected with the address {address}.",
        "Ask your admin whose account it is.",
    )


def not_accepted(code: str) -> NotLinked:
    """Microsoft 365 refuses what it has just given; `code` as domain.errors has it."""
    why = ended(code)
    return NotLinked(
        "Microsoft didn’t accept the sign-in",
        f"You signed in, but I couldn’t finish connecting you. {why.told}",
        why.next_step,
    )


def out_of_reach(code: str) -> NotLinked:
    """Zoom or Microsoft did not answer, or something else did; `code` as domain.errors has it."""
    service = "Zoom" if code.startswith("zoom") else "Microsoft"
    what, then = "I couldn’t finish connecting you", _WAIT
    if code.endswith("_intercepted"):
        what = f"something else answered in {service}’s place"
        then += " If that doesn’t help, tell your admin: a firewall or a proxy may be in the way."
    return NotLinked(f"{service} can’t be reached right now", f"You signed in, but {what}.", then)
