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
        "Connect again from a device and network that you use for work. If it is stopped there, "
        "too, ask your Microsoft 365 admin.",
    ),
    "more_needed": Ended(
        "Microsoft asks for more than your last sign-in, such as your phone or your work device.",
        "Connect again now, and do what Microsoft asks for on the way.",
    ),
    "new_password_needed": Ended(
        "Microsoft says that your password has expired, was changed, or must be changed.",
        "Sign in to Microsoft 365 with your new password, then connect again.",
    ),
    "account_disabled": Ended(
        "Microsoft says that your account is disabled.",
        "Ask your Microsoft 365 admin to enable it, then connect again.",
    ),
    "account_locked": Ended(
        "Microsoft has locked your account, usually after too many wrong passwords.",
        "Wait a quarter of an hour, then connect again. If it is still locked, ask your Microsoft "
        "365 admin.",
    ),
    "account_unknown": Ended(
        "Microsoft says that your account does not belong to your organisation any more.",
        "Ask your Microsoft 365 admin, then connect again.",
    ),
    "sign_in_too_old": Ended(
        "Your last sign-in is too old for your organisation’s rules.",
        _AT_ONCE,
    ),
    "revoked": Ended(
        "Your sign-ins at Microsoft were ended by you or an admin, or by a new password.",
        _AT_ONCE,
    ),
    "unused_too_long": Ended(
        "Your authorisation was not used for so long that Microsoft ended it.",
        _AT_ONCE,
    ),
    "consent_missing": Ended(
        "The permission that you gave this app was withdrawn.",
        "Connect again and accept what Microsoft lists. If it asks for an admin, ask your "
        "Microsoft 365 admin to approve Presence Bridge.",
    ),
    "not_assigned": Ended(
        "Your organisation no longer lists you among those who may use this app.",
        "Ask your Microsoft 365 admin to assign Presence Bridge to you, then connect again.",
    ),
}
"""By the codes of sync.microsoft.login_errors."""

_OURS: Final[Mapping[str, Ended]] = {
    "tokens_lost": Ended(
        "Your authorisation was lost on our side: whoever runs this app lost the key to it.",
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
_LOGS = "Check in Entra (Monitoring, Sign-in logs) why this app’s sign-ins fail."

STORMS: Final[Mapping[str, tuple[str, str]]] = {
    "blocked_by_policy": (
        "Microsoft says that a Conditional Access policy blocks them.",
        f"In Entra, look for a policy that was changed (Protection, Conditional Access) and leave "
        f"this app out of it, or undo the change. {_THEN}",
    ),
    "more_needed": (
        "Microsoft asks them for more, such as multifactor authentication or their device, which "
        "nobody can answer in the background.",
        f"In Entra (Protection, Conditional Access), leave this app out of the policy that asks "
        f"for it. {_THEN} Or let people connect again: they pass it once.",
    ),
    "sign_in_too_old": (
        "Microsoft says that they must sign in again, because a policy limits how long a sign-in "
        "lasts.",
        f"In Entra (Protection, Conditional Access, Session), leave this app out of the sign-in "
        f"frequency, or it happens again. {_THEN}",
    ),
    "consent_missing": (
        "Microsoft says that the consent for this app was withdrawn.",
        f"In Entra (Enterprise applications, this app, Permissions), grant admin consent for "
        f"Presence.ReadWrite, Presence.Read and User.Read. {_THEN}",
    ),
    "revoked": (
        "Microsoft says that their sign-ins were revoked.",
        "If that was on purpose (a security incident), they must connect again. If not, see in "
        "Entra (Monitoring, Audit logs) who revoked them. Trying again shows who is affected.",
    ),
    "account_disabled": (
        "Microsoft says that their accounts are disabled.",
        f"Check in Entra (Users) whether that was intended. {_THEN}",
    ),
    "account_locked": (
        "Microsoft says that their accounts are locked.",
        f"Check in Entra (Protection, Risky users, and Monitoring, Sign-in logs) why. {_THEN}",
    ),
    "new_password_needed": (
        "Microsoft says that their passwords have expired or must be changed.",
        "Check in Entra (Monitoring, Audit logs) whether that was intended. They set a new one and "
        "connect again.",
    ),
    "not_assigned": (
        "Microsoft says that they are not assigned to this app.",
        f"In Entra (Enterprise applications, this app, Users and groups), assign them, or switch "
        f"off that an assignment is required. {_THEN}",
    ),
    "account_unknown": (
        "Microsoft says that it does not know their accounts.",
        f"Check in Entra (Users) whether they were deleted or moved. {_THEN}",
    ),
    "graph_401": (
        "Microsoft 365 refuses the authorisations that it gave.",
        f"Check in Entra (Enterprise applications, this app) whether sign-in is enabled. {_THEN}",
    ),
}
"""By code: what Microsoft said of many at once, and what an admin can do."""
_ANY: Final = ("Microsoft no longer accepts their authorisations.", f"{_LOGS} {_THEN}")


def storm_words(code: str) -> tuple[str, str]:
    """What Microsoft said of those in a storm (domain.storms), and what an admin can do."""
    return STORMS.get(alike(code), _ANY)
