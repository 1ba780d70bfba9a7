"""What is known of a connected person, and what changes of it. Pure. Times are epoch milliseconds.

A person changes only by a `Patch`: it changes the copy in hand, and it is what is written
into their row (sync.engine.person_row).

Of one kind (session or preferred status) Microsoft holds at most one thing of us. While every
answer is heard, what we told and what it accepted are the same. A failure, or a worker that died,
leaves an *attempt*: Microsoft may hold it or not. It must be planned for as if it were there, and
nobody may be told that it is.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from domain.errors import Trouble
from domain.policy import NOTHING_CHOSEN, AuthorisedBy, Personal, Reason, resolve
from domain.storms import NOT_NOTIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.policy import Policy, Verdict
    from domain.presence import Observation, Pair, Style
    from domain.readback import Lesson, Sight
    from domain.setback import Setback
    from domain.storms import Notified


TEST_MINUTES = 5
"""How long the presence of a test that a person runs is shown."""


class Layer(Enum):
    """Our session, or over it the preferred status, which otherwise the person sets."""

    SESSION = "session"
    PREFERRED = "preferred"


class Accepted(NamedTuple):
    """What Microsoft said yes to, when, and until when it holds it by itself (epoch ms).

    Made where its answer is heard, or of what was kept of one, and nowhere else: sentences say
    “told” of these only (tests/wording/test_evidence.py).
    """

    pair: Pair
    at_ms: int
    until_ms: int

    @property
    def held(self) -> Held:
        """What it holds of us since that answer."""
        return Held(self.pair, self.at_ms, self.until_ms)


class Cleared(NamedTuple):
    """Nothing of ours is left at Microsoft (epoch ms): sentences say “cleared” of these only."""

    at_ms: int


class Held(NamedTuple):
    """What Microsoft may hold of us, since when, and until when at the latest (epoch ms).

    `sure` is false where its answer was never heard or was no: then this is what was attempted
    last (to set it, or to end it); it may be there or not, and after a crash it may be another
    pair. It must be written again to count, and cleared if it is not wanted. `before` is what was
    accepted before that attempt.
    """

    pair: Pair
    told_ms: int
    until_ms: int
    sure: bool = True
    before: Accepted | None = None

    @property
    def accepted(self) -> Accepted | None:
        """What Microsoft accepted last, be it over by now; None: nothing that counts."""
        return Accepted(self.pair, self.told_ms, self.until_ms) if self.sure else self.before


def attempt(pair: Pair, now_ms: int, until_ms: int, before: Held | None) -> Held:
    """What may be held from the moment on in which Microsoft is told something else.

    `until_ms`: when that would end by itself; what was held before may last longer.
    """
    if before is not None:
        until_ms = max(until_ms, before.until_ms)
    return Held(pair, now_ms, until_ms, False, None if before is None else before.accepted)


@dataclass(slots=True)
class PersonState:
    """What is known of one person: a copy of their row, changed by the patches that go into it."""

    object_id: str
    generation: int = 0
    version: int = 0
    observation: Observation | None = None
    since_ms: int | None = None  # since when Zoom has said the same (None: not known)
    got_ms: int | None = None
    acted_ms: int | None = None
    held: Held | None = None
    test_until_ms: int | None = None
    tries: int = 0
    trouble: str | None = None  # what ails them (domain.errors.Trouble), since when, and the code
    trouble_ms: int | None = None
    trouble_code: str = ""
    notified: Notified = NOT_NOTIFIED  # that they must connect again
    failed_code: str = ""  # what failed last, also when it is over, and when
    failed_ms: int | None = None
    wait_ms: int | None = None
    leaving: bool = False
    gone_ms: int | None = None  # since when their app is taken out, perhaps to be replaced
    preferred: Held | None = None
    yielded_ms: int | None = None  # the time of the observation for which their own choice was met
    group_ids: frozenset[str] = frozenset()
    policy_needed: int = 0
    policy_done: int = 0
    zoom_id: str | None = None
    met: bool = False
    wrote_ms: int | None = None
    proved_ms: int | None = None  # when the link was last compared with both sides
    personal: Personal = NOTHING_CHOSEN
    authorised_by: AuthorisedBy = AuthorisedBy.PERSON
    own_until_ms: int | None = None  # until then their own authorisation is kept beside another's
    session_app: str = ""  # whose session `held` is: a client id; "": that of who signs people in
    former: Held | None = None  # another registration's session, which could not be cleared
    former_app: str = ""  # and which one's
    sight: Sight | None = None  # what Microsoft was seen to show; none after a write
    lesson: Lesson | None = None  # what looks have taught of them
    planned_as: Style | None = (
        None  # whether it can be said what should be shown (domain.agreement)
    )

    @property
    def away_ms(self) -> int | None:
        """Since when (epoch ms) nothing is shown of them, because their app is taken out.

        The organisation's authorisation needs no app; one of their own that is kept beside it does,
        once it counts.
        """
        return None if self.authorised_by is AuthorisedBy.ORGANISATION else self.gone_ms

    def holding(self, layer: Layer) -> Held | None:
        """What Microsoft may hold of us there."""
        return self.preferred if layer is Layer.PREFERRED else self.held

    def cleared(self, now_ms: int) -> Cleared | None:
        """That Microsoft holds nothing of us; None: it may. What it holds goes by its yes alone."""
        until_ms = self.held_until_ms
        return None if until_ms is not None and until_ms > now_ms else Cleared(now_ms)

    @property
    def held_until_ms(self) -> int | None:
        """When the last of what Microsoft may hold of us ends by itself; None: it holds nothing."""
        held = (self.held, self.preferred, self.former)
        return max((each.until_ms for each in held if each is not None), default=None)

    @property
    def spread(self) -> float:
        """In [0, 1): keeps people who changed together from being repeated together."""
        told = self.held.told_ms if self.held else 0
        return zlib.crc32(f"{self.object_id}{told}".encode()) / 2**32


def app_of(person: PersonState, organisation_app: str) -> str:
    """As which registration Microsoft is told of them (client id; "": who signs people in).

    `organisation_app`: whose the organisation's token is. Graph has a session for each.
    """
    return organisation_app if person.authorised_by is AuthorisedBy.ORGANISATION else ""


def verdict_of(policy: Policy, person: PersonState, now_ms: int) -> Verdict:
    """What policy says of a connected person at a time (epoch ms).

    Once their level asks each person, one of their own that is still kept is to count (`by` is not
    the row's): it does as soon as the row says so, and until then nothing is written.
    """
    groups, chosen = person.group_ids, person.personal
    verdict = resolve(policy, groups, chosen, by=person.authorised_by, now_ms=now_ms)
    if verdict.reason is Reason.EACH_PERSON and (person.own_until_ms or 0) > now_ms:
        return resolve(policy, groups, chosen, now_ms=now_ms)
    return verdict


class Patch:
    """Fields of a person and their new values. Made by a verb that says what has happened."""

    __slots__ = ("values",)

    def __init__(self, **values: Any) -> None:
        self.values = values

    def __or__(self, later: Patch) -> Patch:
        """Both; where they differ, the later."""
        return Patch(**(self.values | later.values))

    def __ior__(self, later: Patch) -> Self:
        self.values |= later.values
        return self

    def __repr__(self) -> str:
        return f"Patch({self.values})"

    def apply(self, person: PersonState) -> None:
        """Change the copy in hand."""
        for name, value in self.values.items():
            setattr(person, name, value)

    # -- what Microsoft holds ----------------------------------------------------------------------

    @staticmethod
    def holds(held: Held | None, layer: Layer) -> Patch:
        """Microsoft (perhaps) holds this of us there; None: nothing."""
        return Patch(preferred=held) if layer is Layer.PREFERRED else Patch(held=held)

    @staticmethod
    def writes_as(app: str) -> Patch:
        """From now on sessions are this registration's ("": that of who signs people in)."""
        return Patch(session_app=app)

    @staticmethod
    def left_to_end(person: PersonState) -> Patch:
        """The session is another registration's, and can't be cleared: it ends by itself."""
        held, former = person.held, person.former
        if held is None or (former is not None and former.until_ms > held.until_ms):
            return Patch(held=None)  # what ends last stands for both
        return Patch(held=None, former=held, former_app=person.session_app)

    @staticmethod
    def left_has_ended() -> Patch:
        """What could not be cleared has ended."""
        return Patch(former=None, former_app="")

    @staticmethod
    def takes_up(person: PersonState) -> Patch:
        """Who could not clear their session writes again: it is what is held, and may be there."""
        former = person.former
        held = None if former is None else former._replace(sure=False, before=former.accepted)
        return Patch(held=held, session_app=person.former_app) | Patch.left_has_ended()

    @staticmethod
    def wrote(now_ms: int) -> Patch:
        """Microsoft accepted a write."""
        return Patch(wrote_ms=now_ms)

    @staticmethod
    def taught(lesson: Lesson | None) -> Patch:
        """What looks have taught of them."""
        return Patch(lesson=lesson)

    @staticmethod
    def planned(style: Style | None) -> Patch:
        """By which style they were planned; None: nothing can be said of what should be shown."""
        return Patch(planned_as=style)

    @staticmethod
    def unseen() -> Patch:
        """What was seen before says nothing any more."""
        return Patch(sight=None)

    @staticmethod
    def acted(got_ms: int) -> Patch:
        """What reached us from Zoom at that time has been acted on."""
        return Patch(acted_ms=got_ms)

    @staticmethod
    def yielded(observation: Observation | None) -> Patch:
        """They have chosen a status themselves: what we preferred is theirs, and not cleared."""
        at_ms = None if observation is None else observation.at_ms
        return Patch(yielded_ms=at_ms, preferred=None)

    @staticmethod
    def first_meeting() -> Patch:
        """They have seen their first meeting shown."""
        return Patch(met=True)

    # -- what ails them ----------------------------------------------------------------------------

    @staticmethod
    def failed(after: Setback, code: str, answered_ms: int | None) -> Patch:
        """Something failed with this code, and means that for them.

        `answered_ms`: when, if it was an answer to them: then it is shown also when it is over.
        """
        patch = Patch(
            trouble=after.trouble,
            trouble_ms=after.since_ms,
            trouble_code=code,
            tries=after.tries,
            wait_ms=after.due_ms,
        )
        if answered_ms is not None:
            patch |= Patch(failed_code=code, failed_ms=answered_ms)
        return patch

    @staticmethod
    def recovered(person: PersonState) -> Patch:
        """All is well. Only what ailed them as they were read: news may have come since."""
        well: dict[str, object] = {}
        if person.tries:
            well["tries"] = 0
        if person.trouble is not None:
            well |= {"trouble": None, "trouble_ms": None, "trouble_code": ""}
            well["notified"] = NOT_NOTIFIED
        if person.wait_ms is not None:
            well["wait_ms"] = None
        return Patch(**well)

    @staticmethod
    def must_authorize(code: str, now_ms: int) -> Patch:
        """Their authorisation ended; `code` is what was answered."""
        return Patch(trouble=Trouble.AUTHORIZE, trouble_ms=now_ms, trouble_code=code)

    @staticmethod
    def notified(notified: Notified) -> Patch:
        """How far notifying them that they must connect again is."""
        return Patch(notified=notified)

    @staticmethod
    def revived() -> Patch:
        """They were given up, and are tried anew as if nothing had failed."""
        return Patch(trouble=None, trouble_ms=None, trouble_code="", tries=0, wait_ms=None)

    @staticmethod
    def retries_authorization() -> Patch:
        """Perhaps their authorisation works again: it is found out. Since when it failed stays."""
        return Patch(trouble=Trouble.AGAIN, tries=0, wait_ms=None)

    # -- what is wanted ----------------------------------------------------------------------------

    @staticmethod
    def testing(until_ms: int) -> Patch:
        """*Test it* runs until then."""
        return Patch(test_until_ms=until_ms)

    @staticmethod
    def tested() -> Patch:
        """*Test it* is over."""
        return Patch(test_until_ms=None)

    @staticmethod
    def chose(personal: Personal, not_before_ms: int | None = None) -> Patch:
        """They decided for themselves. `not_before_ms`: nothing is done about it before."""
        wait = {} if not_before_ms is None else {"wait_ms": not_before_ms}
        return Patch(personal=personal, **wait)

    @staticmethod
    def in_groups(group_ids: Iterable[str]) -> Patch:
        """These are their Zoom groups now."""
        return Patch(group_ids=frozenset(group_ids))

    @staticmethod
    def needs(policy: int) -> Patch:
        """The policy of this version is to be carried out for them."""
        return Patch(policy_needed=policy)

    @staticmethod
    def carried_out(policy: int) -> Patch:
        """The policy of this version is carried out for them, as far as it can be."""
        return Patch(policy_done=policy)

    # -- coming and going --------------------------------------------------------------------------

    @staticmethod
    def proved(now_ms: int) -> Patch:
        """Both sides say that the link is right."""
        return Patch(proved_ms=now_ms)

    @staticmethod
    def app_gone(now_ms: int) -> Patch:
        """Their app is taken out, perhaps to be replaced."""
        return Patch(gone_ms=now_ms)

    @staticmethod
    def app_back() -> Patch:
        """Their app is there again."""
        return Patch(gone_ms=None, wait_ms=None)

    @staticmethod
    def leaving() -> Patch:
        """They are to be forgotten, at once."""
        return Patch(leaving=True, wait_ms=None)
