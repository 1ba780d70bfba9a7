"""Pages on which somebody says who they are by signing in, and nothing more: in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from wording.figures import day
from wording.organisation import what_is_left

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.link import Ending


class For(StrEnum):
    """What somebody says who they are for. Values are stored for some minutes."""

    LIST = "list"
    EXCLUDED = "excluded"
    ROLE = "role"
    NOT_FOR_ME = "not-for-me"


class NotKnown(StrEnum):
    """Why nothing came of it. Values are in logs."""

    EXPIRED = "expired"
    USED = "used"
    OTHER_BROWSER = "other_browser"
    INCOMPLETE = "incomplete"
    FOREIGN_FORM = "foreign_form"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    WRONG_ACCOUNT = "wrong_account"
    OUTSIDER = "outsider"  # a guest, or somebody of another organisation
    NOT_SIGNED_IN = "not_signed_in"
    UNDER_WAY = "under_way"
    BUSY = "busy"
    NOT_ADMIN = "not_admin"
    UNREACHABLE = "unreachable"
    OUR_FAULT = "our_fault"


@dataclass(frozen=True, slots=True)
class PageWords:
    """A page: `status` is HTTP's."""

    title: str
    happened: str
    status: int = 403


LISTS: Final[Mapping[For, str]] = {
    For.LIST: "Who in Zoom is matched with whom in Microsoft 365, and who isn’t, as a file.",
    For.EXCLUDED: "Whom admins have excluded, why, by whom and since when, as a file.",
}
"""What is downloaded."""
NEXT_STEPS: Final[Mapping[For, str]] = {
    For.LIST: "Say settings unmatched in the chat and press Download to get a new link.",
    For.EXCLUDED: "Say settings excluded in the chat and press Download to get a new link.",
    For.ROLE: "Say settings in the chat to get a new link.",
    For.NOT_FOR_ME: "Open the page Not for me and sign in again.",
}
_WORDS: Final[Mapping[NotKnown, PageWords]] = {
    NotKnown.EXPIRED: PageWords("This link has ended", "It only works for 10 minutes.", 410),
    NotKnown.USED: PageWords("This link was used", "A link only works once.", 410),
    NotKnown.OTHER_BROWSER: PageWords(
        "Another browser went first",
        "This was started in another browser, or this browser doesn’t accept cookies from this "
        "page.",
    ),
    NotKnown.INCOMPLETE: PageWords(
        "Something is missing",
        "This address isn’t complete, or didn’t come from Presence Bridge.",
        400,
    ),
    NotKnown.FOREIGN_FORM: PageWords(
        "This didn’t come from Presence Bridge",
        "Another website, or an old page, sent this. Nothing has happened.",
    ),
    NotKnown.CANCELLED: PageWords("Not signed in", "The sign-in was cancelled. Nothing changed."),
    NotKnown.REFUSED: PageWords(
        "Not signed in", "Microsoft didn’t say who you are. Nothing changed."
    ),
    NotKnown.WRONG_ACCOUNT: PageWords(
        "That’s another account", "Only the account that asked for this link can use it."
    ),
    NotKnown.OUTSIDER: PageWords(
        "This is for people of the organisation",
        "You signed in as a guest, or with an account of another organisation.",
    ),
    NotKnown.NOT_SIGNED_IN: PageWords("Please sign in first", "Nothing has happened.", 400),
    NotKnown.UNDER_WAY: PageWords(
        "I’m working on it", "Your click has arrived. Load this page again in a moment.", 202
    ),
    NotKnown.BUSY: PageWords(
        "Too many people at once", "Please wait a minute. Nothing has happened.", 503
    ),
    NotKnown.NOT_ADMIN: PageWords(
        "This is for admins", "You’re no longer an admin of this app, or not one for this."
    ),
    NotKnown.UNREACHABLE: PageWords(
        "Microsoft can’t be reached", "Microsoft isn’t answering right now. Nothing changed.", 503
    ),
    NotKnown.OUR_FAULT: PageWords(
        "Something went wrong", "That didn’t work. The reason is in the app’s log.", 500
    ),
}
_SPECIAL: Final[Mapping[tuple[For, NotKnown], PageWords]] = {
    **{
        (purpose, why): words
        for purpose in LISTS
        for why, words in {
            NotKnown.WRONG_ACCOUNT: PageWords(
                "That’s another account", "Only the admin who asked for the list can have it."
            ),
            NotKnown.NOT_ADMIN: PageWords(
                "The list is for admins",
                "You’re no longer an admin of this app, or not one for this.",
            ),
        }.items()
    },
    (For.NOT_FOR_ME, NotKnown.EXPIRED): PageWords(
        "Too much time has passed", "For your safety, a sign-in counts for 10 minutes.", 410
    ),
    (For.NOT_FOR_ME, NotKnown.OUTSIDER): PageWords(
        "This is for people of the organisation",
        "You signed in as a guest, or with an account of another organisation. This organisation "
        "can’t start anything for such an account, so there’s nothing to say no to.",
    ),
    (For.NOT_FOR_ME, NotKnown.OUR_FAULT): PageWords(
        "Something went wrong",
        "I can’t say whether your choice was kept. The reason is in the app’s log.",
        500,
    ),
}
AWAY: Final = PageWords(
    "Something went wrong",
    "The app can’t reach its data right now. Nothing has changed.",
    503,
)
AWAY_STEP: Final = "Wait a minute, then load this page again."


