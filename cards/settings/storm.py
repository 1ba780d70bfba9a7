"""Many authorisations ended alike: what admins are told, once, and how they try everyone again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, next_step, note, text
from cards.settings.clicks import RetryStorm, ShowCentre, ShowParked, ShowStorm
from wording.figures import people

if TYPE_CHECKING:
    from cards.build import Card, Element
    from wording.ended import StormView


def storm(view: StormView, *, notice: str = "") -> Card:
    """Say how many are affected, why, and what to do; `notice` says what a click has done."""
    if view.count:
        verb = "has" if view.count == 1 else "have"
        fails = f"{people(view.count)} {verb} lost presence sync at once."
    else:
        fails = "Nobody fails at the moment."
    before = f"At its height there were {view.most:,}." if view.most > view.count else ""
    return card(
        f"{fails} {view.said}",
        heading("Many authorisations ended"),
        box("attention" if view.count else "good", text(bold(f"{fails} "), view.said)),
        text(bold(notice)) if notice else None,
        text(before) if before else None,
        next_step(view.to_do),
        note(
            "These people were told nothing, because they can’t mend it. Who still fails a day "
            "after it began is asked to connect again."
        ),
        buttons(
            [
                *([_retry(view)] if view.count else []),
                button(ShowStorm(view.code, view.began_ms), "Refresh"),
                *([button(ShowParked(), "Who it is")] * bool(view.count)),
                button(ShowCentre(), "All settings"),
            ]
        ),
    )


def over() -> Card:
    """Say that it has passed."""
    return card(
        "The many authorisations that ended alike are no trouble any more.",
        heading("Many authorisations ended"),
        box(
            "good",
            text(bold("It is over. "), "Whoever still can’t go on is asked to connect again."),
        ),
        buttons([button(ShowCentre(), "All settings")]),
    )


def banner(view: StormView) -> Element:
    """Make the warning for the control centre."""
    row = buttons([button(ShowStorm(view.code, view.began_ms), "See what to do")])
    verb = "has" if view.count == 1 else "have"
    return box(
        "attention",
        text(bold(f"{people(view.count)} {verb} lost presence sync at once. "), view.said),
        row,
    )


def _retry(view: StormView) -> Element:
    return button(RetryStorm(view.code, view.began_ms), "Try everyone again", style="positive")
