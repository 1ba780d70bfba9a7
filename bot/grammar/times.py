"""How long a pause lasts, as people say it: for 2h, until Monday, for the rest of the day. Pure.

Nothing is guessed: what may mean two times is asked about, with both as choices.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from bot.grammar.clocks import clock_time, in_halves
from bot.grammar.dates import WEEKDAYS, day_of, may_be_a_time, numeric_dates
from bot.grammar.ends import (
    Day,
    For,
    InDays,
    OnDayOfMonth,
    OnWeekday,
    Until,
    When,
    ask,
    out_of_bounds,
)
from bot.grammar.words import NotUnderstood, shortened
from domain.policy import LONGEST_PAUSE

PAUSE_HINT: Final = (
    "Say pause, pause for 2h, pause for 90 minutes, pause until 17:00 or pause until Monday. "
    "Without a time, a pause lasts until you say resume."
)
_MOST_WORDS: Final = 12
_LONGEST_WORD: Final = 24

_MINUTES_IN: Final[dict[str, float]] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1 / 60),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), 24 * 60),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 7 * 24 * 60),
    **dict.fromkeys(("fortnight", "fortnights"), 14 * 24 * 60),
    **dict.fromkeys(("month", "months"), 30 * 24 * 60),
}
_ROUND: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15",
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "ninety": "90",
}  # fmt: skip
_NUMBERS: Final = _ROUND | {
    f"{tens}{between}{unit}": f"{_ROUND[tens][0]}{_ROUND[unit]}"
    for tens in ("twenty", "thirty", "forty", "fifty")
    for unit in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for between in ("-", "")
}
_HEDGES: Final = frozenset(
    {"about", "around", "approximately", "roughly", "only", "just", "max", "maximum"}
)
_UNTIL: Final = frozenset({"until", "till", "til", "untill"})
_LATER: Final = frozenset(
    {
        *("at", "from", "in", "on", "after", "starting", "tomorrow", "later", "between", "every"),
        *("each", "daily", "weekly", "when", "whenever", "if", "always", "once"),
    }
)
_ENDLESS: Final = frozenset(
    {
        *("forever", "for ever", "for good", "indefinitely", "until further notice"),
        *("until i resume", "until i say resume", "until i say so", "until i am back"),
        *("until i come back", "until i return", "until i tell you", "until i tell you otherwise"),
        *("until i tell", "until i am here again", "until i am ready", "until resumed"),
    }
)
_NOW: Final = r"(?:right |just )?now(?: on)?"
_AROUND_IT: Final = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"\bi'm\b", "i am"),
        (r"^(?:till|til|untill)\b", "until"),
        (rf"^(?:{_NOW}|(?:starting|beginning|from|as of) {_NOW})\b", ""),
        (r"^(?:immediately|at once|straight away|right away)\b", ""),
        (rf"\b(?:starting|beginning|from|as of)(?: {_NOW}| immediately| today)?$", ""),
        (r"\b(?:at least|at most|a maximum of)\b", ""),
        (r"\bup to (?=an? |\d|one|two|three|four|half)", ""),
        (r"\b(?:the )?(?:next|coming|following) hour\b", "1 hour"),
        (rf"\b(?:the )?(?:next|coming) (?=\d|half |an |few |couple |{'|'.join(_ROUND)})", ""),
        (r"\b(?:for|over) (?:all of |the whole of |the )?(?:this )?weekend\b", "over the weekend"),
    )
)
"""What stands around a time, and changes nothing of it."""
_REWRITTEN: Final = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"(?<!\d)½", "0.5 "),
        (r"½", ".5 "),
        (r"(?<!\d)\.(?=\d)", "0."),
        (r"\b1/2 (?=(?:an )?h)", "half "),
        (r"\b(\d{1,2}):([0-5]\d) ?(?:h|hr|hrs|hours?)$", r"\1h \2m"),
        (r"\b(?:a )?half(?: an |-| a | )hour\b", "30 min"),
        (r"\b(?:three|3)[ -]quarters of an hour\b", "45 min"),
        (r"\b(?:a )?quarter(?: of an | )hour\b", "15 min"),
        (r"\b(?:an?|1) (hour|day|week) and a half\b", r"1.5 \1"),
        (r"\b(\d{1,3}) and a half\b", r"\1.5"),
        (r"\b(\d{1,3}) (hours|days|weeks) and a half\b", r"\1.5 \2"),
        (r"\b(?:a )?couple(?: of)?\b", "2"),
        (r" or so$", ""),
        (r"\b(\d{1,3}) ?(?:h|hr|hrs|hours?) ([0-5]?\d)$", r"\1h \2m"),
    )
)
# One amount at a time: a pattern for the whole would have to go back on long texts.
_AMOUNT = re.compile(r"\s*(\d{1,6}(?:[.,]\d{1,3})?|an?(?=\s))\s*([a-z]{1,10})(?![a-z])", re.ASCII)
_MINUTES_LEFT_OUT = re.compile(r"(\d{1,2})h([0-5]\d)", re.ASCII)
_EITHER = re.compile(
    r"(an?|\d{1,3}) ?([a-z]{1,10})? ?(?:-|–|to|or) ?(\d{1,3}) ?([a-z]{1,10})?", re.ASCII
)
_CLOCK_AT_SIGHT = re.compile(r"\d{1,2}(?::\d{2}|(?:[:.]\d{2})?\s?[ap]\.?m\.?)", re.ASCII)

_TOMORROW, _MONDAY, _SATURDAY = InDays(1), OnWeekday(0), OnWeekday(5)
_TODAY: Final = frozenset(
    {
        *("today", "the day", "the rest of the day", "the rest of today", "rest of the day"),
        *("rest of today", "the remainder of the day", "all day", "the whole day"),
    }
)
_ENDS: Final = {
    "noon": Until(12),
    "midday": Until(12),
    "midnight": Until(0),
    **dict.fromkeys(
        ("the end of the day", "end of the day", "end of day", "the end of today", "eod"),
        Until(0, day=_TOMORROW),
    ),
    **dict.fromkeys(("next week", "the next week", "the week after"), Until(0, day=_MONDAY)),
    **dict.fromkeys(("the weekend", "weekend", "this weekend"), Until(0, day=_SATURDAY)),
    **dict.fromkeys(
        ("the end of the month", "end of the month", "end of month"),
        Until(0, day=OnDayOfMonth(1)),
    ),
}
_END_OF_WEEK: Final = (Until(0, day=_SATURDAY), Until(0, day=_MONDAY))
_WEEK: Final = frozenset(
    {
        *("the rest of the week", "rest of the week", "this week", "the week", "all week"),
        *("the whole week", "whole week"),
        *("the end of the week", "end of the week", "end of week", "the end of this week"),
    }
)
_PARTS: Final = {
    **dict.fromkeys(("morning",), (8, 9)),
    **dict.fromkeys(("lunch", "lunchtime", "lunch time", "lunch break"), (12, 13)),
    **dict.fromkeys(
        ("after lunch", "after lunchtime", "after lunch time", "after lunch break", "afternoon"),
        (13, 14),
    ),
    **dict.fromkeys(("evening", "tonight", "night", "dinner"), (18, 20)),
    **dict.fromkeys(
        ("cob", "close of business", "end of business", "end of work", "end of the working day"),
        (17, 18),
    ),
}
"""Hours of a working day that these may mean: always asked about."""
_OVER: Final = {
    **dict.fromkeys(("morning",), (Until(12), Until(13))),
    **dict.fromkeys(("lunch", "lunchtime", "lunch time", "lunch break"), (Until(13), Until(14))),
    **dict.fromkeys(("afternoon",), (Until(17), Until(18))),
    **dict.fromkeys(("evening", "tonight", "night"), (Until(22), Until(0, day=_TOMORROW))),
    **dict.fromkeys(("dinner",), (Until(20), Until(21))),
}
"""When these may be over."""
_VAGUE: Final = frozenset(
    {
        *("a while", "a bit", "a little", "a little while", "a moment", "some time", "a time"),
        *("a few minutes", "a few hours", "some hours", "some minutes", "later", "my meeting"),
        *("the meeting", "this meeting", "the call", "this call", "my call", "my break"),
        *("a break", "the meeting ends", "the call ends", "after the meeting", "after my meeting"),
        *("after the call", "after this meeting", "the end of the meeting", "meeting", "call"),
        *("the rest of the meeting", "the rest of the call", "the rest of my meeting"),
        *(
            f"{whose} {what} {ends}"
            for whose in ("the", "my", "this")
            for what in ("meeting", "call", "presentation", "break")
            for ends in ("is over", "ends", "is done", "is finished", "has ended")
        ),
    }
)


def read_when(said: str) -> When | None:
    """What these words say of the end of a pause; None: it has no end.

    `said` is in small letters and plain quotes, without punctuation. Raises NotUnderstood, and
    UnclearWhen where it may mean several.
    """
    words = said.split()
    if len(words) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in words):
        _no_stretch(said)
    words = [word for word in words if word not in _HEDGES]
    said = " ".join(words)
    for pattern, written in _AROUND_IT:
        said = " ".join(pattern.sub(written, said).split())
    words = said.split()
    if not words or said in _ENDLESS:
        return None
    if words[0] in {"up", "right"} and words[1:2] and words[1] in _UNTIL:
        words = words[1:]
    first, rest = words[0], " ".join(words[1:])
    if first in _UNTIL:
        return _until(rest)
    if first in {"over", "during", "for"}:
        _over(rest)
    if said in {"this morning", "this afternoon", "the weekend", "this weekend"}:
        _over(said)
    if _CLOCK_AT_SIGHT.fullmatch(said):
        return clock_time(said)
    if said in {"after lunch", "lunch", "lunchtime"}:
        _part("after lunch", "I need to know when lunch is over.")
    return _for(rest if first == "for" else said)


# -- for so long ---------------------------------------------------------------------------------


def _over(said: str) -> None:
    """Ask when a part of a day is over, or a meeting. Returns where it is neither."""
    part = said.removeprefix("the ").removeprefix("this ").removeprefix("my ")
    if part in _OVER:
        ask(f"I need to know when {said} is over.", *_OVER[part])
    if part == "weekend":
        ask("I can only pause from now on. Is that until Monday?", Until(0, day=_MONDAY))
    if said in _VAGUE:
        ask("I need to know for how long.", For(60), For(240))


def _for(said: str) -> When:
    if said in _TODAY:
        return Until(0, day=_TOMORROW)
    if said in _WEEK:
        ask("Is that until the weekend, or until Monday?", *_END_OF_WEEK)
    if said in _VAGUE:
        ask("I need to know for how long.", For(60), For(240))
    if said.removeprefix("the ") in {"tonight", "night", "evening", "this evening"}:
        ask(
            "I can pause from now on, but I need to know until when.",
            Until(20),
            Until(0, day=_TOMORROW),
        )
    words = said.split()
    if words and (words[0] in _LATER or day_of(words) is not None):
        raise NotUnderstood("I can only pause from now on, not at a later time.", PAUSE_HINT)
    if said == "next week":
        ask("Is that until next week? I can only pause from now on.", Until(0, day=_MONDAY))
    said = _in_digits(said)
    either = _EITHER.fullmatch(said)
    unit = (either[4] or either[2]) if either else None
    if either and unit in _MINUTES_IN:
        lengths = (_stretch(f"{number} {unit}") for number in (either[1], either[3]))
        ask("I need to know for how long.", *lengths)
    digital = re.fullmatch(r"(\d{1,2}):([0-5]\d)", said, re.ASCII)
    if digital:
        ask("I need to know for how long.", _stretch(f"{digital[1]}h {digital[2]}m"))
    return _stretch(said)


def _in_digits(said: str) -> str:
    return " ".join(_NUMBERS.get(word, word) for word in said.split())


def _stretch(said: str) -> For:
    left_out = _MINUTES_LEFT_OUT.fullmatch(said)
    if left_out:
        said = f"{left_out[1]}h {left_out[2]}m"
    typed = said
    for pattern, written in _REWRITTEN:
        said = pattern.sub(written, said)
    said = said.strip()
    minutes, position = 0.0, 0
    while position < len(said):
        amount = _AMOUNT.match(said, position)
        unit = _MINUTES_IN.get(amount[2]) if amount else None
        if amount is None or unit is None:
            _no_stretch(typed)
        number = 1.0 if amount[1] in {"a", "an"} else float(amount[1].replace(",", "."))
        minutes += number * unit
        position = amount.end()
        if said.startswith(" and ", position):
            position += 4
    if not said:
        raise NotUnderstood("I need to know for how long.", PAUSE_HINT)
    if not 1 <= minutes <= LONGEST_PAUSE:
        raise out_of_bounds()
    return For(round(minutes))


def _no_stretch(said: str) -> NoReturn:
    if re.fullmatch(r"\d{1,6}", said, re.ASCII):
        number = int(said)
        ask(
            f"Is that {said} minutes or {said} hours?",
            *(For(length) for length in (number, 60 * number) if 1 <= length <= LONGEST_PAUSE),
            hint=f"Choose one, or say pause for {said}m or pause for {said}h.",
        )
    raise NotUnderstood(
        f"I don’t understand “{shortened(said, 40)}” as a length of time.", PAUSE_HINT
    )


# -- until then ----------------------------------------------------------------------------------


def _until(said: str) -> Until:
    if said in _ENDS:
        return _ENDS[said]
    if said in _WEEK:
        ask("Is that until the weekend, or until Monday?", *_END_OF_WEEK)
    if said in _VAGUE:
        ask("I need to know until when.", For(60), For(240))
    if _hours_of(said):
        _part(said, "I need to know until what time.")
    words = [word for word in in_halves(_in_digits(said)).split() if word != "on"]
    said = " ".join(words)
    if len(words) == 1:
        _date_or_clock(words[0])
    if words[:1] == ["next"] and len(words) == 2 and words[1] in WEEKDAYS:
        number = WEEKDAYS[words[1]]
        ask(
            f"Which {words[1].capitalize()} is that?",
            Until(0, day=OnWeekday(number)),
            Until(0, day=OnWeekday(number, 1)),
        )
    for many in (4, 3, 2, 1):
        for day_words, clock in (
            (words[:many], words[many:]),
            (words[len(words) - many :], words[: len(words) - many]),
        ):
            day = day_of(day_words) if len(day_words) == many else None
            if day is None:
                continue
            time = " ".join(word for word in clock if word not in {"at", "from", "the"})
            if not time and day != InDays(0):
                return Until(0, day=day)
            if _hours_of(time):
                _part(time, "I need to know until what time.", day)
            if time:
                return clock_time(time, day)
    return clock_time(said.removeprefix("at "))


def _date_or_clock(word: str) -> None:
    """Ask where a date in numbers may mean several, or a time. Returns where it doesn't."""
    dates = [Until(0, day=day) for day in numeric_dates(word)]
    if dates and may_be_a_time(word):
        hour, _, minute = word.partition(".")
        ask("Is that a time of day, or a date?", Until(int(hour), int(minute)), *dates)
    if len(dates) > 1:
        ask("Which day is that?", *dates)


def _hours_of(said: str) -> tuple[int, ...]:
    """What a part of a day may mean; empty: it is none."""
    return _PARTS.get(said.removeprefix("the ").removeprefix("this "), ())


def _part(said: str, what: str, day: Day | None = None) -> NoReturn:
    """Ask which hour is meant by a part of a day."""
    ask(what, *(Until(hour, day=day) for hour in _hours_of(said)))
