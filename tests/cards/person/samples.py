"""Every card about a person's own choices in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.person.invite import declined, invitation
from cards.person.notice import first_meeting, seen
from cards.person.pause import NOTHING_SET, paused, resumed
from cards.person.style import style_choice
from cards.person.unclear import unclear

if TYPE_CHECKING:
    from cards.build import Card
    from cards.payload import Payloads


def person_cards(p: Payloads, c: str) -> dict[str, Card]:
    return {
        "paused": paused(p, c, until=None),
        "paused-until": paused(p, c, until="17:00"),
        "paused-uncleared": paused(
            p,
            c,
            until="17:00",
            effect="What I had set, “In a call”, is not cleared yet and may show until 15:02.",
        ),
        "paused-nothing": paused(p, c, until=None, effect=NOTHING_SET),
        "paused-not-connected": paused(p, c, until=None, remark="You are not connected anyway."),
        "resumed": resumed(
            p,
            c,
            was_paused=True,
            sentence="Zoom says “In a meeting” now, so Microsoft is told “In a call”.",
        ),
        "resumed-not-paused": resumed(
            p, c, was_paused=False, sentence="Presence sync is on for your organisation."
        ),
        "style": style_choice(p, c, current="mirror", own=False),
        "style-own": style_choice(p, c, current="full", own=True),
        "style-changed": style_choice(p, c, current="busy only", own=True, changed=True),
        "style-locked": style_choice(
            p, c, current="mirror", own=False, locked_by="your group Sales"
        ),
        "first-meeting": first_meeting(p, c),
        "first-meeting-seen": seen(p, c),
        "invitation": invitation(p, c, inviter="Ada Lindqvist"),
        "invitation-nameless": invitation(p, c, inviter=" "),
        "invitation-declined": declined(p, c),
        "unclear": unclear(
            p,
            c,
            what="Is that 2 minutes or 2 hours?",
            hint="Say pause for 2m or pause for 2h.",
        ),
    }


def person_cards_for(p: Payloads, c: str, name: str) -> dict[str, Card]:
    return {
        "paused": paused(p, c, until=name, remark=name, effect=name),
        "resumed": resumed(p, c, was_paused=True, sentence=name),
        "style-locked": style_choice(p, c, current="full", own=False, locked_by=name),
        "first-meeting": first_meeting(p, c, shown=name),
        "invitation": invitation(p, c, inviter=name),
        "unclear": unclear(p, c, what=name, hint=name),
    }
