"""Why a sign-in did not work, in plain sentences with the next step. Pure; for page and chat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalReason(StrEnum):
    """Every way in which connecting can fail."""

    # What Microsoft or the person decided: `sync.microsoft.login_errors.Refusal`, same words.
    DECLINED = "declined"
    ADMIN_APPROVAL_NEEDED = "admin_approval_needed"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    MORE_NEEDED = "more_needed"
    NEW_PASSWORD_NEEDED = "new_password_needed"  # noqa: S105 - a word
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_UNKNOWN = "account_unknown"
    SIGN_IN_TOO_OLD = "sign_in_too_old"
    EXPIRED = "expired"
    WRONG_RESPONSE = "wrong_response"
    MISSING_SCOPES = "missing_scopes"
    UNKNOWN = "unknown"
    # What we found ourselves.
    WRONG_ACCOUNT = "wrong_account"
    USED = "used"
    REPLACED = "replaced"
    ENDED = "ended"
    UNDER_WAY = "under_way"
    OTHER_BROWSER = "other_browser"
    INCOMPLETE = "incomplete"
    FOREIGN_FORM = "foreign_form"
    # Trouble that is not the person's.
    MICROSOFT_UNREACHABLE = "microsoft_unreachable"
    MICROSOFT_UNREACHABLE_YET = "microsoft_unreachable_yet"  # the link is not spent
    NOT_SET_UP = "not_set_up"
    OUR_FAULT = "our_fault"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened and what to do next. `status` and `meter` are for the page and the metrics."""

    title: str
    happened: str
    next_step: str
    status: int
    meter: str


AGAIN = "Type “connect” in the chat to get a new link."

