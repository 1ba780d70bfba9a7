"""From what is known about a person to the sentences of `status`. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.ended_words import ended
from cards.status import StatusView
from cards.trouble import TROUBLES
from sync.attend import MUST_AUTHORIZE
from sync.plan import Do, Why, fresh_for_ms
from sync.policy import Reason, sentence
from sync.presence import teams_label, zoom_label

if TYPE_CHECKING:
    from datetime import tzinfo

    from cards.build import Tone
    from sync.engine import Explanation
    from sync.held import Held
    from sync.presence import Shown


def clock_time(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """A time as people say it: 14:02, or Nov 21, 14:02 on another day; UTC is named."""
    at, now = (datetime.fromtimestamp(ms / 1000, tz=zone) for ms in (at_ms, now_ms))
    text = f"{at:%H:%M}" if at.date() == now.date() else f"{at:%b} {at.day}, {at:%H:%M}"
    return f"{text} UTC" if zone is UTC else text


def parked_for(trouble: str | None) -> str | None:
    """The reason (a key of cards.trouble) why nothing is tried for somebody; None: it is."""
    return trouble if trouble in TROUBLES else None


def view(known: Explanation, zone: tzinfo) -> StatusView:
    """Everything `status` says, in the person's own time."""
    says = _Sayings(known, zone)
    if known.state.trouble == MUST_AUTHORIZE:
        why = ended(known.state.trouble_code)
        return StatusView(
            sentence="Zoom no longer shows in Microsoft 365, because your authorisation ended.",
            zoom_line=says.zoom_line(),
            rule_line=sentence(known.verdict),
            told_line=says.told_line(),
            shown_line="",
            link_trouble=why.told,
            next_step=why.next_step,
            tone="attention",
        )
    return StatusView(
        sentence=says.sentence(),
        zoom_line=says.zoom_line(),
        rule_line=sentence(known.verdict),
        told_line=says.told_line(),
        shown_line=says.shown_line(),
        difference=why_different(known),
        next_step=says.next_step(),
        tone=says.tone(),
        paused=known.verdict.reason is Reason.PAUSED,
    )


def told(known: Explanation) -> Held | None:
    """What Microsoft was told and still holds: the preferred status before the session."""
    for held in (known.state.preferred, known.state.held):
        if held is not None and held.until_ms > known.now_ms:
            return held
    return None


def agrees(known: Explanation) -> bool:
    """Whether Microsoft shows the availability that we told it."""
    held, shown = told(known), known.shown
    return (
        held is not None
        and shown is not None
        and shown.availability.lower() == held.pair.availability.lower()
    )


def why_different(known: Explanation) -> str | None:
    """Why Microsoft shows something else than it was told; None where there is no difference.

    Graph's documentation: a status set by hand wins over every session; among sessions Do not
    disturb wins over Busy, Busy over Available, Available over Away; an application's Available
    fades.
    """
    held, shown = told(known), known.shown
    if held is None or shown is None or agrees(known):
        return None
    label = teams_label(shown.availability, shown.activity)
    wanted, availability = held.pair.availability, shown.availability.lower()
    if shown.activity.lower() in {"inacall", "inaconferencecall", "inameeting", "presenting"}:
        return f"A call or meeting in Teams shows “{label}”, and that weighs more."
    if wanted == "Away" and availability.startswith("available"):
        return "Your Teams is open and active, and that weighs more than “Away”."
    if wanted == "Available" and availability.startswith("available"):
        return "Teams has seen no activity of yours for a while."
    if _set_by_hand(shown):
        return "You set a status yourself in Teams, and your own status wins."
    return (
        "If you set a status yourself in Teams: your own status wins. "
        "Otherwise Microsoft lags, and it may take a few minutes."
    )


def _set_by_hand(shown: Shown) -> bool:
    """Whether nothing but the person's own choice in Teams brings this about."""
    return shown.activity.lower() in {"berightback", "donotdisturb", "offwork"}


