"""What Microsoft's answers mean when they end many authorisations at once, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wording.ended import alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.storms import Storm


@dataclass(frozen=True, slots=True)
class StormView:
    """What happened. `count` people fail now, `most` did at its height.

    `code` and `began_ms` say which storm it is; `said` is Microsoft's answer in plain words,
    `to_do` what an admin can do.
    """

    code: str
    began_ms: int
    count: int
    most: int
    said: str
    to_do: str


_THEN = "Then try everyone again."
_LOGS = "See in Entra (Monitoring, Sign-in logs) why this app’s sign-ins fail."

WORDS: Final[Mapping[str, tuple[str, str]]] = {
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
        f"See in Entra (Users) whether that is meant. {_THEN}",
    ),
    "account_locked": (
        "Microsoft says that their accounts are locked.",
        f"See in Entra (Protection, Risky users, and Monitoring, Sign-in logs) why. {_THEN}",
    ),
    "new_password_needed": (
        "Microsoft says that their passwords have expired or must be changed.",
        "See in Entra (Monitoring, Audit logs) whether that is meant. They set a new one and "
        "connect again.",
    ),
    "not_assigned": (
        "Microsoft says that they are not assigned to this app.",
        f"In Entra (Enterprise applications, this app, Users and groups), assign them, or switch "
        f"off that an assignment is required. {_THEN}",
    ),
    "account_unknown": (
        "Microsoft says that it does not know their accounts.",
        f"See in Entra (Users) whether they were deleted or moved. {_THEN}",
    ),
    "graph_401": (
        "Microsoft 365 refuses the authorisations that it gave.",
        f"See in Entra (Enterprise applications, this app) whether sign-in is enabled. {_THEN}",
    ),
}
_ANY: Final = ("Microsoft no longer accepts their authorisations.", f"{_LOGS} {_THEN}")


def words_of(code: str) -> tuple[str, str]:
    """What Microsoft said of them, and what an admin can do."""
    return WORDS.get(alike(code), _ANY)


def view_of(storm: Storm) -> StormView:
    """A storm as its card shows it."""
    said, to_do = words_of(storm.code)
    return StormView(
        code=storm.code,
        began_ms=storm.began_ms,
        count=storm.people,
        most=storm.most,
        said=said,
        to_do=to_do,
    )
