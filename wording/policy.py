"""The settings in words: levels, styles, the fields of the form, and why presence is on or off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, assert_never

from domain.form import HIGHEST_PRIORITY, Field, differing
from domain.policy import Authoriser, AuthorizeWith, Reason, Service
from domain.presence import Style
from domain.share import EVERYBODY
from wording.figures import people
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.condition import Condition
    from domain.effect import Effect
    from domain.form import LevelForm
    from domain.policy import Form, Level, ManagedGroup, Policy, Verdict


SERVICES: Final[Mapping[Service, str]] = {
    Service.GOOGLE: "Google",
    Service.EXCHANGE: "Exchange",
    Service.OFFICE_365: "Office 365",
}
AUTHORIZE_WITH: Final[Mapping[AuthorizeWith, str]] = {
    AuthorizeWith.EWS: "EWS",
    AuthorizeWith.GRAPH_API: "Graph API",
}
AUTHORISERS: Final[Mapping[Authoriser, str]] = {
    Authoriser.PERSON: "Each person",
    Authoriser.ASK: "The organisation, on request",
    Authoriser.INFORM: "The organisation, after notice",
}
AUTHORISERS_EXPLAINED: Final[Mapping[Authoriser, str]] = {
    Authoriser.PERSON: "Everyone connects and signs in with Microsoft once.",
    Authoriser.ASK: (
        "Nobody has to sign in. Each person gets one card, and it starts when they choose Start."
    ),
    Authoriser.INFORM: (
        "Nobody has to sign in. It starts a few working days after each person was told, unless "
        "they choose Not for me."
    ),
}
"""What it means for people, where it is chosen."""
BUSY_ONLY_UNASKED: Final = (
    "Where the organisation authorises it, people start with the style busy only, because an "
    "app’s Available can make it look as if people are at work when they aren’t. Anyone can "
    "choose another style for themselves."
)
_CHOICES: Final[Mapping[Field, Mapping[Any, str]]] = {
    Field.SERVICE: SERVICES,
    Field.AUTHORIZE_WITH: AUTHORIZE_WITH,
    Field.AUTHORISER: AUTHORISERS,
}
LABELS: Final[Mapping[Field, str]] = {
    Field.MANAGES: "Own settings",
    Field.INTEGRATION: "Calendar and contacts integration",
    Field.SERVICE: "Default calendar and contact service",
    Field.AUTHORIZE_WITH: "Authorize with",
    Field.AUTHORISER: "Who authorises",
    Field.CALENDAR: "Calendar",
    Field.CONTACTS: "Contacts",
    Field.PRESENCE_WRITE: "Presence",
    Field.LOCKED: "Lock",
    Field.STYLE: "Style",
    Field.PRIORITY: "Priority",
}
"""The fields as the article words them."""

_SET: Final = {
    Field.MANAGES: ("yes", "no (inherits)"),
    Field.INTEGRATION: ("on", "off"),
    Field.CALENDAR: ("read and write", "none"),
    Field.CONTACTS: ("read and write", "none"),
    Field.PRESENCE_WRITE: ("Write", "none"),
    Field.LOCKED: ("locked", "not locked"),
}
_OFF_BECAUSE: Final = {
    Reason.INTEGRATION_OFF: "the calendar and contacts integration is off",
    Reason.OTHER_SERVICE: "the default service isn’t Office 365",
    Reason.NOT_GRAPH: "it authorises with EWS, not with the Graph API",
    Reason.NO_PRESENCE_WRITE: "the Presence permission isn’t Write",
    Reason.EACH_PERSON: "each person now authorises it themselves, and you haven’t connected",
}


def value_words(field: Field, value: object) -> str:
    """A field's value as people read it; also one from the history, as it was stored."""
    if field in _SET and isinstance(value, bool):
        return _SET[field][0 if value else 1]
    return _CHOICES.get(field, {}).get(str(value), str(value))


def value_of_words(field: Field, said: str) -> str:
    """The value of a choice by its words, which some clients send in its place; else as it is."""
    meant, words = said.strip().casefold(), _CHOICES.get(field, {})
    return next((value for value, shown in words.items() if shown.casefold() == meant), said)


_PROPERTIES: Final = {"companyName": "company", "employeeType": "employee type"}


def property_words(only: Condition) -> str:
    """What a condition asks for: “country Sweden”."""
    return f"{_PROPERTIES.get(only.name, only.name)} {outside(only.value, 100)}"


