"""Looking at settings: the overview, the groups, one person, the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.explain import clock_time, zone
from bot.handlers.settings_level import draft_of_form
from cards import settings_centre, settings_groups, settings_history, settings_user
from cards.build import refreshing
from cards.payload import Verb
from cards.settings_draft import AUTHORIZE_WITH, LABELS, SERVICES, Field
from cards.settings_words import people
from sync.attend import MUST_AUTHORIZE
from sync.directory import ACTIVE
from sync.directory_health import explain
from sync.group_names import fold_name
from sync.invitees import EVERYONE
from sync.links import fold_address
from sync.policy import Reason, resolve
from sync.store.audit import CHANGE, INVITE, Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from bot.activity import Card
    from bot.feed_words import FeedWords
    from bot.turn import Turn
    from cards.payload import Payloads
    from cards.settings_draft import Draft
    from cards.settings_words import Change
    from sync.changes import PolicyDesk
    from sync.engine import Engine
    from sync.invitees import Invitees
    from sync.policy import ManagedGroup, Policy, Verdict
    from sync.store.audit import AuditLog, AuditRecord
    from sync.store.directory import DirectoryStore
    from sync.store.people import PeopleStore
    from sync.store.person_row import State

ACCOUNT_SCOPE = "account"
STALE_SECONDS = 3 * 3600.0
"""An older list of Zoom's people is shown as trouble; it is read every hour."""


