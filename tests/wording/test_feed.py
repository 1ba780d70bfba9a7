"""What the control centre says of Zoom's feed."""

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from domain.clock import HOUR, MINUTE
from domain.feed import FeedHealth
from wording.feed import feed_words, lag_minutes
from wording.text import SENTENCE_LIMIT

BERLIN = ZoneInfo("Europe/Berlin")
NINE_FORTY = 1_760_427_600_000  # Tuesday 2025-10-14, 09:40 in Berlin
SILENT = FeedHealth(
    NINE_FORTY, last_ms=NINE_FORTY - 28 * MINUTE, silent_since_ms=NINE_FORTY - 28 * MINUTE
)


def test_nothing_is_said_while_all_is_well() -> None:
    assert feed_words(FeedHealth(NINE_FORTY), UTC, 100, 10) == ""
    assert feed_words(FeedHealth(NINE_FORTY, last_ms=1, left=5), UTC, 100, 10) == ""


def test_silence_is_said_with_its_consequence_and_what_to_do() -> None:
    assert feed_words(SILENT, BERLIN, 2000, 10.0) == (
        "Zoom has sent nothing since 09:12, which is unusual for a Tuesday morning. In the "
        "meantime I ask Zoom about everyone who’s connected, so presence may be up to 9 minutes "
        "late. What to do: in the Zoom App Marketplace, check that the app’s event subscription is "
        "on and that its address validates."
    )


def test_without_zooms_api_it_says_what_is_missing() -> None:
    said = feed_words(SILENT, BERLIN, 2000, None)
    assert "I can’t ask Zoom instead, because ZOOM_ACCOUNT_ID, " in said
    assert "What Microsoft shows may be wrong" in said


def test_every_sentence_is_shown_whole() -> None:
    """A card cuts what is longer."""
    long_ago = FeedHealth(
        NINE_FORTY + 2 * HOUR,
        last_ms=NINE_FORTY - 500 * HOUR,
        silent_since_ms=NINE_FORTY,
        validated_ms=1,
        validation_missing=True,
    )
    for health in (long_ago, replace(long_ago, silent_since_ms=None)):
        for per_second in (None, 10.0):
            said = feed_words(health, UTC, 10**6, per_second)
            assert 100 < len(said) <= SENTENCE_LIMIT


def test_a_missing_validation_is_said() -> None:
    health = FeedHealth(
        NINE_FORTY, validated_ms=NINE_FORTY - 81 * HOUR, validation_missing=True, last_ms=NINE_FORTY
    )
    said = feed_words(health, BERLIN, 10, 10.0)
    assert said.startswith("Zoom last validated this bot’s address at 11 Oct, 00:40, though ")
    assert "What to do: " in said


@pytest.mark.parametrize(
    ("hours", "part"),
    [
        (-7, "a Tuesday night"),
        (0, "a Tuesday morning"),
        (3, "a Tuesday afternoon"),
        (9, "a Tuesday evening"),
        (13, "a Tuesday night"),
        (24, "a Wednesday morning"),
    ],
)
def test_the_time_of_the_week_is_the_readers(hours: int, part: str) -> None:
    now = NINE_FORTY + hours * HOUR
    health = FeedHealth(now, last_ms=now - HOUR, silent_since_ms=now - HOUR)
    assert f"unusual for {part}." in feed_words(health, BERLIN, 1, 1.0)


def test_the_lag_grows_with_the_people() -> None:
    assert lag_minutes(0, 10) == 5
    assert lag_minutes(600, 10) == 6
    assert lag_minutes(12_000, 10) == 25
    assert lag_minutes(1, None) is None
