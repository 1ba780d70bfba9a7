"""What people say in their own words: one meaning for each phrase, and never the opposite."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import around, asides, intents
from bot.grammar.around import (
    BACK_PHRASES,
    FRONT_PHRASES,
    NEGATIONS,
    Phrases,
    is_negated,
    spelled_out,
)
from bot.grammar.asides import About, WhichPause
from bot.grammar.commands import (
    COMMANDS,
    BadCommand,
    PerhapsSettings,
    Said,
    Unknown,
    parse,
    warm_up,
)
from bot.grammar.ends import For, InDays, Until
from bot.grammar.exclusions import Exclude
from bot.grammar.intents import (
    TABLE,
    TIMED_PHRASES,
    Connect,
    Contact,
    Disconnect,
    Greeting,
    Help,
    Meaning,
    Offer,
    Privacy,
    Resume,
    SmallTalk,
    Status,
    Trial,
    phrases,
)
from bot.grammar.personal import Pause, StyleCommand
from bot.grammar.said import Account, Centre, Group, Groups, History, InvitePeople, User
from bot.grammar.small_talk import Courtesy
from bot.grammar.words import LONGEST_TEXT
from domain.policy import ACCOUNT, SOME_GROUP
from domain.policy_edits import Disable, Enable, Lock
from domain.presence import Style

pytestmark = pytest.mark.unit

ACTS = (Connect, Disconnect, Pause, Resume, Trial, StyleCommand)
CHANGES = (Account, Group)
ROWS: dict[str, set[Meaning]] = {}
for _meaning, _written in TABLE:
    for _phrase in itertools.chain.from_iterable(map(spelled_out, _written)):
        ROWS.setdefault(_phrase, set()).add(_meaning)
SAID = [
    *sorted(phrases()),
    *(spec.name for spec in COMMANDS),
    *("pause for 2h", "stop until 17:00", "style mirror", "turn it on for Sales", "enable Sales"),
    *("settings account enable", "settings acount disable"),
]
NOT = ["don't", "don’t", "do not", "dont", "never", "not", "no", "please do not", "DON'T"]


def does_something(said: Said) -> bool:
    """Whether it changes something, or offers to."""
    if isinstance(said, Unknown):
        return bool(said.offers)
    if isinstance(said, Account | Group):
        return said.edit is not None
    if isinstance(said, PerhapsSettings):
        return said.meant is not None
    if said == StyleCommand():
        return False  # it shows them
    return isinstance(said, (*ACTS, WhichPause, About))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("why", Status()),
        ("Busy?", Status()),
        ("what is shown", Status()),
        ("What’s shown about me?", Status()),
        ("why am I busy?", Status()),
        ("Why does Teams say that I'm in a call", Status()),
        ("am I connected?", Status()),
        ("it doesn't work", Status()),
        ("stop", Pause()),
        ("STOP!", Pause()),
        ("off", Pause()),
        ("snooze", Pause()),
        ("mute please", Pause()),
        ("please turn it off", Pause()),
        ("stop for 2h", Pause(For(120))),
        ("snooze 30m", Pause(For(30))),
        ("turn it off for an hour", Pause(For(60))),
        ("can you please pause it for 90 mins, thanks", Pause(For(90))),
        ("could you stop for half an hour?", Pause(For(30))),
        ("stop syncing for 2h", Pause(For(120))),
        ("unpause", Resume()),
        ("continue", Resume()),
        ("back on", Resume()),
        ("turn it back on, please", Resume()),
        ("stop pausing", Resume()),
        ("stop pausing me", Resume()),
        ("turn off the pause", Resume()),
        ("pause off", Resume()),
        ("presence sync off", Pause()),
        ("zoom back on", Resume()),
        ("connect me to Zoom please", Connect()),
        ("not for me", Disconnect()),
        ("did you disconnect me?", Status()),
        ("until when am I paused?", Status()),
        ("I'm not in a call!", Status()),
        ("why isn't my status changing", Status()),
        ("Teams still says I'm in a call", Status()),
        ("it shows me as busy", Status()),
        ("stop the ringing", StyleCommand()),
        ("Teams keeps ringing during meetings", StyleCommand()),
        ("change my style to full", StyleCommand(Style.FULL)),
        ("are you a bot?", Help()),
        ("Hilfe!", Help()),
        ("Guten Morgen", Greeting()),
        ("are you spying on me?", Privacy()),
        ("can my boss see this?", Privacy()),
        ("danke", SmallTalk(Courtesy.THANKS)),
        ("nein danke", SmallTalk(Courtesy.NEVER_MIND)),
        ("leave it on", SmallTalk(Courtesy.NEVER_MIND)),
        ("set me to busy", SmallTalk(Courtesy.BY_HAND)),
        ("do not disturb", SmallTalk(Courtesy.BY_HAND)),
        ("set my status to do not disturb", SmallTalk(Courtesy.BY_HAND)),
        ("who is my admin?", Contact()),
        ("contact support", Contact()),
        ("stop the test", Unknown("stop the test", ("status",))),
        ("try again", Unknown("try again", ("status",))),
        ("pause plz", Pause()),
        ("style mirror thx", StyleCommand(Style.MIRROR)),
        ("pause this for me until tomorrow", Pause(Until(0, day=InDays(1)))),
        ("i'd like you to stop", Pause()),
        ("pause (2h)", Pause(For(120))),
        ("pause - 2h", Pause(For(120))),
        ("register", Connect()),
        ("send me a new link please", Connect()),
        ("enable quiet", StyleCommand(Style.QUIET)),
        ("switch me to full", StyleCommand(Style.FULL)),
        ("go back to mirror", StyleCommand(Style.MIRROR)),
        ("turn off quiet", StyleCommand()),
        ("what's the difference between mirror and full?", StyleCommand()),
        ("which style should I use?", StyleCommand()),
        ("nothing happens", Status()),
        ("I left the meeting", Status()),
        ("still in a call!", Status()),
        ("y", SmallTalk(Courtesy.YES)),
        ("refresh", Unknown("refresh", ("status",))),
        ("reset my status", Unknown("reset my status", ("status",))),
        ("delete it", Unknown("delete it", ("disconnect",))),
        ("get rid of this", Unknown("get rid of this", ("disconnect",))),
        ("change account", Unknown("change account", ("disconnect", "connect"))),
        ("make it stop", Unknown("make it stop", ("pause", "disconnect"))),
        ("who is connected?", Unknown("who is connected?", ("settings",))),
        ("sign out", Disconnect()),
        ("log me off", Disconnect()),
        ("Delete my data.", Disconnect()),
        ("stop syncing", Disconnect()),
        ("I'd like to disconnect", Disconnect()),
        ("log in", Connect()),
        ("sign me in", Connect()),
        ("reconnect", Connect()),
        ("test", Trial()),
        ("test it", Trial()),
        ("mirror", StyleCommand(Style.MIRROR)),
        ("use the quiet style", StyleCommand(Style.QUIET)),
        ("busy only", StyleCommand(Style.BUSY_ONLY)),
        ("full", StyleCommand(Style.FULL)),
        ("switch to mirror, please", StyleCommand(Style.MIRROR)),
        ("change my style", StyleCommand()),
        ("privacy", Privacy()),
        ("what do you know about me?", Privacy()),
        ("thanks", SmallTalk(Courtesy.THANKS)),
        ("Thank you!", SmallTalk(Courtesy.THANKS)),
        ("👍", SmallTalk(Courtesy.THANKS)),
        ("ok", SmallTalk(Courtesy.OK)),
        ("bye", SmallTalk(Courtesy.BYE)),
        ("never mind", SmallTalk(Courtesy.NEVER_MIND)),
        ("no thanks", SmallTalk(Courtesy.NEVER_MIND)),
        ("yes", SmallTalk(Courtesy.YES)),
        ("hi", Greeting()),
        ("Good morning!", Greeting()),
        ("hi dear bot", Greeting()),
        ("get started", Greeting()),
        ("what can I say?", Help()),
        ("hi, what can you do?", Help()),
        ("show me the settings", Unknown("show me the settings", ("settings",))),
        ("open settings", Centre()),
        ("stop sharing my presence", Unknown("stop sharing my presence", ("pause", "disconnect"))),
        ("disable", Unknown("disable", ("pause", "disconnect"))),
        ("disable it", Unknown("disable it", ("pause", "disconnect"))),
        ("enable me", Unknown("enable me", ("resume", "connect"))),
        ("enable everyone except Sales", Unknown("enable everyone except Sales")),
        ("I'm on vacation", Unknown("I'm on vacation", ("pause",))),
    ],
)
def test_what_people_say_is_understood(text: str, means: Said) -> None:
    assert parse(text) == means


@pytest.mark.parametrize("text", ["half an hour", "for 30 min, please", "30m"])
def test_a_time_alone_is_offered_as_a_pause(text: str) -> None:
    found = parse(text)
    assert isinstance(found, WhichPause)
    assert found.choices == (For(30),)


@pytest.mark.parametrize(
    "text",
    [
        *("don't disconnect", "Please don’t disconnect me", "do not pause", "dont stop"),
        *("I don't want to disconnect", "never pause", "please do not turn it off"),
        *("don't resume", "hi, don't delete my data", "no disconnect", "disconnect? no!"),
        *("cancel disconnect", "instead of disconnect", "don't turn it on for Sales"),
        *("I can't pause", "won't connect", "nicht pausieren, kein disconnect"),
    ],
)
def test_a_negation_is_never_turned_round(text: str) -> None:
    assert parse(text) == Unknown(text, negated=True)


@pytest.mark.parametrize("row", [row for _, written in TABLE for row in written])
def test_each_phrase_means_the_one_thing_that_its_row_says(row: str) -> None:
    for phrase in spelled_out(row):
        [meaning] = ROWS[phrase]
        expected = Unknown(phrase, meaning.commands) if isinstance(meaning, Offer) else meaning
        assert parse(phrase) == expected
        assert type(parse(f"{phrase.capitalize()}!")) is type(expected)


def test_every_table_can_be_spelled_out_before_somebody_speaks() -> None:
    modules = (around, asides, intents)
    tables = [table for one in modules for table in vars(one).values() if type(table) is Phrases]
    assert FRONT_PHRASES in tables
    for table in tables:
        vars(table).pop("spelled", None)
    phrases.cache_clear()
    warm_up()
    assert all("spelled" in vars(table) for table in tables)
    assert phrases.cache_info().currsize == 1


def test_a_table_in_which_a_phrase_means_two_things_ends_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = ((Help(), ("(help|aid) me",)), (Resume(), ("aid (me|you)",)))
    monkeypatch.setattr(intents, "TABLE", both)
    phrases.cache_clear()
    try:
        with pytest.raises(ValueError, match="“aid me” has two meanings"):
            warm_up()
    finally:
        phrases.cache_clear()


def test_no_phrase_with_a_negation_does_anything() -> None:
    for phrase, meaning in phrases().items():
        if is_negated(phrase.split()):
            ends_a_pause = phrase.startswith("cancel ") and meaning == Resume()
            leaves = phrase.endswith("not for me") and meaning == Disconnect()  # a button says so
            quietens = meaning == StyleCommand()  # it only shows them
            known = ends_a_pause or leaves or quietens
            assert known or not isinstance(meaning, (*ACTS, Offer)), phrase
    for phrase in FRONT_PHRASES.spelled | BACK_PHRASES.spelled | TIMED_PHRASES.spelled:
        assert not is_negated(phrase.split())


@given(st.sampled_from(SAID), st.sampled_from(NOT), st.sampled_from(["", "please ", "hi, "]))
def test_whatever_is_wanted_is_not_done_when_it_is_not_wanted(
    wanted: str, negation: str, courtesy: str
) -> None:
    assert not does_something(parse(f"{courtesy}{negation} {wanted}"))


@given(st.sampled_from(SAID), st.sampled_from(sorted(NEGATIONS)), st.integers(0, 6))
def test_a_negation_anywhere_leaves_everything_as_it_is(
    wanted: str, negation: str, place: int
) -> None:
    words = wanted.split()
    said = parse(" ".join([*words[:place], negation, *words[place:]]))
    if negation in {"cancel", "stopped", "avoid"} and isinstance(said, Resume):
        return  # "cancel the pause"
    if isinstance(said, Group | Groups | User | History | Centre | BadCommand | Help):
        return
    assert not does_something(said)


@given(
    st.sampled_from(sorted(phrases())),
    st.sampled_from(
        ["{}", "please {}", "can you {}?", "{} please", "Hi, {}", "{}, thanks!", "/{}"]
    ),
)
def test_courtesies_change_nothing(phrase: str, way: str) -> None:
    plain, polite = parse(phrase), parse(way.format(phrase))
    if isinstance(plain, Unknown | SmallTalk | Greeting | Help) or way == "/{}":
        assert not isinstance(polite, ACTS) or isinstance(plain, ACTS)
    else:
        assert polite == plain


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("turn it on for Sales", Group("Sales", Enable(SOME_GROUP))),
        ("please turn it off for the group Sales Team!", Group("Sales Team", Disable(SOME_GROUP))),
        ("switch presence sync on for everyone", Account(Enable(ACCOUNT))),
        ("Enable Sales", Group("Sales", Enable(SOME_GROUP))),
        ("lock the group O’Brien’s Desk", Group("O’Brien’s Desk", Lock(SOME_GROUP))),
        ("settings acount enable", Account(Enable(ACCOUNT))),
        ("settings account enabel", Account(Enable(ACCOUNT))),
        ("settings account off", Account(Disable(ACCOUNT))),
        ("settings account Sales enable", Group("Sales", Enable(SOME_GROUP))),
        ("settings Sales enable", Group("Sales", Enable(SOME_GROUP))),
        ("settings enable Sales", Group("Sales", Enable(SOME_GROUP))),
        ("settings enable", Account(Enable(ACCOUNT))),
        ("settings gruop Sales lock", Group("Sales", Lock(SOME_GROUP))),
        ("settings acount", Account()),
        ("settings histroy", History()),
        ("turn off presence sync for the Sales team", Group("Sales team", Disable(SOME_GROUP))),
        ("turn on presence sync for Sales", Group("Sales", Enable(SOME_GROUP))),
        ("enable presence sync for Sales", Group("Sales", Enable(SOME_GROUP))),
        (
            "could you please turn it on for “Sales Nordic”?",
            Group("Sales Nordic", Enable(SOME_GROUP)),
        ),
        ("pause everyone", Account(Disable(ACCOUNT))),
        ("stop for everybody", Account(Disable(ACCOUNT))),
        ("disconnect everybody", Account(Disable(ACCOUNT))),
        ("connect everyone please", Account(Enable(ACCOUNT))),
        ("enable the whole organisation", Account(Enable(ACCOUNT))),
        ("history", History()),
        ("groups sal", Groups("sal")),
        ("invite Sales", InvitePeople("Sales")),
        ("exclude ben@example.com", Exclude(("ben@example.com",))),
    ],
)
def test_what_admins_may_mean_is_offered_and_not_done(text: str, meant: Said) -> None:
    found = parse(text)
    assert isinstance(found, PerhapsSettings)
    assert found.meant == meant


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("turn it off for ben@example.com", "settings exclude ben@example.com"),
        ("enable ben@example.com", "settings include ben@example.com"),
    ],
)
def test_one_person_is_not_taken_for_a_group(text: str, say: str) -> None:
    found = parse(text)
    assert isinstance(found, PerhapsSettings)
    assert found.meant is None
    assert found.hint.endswith(say)


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ("settings group Sales enabel", "Sales enabel", Group("Sales", Enable(SOME_GROUP))),
        ("settings group Sales on", "Sales on", Group("Sales", Enable(SOME_GROUP))),
        ("settings group enable Sales", "enable Sales", Group("Sales", Enable(SOME_GROUP))),
        ("settings group Sales don’t enable", "Sales don’t enable", None),
        ("settings group Sales not on", "Sales not on", None),
        ("settings group Sales", "Sales", None),
    ],
)
def test_a_verb_that_is_nearly_right_is_another_reading_of_a_name(
    text: str, name: str, meant: Group | None
) -> None:
    found = parse(text)
    assert found == Group(name)
    assert isinstance(found, Group)
    assert found.meant == meant


@given(
    st.lists(
        st.sampled_from([*" ".join(SAID).split(), *NEGATIONS, "🦄", "’", "…", "for", "until", "5"]),
        max_size=30,
    ).map(" ".join)
    | st.text(max_size=LONGEST_TEXT)
)
def test_no_text_is_too_much(text: str) -> None:
    parse(text)