class SettingsViews:
    """Cards that change nothing. Whoever calls has made sure of the admin."""

    def __init__(
        self,
        payloads: Payloads,
        desk: PolicyDesk,
        directory: DirectoryStore,
        audit: AuditLog,
        people: PeopleStore,
        engine: Engine,
        invitees: Invitees,
        *,
        feed: FeedWords | None = None,
    ) -> None:
        self._feed = feed
        self._payloads = payloads
        self._desk = desk
        self._directory = directory
        self._audit = audit
        self._people = people
        self._engine = engine
        self._invitees = invitees

    async def centre(self, turn: Turn) -> Card:
        """How it stands for the whole organisation."""
        policy, health = await self._desk.policy(), await self._directory.health()
        age = health.age_seconds
        numbers = await self._numbers(policy, turn.person.object_id)
        here, connected = zone(turn.inbound.local_time_zone), numbers.connected
        card = settings_centre.centre(
            self._payloads,
            turn.card_id,
            account=draft_of_form(policy.account),
            groups=[
                settings_centre.GroupLine(group.name, _draft(group))
                for group in sorted(policy.groups, key=lambda group: group.priority)
            ],
            numbers=numbers,
            directory=explain(health),
            directory_well=health.reason is None and age is not None and age < STALE_SECONDS,
            feed="" if self._feed is None else await self._feed.say(here, connected),
        )
        who = [turn.person.mri]
        return refreshing(card, self._payloads, turn.card_id, Verb.SETTINGS_SHOW, who)

    async def groups(self, turn: Turn, search: str, page: int = 0) -> Card:
        """Zoom's groups whose names hold a text."""
        policy, view = await self._desk.policy(), await self._directory.view()
        managed = {group.group_id: group for group in policy.groups}
        everything = 10_000 if view is None else max(1, len(view.groups))
        matches = None if view is None else view.find_groups(search, limit=everything)
        found = () if matches is None else matches.nearest
        size = settings_groups.PAGE_SIZE
        page = min(page, max(0, (len(found) - 1) // size))
        rows = [
            settings_groups.GroupRow(
                group.group_id,
                group.name,
                group.members,
                _draft(managed[group.group_id]) if group.group_id in managed else None,
            )
            for group in found[page * size : (page + 1) * size]
        ]
        return settings_groups.group_list(
            self._payloads, turn.card_id, rows, search=search, page=page, total=len(found)
        )

    async def pick(self, turn: Turn, wanted: str, change: Change | None) -> Card:
        """Ask which group was meant."""
        view = await self._directory.view()
        matches = None if view is None else view.find_groups(wanted, limit=60)
        nearest = () if matches is None else matches.nearest
        same = [group for group in nearest if fold_name(group.name) == fold_name(wanted)]
        return settings_groups.pick_group(
            self._payloads,
            turn.card_id,
            [settings_groups.GroupRow(g.group_id, g.name, g.members) for g in nearest],
            wanted=wanted,
            ambiguous=len(same) > 1,
            total=0 if matches is None else matches.total,
            change=change,
        )

    async def history(self, turn: Turn, cursor: str) -> Card:
        """Who changed or looked up what."""
        page = await self._audit.page(before=cursor or None, limit=settings_history.PAGE_SIZE)
        now_ms, here = await self._people.now_ms(), zone(turn.inbound.local_time_zone)
        entries = [
            settings_history.Entry(
                when=clock_time(record.at_ms, now_ms, here),
                who=record.by.name,
                scope="The account" if record.scope == ACCOUNT_SCOPE else record.scope_name,
                what=_done(record),
                changes=tuple(_changes(record)),
            )
            for record in page.records
        ]
        return settings_history.history(
            self._payloads, turn.card_id, entries, older=page.before, newest=not cursor
        )

    async def user(self, turn: Turn, address: str) -> Card:
        """Why presence is what it is for one person; never what Zoom says of them now."""
        folded = fold_address(address)
        by = Actor(turn.person.object_id, turn.person.name)
        await self._audit.looked_up(by, folded)
        view = await self._directory.view()
        listed = None if view is None else await view.user_by_address(folded)
        oid = await self._people.owner_of(
            address=folded, zoom_id=None if listed is None else listed.zoom_id
        )
        known = None if oid is None else await self._engine.link_of(oid)
        if known is None and listed is None:
            return settings_user.no_user(
                self._payloads, turn.card_id, address=folded, directory=view is not None
            )
        policy, now_ms = await self._desk.policy(), await self._people.now_ms()
        if known is not None:
            link, state = known
            name, groups = link.name, state.group_ids
            verdict = resolve(policy, groups, state.personal, now_ms=now_ms)
        else:
            assert listed is not None  # noqa: S101 - one of the two is there
            state, name = None, listed.name
            verdict = resolve(policy, listed.group_ids, now_ms=now_ms)
        here = zone(turn.inbound.local_time_zone)

        def at(ms: int) -> str:
            return clock_time(ms, now_ms, here)

        chosen = "their own choice" if verdict.own_style else "chosen by this level"
        shown = settings_user.UserView(
            name=name,
            address=folded,
            verdict=_verdict_sentence(verdict),
            level=_level(policy, verdict),
            field=_field(verdict),
            style=f"{verdict.style.value}, {chosen}",
            link=_link(state),
            written=_written(state, at),
            error=_error(state, at),
            to_do=_to_do(state, verdict),
            group_id="" if verdict.group is None else verdict.group.group_id,
            tone="good" if verdict.on and state is not None and not state.trouble else "neutral",
        )
        return settings_user.user(self._payloads, turn.card_id, shown)

    async def _numbers(self, policy: Policy, reader: str) -> settings_centre.Numbers:
        view, covered = await self._directory.view(), None
        if view is not None:
            covered = 0
            async for user in view.everyone():
                covered += user.status == ACTIVE and resolve(policy, user.group_ids).on
        connected = active = trouble = 0
        now_ms = await self._people.now_ms()
        async for standings in self._desk.connected():
            for person in standings:
                if not resolve(policy, person.group_ids).on:
                    continue
                connected += 1
                if person.trouble is not None:
                    trouble += 1
                else:
                    active += person.until_ms > now_ms
        invitable = await self._invitees.count(EVERYONE, reader)
        return settings_centre.Numbers(covered, connected, active, trouble, invitable)


def _draft(group: ManagedGroup) -> Draft:
    return draft_of_form(group.form, priority=group.priority)


def _changes(record: AuditRecord) -> list[tuple[str, str, str]]:
    """The fields that a record changed, in the form's words."""
    if record.kind != CHANGE:
        return []
    if record.old is None or record.new is None:
        before, after = (
            "inherits" if row is None else "on" if row.get("integration") else "off"
            for row in (record.old, record.new)
        )
        if record.scope == ACCOUNT_SCOPE:  # a new installation
            before = "new"
        return [(LABELS[Field.INTEGRATION], before, after)]
    fields = [*record.old, *(name for name in record.new if name not in record.old)]
    return [
        (_label(name), _word(record.old, name), _word(record.new, name))
        for name in fields
        if record.old.get(name) != record.new.get(name)
    ]


def _done(record: AuditRecord) -> str:
    """What was done, where it was no change of fields."""
    if record.kind == INVITE:
        count = (record.new or {}).get("people")
        return f"invited {people(count)}" if isinstance(count, int) else "invited people"
    return "changed" if record.kind == CHANGE else "looked up"


def _label(name: str) -> str:
    return LABELS[Field(name)] if name in set(Field) else name.replace("_", " ").capitalize()


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == Field.SERVICE:
        return SERVICES.get(str(value), str(value))
    if name == Field.AUTHORIZE_WITH:
        return AUTHORIZE_WITH.get(str(value), str(value))
    return "none" if value is None else str(value)


def _verdict_sentence(verdict: Verdict) -> str:
    if verdict.on:
        return "Presence sync is on for them."
    if verdict.reason is Reason.PAUSED:
        return "They paused presence sync themselves."
    return "Presence sync is off for them."


def _level(policy: Policy, verdict: Verdict) -> str:
    group = verdict.group
    if group is None:
        return "the account, locked" if policy.account.locked else "the account"
    return f"{group.name}, priority {group.priority}{', locked' if verdict.locked else ''}"


def _field(verdict: Verdict) -> str:
    return {
        Reason.INTEGRATION_OFF: "Calendar and contacts integration is off",
        Reason.OTHER_SERVICE: "The default service is not Office 365",
        Reason.NOT_GRAPH: "It does not authorise with the Graph API",
        Reason.NO_PRESENCE_WRITE: "The Presence permission is not Write",
    }.get(verdict.reason, "")


def _link(state: State | None) -> str:
    if state is None:
        return "Not connected"
    if state.trouble == MUST_AUTHORIZE:
        return "Their authorisation ended; they were asked to connect again"
    return "Connected"


def _written(state: State | None, at: Callable[[int], str]) -> str:
    """When Microsoft last accepted something, be it that nothing is to be shown any more.

    Not what, nor whether it holds something now: that would tell what Zoom says of them.
    """
    if state is None:
        return ""
    if state.wrote_ms is None:
        return "Nothing was written yet"
    return f"Microsoft last accepted a write at {at(state.wrote_ms)}"


def _error(state: State | None, at: Callable[[int], str]) -> str:
    if state is None or state.trouble is None or state.trouble_ms is None:
        return ""
    what = _TROUBLES.get(state.trouble, f"Code {state.trouble}; it is tried again by itself")
    return f"{what} ({at(state.trouble_ms)})"


_TROUBLES = {
    MUST_AUTHORIZE: "Microsoft no longer accepts their authorisation",
    "gone": "Microsoft does not know them any more",
    "refused": "Microsoft refuses what it is told",
    "failing": "Microsoft failed again and again for them",
}
"""Troubles that don't end by themselves, by their codes."""


def _to_do(state: State | None, verdict: Verdict) -> str:
    if state is None:
        return "They say connect to the bot in Teams." if verdict.on else ""
    if state.trouble == MUST_AUTHORIZE:
        return "They press “Connect again” on their card, or say connect."
    return ""
