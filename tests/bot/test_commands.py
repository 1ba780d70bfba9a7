from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import COMMANDS, Command, Unknown, normalise, parse

BOT = "28:bot"


def mention(text: str, who: str = BOT) -> dict[str, object]:
    return {"type": "mention", "text": text, "mentioned": {"id": who, "name": "Presence Bridge"}}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("connect\u00a0", "connect"),  # what the command menu leaves behind
        ("connect\r\n", "connect"),  # what a channel leaves behind
        ("\ufeffcon\u200bnect\u2060", "connect"),
        ("\u200fstatus\u200e", "status"),
        ("\u2067settings\u2069\u202fgroup", "settings group"),
        ("con\u200dnect", "connect"),
        ("settings group R&amp;D enable", "settings group R&D enable"),
        ("&lt;b&gt;&nbsp;hi&#33;", "<b> hi!"),
        ("AT&T &copy &nonsense;", "AT&T &copy &nonsense;"),
        ("settings\tgroup\n\n“Sales”  enable", "settings group “Sales” enable"),
        ("family 👨‍👩‍👧 می‌خواهم", "family 👨‍👩‍👧 می‌خواهم"),
        ("a\x00b\x1bc", "abc"),
        ("", ""),
    ],
)
def test_text_is_what_the_person_meant_to_type(typed: str, meant: str) -> None:
    assert normalise(typed, BOT) == meant


@pytest.mark.parametrize(
    ("typed", "entity", "meant"),
    [
        ("<at>Presence Bridge</at> connect", "<at>Presence Bridge</at>", "connect"),
        ('<at id="0">Presence Bridge</at>&nbsp;connect', "<at>Presence Bridge</at>", "connect"),
        ("<at>Presence Bridge</at> connect", '<at id="0">Presence Bridge</at>', "connect"),
        ("please <at>Presence Bridge</at> connect", "<at>Presence Bridge</at>", "please connect"),
        ("<at>R&amp;D Bot</at> help", "<at>R&D Bot</at>", "help"),
        ("@Presence Bridge connect", "Presence Bridge", "connect"),
        ("Presence Bridge: connect", "Presence Bridge", "connect"),
        ("Presence Bridges connect", "Presence Bridge", "Presence Bridges connect"),
        (
            "<at>Presence Bridge</at> settings group Presence Bridge enable",
            "<at>Presence Bridge</at>",
            "settings group Presence Bridge enable",
        ),
        (
            "settings group Presence Bridge enable",
            "<at>Presence Bridge</at>",
            "settings group Presence Bridge enable",
        ),
        ("<at>a(b</at> hi", "<at>a(b</at>", "hi"),
    ],
)
def test_one_mention_of_the_bot_is_removed(typed: str, entity: str, meant: str) -> None:
    assert normalise(typed, BOT, [mention(entity)]) == meant


def test_mentions_of_others_stay() -> None:
    typed = "<at>Presence Bridge</at> ask <at>Ben</at>"
    entities = [mention("<at>Presence Bridge</at>"), mention("<at>Ben</at>", "29:ben")]
    assert normalise(typed, BOT, entities) == "ask <at>Ben</at>"


@pytest.mark.parametrize(
    "entity",
    [
        {},
        {"type": "mention"},
        {"type": "mention", "mentioned": BOT, "text": "x"},
        {"type": "mention", "mentioned": {"id": BOT}, "text": 5},
        {"type": "mention", "mentioned": {"id": BOT}, "text": "<at></at>"},
    ],
)
def test_malformed_mentions_are_passed_over(entity: dict[str, object]) -> None:
    assert normalise("<at>x</at> hi", BOT, [entity]) == "<at>x</at> hi"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("connect", "connect"),
        ("/connect", "connect"),
        ("!Connect.", "connect"),
        ("/ status?", "status"),
        ("DISCONNECT!!", "disconnect"),
        ("connect please", "connect"),
        ("Status, thanks!", "status"),
        ("", "help"),
        ("?", "help"),
        ("/", "help"),
        ("Hi", "help"),
        ("hello there", "help"),
        ("Start", "help"),
        ("help me with connect", "help"),
    ],
)
def test_a_command_is_found(text: str, name: str) -> None:
    found = parse(text)
    assert isinstance(found, Command)
    assert found.name == name


def test_words_after_a_command_have_plain_quotes() -> None:
    assert parse("help “Sales” O’Brien") == Command("help", '"Sales" O\'Brien')


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("conect", "connect"),
        ("disconect", "disconnect"),
        ("/statsu", "status"),
        ("please connect", "connect"),
        ("can you show my status?", "status"),
        ("disconnect everybody", "disconnect"),  # understood in part is not understood
        ("don't connect", "connect"),
        ("what is the weather", None),
        ("👍", None),
        ("مرحبا", None),
    ],
)
def test_what_is_no_command_names_the_nearest(text: str, nearest: str | None) -> None:
    assert parse(text) == Unknown(text, nearest)


def test_a_text_of_30_kb_is_read_fast_and_echoed_short() -> None:
    entities = [mention("<at>Presence Bridge</at>")] * 500
    for text in ("x" * 30_000, "<at " * 7_500, "&#" * 15_000, "👍‍ " * 10_000, "a " * 15_000):
        started = time.process_time()
        found = parse(normalise(text, BOT, entities))
        assert time.process_time() - started < 0.5
        assert isinstance(found, Unknown)
        assert len(found.text) <= 200


@given(st.text(max_size=300), st.text(max_size=30))
def test_no_text_breaks_the_parser(text: str, name: str) -> None:
    normalised = normalise(text, BOT, [mention(f"<at>{name}</at>")])
    assert normalise(normalised.replace("&", ""), BOT) == normalised.replace("&", "")
    parse(normalised)
    parse(text)


def test_every_command_answers_to_its_own_name_and_aliases() -> None:
    words = [word for spec in COMMANDS for word in (spec.name, *spec.aliases)]
    assert len(words) == len(set(words))
    for spec in COMMANDS:
        for word in (spec.name, *spec.aliases):
            found = parse(word)
            assert isinstance(found, Command)
            assert found.name == spec.name
        assert spec.name.isalpha()
        assert 0 < len(spec.description) <= 128  # what an app manifest takes