class _Sayings:
    """The single lines of `status`."""

    def __init__(self, known: Explanation, zone: tzinfo) -> None:
        self._known = known
        self._zone = zone
        self._live = told(known)
        self._shown = known.shown and teams_label(known.shown.availability, known.shown.activity)

    def sentence(self) -> str:
        """The answer in one line: what is shown, why, until when."""
        known, live, why = self._known, self._live, self._known.plan.why
        what = (
            f"Microsoft shows “{self._shown}”"
            if self._shown
            else "I can’t see at the moment what Microsoft shows"
        )
        if known.verdict.reason is Reason.PAUSED:
            return f"{what}, and Zoom has no part in it: you paused{self._pause_end()}."
        if not known.verdict.on:
            return f"{what}, and Zoom has no part in it: presence sync is off."
        parked = parked_for(known.state.trouble)
        if parked is not None:
            return f"{what}. {TROUBLES[parked].told}"
        if why is Why.TEST and known.state.test_until_ms is not None:
            return f"{what} because of your test, until {self._at(known.state.test_until_ms)}."
        observation = known.state.observation
        if observation is None:
            return f"{what}. Zoom has told me nothing about you yet."
        zoom, since = zoom_label(observation.presence), self._at(observation.at_ms)
        if why is Why.TOO_OLD:
            return f"{what}. What Zoom last said of you is too old to be used."
        if why is Why.NOTHING_TO_SHOW:
            return f"{what}: while Zoom says “{zoom}”, Microsoft decides by itself."
        if why is Why.OWN_STATUS:
            return f"{what}: a status that you chose yourself stays, though Zoom says “{zoom}”."
        if why is Why.ECHO:
            return f"{what} by itself, and Zoom says “{zoom}” too: there is nothing to add."
        if known.plan.do is Do.ASK:
            return f"{what}. Zoom said “{zoom}” at {since}, and is being asked again."
        if live is None or known.plan.do is not Do.NOTHING:
            return f"{what}. Zoom says “{zoom}” since {since}, and Microsoft is being told."
        if agrees(known):
            until = self._at(live.until_ms)
            return f"{what} because Zoom says “{zoom}” since {since}, for now until {until}."
        return f"{what}, although Zoom says “{zoom}” since {since}."

    def zoom_line(self) -> str:
        """What Zoom says since when."""
        observation, now = self._known.state.observation, self._known.now_ms
        if observation is None:
            return "Nothing yet. It comes with your next change in Zoom."
        line = f"{zoom_label(observation.presence)}, since {self._at(observation.at_ms)}"
        if now - observation.at_ms > fresh_for_ms(observation.presence):
            line += " (not confirmed since)"
        return line

    def told_line(self) -> str:
        """What we told Microsoft and until when."""
        live = self._live
        if live is None:
            return "Nothing at the moment."
        label = teams_label(live.pair.availability, live.pair.activity)
        return f"“{label}” at {self._at(live.told_ms)}, valid until {self._at(live.until_ms)}"

    def shown_line(self) -> str:
        """What Microsoft shows now."""
        shown = self._known.shown
        if shown is None:
            return "Microsoft did not answer just now. Ask again in a minute."
        return f"“{self._shown}” ({shown.availability}, {shown.activity})"

    def next_step(self) -> str | None:
        """What the person can do, where there is something."""
        known = self._known
        if known.verdict.reason is Reason.PAUSED:
            return "Say resume to go on."
        if not known.verdict.on:
            return "Ask your admin if you want it on."
        parked = parked_for(known.state.trouble)
        if parked is not None:
            return TROUBLES[parked].next_step
        if known.state.trouble is not None:
            return "Nothing: the last change was not accepted yet and is tried again by itself."
        if known.state.observation is None:
            return "Change your status in Zoom once, or join a meeting."
        if known.shown is not None and why_different(known) and _set_by_hand(known.shown):
            return "Reset your status in Teams to show Zoom again."
        return None

    def tone(self) -> Tone:
        """How it looks at first sight."""
        known = self._known
        if known.verdict.on and (known.state.trouble is not None or known.shown is None):
            return "warning"
        settled = self._live is None or agrees(known)
        return "good" if known.verdict.on and settled else "neutral"

    def _pause_end(self) -> str:
        resumes = self._known.verdict.resumes_ms
        return "" if resumes is None else f" until {self._at(resumes)}"

    def _at(self, at_ms: int) -> str:
        return clock_time(at_ms, self._known.now_ms, self._zone)
