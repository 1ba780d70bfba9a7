"""Who of Zoom is whom in Entra, and why some are nobody: the newest matching, in Redis.

A matching is written beside the one in use and becomes the current one in one step. Of Entra only
those are kept whom a Zoom user has, or may have.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import structlog

from domain.matching import MATCHED, EntraUser, Match, Uncovered
from sync.organisation import scripts as lua
from sync.readings.rows import Readings
from sync.redis import keys
from sync.redis.batches import each_field, fields_of
from sync.redis.connection import server_ms
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence


log = structlog.get_logger()

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Kept:
    """Somebody of Entra. `zoom_id` is the Zoom user that they are matched with, if any."""

    user: EntraUser
    zoom_id: str | None = None


def good_row(rows: Rows[Row], row_id: str, text: str | None) -> Row | None:
    """A row of who is whom; None: there is none, or it is damaged, which is logged."""
    row = rows.load_if_good(text)
    if text is not None and row is None:
        log.error("match_row_damaged", id=row_id)
    return row


@dataclass(frozen=True, slots=True)
class _Part(Generic[Row]):
    """A hash of a matching, by the id of whom each row is about."""

    name: str
    rows: Rows[Row]


_ZOOM: Final = _Part("zoom", Rows(Match))
_PEOPLE: Final = _Part("people", Rows(Kept))


@dataclass(frozen=True, slots=True)
class MatchHealth:
    """How the matching is doing. Times are epoch ms of the Redis server's clock; None: never.

    `full`: whole profiles could be read, else only names, UPN and mail. `counts` of results: of
    MATCHED, and by the values of `Uncovered`. `reason` is why the last try failed (a code of
    domain.errors, or why Entra was not believed), None when it succeeded.
    """

    now_ms: int
    read_ms: int | None = None
    full: bool = True
    counts: Mapping[str, int] | None = None
    failed_ms: int | None = None
    reason: str | None = None
    detail: str = ""
    doubted_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A matching that was made. `wanted` says what it was made of (`sync.organisation.rematching`).

    `users` are Entra's, by object id.
    """

    matches: Mapping[str, Match]
    users: Mapping[str, EntraUser]
    wanted: str
    full: bool


