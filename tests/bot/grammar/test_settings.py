"""`settings …`: the verb is at the end, names may hold anything, nothing is guessed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.grammar.commands import BadCommand, PerhapsSettings, Said, parse
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
from bot.grammar.spoken import LONGEST_NAME
from bot.grammar.words import LONGEST_TEXT, bare
from bot.teams.message_text import message_text
from domain.condition import Condition
from domain.form import HIGHEST_PRIORITY
from domain.policy import ACCOUNT, SOME_GROUP, Authoriser
from domain.policy_edits import (
    Authorise,
    ChooseShare,
    ChooseStyle,
    Disable,
    Enable,
    Inherit,
    Lock,
    Move,
    Narrow,
    OneLine,
    Stop,
    Unlock,
)
from domain.presence import Style
from domain.reason import reason_of

pytestmark = pytest.mark.unit

ENABLE, DISABLE = Enable(SOME_GROUP), Disable(SOME_GROUP)
SPOKEN: dict[str, OneLine] = {
    "enable": ENABLE,
    "Disable": DISABLE,
    "INHERIT": Inherit(SOME_GROUP),
    "lock": Lock(SOME_GROUP),
    "unlock!": Unlock(SOME_GROUP),
    "priority 2": Move(SOME_GROUP, 2),
    "Priority 9999.": Move(SOME_GROUP, HIGHEST_PRIORITY),
    "style busy only": ChooseStyle(SOME_GROUP, Style.BUSY_ONLY),
    "style Busy-Only": ChooseStyle(SOME_GROUP, Style.BUSY_ONLY),
    'style "busy only"': ChooseStyle(SOME_GROUP, Style.BUSY_ONLY),
    "style mirror": ChooseStyle(SOME_GROUP, Style.MIRROR),
    "style full, please": ChooseStyle(SOME_GROUP, Style.FULL),
    "authorise person": Authorise(SOME_GROUP, Authoriser.PERSON),
    "Authorize ask.": Authorise(SOME_GROUP, Authoriser.ASK),
    "authorise Inform please": Authorise(SOME_GROUP, Authoriser.INFORM),
    "only country Sweden": Narrow(SOME_GROUP, Condition("country", "Sweden")),
    "Only Company Größe & Söhne.": Narrow(SOME_GROUP, Condition("companyName", "Größe & Söhne")),
    "only employee type Employee": Narrow(SOME_GROUP, Condition("employeeType", "Employee")),
    "only everyone": Narrow(SOME_GROUP),
    "percent 20": ChooseShare(SOME_GROUP, 20),
    "Percent 20%.": ChooseShare(SOME_GROUP, 20),
    "percent 5 percent": ChooseShare(SOME_GROUP, 5),
    "100 Percent!": ChooseShare(SOME_GROUP, 100),
    "1 per cent": ChooseShare(SOME_GROUP, 1),
    "20 %": ChooseShare(SOME_GROUP, 20),
    "20% please": ChooseShare(SOME_GROUP, 20),
    "２０％": ChooseShare(SOME_GROUP, 20),
}

normal = st.text(max_size=60).map(lambda text: message_text({"text": text}))
names = normal.filter(bool)
hard_names = st.lists(
    st.sampled_from(
        [*SPOKEN, "Sales", "O'Brien's", "'t", '"', "“x”", "priority", "style", "👩‍🚀", "דנה"]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)


def asked(text: str) -> Said:
    found = parse(text)
    assert isinstance(
        found,
        Centre
        | Account
        | Group
        | Groups
        | User
        | InvitePeople
        | InformedPeople
        | Organisation
        | History,
    ), found
    return found


def refused(text: str) -> BadCommand | PerhapsSettings:
    found = parse(text)
    assert isinstance(found, BadCommand | PerhapsSettings), found
    return found


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("settings", Centre()),
        ("/settings", Centre()),
        ("Settings, please", Centre()),
        ("settings account", Account()),
        ("/SETTINGS ACCOUNT ENABLE", Account(Enable(ACCOUNT))),
        ("settings account disable now", Account(Disable(ACCOUNT))),
        ("settings account style full", Account(ChooseStyle(ACCOUNT, Style.FULL))),
        ("settings group", Groups()),
        ("settings group Sales", Group("Sales")),
        ("/settings group Sales enable", Group("Sales", ENABLE)),
        ("settings: group Sales enable.", Group("Sales", ENABLE)),
        ("settings group Sales Team North enable", Group("Sales Team North", ENABLE)),
        ("settings group O'Brien's Desk disable", Group("O'Brien's Desk", DISABLE)),
        ("settings group O’Brien’s Desk", Group("O’Brien’s Desk")),
        ("settings group 't Hooft enable", Group("'t Hooft", ENABLE)),
        ("settings group 't Huis', 2nd floor enable", Group("'t Huis', 2nd floor", ENABLE)),
        ("settings group 'Sales enable' disable", Group("Sales enable", DISABLE)),
        ('settings group "Sales enable"', Group("Sales enable")),
        ('settings group "Sales enable" enable', Group("Sales enable", ENABLE)),
        ("settings group “Sales Team” enable", Group("Sales Team", ENABLE)),
        ("settings group „Größe“ lock", Group("Größe", Lock(SOME_GROUP))),
        ("settings group « Vente » enable", Group("Vente", ENABLE)),
        ('settings group "12" Club" enable', Group('12" Club', ENABLE)),
        ("settings group Vertrieb Größe 👩‍🚀 enable", Group("Vertrieb Größe 👩‍🚀", ENABLE)),
        ("settings group קבוצת המכירות enable", Group("קבוצת המכירות", ENABLE)),
        ("settings group 営業 enable", Group("営業", ENABLE)),
        ("settings group Enable", None),
        ("settings group Enable Team West", Group("Enable Team West")),
        ("settings group Style council", Group("Style council")),
        ("settings group Priority customers", Group("Priority customers")),
        ("settings group Percent plan", Group("Percent plan")),
        ("settings group The 1% club", Group("The 1% club")),
        ("settings group Sales 20 percent 30", Group("Sales 20", ChooseShare(SOME_GROUP, 30))),
        ("settings account 50%", Account(ChooseShare(ACCOUNT, 50))),
        (
            "settings account percent 5 because the pilot begins",
            Account(ChooseShare(ACCOUNT, 5), "the pilot begins"),
        ),
        ("settings group Acme Inc.", Group("Acme Inc.")),
        ("settings group Please enable", Group("Please", ENABLE)),
        ("settings group enable enable", Group("enable", ENABLE)),
        ("settings groups", Groups()),
        ("settings groups sa", Groups("sa")),
        ("settings groups “Sales Team”", Groups("Sales Team")),
        ("settings user Ada", User(name="Ada")),
        ("Settings user “Ben O'Brien”, please", User(name="Ben O'Brien")),
        (f"settings user {'x' * 300}", User(name="x" * LONGEST_NAME)),
        ("settings organisation", Organisation()),
        ("settings organisation stop", Account(Stop())),
        ("settings organization Stop please", Account(Stop())),
        ("settings organisation stop because CHG0012", Account(Stop(), "CHG0012")),
        ("/Settings Organization, please", Organisation()),
        ("settings informed", InformedPeople()),
        ('settings informed "Sales Team"', InformedPeople("Sales Team")),
        ("settings invite", InvitePeople()),
        ("settings invite please", InvitePeople()),
        ("settings invite Sales Team", InvitePeople("Sales Team")),
        ('settings invite "Sales"', InvitePeople("Sales")),
        ("settings user ada@example.com", User("ada@example.com")),
        ("settings user <ada.o'brien+x@example.com>, please", User("ada.o'brien+x@example.com")),
        ("settings user mailto:ada@example.com", User("ada@example.com")),
        ("settings user ada@example.com<mailto:ada@example.com>", User("ada@example.com")),
        ("settings user [ada@example.com](mailto:Ada@example.com)", User("ada@example.com")),
        ('settings user "Ada Lovelace" <ada@example.com>', User("ada@example.com")),
        ("settings user Ada Lovelace (ada@example.com)", User("ada@example.com")),
        ("settings user “ada＠example.com”.", User("ada@example.com")),
        ("settings history", History()),
        ("settings history please", History()),
    ],
)
def test_settings_are_asked_for(text: str, request_: Said | None) -> None:
    if request_ is None:
        refused(text)
    else:
        assert asked(text) == request_


def test_every_act_can_be_said() -> None:
    assert {type(edit) for edit in SPOKEN.values()} | {Stop} == set(get_args(OneLine))


@pytest.mark.parametrize(("spoken", "edit"), SPOKEN.items())
def test_every_verb_is_understood_at_the_end(spoken: str, edit: OneLine) -> None:
    assert asked(f"settings group Sales Team {spoken}") == Group("Sales Team", edit)
    assert asked(f'settings group "Sales Team" {spoken}') == Group("Sales Team", edit)
    assert asked(f"settings group 'Sales Team' {spoken}") == Group("Sales Team", edit)
    if not isinstance(edit, Inherit | Move):
        account = Account(replace(edit, level=ACCOUNT))
        assert asked(f"settings account {spoken}") == account


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("settings acount", "“acount”", "Did you mean settings account?"),
        ("settings Sales enable", "“Sales”", "settings group Sales enable"),
        ("settings everything", "“everything”", "settings account, settings group Sales"),
        ("settings account foo", "“foo”", "enable, disable, lock, unlock"),
        ("settings account enable everything", "“enable everything”", "enable, disable"),
        ("settings account Sales enable", "“Sales enable”", "enable, disable"),
        ("settings account inherit", "nothing above it", "settings group"),
        ("settings account priority 2", "nothing above it", "settings group"),
        ("settings account style", "“style” needs one of: busy only, mirror, full", "style mirror"),
        ("settings account style fancy", "“fancy”", "style mirror"),
        ("settings account style quiet", "only choose quiet for themselves", "style mirror"),
        (
            "settings group Sales style quiet",
            "only choose quiet for themselves",
            'group "Sales style quiet"',
        ),
        (
            'settings group "Sales" style “Quiet”',
            "only choose quiet for themselves",
            "Anyone can say style quiet",
        ),
        ("settings group enable", "Which group should I enable?", 'group "enable"'),
        ("settings group priority 2", "Which group?", 'group "priority 2"'),
        ("settings group Sales priority", "“priority” needs a number", "priority 2"),
        ("settings group Sales priority high", "“high” isn’t a priority", "priority 2"),
        ("settings group Sales priority 0", "“0” isn’t a priority", "priority 2"),
        ("settings group Sales priority -1", "“-1” isn’t a priority", "priority 2"),
        ("settings group Sales priority 10000", "“10000” isn’t a priority", "priority 2"),
        ("settings group Sales style", "needs one of: busy only, mirror, full", "style mirror"),
        ("settings group Sales style fancy", "“fancy”", 'group "Sales style fancy"'),
        ("settings group “Sales enable", "quotation mark is missing", 'group "Sales" enable'),
        ('settings group "Sales"enable', "quotation mark is missing", 'group "Sales" enable'),
        ('settings group "Sales" everything', "“everything”", "enable, disable, inherit"),
        ('settings group "Sales" and Care enable', "“and Care enable”", "enable, disable"),
        ('settings group "" enable', "name is missing", "settings group Sales"),
        (f"settings group {'x' * (LONGEST_NAME + 1)} enable", "at most", "settings groups"),
        ("settings user", "one e-mail address", "ada@example.com"),
        ("settings organisation enable", "only “stop”", "settings account"),
        ("settings organisation Sales", "only “stop”", "settings account"),
        (f"settings invite {'x' * (LONGEST_NAME + 1)}", "at most", "settings groups"),
        ("settings user ada@example.com ben@example.com", "one e-mail address", "ada@example.com"),
        ("settings user ada@example.com;ben@example.com", "isn’t an e-mail", "ada@example.com"),
        ("settings user ada@example.com <ben@example.com>", "one e-mail", "ada@example.com"),
        ("settings user [ada@x.com](mailto:ben@x.com)", "isn’t an e-mail", "ada@example.com"),
        ("settings user a@b@c", "isn’t an e-mail address", "ada@example.com"),
        ("settings user a,b@example.com", "isn’t an e-mail address", "ada@example.com"),
        ("settings history all", "can’t be searched", "settings history"),
    ],
)
def test_what_is_not_clear_is_asked_about(text: str, what: str, hint: str) -> None:
    found = refused(text)
    assert what in found.what
    assert hint in found.hint
    assert len(found.what + found.hint) < 400


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("settings group Sales enable because INC0012345", ("Sales", ENABLE, "INC0012345")),
        ("/settings group Sales DISABLE Because: of INC1.", ("Sales", DISABLE, "INC1.")),
        (
            "settings group Sales style busy only because it’s enough",
            ("Sales", ChooseStyle(SOME_GROUP, Style.BUSY_ONLY), "it’s enough"),
        ),
        (
            "settings group Sales priority 2 because of off because INC1",
            ("Sales", Move(SOME_GROUP, 2), "off because INC1"),
        ),
        ('settings group "Sales because" lock because x', ("Sales because", Lock(SOME_GROUP), "x")),
        ("settings group Just because lock because x", ("Just because", Lock(SOME_GROUP), "x")),
        ("settings group Because we care enable", ("Because we care", ENABLE, "")),
        ("settings group Life style because enable", ("Life style because", ENABLE, "")),
        ("settings group Sales because", ("Sales because", None, "")),
        ("settings group enable because lock", ("enable because", Lock(SOME_GROUP), "")),
        ("settings group Sales not enable because x", ("Sales not enable because x", None, "")),
        ("settings group “Sales enable because x”", ("Sales enable because x", None, "")),
        ("settings group Sales enable because don’t ask", ("Sales", ENABLE, "don’t ask")),
    ],
)
def test_a_reason_follows_the_act_and_may_hold_any_words(
    text: str, request_: tuple[str, OneLine | None, str]
) -> None:
    assert asked(text) == Group(*request_)


def test_the_account_takes_a_reason_too() -> None:
    text = "settings account disable because of the audit, please"
    assert asked(text) == Account(Disable(ACCOUNT), "the audit, please")


def test_a_name_that_reads_like_an_act_and_its_reason_is_asked_about() -> None:
    said = asked("settings group Team lock because locked disable")
    assert said == Group("Team", Lock(SOME_GROUP), "locked disable")
    assert isinstance(said, Group)
    assert said.or_name == "Team lock because locked disable"
    assert said.meant == Group("Team lock because locked", DISABLE)


@pytest.mark.parametrize("topic", ["account", "group Sales", 'group "Sales"'])
@pytest.mark.parametrize(
    "said", ["percent 0", "percent 101", "percent 1.5", "percent -5", "percent all", "percent"]
)
def test_what_is_no_share_is_said_and_not_guessed(topic: str, said: str) -> None:
    found = refused(f"settings {topic} {said}")
    assert "from 1 to 100" in found.what or "I don’t know" in found.what
    assert "percent 20" in found.hint


@pytest.mark.parametrize("said", ["0%", "1,5 %", "101 percent", "250%"])
def test_a_percentage_that_is_none_is_said(said: str) -> None:
    assert "isn’t a share" in refused(f"settings group Sales {said}").what


@pytest.mark.parametrize("topic", ["account", "group Sales", 'group "Sales"'])
@pytest.mark.parametrize("nothing", ["", ":", " please", " \u200b", " of"])
def test_a_because_without_words_is_said_and_does_nothing(topic: str, nothing: str) -> None:
    found = refused(f"settings {topic} enable because{nothing}")
    assert found.what == "There is no reason after “because”."


@pytest.mark.parametrize("length", [201, 3000])
def test_a_reason_that_is_too_long_is_said_and_not_cut(length: int) -> None:
    found = refused(f"settings group Sales enable because {'x' * length}")
    assert found.what == "A reason can have 200 characters at most."
    assert len(found.what + found.hint) < 400


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("turn it off for Sales because INC1", Group("Sales", DISABLE, "INC1")),
        ("turn it on for Just because", Group("Just because", ENABLE)),
        ("disable everyone because of INC1", Account(Disable(ACCOUNT), "INC1")),
        ("settings Sales disable because INC1", Group("Sales", DISABLE, "INC1")),
        ("settings acount disabel because they asked", Account(Disable(ACCOUNT), "they asked")),
    ],
)
def test_what_is_only_meant_keeps_its_reason(text: str, meant: Account | Group) -> None:
    found = parse(text)
    assert isinstance(found, PerhapsSettings)
    assert found.meant == meant


reasons = normal.filter(lambda text: bool(text) and bare(text.split()[0]) != "of")


@given(hard_names, st.sampled_from(["enable", "Disable", "lock", "unlock!"]), reasons)
@example('enable " only country Sweden', "enable", "0")
@example('enable " only department Sales Emea', "enable", '"x" lock it')
def test_a_reason_of_any_words_is_kept_behind_a_quoted_name(
    name: str, spoken: str, reason: str
) -> None:
    found = parse(f"settings group “{name}” {spoken} because {reason}")
    if isinstance(found, Group):
        assert (found.edit, found.reason) == (SPOKEN[spoken], reason_of(reason))


@given(names | hard_names, st.sampled_from(sorted(SPOKEN)))
def test_a_quoted_name_is_read_as_it_is_whatever_it_holds(name: str, spoken: str) -> None:
    # `style "…"` behind a quotation mark is the one thing that can't be told from a name.
    if "style" not in name.casefold() or '"' not in name:
        assert asked(f'settings group "{name}" {spoken}') == Group(name, SPOKEN[spoken])
        assert asked(f'settings group "{name}"') == Group(name)


@given(names)
def test_a_name_without_quotes_is_read_as_it_is_before_a_verb(name: str) -> None:
    plain = name.translate(str.maketrans("", "", "\"'‘’‚‛′“”„‟″«»")) == name
    if plain and bare(name.rsplit(maxsplit=1)[-1]) not in {"not", "no", "never", "without"}:
        assert asked(f"settings group {name} enable") == Group(name, ENABLE)


@given(
    st.sampled_from(["settings", "settings group", "settings account", "settings user", "pause"]),
    st.text(max_size=80) | st.lists(hard_names, max_size=4).map(" ".join),
)
def test_no_words_break_the_grammar(command: str, words: str) -> None:
    found = parse(message_text({"text": f"{command} {words}"}))
    if isinstance(found, BadCommand | PerhapsSettings):
        assert found.what
        assert found.hint


@pytest.mark.parametrize("topic", ["", "group", "groups", "account", "user", "history"])
@pytest.mark.parametrize(
    "words",
    [
        *('" ', "' ", "a ", "x", "style ", "please ", "1h ", '“x” style "', "\u0316\u0301"),
        *("because ", '" lock because ', "lock because x "),
    ],
)
def test_a_long_text_after_settings_is_read_fast(topic: str, words: str) -> None:
    for command in (f"settings {topic}", "pause", "pause for", "style"):

        def took(length: int, command: str = command) -> float:
            text = f"{command} {words * (length // len(words))}"[:length]
            began = time.process_time_ns()
            assert len(repr(parse(text))) < 2_000
            return time.process_time_ns() - began

        # Four times as long takes about four times; sixteen times it would be with squares.
        tries = (took(LONGEST_TEXT) < 12 * took(LONGEST_TEXT // 4) + 500_000 for _ in range(5))
        assert any(tries)
