"""The mirror of Zoom's users and groups in Redis.

A reading is written beside the one in use, under a name of its own, and becomes the current one
in one step. Who looks things up holds on to one reading (`view`); the old one stays ten minutes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from domain.directory import (
    ACTIVE,
    Directory,
    DirectoryGroup,
    DirectoryHealth,
    DirectoryUser,
    MembershipChange,
)
from domain.group_names import find_groups
from domain.link import fold_address
from sync.directory import scripts as lua
from sync.readings.rows import Readings
from sync.redis import keys
from sync.redis.batches import CHUNK, each_field, fields_of
from sync.redis.connection import server_ms
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from domain.group_names import GroupMatches
    from sync.redis.connection import Client

log = structlog.get_logger()

T = TypeVar("T")

REQUEST_DELAY_MS = 10_000
"""Zoom sends one event for each member that moves: the events of this long become one reading."""

USERS: Final = Rows(DirectoryUser)
GROUPS: Final = Rows(DirectoryGroup)
CHANGES: Final = Rows(MembershipChange)
_MEMBERS: Final = Rows(list[str])


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """Look-ups in one reading: whatever is asked of one view fits together."""

    client: Client
    reading: str
    groups: Mapping[str, DirectoryGroup]

    async def user(self, zoom_id: str) -> DirectoryUser | None:
        """The user of this Zoom id."""
        text = await self.client.hget(keys.directory_part(self.reading, "users"), zoom_id)
        return _read(USERS, "users", zoom_id, text)

    async def user_by_address(self, address: str) -> DirectoryUser | None:
        """The user of this e-mail address, in any case."""
        key = keys.directory_part(self.reading, "addresses")
        zoom_id = await self.client.hget(key, fold_address(address))
        return None if zoom_id is None else await self.user(str(zoom_id))

    async def users_by_address(self, addresses: Sequence[str]) -> dict[str, DirectoryUser]:
        """The users of these folded addresses, by address; one that nobody has is left out."""
        ids = await self._texts("addresses", addresses)
        users = {user.zoom_id: user for user in await self.users(list(ids.values()))}
        return {address: users[zoom_id] for address, zoom_id in ids.items() if zoom_id in users}

    async def users(self, zoom_ids: Sequence[str]) -> list[DirectoryUser]:
        """Those of these users who exist."""
        texts = await self._texts("users", zoom_ids)
        read = [_read(USERS, "users", zoom_id, text) for zoom_id, text in texts.items()]
        return [user for user in read if user is not None]

    async def everyone(self) -> AsyncIterator[DirectoryUser]:
        """Every user once, in no order."""
        users = each_field(self.client, keys.directory_part(self.reading, "users"))
        async for zoom_id, text in users:
            if user := _read(USERS, "users", zoom_id, text):
                yield user

    async def members(self, group_id: str) -> list[str]:
        """Zoom ids of a group's members, deactivated ones included; none of an unknown group."""
        text = await self.client.hget(keys.directory_part(self.reading, "members"), group_id)
        return _read(_MEMBERS, "members", group_id, text) or []

    async def _texts(self, part: str, fields: Sequence[str]) -> dict[str, str]:
        return await fields_of(self.client, keys.directory_part(self.reading, part), fields)

    def find_groups(self, text: str, *, limit: int = 10) -> GroupMatches:
        """Find a group by what somebody typed, and the nearest."""
        return find_groups(self.groups.values(), text, limit=limit)