def words_of(purpose: For, why: NotKnown) -> PageWords:
    """The page that says why nothing came of it."""
    return _SPECIAL.get((purpose, why), _WORDS[why])


# -- Not for me ------------------------------------------------------------------------------------

NOT_FOR_ME: Final = "Not for me"
UNDO: Final = "To undo this, say connect to the app in Teams."
OWN_GOES_ON: Final = "Your own connection goes on. To end it, say disconnect to the app in Teams."

BY_ORGANISATION: Final = (
    "It’s on for you",
    "Your organisation lets Teams and Outlook show when you’re busy in Zoom.",
)
CAN_END: Final = "Not for me ends that."
BY_THEMSELVES: Final = (
    "You’re connected by your own sign-in",
    "You connected this app yourself, so your organisation’s authorisation isn’t used.",
)
ASKED: Final = (
    "It isn’t on for you",
    "Your organisation asked you in Teams. It only starts if you choose Start there.",
)
NOT_STARTED: Final = (
    "It isn’t on for you",
    "Your organisation hasn’t started it for you. You can still say no, once and for all.",
)
OPTED_OUT: Final = (
    "You’ve said Not for me",
    "Your organisation can’t start this for you, whatever your admins change.",
)


def announced(starts_ms: int, now_ms: int) -> tuple[str, str]:
    """They were told that it starts (epoch ms)."""
    when = "soon" if starts_ms <= now_ms else f"on {day(starts_ms)}, at the earliest"
    return (
        "It isn’t on for you yet",
        f"You were told that your organisation lets Teams and Outlook show when you’re busy in "
        f"Zoom. It starts {when}.",
    )


def said_no(ending: Ending | None, until: str, *, own_sign_in: bool) -> tuple[str, tuple[str, ...]]:
    """What came of *Not for me*: a heading, and sentences. `until`: when what is left ends."""
    left = () if ending is None else (what_is_left(ending, until),)
    own = (OWN_GOES_ON,) if own_sign_in else ()
    kept = "I keep your choice as a code that doesn’t say who you are."
    return "All right, not for you", (OPTED_OUT[1], *left, *own, kept)


# -- a role ----------------------------------------------------------------------------------------

ROLE_SHOWN: Final = "Entra says who you are"
NO_ROLE: Final = (
    "You don’t have a role in this app",
    (
        "Microsoft says who you are, but not that you have this app’s role PresenceAdmin or "
        "PresenceHelpdesk.",
        "Ask your Microsoft 365 admin to assign it. It can take some minutes until it counts.",
    ),
)


def role_shown(role: str, minutes: int) -> tuple[str, tuple[str, ...]]:
    """They have it: a heading, and sentences."""
    return (
        ROLE_SHOWN,
        (
            f"You have the role {role}. It counts in the chat for {minutes} minutes, then I ask "
            "again.",
            "This doesn’t connect your presence.",
        ),
    )
