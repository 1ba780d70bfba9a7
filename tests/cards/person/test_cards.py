"""What the cards about a person's own choices promise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cards.payload import BadPayload, Click, Verb
from cards.person.pause import UNTIL_RESUMED, minutes_of
from cards.person.style import STYLES
from tests.cards.lint import walk
from tests.cards.samples import PAYLOADS, SAMPLES


def clicks(name: str) -> dict[str, Click]:
    return {
        e["title"]: PAYLOADS.unpack(e["verb"], json.loads(json.dumps(e["data"])))
        for e in walk(SAMPLES[name])
        if e["type"] == "Action.Execute"
    }


def words(name: str) -> str:
    return "".join(e["text"] for e in walk(SAMPLES[name]) if "text" in e)


def test_a_pause_says_when_it_ends_and_offers_to_resume() -> None:
    assert "Paused until 17:00." in words("paused-until")
    assert list(clicks("paused-until")) == ["Resume", "Status"]
    assert clicks("paused-until")["Resume"].verb is Verb.PAUSE_END


def test_a_pause_without_an_end_offers_one() -> None:
    assert "Paused until you resume." in words("paused")
    offered = clicks("paused")
    assert [minutes_of(offered[f"Only for {hours}"].args) for hours in ("1 hour", "4 hours")] == [
        60,
        240,
    ]


@pytest.mark.parametrize("minutes", [None, -1, True, "60", 30 * 24 * 60 + 1])
def test_a_pause_of_no_length_is_refused(minutes: Any) -> None:
    with pytest.raises(BadPayload):
        minutes_of({"minutes": minutes})


@pytest.mark.parametrize("name", ["style", "style-own", "style-changed", "style-locked"])
def test_every_style_is_explained_where_it_is_chosen(name: str) -> None:
    for style, explained in STYLES.items():
        assert style.capitalize() in words(name)
        assert explained.sentence in words(name)
    assert "It writes your own status slot" in words(name)


def test_one_click_chooses_a_style_and_another_gives_it_back() -> None:
    offered = {title: click.args for title, click in clicks("style-own").items()}
    assert offered == {
        "Busy only": {"choice": "busy only"},
        "Mirror": {"choice": "mirror"},
        "Follow my organisation": {"choice": ""},
    }
    assert "Follow my organisation" not in clicks("style")


def test_a_locked_style_names_the_level_and_offers_no_choice() -> None:
    assert "Your style is mirror, set and locked by your group Sales." in words("style-locked")
    assert clicks("style-locked") == {}
    assert "say pause" in words("style-locked")


def test_the_first_meeting_is_explained_once_with_a_way_out() -> None:
    assert "You’re in Zoom, so Microsoft shows “In a call”." in words("first-meeting")
    offered = clicks("first-meeting")
    assert list(offered) == ["OK", "Pause", "Why?"]
    assert minutes_of(offered["Pause"].args) == UNTIL_RESUMED
    assert offered["Why?"].verb is Verb.STATUS_SHOW


def test_an_invitation_says_who_invites_and_takes_no_for_an_answer() -> None:
    assert "Ada Lindqvist invites you." in words("invitation")
    assert {title: click.verb for title, click in clicks("invitation").items()} == {
        "Connect": Verb.CONNECT_START,
        "Not now": Verb.INVITATION_DECLINE,
    }
    assert "I won’t ask again" in words("invitation-declined")


def test_status_offers_to_pause_or_to_resume() -> None:
    assert clicks("status")["Pause"].verb is Verb.PAUSE_START
    assert list(clicks("status-paused")) == ["Resume", "Refresh", "Disconnect"]


def test_what_is_not_understood_says_so_and_changes_nothing() -> None:
    assert words("unclear") == (
        "Is that 2 minutes or 2 hours? Nothing was changed."
        "What to do: Say pause for 2m or pause for 2h."
    )
