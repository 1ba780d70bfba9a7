"""The history: who changed or looked up what, and when. Entries are only ever added.

The entry of a change is written by the script that makes the change (sync.settings.store). What
changes no settings is kept apart, so that no number of look-ups can push a change out. Entries of
all lists have different ids, and are read as one list.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import structlog

from domain.history import (
    AUTHORISE,
    CHANGE,
    EXCLUDE,
    INCLUDE,
    INFORM,
    INVITE,
    LOOK_UP,
    MATCH,
    REVIVE,
    UNREADABLE,
)
from sync.redis import keys
from sync.redis.rows import Rows
from sync.redis.scripts import Scripts
from sync.settings import scripts as lua

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sync.redis.connection import Client

log = structlog.get_logger()

_ORGANISATION = ("organisation", "The organisation")
_PARKED = ("parked", "people with problems")
_PEOPLE = ("people", "the list of people and their matches")
_UNMATCHED = ("unmatched", "people without a match")
_EXCLUDED = ("excluded", "who is excluded")
_EXCLUDED_LIST = ("excluded", "the list of who is excluded")
_EXCLUDED_FILE = ("file", "a file of people")
BATCH = 200
_LISTS = (keys.AUDIT, keys.ACTS[0], keys.LOOKS[0])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an Entra object id and a name, or one of those below."""

    actor_id: str
    name: str