@dataclass(eq=False, repr=False)
class MatchStore(Readings):
    """Every read and write of the matching."""

    state = keys.MATCHES_STATE
    leased = keys.MATCHES_LEASE

    # -- reading -----------------------------------------------------------------------------------

    async def of_zoom(self, zoom_id: str) -> Match | None:
        """What became of a Zoom user; None: they were not matched (yet)."""
        return (await self.of_zooms([zoom_id])).get(zoom_id)

    async def of_person(self, object_id: str) -> Kept | None:
        """Somebody of Entra with the Zoom user that they are matched with; None: not known."""
        return (await self.people([object_id])).get(object_id)

    async def people(self, object_ids: Sequence[str]) -> dict[str, Kept]:
        """Those of these people who are known."""
        return await self._some(_PEOPLE, object_ids)

    async def of_zooms(self, zoom_ids: Sequence[str]) -> dict[str, Match]:
        """The results of those of these Zoom users who have one."""
        return await self._some(_ZOOM, zoom_ids)

    def matches(self) -> AsyncIterator[Match]:
        """Every Zoom user's result once, in no order."""
        return self._all(_ZOOM)

    def everybody(self) -> AsyncIterator[Kept]:
        """Everybody of Entra who is kept, once, in no order; `zoom_id` says who is matched."""
        return self._all(_PEOPLE)

    async def health(self) -> MatchHealth:
        """How it is doing."""
        row: dict[str, str] = await self.client.hgetall(keys.MATCHES_STATE)
        return MatchHealth(
            now_ms=await server_ms(self.client),
            read_ms=_number(row, "read"),
            full=row.get("full") != "0",
            counts=_counts(row.get("counts")),
            failed_ms=_number(row, "failed"),
            reason=row.get("reason"),
            detail=row.get("detail", ""),
            doubted_since_ms=_number(row, "doubted"),
        )

    async def wanted(self) -> str | None:
        """What the current matching was made of; None: there is none."""
        text: str | None = await self.client.hget(keys.MATCHES_STATE, "wanted")
        return text

    async def load(self) -> dict[str, Match]:
        """Every result of the current matching."""
        return {match.zoom_id: match async for match in self.matches()}

    # -- matching anew (sync.organisation.rematching) ----------------------------------------------

    async def request_matching(self, delay_ms: int = 2_000) -> None:
        """Have it matched anew. Returns at once; requests within `delay_ms` become one."""
        await self.request(delay_ms)

    async def swap(self, token: str, result: Result) -> bool:
        """Make a matching the current one. False when our lease was lost: nothing has changed."""
        old, new = await self._reading(), secrets.token_hex(6)
        parts = await asyncio.to_thread(_rows_of, result)
        for part, rows in parts.items():
            await self.stage(keys.matches_part(new, part), rows)
        return await self.scripts.run(
            lua.matches_swap,
            state=keys.MATCHES_STATE,
            lease=keys.MATCHES_LEASE,
            current=keys.MATCHES_CURRENT,
            staged=keys.matches_parts(new),
            former=() if old is None else keys.matches_parts(old),
            token=token,
            reading=new,
            wanted=result.wanted,
            full=result.full,
            counts=json.dumps(counted(result.matches.values())),
        )

    # -- rows --------------------------------------------------------------------------------------

    async def _reading(self) -> str | None:
        reading = await self.client.get(keys.MATCHES_CURRENT)
        return None if reading is None else str(reading)

    async def _some(self, part: _Part[Row], ids: Sequence[str]) -> dict[str, Row]:
        reading = await self._reading()
        if reading is None:
            return {}
        texts = await fields_of(self.client, keys.matches_part(reading, part.name), ids)
        read = {row_id: good_row(part.rows, row_id, text) for row_id, text in texts.items()}
        return {row_id: row for row_id, row in read.items() if row is not None}

    async def _all(self, part: _Part[Row]) -> AsyncIterator[Row]:
        reading = await self._reading()
        if reading is None:
            return
        fields = each_field(self.client, keys.matches_part(reading, part.name))
        async for row_id, text in fields:
            row = good_row(part.rows, row_id, text)
            if row is not None:
                yield row


def counted(matches: Iterable[Match]) -> dict[str, int]:
    """How many of each result there are."""
    return dict(Counter(str(match.why or MATCHED) for match in matches))


def _rows_of(result: Result) -> dict[str, list[tuple[str, str]]]:
    """The hashes of a matching."""
    kept: dict[str, str | None] = {}
    for match in result.matches.values():
        if match.why is Uncovered.SEVERAL:
            for oid in match.others:
                kept.setdefault(oid, None)
        elif match.object_id is not None:
            if match.why is None:
                kept[match.object_id] = match.zoom_id
            else:
                kept.setdefault(match.object_id, None)
    return {
        _ZOOM.name: [
            (zoom_id, _ZOOM.rows.dump(match)) for zoom_id, match in result.matches.items()
        ],
        _PEOPLE.name: [
            (oid, _PEOPLE.rows.dump(Kept(result.users[oid], zoom_id)))
            for oid, zoom_id in kept.items()
            if oid in result.users
        ],
    }


def _counts(text: str | None) -> dict[str, int] | None:
    try:
        counts = json.loads(text) if text else None
    except ValueError:
        return None
    if not isinstance(counts, dict):
        return None
    return {str(name): n for name, n in counts.items() if type(n) is int}


def _number(row: Mapping[str, str], name: str) -> int | None:
    try:
        return int(float(row[name])) if name in row else None
    except (ValueError, OverflowError):
        return None
