"""Why nothing is tried for somebody any more (they are parked): the one table of its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class TroubleWords:
    """A reason in words.

    For admins: `counted` follows a number of people, `what` says what is wrong, `to_do` what they
    can do. For the person: `told` says what is wrong (not what is shown: Microsoft may still hold
    something of ours), `next_step` what they can do.
    `revivable`: it may help to try again; otherwise only the person can end it.
    """

    counted: str
    what: str
    to_do: str
    told: str
    next_step: str
    revivable: bool = True


_ASK = "Ask your admin, who can have it tried again. Your next change in Zoom does so, too."

TROUBLES: Final[Mapping[str, TroubleWords]] = {
    Trouble.FAILING: TroubleWords(
        counted="failing again and again",
        what="Too many tries in a row have failed",
        to_do=(
            "Try again. If it fails again, look at Microsoft’s service health, and into the "
            "app’s log under person_parked."
        ),
        told="Too many tries to tell Microsoft have failed.",
        next_step=_ASK,
    ),
    Trouble.REFUSED: TroubleWords(
        counted="refused by Microsoft",
        what="Microsoft refuses updates for them",
        to_do="Try again. If it is refused again, the app’s log says why under person_parked.",
        told="Microsoft refuses updates for you.",
        next_step=_ASK,
    ),
    Trouble.FORBIDDEN: TroubleWords(
        counted="forbidden by Microsoft",
        what="Microsoft does not allow this app to set their presence (403)",
        to_do=(
            "See that they have a licence with Teams and that it is switched on, and in Entra "
            "(Enterprise applications, this app, Permissions) that Presence.ReadWrite is granted. "
            "Then try again. Connecting again won’t help."
        ),
        told="Microsoft does not allow this app to set your presence.",
        next_step=(
            "Tell your admin: it is about your Teams licence, or about this app’s permissions. "
            "You need not connect again. Your next change in Zoom is tried all the same."
        ),
    ),
    Trouble.GONE: TroubleWords(
        counted="unknown to Microsoft",
        what="Microsoft does not know them any more",
        to_do=(
            "See in Entra whether the account is there and enabled, then try again. If it was "
            "made anew, they say disconnect and connect."
        ),
        told="Microsoft says that it does not know you any more.",
        next_step=_ASK,
    ),
    Trouble.AUTHORIZE: TroubleWords(
        counted="must connect again",
        what="Microsoft no longer accepts their authorisation",
        to_do="They press “Connect again” on their card, or say connect.",
        told="Microsoft no longer accepts the authorisation you gave.",
        next_step="Connect again. It takes a minute.",
        revivable=False,
    ),
}
"""Every trouble that parks (domain.errors); first those that an admin can do something about."""


_REASONS: Final[Mapping[str, str]] = {
    "graph_401": "Microsoft refuses the authorisation that it gave",
    "graph_403": "Microsoft does not allow this app to set your presence (403)",
    "graph_404": "Microsoft says that it does not know you (404)",
    "graph_refused": "Microsoft says that the update isn’t valid",
    "graph_throttled": "Microsoft asks this app to wait (429)",
    "graph_unreachable": "Microsoft did not answer in time",
    "graph_error": "Microsoft answered with an error of its own",
    "graph_garbled": "Microsoft’s answer could not be read",
    "graph_intercepted": "Something else answered in Microsoft’s place, such as a firewall",
    "login_intercepted": "Something else answered in Microsoft’s place, such as a firewall",
    "login_busy": "Microsoft’s sign-in service asks to come back later",
    "login_unreachable": "Microsoft’s sign-in service did not answer in time",
}


def of_an_admin(code: str) -> TroubleWords | None:
    """The words for what only an admin can mend, also before it parks somebody; None: it is not."""
    return TROUBLES[Trouble.FORBIDDEN] if code == "graph_403" else None


def reason_of(code: str) -> str:
    """Why Microsoft has not accepted something, for the person; `code` as domain.errors has it."""
    return _REASONS.get(code, "Microsoft has not accepted it")


def counted(parked: Mapping[str, int], retried: int = 0) -> str:
    """How many are parked and why, in a line; `retried` have trouble that is tried again."""
    parts = [
        f"{parked[reason]:,} {trouble.counted}"
        for reason, trouble in TROUBLES.items()
        if parked.get(reason)
    ]
    if retried:
        parts.append(f"{retried:,} being tried again")
    return " · ".join(parts)


def parked_for(trouble: str | None) -> str | None:
    """The reason (a key of TROUBLES) why nothing is tried for somebody; None: it is."""
    return trouble if trouble in TROUBLES else None
