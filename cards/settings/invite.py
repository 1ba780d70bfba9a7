"""Inviting those who are covered but have not connected: once each, ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, note, text
from cards.settings import parts
from cards.settings.clicks import CancelChange, Invite, ShowMailing
from cards.settings.parts import KEEPS_UP, all_settings, bar
from wording.figures import people
from wording.policy import level_words

if TYPE_CHECKING:
    from cards.build import Card
    from domain.policy import Level

_WITHOUT_APP = (
    "I can only write to people who have this app in Teams. A Teams admin can install it for "
    "everyone."
)


def confirm(level: Level, *, count: int, minutes: int) -> Card:
    """Have inviting `count` people confirmed, which takes about `minutes` minutes."""
    them = people(count)
    takes = "a minute" if minutes <= 1 else f"{minutes:,} minutes"
    return card(
        f"Invite {them} once?",
        heading(f"Invite {them} once?"),
        text(
            f"They belong to {level_words(level)}, presence sync is on for them, and they haven’t "
            "connected. Each of them gets one card with a button to connect. Nobody is invited "
            "twice, or after disconnecting on purpose."
        ),
        note(
            f"Sending takes about {takes}, because Teams limits how fast an app may write. "
            f"{_WITHOUT_APP}"
        ),
        buttons(
            button(Invite(level, count), f"Invite {them} once", style="positive"),
            button(CancelChange(), "Cancel"),
        ),
    )


def no_group(name: str) -> Card:
    """Say that not one group has this name."""
    return parts.no_group(name, undone="nobody was invited", command="settings invite")


def nobody() -> Card:
    """Say that there is nobody left to invite."""
    return card(
        "There’s nobody left to invite.",
        heading("Nobody to invite"),
        text(
            "Everyone who has this app and presence sync has connected, was already invited, or "
            "disconnected on purpose."
        ),
        note(_WITHOUT_APP),
        buttons(all_settings()),
    )


def sending(*, sent: int, total: int, mailing_id: str = "") -> Card:
    """Show how far the sending is; `mailing_id`, where it is known, makes the button "Refresh"."""
    counted = f"Invited {sent:,} of {total:,}"
    return card(
        f"{counted}.",
        heading("Inviting"),
        text(bold(counted)),
        bar([("good", sent), ("emphasis", total - sent)]),
        note(KEEPS_UP),
        buttons(button(ShowMailing(mailing_id), "Refresh") if mailing_id else None),
    )


def sent(*, invited: int, unreachable: int) -> Card:
    """Say how many were invited. Nothing could be sent to the `unreachable` people."""
    done = f"{people(invited)} {'was' if invited == 1 else 'were'} invited."
    return card(
        done,
        heading("Invited"),
        box("warning" if unreachable else "good", text(bold("Done. "), done)),
        text(
            f"{people(unreachable)} couldn’t be reached. They removed or blocked the app, or Teams "
            "didn’t take the message."
        )
        if unreachable
        else None,
        note("Once they’ve signed in, they count as connected in the settings."),
        buttons(all_settings()),
    )
