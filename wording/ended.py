"""Why authorisations end: in words for the person, and for admins where many end alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import Trouble
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Ended:
    """`told`: what happened; `next_step`: what they do. A *Connect again* button is near."""

    told: str
    next_step: str


_AT_ONCE: Final = TROUBLES[Trouble.AUTHORIZE].next_step

ENDED: Final[Mapping[str, Ended]] = {
    "blocked_by_policy": Ended(
        "Your organisation’s sign-in rules stopped it, for example because of a device or network.",
        "Connect again from a device and network you use for work. If that doesn’t work either, "
        "ask your Microsoft 365 admin.",
    ),
    "more_needed": Ended(
        "Microsoft asks for more than your last sign-in, such as your phone or your work device.",
        "Connect again now, and follow Microsoft’s steps.",
    ),
    "new_password_needed": Ended(
        "Microsoft says your password has expired, was changed, or needs to be changed.",
        "Sign in to Microsoft 365 with your new password, then connect again.",
    ),
    "account_disabled": Ended(
        "Microsoft says your account is disabled.",
        "Ask your Microsoft 365 admin to enable it, then connect again.",
    ),
    "account_locked": Ended(
        "Microsoft has locked your account, usually after too many wrong passwords.",
        "Wait 15 minutes, then connect again. If it’s still locked, ask your Microsoft 365 admin.",
    ),
    "account_unknown": Ended(
        "Microsoft says your account no longer belongs to your organisation.",
        "Ask your Microsoft 365 admin, then connect again.",
    ),
    "sign_in_too_old": Ended(
        "Your last sign-in is too old for your organisation’s rules.",
        _AT_ONCE,
    ),
    "revoked": Ended(
        "You or an admin ended your Microsoft sign-ins, or your password was changed.",
        _AT_ONCE,
    ),
    "unused_too_long": Ended(
        "Your authorisation wasn’t used for a long time, so Microsoft ended it.",
        _AT_ONCE,
    ),
    "consent_missing": Ended(
        "The permission you gave this app was withdrawn.",
        "Connect again and accept what Microsoft lists. If Microsoft says an admin has to approve "
        "it, ask your Microsoft 365 admin to approve Presence Bridge.",
    ),
    "not_assigned": Ended(
        "You’re no longer on your organisation’s list of people who may use this app.",
        "Ask your Microsoft 365 admin to assign Presence Bridge to you, then connect again.",
    ),
}
"""By the codes of sync.microsoft.login_errors."""

_OURS: Final[Mapping[str, Ended]] = {
    "tokens_lost": Ended(
        "Your authorisation can’t be read any more: the key to it was lost. It isn’t your fault.",
        _AT_ONCE,
    ),
}
"""By codes of our own."""

_ALIKE: Final = {
    "consent_required": "consent_missing",
    "scope_withdrawn": "consent_missing",
    "access_denied": "blocked_by_policy",
}


def alike(code: str) -> str:
    """The code under which this one's words stand."""
    return _ALIKE.get(code, code)


def ended(code: str) -> Ended:
    """The words for a code; also for one that we do not know."""
    said = ENDED.get(alike(code)) or _OURS.get(code)
    return said or Ended(TROUBLES[Trouble.AUTHORIZE].told, _AT_ONCE)


_THEN = "Then try everyone again."
_LOGS = "Check in Entra (Monitoring, Sign-in logs) why sign-ins to this app fail."

STORMS: Final[Mapping[str, tuple[str, str]]] = {
    "blocked_by_policy": (
        "Microsoft says a Conditional Access policy blocks them.",
        f"In Entra (Protection, Conditional Access), look for a policy that was changed. Exclude "
        f"this app from it, or undo the change. {_THEN}",
    ),
    "more_needed": (
        "Microsoft asks them for another step, such as multifactor authentication or a known "
        "device. That can’t be answered in the background.",
        f"In Entra (Protection, Conditional Access), exclude this app from the policy that asks "
        f"for it. {_THEN} Or let people connect again: they take that step while signing in.",
    ),
    "sign_in_too_old": (
        "Microsoft says they have to sign in again, because a policy limits how long a sign-in "
        "lasts.",
        f"In Entra (Protection, Conditional Access, Session), exclude this app from the sign-in "
        f"frequency, or it will happen again. {_THEN}",
    ),
    "consent_missing": (
        "Microsoft says the consent for this app was withdrawn.",
        f"In Entra (Enterprise applications, this app, Permissions), grant admin consent for "
        f"Presence.ReadWrite, Presence.Read and User.Read. {_THEN}",
    ),
    "revoked": (
        "Microsoft says their sign-ins were revoked.",
        "If that was on purpose (a security incident), they have to connect again. If not, check "
        "in Entra (Monitoring, Audit logs) who revoked them. Trying again shows who’s affected.",
    ),
    "account_disabled": (
        "Microsoft says their accounts are disabled.",
        f"Check in Entra (Users) whether that was on purpose. {_THEN}",
    ),
    "account_locked": (
        "Microsoft says their accounts are locked.",
        f"Check why in Entra (Protection, Risky users, and Monitoring, Sign-in logs). {_THEN}",
    ),
    "new_password_needed": (
        "Microsoft says their passwords have expired or need to be changed.",
        "Check in Entra (Monitoring, Audit logs) whether that was on purpose. They need to set a "
        "new password and connect again.",
    ),
    "not_assigned": (
        "Microsoft says they aren’t assigned to this app.",
        f"In Entra (Enterprise applications, this app, Users and groups), assign them. Or set "
        f"“Assignment required” to No under Properties. {_THEN}",
    ),
    "account_unknown": (
        "Microsoft says it doesn’t know their accounts.",
        f"Check in Entra (Users) whether they were deleted or moved. {_THEN}",
    ),
    "graph_401": (
        "Microsoft 365 refuses authorisations it gave itself.",
        f"Check in Entra (Enterprise applications, this app) that sign-in is enabled. {_THEN}",
    ),
}
"""By code: what Microsoft said of many at once, and what an admin can do."""
_ANY: Final = ("Microsoft no longer accepts their authorisations.", f"{_LOGS} {_THEN}")


REFRESH_SOON: Final = "Refresh in a minute to see who still has a problem."
"""Once everybody in a storm is tried again (wording.trouble)."""


def storm_words(code: str) -> tuple[str, str]:
    """What Microsoft said of those in a storm (domain.storms), and what an admin can do."""
    return STORMS.get(alike(code), _ANY)
