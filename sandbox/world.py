"""The sandbox's state: what its people do in Zoom and Teams, and what Microsoft shows.

Everything that changes something goes through `World`, which tells everyone who waits
(`wait_for_change`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sandbox import graph_presence as presence
from sandbox.clock import SandboxClock
from sandbox.faults import Faults
from sandbox.graph_looks import ManyLooks
from sandbox.graph_presence import Pair, Preferred, Session, TeamsClient, TeamsState
from sandbox.identity import APP_NAME, Identity
from sandbox.own_rights import OwnRights
from sandbox.people import GROUPS, PEOPLE, SandboxGroup, SandboxPerson
from sandbox.quota import Quota
from sandbox.registration import Registration
from sandbox.zoom_states import ZoomPresence
from sandbox.zoom_webhook import WebhookSender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from sandbox.coverage import CoverageSource

JOURNAL_LINES: Final = 50
BY_PERSON: Final = "person"
BY_APP: Final = "app"
ZOOM_SCOPES: Final = (
    "user:read:list_users:admin user:read:user:admin user:read:presence_status:admin "
    "group:read:list_groups:admin group:read:group:admin group:read:list_members:admin "
    "role:read:list_roles:admin role:read:role:admin marketplace_app:read:admin"
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """What the sandbox has to agree on with the app under test.

    `zoom_webhook_url` None: events are not sent anywhere. `chat_url`: where the panel's link to
    the chat client leads. `bot_endpoint`: where the chat client's messages go, through
    `sandbox.chat`. `state_file`: where sign-ins and states survive a restart; None: memory only.
    `second_…`: a registration that gets application tokens only; "": there is none.
    `others` are in Entra or Zoom, and nothing of them is seen here (sandbox.people.OTHERS).
    """

    tenant_id: str
    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    zoom_webhook_url: str | None
    zoom_webhook_secret: str
    zoom_account_id: str
    zoom_client_id: str
    zoom_client_secret: str
    people: Sequence[SandboxPerson] = PEOPLE
    others: Sequence[SandboxPerson] = ()
    second_client_id: str = ""
    second_client_secret: str = ""
    second_redirect_uris: tuple[str, ...] = ()
    groups: Sequence[SandboxGroup] = GROUPS
    chat_url: str | None = None
    bot_endpoint: str | None = None
    state_file: Path | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """Something done to a person's presence: when (sandbox time), and Graph's HTTP answer."""

    at: float
    who: str
    what: str
    status: int | None = None


@dataclass(slots=True)
class PersonState:
    """One person's states. `sessions` are the applications' sessions by application id."""

    person: SandboxPerson
    zoom: ZoomPresence = ZoomPresence.OFFLINE
    zoom_since: float = 0.0
    teams: TeamsState = field(default_factory=TeamsState)
    sessions: dict[str, Session] = field(default_factory=dict)
    preferred: Preferred | None = None
    journal: deque[JournalLine] = field(default_factory=lambda: deque(maxlen=JOURNAL_LINES))


class World:
    """All of the sandbox's state, and the only place where it changes."""

    def __init__(self, config: SandboxConfig, clock: SandboxClock | None = None) -> None:
        self.config = config
        self.clock = clock or SandboxClock()
        self.revision = 0
        self._change = asyncio.Event()
        now = self.clock.now()
        self.people = {
            person.object_id: PersonState(person, zoom_since=now, teams=TeamsState(since=now))
            for person in config.people
        }
        self.identity = Identity(config.tenant_id, config.client_id, config.people, self.clock)
        self.registration = Registration()
        self.own_rights = OwnRights()
        self.second_rights = OwnRights()
        self.coverage: CoverageSource | None = None
        """Asks the product whom it shows by whose authorisation; None: nobody is asked."""
        self.zoom_scopes: str | None = ZOOM_SCOPES
        """What tokens of Zoom's say of their scopes; None: nothing."""
        self.quota = Quota(self.clock.now)
        self.faults = Faults(self.changed)
        self.looks = ManyLooks(self.people, self.clock.now, self.shown)
        self.zoom_unknown = (404, 1001)
        """HTTP status and Zoom's code for a user whom it does not know: it uses several."""
        self.webhooks = WebhookSender(
            config.zoom_webhook_url, config.zoom_webhook_secret, self.clock, self.changed
        )
        self.clock.on_move(self.settle)

    # Registrations

    def rights_of(self, client_id: str) -> OwnRights:
        """What the organisation lets a registration do by itself."""
        second = self.config.second_client_id
        return self.second_rights if second and client_id == second else self.own_rights

    def secret_of(self, client_id: str) -> str | None:
        """A registration's secret; None: there is no such one."""
        config = self.config
        secrets = {config.client_id: config.client_secret}
        if config.second_client_id:
            secrets[config.second_client_id] = config.second_client_secret
        return secrets.get(client_id)

    # Change and waiting

    def changed(self) -> None:
        """Tell everyone who waits that something is different."""
        self.looks.note()
        self.revision += 1
        change, self._change = self._change, asyncio.Event()
        change.set()

    async def wait_for_change(self, seen: int) -> int:
        """Wait until the revision differs from `seen` and return it."""
        while self.revision == seen:
            await self._change.wait()
        return self.revision

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition()` holds; asked again after every change."""
        while not condition():
            await self._change.wait()

    async def run_turns(self) -> None:
        """Announce what changes by itself (fading, expiry) when it does. Never returns."""
        while True:
            seen = self.revision
            moments = [
                presence.next_turn(s.sessions.values(), s.preferred, self.clock.now())
                for s in self.people.values()
            ]
            turn = min((m for m in moments if m is not None), default=None)
            try:
                async with asyncio.timeout(None if turn is None else turn - self.clock.now()):
                    await self.wait_for_change(seen)
            except TimeoutError:
                self.settle()

    def settle(self) -> None:
        """Drop what has expired, and tell."""
        now = self.clock.now()
        for state in self.people.values():
            for app_id in [a for a, s in state.sessions.items() if not s.alive(now)]:
                pair = state.sessions.pop(app_id).pair
                self._note(state, "Microsoft", f"session {_words(pair)} expired")
            if state.preferred is not None and not state.preferred.alive(now):
                self._note(state, "Microsoft", f"preferred {_words(state.preferred.pair)} expired")
                state.preferred = None
        self.changed()

    # Looking

    def shown(self, oid: str) -> Pair:
        """What Microsoft shows for a person now. Raises KeyError for strangers."""
        state = self.people[oid]
        return presence.aggregate(
            state.sessions.values(), state.teams, state.preferred, self.clock.now()
        )

    def by_zoom(self, id_or_email: str) -> PersonState | None:
        """The person with this Zoom id or (in any case) e-mail address."""
        for state in self.people.values():
            email = state.person.zoom_email
            if email is not None and (
                id_or_email == state.person.zoom_id or id_or_email.casefold() == email.casefold()
            ):
                return state
        return None

    # What people do

    def set_zoom(self, oid: str, to: ZoomPresence, *, event_ts: int | None = None) -> None:
        """The person's Zoom presence changes, and Zoom sends its webhook.

        `event_ts` (milliseconds) overrides the event's time: late, early and repeated events.
        Without it, setting the same state again sends nothing. Raises ValueError for a person
        without Zoom.
        """
        state = self.people[oid]
        if state.person.zoom_email is None:
            raise ValueError(f"{state.person.name} has no Zoom account.")
        if state.zoom is to and event_ts is None:
            return
        if state.zoom is not to:
            state.zoom, state.zoom_since = to, self.clock.now()
        self.webhooks.presence(state.person, to, self.config.zoom_account_id, event_ts)
        self.changed()

    def set_groups(self, oid: str, names: Iterable[str]) -> None:
        """An admin moves the person to these Zoom groups, and Zoom sends its webhooks.

        Raises ValueError for a person without Zoom or a group that does not exist.
        """
        state, wanted = self.people[oid], tuple(dict.fromkeys(names))
        person, groups = state.person, {group.name: group for group in self.config.groups}
        if person.zoom_email is None:
            raise ValueError(f"{person.name} has no Zoom account.")
        if unknown := [name for name in wanted if name not in groups]:
            raise ValueError(f"There is no Zoom group {unknown[0]!r}.")
        state.person = replace(person, groups=wanted)
        for name, group in groups.items():
            if (name in person.groups) != (name in wanted):
                event = "group.member_added" if name in wanted else "group.member_deleted"
                member = {"id": person.zoom_id, "email": person.zoom_email}
                about = {"id": group.group_id, "name": name, "members": [member]}
                payload = {"account_id": self.config.zoom_account_id, "object": about}
                self.webhooks.send(event, payload, about=f"{person.name}: {name}")
        self.changed()

    def set_teams(self, oid: str, client: TeamsClient) -> None:
        """The person opens, leaves or closes Teams, or talks there."""
        state = self.people[oid]
        if state.teams.client is not client:
            state.teams = TeamsState(client, self.clock.now())
            self.changed()

    def set_manual(self, oid: str, availability: str | None) -> None:
        """The person sets a status by hand in Teams (None: resets it): the preferred slot.

        Raises ValueError for a status that Teams does not offer.
        """
        state = self.people[oid]
        if availability is None:
            state.preferred = None
            self._note(state, state.person.name, "reset their status")
        else:
            pair = next((p for p in presence.PREFERRED_PAIRS if p[0] == availability), None)
            if pair is None:
                raise ValueError(f"Teams offers no status {availability!r}.")
            expiry = self.clock.now() + presence.preferred_default(pair)
            state.preferred = Preferred(pair, expiry, BY_PERSON)
            self._note(state, state.person.name, f"set their status to {_words(pair)}")
        self.changed()

    # What applications do

    def set_session(self, oid: str, app_id: str, pair: Pair, duration: float) -> None:
        """An application opens or replaces its session, for `duration` seconds."""
        now = self.clock.now()
        self.people[oid].sessions[app_id] = Session(pair, now, now + duration)
        self.changed()

    def clear_session(self, oid: str, app_id: str) -> bool:
        """An application ends its session. False when it had none."""
        session = self.people[oid].sessions.pop(app_id, None)
        self.changed()
        return session is not None and session.alive(self.clock.now())

    def lose_session(self, oid: str) -> None:
        """Microsoft loses the bot's session, and tells nobody. Nothing where there is none."""
        state = self.people[oid]
        for app_id in (self.config.client_id, self.config.second_client_id):
            if (session := state.sessions.pop(app_id, None)) is not None:
                self._note(state, "Microsoft", f"lost the session {_words(session.pair)}")
        self.changed()

    def set_preferred(self, oid: str, pair: Pair, duration: float) -> None:
        """An application writes the preferred slot, for `duration` seconds."""
        expiry = self.clock.now() + duration
        self.people[oid].preferred = Preferred(pair, expiry, BY_APP)
        self.changed()

    def clear_preferred(self, oid: str) -> None:
        """An application empties the preferred slot, whoever filled it."""
        self.people[oid].preferred = None
        self.changed()

    def note_write(self, oid: str, what: str, status: int) -> None:
        """Record an application's attempt to write, and how Graph answered."""
        if (state := self.people.get(oid)) is not None:
            self._note(state, APP_NAME, what, status)
            self.changed()

    def _note(self, state: PersonState, who: str, what: str, status: int | None = None) -> None:
        state.journal.append(JournalLine(self.clock.now(), who, what, status))


def _words(pair: Pair) -> str:
    return f"{pair.availability}/{pair.activity}"
