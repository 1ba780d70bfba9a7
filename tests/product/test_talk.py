"""What people write in their own words, and what comes back: never done by half, never a wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from tests.doubles.inside import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED = {
    "how do I pause?": ("Stop for a while", "Pause"),
    "pause?": ("Nothing has changed so far", "Pause"),
    "what happens if I disconnect?": ("erase what’s stored about you", "Disconnect"),
    "pause for an hour or two": ("for how long", "For 1 hour"),
    "hide me for an hour": ("Do you want to pause?", "Pause for 1 hour"),
    "disconnect for 20 minutes": ("pause instead", "Pause for 20 minutes"),
    "I have an appointment, please pause for half an hour": (
        "want to pause?",
        "Pause for 30 minutes",
    ),
    "hlep": ("Did you mean help?", "What can I say?"),
    "who is connected?": ("short commands", "Status"),
    "who is my admin?": ("Your organisation runs this app", "Status"),
    "don’t pause": ("haven’t changed anything", "Status"),
    "pause is not what I want": ("haven’t changed anything", "Status"),
    "style qiuet": ("don’t know the style", "Styles"),
    "Teams keeps ringing during meetings": ("doesn’t stop Teams from ringing", "Full"),
    "are you spying on me?": ("never a history", "Privacy page"),
    "turn off the test": ("Did you mean status?", "Status"),
}
"""What is answered and changes nothing: a part of the answer, and one of its buttons."""

SMALL = {
    "danke!": "You’re welcome.",
    "set me to do not disturb": "To choose a status yourself, use Teams",
    "nein danke": "leaving everything as it is",
    "leave it on": "leaving everything as it is",
}
"""What gets one friendly line."""


async def test_what_is_no_clear_wish_is_answered_and_changes_nothing(place: Office) -> None:
    await place.connect(BEN)
    chat = place.chat(BEN)
    before = await place.redis.hgetall(keys.person(BEN.object_id))
    for text, (part, title) in ASKED.items():
        card = (await chat.says(text)).card
        assert part in said_by(card), text
        assert title in titles(card), text
        assert len(set(titles(card))) == len(titles(card)), text
    now = await place.redis.hgetall(keys.person(BEN.object_id))
    own = (b"paused", "paused", b"style", "style")
    assert [now.get(name) for name in own] == [before.get(name) for name in own]


async def test_small_talk_gets_one_line(place: Office) -> None:
    for text, line in SMALL.items():
        card = (await place.chat(CHIARA).says(text)).card
        assert line in said_by(card), text
        assert titles(card) == [], text


async def test_what_admins_say_of_everybody_is_for_admins(place: Office) -> None:
    card = (await place.chat(CHIARA).says("pause everyone")).card
    assert "Settings are for admins" in said_by(card)
    await place.directory_read()
    chat = place.chat(ADA)
    for text, part in {
        "pause everyone": "Did you mean settings account disable?",
        "turn off presence sync for the “Sales” group": "mean settings group Sales disable?",
        "turn it off for ben@example.com": "settings exclude ben@example.com",
        "who is connected?": "Did you mean settings?",
        "groups": "settings groups",
        "look up Ben": "Presence sync for one person",
    }.items():
        assert part in said_by((await chat.says(text)).card), text
