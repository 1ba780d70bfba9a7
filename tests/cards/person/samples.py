"""Every card about a person's own choices in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.person import organisation
from cards.person.choices import (
    pause_is_over,
    paused,
    resumed,
    style_choice,
    style_not_yet,
    style_warning,
    which_pause,
)
from cards.person.clicks import StartPause
from cards.person.help import unclear
from cards.person.unasked import declined, first_meeting, invitation, seen
from domain.link import Ending
from domain.person import Accepted
from domain.presence import IN_A_CALL, Style
from wording.organisation import (
    NOT_ALLOWED,
    SOMEBODY_ELSE_STARTS,
    no_zoom_user,
    zoom_user_taken,
)
from wording.ours import CLEARED, NOTHING_SET

if TYPE_CHECKING:
    from cards.build import Card


TOLD = Accepted(IN_A_CALL, 0, 1)


def person_cards() -> dict[str, Card]:
    return {
        "paused": paused(until=None, effect=CLEARED),
        "paused-until": paused(until="17:00", effect=CLEARED),
        "paused-uncleared": paused(
            until="17:00",
            effect="What I had set, “In a call”, isn’t cleared yet and may show until 15:02.",
        ),
        "paused-nothing": paused(until=None, effect=NOTHING_SET),
        "pause-which": which_pause(
            what="Is that 5 in the morning or in the afternoon?",
            hint="Choose one, or say pause until 5am or pause until 5pm.",
            ends=[
                ("Until 17:00", StartPause(until_ms=1_790_010_000_000)),
                ("Until 22 Sep, 05:00", StartPause(until_ms=1_790_053_200_000)),
            ],
        ),
        "pause-over": pause_is_over(until="17:00"),
        "resumed": resumed(
            was_paused=True,
            sentence="Zoom says “In a meeting” now, so Microsoft is told “In a call”.",
            tone="good",
        ),
        "resumed-not-paused": resumed(
            was_paused=False, sentence="Presence sync is on for your organisation.", tone="good"
        ),
        "style": style_choice(current=Style.MIRROR, own=False),
        "style-own": style_choice(current=Style.FULL, own=True),
        "style-changed": style_choice(current=Style.BUSY_ONLY, own=True, changed=True),
        "style-locked": style_choice(current=Style.MIRROR, own=False, locked_by="your group Sales"),
        "style-full": style_warning(Style.FULL, Style.FULL),
        "style-quiet": style_warning(Style.QUIET, Style.QUIET),
        "style-while-updating": style_choice(current=Style.MIRROR, own=False, later=(Style.QUIET,)),
        "style-not-yet": style_not_yet(Style.QUIET, Style.MIRROR),
        "first-meeting": first_meeting(zoom="in Zoom", told=TOLD),
        "first-meeting-seen": seen(),
        "invitation": invitation(inviter="Ada Lindqvist"),
        "invitation-nameless": invitation(inviter=" "),
        "invitation-declined": declined(),
        "organisation-offer": organisation.offer(
            name="Ada", page="https://bridge.example.com/not-for-me"
        ),
        "organisation-offer-again": organisation.offer(name="Ada", opted_out=True),
        "organisation-notice": organisation.notice(
            starts="Monday, 7 December", page="https://bridge.example.com/not-for-me"
        ),
        "organisation-offer-own": organisation.offer(own=True),
        "organisation-notice-own": organisation.notice(starts="Monday, 7 December", own=True),
        "organisation-started-own": organisation.started(
            name="Ada", zoom_address="ada@example.com", own_until="Wednesday, 6 January"
        ),
        "organisation-confirm-own": organisation.confirm(name="Ada", own=True),
        "organisation-started": organisation.started(
            name="Ada", zoom_address="ada@example.com", presence_now="Zoom says “In a meeting”."
        ),
        "organisation-starting": organisation.starting(),
        "organisation-not-started": organisation.not_started(no_zoom_user(["ada@example.com"])),
        "organisation-not-started-taken": organisation.not_started(
            zoom_user_taken("ada@example.com")
        ),
        "organisation-not-started-busy": organisation.not_started(SOMEBODY_ELSE_STARTS),
        "organisation-not-started-rights": organisation.not_started(NOT_ALLOWED),
        "organisation-opted-out": organisation.opted_out(None),
        "organisation-opted-out-cleared": organisation.opted_out(Ending("cleared")),
        "organisation-opted-out-later": organisation.opted_out(Ending("later", 1), until="14:50"),
        "organisation-opted-out-expires": organisation.opted_out(
            Ending("expires", 1), until="14:50"
        ),
        "organisation-opted-out-own": organisation.opted_out(None, own_sign_in=True),
        "organisation-disconnect": organisation.confirm(name="Ada"),
        "organisation-disconnect-own": organisation.confirm(name="Ada", told=True),
        "organisation-not-begun": organisation.not_begun(name="Ada"),
        "unclear": unclear(
            what="Is that 2 minutes or 2 hours?",
            hint="Say pause for 2m or pause for 2h.",
        ),
    }


def person_cards_for(name: str) -> dict[str, Card]:
    return {
        "paused": paused(until=name, effect=name),
        "pause-which": which_pause(what=name, hint=name, ends=[(name, StartPause(60))]),
        "pause-over": pause_is_over(until=name),
        "resumed": resumed(was_paused=True, sentence=name, tone="good"),
        "style-locked": style_choice(current=Style.FULL, own=False, locked_by=name),
        "first-meeting": first_meeting(zoom="in Zoom", told=TOLD),
        "invitation": invitation(inviter=name),
        "organisation-offer": organisation.offer(name=name),
        "organisation-started": organisation.started(
            name=name, zoom_address=name, presence_now=name
        ),
        "organisation-not-started": organisation.not_started(no_zoom_user([name] * 9)),
        "organisation-disconnect": organisation.confirm(name=name),
        "organisation-not-begun": organisation.not_begun(name=name),
        "unclear": unclear(what=name, hint=name),
    }
