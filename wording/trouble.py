"""Why nothing is tried for somebody any more (they are parked): the one table of its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import Trouble
from wording.consent import WHY
from wording.figures import people

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


_ASK = "I’ll try again at your next change in Zoom. Your admin can also ask me to try again."

TROUBLES: Final[Mapping[str, TroubleWords]] = {
    Trouble.FAILING: TroubleWords(
        counted="failing again and again",
        what="Too many updates in a row have failed",
        to_do=(
            "Try again. If it fails again, check Microsoft’s service health, and look for "
            "person_parked in the app’s log."
        ),
        told="Too many updates in a row have failed, so I’ve stopped trying.",
        next_step=_ASK,
    ),
    Trouble.REFUSED: TroubleWords(
        counted="refused by Microsoft",
        what="Microsoft doesn’t accept updates for them",
        to_do="Try again. If that fails too, person_parked in the app’s log says why.",
        told="Microsoft doesn’t accept updates for you.",
        next_step=_ASK,
    ),
    Trouble.FORBIDDEN: TroubleWords(
        counted="forbidden by Microsoft",
        what="Microsoft doesn’t allow this app to set their presence (403)",
        to_do=(
            "Check that they have a licence that includes Teams and that Teams is switched on in "
            "it. In Entra (Enterprise applications, this app, Permissions), check that "
            "Presence.ReadWrite is granted. Then try again. Connecting again won’t help."
        ),
        told="Microsoft doesn’t allow this app to set your presence.",
        next_step=(
            "Tell your admin: it’s about your Teams licence or this app’s permissions. You don’t "
            "need to connect again. I’ll try again at your next change in Zoom."
        ),
    ),
    Trouble.GONE: TroubleWords(
        counted="unknown to Microsoft",
        what="Microsoft no longer knows them",
        to_do=(
            "Check in Entra that the account is there and enabled, then try again. If it was "
            "created again, ask them to disconnect and connect."
        ),
        told="Microsoft says it no longer knows you.",
        next_step=_ASK,
    ),
    Trouble.AUTHORIZE: TroubleWords(
        counted="no longer authorised",
        what="Microsoft no longer accepts their authorisation",
        to_do="Ask them to press Connect again on their card, or to say connect.",
        told="Microsoft no longer accepts the authorisation you gave.",
        next_step="Connect again. It takes a minute.",
        revivable=False,
    ),
}
"""Every trouble that parks (domain.errors); first those that an admin can do something about."""


_REASONS: Final[Mapping[str, str]] = {
    "graph_401": "Microsoft doesn’t accept the authorisation it gave",
    "graph_403": "Microsoft doesn’t allow this app to set your presence (403)",
    "graph_404": "Microsoft says it doesn’t know you (404)",
    "graph_refused": "Microsoft says the update isn’t valid",
    "graph_throttled": "Microsoft has asked this app to wait (429)",
    "graph_unreachable": "Microsoft didn’t answer in time",
    "graph_error": "Microsoft answered with an error",
    "graph_garbled": "Microsoft’s answer couldn’t be read",
    "graph_intercepted": "Something else answered in Microsoft’s place, such as a firewall",
    "login_intercepted": "Something else answered in Microsoft’s place, such as a firewall",
    "login_busy": "Microsoft’s sign-in service is busy",
    "login_unreachable": "Microsoft’s sign-in service didn’t answer in time",
    **{why.code: words.person for why, words in WHY.items()},
}


NOTHING_TO_TRY: Final = "There was nothing to try again."
FAILED_AGAIN: Final = "I tried again, but it failed."
WELL_AGAIN: Final = "I’m trying again, and nothing has failed so far."
"""It may still wait for the quota or a worker, so not more than that."""


def tried_again(count: int) -> str:
    """How many an admin has just had tried again."""
    return f"I’m trying again for {people(count)}."


def of_an_admin(code: str) -> TroubleWords | None:
    """The words for what only an admin can mend, also before it parks somebody; None: it is not."""
    return TROUBLES[Trouble.FORBIDDEN] if code == "graph_403" else None


def reason_of(code: str) -> str:
    """Why Microsoft has not accepted something, for the person; `code` as domain.errors has it."""
    return _REASONS.get(code, "Microsoft hasn’t accepted it")


def counted(parked: Mapping[str, int], retried: int = 0) -> str:
    """How many are parked and why, in a line; `retried` have trouble that is tried again."""
    parts = [
        f"{parked[reason]:,} {trouble.counted}"
        for reason, trouble in TROUBLES.items()
        if parked.get(reason)
    ]
    if retried:
        parts.append(f"{retried:,} being retried")
    return " · ".join(parts)


def parked_for(trouble: str | None) -> str | None:
    """The reason (a key of TROUBLES) why nothing is tried for somebody; None: it is."""
    return trouble if trouble in TROUBLES else None
