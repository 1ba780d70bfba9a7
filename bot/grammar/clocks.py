"""Times of day, as people say them: 5pm, 17:30, half past five, 9 in the morning. Pure."""

from __future__ import annotations

import re
from typing import Final

from bot.grammar.ends import IN_WHICH_HALF, Day, InDays, Until, ask
from bot.grammar.words import NotUnderstood, shortened

_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?:\s?([ap])\.?\s?m\.?|\s?(?:h|uhr|o'clock))?", re.ASCII
)
_PAST = re.compile(
    r"(?:an? )?(half|quarter|\d{1,2})(?: minutes?)? (past|after|to|before|of) "
    r"(\d{1,2})(?:\s?([ap])\.?\s?m\.?)?",
    re.ASCII,
)
_HALF_AN_HOUR = re.compile(r"half[- ](\d{1,2})", re.ASCII)
_MILITARY = re.compile(r"(?!20[2-5]\d)([01]\d|2[0-3])([0-5]\d)", re.ASCII)
_HOUR: Final = r"(0?[1-9]|1[01])((?:[:.]\d{2})?)"
_OF_A_PART: Final = (
    re.compile(
        rf"\b{_HOUR}((?: (?:tomorrow|today|(?:on )?[a-z]{{3,6}}day))?)(?: o'clock)?"
        r" (?:in the |this )?(morning|afternoon|evening|tonight)\b"
    ),
    re.compile(rf"\b()(?:this )?(morning|afternoon|evening|tonight) (?:at )?{_HOUR}$"),
)


def in_halves(said: str) -> str:
    """Times with what part of the day they are in: 9 tomorrow morning is 9am tomorrow."""
    behind, before = _OF_A_PART
    said = behind.sub(lambda at: f"{at[1]}{at[2]}{_half(at[4])}{at[3]}", said)
    return before.sub(lambda at: f"{at[3]}{at[4]}{_half(at[2])}", said)


def _half(part: str) -> str:
    return "am" if part == "morning" else "pm"


def clock_time(said: str, day: Day | None = None) -> Until:
    """The time that these words name, on a day. Raises NotUnderstood, and UnclearWhen."""
    if said in {"noon", "midday", "midnight"}:
        return Until(0 if said == "midnight" else 12, day=day)
    spoken = _in_words(said, day)
    if spoken is not None:
        return spoken
    military = _MILITARY.fullmatch(said)
    if military:
        return Until(int(military[1]), int(military[2]), day)
    found = _CLOCK.fullmatch(said)
    if not found:
        raise NotUnderstood(
            f"I don’t understand “{shortened(said, 40)}” as a time of day."
            if said
            else "I need to know until when.",
            "Say a time or a day, such as pause until 17:00, pause until 5pm "
            "or pause until Monday.",
        )
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    possible = 1 <= hour <= 12 if half else hour <= 24 - (minute > 0 or day is not None)
    if not possible or minute > 59:
        raise NotUnderstood(f"“{said}” isn’t a time of day.", "For example: pause until 17:00.")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif found[2] is None and hour < 13:
        twelve = hour or 12
        ask(
            f"Is that {hour} in the morning or in the afternoon?"
            if hour % 12
            else "Is that noon or midnight?",
            Until(hour % 12, day=day),
            Until(hour % 12 + 12, day=day),
            hint=f"Choose one, or say pause until {twelve}am or pause until {twelve}pm.",
        )
    early = found[2] is not None and not half and 1 <= hour <= 11 and not said.startswith("0")
    here = day is None or day == InDays(0)
    return Until(hour % 24, minute, day, or_later=early and here and "h" not in said)


def _in_words(said: str, day: Day | None) -> Until | None:
    """The time that half past 5 or quarter to 18 is; asks where it isn't certain. None: neither."""
    if half := _HALF_AN_HOUR.fullmatch(said):
        hours = sorted({int(half[1]) % 12, (int(half[1]) - 1) % 12})
        each = (Until(hour + later, 30, day) for later in (0, 12) for hour in hours)
        ask("Which time is that?", *each)
    past = _PAST.fullmatch(said)
    if past is None:
        return None
    minutes = {"half": 30, "quarter": 15}.get(past[1]) or int(past[1])
    before = past[2] in {"to", "before", "of"}
    hour, minute = divmod(60 * int(past[3]) + (-minutes if before else minutes), 60)
    if not (0 < int(past[3]) < 25 and 0 < minutes < 60 and (past[1], before) != ("half", True)):
        raise NotUnderstood(f"“{said}” isn’t a time of day.", "For example: pause until 17:00.")
    if past[4]:
        return Until(hour % 12 + (12 if past[4] == "p" else 0), minute, day)
    if int(past[3]) <= 12:
        each = (Until(hour % 12 + later, minute, day) for later in (0, 12))
        ask(IN_WHICH_HALF, *each)
    return Until(hour % 24, minute, day)
