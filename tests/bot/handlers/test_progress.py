"""The card that follows a change of settings, and how it is kept meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.handlers.settings.progress import PROGRESS, ProgressCard
from bot.teams.activity import ConversationReference
from cards.seal import Seal
from cards.settings.clicks import ShowRollout
from domain.policy import Level
from tests.doubles.outside import words

pytestmark = pytest.mark.unit

HERE = ConversationReference("https://smba.example/", "a:1", "28:bot", "msteams", "tenant")
SHOWN = ProgressCard(
    HERE, "card1", Level("g1", "Größe 🚀"), "It is disabled.", "clearing", "o", "29:o"
)


def test_a_progress_card_survives_being_stored() -> None:
    assert PROGRESS.load(PROGRESS.dump(SHOWN)) == SHOWN


def test_a_progress_card_of_an_older_version_is_read_and_does_not_refresh_itself() -> None:
    row = json.loads(PROGRESS.dump(SHOWN))
    del row["mri"]
    older = PROGRESS.load_if_good(json.dumps(row))
    assert older == replace(SHOWN, mri="")
    assert older is not None
    assert "refresh" not in older.card("r1", done=1, total=2)


def test_a_progress_card_refreshes_itself_until_the_end() -> None:
    seal = Seal(b"0123456789abcdef")
    refresh = seal.sealed(SHOWN.card("r1", done=1, total=2), "card1")["refresh"]
    assert refresh["userIds"] == ["29:o"]
    asked, card_id = seal.opened(refresh["action"]["verb"], refresh["action"]["data"])
    assert (asked, card_id) == (
        ShowRollout("r1", Level("g1"), "It is disabled.", "Saved", "clearing"),
        "card1",
    )
    assert "refresh" not in SHOWN.card("r1", done=2, total=2)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"where": 1}', "x" * 10])
def test_a_damaged_progress_card_is_none(text: str) -> None:
    assert PROGRESS.load_if_good(text) is None


def test_progress_says_how_far_it_is_and_the_end_says_who_was_missed() -> None:
    def text(done: int, failed: int = 0, invitable: int = 0) -> str:
        card = SHOWN.card("r1", done=done, total=340, failed=failed, invitable=invitable)
        return words(card)

    assert "Clearing 120 of 340" in text(120)
    assert "didn’t accept" not in text(120)
    assert "Microsoft didn’t accept it for 2 people" in text(120, failed=2)
    assert "Cleared for 340 people." in text(340)
    assert "Cleared for 338 people. Microsoft didn’t accept it for 2 people" in text(340, failed=2)
