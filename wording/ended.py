"""Why somebody's authorisation ended and what they can do, in their own words. Pure."""

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


_AT_ONCE: Final = "Connect again. It takes a minute."

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
"""By the codes of sync.microsoft.meanings."""

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
    known = TROUBLES[Trouble.AUTHORIZE]
    said = ENDED.get(alike(code)) or _OURS.get(code)
    return said or Ended(known.told, known.next_step)
