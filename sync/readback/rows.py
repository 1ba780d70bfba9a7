"""What is kept of reading back: what was seen of somebody, and how it is going. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.presence import Shown
from domain.readback import MOST_TRIES, Lesson, Sight, Taught

WORD = re.compile(r"[A-Za-z]{1,32}")
_SIGHT = re.compile(r"([A-Za-z]{0,32})/([A-Za-z]{0,32})@([0-9]{1,15})")
_LESSON = re.compile(rf"({'|'.join(Taught)}) ([1-{MOST_TRIES}]) ([0-9]{{1,15}}) ([A-Za-z]{{0,32}})")


def word(value: object) -> str:
    """A word of Microsoft's as it may be stored; "" for what is none of its words."""
    return value if isinstance(value, str) and WORD.fullmatch(value) else ""


@lru_cache(1024)
def words(shown: Shown) -> str:
    """Both words in one text; what is none of Microsoft's words is left out."""
    return f"{word(shown.availability)}/{word(shown.activity)}"


def pack_sight(sight: Sight) -> str:
    """As the field `sight` of a person's row keeps it: `availability/activity@sent_ms`."""
    return f"{words(sight.shown)}@{sight.sent_ms}"


def pack_lesson(lesson: Lesson) -> str:
    """As the field `lesson` of a person's row keeps it: `taught tries until_ms shown`."""
    return f"{lesson.taught} {lesson.tries} {lesson.until_ms} {word(lesson.shown)}"


def parse_lesson(text: object) -> Lesson | None:
    """Read it back. None for what `pack_lesson` did not write."""
    match = _LESSON.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    return Lesson(Taught(match[1]), int(match[2]), int(match[3]), match[4])


def parse_sight(text: object) -> Sight | None:
    """Read it back. None for what `pack_sight` did not write."""
    match = _SIGHT.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else Sight(Shown(match[1], match[2]), int(match[3]))
