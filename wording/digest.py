"""The morning digest, in words for the admins who ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.digest import MORNING
from wording.figures import people

if TYPE_CHECKING:
    from domain.digest import News

TITLE: Final = "Morning digest"
WHAT_IT_IS: Final = (
    "Once a day I can tell you what’s new: how many people have new problems and why, how many "
    "more in Zoom can’t be matched, and how many have no problem any more. When there’s nothing "
    "new, I don’t write. It never says who, and never what anyone’s presence is."
)
HOW_TO_END: Final = "To end it, say settings digest off."
NOTHING_NEW: Final = "There’s nothing new."
ENDED: Final = "Your morning digest has ended."
WHY_ENDED: Final = "I can no longer see on my own that you’re an admin of this app."
AGAIN: Final = "If you’re still an admin, say settings digest on."
CANT_TELL: Final = "I can’t send it to you yet."
WHY_CANT_TELL: Final = (
    "I check before each one that you’re still an admin. I can only do that for people who are "
    "named in the app’s set-up, or who are connected with their own sign-in."
)
HOW_TO_TELL: Final = (
    "Ask the team that runs this app to name you in ADMIN_OBJECT_IDS. You can see how things stand "
    "at any time: say settings."
)


def when(zone: str) -> str:
    """When it comes, by the clock of a time zone (its name, ready to show)."""
    return f"It comes on working days at {MORNING:02d}:00 in your time zone ({zone})."


def troubled(count: int) -> str:
    """So many people are newly in trouble; their reasons follow."""
    return f"{people(count)} {'has a new problem' if count == 1 else 'have new problems'}: "


def unmatched(count: int) -> str:
    """So many more in Zoom can't be matched."""
    who = "1 more person" if count == 1 else f"{count:,} more people"
    return f"{who} in Zoom can’t be matched with Entra."


def healed(count: int) -> str:
    """So many people had a problem, and have none now."""
    return f"{people(count)} {'has no problem' if count == 1 else 'have no problems'} any more."


def in_short(news: News) -> str:
    """The digest in one sentence, for notifications and readers."""
    parts = [
        f"{people(sum(news.trouble.values()))} with new problems" if news.trouble else "",
        f"{people(news.unmatched)} newly unmatched" if news.unmatched else "",
        f"{people(news.healed)} without problems again" if news.healed else "",
    ]
    return f"{TITLE}: {', '.join(part for part in parts if part)}."
