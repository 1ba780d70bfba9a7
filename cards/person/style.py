"""How much of the Zoom presence Microsoft shows: the three styles, and a person's own choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import bold, box, button, buttons, card, heading, note, text
from cards.payload import Verb
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card, Element
    from cards.payload import Payloads


@dataclass(frozen=True, slots=True)
class Style:
    """A style in one sentence; whether it writes the slot of the status set by hand."""

    sentence: str
    writes_own_status: bool = False

    def warning(self, whose: str) -> str:
        """What one should know before choosing it; empty when there is nothing."""
        if not self.writes_own_status:
            return ""
        return f"It writes {whose} own status slot, so it can replace a status set by hand."


STYLES: Final = {
    "busy only": Style("Shows meetings, calls and Do not disturb, and nothing else."),
    "mirror": Style("Shows Available and Away too. It never touches a status set by hand."),
    "full": Style(
        "Shows Zoom’s exact labels, also for Busy, Do not disturb and calendar events.",
        writes_own_status=True,
    ),
}
"""By the words that people say and the policy stores."""


def style_choice(
    payloads: Payloads,
    card_id: str,
    *,
    current: str,
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
    for name, style in STYLES.items():
        in_force = " (now)" if name == current else ""
        explained.append(text(bold(f"{name.capitalize()}{in_force}. "), style.sentence))
        if style.writes_own_status:
            explained.append(note(f"Warning: {style.warning('your')}", spacing="None"))
    return card(
        summary,
        heading("Your style"),
        *explained,
        note("To stop for a while, say pause. That always works.") if level else None,
        buttons([] if level else _choices(payloads, card_id, current, own=own)),
    )


def _choices(payloads: Payloads, card_id: str, current: str, *, own: bool) -> list[Element]:
    chosen = [
        button(
            payloads,
            card_id,
            Verb.STYLE_CHOOSE,
            name.capitalize(),
            key=name.replace(" ", "-"),
            choice=name,
        )
        for name in STYLES
        if name != current
    ]
    if own:
        title = "Follow my organisation"
        chosen.append(button(payloads, card_id, Verb.STYLE_CHOOSE, title, key="default", choice=""))
    return chosen
