"""From what is known about a person to the sentences of `status`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from domain.clock import MINUTE
from domain.errors import Trouble
from domain.explanation import OUTAGE, QUOTA, SLOW, TOO_OFTEN
from domain.freshness import fresh_for_ms
from domain.policy import AuthorisedBy, Authoriser, Reason
from domain.presence import (
    NOT_SAID,
    UNKNOWN,
    ZoomPresence,
    demand_of,
    teams_label,
    zoom_label,
)
from domain.step import Do, Why
from wording.ended import ended
from wording.figures import clock_time, day
from wording.organisation import own_sign_in_kept
from wording.ours import (
    agrees,
    attempt,
    is_ours,
    label_of,
    leftover,
    seen,
    set_by_hand,
    told,
    why_different,
)
from wording.policy import rule_words
from wording.trouble import TROUBLES, of_an_admin, parked_for, reason_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from domain.explanation import Explanation

Tone = Literal["good", "attention", "warning", "neutral"]
"""How things stand at first sight: fine · the person must act · not quite · nothing going on."""

_NOT_READABLE = frozenset({"graph_401", "graph_403"})
ASK_FOR_IT: Final = "Ask your admin if you want it on."
"""What to do where an admin has presence sync off."""
_DOINGS: Final = {
    ZoomPresence.IN_MEETING: "your meeting",
    ZoomPresence.PRESENTING: "your meeting",
    ZoomPresence.ON_PHONE_CALL: "your call",
}
_WAITS = frozenset({QUOTA, "graph_throttled"})


@dataclass(frozen=True, slots=True)
class StatusView:
    """What `status` tells, in sentences with times already in the person's own zone.

    `sentence` is the answer in one line: what is shown, why, until when. The lines are facts:
    what Zoom says, which rule decides, what Microsoft accepted from us, what it shows. Empty lines
    are left out. `trouble_line` says why something was not accepted, and when it is tried again.
    `difference` says why the last two differ, `link_trouble` what is wrong with the
    authorisation (it then offers to connect again). `paused`: by the person (it offers to resume);
    `off`: by an admin. `authorised_line` says by whom they are authorised.
    """

    sentence: str
    zoom_line: str
    rule_line: str
    told_line: str
    shown_line: str
    difference: str | None = None
    next_step: str | None = None
    link_trouble: str | None = None
    tone: Tone = "good"
    paused: bool = False
    trouble_line: str = ""
    off: bool = False
    authorised_line: str = ""


def view(known: Explanation, zone: tzinfo) -> StatusView:
    """Everything `status` says, in the person's own time."""
    says = _Sayings(known, zone)
    if known.state.trouble == Trouble.AUTHORIZE:
        why = ended(known.state.trouble_code)
        return StatusView(
            sentence=says.ended(),
            zoom_line=says.zoom_line(),
            rule_line=rule_words(known.verdict),
            told_line=says.told_line(),
            shown_line="",
            link_trouble=why.told,
            next_step=why.next_step,
            tone="attention",
        )
    return StatusView(
        sentence=says.sentence(),
        zoom_line=says.zoom_line(),
        rule_line=rule_words(known.verdict),
        told_line=says.told_line(),
        trouble_line=says.trouble_line(),
        shown_line=says.shown_line(),
        difference=why_different(known),
        next_step=says.next_step(),
        tone=says.tone(),
        paused=known.verdict.reason is Reason.PAUSED,
        off=not known.verdict.on,
        authorised_line=_authorised(known),
    )


def _authorised(known: Explanation) -> str:
    """By whom they are authorised, where their organisation may or does do it; else nothing."""
    state, authoriser = known.state, known.verdict.authoriser
    if state.authorised_by is AuthorisedBy.PERSON:
        return "By your own sign-in." if authoriser is not Authoriser.PERSON else ""
    until = state.own_until_ms
    kept = "" if until is None else f" {own_sign_in_kept(day(until))}"
    return f"By your organisation.{kept}"


