"""Why a sign-in did not work, in plain sentences with the next step: for page and chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RefusalWords:
    """What happened and what to do next. `status` and `meter` are for the page and the metrics."""

    title: str
    happened: str
    next_step: str
    status: int = 403
    meter: str = "failed"


_NEW_LINK = "Type “connect” in the chat to get a new link."

REFUSALS: Final[Mapping[Refusal, RefusalWords]] = {
    Refusal.DECLINED: RefusalWords(
        "Not connected",
        "The permission was not given, so nothing has been connected or changed.",
        "If that was not what you wanted, type “connect” in the chat to try again. "
        "If Microsoft said that an admin has to approve first, ask your Microsoft 365 admin.",
        meter="declined",
    ),
    Refusal.ADMIN_APPROVAL_NEEDED: RefusalWords(
        "An admin has to approve this first",
        "Your organisation does not let people start using this app on their own.",
        "Ask your Microsoft 365 admin to approve Presence Bridge. "
        "After that, type “connect” in the chat again.",
        meter="admin_needed",
    ),
    Refusal.BLOCKED_BY_POLICY: RefusalWords(
        "Your organisation's sign-in rules stopped this",
        "Microsoft did not allow the sign-in, for example because of this device or network.",
        "Try again from a device and network that you use for work: type “connect” in the chat. "
        "If it happens there too, ask your Microsoft 365 admin.",
    ),
    Refusal.MORE_NEEDED: RefusalWords(
        "Microsoft asks for one more step",
        "Before it lets this app in, Microsoft wants to be sure that it is you: by your phone, an "
        "authenticator app or your work device, for example.",
        "Type “connect” in the chat and sign in again now. Do what Microsoft asks for on the way.",
    ),
    Refusal.NEW_PASSWORD_NEEDED: RefusalWords(
        "Your password has to be renewed first",
        "Microsoft says that your password has expired, was changed, or must be changed.",
        "Sign in to Microsoft 365 with your new password, or set one there. "
        "After that, type “connect” in the chat.",
    ),
    Refusal.ACCOUNT_DISABLED: RefusalWords(
        "Your account is switched off",
        "Microsoft says that your account is disabled, so nothing has been connected.",
        "Ask your Microsoft 365 admin to enable it. After that, type “connect” in the chat.",
    ),
    Refusal.ACCOUNT_LOCKED: RefusalWords(
        "Your account is locked for now",
        "Microsoft has locked it, usually after too many wrong passwords, or because the sign-in "
        "came from an unsafe network.",
        "Wait a quarter of an hour, then type “connect” in the chat. "
        "If it is still locked, ask your Microsoft 365 admin.",
    ),
    Refusal.ACCOUNT_UNKNOWN: RefusalWords(
        "Your organisation does not know this account",
        "Microsoft says that the account does not belong to your organisation.",
        "Type “connect” in the chat and choose the account that you use in Teams. "
        "If it is that one, ask your Microsoft 365 admin.",
        meter="wrong_account",
    ),
    Refusal.SIGN_IN_TOO_OLD: RefusalWords(
        "Microsoft asks for a new sign-in",
        "Your last sign-in at Microsoft is too old for your organisation's rules, or was ended.",
        "Type “connect” in the chat and sign in again.",
    ),
    Refusal.MISSING_SCOPES: RefusalWords(
        "A permission is missing",
        "Microsoft did not give the permission to set your presence, "
        "or to keep it up to date while you are away from this page.",
        "Type “connect” in the chat again and accept everything that Microsoft lists. "
        "If that is not offered, ask your Microsoft 365 admin.",
    ),
    Refusal.EXPIRED: RefusalWords(
        "This link has expired",
        "For your safety a sign-in link works for 10 minutes.",
        _NEW_LINK,
        status=410,
        meter="expired",
    ),
    Refusal.USED: RefusalWords(
        "This link was already used",
        "A sign-in link works once. If you have just connected, all is well: the chat says so.",
        "Otherwise type “connect” in the chat to get a new link.",
        status=410,
        meter="expired",
    ),
    Refusal.REPLACED: RefusalWords(
        "There is a newer link",
        "You asked for another link after this one, and only the newest works.",
        "Open the newest link in the chat, or type “connect” there to get another.",
        status=410,
        meter="expired",
    ),
    Refusal.ENDED: RefusalWords(
        "This sign-in was ended",
        "It was cancelled in the chat, or the app was disconnected or removed meanwhile. "
        "Nothing has been connected.",
        _NEW_LINK,
        status=410,
        meter="expired",
    ),
    Refusal.UNDER_WAY: RefusalWords(
        "Your sign-in is being finished",
        "Microsoft has answered, and the rest takes a little longer than usual.",
        "Load this page again in a moment. When it is done, the chat says so, too.",
        status=202,
        meter="started",
    ),
    Refusal.OTHER_BROWSER: RefusalWords(
        "Please finish where you started",
        "This sign-in was started in another browser or in a private window, "
        "or this browser does not accept cookies from this page.",
        "Type “connect” in the chat to get a new link, and stay in one browser window.",
        status=400,
    ),
    Refusal.WRONG_ACCOUNT: RefusalWords(
        "That was a different account",
        "The account that signed in is not the one that you use in this chat, "
        "so nothing has been connected.",
        "Type “connect” in the chat again. Microsoft will then ask which account to use: "
        "choose the one that you use in Teams.",
        meter="wrong_account",
    ),
    Refusal.WRONG_RESPONSE: RefusalWords(
        "This sign-in could not be checked",
        "What came back does not belong to the sign-in that was started here, "
        "so it has not been used.",
        _NEW_LINK,
        status=400,
    ),
    Refusal.INCOMPLETE: RefusalWords(
        "This address is not complete",
        "Part of the link is missing. That happens when a link is copied by hand.",
        "Open the link from the chat itself, or type “connect” there to get a new one.",
        status=400,
    ),
    Refusal.FOREIGN_FORM: RefusalWords(
        "This did not come from our page",
        "Another website tried to start the sign-in. Nothing has happened.",
        "Open the link from the chat and continue from there.",
    ),
    Refusal.MICROSOFT_UNREACHABLE: RefusalWords(
        "Microsoft cannot be reached right now",
        "The sign-in could not be finished. Nothing has been connected or changed.",
        "Wait a minute, then type “connect” in the chat to try again.",
        status=503,
    ),
    Refusal.MICROSOFT_UNREACHABLE_YET: RefusalWords(
        "Microsoft cannot be reached right now",
        "The sign-in has not started, and your link still works.",
        "Wait a minute, then go back and continue again.",
        status=503,
    ),
    Refusal.NOT_SET_UP: RefusalWords(
        "Presence Bridge is not set up correctly",
        "Microsoft refused this app. It has nothing to do with your account.",
        "Please tell your admin. The reason is in the app's log under sign_in_refused.",
        status=503,
        meter="admin_needed",
    ),
    Refusal.OUR_FAULT: RefusalWords(
        "Something went wrong on our side",
        "The sign-in could not be finished.",
        "Wait a minute, then type “connect” in the chat to try again.",
        status=500,
    ),
    Refusal.UNKNOWN: RefusalWords(
        "Microsoft did not complete the sign-in",
        "It gave a reason that we do not know. Nothing has been connected or changed.",
        "Type “connect” in the chat to try again. If it happens again, tell your admin.",
        status=400,
    ),
}