EXPLANATIONS = {
    RefusalReason.DECLINED: Explanation(
        "Not connected",
        "The permission was not given, so nothing has been connected or changed.",
        "If that was not what you wanted, type “connect” in the chat to try again. "
        "If Microsoft said that an admin has to approve first, ask your Microsoft 365 admin.",
        403,
        "declined",
    ),
    RefusalReason.ADMIN_APPROVAL_NEEDED: Explanation(
        "An admin has to approve this first",
        "Your organisation does not let people start using this app on their own.",
        "Ask your Microsoft 365 admin to approve Presence Bridge. "
        "After that, type “connect” in the chat again.",
        403,
        "admin_needed",
    ),
    RefusalReason.BLOCKED_BY_POLICY: Explanation(
        "Your organisation's sign-in rules stopped this",
        "Microsoft did not allow the sign-in, for example because of this device or network.",
        "Try again from a device and network that you use for work: type “connect” in the chat. "
        "If it happens there too, ask your Microsoft 365 admin.",
        403,
        "failed",
    ),
    RefusalReason.MORE_NEEDED: Explanation(
        "Microsoft asks for one more step",
        "Before it lets this app in, Microsoft wants to be sure that it is you: by your phone, an "
        "authenticator app or your work device, for example.",
        "Type “connect” in the chat and sign in again now. Do what Microsoft asks for on the way.",
        403,
        "failed",
    ),
    RefusalReason.NEW_PASSWORD_NEEDED: Explanation(
        "Your password has to be renewed first",
        "Microsoft says that your password has expired, was changed, or must be changed.",
        "Sign in to Microsoft 365 with your new password, or set one there. "
        "After that, type “connect” in the chat.",
        403,
        "failed",
    ),
    RefusalReason.ACCOUNT_DISABLED: Explanation(
        "Your account is switched off",
        "Microsoft says that your account is disabled, so nothing has been connected.",
        "Ask your Microsoft 365 admin to enable it. After that, type “connect” in the chat.",
        403,
        "failed",
    ),
    RefusalReason.ACCOUNT_LOCKED: Explanation(
        "Your account is locked for now",
        "Microsoft has locked it, usually after too many wrong passwords, or because the sign-in "
        "came from an unsafe network.",
        "Wait a quarter of an hour, then type “connect” in the chat. "
        "If it is still locked, ask your Microsoft 365 admin.",
        403,
        "failed",
    ),
    RefusalReason.ACCOUNT_UNKNOWN: Explanation(
        "Your organisation does not know this account",
        "Microsoft says that the account does not belong to your organisation.",
        "Type “connect” in the chat and choose the account that you use in Teams. "
        "If it is that one, ask your Microsoft 365 admin.",
        403,
        "wrong_account",
    ),
    RefusalReason.SIGN_IN_TOO_OLD: Explanation(
        "Microsoft asks for a new sign-in",
        "Your last sign-in at Microsoft is too old for your organisation's rules, or was ended.",
        "Type “connect” in the chat and sign in again.",
        403,
        "failed",
    ),
    RefusalReason.MISSING_SCOPES: Explanation(
        "A permission is missing",
        "Microsoft did not give the permission to set your presence, "
        "or to keep it up to date while you are away from this page.",
        "Type “connect” in the chat again and accept everything that Microsoft lists. "
        "If that is not offered, ask your Microsoft 365 admin.",
        403,
        "failed",
    ),
    RefusalReason.EXPIRED: Explanation(
        "This link has expired",
        "For your safety a sign-in link works for 10 minutes.",
        AGAIN,
        410,
        "expired",
    ),
    RefusalReason.USED: Explanation(
        "This link was already used",
        "A sign-in link works once. If you have just connected, all is well: the chat says so.",
        "Otherwise type “connect” in the chat to get a new link.",
        410,
        "expired",
    ),
    RefusalReason.REPLACED: Explanation(
        "There is a newer link",
        "You asked for another link after this one, and only the newest works.",
        "Open the newest link in the chat, or type “connect” there to get another.",
        410,
        "expired",
    ),
    RefusalReason.ENDED: Explanation(
        "This sign-in was ended",
        "It was cancelled in the chat, or the app was disconnected or removed meanwhile. "
        "Nothing has been connected.",
        AGAIN,
        410,
        "expired",
    ),
    RefusalReason.UNDER_WAY: Explanation(
        "Your sign-in is being finished",
        "Microsoft has answered, and the rest takes a little longer than usual.",
        "Load this page again in a moment. When it is done, the chat says so, too.",
        202,
        "started",
    ),
    RefusalReason.OTHER_BROWSER: Explanation(
        "Please finish where you started",
        "This sign-in was started in another browser or in a private window, "
        "or this browser does not accept cookies from this page.",
        "Type “connect” in the chat to get a new link, and stay in one browser window.",
        400,
        "failed",
    ),
    RefusalReason.WRONG_ACCOUNT: Explanation(
        "That was a different account",
        "The account that signed in is not the one that you use in this chat, "
        "so nothing has been connected.",
        "Type “connect” in the chat again. Microsoft will then ask which account to use: "
        "choose the one that you use in Teams.",
        403,
        "wrong_account",
    ),
    RefusalReason.WRONG_RESPONSE: Explanation(
        "This sign-in could not be checked",
        "What came back does not belong to the sign-in that was started here, "
        "so it has not been used.",
        AGAIN,
        400,
        "failed",
    ),
    RefusalReason.INCOMPLETE: Explanation(
        "This address is not complete",
        "Part of the link is missing. That happens when a link is copied by hand.",
        "Open the link from the chat itself, or type “connect” there to get a new one.",
        400,
        "failed",
    ),
    RefusalReason.FOREIGN_FORM: Explanation(
        "This did not come from our page",
        "Another website tried to start the sign-in. Nothing has happened.",
        "Open the link from the chat and continue from there.",
        403,
        "failed",
    ),
    RefusalReason.MICROSOFT_UNREACHABLE: Explanation(
        "Microsoft cannot be reached right now",
        "The sign-in could not be finished. Nothing has been connected or changed.",
        "Wait a minute, then type “connect” in the chat to try again.",
        503,
        "failed",
    ),
    RefusalReason.MICROSOFT_UNREACHABLE_YET: Explanation(
        "Microsoft cannot be reached right now",
        "The sign-in has not started, and your link still works.",
        "Wait a minute, then go back and continue again.",
        503,
        "failed",
    ),
    RefusalReason.NOT_SET_UP: Explanation(
        "Presence Bridge is not set up correctly",
        "Microsoft refused this app. It has nothing to do with your account.",
        "Please tell your admin. The reason is in the app's log under sign_in_refused.",
        503,
        "admin_needed",
    ),
    RefusalReason.OUR_FAULT: Explanation(
        "Something went wrong on our side",
        "The sign-in could not be finished.",
        "Wait a minute, then type “connect” in the chat to try again.",
        500,
        "failed",
    ),
    RefusalReason.UNKNOWN: Explanation(
        "Microsoft did not complete the sign-in",
        "It gave a reason that we do not know. Nothing has been connected or changed.",
        "Type “connect” in the chat to try again. If it happens again, tell your admin.",
        400,
        "failed",
    ),
}
