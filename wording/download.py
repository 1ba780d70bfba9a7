"""The pages of a download, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoList(StrEnum):
    """Why there is no list. Values are in logs."""

    EXPIRED = "expired"
    USED = "used"
    OTHER_BROWSER = "other_browser"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"
    WRONG_ACCOUNT = "wrong_account"
    NOT_ADMIN = "not_admin"
    UNREACHABLE = "unreachable"
    OUR_FAULT = "our_fault"


@dataclass(frozen=True, slots=True)
class PageWords:
    """A page: `status` is HTTP's."""

    title: str
    happened: str
    status: int = 403


_AGAIN: Final = "Say settings unmatched in the chat and press Download to get a new link."
NEXT_STEP: Final = _AGAIN
PAGES: Final[Mapping[NoList, PageWords]] = {
    NoList.EXPIRED: PageWords(
        "This link has ended", "A link to the list only works for 10 minutes.", 410
    ),
    NoList.USED: PageWords("This link was used", "A link to the list only works once.", 410),
    NoList.OTHER_BROWSER: PageWords(
        "Another browser went first", "The link was opened in another browser."
    ),
    NoList.INCOMPLETE: PageWords(
        "Something is missing",
        "This address isn’t complete, or didn’t come from Presence Bridge.",
        400,
    ),
    NoList.REFUSED: PageWords(
        "Not signed in", "Microsoft didn’t say who you are, so nothing was downloaded."
    ),
    NoList.WRONG_ACCOUNT: PageWords(
        "That is another account", "Only the admin who asked for the list can have it."
    ),
    NoList.NOT_ADMIN: PageWords(
        "The list is for admins", "You’re no longer an admin of this app, or not for this."
    ),
    NoList.UNREACHABLE: PageWords(
        "Microsoft can’t be reached", "Microsoft isn’t answering right now.", 503
    ),
    NoList.OUR_FAULT: PageWords(
        "Something went wrong", "I couldn’t make the list. The reason is in the app’s log.", 500
    ),
}
