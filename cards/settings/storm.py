"""Many authorisations ended alike: what admins are told, once, and how they try everyone again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, next_step, note, text
from cards.payload import BadPayload, Verb
from cards.settings_words import people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cards.build import Card, Element
    from cards.payload import Arg, Payloads
    from wording.storm import StormView

_LONGEST_CODE = 40


def storm(payloads: Payloads, card_id: str, view: StormView, *, notice: str = "") -> Card:
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
                *([_retry(payloads, card_id, view)] if view.count else []),
                button(payloads, card_id, Verb.SETTINGS_STORM, "Refresh", more=_which(view)),
                *(
                    [button(payloads, card_id, Verb.SETTINGS_PARKED, "Who it is")]
                    * bool(view.count)
                ),
                button(payloads, card_id, Verb.SETTINGS_SHOW, "All settings"),
            ]
        ),
    )


def over(payloads: Payloads, card_id: str) -> Card:
    """Say that it has passed."""
    return card(
        "The many authorisations that ended alike are no trouble any more.",
        heading("Many authorisations ended"),
        box(
            "good",
            text(bold("It is over. "), "Whoever still can’t go on is asked to connect again."),
        ),
        buttons([button(payloads, card_id, Verb.SETTINGS_SHOW, "All settings")]),
    )


def banner(payloads: Payloads, card_id: str, view: StormView) -> Element:
    """Make the warning for the control centre."""
    row = buttons(
        [
            button(
                payloads,
                card_id,
                Verb.SETTINGS_STORM,
                "See what to do",
                more=_which(view),
            )
        ]
    )
    verb = "has" if view.count == 1 else "have"
    return box(
        "attention",
        text(bold(f"{people(view.count)} {verb} lost presence sync at once. "), view.said),
        row,
    )


def storm_of(args: Mapping[str, Arg]) -> tuple[str, int]:
    """Which storm a button is about: its code, and when it began (ms). Raises BadPayload."""
    code, began_ms = args.get("code"), args.get("began")
    if not isinstance(code, str) or len(code) > _LONGEST_CODE or type(began_ms) is not int:
        raise BadPayload("a storm without a code")
    return code, began_ms


def _retry(payloads: Payloads, card_id: str, view: StormView) -> Element:
    return button(
        payloads,
        card_id,
        Verb.SETTINGS_STORM_RETRY,
        "Try everyone again",
        style="positive",
        more=_which(view),
    )


def _which(view: StormView) -> dict[str, Arg]:
    return {"code": view.code, "began": view.began_ms}
