"""What people choose for themselves: a pause, and how much of Zoom Microsoft shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import (
    answer,
    below,
    bold,
    box,
    button,
    buttons,
    card,
    heading,
    next_step,
    note,
    text,
)
from cards.person.clicks import (
    ChooseOwnStyle,
    ConfirmDisconnect,
    EndPause,
    ShowStatus,
    ShowStyles,
    StartPause,
    UseStyle,
)
from wording.policy import IN_A_CALL_RINGS, STYLES
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cards.build import Card, Element
    from domain.presence import Style
    from wording.status import Tone


def paused(*, until: str | None, effect: str) -> Card:
    """Confirm a pause. `until` is a time in the person's zone, None: until they resume.

    `effect` says what Microsoft holds of ours now.
    """
    ends = f"until {until}" if until else "until you resume"
    return card(
        f"Paused {ends}.",
        heading("Paused"),
        answer("neutral", f"Paused {ends}.", effect),
        text("After that I’ll carry on. " if until else "", "Say resume to carry on now."),
        buttons(
            resume_button(),
            button(ShowStatus(), "Status"),
            # Who says stop may mean for good.
            None if until else button(ConfirmDisconnect(), "Disconnect"),
        ),
        # People forget to resume.
        below(*([] if until else [_only_for(1), _only_for(4)])),
    )


def which_pause(*, what: str, hint: str, ends: Sequence[tuple[str, StartPause]]) -> Card:
    """Ask which pause was meant. `ends` are those that may be: a button's title and its click."""
    return card(
        what,
        text(what, " Nothing has changed yet."),
        next_step(hint),
        buttons(*(button(click, title, key=str(n)) for n, (title, click) in enumerate(ends, 1))),
    )


def pause_is_over(*, until: str) -> Card:
    """Answer a button for a pause whose end has passed (a time in the person's zone)."""
    return card(
        f"It’s already past {until}, so nothing has changed.",
        text(f"It’s already past {until}, so nothing has changed."),
        next_step("Say pause with a new time, such as pause for 2h."),
        buttons(pause_button(), button(ShowStatus(), "Status")),
    )


def resumed(*, was_paused: bool, sentence: str, tone: Tone) -> Card:
    """Confirm that it goes on. `sentence` says what is shown now, or why nothing is."""
    title = "Resumed" if was_paused else "You weren’t paused"
    return card(
        f"{title}. {sentence}",
        heading(title),
        box(tone, text(sentence)),
        buttons(button(ShowStatus(), "Status")),
    )


def pause_button() -> Element:
    """Make the button that pauses until the person resumes."""
    return button(StartPause(), "Pause")


def resume_button() -> Element:
    """Make the button that ends a pause."""
    return button(EndPause(), "Resume", style="positive")


def _only_for(hours: int) -> Element:
    title = f"Only for {hours} hour{'' if hours == 1 else 's'}"
    return button(StartPause(60 * hours), title, key=str(60 * hours))


def style_choice(
    *,
    current: Style,
    own: bool,
    locked_by: str | None = None,
    changed: bool = False,
    later: Collection[Style] = (),
) -> Card:
    """Explain the styles in a sentence each and let the person choose.

    `current` is the style in force; `own` whether the person chose it. `locked_by` names the level
    whose lock fixes the style ("your organisation", "your group Sales"): then there is no choice.
    `changed`: they have just chosen it. Styles that can't be chosen yet (`later`) are left out.
    """
    level = None if locked_by is None else outside(locked_by, 100)
    if changed:
        summary = f"Your style is now {current}."
    elif level is not None:
        summary = f"Your style is {current}. It’s set for {level} and locked."
    elif own:
        summary = f"Your style is {current}, your own choice."
    else:
        summary = f"Your style is {current}, set by your admins."
    explained: list[Element | None] = [
        answer("good", "Done.", summary) if changed else text(summary)
    ]
    for style, words in STYLES.items():
        if style in later:
            continue
        in_force = " (now)" if style is current else ""
        explained.append(text(bold(f"{style.capitalize()}{in_force}. "), words.sentence))
        if words.caution:
            explained.append(note(f"Good to know: {words.warning('you')}", spacing="None"))
    return card(
        summary,
        heading("Your style"),
        *explained,
        note(IN_A_CALL_RINGS),
        note("You can still say pause at any time.") if level else None,
        buttons(*([] if level else _choices({current, *later}, own=own))),
    )


def style_warning(chosen: Style | None, style: Style) -> Card:
    """Say what one should know of a style, and ask. Nothing is changed before.

    `chosen` is what the person chose (None: to follow the organisation), `style` what it comes to.
    """
    words = STYLES[style]
    return card(
        f"Do you want to use the style {style}?",
        heading(f"Use the style {style}?"),
        text(words.sentence),
        answer("warning", "Good to know:", words.warning("you")),
        note("Nothing has changed yet. You can choose another style at any time."),
        buttons(
            button(UseStyle(chosen), f"Use {style}"),
            button(ShowStyles(), "Cancel"),
        ),
    )


def style_not_yet(style: Style, current: Style) -> Card:
    """Say that a style can't be chosen before every process is known to know it."""
    summary = f"The style {style} can’t be chosen yet. Your style is still {current}."
    return card(
        summary,
        heading("Not yet"),
        answer(
            "neutral", f"The style {style} can’t be chosen yet.", f"Your style is still {current}."
        ),
        text("The app is being updated, and not every part of it may know this style yet."),
        next_step(f"Say style {style} again in a few minutes."),
        buttons(button(ShowStyles(), "Style")),
    )


def _choices(without: Collection[Style], *, own: bool) -> list[Element]:
    chosen = [
        button(ChooseOwnStyle(style), style.capitalize(), key=style.replace(" ", "-"))
        for style in STYLES
        if style not in without
    ]
    if own:
        title = "Follow my organisation"
        chosen.append(button(ChooseOwnStyle(), title, key="default"))
    return chosen