ZOOM = Actor("zoom", "Zoom")
"""Groups were renamed or deleted there."""
ENTRA = Actor("entra", "Microsoft Entra")
"""Consent was given or withdrawn there."""
INSTALLATION = Actor("installation", "Installation")


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done.

    `kind` is change, look-up, invite, inform (people were told by other means), revive (who is
    parked is to be tried again; of these three `new` may say how many `people`), match (who in Zoom
    is whom in Entra), authorise (consent was `asked` for, gave `rights`, or has `ended`), exclude
    and include (people, from that; of a file, `new` says how many), or unreadable (the entry is
    damaged; its place is still shown).
    `scope` is `account`, `group:<Zoom group id>`, `user:<address>` (or an object id, where none is
    known), `name:<what was typed>`, `parked`, `unmatched` or `excluded` (the list of those),
    `people` (all, as a file), `alias:<mail domain>`, `file` (of mappings by hand, or of people) or
    `organisation`. `old` and `new` hold the fields of the form (a group's also `name` and
    `priority`); None: the group inherits. `reason` is what the admin gave for a change
    (domain.reason); releases before data version 2 pass it over.
    """

    kind: str
    by: Actor
    scope: str
    scope_name: str
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None
    version: int | None = None
    reason: str = ""


ENTRIES: Final = Rows(Entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord(Entry):
    """An entry where it stands. `at_ms` is the Redis server's time (epoch ms)."""

    entry_id: str
    at_ms: int

    def at(self) -> str:
        """When, as ISO 8601 in UTC."""
        at = datetime.fromtimestamp(self.at_ms / 1000, UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def as_json(self) -> str:
        """One line of JSON, for `python app.py audit`."""
        return json.dumps(
            {
                "id": self.entry_id,
                "at": self.at(),
                "kind": self.kind,
                "by": self.by.actor_id,
                "name": self.by.name,
                "scope": self.scope,
                "scope_name": self.scope_name,
                "old": self.old,
                "new": self.new,
                "version": self.version,
                "reason": self.reason,
            },
            ensure_ascii=False,
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Records, newest first. `before` continues with older ones; None: there are none."""

    records: tuple[AuditRecord, ...]
    before: str | None


class AuditLog:
    """Reading the history, and adding to it what changes no settings."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._scripts = Scripts(client)

    async def looked_up(self, by: Actor, address: str) -> None:
        """Record that an admin asked about somebody."""
        await self._add(Entry(LOOK_UP, by, f"user:{address}", address))

    async def searched(self, by: Actor, name: str) -> None:
        """Record that an admin looked for people of a name."""
        await self._add(Entry(LOOK_UP, by, f"name:{name}", name))

    async def looked_at_parked(self, by: Actor) -> None:
        """Record that an admin asked who is parked."""
        await self._add(Entry(LOOK_UP, by, *_PARKED))

    async def revived(self, by: Actor, address: str) -> None:
        """Record that an admin has somebody tried again who was parked."""
        await self._add(Entry(REVIVE, by, f"user:{address}", address))

    async def revived_all(self, by: Actor, *, people: int) -> None:
        """Record that an admin has everybody tried again who was parked."""
        await self._add(Entry(REVIVE, by, *_PARKED, new={"people": people}))

    async def invited(self, by: Actor, scope: str, scope_name: str, *, people: int) -> None:
        """Record that an admin invited those who had not connected."""
        await self._add(Entry(INVITE, by, scope, scope_name, new={"people": people}))

    async def looked_at_unmatched(self, by: Actor) -> None:
        """Record that an admin asked who can't be matched."""
        await self._add(Entry(LOOK_UP, by, *_UNMATCHED))

    async def took_list(self, by: Actor) -> None:
        """Record that an admin, or an operator, took the list of all people."""
        await self._add(Entry(LOOK_UP, by, *_PEOPLE))

    async def matching(
        self,
        by: Actor,
        scope: str,
        scope_name: str,
        *,
        old: dict[str, Any] | None = None,
        new: dict[str, Any] | None = None,
    ) -> None:
        """Record what somebody decided about who is whom."""
        await self._add(Entry(MATCH, by, scope, scope_name, old=old, new=new))

    async def asked_for_consent(self, by: Actor) -> None:
        """Record that an admin made an address at which somebody may consent."""
        await self._add(Entry(AUTHORISE, by, *_ORGANISATION, new={"asked": True}))

    async def authorised(self, by: Actor, rights: Sequence[str]) -> None:
        """Record that the organisation authorises the app, and who had asked for it."""
        await self._add(Entry(AUTHORISE, by, *_ORGANISATION, new={"rights": list(rights)}))

    async def authorisation_ended(self, why: str) -> None:
        """Record that it does no longer."""
        await self._add(Entry(AUTHORISE, ENTRA, *_ORGANISATION, new={"ended": why}))

    async def informed(self, by: Actor, scope: str, scope_name: str, *, people: int) -> None:
        """Record that an admin says that these were told of what the organisation authorises."""
        await self._add(Entry(INFORM, by, scope, scope_name, new={"people": people}))

    async def looked_at_excluded(self, by: Actor) -> None:
        """Record that an admin asked who is excluded."""
        await self._add(Entry(LOOK_UP, by, *_EXCLUDED))

    async def excluded(self, by: Actor, address: str, *, reason: str) -> None:
        """Record that an admin excluded somebody, and why."""
        await self._add(Entry(EXCLUDE, by, f"user:{address}", address, reason=reason))

    async def included(self, by: Actor, address: str) -> None:
        """Record that an admin excludes somebody no longer."""
        await self._add(Entry(INCLUDE, by, f"user:{address}", address))

    async def took_excluded(self, by: Actor) -> None:
        """Record that an admin took the list of who is excluded."""
        await self._add(Entry(LOOK_UP, by, *_EXCLUDED_LIST))

    async def excluded_by_file(self, by: Actor, *, people: int) -> None:
        """Record that an operator excluded all of a file."""
        await self._add(Entry(EXCLUDE, by, *_EXCLUDED_FILE, new={"people": people}))

    async def included_by_file(self, by: Actor, *, people: int) -> None:
        """Record that an operator excludes all of a file no longer."""
        await self._add(Entry(INCLUDE, by, *_EXCLUDED_FILE, new={"people": people}))

    async def _add(self, entry: Entry) -> None:
        key, kept, first = keys.LOOKS if entry.kind == LOOK_UP else keys.ACTS
        await self._scripts.run(
            lua.settings_note, log=key, kept=kept, first=first, entry=ENTRIES.dump(entry)
        )

    async def page(self, *, before: str | None = None, limit: int = 20) -> AuditPage:
        """The newest records older than `before` (of a page)."""
        records: list[AuditRecord] = []
        async for entry_id, fields in self._entries(before=before):
            if len(records) == limit:  # one more than fits: there is another page
                return AuditPage(tuple(records), records[-1].entry_id)
            records.append(_read(entry_id, fields))
        return AuditPage(tuple(records), None)

    async def last_change(self, *, since: int) -> AuditRecord | None:
        """The newest change of settings, if it came after the version `since`."""
        for entry_id, fields in await self._client.xrevrange(keys.AUDIT, count=BATCH):
            record = _read(entry_id, fields)
            if record.kind == CHANGE:
                return record if (record.version or 0) > since else None
        return None

    async def everything(self) -> AsyncIterator[AuditRecord]:
        """Every record, oldest first."""
        async for entry_id, fields in self._entries(oldest_first=True):
            yield _read(entry_id, fields)

    async def _entries(
        self, *, before: str | None = None, oldest_first: bool = False
    ) -> AsyncIterator[tuple[str, Mapping[str, str]]]:
        """The entries of all lists as one, the newest first or the oldest."""
        read = self._client.xrange if oldest_first else self._client.xrevrange
        edges = {"min": "-", "max": "+" if before is None else f"({before}"}
        nearest, edge = (min, "min") if oldest_first else (max, "max")
        while True:
            lists = [await read(key, count=BATCH, **edges) for key in _LISTS]
            # Behind the end of a full batch its list may have more, which would come in between.
            ends = [rows[-1] for rows in lists if len(rows) == BATCH]
            end = nearest(ends, key=_place) if ends else None
            for row in sorted(chain(*lists), key=_place, reverse=not oldest_first):
                yield row
                if row == end:
                    break
            if end is None:
                return
            edges[edge] = f"({end[0]}"


def _place(row: tuple[str, Mapping[str, str]]) -> tuple[int, int]:
    ms, _, number = row[0].partition("-")
    return int(ms), int(number)


def _read(entry_id: str, fields: Mapping[str, str]) -> AuditRecord:
    entry = ENTRIES.load_if_good(fields.get("entry"))
    if entry is None:
        log.error("audit_entry_damaged", entry=entry_id)
        entry = Entry(UNREADABLE, Actor("", ""), "", "")
    at_ms = int(entry_id.partition("-")[0])
    known = {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}
    return AuditRecord(**known, entry_id=entry_id, at_ms=at_ms)