def only_words(only: Condition) -> str:
    """For whom it counts, as the rest of a sentence."""
    return f"only for people who have {property_words(only)} in Entra"


def only_line(form: Form) -> str:
    """To whom a form is limited; empty where that is nobody in particular."""
    if form.only is None:
        return ""
    return f"The organisation’s authorisation counts {only_words(form.only)}."


def share_line(form: Form) -> str:
    """How many of a hundred a form starts; empty where that is everybody."""
    if form.share == EVERYBODY:
        return ""
    return (
        f"Share: {form.share}%. After notice, only that share of people is started. "
        "People who choose Start or connect aren’t limited."
    )


def not_usable(field: Field) -> str:
    """What to say where a field's value can't be used: nothing was saved, and what to do."""
    if field is Field.PRIORITY:
        return (
            f"A priority is a whole number from 1 to {HIGHEST_PRIORITY:,}. "
            "Nothing was saved. Change the number and save again."
        )
    return (
        f"Your Teams sent a value for “{LABELS[field]}” that isn’t one of the choices. "
        "Nothing was saved. Choose it again and save."
    )


def differences(old: LevelForm, new: LevelForm) -> tuple[tuple[str, str, str], ...]:
    """What a save changes, field by field: name, before, after."""
    return tuple(
        (LABELS[field], value_words(field, old.value(field)), value_words(field, new.value(field)))
        for field in differing(old, new)
    )


def because(form: Form) -> str:
    """Why presence is off with a form, as the rest of a sentence; empty when it is on."""
    stopped = form.stopped_by()
    match stopped:
        case None | Reason.ON | Reason.PAUSED | Reason.EACH_PERSON:
            return ""  # the last is about one person, not about a form
        case Reason.INTEGRATION_OFF | Reason.NOT_GRAPH | Reason.NO_PRESENCE_WRITE:
            return _OFF_BECAUSE[stopped]
        case Reason.OTHER_SERVICE:
            return f"the default service is {SERVICES[form.service]}, not Office 365"
    assert_never(stopped)


def level_words(level: Level, limit: int = 80) -> str:
    """The level as a part of a sentence."""
    return "the account" if level.is_account else outside(level.name, limit)


def touched(effect: Effect, level: Level, after: Policy) -> str:
    """Who is affected by an edit; what is zero is left out.

    `after` is the policy once the edit is made.
    """
    counted = ((len(effect.now), "now"), (effect.later, "once they connect"))
    affected = ", ".join(f"{people(count)} {when}" for count, when in counted if count)
    if not affected and not effect.shifts:
        affected = "nobody right now"
    said = (
        f"{affected}." if affected else "",
        shifting(effect),
        _decided_by_others(effect, level, after),
    )
    return " ".join(part for part in said if part)


def shifting(effect: Effect) -> str:
    """For whom the organisation's authorisation ends and begins by an edit, in sentences."""
    ends, off, now, then = effect.ends, effect.called_off, effect.starts, effect.starts_later
    told = "was told and is" if off == 1 else "were told and are"
    more = f"For {then:,} more it starts" if now else f"It starts for {people(then)}"
    said = (
        f"It ends for {people(ends)} who {_is(ends)} covered today." if ends else "",
        f"It won’t start for {people(off)} who {told} waiting for it." if off else "",
        f"It starts now for {people(now)} who {_was(now)} told before." if now else "",
        f"{more} once their notice ends." if then else "",
    )
    return " ".join(part for part in said if part)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _decided_by_others(effect: Effect, level: Level, after: Policy) -> str:
    if not effect.elsewhere:
        return ""
    return f"For {people(effect.elsewhere)} {_decider(level, after)} decides."


_MOST_DECIDERS = 3


def who_decides(
    members: int, level: Level, deciders: Sequence[tuple[ManagedGroup | None, int]], policy: Policy
) -> str:
    """Who decides for the members of a group (domain.policy.deciders), in two sentences.

    The group comes first, then at most so many other levels by name. `members` is Zoom's count.
    """
    said = f"It has {people(members)} in Zoom."
    account = "the locked account" if policy.account.locked else "the account"
    own = [row for row in deciders if row[0] and row[0].group_id == level.group_id]
    others = [row for row in deciders if row not in own]
    if not others:
        return f"{said} It decides for all of them." if own else said
    if not own and all(group is None for group, _ in others):
        return said  # the card says that it inherits, or that the account is locked
    named = [("it", count) for _, count in own]
    named += [
        (account if group is None else outside(group.name, 40), count)
        for group, count in others[:_MOST_DECIDERS]
    ]
    left = sum(count for _, count in others[_MOST_DECIDERS:])
    named += [("other groups", left)] if left else []
    (first, count), *rest = named
    parts = [f"{first[:1].upper()}{first[1:]} decides for {count:,} of them"]
    parts += [f"{name} for {count:,}" for name, count in rest]
    return f"{said} {', '.join(parts)}."


