"""A change in one line: the question, how far it is, and what came of it, all in one card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cards.build import below, bold, box, button, buttons, card, heading, note, text
from cards.settings.bar import bar
from cards.settings.centre import invite_button
from cards.settings.clicks import ApplyChange, CancelChange, OpenAccount, OpenGroup, ShowCentre
from domain.policy_edits import Disable
from domain.presence import Style
from wording.edits import confirming, noticed, question
from wording.figures import people

if TYPE_CHECKING:
    from cards.build import Card, Element
    from domain.policy import Level
    from domain.policy_edits import OneLine

_MOST_DETAILS = 9  # a form has ten fields; a group begins or ends with one

Doing = Literal["clearing", "updating"]


def confirm(
    edit: OneLine,
    *,
    version: int,
    touched: str | None,
    style: Style = Style.MIRROR,
    notice: str | None = None,
) -> Card:
    """Have an edit confirmed: what it does, whom it touches, what they will notice.

    `touched` is None where people can't be counted (Zoom's list is not to be had). `style` is the
    style that applies afterwards. `notice` is a sentence about somebody else's change.
    """
    asked = question(edit)
    return card(
        asked,
        heading(asked),
        box("warning", text(notice)) if notice else None,
        text(bold("Whom it touches: "), _counts(touched)),
        text(bold("What they notice: "), noticed(edit, style)),
        buttons(
            [
                button(
                    ApplyChange(edit, version),
                    confirming(edit),
                    style="destructive" if isinstance(edit, Disable) else "positive",
                ),
                button(CancelChange(), "Cancel"),
            ]
        ),
    )


def progress(
    *,
    sentence: str,
    doing: Doing,
    done: int,
    total: int,
    failed: int = 0,
) -> Card:
    """Show how far a change is carried out. `sentence` says what was decided.

    `done` of `total` people includes the `failed`, for whom Microsoft did not accept it.
    """
    word = doing.capitalize()
    counted = f"{word} {done:,} of {total:,}"
    return card(
        f"{sentence} {counted}.",
        heading("Saved"),
        text(sentence),
        text(bold(counted)),
        bar([("good", done), ("emphasis", total - done)]),
        text(_not_accepted(failed)) if failed else None,
        note("It goes on by itself; this card follows. Nobody else has to do anything."),
    )


def result(
    level: Level,
    *,
    sentence: str,
    doing: Doing = "updating",
    done: int = 0,
    failed: int = 0,
    invitable: int = 0,
    details: tuple[tuple[str, str, str], ...] = (),
) -> Card:
    """Say what is in force now, and for whom it was carried out.

    `details` are the changed fields as (name, before, after). `invitable` people of this level
    have neither connected nor been invited.
    """
    count = _carried_out(doing, done, failed)
    return card(
        sentence,
        heading("Saved"),
        box("warning" if failed else "good", text(sentence)),
        *(
            text(bold(f"{label}: "), f"{old} → {new}", spacing="Small")
            for label, old, new in details[:_MOST_DETAILS]
        ),
        text(count) if count else None,
        buttons(_after(level)),
        below([invite_button(level, invitable)] if invitable else []),
    )


def unchanged(level: Level, *, sentence: str) -> Card:
    """Say that it already is as was asked. `sentence` says how it is."""
    return card(
        f"{sentence} Nothing to change.",
        heading("Nothing to change"),
        text(sentence),
        buttons(_after(level)),
    )


def cancelled() -> Card:
    """They changed their mind."""
    return card(
        "Cancelled: nothing was changed.",
        heading("Cancelled"),
        text("Nothing was changed."),
        buttons([button(ShowCentre(), "All settings")]),
    )


def _counts(touched: str | None) -> str:
    if touched is None:
        return "I can’t count them, because Zoom’s list of people is not to be had."
    return touched or "nobody at the moment."


def _carried_out(doing: Doing, done: int, failed: int) -> str:
    """What was done for people, in a sentence; empty when it was nothing."""
    said = ""
    if done:
        word = "Cleared" if doing == "clearing" else "Updated"
        said = f"{word} for {people(done)}."
    if failed:
        said += f" {_not_accepted(failed)}"
    return said.strip()


def _not_accepted(failed: int) -> str:
    return f"For {people(failed)} Microsoft did not accept it; status tells them why."


def _after(level: Level) -> list[Element]:
    if level.is_account:
        opened = button(OpenAccount(), "Open the account")
    else:
        opened = button(OpenGroup(level.group_id), "Open the group")
    return [opened, button(ShowCentre(), "All settings")]
