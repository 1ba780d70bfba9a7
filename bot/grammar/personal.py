"""The words after `pause` and `style`, which everybody may say. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.grammar.words import PLAIN_QUOTES, NotUnderstood, bare, shortened, without_courtesies
from domain.policy import LONGEST_PAUSE
from domain.presence import Style

STYLE_WORDS: Final = tuple(style.value for style in Style)
"""The styles as people say them, in the order in which they are explained."""


@dataclass(frozen=True, slots=True)
class For:
    """A stretch of time from now."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Until:
    """The next time that a clock in the person's own zone shows this."""

    hour: int
    minute: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause presence sync. `until` None: until the person resumes."""

    until: For | Until | None = None


@dataclass(frozen=True, slots=True)
class StyleCommand:
    """Choose a style; None: show the choice."""

    style: Style | None = None


_PAUSE_HINT = (
    "Say pause, pause for 2h, pause for 90 minutes, or pause until 17:00. "
    "Without a time, a pause lasts until you say resume."
)
_STYLE_HINT = "The styles are busy only, mirror and full. For example: style mirror."

_MINUTES_IN = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), 24 * 60),
}
# One amount at a time: a pattern for the whole would have to go back on long texts.
_AMOUNT = re.compile(r"\s*(\d{1,6}(?:[.,]\d{1,3})?|an?(?=\s))\s*([a-z]{1,7})(?![a-z])", re.ASCII)
_MINUTES_LEFT_OUT = re.compile(r"(\d{1,2})h([0-5]\d)", re.ASCII)
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?:\s?([ap])\.?\s?m\.?|\s?(?:h|uhr|o'clock))?", re.ASCII
)
_CLOCK_AT_SIGHT = re.compile(r"\d{1,2}(?::\d{2}|(?:[:.]\d{2})?\s?[ap]\.?m\.?)", re.ASCII)


def parse_pause(text: str) -> Pause:
    """Read the words after `pause`. Raises NotUnderstood."""
    spoken = without_courtesies(text.translate(PLAIN_QUOTES).split())
    words = [bare(word).strip("\"'") for word in spoken]
    if not words:
        return Pause()
    said = " ".join(words)
    if words[0] in {"until", "till", "til"}:
        return Pause(_clock(" ".join(words[1:])))
    if _CLOCK_AT_SIGHT.fullmatch(said):
        return Pause(_clock(said))
    return Pause(_stretch(" ".join(words[1:]) if words[0] == "for" else said))


def parse_style(text: str) -> StyleCommand:
    """Read the words after `style`. Raises NotUnderstood."""
    words = without_courtesies(text.split())
    if not words:
        return StyleCommand()
    style = style_of(" ".join(words))
    if style is None:
        raise NotUnderstood(
            f"I don’t know the style “{shortened(' '.join(words), 40)}”.", _STYLE_HINT
        )
    return StyleCommand(style)


def style_of(text: str) -> Style | None:
    """The style that these words name, quoted or not; None when they name none."""
    words = bare(bare(text).translate(PLAIN_QUOTES).strip("\"'"))
    spoken = re.sub(r"[\s_-]+", " ", words[:40])
    return Style(spoken) if spoken in STYLE_WORDS else None


def _stretch(said: str) -> For:
    left_out = _MINUTES_LEFT_OUT.fullmatch(said)
    if left_out:
        said = f"{left_out[1]}h {left_out[2]}m"
    minutes, position = 0.0, 0
    while position < len(said):
        amount = _AMOUNT.match(said, position)
        unit = _MINUTES_IN.get(amount[2]) if amount else None
        if amount is None or unit is None:
            raise _no_stretch(said)
        number = 1.0 if amount[1] in {"a", "an"} else float(amount[1].replace(",", "."))
        minutes += number * unit
        position = amount.end()
        if said.startswith(" and ", position):
            position += 4
    if not said:
        raise NotUnderstood("I need to know for how long.", _PAUSE_HINT)
    if not 1 <= minutes <= LONGEST_PAUSE:
        raise NotUnderstood(
            f"A pause for a time lasts from 1 minute to {LONGEST_PAUSE // (24 * 60)} days.",
            "For longer, say pause without a time: it lasts until you say resume.",
        )
    return For(round(minutes))


def _no_stretch(said: str) -> NotUnderstood:
    if re.fullmatch(r"\d{1,6}", said, re.ASCII):
        return NotUnderstood(
            f"Is that {said} minutes or {said} hours?",
            f"Say pause for {said}m or pause for {said}h.",
        )
    return NotUnderstood(
        f"I don’t understand “{shortened(said, 40)}” as a length of time.", _PAUSE_HINT
    )


def _clock(said: str) -> Until:
    if said in {"noon", "midnight"}:
        return Until(12 if said == "noon" else 0)
    found = _CLOCK.fullmatch(said)
    if not found:
        raise NotUnderstood(
            f"I don’t understand “{shortened(said, 40)}” as a time of day."
            if said
            else "I need to know until when.",
            "Say a time of today or of the coming night, such as pause until 17:00 "
            "or pause until 5pm.",
        )
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    possible = 1 <= hour <= 12 if half else hour <= 24 - (minute > 0)
    if not possible or minute > 59:
        raise NotUnderstood(f"“{said}” is not a time of day.", "For example: pause until 17:00.")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif found[2] is None and hour < 13:
        raise NotUnderstood(
            f"Is that {hour} in the morning or in the afternoon?",
            f"Say pause until {hour or 12}am or pause until {hour or 12}pm.",
        )
    return Until(hour % 24, minute)
