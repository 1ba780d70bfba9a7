"""What the cards about a person's own choices promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cards.person.clicks import (
    ChooseOwnStyle,
    DeclineInvitation,
    EndPause,
    ShowStatus,
    ShowStyles,
    StartConnect,
    StartPause,
    UseStyle,
)
from domain.presence import Style
from tests.cards.lint import walk
from tests.cards.samples import SAMPLES, SEAL
from wording.policy import STYLES

if TYPE_CHECKING:
    from cards.click import Click

pytestmark = pytest.mark.unit


def clicks(name: str) -> dict[str, Click]:
    return {
        e["title"]: SEAL.opened(e["verb"], json.loads(json.dumps(e["data"])))[0]
        for e in walk(SAMPLES[name])
        if e["type"] == "Action.Execute"
    }


def words(name: str) -> str:
    return "".join(e["text"] for e in walk(SAMPLES[name]) if "text" in e)


def test_a_pause_says_when_it_ends_and_offers_to_resume() -> None:
    assert "Paused until 17:00." in words("paused-until")
    assert list(clicks("paused-until")) == ["Resume", "Status"]
    assert clicks("paused-until")["Resume"] == EndPause()


def test_a_pause_without_an_end_offers_one() -> None:
    assert "Paused until you resume." in words("paused")
    offered = clicks("paused")
    assert offered["Only for 1 hour"] == StartPause(60)
    assert offered["Only for 4 hours"] == StartPause(240)


@pytest.mark.parametrize("name", ["style", "style-own", "style-changed", "style-locked"])
def test_every_style_is_explained_where_it_is_chosen(name: str) -> None:
    for style, explained in STYLES.items():
        assert style.capitalize() in words(name)
        assert explained.sentence in words(name)
    assert "It can replace an Available or Away that you set by hand" in words(name)
    assert "Teams calls and messages don’t ring or pop up. Urgent ones may." in words(name)
    assert "“In a call” that an app sets doesn’t stop Teams from ringing." in words(name)


def test_a_style_that_cannot_be_stored_yet_is_not_offered() -> None:
    assert "quiet" not in words("style-while-updating").casefold()
    assert "Quiet" not in clicks("style-while-updating")
    assert "Your style is still mirror." in words("style-not-yet")
    assert clicks("style-not-yet") == {"Style": ShowStyles()}


def test_quiet_is_asked_about_with_what_it_silences() -> None:
    assert "Urgent ones may." in words("style-quiet")
    assert "on call" in words("style-quiet")
    assert clicks("style-quiet") == {"Use quiet": UseStyle(Style.QUIET), "Cancel": ShowStyles()}


def test_one_click_chooses_a_style_and_another_gives_it_back() -> None:
    assert clicks("style-own") == {
        "Busy only": ChooseOwnStyle(Style.BUSY_ONLY),
        "Mirror": ChooseOwnStyle(Style.MIRROR),
        "Quiet": ChooseOwnStyle(Style.QUIET),
        "Follow my organisation": ChooseOwnStyle(),
    }
    assert "Follow my organisation" not in clicks("style")


def test_a_locked_style_names_the_level_and_offers_no_choice() -> None:
    assert "Your style is mirror. It’s set for your group Sales and locked." in words(
        "style-locked"
    )
    assert clicks("style-locked") == {}
    assert "say pause" in words("style-locked")


def test_the_first_meeting_is_explained_once_with_a_way_out() -> None:
    assert "You’re in Zoom, so I’ve told Microsoft “In a call”." in words("first-meeting")
    offered = clicks("first-meeting")
    assert list(offered) == ["OK", "Pause", "Why?"]
    assert offered["Pause"] == StartPause()
    assert offered["Why?"] == ShowStatus()


def test_an_invitation_says_who_invites_and_takes_no_for_an_answer() -> None:
    assert "Ada Lindqvist has invited you." in words("invitation")
    assert clicks("invitation") == {"Connect": StartConnect(), "Not now": DeclineInvitation()}
    assert "I won’t ask again" in words("invitation-declined")


def test_status_offers_to_pause_or_to_resume() -> None:
    assert clicks("status")["Pause"] == StartPause()
    assert list(clicks("status-paused")) == ["Resume", "Refresh", "Disconnect"]


def test_what_is_not_understood_says_so_and_changes_nothing() -> None:
    assert words("unclear") == (
        "Is that 2 minutes or 2 hours? Nothing was changed."
        "What to do: Say pause for 2m or pause for 2h."
    )