@dataclass(eq=False, repr=False)
class DirectoryStore(Readings):
    """Every read and write of the mirror. `configured`: the Zoom API names are set."""

    state = keys.DIRECTORY_STATE
    leased = keys.DIRECTORY_LEASE

    _: KW_ONLY
    configured: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        self._view: DirectoryView | None = None

    # -- reading -------------------------------------------------------------------------------

    async def view(self) -> DirectoryView | None:
        """The current reading; None before the first. Hold it for seconds, not minutes."""
        reading = await self.client.get(keys.DIRECTORY_CURRENT)
        if reading is None:
            return None
        known = self._view  # groups are few and asked for by name: they stay in memory
        if known is None or known.reading != reading:
            known = DirectoryView(self.client, str(reading), await self._groups(str(reading)))
            self._view = known
        return known

    async def groups_of_user(self, zoom_id: str) -> frozenset[str] | None:
        """The groups of the user of this Zoom id; None: not known (yet)."""
        view = await self.view()
        user = None if view is None else await view.user(zoom_id)
        return None if user is None else user.group_ids

    async def groups_of(self, zoom_id: str | None, addresses: Iterable[str]) -> frozenset[str]:
        """The groups of the user of a Zoom id or, where it is not known, of folded addresses."""
        if zoom_id is not None:
            return await self.groups_of_user(zoom_id) or frozenset()
        view = await self.view()
        if view is not None:
            for address in addresses:
                user = await view.user_by_address(address)
                if user is not None:
                    return user.group_ids
        return frozenset()

    async def health(self) -> DirectoryHealth:
        """How the mirror is doing."""
        row: dict[str, str] = await self.client.hgetall(keys.DIRECTORY_STATE)
        return DirectoryHealth(
            configured=self.configured,
            now_ms=await server_ms(self.client),
            read_ms=_number(row, "read"),
            users=_number(row, "users") or 0,
            groups=_number(row, "groups") or 0,
            failed_ms=_number(row, "failed"),
            reason=row.get("reason"),
            detail=row.get("detail", ""),
            doubted_since_ms=_number(row, "doubted"),
        )

    async def load(self) -> Directory | None:
        """The whole current reading; None before the first."""
        view = await self.view()
        if view is None:
            return None
        users = {user.zoom_id: user async for user in view.everyone()}
        return Directory(users, view.groups)

    async def _groups(self, reading: str) -> dict[str, DirectoryGroup]:
        rows = await self.client.hgetall(keys.directory_part(reading, "groups"))
        read = [_read(GROUPS, "groups", group_id, text) for group_id, text in rows.items()]
        return {group.group_id: group for group in read if group is not None}

    # -- refreshing (sync.directory.refresh) -------------------------------------------------------

    async def request_reading(self, delay_ms: int = REQUEST_DELAY_MS) -> None:
        """Request a reading. Returns at once; requests within `delay_ms` become one reading."""
        if self.configured:
            await self.request(delay_ms)

    async def swap(
        self, token: str, directory: Directory, changes: Iterable[MembershipChange]
    ) -> bool:
        """Make a reading the current one, and keep its changes until they are passed on.

        False when our lease was lost: then nothing has changed.
        """
        old, new = await self.client.get(keys.DIRECTORY_CURRENT), secrets.token_hex(6)
        await self._stage(new, directory, changes)
        return await self.scripts.run(
            lua.directory_swap,
            state=keys.DIRECTORY_STATE,
            lease=keys.DIRECTORY_LEASE,
            current=keys.DIRECTORY_CURRENT,
            changes=keys.DIRECTORY_CHANGES,
            staged_changes=keys.directory_part(new, "changes"),
            staged=keys.directory_parts(new),
            former=() if old is None else keys.directory_parts(str(old)),
            token=token,
            reading=new,
            users=sum(user.status == ACTIVE for user in directory.users.values()),
            groups=len(directory.groups),
        )

    async def _stage(
        self, reading: str, directory: Directory, changes: Iterable[MembershipChange]
    ) -> None:
        # Ten thousand rows of JSON at once would hold everybody else up.
        parts = await asyncio.to_thread(_rows_of, directory, changes)
        for part, rows in parts.items():
            await self.stage(keys.directory_part(reading, part), rows)

    async def undelivered(self) -> list[MembershipChange]:
        """Up to CHUNK of the changes that were not passed on yet; none: all were."""
        found: list[MembershipChange] = []
        async for zoom_id, text in self.client.hscan_iter(keys.DIRECTORY_CHANGES, count=CHUNK):
            change = _read(CHANGES, "changes", zoom_id, text)
            found.append(change or MembershipChange(zoom_id, (), frozenset(), frozenset()))
            if len(found) == CHUNK:
                break
        return found

    async def delivered(self, changes: Iterable[MembershipChange]) -> None:
        """These were passed on. Only for the process with the lease."""
        ids = [change.zoom_id for change in changes]
        if ids:
            await self.client.hdel(keys.DIRECTORY_CHANGES, *ids)


def _rows_of(
    directory: Directory, changes: Iterable[MembershipChange]
) -> dict[str, list[tuple[str, str]]]:
    """The hashes of a reading."""
    users = directory.users.values()
    members = defaultdict(list)
    for user in users:
        for group_id in user.group_ids:
            members[group_id].append(user.zoom_id)
    return {
        "users": [(user.zoom_id, USERS.dump(user)) for user in users],
        # Somebody active wins over somebody deactivated who had the same address.
        "addresses": [
            (user.address, user.zoom_id)
            for user in sorted(users, key=lambda user: user.status == ACTIVE)
        ],
        "groups": [(group_id, GROUPS.dump(group)) for group_id, group in directory.groups.items()],
        "members": [(group_id, _MEMBERS.dump(zoom_ids)) for group_id, zoom_ids in members.items()],
        "changes": [(change.zoom_id, CHANGES.dump(change)) for change in changes],
    }


def _read(rows: Rows[T], part: str, row_id: str, text: str | None) -> T | None:
    """Read a row of a part; None: there is none, or it is damaged, which is logged."""
    row = rows.load_if_good(text)
    if text is not None and row is None:
        log.error("directory_row_damaged", part=part, id=row_id)
    return row


def _number(row: Mapping[str, str], name: str) -> int | None:
    try:
        return int(float(row[name])) if name in row else None
    except (ValueError, OverflowError):
        log.error("directory_state_damaged", field=name)
        return None
