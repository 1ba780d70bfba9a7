"""Sentences for people whom the organisation authorised, or may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wording.figures import people
from wording.text import ADDRESS_LIMIT, outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.coverage import Prospect
    from domain.link import Ending

_MOST_ADDRESSES = 6

SHOWN_UNASKED: Final = (
    "While you’re in a Zoom meeting or call, or set to Do not disturb there, your colleagues see "
    "it in Teams and Outlook. Available and Away aren’t shown, unless you choose that yourself."
)
NO_APP_NEEDED: Final = (
    "You can pause or stop at any time. Removing this app from Teams doesn’t stop it: say "
    "disconnect first."
)


OWN_SIGN_IN_TILL_START: Final = (
    "You’re connected by your own sign-in, and that carries on until you choose Start. Then "
    "your organisation’s authorisation is used. I keep yours for 30 days, in case that ends, and "
    "then erase it. A style you chose stays."
)


def own_sign_in_until(starts: str) -> str:
    """What becomes of a sign-in of theirs, where it starts by itself on a day."""
    return (
        f"You’re connected by your own sign-in, and that goes on as it is until {starts}. Then "
        "your organisation’s authorisation is used. I keep yours for 30 days, in case that ends, "
        "and then erase it. A style you chose stays."
    )


def own_sign_in_kept(until: str) -> str:
    """Until which day a sign-in of theirs is kept beside the organisation's authorisation."""
    return (
        f"I keep your own sign-in until {until}. If your organisation’s authorisation ends before "
        "then, yours is used again."
    )


def without_app(page: str) -> str:
    """Where to say no without the app (an address; empty: not said)."""
    return f" Without the app, you can say no at {page}." if page else ""


def what_is_left(ending: Ending, until: str) -> str:
    """What came of the presence that was shown; `until`: when what is left ends (a time)."""
    match ending.how:
        case "cleared":
            return "The presence I’d set is cleared."
        case "later":
            return (
                "Microsoft isn’t answering right now. I’ll clear the presence I’d set as soon as "
                f"it does. It ends on its own at {until} at the latest."
            )
        case "expires":
            return (
                "Microsoft didn’t let me clear the presence I’d set. It ends on its own at "
                f"{until} at the latest."
            )


FEW: Final = 10
"""In a level with fewer people, how many said *Not for me* would tell who."""
NOT_AUTHORISED_YET: Final = (
    "The organisation hasn’t authorised this app yet, so nobody can start. Say settings "
    "organisation to change that."
)


NOBODY_MATCHED: Final = "I can’t count them yet: Zoom’s users aren’t matched with Entra’s yet."


def prospects(prospect: Prospect) -> str:
    """For whom a level could start it, and for whom not, in one sentence."""
    everybody = prospect.startable + prospect.excluded + prospect.opted_out + prospect.own
    out = prospect.opted_out if everybody >= FEW else 0
    rest = (
        (prospect.own, "already connected by signing in"),
        (prospect.unmatched, "can’t be matched"),
        (prospect.excluded, "is excluded" if prospect.excluded == 1 else "are excluded"),
        (out, "chose Not for me"),
    )
    said = [f"{people(prospect.startable)} can start"]
    said += [f"{count:,} {what}" for count, what in rest if count]
    return f"{', '.join(said)}."


Said = tuple[str, tuple[str, ...]]
"""A heading, and sentences: what happened, then what to do."""


def no_zoom_user(addresses: Sequence[str]) -> Said:
    """Zoom has nobody with one of their addresses."""
    compared = ", ".join(outside(address, ADDRESS_LIMIT) for address in addresses[:_MOST_ADDRESSES])
    which = "this address" if len(addresses) == 1 else "one of these addresses"
    return (
        "No matching Zoom account",
        (
            f"Zoom has no user with your Microsoft address. I compared {compared}.",
            f"Ask your admin to give you a Zoom account with {which}, then choose Start again.",
        ),
    )


def zoom_user_taken(address: str) -> Said:
    """Somebody else is shown with their Zoom user."""
    return (
        "This Zoom account is already connected",
        (
            f"Someone else is connected with the address {outside(address, ADDRESS_LIMIT)}.",
            "Ask your admin whose account it is.",
        ),
    )


SOMEBODY_ELSE_STARTS: Final[Said] = (
    "Not started yet",
    (
        "Someone else is connecting the same Zoom account right now.",
        "Wait a minute, then choose Start again.",
    ),
)
NOT_ALLOWED: Final[Said] = (
    "Not started",
    (
        "Microsoft or Zoom didn’t let this app look up what it needs.",
        "Please tell your admin. The reason is in the app’s log under not_started.",
    ),
)
NOT_ANSWERED: Final[Said] = (
    "Not started yet",
    ("Microsoft or Zoom isn’t answering right now.", "Wait a minute, then choose Start again."),
)
