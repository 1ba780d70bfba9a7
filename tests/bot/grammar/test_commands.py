from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.asides import About, WhichPause
from bot.grammar.commands import (
    COMMANDS,
    Attached,
    BadCommand,
    PerhapsSettings,
    Said,
    Unknown,
    menu,
    parse,
)
from bot.grammar.digest import MorningDigest
from bot.grammar.exclusions import Exclude, Excluded, Include
from bot.grammar.intents import (
    Connect,
    Contact,
    Disconnect,
    Greeting,
    Help,
    Privacy,
    Resume,
    SmallTalk,
    Status,
    Trial,
)
from bot.grammar.matching import DomainAlias, MatchByHand, Unmatched
from bot.grammar.personal import Pause, StyleCommand
from bot.grammar.said import (
    Account,
    Centre,
    Group,
    Groups,
    History,
    InformedPeople,
    InvitePeople,
    Organisation,
    User,
)
from bot.grammar.words import ECHO_LENGTH, LONGEST_TEXT

pytestmark = pytest.mark.unit

MEANS: dict[str, type | tuple[type, ...]] = {
    "connect": Connect,
    "disconnect": Disconnect,
    "status": Status,
    "pause": Pause,
    "resume": Resume,
    "style": StyleCommand,
    "test": Trial,
    "help": Help,
    "hi": Greeting,
    "settings": (Centre, Account, Group, Groups, User, History),
}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("connect", "connect"),
        ("/connect", "connect"),
        ("!Connect.", "connect"),
        ("/ status?", "status"),
        ("DISCONNECT!!", "disconnect"),
        ("connect please", "connect"),
        ("please connect", "connect"),
        ("Can you show my status?", "status"),
        ("Status, thanks!", "status"),
        ("", "help"),
        ("?", "help"),
        ("/", "help"),
        ("Hi", "hi"),
        ("hello there", "hi"),
        ("Start", "hi"),
        ("help me with connect", "help"),
        ("ｓｔａｔｕｓ", "status"),  # as Japanese keyboards write it
        ("／Ｓｔａｔｕｓ。", "status"),
        ("connect！", "connect"),
        ("status؟", "status"),
        ("？", "help"),
        ("“status”", "status"),  # as help and chats write what to say
        ("„Status“", "status"),
        ("‘disconnect’.", "disconnect"),
        ("「status」", "status"),
        ("`/status`", "status"),
        ("**status**", "status"),
        ("_status_", "status"),
        ("（status）", "status"),
        ("- status", "status"),
        ("• status", "status"),
        ("…status", "status"),
        ("status।", "status"),
        ("status‽", "status"),
        ("DİSCONNECT", "disconnect"),  # as Turkish keyboards make capitals ...
        ("settıngs".upper(), "settings"),
        ("settıngs", "settings"),  # ... and make them small again
        ("Hİ", "hi"),
        ("“settings group Sales enable”", "settings"),
    ],
)
def test_a_command_is_found(text: str, name: str) -> None:
    found = parse(text)
    assert isinstance(found, MEANS[name])


def test_words_after_help_change_nothing() -> None:
    assert parse("help “Sales” O’Brien") == Help()


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("conect", "connect"),
        ("disconect", "disconnect"),
        ("/statsu", "status"),
        ("registre", "connect"),  # and not deregister
        ("unpuase", "resume"),
        ("unpaused", "resume"),
        ("unconect", "disconnect"),
        ("stop disconnecting me", "pause"),  # and not what it is about
        ("hey, disconect me", "disconnect"),
        ("disconnect Ben", "disconnect"),  # understood in part is not understood
        ("🚫 connect", "connect"),
        ("~~connect~~", "connect"),
        ("“connect” they said", "connect"),
        ("what is the weather", None),
        ("🦄", None),
        ("مرحبا", None),
    ],
)
def test_what_is_no_command_names_the_nearest(text: str, nearest: str | None) -> None:
    assert parse(text) == Unknown(text, () if nearest is None else (nearest,))


def test_what_is_too_long_is_no_command_whatever_it_begins_with() -> None:
    found = parse("connect " + "x " * LONGEST_TEXT)
    assert isinstance(found, Unknown)
    assert found.text.startswith("connect x x")
    assert len(found.text) <= ECHO_LENGTH


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    parse(text)


def test_everything_that_a_text_can_mean_can_be_said() -> None:
    said = {type(parse(spec.name)) for spec in COMMANDS}
    more = {Account, Group, Groups, User, History, PerhapsSettings, BadCommand, Unknown}
    more |= {Unmatched, DomainAlias, MatchByHand, Organisation, InformedPeople}
    more |= {Exclude, Include, Excluded, MorningDigest}
    more |= {InvitePeople, WhichPause, About, Contact, Greeting, Privacy, SmallTalk, Attached}
    assert said | more == set(get_args(Said))


def test_every_command_answers_to_its_own_name() -> None:
    for spec in COMMANDS:
        assert isinstance(parse(spec.name), MEANS[spec.name])
        assert spec.name.isalpha()
        assert 0 < len(spec.description) <= 128  # what an app manifest takes


def test_menus_hold_what_everybody_may_say_where_they_are() -> None:
    personal, everywhere = dict(menu()), dict(menu(everywhere=True))
    assert "settings" not in personal
    assert everywhere.keys() < personal.keys()
    assert {"help", "status", "connect"} <= everywhere.keys()
