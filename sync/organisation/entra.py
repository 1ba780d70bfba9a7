"""Reading Entra's users by Graph with the application's own token: whole, or not at all.

Few people are looked up by their addresses, in batches; many are found by reading everybody, page
after page. Only who has a wanted address, or is wanted by id, is kept of either.

Graph takes 15 clauses in a `$filter` of users ("Use the $filter query parameter"), and shows 999
users on a page ("List users"). With User.ReadBasic.All alone it refuses all but names, UPN and mail
(403): then these are read, and the reading says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import idna
import structlog

from domain.errors import PersonGone, Refused, RetryLater
from sync.organisation.entra_rows import BASIC, FULL, object_id_of, read_user
from sync.organisation.graph_requests import NUMBER, Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from domain.matching import EntraUser
    from sync.organisation.graph_requests import GraphRequests

log = structlog.get_logger()

LOOKED_UP: Final = 20_000
"""Up to so many addresses are looked up; for more, everybody is read."""
CLAUSES: Final = 15
PAGE: Final = 999
MOST_PAGES: Final = 5_000
MISSED_SHARE, MISSED_FEW = 0.01, 20
"""Graph's count may be some minutes old: so many fewer users may have been read."""


@dataclass(frozen=True, slots=True)
class EntraReading:
    """Everybody who was wanted and is there, by object id.

    `full`: whole profiles; else only names, UPN and mail could be read.
    """

    users: dict[str, EntraUser]
    full: bool = True


@dataclass(frozen=True, slots=True)
class EntraDirectory:
    """The reader. `looked_up`: see LOOKED_UP."""

    graph: GraphRequests
    looked_up: int = LOOKED_UP

    async def user(self, object_id: str) -> EntraUser | None:
        """One person, read now; None: Entra has no such user.

        Raises RetryLater, AdminMustAct, Refused; ValueError for what is no object id.
        """
        oid = object_id_of(object_id)
        if oid is None:
            raise ValueError("not an object id")
        try:
            try:
                row, full = await self.graph.get(self._one(oid, full=True)), True
            except Forbidden:
                row, full = await self.graph.get(self._one(oid, full=False)), False
        except PersonGone:
            return None
        user = read_user(row, full=full)
        if user is None or user.object_id != oid:
            raise RetryLater("graph_answer", "user")
        return user

    async def read(self, addresses: Collection[str], ids: Iterable[str] = ()) -> EntraReading:
        """Everybody who has one of these folded addresses, or one of these object ids.

        Raises RetryLater, AdminMustAct, Refused; never returns a part.
        """
        wanted = _Wanted(frozenset(addresses), frozenset(filter(None, map(object_id_of, ids))))
        try:
            return EntraReading(await self._read(wanted, full=True))
        except Forbidden:
            log.info("entra_only_basic")
        return EntraReading(await self._read(wanted, full=False), full=False)

    async def ids(self) -> set[str]:
        """The object ids of everybody, also of guests and disabled accounts; never a part of them.

        Raises what `read` raises.
        """
        found = set[str]()

        def keep(row: Any) -> bool:
            text = row.get("id") if isinstance(row, dict) else None
            oid = object_id_of(text) if isinstance(text, str) else None
            if oid is not None:
                found.add(oid)
            return oid is not None

        await self._everybody(keep, "$select=id")
        return found

    async def _read(self, wanted: _Wanted, *, full: bool) -> dict[str, EntraUser]:
        found: dict[str, EntraUser] = {}

        def keep(row: Any) -> bool:
            """Keep whoever is wanted. False: the row names nobody."""
            user = read_user(row, full=full)
            if user is not None and wanted.has(user):
                found[user.object_id] = user
            return user is not None

        if len(wanted.addresses) > self.looked_up:
            await self._everybody(keep, _select(full=full))
        else:
            await self._look_up(sorted(wanted.addresses), keep, full=full)
        more = [f"/users/{oid}?{_select(full=full)}" for oid in sorted(wanted.ids - found.keys())]
        await self.graph.batches(more, lambda _, row: keep(row))
        return found

    def _one(self, oid: str, *, full: bool) -> str:
        return f"{self.graph.base}/users/{oid}?{_select(full=full)}"

    async def _look_up(
        self, addresses: Iterable[str], keep: Callable[[Any], bool], *, full: bool
    ) -> None:
        paths = [
            f"/users?$filter={quote(clauses, safe='')}&{_select(full=full)}&$top={PAGE}"
            for clauses in _filters(addresses, full=full)
        ]
        longer: list[str] = []

        def take(path: str, answer: dict[str, Any]) -> None:
            for row in _rows(answer):
                keep(row)
            if "@odata.nextLink" in answer:
                longer.append(path)

        await self.graph.batches(paths, take)
        for path in longer:
            await self._pages(self.graph.base + path, keep)

    async def _everybody(self, keep: Callable[[Any], bool], select: str) -> None:
        total = await self._count()
        seen = await self._pages(f"{self.graph.base}/users?{select}&$top={PAGE}", keep)
        if total is not None and seen < total - max(MISSED_FEW, int(total * MISSED_SHARE)):
            raise RetryLater("graph_incomplete", f"users: {seen} of {total}")

    async def _count(self) -> int | None:
        """How many users there are; None: Graph does not say."""
        url = f"{self.graph.base}/users/$count"
        try:
            answer = await self.graph.get(url, {"ConsistencyLevel": "eventual"})
        except (Forbidden, Refused):
            return None
        count = answer.get(NUMBER)
        return count if isinstance(count, int) else None

    async def _pages(self, url: str, keep: Callable[[Any], bool]) -> int:
        """Keep of all pages; how many users they hold. A user may stand on two of them."""
        ids, links, skipped = set[str](), {url}, 0
        for _ in range(MOST_PAGES):
            try:
                answer = await self.graph.get(url)
            except Refused as error:
                if len(links) == 1:
                    raise
                raise RetryLater("graph_incomplete", "link ended") from error
            # A page of users takes tens of milliseconds: beside the loop, chat and presence go on.
            seen, nobody = await asyncio.to_thread(_kept, _rows(answer), keep)
            ids |= seen
            skipped += nobody
            link = answer.get("@odata.nextLink")
            if not link:
                if skipped:
                    log.warning("entra_rows_skipped", count=skipped)
                return len(ids) + skipped
            if not isinstance(link, str) or link in links or not _leads_to(link, self.graph.base):
                raise RetryLater("graph_answer", "nextLink")
            links.add(link)
            url = link
        raise RetryLater("graph_answer", "too many pages")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Whom a reading is for."""

    addresses: frozenset[str]
    ids: frozenset[str]

    def has(self, user: EntraUser) -> bool:
        return user.object_id in self.ids or not self.addresses.isdisjoint(user.addresses)


def _kept(rows: Iterable[Any], keep: Callable[[Any], bool]) -> tuple[set[str], int]:
    """The ids of those whom rows name, and how many rows name nobody."""
    ids, nobody = set[str](), 0
    for row in rows:
        if keep(row):
            ids.add(row["id"].lower())
        else:
            nobody += 1
    return ids, nobody


def _leads_to(link: str, base: str) -> bool:
    """Whether a link leads to Graph's users; anybody else would be given our token."""
    try:
        ours, theirs = urlsplit(base), urlsplit(link)
        same = (ours.scheme, ours.netloc.lower()) == (theirs.scheme, theirs.netloc.lower())
    except ValueError:
        return False
    path = f"{ours.path}/users"
    return same and (theirs.path == path or theirs.path.startswith(f"{path}/"))


