"""How much of the Zoom presence Microsoft shows: the three styles, and a person's own choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, note, text
from cards.person.clicks import ChooseOwnStyle
from wording.policy import STYLES
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card, Element
    from domain.presence import Style


def style_choice(
    *,
    current: Style,
    own: bool,
    locked_by: str | None = None,
    changed: bool = False,
) -> Card:
    """Explain the styles in a sentence each and let the person choose.

    `current` is the style in force; `own` whether the person chose it. `locked_by` names the level
    whose lock fixes the style ("your organisation", "your group Sales"): then there is no choice.
    `changed`: they have just chosen it.
    """
    level = None if locked_by is None else outside(locked_by, 100)
    if changed:
        summary = f"Your style is now {current}."
    elif level is not None:
        summary = f"Your style is {current}, set and locked by {level}."
    elif own:
        summary = f"Your style is {current}, your own choice."
    else:
        summary = f"Your style is {current}, as your admins set it."
    explained: list[Element | None] = [
        box("good", text(bold("Done. "), summary)) if changed else text(summary)
    ]
    for style, words in STYLES.items():
        in_force = " (now)" if style is current else ""
        explained.append(text(bold(f"{style.capitalize()}{in_force}. "), words.sentence))
        if words.writes_own_status:
            explained.append(note(f"Warning: {words.warning('your')}", spacing="None"))
    return card(
        summary,
        heading("Your style"),
        *explained,
        note("To stop for a while, say pause. That always works.") if level else None,
        buttons([] if level else _choices(current, own=own)),
    )


def _choices(current: Style, *, own: bool) -> list[Element]:
    chosen = [
        button(ChooseOwnStyle(style), style.capitalize(), key=style.replace(" ", "-"))
        for style in STYLES
        if style is not current
    ]
    if own:
        title = "Follow my organisation"
        chosen.append(button(ChooseOwnStyle(), title, key="default"))
    return chosen
