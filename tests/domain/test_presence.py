"""Names of both sides: every known spelling is read, nothing undocumented is ever sent."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.presence import (
    AVAILABLE,
    AWAY,
    CAN_COME_FROM_MICROSOFT,
    IN_A_CALL,
    LEVEL_STYLES,
    PREFERRED_PAIRS,
    PRESENTING,
    SESSION_PAIRS,
    Pair,
    Style,
    ZoomPresence,
    demand_of,
    level_style,
    may_interrupt,
    parse_zoom_presence,
    teams_label,
    zoom_label,
)

pytestmark = pytest.mark.unit

SPELLINGS = {
    # Webhook, REST (PUT presence_status) and contacts, in this order where they differ.
    ZoomPresence.AVAILABLE: ["Available"],
    ZoomPresence.AWAY: ["Away"],
    ZoomPresence.DO_NOT_DISTURB: ["Do_Not_Disturb", "Do_No_Disturb"],
    ZoomPresence.IN_CALENDAR_EVENT: ["In_Calendar_Event", "In_A_Calendar_Event"],
    ZoomPresence.IN_MEETING: ["In_Meeting", "In_A_Zoom_Meeting", "In_A_Meeting"],
    ZoomPresence.PRESENTING: ["Presenting"],
    ZoomPresence.ON_PHONE_CALL: ["On_Phone_Call", "On_A_Call", "In_A_Call"],
    ZoomPresence.OFFLINE: ["Offline"],
    ZoomPresence.MOBILE_ONLY: ["Mobile_signed_in"],
    ZoomPresence.BUSY: ["Busy"],
    ZoomPresence.OUT_OF_OFFICE: ["Out_of_Office"],
}
CASES = [(text, presence) for presence, texts in SPELLINGS.items() for text in texts]


@pytest.mark.parametrize(("text", "presence"), CASES)
@pytest.mark.parametrize(
    "change", [str, str.lower, str.upper, lambda t: t.replace("_", " "), lambda t: f" {t}\n"]
)
def test_every_spelling_of_zoom_is_read(
    text: str, presence: ZoomPresence, change: Callable[[str], str]
) -> None:
    assert parse_zoom_presence(change(text)) is presence


def test_the_table_of_spellings_is_complete() -> None:
    assert set(SPELLINGS) == set(ZoomPresence)


@pytest.mark.parametrize("text", ["", " ", "Lunch", "In_", "available!", "Available\x00", "Ａway"])
def test_an_unknown_state_is_none(text: str) -> None:
    assert parse_zoom_presence(text) is None


@given(st.text())
def test_any_text_is_a_state_or_none(text: str) -> None:
    assert parse_zoom_presence(text) in {None, *ZoomPresence}


@pytest.mark.parametrize(
    ("zoom", "pair"),
    [
        (ZoomPresence.IN_MEETING, Pair("Busy", "InACall")),
        (ZoomPresence.ON_PHONE_CALL, Pair("Busy", "InACall")),
        (ZoomPresence.PRESENTING, Pair("DoNotDisturb", "Presenting")),
        (ZoomPresence.DO_NOT_DISTURB, Pair("DoNotDisturb", "Presenting")),
        (ZoomPresence.BUSY, Pair("Busy", "InACall")),
        (ZoomPresence.IN_CALENDAR_EVENT, None),
        (ZoomPresence.AVAILABLE, Pair("Available", "Available")),
        (ZoomPresence.AWAY, Pair("Away", "Away")),
        (ZoomPresence.OFFLINE, None),
        (ZoomPresence.OUT_OF_OFFICE, None),
        (ZoomPresence.MOBILE_ONLY, None),
    ],
)
def test_what_microsoft_is_told_for_each_state(zoom: ZoomPresence, pair: Pair | None) -> None:
    assert demand_of(zoom, Style.MIRROR).session == pair
    assert pair is None or pair in SESSION_PAIRS


@pytest.mark.parametrize("zoom", ZoomPresence)
def test_quiet_is_as_mirror_but_meetings_and_calls_are_do_not_disturb(zoom: ZoomPresence) -> None:
    if zoom in {ZoomPresence.IN_MEETING, ZoomPresence.ON_PHONE_CALL}:
        assert demand_of(zoom, Style.QUIET) == (PRESENTING, None)
    else:
        assert demand_of(zoom, Style.QUIET) == demand_of(zoom, Style.MIRROR)


@pytest.mark.parametrize("zoom", ZoomPresence)
def test_what_some_style_interrupts_for_is_known_without_the_style(zoom: ZoomPresence) -> None:
    assert may_interrupt(zoom) == any(demand_of(zoom, style).interrupts for style in Style)


def test_levels_have_every_style_but_that_which_silences() -> None:
    assert LEVEL_STYLES == (Style.BUSY_ONLY, Style.MIRROR, Style.FULL)
    assert [level_style(style) for style in Style] == [*LEVEL_STYLES, None]


def test_the_pairs_are_those_that_graph_documents() -> None:
    assert {str(pair) for pair in SESSION_PAIRS} == {
        "Available/Available",
        "Busy/InACall",
        "Busy/InAConferenceCall",
        "Away/Away",
        "DoNotDisturb/Presenting",
    }
    assert {str(pair) for pair in PREFERRED_PAIRS} == {
        "Available/Available",
        "Busy/Busy",
        "DoNotDisturb/DoNotDisturb",
        "BeRightBack/BeRightBack",
        "Away/Away",
        "Offline/OffWork",
    }


@pytest.mark.parametrize("pair", SESSION_PAIRS)
def test_a_stored_pair_is_read_back(pair: Pair) -> None:
    assert Pair.parse(str(pair)) == pair


@pytest.mark.parametrize("text", ["", "/", "Busy/Busy", "Busy", "busy/inacall", "Offline/OffWork"])
def test_a_pair_that_we_never_store_is_not_read(text: str) -> None:
    assert Pair.parse(text) is None


def test_busy_and_do_not_disturb_interrupt() -> None:
    assert [pair.interrupts for pair in (AVAILABLE, AWAY, IN_A_CALL, PRESENTING)] == [
        False,
        False,
        True,
        True,
    ]


def test_states_that_zoom_copies_from_microsoft_are_looked_at_first() -> None:
    assert {
        ZoomPresence.DO_NOT_DISTURB,
        ZoomPresence.BUSY,
        ZoomPresence.AWAY,
    } == CAN_COME_FROM_MICROSOFT


@pytest.mark.parametrize("zoom", ZoomPresence)
def test_every_state_of_zoom_has_words_for_people(zoom: ZoomPresence) -> None:
    assert zoom_label(zoom)
    assert "_" not in zoom_label(zoom)


@pytest.mark.parametrize(
    ("availability", "activity", "label"),
    [
        ("Busy", "InACall", "In a call"),
        ("busy", "inacall", "In a call"),
        ("DoNotDisturb", "Presenting", "Presenting"),
        ("Available", "AvailableInactive", "Available, idle"),
        ("Offline", "OffWork", "Appear offline"),
        ("Busy", "SomethingNew", "Busy"),
        ("SomethingNew", "AlsoNew", "Unknown"),
        ("", "", "Unknown"),
    ],
)
def test_what_microsoft_shows_has_words_for_people(
    availability: str, activity: str, label: str
) -> None:
    assert teams_label(availability, activity) == label
