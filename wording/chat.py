"""What the chat says around its commands: small talk, where an answer went, and that it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# -- small talk ------------------------------------------------------------------------------------

THANKS: Final = "You’re welcome."
OK: Final = "All good. Say status whenever you want to know what’s shown."
BYE: Final = "Bye for now. I’m here when you need me."
NEVER_MIND: Final = "All right, I’m leaving everything as it is."
YES: Final = "If I’ve asked you something, please press a button on that card."
BY_HAND: Final = (
    "I only show what Zoom says. To choose a status yourself, use Teams: click your picture, then "
    "the status."
)
NO_FILES: Final = "I can’t read files or pictures. Say help to see what I understand."
FOR_EVERYBODY: Final = (
    "I show people’s Zoom presence in Microsoft 365. I’ll answer you in our private chat."
)
NOT_CONNECTED: Final = "You’re not connected yet, so Zoom doesn’t show in Microsoft 365."

NOTHING_CHANGED: Final = "Say it or press the button. Nothing has changed so far."


def whom_to_ask(contact: str | None) -> str:
    """Who helps: the organisation's contact (an e-mail or web address), if it has named one."""
    if contact is None:
        return "Your organisation runs this app. Please ask its helpdesk or your Teams admin."
    where = f"here: {contact}" if "://" in contact else contact
    return f"Your organisation runs this app. Please ask {where}"


# -- asked where others read along -----------------------------------------------------------------

Reached = Literal["reached", "gone", "disabled", "failed"]
"""What came of an answer in somebody's own chat. gone: there is no chat with them, and none can be
opened. disabled: an admin has switched the app off. failed: nobody knows, or not now."""

ANSWERED: Final[Mapping[Reached, str]] = {
    "reached": "I’ve answered in our private chat, where only you can see it.",
    "gone": "I can’t reach you in a private chat, so you don’t have my answer. Add the app for "
    "yourself in Teams, or unblock it if you blocked it, then ask me there.",
    "disabled": "I can’t reach you in a private chat, because your organisation has switched this "
    "app off for you. Ask your Teams admin about it.",
    "failed": "I couldn’t answer you in our private chat, because Teams didn’t take my message. "
    "Please ask again in a minute.",
}
"""The line for group chats and channels."""

WHO_ARE_YOU: Final = (
    "I can’t tell who you are, because Teams didn’t give me a work account in this organisation. "
    "Sign in to Teams with your work account and write to me again. If you’ve already done that, "
    "ask your Teams admin."
)

# -- it failed -------------------------------------------------------------------------------------

WRONG_HERE: Final = "Something went wrong on my side. Nothing was changed."
TRY_AGAIN: Final = "Please try again in a minute."
CLICK_FAILED: Final = f"Something went wrong on my side. {TRY_AGAIN}"
"""For Teams' own line beside a button, as the next two."""
BUTTON_ENDED: Final = "This button no longer works. Say help to see what does."
FAILED: Final = "Something went wrong on my side. Try again. If it happens again, tell your admin."
TOO_SLOW: Final = "This is taking longer than usual. Say status in a minute to see the result."

# -- for admins ------------------------------------------------------------------------------------

ADMIN_UNSURE: Final = "I can’t find out right now whether you may do that. Nothing was changed."
ADMIN_UNSURE_STEP: Final = "Try again in a minute."
ASKED_ANOTHER: Final = "This card is someone else’s. Nothing was changed."
ASKED_ANOTHER_STEP: Final = "Ask me yourself, and I’ll give you your own card."
