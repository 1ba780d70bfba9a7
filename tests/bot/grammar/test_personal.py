"""`pause`, `resume` and `style`: what people say, and what is not understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.commands import BadCommand, help_lines, parse
from bot.grammar.ends import For, OnDate, Until
from bot.grammar.intents import Resume
from bot.grammar.personal import STYLE_WORDS, Pause, StyleCommand
from domain.policy import LONGEST_PAUSE
from domain.presence import Style
from domain.roles import Role

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause", None),
        ("/Pause", None),
        ("pause, please", None),
        ("pause for 2h", For(120)),
        ("pause 2h", For(120)),
        ("PAUSE FOR 2 HOURS.", For(120)),
        ("pause for 90 minutes", For(90)),
        ("pause 90min", For(90)),
        ("pause 1h30", For(90)),
        ("pause 1h 30m", For(90)),
        ("pause for 1 hour and 30 minutes", For(90)),
        ("pause for 1.5 hours", For(90)),
        ("pause for 1,5h", For(90)),
        ("pause 1½ hours", For(90)),
        ("pause for 1 ½ h", For(90)),
        ("pause for ½ hour", For(30)),
        ("pause until 24.12.", Until(0, day=OnDate(12, 24))),
        ("pause till I’m back", None),
        ("pause for an hour please", For(60)),
        ("pause for 3 days", For(3 * 24 * 60)),
        ("pause for 30 days", For(LONGEST_PAUSE)),
        ("pause until 17:00", Until(17)),
        ("pause until 17h", Until(17)),  # as French and German speakers write it
        ("pause until 17h30", Until(17, 30)),
        ("pause until 17:30 Uhr", Until(17, 30)),
        ("pause until 5 p. m.", Until(17)),
        ("pause until 17 o’clock", Until(17)),
        ("pause until “17:00”", Until(17)),
        ("pause 17h30", For(17 * 60 + 30)),
        ("pause till 17.30", Until(17, 30)),
        ("pause 17:30", Until(17, 30)),
        ("pause until 17", Until(17)),
        ("pause until 5pm", Until(17)),
        ("pause 5pm", Until(17)),
        ("pause until 5:45 p.m.", Until(17, 45)),
        ("pause until 12am", Until(0)),
        ("pause until 12:15 pm", Until(12, 15)),
        ("pause until 00:05", Until(0, 5)),
        ("pause until 24:00", Until(0)),
        ("pause until noon", Until(12)),
        ("pause until midnight", Until(0)),
    ],
)
def test_a_pause_lasts_as_long_as_was_said(text: str, until: For | Until | None) -> None:
    assert parse(text) == Pause(until)


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("pause for", "how long", "pause for 90 minutes"),
        ("pause until", "until when", "until 17:00"),
        ("pause until 25:00", "isn’t a time of day", "17:00"),
        ("pause until 24:01", "isn’t a time of day", "17:00"),
        ("pause until 17:60", "isn’t a time of day", "17:00"),
        ("pause until 13pm", "isn’t a time of day", "17:00"),
        ("pause until 17m", "“17m”", "17:00"),
        ("pause until 7h5", "“7h5”", "17:00"),
        ("pause “", "for how long", "pause"),
        ("pause for 0 minutes", "from 1 minute to 30 days", "until you say resume"),
        ("pause for 31 days", "from 1 minute to 30 days", "until you say resume"),
        ("pause for 999999 days", "from 1 minute to 30 days", "until you say resume"),
        ("pause for -2h", "“-2h”", "pause for 2h"),
        ("pause 2h everybody", "“2h everybody”", "pause for 2h"),
    ],
)
def test_a_pause_that_is_not_clear_is_asked_about(text: str, what: str, hint: str) -> None:
    found = parse(text)
    assert isinstance(found, BadCommand)
    assert what in found.what
    assert hint in found.hint


@given(st.integers(1, LONGEST_PAUSE))
def test_every_pause_within_the_limits_can_be_said_in_minutes(minutes: int) -> None:
    assert parse(f"pause for {minutes} minutes") == Pause(For(minutes))
    hours, rest = divmod(minutes, 60)
    assert parse(f"pause {hours}h {rest}m") == Pause(For(minutes))


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_minute_of_a_day_can_be_said_on_both_clocks(hour: int, minute: int) -> None:
    expected = Pause(Until(hour, minute))
    half = "am" if hour < 12 else "pm"
    assert parse(f"pause until {hour}:{minute:02}") == expected
    assert parse(f"pause until {hour % 12 or 12}:{minute:02} {half}") == expected


def test_resume_takes_no_words() -> None:
    assert parse("/resume now") == Resume()


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("style", None),
        ("Style, please", None),
        ("style mirror", "mirror"),
        ("style Busy Only.", "busy only"),
        ("style busy-only", "busy only"),
        ("style busy_only", "busy only"),
        ("style “busy only”", "busy only"),
        ("style FULL please", "full"),
        ("style Quiet.", "quiet"),
    ],
)
def test_a_style_is_chosen_or_asked_for(text: str, style: str | None) -> None:
    assert parse(text) == StyleCommand(None if style is None else Style(style))


@pytest.mark.parametrize("text", ["style busy", "style fancy", "style mirror full", "style 2"])
def test_an_unknown_style_is_answered_with_the_styles(text: str) -> None:
    found = parse(text)
    assert isinstance(found, BadCommand)
    assert all(style in found.hint for style in STYLE_WORDS)


def test_help_lists_what_applies() -> None:
    def listed(role: Role | None = None, **facts: bool) -> set[str]:
        return {word for word, _ in help_lines(role=role, **facts)}

    everybody = {"connect", "status", "pause", "resume", "style", "test", "disconnect"}
    assert listed() == everybody
    assert listed(connected=False) == {"connect", "status"}
    assert listed(connected=True) == {"status", "pause", "style", "test", "disconnect"}
    assert listed(connected=True, paused=True) == {
        *("status", "resume", "style", "test", "disconnect")
    }
    assert listed(Role.ADMIN, connected=False) == {"connect", "status", "settings"}
    assert listed(Role.HELPDESK, connected=False) == {"connect", "status", "settings user"}
