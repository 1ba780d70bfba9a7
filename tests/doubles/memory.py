"""What handlers stand on, in memory (bot.handlers.ports): for tests that need no Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import ConnectionError as RedisConnectionError

from bot.admins import Admins
from bot.desk import Desk
from bot.request import Turn
from bot.teams.activity import ConversationReference, Inbound, Kind, Person, Scope
from cards.seal import Seal
from domain.clock import MINUTE
from domain.directory import DirectoryHealth
from domain.effect import Effect
from domain.explanation import Admission, Explanation
from domain.history import CHANGE
from domain.link import Ending, Link, fold_address
from domain.look_ups import counted, day_of
from domain.person import PersonState
from domain.plan import plan
from domain.policy import Form, Policy, resolve
from domain.presence import Style
from domain.roles import Role
from domain.step import Seen, World
from sync.directory.store import DirectoryView
from sync.engine.engine import Busy, Chosen
from sync.engine.people import Parked
from sync.settings.audit import Actor, AuditLog, AuditPage, AuditRecord, Entry
from sync.settings.changes import Done, Preview
from sync.settings.rollout import Rollout
from sync.settings.store import Conflict
from tests.doubles.channel import Channel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from bot.sign_in.attempt import Attempt
    from bot.teams.activity import Heard
    from cards.build import Card
    from domain.directory import DirectoryGroup, DirectoryUser
    from domain.errors import Trouble
    from domain.look_ups import LookUps as OfSomebody
    from domain.policy import Personal, Verdict
    from domain.policy_edits import Edit
    from domain.presence import Shown
    from sync.engine.patience import Patience

NOW = 1_790_000_400_000
"""2026-09-21 14:20 UTC."""
TENANT = "00000000-0000-4000-8000-00000000000a"
ADA = Person(TENANT, "00000000-0000-4000-8000-000000000001", "29:ada", "Ada")
BEN = Person(TENANT, "00000000-0000-4000-8000-000000000002", "29:ben", "Ben")
CHAT = ConversationReference(
    "https://eu/", "a:ada", "28:bot", "msteams", TENANT, member_id="29:ada"
)
GROUP_CHAT = replace(CHAT, conversation_id="19:g@thread.v2", scope=Scope.GROUP_CHAT, member_id="")
SEAL = Seal(b"a secret that only tests know....")


def turn(
    person: Person = ADA,
    *,
    at: ConversationReference = CHAT,
    clicked: str = "",
    role: Role | None = Role.ADMIN,
) -> Turn:
    """Something that a person says, or presses on a card; `role` is what the guard found."""
    kind = Kind.CLICK if clicked else Kind.MESSAGE
    card_id = clicked or "card-1"
    return Turn(Inbound(kind, "activity", person, at), person, at, card_id, clicked, role)


async def now_ms() -> int:
    return NOW


class Chats(Channel):
    """A channel that remembers what it took, newest last: where, and a card or a line."""

    def __init__(self) -> None:
        super().__init__()
        self.took: list[tuple[str, Card | str]] = []

    async def send(
        self, to: ConversationReference, content: Card | str, *, once: bool = False
    ) -> str:
        sent = await super().send(to, content, once=once)
        self.took.append((to.conversation_id, content))
        return sent

    async def update(self, to: ConversationReference, activity_id: str, content: Card) -> None:
        await super().update(to, activity_id, content)
        self.took.append((to.conversation_id, content))


@dataclass
class Rows:
    """What is kept of conversations (bot.conversations): newer news wins."""

    down: int = 0
    """So many of the next writes of news fail, as if Redis were away."""
    chats: dict[str, tuple[int, ConversationReference]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    welcomed: set[str] = field(default_factory=set)

    def _old(self, oid: str, sent_ms: int | None) -> bool:
        if self.down:
            self.down -= 1
            raise RedisConnectionError
        last = max(self.chats.get(oid, (0, ""))[0], self.gone.get(oid, 0))
        return sent_ms is not None and sent_ms < last

    async def remember_reference(
        self, object_id: str, reference: ConversationReference, sent_ms: int | None = None
    ) -> Heard:
        if self._old(object_id, sent_ms):
            return ""
        again = object_id in self.chats and object_id not in self.gone
        self.chats[object_id] = (sent_ms or NOW, reference)
        self.gone.pop(object_id, None)
        return "again" if again else "anew"

    async def reference(self, object_id: str) -> ConversationReference | None:
        known = self.chats.get(object_id)
        return None if known is None else known[1]

    async def move_reference(self, object_id: str, reference: ConversationReference) -> None:
        self.chats[object_id] = (self.chats[object_id][0], reference)

    async def forget_reference(self, object_id: str, sent_ms: int | None = None) -> bool:
        if self._old(object_id, sent_ms):
            return False
        self.chats.pop(object_id, None)
        self.gone[object_id] = sent_ms or NOW
        self.welcomed.discard(object_id)
        return True

    async def doubt_reference(self, object_id: str, sent_ms: int | None = None) -> bool:
        if self._old(object_id, sent_ms):
            return False
        self.gone[object_id] = sent_ms or NOW
        return True

    async def is_there(self, object_id: str) -> bool:
        return object_id in self.chats and object_id not in self.gone

    async def remember_card(self, card_id: str, activity_id: str) -> None:
        self.cards[card_id] = activity_id

    async def activity_of(self, card_id: str) -> str | None:
        return self.cards.get(card_id)

    async def remember_recipient(self, card_id: str, object_id: str) -> None:
        self.asked.setdefault(card_id, object_id)

    async def recipient(self, card_id: str) -> str | None:
        return self.asked.get(card_id)

    async def first_welcome(self, object_id: str) -> bool:
        first = object_id not in self.welcomed
        self.welcomed.add(object_id)
        return first

    async def not_welcomed(self, object_id: str) -> None:
        self.welcomed.discard(object_id)


def desk(channel: Channel, rows: Rows) -> Desk:
    return Desk(channel, rows, SEAL)


@dataclass
class SignInLinks:
    """Links that were made, and whose attempts were ended."""

    made: list[Attempt] = field(default_factory=list)
    under_way: set[str] = field(default_factory=set)

    async def new_ticket(self, attempt: Attempt) -> str:
        self.made.append(attempt)
        self.under_way.add(attempt.object_id)
        return "https://bot.example/start"

    async def end(self, object_id: str) -> bool:
        ended = object_id in self.under_way
        self.under_way.discard(object_id)
        return ended


def link_of(person: Person, **facts: Any) -> Link:
    address = f"{person.name.lower()}@example.com"
    return Link(person.object_id, TENANT, person.name, (address,), 1, **facts)


@dataclass
class Presence:
    """Connected people (the ports Engine and People), and what was done for them.

    `answers`: Microsoft answers while somebody waits. `allowed`: nobody has asked too often.
    `shown` is what Microsoft shows. `refuses`: it clears nothing. `mends`: trying again helps.
    """

    policy: Policy = field(default_factory=lambda: Policy(Form(integration=True), version=1))
    people: dict[str, tuple[Link, PersonState]] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    answers: bool = True
    allowed: bool = True
    busy: bool = False
    refuses: bool = False
    mends: bool = True
    shown: Shown | None = None
    shown_error: str | None = None
    ends: Ending | None = field(default_factory=lambda: Ending("cleared"))
    chose: list[tuple[Personal, int | None]] = field(default_factory=list)

    def connect(self, person: Person = ADA, **facts: Any) -> PersonState:
        """Somebody has connected. `facts` are of their state."""
        state = PersonState(person.object_id, **facts)
        self.people[person.object_id] = (link_of(person, zoom_id=f"z-{person.name}"), state)
        return state

    async def now_ms(self) -> int:
        return NOW

    async def link_of(self, object_id: str) -> tuple[Link, PersonState] | None:
        return self.people.get(object_id)

    async def is_connected(self, object_id: str) -> bool:
        return object_id in self.people

    async def verdict_of(self, object_id: str) -> Verdict | None:
        known = self.people.get(object_id)
        if known is None:
            return None
        return resolve(self.policy, known[1].group_ids, known[1].personal, now_ms=NOW)

    def verdict_without_link(self, group_ids: Collection[str]) -> Verdict:
        return resolve(self.policy, group_ids)

    async def admit(self, object_id: str) -> Admission | None:
        self.done.append("admit")
        known = self.people.get(object_id)
        return None if known is None else Admission(known[0], replace(known[1]), self.allowed)

    async def explain(self, object_id: str, patience: Patience | None = None) -> Explanation | None:
        known, verdict = self.people.get(object_id), await self.verdict_of(object_id)
        if known is None or verdict is None:
            return None
        link, state = known
        seen, world = Seen(None, state.held), World(can_ask=True)
        step = plan(NOW, state, verdict, seen, world)
        return Explanation(
            link, state, verdict, step, NOW, self.shown, self.shown_error, can_ask=True
        )

    async def test(self, object_id: str) -> Explanation | None:
        return await self.explain(object_id)

    async def choose(
        self,
        object_id: str,
        personal: Personal,
        patience: Patience | None = None,
        *,
        not_before_ms: int | None = None,
    ) -> Chosen | None:
        if object_id not in self.people:
            return None
        link, state = self.people[object_id]
        self.chose.append((personal, not_before_ms))
        state = replace(state, personal=personal)
        self.people[object_id] = (link, state)
        if not self.answers or not_before_ms is not None:
            return Chosen(None)
        verdict = resolve(self.policy, state.group_ids, personal, now_ms=NOW)
        if not verdict.on and not self.refuses:
            state.held = None
        return Chosen(state)

    async def disconnect(self, object_id: str) -> Ending | None:
        self.done.append("disconnect")
        known = self.people.pop(object_id, None)
        if known is not None and self.ends is not None and self.ends.how == "later":
            self.endings[object_id] = self.ends
        return None if known is None else self.ends

    async def leaving(self, object_id: str) -> Ending | None:
        return self.endings.get(object_id)

    async def may_look_up(self, object_id: str, *, everybody: bool = False) -> bool:
        return self.allowed

    async def revive(self, object_id: str) -> bool:
        known = self.people.get(object_id)
        if known is None or known[1].trouble == "authorize":
            return False
        self.done.append(f"revive {object_id}")
        if self.mends:
            known[1].trouble = None
        return True

    async def reconcile_now(self, object_id: str) -> PersonState | None:
        if self.busy:
            raise Busy
        return self.people[object_id][1]

    async def app_gone(self, object_id: str) -> None:
        self.done.append("gone")
        if object_id in self.people:
            self.people[object_id][1].gone_ms = NOW

    async def app_back(self, object_id: str) -> None:
        self.done.append("back")
        if object_id in self.people:
            self.people[object_id][1].gone_ms = None

    async def app_is_gone(self, object_id: str) -> bool:
        return object_id in self.people and self.people[object_id][1].gone_ms is not None

    # -- many at a time

    async def owner_of(self, *, address: str | None, zoom_id: str | None) -> str | None:
        for oid, (link, _) in self.people.items():
            if address in link.addresses or (zoom_id is not None and zoom_id == link.zoom_id):
                return oid
        return None

    async def parked(self) -> AsyncIterator[Parked]:
        for oid, (_, state) in self.people.items():
            if state.trouble is not None:
                yield Parked(oid, cast("Trouble", state.trouble), state.trouble_ms or NOW)

    async def rows(self, people: Sequence[str], *names: str) -> list[PersonState]:
        return [self.people[oid][1] for oid in people if oid in self.people]


@dataclass
class LookUps:
    """How often people were looked up (the port); `all_know`: every process can read it."""

    all_know: bool = True
    counts: list[tuple[str, Role]] = field(default_factory=list)

    async def count(self, object_id: str, role: Role, now_ms: int) -> bool:
        assert now_ms == NOW
        if self.all_know:
            self.counts.append((object_id, role))
        return self.all_know

    async def counted(self, object_id: str, *, connected_ms: int, now_ms: int) -> OfSomebody | None:
        counts = [(day_of(now_ms), role.value, 1) for oid, role in self.counts if oid == object_id]
        found = counted(counts, now_ms=now_ms, begun_ms=1, connected_ms=connected_ms)
        return found if self.all_know else None


@dataclass
class Settings:
    """What admins decided (the port Policies). `touches` are those whom every edit touches.

    `shifts`: for how many the organisation's authorisation ends or starts by it.
    """

    presence: Presence = field(default_factory=Presence)
    touches: tuple[str, ...] = ()
    shifts: Effect = field(default_factory=Effect)
    made: list[tuple[Edit, Actor]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    rollouts: dict[str, tuple[Rollout, int]] = field(default_factory=dict)
    first: Policy | None = None
    """What somebody else saves in the moment before the next edit is made."""

    async def policy(self) -> Policy:
        return self.presence.policy

    async def preview(self, edit: Edit) -> Preview:
        before = self.presence.policy
        return Preview(before, edit.apply(before), self._effect(before, edit.apply(before)))

    async def make(
        self,
        edit: Edit,
        *,
        expected: int,
        by: Actor,
        show: Callable[[Preview], str],
        reason: str = "",
    ) -> Done | Conflict:
        if self.first is not None:
            self.presence.policy, self.first = self.first, None
        before = self.presence.policy
        if before.version != expected:
            return Conflict(before)
        after = replace(edit.apply(before), version=expected + 1)
        self.presence.policy = after
        self.made.append((edit, by))
        self.reasons.append(reason)
        rollout = None
        if self.touches:
            change = Preview(before, after, self._effect(before, after))
            rollout = Rollout("r1", after.version, len(self.touches), show(change))
            self.rollouts["r1"] = (rollout, rollout.total)
        return Done(before, after, self._effect(before, after), rollout)

    def _effect(self, before: Policy, after: Policy) -> Effect:
        count, old, new = len(self.touches), before.account, after.account
        goes_off = old.stopped_by() is None and new.stopped_by() is not None
        goes_on = old.stopped_by() is not None and new.stopped_by() is None
        full = new.stopped_by() is None and new.style is Style.FULL
        return replace(
            self.shifts,
            now=self.touches,
            off=count * goes_off,
            on=count * goes_on,
            full=count * full,
        )

    async def under_way(self, rollout_id: str) -> tuple[Rollout, int] | None:
        return self.rollouts.get(rollout_id)

    async def connected(self) -> AsyncIterator[list[PersonState]]:
        yield await self.presence.rows(list(self.presence.people))


@dataclass(frozen=True)
class View(DirectoryView):
    """A reading of Zoom's people and groups."""

    listed: tuple[DirectoryUser, ...] = ()

    async def user_by_address(self, address: str) -> DirectoryUser | None:
        return next((u for u in self.listed if u.address == fold_address(address)), None)

    async def user(self, zoom_id: str) -> DirectoryUser | None:
        return next((user for user in self.listed if user.zoom_id == zoom_id), None)

    async def users(self, zoom_ids: Sequence[str]) -> list[DirectoryUser]:
        return [user for user in self.listed if user.zoom_id in zoom_ids]

    async def members(self, group_id: str) -> list[str]:
        return [user.zoom_id for user in self.listed if group_id in user.group_ids]

    async def everyone(self) -> AsyncIterator[DirectoryUser]:
        for user in self.listed:
            yield user


