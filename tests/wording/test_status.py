"""What `status` says: told is only what Microsoft accepted, and no reason that can't be one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from domain.clock import MINUTE
from domain.errors import Trouble
from domain.explanation import OUTAGE, QUOTA, SLOW, TOO_OFTEN, Explanation
from domain.link import Link
from domain.person import Accepted, Held, PersonState, attempt
from domain.plan import plan
from domain.policy import Form, Policy, Reason, Verdict, resolve
from domain.presence import (
    AVAILABLE,
    AWAY,
    IN_A_CALL,
    NOT_SAID,
    PRESENTING,
    Observation,
    Pair,
    Shown,
    Style,
    ZoomPresence,
)
from domain.step import Seen, World
from wording.ours import why_different
from wording.status import view

if TYPE_CHECKING:
    from wording.status import StatusView

pytestmark = pytest.mark.unit

Z = ZoomPresence
NOW = 1_790_000_400_000  # 14:20 UTC
SINCE = NOW - 20 * MINUTE
LINK = Link("00000000-0000-4000-8000-000000000001", "t", "Ada", ("ada@example.com",), 1)
ON = resolve(Policy(Form(integration=True)), frozenset())
OFF = resolve(Policy(Form(integration=False)), frozenset())
FULL = ON._replace(style=Style.FULL)
CALL = Held(IN_A_CALL, SINCE, NOW + 40 * MINUTE)


def known(
    zoom: ZoomPresence | None = Z.IN_MEETING,
    held: Held | None = None,
    shown: Shown | None = None,
    *,
    verdict: Verdict = ON,
    error: str | None = None,
    trouble: Trouble | None = None,
    code: str = "",
    wait_ms: int | None = None,
    test_until_ms: int | None = None,
    preferred: Held | None = None,
) -> Explanation:
    """Somebody as the engine explains them."""
    observation = None if zoom is None else Observation(zoom, SINCE)
    state = PersonState(LINK.object_id, observation=observation, held=held, preferred=preferred)
    state.trouble, state.trouble_code, state.wait_ms = trouble, code, wait_ms
    state.test_until_ms = test_until_ms
    seen = Seen(shown if error is None else None, held)
    return Explanation(
        link=LINK,
        state=state,
        verdict=verdict,
        plan=plan(NOW, state, verdict, seen, World(can_ask=True)),
        now_ms=NOW,
        shown=shown,
        shown_error=error,
        can_ask=True,
        shown_ms=NOW - 40_000 if error else NOW,
    )


def said(person: Explanation) -> StatusView:
    return view(person, UTC)


def everything(person: Explanation) -> str:
    """All that the card says."""
    lines = said(person)
    parts = (lines.sentence, lines.told_line, lines.trouble_line, lines.shown_line)
    return " ".join((*parts, lines.difference or "", lines.next_step or ""))


def tried(pair: Pair, before: Held | None = None) -> Held:
    return attempt(pair, NOW - 1000, NOW + 59 * MINUTE, before)


BUSY = Shown("Busy", "InACall")
OFFLINE = Shown("Offline", "Offline")
FAILURES = [
    (Trouble.LATER, "graph_403", "doesn’t allow this app to set your presence"),
    (Trouble.LATER, "graph_404", "doesn’t know you"),
    (Trouble.LATER, "graph_refused", "isn’t valid"),
    (Trouble.LATER, "graph_throttled", "has asked this app to wait"),
    (Trouble.LATER, "graph_error", "answered with an error"),
    (Trouble.LATER, "graph_unreachable", "didn’t answer in time"),
    (Trouble.FORBIDDEN, "graph_403", "doesn’t allow this app to set your presence"),
    (Trouble.GONE, "graph_404", "doesn’t know you"),
    (Trouble.REFUSED, "graph_refused", "isn’t valid"),
    (Trouble.FAILING, "graph_error", "answered with an error"),
    (Trouble.ADMIN, "tokens_unreadable", "The team that runs this app needs to act"),
]


# -- what was accepted, and what was not ---------------------------------------------------------


def test_what_was_accepted_is_told() -> None:
    lines = said(known(held=CALL, shown=BUSY))
    assert lines.sentence == (
        "Microsoft shows “In a call” because Zoom has said “In a meeting” since 14:00 UTC. "
        "I’ll keep it going while that lasts."
    )
    assert lines.told_line == "“In a call” at 14:00 UTC, valid until 15:00 UTC"
    assert (lines.trouble_line, lines.difference, lines.tone) == ("", None, "good")


@pytest.mark.parametrize(("trouble", "code", "why"), FAILURES)
def test_what_was_never_accepted_is_not_told(trouble: Trouble, code: str, why: str) -> None:
    person = known(
        held=tried(IN_A_CALL), shown=OFFLINE, trouble=trouble, code=code, wait_ms=NOW + 2000
    )
    lines = said(person)
    assert "valid until" not in everything(person)
    assert "because Zoom has said" not in everything(person)
    assert (
        "connect again" not in everything(person).replace("don’t need to connect again", "").lower()
    )
    assert "“In a call”" in lines.told_line
    assert "last accepted: nothing" in lines.told_line
    assert why in lines.trouble_line
    assert "I’ll try again" in lines.trouble_line
    assert lines.tone == "warning"
    assert lines.difference is None


@pytest.mark.parametrize(("trouble", "code", "why"), FAILURES)
def test_a_change_that_is_not_accepted_stands_beside_what_was(
    trouble: Trouble, code: str, why: str
) -> None:
    person = known(
        Z.PRESENTING,
        tried(PRESENTING, CALL),
        BUSY,
        trouble=trouble,
        code=code,
        wait_ms=NOW + 5 * MINUTE,
    )
    lines = said(person)
    assert lines.told_line.endswith(
        "last accepted: “In a call” at 14:00 UTC, valid until 15:00 UTC."
    )
    assert "“Presenting”" in lines.told_line
    assert why in lines.trouble_line
    if trouble in {Trouble.LATER, Trouble.ADMIN}:
        assert lines.told_line.startswith("Trying to set “Presenting”")
        assert "I’ll try again at 14:25 UTC" in lines.trouble_line
        assert "hasn’t accepted “Presenting” yet" in lines.sentence
    else:
        assert "wasn’t accepted" in lines.told_line
    assert "takes precedence" not in everything(person), "there is no call but ours"
    assert lines.difference is None


def test_a_worker_that_died_leaves_no_claim() -> None:
    person = known(held=CALL._replace(sure=False, before=CALL.accepted), shown=OFFLINE)
    lines = said(person)
    assert "because Zoom has said" not in lines.sentence
    assert lines.told_line.startswith("Trying to renew “In a call”; last accepted: “In a call”")
    assert lines.difference is None


def test_a_renewal_that_failed_leaves_what_was_accepted() -> None:
    renewing = attempt(IN_A_CALL, NOW - 1000, NOW + 60 * MINUTE, CALL)
    person = known(held=renewing, shown=BUSY, trouble=Trouble.LATER, code="graph_error")
    assert "valid until 15:00 UTC" in said(person).told_line
    assert "but Microsoft hasn’t renewed “In a call” yet" in said(person).sentence
    assert said(person).told_line.startswith("Trying to renew “In a call”; last accepted: “In a")


def test_what_was_accepted_and_is_over_counts_no_more() -> None:
    over = Accepted(IN_A_CALL, NOW - 70 * MINUTE, NOW - 1)
    person = known(held=tried(IN_A_CALL)._replace(before=over), shown=OFFLINE)
    assert "last accepted: nothing" in said(person).told_line


# -- what may still show -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "what"),
    [
        (Held(PRESENTING, SINCE, NOW + 7 * MINUTE), "“Presenting”"),
        (
            tried(PRESENTING, CALL)._replace(until_ms=NOW + 7 * MINUTE),
            "“In a call” or “Presenting”",
        ),
        (tried(PRESENTING)._replace(until_ms=NOW + 7 * MINUTE), "“Presenting”"),
    ],
)
def test_an_authorisation_that_ended_leaves_what_microsoft_holds(held: Held, what: str) -> None:
    lines = said(known(Z.PRESENTING, held, trouble=Trouble.AUTHORIZE, code="revoked"))
    assert f"Microsoft may still show {what} until 14:27 UTC" in lines.sentence
    assert "isn’t shown" not in lines.sentence
    assert lines.link_trouble


def test_an_authorisation_that_ended_leaves_nothing_where_nothing_is_held() -> None:
    gone = Held(PRESENTING, SINCE, NOW - 1)
    lines = said(known(Z.PRESENTING, gone, trouble=Trouble.AUTHORIZE))
    assert lines.sentence.startswith("Zoom isn’t shown in Microsoft 365 any more")
    assert lines.told_line.endswith("last accepted: nothing.")


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (OFF, "presence sync is off"),
        (resolve(Policy(Form(integration=True)), frozenset()), ""),
    ],
)
def test_what_is_not_cleared_yet_is_said(verdict: Verdict, why: str) -> None:
    held = CALL._replace(sure=False, before=CALL.accepted)
    person = known(
        Z.OFFLINE, held, BUSY, verdict=verdict, trouble=Trouble.LATER, code="graph_error"
    )
    lines = said(person)
    assert "what I had set, “In a call”, isn’t cleared yet and may show until 15:00 UTC" in (
        lines.sentence
    )
    assert why in lines.sentence.lower()
    assert "Zoom isn’t shown" not in lines.sentence
    assert "decides on its own" not in lines.sentence
    assert lines.told_line.startswith("Trying to clear what I set; last accepted: “In a call”")


@pytest.mark.parametrize(
    "trouble", [Trouble.FORBIDDEN, Trouble.REFUSED, Trouble.GONE, Trouble.FAILING]
)
def test_whom_nothing_is_tried_for_may_still_be_shown(trouble: Trouble) -> None:
    person = known(Z.PRESENTING, tried(PRESENTING, CALL), BUSY, trouble=trouble, code="graph_error")
    assert "may still show “In a call” or “Presenting” until" in said(person).sentence
    assert "does not show" not in said(person).sentence


def test_what_was_only_tried_is_not_said_to_have_been_set() -> None:
    person = known(Z.OFFLINE, tried(IN_A_CALL), OFFLINE, trouble=Trouble.LATER, code="graph_error")
    assert "what I tried to set, “In a call”, isn’t cleared yet" in said(person).sentence
    assert "had set" not in said(person).sentence


# -- reasons for a difference --------------------------------------------------------------------


OLD = NOW - 20 * MINUTE


@pytest.mark.parametrize(
    ("told", "at_ms", "shown", "says", "never"),
    [
        (IN_A_CALL, OLD, Shown("DoNotDisturb", "Presenting"), "Teams shows “Presenting”", "lags"),
        (IN_A_CALL, NOW, Shown("DoNotDisturb", "Presenting"), "caught up", "shows “Presenting”"),
        (PRESENTING, OLD, BUSY, "Microsoft is a little", "takes precedence"),
        (PRESENTING, NOW, BUSY, "Microsoft is a little", "takes precedence"),
        (AVAILABLE, OLD, BUSY, "A call or meeting in Teams shows “In a call”", "lags"),
        (AVAILABLE, NOW, BUSY, "caught up", "A call or meeting"),
        (AVAILABLE, NOW, Shown("Busy", "InAMeeting"), "A meeting in Teams or in your cal", "lags"),
        (AWAY, OLD, Shown("Available", "Available"), "Your Teams is open and active", "caught up"),
        (AWAY, NOW, Shown("Available", "Available"), "caught up", "Microsoft is a little"),
        (
            IN_A_CALL,
            NOW,
            Shown("BeRightBack", "BeRightBack"),
            "your own status always wins",
            "If you",
        ),
        (IN_A_CALL, OLD, Shown("Offline", "OffWork"), "your own status always wins", "If you"),
        (IN_A_CALL, OLD, Shown("Away", "Away"), "If you set a status yourself", "takes precedence"),
        (IN_A_CALL, OLD, Shown("Available", "Available"), "If you set a", "open and active"),
        (IN_A_CALL, OLD, Shown("Busy", "InAMeeting"), "", "takes precedence"),
        (IN_A_CALL, OLD, Shown("Busy", ""), "", "takes precedence"),
        (IN_A_CALL, OLD, NOT_SAID, "", "takes precedence"),
        (IN_A_CALL, OLD, Shown("Newer", "InACall"), "", "takes precedence"),
    ],
    ids=str,
)
def test_a_difference_is_explained_by_what_can_bring_it_about(
    told: Pair, at_ms: int, shown: Shown, says: str, never: str
) -> None:
    zoom = {IN_A_CALL: Z.IN_MEETING, PRESENTING: Z.PRESENTING, AWAY: Z.AWAY}
    person = known(zoom.get(told, Z.AVAILABLE), Held(told, at_ms, at_ms + 60 * MINUTE), shown)
    why = why_different(person) or ""
    assert says in why
    assert never not in why
    assert bool(says) == bool(why)


def test_what_full_may_have_set_is_not_the_persons_own() -> None:
    shown = Shown("DoNotDisturb", "DoNotDisturb")
    own = why_different(known(held=CALL, shown=shown))
    assert own is not None
    assert own.startswith("You set a status yourself")
    full = why_different(known(held=CALL, shown=shown, verdict=FULL))
    assert full is not None
    assert full.startswith("If you set a status yourself")


@pytest.mark.parametrize("shown", [Shown("Busy", "InAMeeting"), Shown("Busy", "Busy")])
def test_what_weighs_the_same_is_not_called_ours(shown: Shown) -> None:
    sentence = said(known(held=CALL, shown=shown)).sentence
    assert "because Zoom has said" not in sentence
    assert "so I told Microsoft “In a call”, which counts as the same" in sentence


def test_an_availability_without_an_activity_is_enough() -> None:
    lines = said(known(held=CALL, shown=Shown("Busy", "")))
    assert lines.sentence.startswith("Microsoft shows “Busy” because Zoom has said “In a meeting”")
    assert lines.shown_line == "“Busy” (Busy)"
    assert lines.tone == "good"


# -- looks that were not made, or told nothing ---------------------------------------------------


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (SLOW, "Microsoft is slow to answer"),
        ("graph_403", "I can’t see right now"),
        ("graph_error", "I can’t see right now"),
        ("quota", "I can’t see right now"),
        (TOO_OFTEN, "I can’t see right now"),
    ],
)
def test_a_look_that_was_not_made_is_said(error: str, says: str) -> None:
    lines = said(known(held=CALL, error=error))
    assert lines.sentence.startswith(says)
    assert "I told it “In a call” because Zoom has said “In a meeting”" in lines.sentence
    assert lines.difference is None
    assert lines.told_line.startswith("“In a call” at")


def test_what_was_seen_lately_is_said_with_its_age() -> None:
    now = known(held=CALL, shown=BUSY)
    assert said(now).shown_line == "“In a call” (Busy, InACall)"
    for ms, age in ((1_000, "a moment ago"), (12_900, "12 seconds ago")):
        lines = said(replace(now, shown_ms=NOW - ms))
        assert lines.shown_line == f"“In a call” (Busy, InACall), seen {age}"
        assert lines.sentence == said(now).sentence
        assert lines.tone == "good"


def test_who_asks_too_often_is_told_the_last_look_and_its_age() -> None:
    lines = said(known(held=CALL, shown=OFFLINE, error=TOO_OFTEN))
    assert lines.sentence.startswith(
        "Microsoft showed “Offline” when I last looked, 40 seconds ago"
    )
    assert "You’ve asked often, so I didn’t look just now." in lines.shown_line
    assert lines.difference is None, "what is old explains nothing"
    assert "although" not in lines.sentence


@pytest.mark.parametrize(
    "shown",
    [
        NOT_SAID,
        Shown("PresenceUnknown", "PresenceUnknown"),
        Shown("New", "Newer"),
        Shown("", "Newer"),
    ],
)
def test_a_presence_without_words_is_not_made_up(shown: Shown) -> None:
    lines = said(known(held=CALL, shown=shown))
    assert lines.sentence.startswith("Microsoft doesn’t say right now what it shows. I told")
    assert (
        "because Zoom has said “In a meeting” since 14:00 UTC. I’ll keep it going while that lasts"
        in lines.sentence
    )
    assert "I told it “In a call”" in lines.sentence
    assert lines.difference is None


@pytest.mark.parametrize("error", [QUOTA, OUTAGE])
def test_who_waits_for_microsoft_is_not_being_told(error: str) -> None:
    lines = said(known(Z.PRESENTING, CALL, error=error))
    assert "couldn’t tell Microsoft “Presenting” yet" in lines.sentence
    assert "I’m telling Microsoft" not in lines.sentence


def test_nothing_is_said_to_be_told_before_it_is_known_whether_to_tell() -> None:
    lines = said(known(Z.DO_NOT_DISTURB, None, error=TOO_OFTEN))
    assert "told" not in lines.sentence.replace("Zoom", "")
    assert lines.told_line == "Nothing right now."


def test_what_an_admin_can_do_is_said_from_the_first_403_on() -> None:
    refused = known(shown=OFFLINE, trouble=Trouble.LATER, code="graph_403")
    assert "Tell your admin" in (said(refused).next_step or "")
    blind = known(held=CALL, error="graph_403")
    assert "Presence.Read" in (said(blind).next_step or "")


# -- the test ------------------------------------------------------------------------------------


def test_a_test_that_was_accepted_is_the_reason() -> None:
    until = NOW + 5 * MINUTE
    testing = known(Z.OFFLINE, Held(IN_A_CALL, NOW, until), BUSY, test_until_ms=until)
    assert said(testing).sentence == (
        "Microsoft shows “In a call” because of your test until 14:25 UTC."
    )
    hidden = known(Z.OFFLINE, Held(IN_A_CALL, NOW, until), OFFLINE, test_until_ms=until)
    assert "because of your test" not in said(hidden).sentence
    refused = known(
        Z.OFFLINE,
        tried(IN_A_CALL),
        OFFLINE,
        test_until_ms=until,
        trouble=Trouble.LATER,
        code="graph_error",
    )
    assert "hasn’t accepted “In a call” yet" in said(refused).sentence


# -- a test during something of Zoom's, and the style --------------------------------------------


@pytest.mark.parametrize(
    ("zoom", "then"),
    [
        (Z.IN_MEETING, "then your meeting"),
        (Z.PRESENTING, "then your meeting"),
        (Z.ON_PHONE_CALL, "then your call"),
        (Z.AVAILABLE, "then Zoom’s “Available”"),
        (Z.OFFLINE, ""),
        (None, ""),
    ],
)
def test_a_test_says_what_follows_it(zoom: ZoomPresence | None, then: str) -> None:
    until = NOW + 3 * MINUTE
    own = said(known(zoom, Held(IN_A_CALL, NOW, until), BUSY, test_until_ms=until)).sentence
    hidden = said(known(zoom, Held(IN_A_CALL, NOW, until), OFFLINE, test_until_ms=until)).sentence
    for sentence in (own, hidden):
        assert "your test" in sentence.lower()
        assert sentence.endswith(f", {then}.") if then else "then" not in sentence


def test_status_names_the_style_and_whose_choice_it_is() -> None:
    assert (
        said(known()).rule_line
        == "Presence sync is on for your organisation. Your style is mirror."
    )
    own = known(verdict=ON._replace(style=Style.FULL, own_style=True))
    assert said(own).rule_line.endswith("style is full, your own choice.")
    off = known(verdict=Verdict(on=False, reason=Reason.INTEGRATION_OFF))
    assert "Style" not in said(off).rule_line
    assert said(off).off
