"""The morning digest: what is new, and asking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import answer, below, bold, box, button, buttons, card, heading, note, text
from cards.settings.clicks import ShowCentre, ShowParked
from cards.settings.digest_clicks import ShowDigest, ShowNews, TurnDigest
from cards.settings.match_clicks import ShowUnmatched
from cards.settings.parts import all_settings
from wording import digest as words
from wording.text import outside
from wording.trouble import counted

if TYPE_CHECKING:
    from cards.build import Card
    from domain.digest import News


def digest(news: News, *, since: str) -> Card:
    """Say what is new `since` a time (in the reader's own zone); there is something."""
    trouble = sum(news.trouble.values())
    return card(
        words.in_short(news),
        heading(words.TITLE),
        text(f"New since {since}:"),
        box("warning", text(bold(words.troubled(trouble)), counted(news.trouble)))
        if trouble
        else None,
        box("warning", text(words.unmatched(news.unmatched))) if news.unmatched else None,
        box("good", text(words.healed(news.healed))) if news.healed else None,
        note(words.HOW_TO_END),
        buttons(
            button(ShowParked(), "Who has problems") if trouble else None,
            button(ShowUnmatched(), "Who can’t be matched") if news.unmatched else None,
            button(ShowCentre(), "Settings"),
        ),
    )


def nothing_new(*, since: str) -> Card:
    """Say that there is nothing new `since` a time; only somebody who asks hears it."""
    return card(
        f"{words.NOTHING_NEW} The last look was {since}.",
        heading(words.TITLE),
        text(f"{words.NOTHING_NEW} I’ve compared with {since}."),
        buttons(button(ShowDigest(), words.TITLE), all_settings()),
    )


def on(*, zone: str, first: str, changed: bool = False) -> Card:
    """Say that it comes, when, and from when on (`first`); `changed`: it does from now on."""
    said = "Your morning digest is on."
    return card(
        said,
        heading(words.TITLE),
        box("good", text(bold(said if not changed else "Your morning digest is on now."))),
        text(words.when(outside(zone)), f" The next one can come on {first}."),
        note(words.WHAT_IT_IS),
        buttons(
            button(ShowNews(), "What’s new now?"),
            button(TurnDigest(on=False), "Turn it off"),
        ),
        below(all_settings()),
    )


def off(*, changed: bool = False) -> Card:
    """Say that it does not come; `changed`: not from now on."""
    said = "Your morning digest is off now." if changed else "Your morning digest is off."
    return card(
        said,
        heading(words.TITLE),
        box("neutral", text(bold(said))),
        text(words.WHAT_IT_IS),
        buttons(button(TurnDigest(on=True), "Turn it on", style="positive"), all_settings()),
    )


def cant_tell() -> Card:
    """Say why it can't be sent: nothing tells the app on its own that they are an admin."""
    return card(
        words.CANT_TELL,
        heading(words.TITLE),
        answer("neutral", words.CANT_TELL, words.WHY_CANT_TELL),
        text(words.HOW_TO_TELL),
        buttons(all_settings()),
    )


def ended() -> Card:
    """Say that it has ended, because they are no admin any more as far as can be seen."""
    return card(
        words.ENDED,
        heading(words.TITLE),
        answer("neutral", words.ENDED, words.WHY_ENDED),
        text(words.AGAIN),
    )