def _select(*, full: bool) -> str:
    return f"$select={','.join(FULL if full else BASIC)}"


def _filters(addresses: Iterable[str], *, full: bool) -> list[str]:
    """The `$filter`s that find whoever has one of these addresses, each with CLAUSES at most."""
    filters, clauses = list[str](), list[str]()
    for address in addresses:
        mine = [clause for text in _spellings(address) for clause in _clauses(text, full=full)]
        if len(clauses) + len(mine) > CLAUSES:
            filters.append(" or ".join(clauses))
            clauses = []
        clauses += mine
    return [*filters, " or ".join(clauses)] if clauses else filters


def _clauses(text: str, *, full: bool) -> list[str]:
    quoted = text.replace("'", "''")
    both = [f"userPrincipalName eq '{quoted}'", f"mail eq '{quoted}'"]
    if full:  # the first address of a mailbox is written SMTP:, and not every filter folds letters
        both += [f"proxyAddresses/any(p:p eq '{kind}:{quoted}')" for kind in ("smtp", "SMTP")]
    return both


def _spellings(address: str) -> list[str]:
    """A folded address as Entra may write it: an international domain in either form."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return [address]
    try:
        return [address, f"{local}@{idna.encode(domain).decode()}"]
    except UnicodeError:
        return [address]


def _rows(answer: dict[str, Any]) -> list[Any]:
    """The users of a page. Raises RetryLater where there is no list of any."""
    rows = answer.get("value")
    if not isinstance(rows, list) or (rows and not any(isinstance(row, dict) for row in rows)):
        raise RetryLater("graph_answer", "users")
    return rows