@dataclass
class ZoomDirectory:
    """Zoom's people and groups; `read` is false before the first reading."""

    groups: tuple[DirectoryGroup, ...] = ()
    users: tuple[DirectoryUser, ...] = ()
    read: bool = True

    async def view(self) -> DirectoryView | None:
        groups = {group.group_id: group for group in self.groups}
        return View(cast("Any", None), "r", groups, self.users) if self.read else None

    async def health(self) -> DirectoryHealth:
        return DirectoryHealth(
            configured=True, now_ms=NOW, read_ms=NOW - MINUTE if self.read else None
        )


class History(AuditLog):
    """The history, oldest first."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    async def _add(self, entry: Entry) -> None:
        self.records.append(_record(entry, len(self.records), NOW))

    def changed(self, by: Person, *, version: int, scope: str = "account", ago_ms: int = 0) -> None:
        """Somebody has changed the settings."""
        on, off = {"integration": True}, {"integration": False}
        who = Actor(by.object_id, by.name)
        entry = Entry(CHANGE, who, scope, scope, off, on, version)
        self.records.append(_record(entry, len(self.records), NOW - ago_ms))

    async def page(
        self, *, before: str | None = None, limit: int = 20, scope: str | None = None
    ) -> AuditPage:
        return AuditPage(tuple(reversed(self.records))[:limit], None)

    async def last_change(self, *, since: int) -> AuditRecord | None:
        changes = [r for r in self.records if r.kind == CHANGE and (r.version or 0) > since]
        return changes[-1] if changes else None

    @property
    def acts(self) -> list[tuple[str, str]]:
        """What was done or looked up, and of whom."""
        return [(record.kind, record.scope) for record in self.records]


def _record(entry: Entry, number: int, at_ms: int) -> AuditRecord:
    told = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return AuditRecord(**told, entry_id=f"{at_ms}-{number}", at_ms=at_ms)


def admins(*named: Person, guests: Collection[str] = ()) -> Admins:
    """The rule itself: those whom the operator names, unless they are guests."""

    async def is_guest(oid: str) -> bool:
        return oid in guests

    async def no_roles(*_: object) -> frozenset[str]:
        return frozenset()

    async def no_addresses(*_: object) -> tuple[str, ...]:
        return ()

    async def nothing_proven(_: str) -> None:
        return None

    return Admins(
        named=frozenset(person.object_id for person in named),
        known=Presence(),
        external=is_guest,
        app_roles=no_roles,
        addresses_now=no_addresses,
        zoom_editor=None,
        proven=nothing_proven,
        now=time.monotonic,
    )
