"""Questions, and wishes with a time or inside more: they are explained or asked, not done."""

from __future__ import annotations

import itertools

import pytest

from bot.grammar.asides import About, WhichPause
from bot.grammar.commands import BadCommand, Said, Unknown, parse
from bot.grammar.ends import For, InDays, OnWeekday, Until, When
from bot.grammar.intents import Status
from bot.grammar.personal import StyleCommand
from bot.grammar.said import Centre, History, User

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("how do I connect?", About("connect")),
        ("How can I disconnect", About("disconnect")),
        ("how do i turn it off", About("pause")),
        ("how do I stop this?", About("pause")),
        ("how to connect", About("connect")),
        ("can I pause?", About("pause")),
        ("should I disconnect?", About("disconnect")),
        ("what happens if I disconnect?", About("disconnect")),
        ("what happens when I say pause?", About("pause")),
        ("what does pause do", About("pause")),
        ("what does the test do?", About("test")),
        ("hi, how do I sign out?", About("disconnect")),
        ("explain resume", About("resume")),
        ("what does mirror mean", StyleCommand()),
        ("what is quiet?", StyleCommand()),
        ("what is the full style", StyleCommand()),
        ("explain full", StyleCommand()),
        ("how do I change the style?", StyleCommand()),
        ("pause?", About("pause")),
        ("off?", About("pause")),
        ("Resume??", About("resume")),
        ("full?", StyleCommand()),
        ("style mirror?", StyleCommand()),
        ("what is my status?", Status()),
    ],
)
def test_a_question_about_a_command_is_answered_and_not_done(text: str, means: Said) -> None:
    assert parse(text) == means


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("pause until 5pm?", (Until(17),)),
        ("can I pause for an hour?", (For(60),)),
        ("hide me for an hour", (For(60),)),
        ("stop sharing my presence until 3pm", (Until(15),)),
        ("taking a break until 3pm", (Until(15),)),
        ("lunch until 1pm", (Until(13),)),
        ("I'm on holiday until Monday", (Until(0, day=OnWeekday(0)),)),
        ("i'm away until 3", (Until(3), Until(15))),
        ("I am at the doctor's until 15:00", (Until(15),)),
        ("back at 3pm", (Until(15),)),
        ("I'm back in an hour", (For(60),)),
        ("be right back in 10 minutes", (For(10),)),
        ("would you mind pausing for an hour", (For(60),)),
        ("resume at 5pm", (Until(17),)),
        ("resume tomorrow", (Until(0, day=InDays(1)),)),
        ("unpause on Monday", (Until(0, day=OnWeekday(0)),)),
        ("turn it on in an hour", (For(60),)),
        ("disconnect for an hour", (For(60),)),
        ("sign out until 17:00", (Until(17),)),
        ("I have a doctor's appointment, pause until 15:00", (Until(15),)),
        ("I need to focus, please pause until 3 pm", (Until(15),)),
        ("Sorry. I need a moment. Turn it off for 20 minutes", (For(20),)),
    ],
)
def test_an_end_without_a_clear_wish_is_offered_as_a_pause(
    text: str, choices: tuple[When, ...]
) -> None:
    found = parse(text)
    assert isinstance(found, WhichPause)
    assert found.choices == choices
    assert found.what.endswith("?")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("pause is not what I want", Unknown("pause is not what I want", negated=True)),
        ("style not full", Unknown("style not full", negated=True)),
        ("pause and resume", Unknown("pause and resume", ("pause", "resume"))),
        ("pause or disconnect", Unknown("pause or disconnect", ("pause", "disconnect"))),
        ("connect, then test", Unknown("connect, then test", ("connect", "test"))),
        ("switch the test off please now", Unknown("switch the test off please now")),
        ("stop being connected", Unknown("stop being connected", ("pause", "status"))),
        ("I never said until 5pm", Unknown("I never said until 5pm", negated=True)),
        ("I'm off tomorrow", Unknown("I'm off tomorrow")),
        ("don't hide me for an hour", Unknown("don't hide me for an hour", negated=True)),
        ("how do I not disconnect?", Unknown("how do I not disconnect?", negated=True)),
    ],
)
def test_what_is_several_things_or_none_is_not_one_of_them(text: str, means: Said) -> None:
    assert parse(text) == means


def test_a_style_that_there_is_not_leads_to_those_that_there_are() -> None:
    found = parse("style qiuet")
    assert isinstance(found, BadCommand)
    assert found.offer == "style"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("settings look-up Ben", User(name="Ben")),
        ("settings find ben@example.com", User("ben@example.com")),
        ("settings user @Ben", User(name="Ben")),
        ("settings look up Ben", User(name="Ben")),
        ("settings audit", History()),
        ("settings help", Centre()),
        ("look up Ben", User(name="Ben")),
        ("please lookup Ben Okafor", User(name="Ben Okafor")),
        ("status of ben@example.com", User("ben@example.com")),
        ("is ben@example.com connected?", User("ben@example.com")),
        ("try again for ben@example.com", User("ben@example.com")),
        ("ben@example.com", User("ben@example.com")),
    ],
)
def test_the_settings_know_other_words(text: str, means: Said) -> None:
    assert parse(text) == means


def test_no_question_does_anything() -> None:
    wishes = ("pause", "resume", "mirror", "full", "pause for 2h", "turn it off", "mute until noon")
    for wish, way in itertools.product(wishes, ("{}?", "how do I {}", "hi, {}?", "{}, right?")):
        found = parse(way.format(wish))
        assert isinstance(found, About | WhichPause | StyleCommand | Unknown | BadCommand), wish
        assert found in {StyleCommand()} or not isinstance(found, StyleCommand)
