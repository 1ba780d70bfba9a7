"""Reading all of Zoom's users, groups and memberships: whole, or not at all.

Zoom's limits per second are shared by every app of the account, so requests keep to a pace. A page
token lives 15 minutes (Zoom documentation, "List users"). Pending users have not joined Zoom yet
and are left out; deactivated ones are read, so that it can be said of them.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog

from domain.directory import ACTIVE, INACTIVE, Directory, DirectoryGroup, DirectoryUser
from domain.errors import PersonGone, Refused, RetryLater
from domain.group_names import fold_name
from domain.link import fold_address
from sync.zoom.listing import ZoomListing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from sync.zoom.api import ZoomApi
    from sync.zoom.slots import Pace

log = structlog.get_logger()

PAGE_SIZE = 300
"""The largest that Zoom allows."""
UNTOLD = -1
"""Members of a group of which Zoom doesn't say how many it has: they are asked for."""


@dataclass(frozen=True, slots=True)
class ZoomDirectory:
    """The reader. `now_ms` gives epoch milliseconds."""

    api: ZoomApi
    pace: Pace
    _: KW_ONLY
    now_ms: Callable[[], int]

    async def read(self) -> Directory:
        """Read everything. Raises RetryLater, AdminMustAct or Refused; never returns a part."""
        read_ms = self.now_ms()
        names: dict[str, tuple[str, int]] = {}
        skipped = 0
        async for row in self._rows("/v2/groups", "groups", check_total=False):
            group_id, name = _text(row, "id", 128), _text(row, "name", 256)
            if not group_id or not fold_name(name):  # nobody could say it, or see it
                skipped += 1
                continue
            total = row.get("total_members")
            names[group_id] = (name, total if isinstance(total, int) else UNTOLD)
        users: dict[str, DirectoryUser] = {}
        listed = False
        for status in (ACTIVE, INACTIVE):
            async for row in self._rows("/v2/users", "users", status=status):
                user = _user(row, status)
                if user is None:
                    skipped += 1
                    continue
                listed = listed or bool(user.group_ids)
                users[user.zoom_id] = user
        if skipped:
            log.warning("zoom_directory_rows_skipped", count=skipped)
        if listed or not any(total for _, total in names.values()):
            memberships = {zoom_id: user.group_ids for zoom_id, user in users.items()}
        else:  # the listing of users carries no memberships: the groups know them
            memberships = await self._memberships(names)
        return _put_together(users, names, memberships, read_ms)

    async def has_group(self, group_id: str) -> bool:
        """Ask Zoom for one group: a listing that lacks it may be at fault."""
        try:
            await self._listing.get(f"/v2/groups/{quote(group_id, safe='')}")
        except PersonGone:
            return False
        return True

    async def _memberships(self, names: Mapping[str, tuple[str, int]]) -> dict[str, frozenset[str]]:
        groups_of: dict[str, set[str]] = {}
        for group_id, (_, total) in names.items():
            if not total:
                continue
            path = f"/v2/groups/{quote(group_id, safe='')}/members"
            try:
                async for row in self._rows(path, "members"):
                    if zoom_id := _text(row, "id", 128):
                        groups_of.setdefault(zoom_id, set()).add(group_id)
            except PersonGone as error:  # deleted while we read
                raise RetryLater("zoom_incomplete", "group deleted meanwhile") from error
        return {zoom_id: frozenset(ids) for zoom_id, ids in groups_of.items()}

    async def _rows(
        self, path: str, name: str, *, check_total: bool = True, **query: str
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield every row of a listing. Raises RetryLater when it is not complete.

        A row may come twice, on two pages, while people come and go; twice on one page is how Zoom
        lists it. One without an id counts each time, and nothing that has no fields is yielded as
        an empty row.
        """
        ids, more_rows = set[str](), 0
        last: Mapping[str, Any] = {}
        try:
            async for rows, answer in self._listing.pages(path, name, page_size=PAGE_SIZE, **query):
                if rows and not any(isinstance(row, dict) for row in rows):
                    raise RetryLater("zoom_answer", name)
                here = set[str]()
                for each in rows:
                    row = each if isinstance(each, dict) else {}
                    row_id = _text(row, "id", 128)
                    if not row_id or row_id in here:
                        more_rows += 1
                    else:
                        here.add(row_id)
                    yield row
                ids |= here
                last = answer
        except Refused as error:
            if last:  # not the first page: most likely the token ended
                raise RetryLater("zoom_incomplete", "page token") from error
            raise
        # Rows move between pages while people come and go: read again, miss nobody.
        found, total = len(ids) + more_rows, last.get("total_records")
        if check_total and isinstance(total, int) and found < total:
            raise RetryLater("zoom_incomplete", f"{name}: {found} of {total}")

    @property
    def _listing(self) -> ZoomListing:
        return ZoomListing(self.api, self.pace, on_wait=_waits)


def _waits(error: RetryLater, seconds: float) -> None:
    log.info("zoom_directory_waits", reason=str(error), seconds=seconds)


def _user(row: Mapping[str, Any], status: str) -> DirectoryUser | None:
    """Read a row of the listing; None when it names nobody."""
    zoom_id, email = _text(row, "id", 128), _text(row, "email", 320)
    if not zoom_id or not email:
        return None
    names = (_text(row, "first_name", 64), _text(row, "last_name", 64))
    group_ids = row.get("group_ids")
    return DirectoryUser(
        zoom_id=zoom_id,
        address=fold_address(email),
        name=_text(row, "display_name", 200) or " ".join(filter(None, names)) or email,
        status=status,
        group_ids=frozenset(
            group_id
            for group_id in (group_ids if isinstance(group_ids, list) else ())
            if isinstance(group_id, str)
        ),
    )


def _put_together(
    users: Mapping[str, DirectoryUser],
    names: Mapping[str, tuple[str, int]],
    memberships: Mapping[str, frozenset[str]],
    read_ms: int,
) -> Directory:
    """Keep the memberships of groups that exist, and count the active members."""
    counts = dict.fromkeys(names, 0)
    whole = {}
    for user in users.values():
        mine = memberships.get(user.zoom_id, frozenset()) & names.keys()
        whole[user.zoom_id] = replace(user, group_ids=frozenset(mine))
        if user.status == ACTIVE:
            for group_id in mine:
                counts[group_id] += 1
    groups = {
        group_id: DirectoryGroup(group_id, name, counts[group_id])
        for group_id, (name, _) in names.items()
    }
    return Directory(whole, groups, read_ms)


def _text(row: Mapping[str, Any], name: str, longest: int) -> str:
    """A text of the row, cut; empty when there is none that can be stored."""
    value = row.get(name)
    if not isinstance(value, str):
        return ""
    # Half a surrogate pair is no text, and Redis would refuse it.
    return value.encode("utf-8", "ignore").decode().strip()[:longest]