def not_now(effect: Effect, level: Level, after: Policy) -> str:
    """Whom an edit that was made does not touch now, in sentences; empty where that is nobody."""
    parts = [
        "" if effect.now or effect.shifts else "Nobody’s presence changes right now.",
        f"It applies to {people(effect.later)} once they connect." if effect.later else "",
        shifting(effect),
        _decided_by_others(effect, level, after),
        f"{people(effect.own)} carr{'ies' if effect.own == 1 else 'y'} on with their own sign-in."
        if effect.own
        else "",
    ]
    return " ".join(part for part in parts if part)


def _decider(level: Level, after: Policy) -> str:
    """Who decides for those in a level for whom it does not."""
    if after.account.locked:
        return "the locked account"
    return "their own group" if level.is_account else "a higher group"


@dataclass(frozen=True, slots=True)
class StyleWords:
    """A style in one sentence, and what one should know before it is used.

    `caution` stands where it is chosen, and then it is asked about; empty: there is nothing.
    `writes_own_status`: it writes the slot of the status set by hand.
    """

    sentence: str
    caution: str = ""
    writes_own_status: bool = False

    def warning(self, who: str) -> str:
        """The caution, for `who` (you, people)."""
        return self.caution.format(who=who)


OWN_STATUS_STAYS: Final = (
    "A status you set yourself in Teams always stays, unless you or your admin choose the style "
    "full."
)
"""The promise, as every card makes it; full may replace what it can't tell apart (StyleWords)."""

STYLES: Final[Mapping[Style, StyleWords]] = {
    Style.BUSY_ONLY: StyleWords("Shows meetings, calls, Busy and Do not disturb, nothing else."),
    Style.MIRROR: StyleWords(
        "Shows Available and Away too. It never touches a status set by hand in Teams."
    ),
    Style.FULL: StyleWords(
        "Shows Zoom’s exact labels, also for Busy, Do not disturb and calendar events.",
        # What it can't tell apart (domain.plan, `_explained`).
        caution=(
            "It can replace an Available or Away that {who} set by hand in Teams, because it "
            "can’t tell it from one that Teams set. Any other status set by hand stays."
        ),
        writes_own_status=True,
    ),
    Style.QUIET: StyleWords(
        "Like mirror, but meetings and calls show as Presenting, which is Do not disturb in Teams.",
        caution=(
            "While you’re in a Zoom meeting or call, Teams calls and messages don’t ring or pop "
            "up. Urgent ones may. If people always need to reach you, for instance when you’re on "
            "call, choose another style."
        ),
    ),
}
"""In the order in which they are explained."""
IN_A_CALL_RINGS: Final = (
    "“In a call” that an app sets doesn’t stop Teams from ringing. Do not disturb does."
)
"""What Microsoft's two words mean for calls, wherever people may expect silence of the first."""


def rule_words(verdict: Verdict) -> str:
    """The verdict for the person, with the style that is in force and whose choice it is."""
    said = verdict_words(verdict)
    if not verdict.on:
        return said
    return (
        f"{said} Your style is {verdict.style}{', your own choice' if verdict.own_style else ''}."
    )


def own_level(verdict: Verdict) -> str:
    """The deciding level, for the person, as a part of a sentence."""
    return "your organisation" if verdict.group is None else f"your group {verdict.group.name}"


def verdict_words(verdict: Verdict) -> str:
    """The one sentence on a verdict that every reader shows."""
    if verdict.reason is Reason.PAUSED:
        return "You paused presence sync."
    level = own_level(verdict)
    lock = " (locked by your admin)" if verdict.locked else ""
    if verdict.on:
        return f"Presence sync is on for {level}{lock}."
    if verdict.reason is Reason.INTEGRATION_OFF:
        how = "turned off and locked" if verdict.locked else "turned off"
        return f"Your admins have presence sync {how} for {level}."
    return f"Presence sync is off for {level}{lock}, because {_OFF_BECAUSE[verdict.reason]}."
