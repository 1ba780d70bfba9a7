"""The words after `pause` and `style`, which everybody may say. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.grammar.times import PAUSE_HINT, read_when
from bot.grammar.words import (
    PLAIN_QUOTES,
    ForAnybody,
    NotUnderstood,
    bare,
    shortened,
    without_courtesies,
)
from domain.presence import Style

if TYPE_CHECKING:
    from bot.grammar.ends import When

STYLE_WORDS: Final = tuple(style.value for style in Style)
"""The styles as people say them, in the order in which they are explained."""


@dataclass(frozen=True, slots=True)
class Pause(ForAnybody):
    """Pause presence sync. `until` None: until the person resumes."""

    until: When | None = None


@dataclass(frozen=True, slots=True)
class StyleCommand(ForAnybody):
    """Choose a style; None: show the choice."""

    style: Style | None = None


_STYLE_HINT = "The styles are busy only, mirror, full and quiet. For example: style mirror."


def parse_pause(text: str) -> Pause:
    """Read the words after `pause`. Raises NotUnderstood."""
    text = re.sub(r"(?<=\d)\s?½", ".5", text).replace("½", "0.5 ")  # before it is folded to 1⁄2
    spoken = without_courtesies(text.translate(PLAIN_QUOTES).split())
    words = [word for word in (bare(word).strip("\"'()[]") for word in spoken) if word.strip("-–—")]
    if spoken and not words:
        raise NotUnderstood("I need to know for how long.", PAUSE_HINT)
    return Pause(read_when(" ".join(words)))


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
