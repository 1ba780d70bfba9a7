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


_NEW_LINK = "Say connect in the chat to get a new link."

REFUSALS: Final[Mapping[Refusal, RefusalWords]] = {
    Refusal.DECLINED: RefusalWords(
        "Not connected",
        "Microsoft wasn’t given the permission, so nothing has been connected or changed.",
        "If you didn’t mean to decline, say connect in the chat to try again. If Microsoft said "
        "an admin has to approve first, ask your Microsoft 365 admin.",
        meter="declined",
    ),
    Refusal.ADMIN_APPROVAL_NEEDED: RefusalWords(
        "An admin has to approve this first",
        "Your organisation doesn’t let people start using this app on their own.",
        "Ask your Microsoft 365 admin to approve Presence Bridge. Then say connect in the chat "
        "again.",
        meter="admin_needed",
    ),
    Refusal.BLOCKED_BY_POLICY: RefusalWords(
        "Your organisation’s sign-in rules stopped this",
        "Microsoft didn’t allow the sign-in, for example because of this device or network.",
        "Say connect in the chat to try again from a device and network you use for work. If "
        "that doesn’t work either, ask your Microsoft 365 admin.",
    ),
    Refusal.MORE_NEEDED: RefusalWords(
        "Microsoft asks for one more step",
        "Before it lets this app in, Microsoft wants to be sure it’s you, for example with your "
        "phone, an authenticator app or your work device.",
        "Say connect in the chat, sign in again and follow Microsoft’s steps.",
    ),
    Refusal.NEW_PASSWORD_NEEDED: RefusalWords(
        "You need a new password first",
        "Microsoft says your password has expired, was changed, or needs to be changed.",
        "Sign in to Microsoft 365 with your new password, or set one there. Then say connect in "
        "the chat.",
    ),
    Refusal.ACCOUNT_DISABLED: RefusalWords(
        "Your account is disabled",
        "Microsoft says your account is disabled, so nothing has been connected.",
        "Ask your Microsoft 365 admin to enable it. Then say connect in the chat.",
    ),
    Refusal.ACCOUNT_LOCKED: RefusalWords(
        "Your account is locked",
        "Microsoft has locked it, usually after too many wrong passwords, or because the sign-in "
        "came from an unsafe network.",
        "Wait 15 minutes, then say connect in the chat. If it’s still locked, ask your Microsoft "
        "365 admin.",
    ),
    Refusal.ACCOUNT_UNKNOWN: RefusalWords(
        "Your organisation doesn’t know this account",
        "Microsoft says this account doesn’t belong to your organisation.",
        "Say connect in the chat and choose the account you use in Teams. If it was that one, "
        "ask your Microsoft 365 admin.",
        meter="wrong_account",
    ),
    Refusal.SIGN_IN_TOO_OLD: RefusalWords(
        "Microsoft asks you to sign in again",
        "Your last Microsoft sign-in is too old for your organisation’s rules, or was ended.",
        "Say connect in the chat and sign in again.",
    ),
    Refusal.MISSING_SCOPES: RefusalWords(
        "A permission is missing",
        "Microsoft didn’t give permission to set your presence, or to keep it up to date in the "
        "background.",
        "Say connect in the chat again and accept everything Microsoft lists. If Microsoft "
        "doesn’t offer that, ask your Microsoft 365 admin.",
    ),
    Refusal.EXPIRED: RefusalWords(
        "This link has expired",
        "To keep you safe, a sign-in link only works for 10 minutes.",
        _NEW_LINK,
        status=410,
        meter="expired",
    ),
    Refusal.USED: RefusalWords(
        "This link was already used",
        "A sign-in link only works once. If you’ve just connected, all is well: the chat says so.",
        "If you haven’t, say connect in the chat to get a new link.",
        status=410,
        meter="expired",
    ),
    Refusal.REPLACED: RefusalWords(
        "There’s a newer link",
        "You asked for another link after this one, and only the newest works.",
        "Open the newest link in the chat, or say connect there to get another.",
        status=410,
        meter="expired",
    ),
    Refusal.ENDED: RefusalWords(
        "This sign-in was ended",
        "It was cancelled in the chat, or the app was disconnected or removed in the meantime. "
        "Nothing has been connected.",
        _NEW_LINK,
        status=410,
        meter="expired",
    ),
    Refusal.UNDER_WAY: RefusalWords(
        "Finishing your sign-in",
        "Microsoft has answered, but the rest is taking a little longer than usual.",
        "Reload this page in a moment. The chat will tell you too when it’s done.",
        status=202,
        meter="started",
    ),
    Refusal.OTHER_BROWSER: RefusalWords(
        "Please finish where you started",
        "This sign-in was started in another browser or a private window, or this browser "
        "doesn’t accept cookies from this page.",
        "Say connect in the chat to get a new link, and stay in one browser window.",
        status=400,
    ),
    Refusal.WRONG_ACCOUNT: RefusalWords(
        "That was a different account",
        "You signed in with another account than the one you use in this chat, so nothing has "
        "been connected.",
        "Say connect in the chat again. When Microsoft asks which account to use, choose the one "
        "you use in Teams.",
        meter="wrong_account",
    ),
    Refusal.WRONG_RESPONSE: RefusalWords(
        "This sign-in couldn’t be checked",
        "What came back doesn’t belong to the sign-in that was started here, so it wasn’t used.",
        _NEW_LINK,
        status=400,
    ),
    Refusal.INCOMPLETE: RefusalWords(
        "This address isn’t complete",
        "Part of the link is missing. That happens when a link is copied by hand.",
        "Open the link in the chat itself, or say connect there to get a new one.",
        status=400,
    ),
    Refusal.FOREIGN_FORM: RefusalWords(
        "This didn’t come from Presence Bridge",
        "Another website tried to start the sign-in. Nothing has happened.",
        "Open the link in the chat and continue from there.",
    ),
    Refusal.MICROSOFT_UNREACHABLE: RefusalWords(
        "Microsoft can’t be reached right now",
        "The sign-in couldn’t be finished. Nothing has been connected or changed.",
        "Wait a minute, then say connect in the chat to try again.",
        status=503,
    ),
    Refusal.MICROSOFT_UNREACHABLE_YET: RefusalWords(
        "Microsoft can’t be reached right now",
        "The sign-in hasn’t started, and your link still works.",
        "Wait a minute, then go back and continue again.",
        status=503,
    ),
    Refusal.NOT_SET_UP: RefusalWords(
        "Presence Bridge isn’t set up correctly",
        "Microsoft refused this app. It has nothing to do with your account.",
        "Please tell your admin. The reason is in the app’s log under sign_in_refused.",
        status=503,
        meter="admin_needed",
    ),
    Refusal.OUR_FAULT: RefusalWords(
        "Something went wrong",
        "The sign-in couldn’t be finished. It wasn’t anything you did.",
        "Wait a minute, then say connect in the chat to try again.",
        status=500,
    ),
    Refusal.UNKNOWN: RefusalWords(
        "Microsoft didn’t complete the sign-in",
        "It gave a reason I don’t recognise. Nothing has been connected or changed.",
        "Say connect in the chat to try again. If it happens again, tell your admin.",
        status=400,
    ),
}


def wrong_account(used: str, wanted: str) -> tuple[str, str]:
    """Who signed in and whose chat it is; `used` is empty where Microsoft does not say."""
    return f"You signed in as {used or 'someone else'}.", f"This chat belongs to {wanted}."