class _Sayings:
    """The single lines of `status`."""

    def __init__(self, known: Explanation, zone: tzinfo) -> None:
        self._known = known
        self._zone = zone
        self._told = told(known)
        self._attempt = attempt(known)
        self._left = leftover(known.state, known.now_ms)

    def ended(self) -> str:
        """The answer to whose authorisation ended."""
        if self._left is None:
            return "Zoom isn’t shown in Microsoft 365 any more, because your authorisation ended."
        return (
            "Your authorisation ended, so nothing new from Zoom is shown. Microsoft may still show "
            f"{self._left.what} until {self._at(self._left.until_ms)}."
        )

    def sentence(self) -> str:
        """The answer in one line: what is shown, why, until when."""
        known, why, what = self._known, self._known.plan.why, self._what()
        if not known.verdict.on:
            paused = known.verdict.reason is Reason.PAUSED
            off = f"you paused{self._pause_end()}" if paused else "presence sync is off"
            if self._left is None:
                return f"{what}. Zoom isn’t shown, because {off}."
            return f"{what}. {off[:1].upper()}{off[1:]}, but {self._not_cleared()}."
        parked = parked_for(known.state.trouble)
        if parked is not None:
            still = "Zoom isn’t shown."
            if self._left is not None:
                until = self._at(self._left.until_ms)
                still = f"It may still show {self._left.what} until {until}."
            return f"{what}. {TROUBLES[parked].told} {still}"
        if why is Why.TEST and known.state.test_until_ms is not None:
            return self._of_a_test(what, self._at(known.state.test_until_ms))
        observation = known.state.observation
        if observation is None:
            return f"{what}. Zoom hasn’t said anything about you yet."
        return self._of_zoom(what, zoom_label(observation.presence), self._at(observation.at_ms))

    def _of_zoom(self, what: str, zoom: str, since: str) -> str:
        """The answer where Zoom decides; it says `zoom` since `since`."""
        known, why = self._known, self._known.plan.why
        if known.plan.do is Do.ASK:
            return f"{what}. Zoom said “{zoom}” at {since}, and I’m asking again."
        if self._attempt is not None:
            return f"{what}. Zoom has said “{zoom}” since {since}, {self._not_accepted()}."
        if why is Why.TOO_OLD:
            return f"{what}. The last thing Zoom said about you is too old to use."
        if why is Why.NOTHING_TO_SHOW:
            return f"{what}: while Zoom says “{zoom}”, Microsoft decides on its own."
        if why is Why.OWN_STATUS:
            own = f"{what}: that looks like your own choice, so it stays"
            return f"{own}, although Zoom says “{zoom}”."
        if why is Why.RIGHT:
            return f"{what} on its own. That fits “{zoom}” from Zoom, so there’s nothing to add."
        if why is Why.COVERED:
            return f"{what} on its own, and that takes precedence over “{zoom}” from Zoom."
        if why is Why.ECHO:
            return f"{what} on its own, and Zoom says “{zoom}” too, so there’s nothing to add."
        return self._of_ours(what, zoom, since)

    def _of_ours(self, what: str, zoom: str, since: str) -> str:
        """The answer where Microsoft has been told."""
        known, accepted = self._known, self._told
        if accepted is None and known.plan.do is Do.LOOK:  # whether to tell it shows then
            return f"{what}. Zoom has said “{zoom}” since {since}."
        if accepted is None:
            return f"{what}. Zoom has said “{zoom}” since {since}, and I’m telling Microsoft."
        label = label_of(accepted.pair)
        because = (
            f"because Zoom has said “{zoom}” since {since}. I’ll keep it going while that lasts."
        )
        if seen(known) is None:
            return f"{what}. I told it “{label}” {because}"
        if is_ours(known):
            return f"{what} {because}"
        if agrees(known):
            told_it = f"Zoom has said “{zoom}” since {since}, so I told Microsoft “{label}”"
            return f"{what}. {told_it}, which counts as the same."
        return f"{what}, although Zoom has said “{zoom}” since {since}."

    def zoom_line(self) -> str:
        """What Zoom says since when."""
        observation, now = self._known.state.observation, self._known.now_ms
        if observation is None:
            return "Nothing yet. I’ll hear about your next change in Zoom."
        line = f"{zoom_label(observation.presence)}, since {self._at(observation.at_ms)}"
        if now - observation.at_ms > fresh_for_ms(observation.presence):
            line += " (not confirmed since)"
        return line

    def told_line(self) -> str:
        """What Microsoft accepted from us and until when, and what it has not accepted yet."""
        tried, known = self._attempt, self._known
        accepted = ""
        if self._told is not None:
            label, at = label_of(self._told.pair), self._at(self._told.at_ms)
            accepted = f"“{label}” at {at}, valid until {self._at(self._told.until_ms)}"
        if tried is None:
            return accepted or "Nothing right now."
        stopped = parked_for(known.state.trouble) is not None
        if tried.pair is None:
            trying = "Not cleared yet" if stopped else "Trying to clear what I set"
        else:
            label = label_of(tried.pair)
            verb = "renew" if self._renews() else "set"
            trying = f"“{label}” wasn’t accepted" if stopped else f"Trying to {verb} “{label}”"
        return f"{trying}; last accepted: {accepted or 'nothing'}."

    def trouble_line(self) -> str:
        """Why something was not accepted, and when it is tried again; empty: no trouble."""
        state = self._known.state
        if state.trouble is None:
            return ""
        why = reason_of(state.trouble_code)
        if parked_for(state.trouble) is not None:
            return f"{why}. I’ll try again at your next change in Zoom."
        if state.trouble == Trouble.ADMIN:
            why = f"The team that runs this app needs to act ({state.trouble_code})"
        return f"{why}. I’ll try again {self._next_try()}."

    def shown_line(self) -> str:
        """What Microsoft shows now, or what it showed when it was looked at last."""
        known = self._known
        shown = known.shown
        if known.shown_error is not None:
            why, again = _not_read(known.shown_error)
            if shown is None or shown == NOT_SAID:
                return f"{why} {again}"
            return f"“{teams_label(*shown)}” when I last looked, {self._age()}. {why} {again}"
        if shown is None or not any(shown):
            return "Microsoft doesn’t say right now."
        words = ", ".join(filter(None, shown))
        if teams_label(*shown) == UNKNOWN:
            return f"In words I don’t recognise ({words})"
        seen_at = f", seen {self._age()}" if known.now_ms - known.shown_ms >= 1000 else ""
        return f"“{teams_label(*shown)}” ({words}){seen_at}"

    def next_step(self) -> str | None:
        """What the person can do, where there is something."""
        known = self._known
        if known.verdict.reason is Reason.PAUSED:
            return "Say resume to carry on."
        if not known.verdict.on:
            return ASK_FOR_IT
        parked = parked_for(known.state.trouble)
        if parked is not None:
            return TROUBLES[parked].next_step
        if known.state.trouble is not None and (admins := of_an_admin(known.state.trouble_code)):
            return admins.next_step
        if known.state.trouble == Trouble.ADMIN:
            return "Tell your admin. You don’t have to do anything: I’ll carry on once it’s fixed."
        if known.state.trouble is not None:
            return "Nothing. Microsoft hasn’t accepted the last change yet, and I’ll try again."
        if known.state.observation is None:
            return "Change your status in Zoom, or join a meeting."
        if known.shown_error in _NOT_READABLE:
            return "Tell your admin that this app lacks the permission Presence.Read in Entra."
        if set_by_hand(known) and why_different(known):
            return "Reset your status in Teams to show Zoom again."
        return None

    def tone(self) -> Tone:
        """How it looks at first sight."""
        known = self._known
        if known.verdict.on and known.state.trouble is not None:
            return "warning"
        if known.verdict.on and known.shown_error not in {None, TOO_OFTEN}:
            return "warning"
        settled = self._attempt is None and (self._told is None or agrees(known))
        return "good" if known.verdict.on and settled and seen(known) else "neutral"

    # -- parts of sentences --------------------------------------------------------------------

    def _what(self) -> str:
        """What Microsoft shows: the beginning of the answer."""
        known = self._known
        shown = known.shown
        if known.shown_error is None:
            if shown is None or teams_label(*shown) == UNKNOWN:
                return "Microsoft doesn’t say right now what it shows"
            return f"Microsoft shows “{teams_label(*shown)}”"
        if known.shown_error == TOO_OFTEN and shown is not None and shown != NOT_SAID:
            return f"Microsoft showed “{teams_label(*shown)}” when I last looked, {self._age()}"
        if known.shown_error == SLOW:
            return "Microsoft is slow to answer, so I can’t see right now what it shows"
        return "I can’t see right now what Microsoft shows"

    def _of_a_test(self, what: str, until: str) -> str:
        accepted = self._told
        if accepted is None or not accepted.pair.interrupts or self._attempt is not None:
            return f"{what}. Your test runs until {until}, {self._not_accepted()}."
        label = label_of(accepted.pair)
        then = self._after_test()
        if is_ours(self._known):
            why = f": your test until {until}, then {then}" if then else ""
            return f"{what}{why or f' because of your test until {until}'}."
        return f"{what}. Your test told it “{label}” until {until}{then and f', then {then}'}."

    def _after_test(self) -> str:
        """What of Zoom is shown when the test is over; empty: nothing, or it is not certain."""
        known, observation = self._known, self._known.state.observation
        if observation is None or not any(demand_of(observation.presence, known.verdict.style)):
            return ""
        if known.now_ms - observation.at_ms > fresh_for_ms(observation.presence):
            return ""
        return _DOINGS.get(observation.presence, f"Zoom’s “{zoom_label(observation.presence)}”")

    def _not_accepted(self) -> str:
        """The second half of a sentence about what is still to be accepted."""
        tried, failed = self._attempt, self._known.state.trouble is not None
        waits = self._known.shown_error in {*_WAITS, OUTAGE}
        if tried is not None and tried.pair is not None and waits and not failed:
            return f"but I couldn’t tell Microsoft “{label_of(tried.pair)}” yet"
        if tried is None or (tried.pair is not None and not failed):
            return "and I’m telling Microsoft"
        if tried.pair is not None and self._renews():
            return f"but Microsoft hasn’t renewed “{label_of(tried.pair)}” yet"
        if tried.pair is not None:
            return f"but Microsoft hasn’t accepted “{label_of(tried.pair)}” yet"
        return f"but {self._not_cleared()}"

    def _renews(self) -> bool:
        """Whether what is tried is held already, and would end otherwise."""
        tried, accepted = self._attempt, self._told
        return tried is not None and accepted is not None and tried.pair == accepted.pair

    def _not_cleared(self) -> str:
        left = self._left
        if left is None:
            return "what I had set isn’t cleared yet"
        until = self._at(left.until_ms)
        return f"{left.named} isn’t cleared yet and may show until {until}"

    def _next_try(self) -> str:
        state, now = self._known.state, self._known.now_ms
        if state.wait_ms is None or state.wait_ms - now <= MINUTE:
            return "within a minute"
        return f"at {self._at(state.wait_ms)}"

    def _age(self) -> str:
        seconds = max(0, self._known.now_ms - self._known.shown_ms) // 1000
        if seconds < 10:
            return "a moment ago"
        return f"{seconds} seconds ago" if seconds < 120 else f"{seconds // 60} minutes ago"

    def _pause_end(self) -> str:
        resumes = self._known.verdict.resumes_ms
        return "" if resumes is None else f" until {self._at(resumes)}"

    def _at(self, at_ms: int) -> str:
        return clock_time(at_ms, self._known.now_ms, self._zone)


def _not_read(error: str) -> tuple[str, str]:
    """Why what Microsoft shows was not read now, and what follows from it."""
    if error == TOO_OFTEN:
        return "You’ve asked often, so I didn’t look just now.", "Ask again in a minute."
    if error == SLOW:
        return "Microsoft hasn’t answered yet.", "Ask again in a minute."
    if error in _NOT_READABLE:
        return "Microsoft doesn’t let me read it.", "I can still pass on what Zoom says."
    if error in _WAITS:
        return "This app has reached Microsoft’s limit.", "Ask again in a minute."
    if error == OUTAGE:
        return "Microsoft isn’t answering anyone right now.", "Ask again in a minute."
    return "Microsoft didn’t answer just now.", "Ask again in a minute."
