"""Which rows the processes on one Redis can read: upgrades one by one, and ways back.

Each change of what is stored has a number, the data version. Every process shows its own in Redis.
What only newer processes can read (a field, a member of an enum) is declared in domain.newer, and
is written once every live process can read it. From then on the contract in Redis says so, and a
process that is older does not start.

    contract    what it says
    ----------  ------------------------------------------------------------------------------
    newest      the data version of the newest rows that may be there: who reads knows it
    oldest      that of the oldest rows that may be there: who reads still knows them
    by          the release that set it
"""

from __future__ import annotations

import secrets
import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from domain.newer import DATA_VERSION, NEWER_MEMBERS, READS_FROM
from sync.redis import duties, keys
from sync.redis.duties import Work
from sync.upgrade import scripts as lua

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import Enum

    from domain.newer import Newer
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

E = TypeVar("E", bound="Enum")

_SOON: Final = 1.0
"""Seconds until it is looked again whether something may be written by now."""


class OtherData(Exception):
    """Redis holds rows that this code can't read; the text says so to the operator."""


@dataclass(eq=False)
class DataVersions:
    """Shows this process to the others, and knows what all of them can read. One per process.

    `version` and `reads_from` are those of the code, `release` is what operators call it.
    """

    client: Client
    scripts: Scripts
    _: KW_ONLY
    release: str
    version: int = DATA_VERSION
    reads_from: int = READS_FROM
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.work = Work(duties.DATA, self.show, at_end=self._leave)
        self._member = f"{self.version} {secrets.token_hex(8)}"
        self._known = self._wanted = self.reads_from
        self._since: float | None = None

    async def enter(self) -> None:
        """Show this process, before it reads or writes anything else.

        Raises OtherData where it can't read what is stored, REDIS_TROUBLE.
        """
        if await self._show(found=0):
            return
        if await rows_there(self.client) and not await self._show(found=0):
            raise OtherData(BEFORE)
        # A new installation has no older processes to wait for.
        await self._show(found=self.version)

    async def show(self) -> float | None:
        """Go on showing it, and find out what every process can read by now.

        Raises OtherData where others have gone on without it (it was cut off from Redis).
        """
        await self._show(found=self._known)
        return _SOON if self._wanted > self._known else None

    def everyone_knows(self, version: int) -> bool:
        """Whether rows of this data version may be written: every live process can read them.

        No, while that is not certain: somebody did not say so, or Redis can't be asked. Costs
        nothing; a yes stays, and after a no it is looked again within seconds.
        """
        self._wanted = max(self._wanted, version)
        return version <= self._known

    def written(self, member: E, newer: Mapping[Enum, Newer[Any]] = NEWER_MEMBERS) -> E:
        """What is written for a member of a stored enum: itself, once everyone knows it."""
        while (declared := newer.get(member)) and not self.everyone_knows(declared.since):
            member = declared.until
        return member

    async def may_write(self, member: Enum) -> bool:
        """Whether a member is written as it is; looked at anew while that is not certain.

        For those who ask before they offer it. Raises as `show`.
        """
        if self.written(member) is not member:
            await self.show()
        return self.written(member) is member

    async def _show(self, *, found: int) -> bool:
        """Show it, and found a contract for rows of that version where there is none (0: don't).

        False: nothing is stored yet, or by something that had no data versions.
        """
        now = self.monotonic()
        settled = self._since is not None and (now - self._since) * 1000 >= lua.GONE_MS
        newest, oldest, steady, by = await self.scripts.run(
            lua.data_show,
            contract=keys.DATA_CONTRACT,
            processes=keys.DATA_PROCESSES,
            member=self._member,
            version=self.version,
            reads_from=self.reads_from,
            known=self._known,
            # Not before whoever was overlooked, because the clock went on, has shown themselves.
            wanted=self._wanted if settled else 0,
            release=self.release,
            found=found,
        )
        if not newest:
            return False
        refuse_other(newest, oldest, by, version=self.version, reads_from=self.reads_from)
        if not steady or self._since is None:
            self._since = now
        if newest > self._known:
            self._known = newest
            log.info("data_version_reached", version=newest)
        return True

    async def _leave(self) -> None:
        await self.client.zrem(keys.DATA_PROCESSES, self._member)


async def check_rows(client: Client) -> None:
    """For who only looks: whether this code can read what is stored.

    Raises OtherData, REDIS_TROUBLE.
    """
    newest, oldest, by = await client.hmget(keys.DATA_CONTRACT, "newest", "oldest", "by")
    if newest is None and oldest is None:
        if await rows_there(client) and not await client.exists(keys.DATA_CONTRACT):
            raise OtherData(BEFORE)
        return
    refuse_other(_number(newest), _number(oldest), by or "")


async def rows_there(client: Client) -> bool:
    """Whether anything of ours is stored: some of what every version has kept."""
    pipe = client.pipeline(transaction=False)
    for key in (keys.SETTINGS, keys.AUDIT, keys.BUTTON_KEY, keys.FEED_STATE, keys.DIRECTORY_STATE):
        pipe.exists(key)
    for shard in range(keys.SHARDS):
        for key in (keys.everybody(shard), *keys.dues(shard)):
            pipe.exists(key)
    return any(await pipe.execute())


BEFORE: Final = (
    "Redis holds data from a Presence Bridge before 0.2.0, which this version can't read. Nothing "
    "was changed. Use another Redis, or another of its databases (REDIS_URL), or empty this one. "
    "People then need to connect again."
)


def refuse_other(
    newest: int,
    oldest: int,
    by: str,
    *,
    version: int = DATA_VERSION,
    reads_from: int = READS_FROM,
) -> None:
    """Raise OtherData unless code of `version` can read rows from `oldest` to `newest`.

    A version that can't be read is -1. `by` is the release that wrote the newest.
    """
    if newest < 1 or oldest < 1:
        raise OtherData(
            f"{keys.DATA_CONTRACT} in Redis can't be read, so the meaning of the other rows is "
            "unknown. Nothing was changed. Restore Redis from a copy."
        )
    if newest > version:
        raise OtherData(
            f"Redis holds rows of data version {newest}, which Presence Bridge {by} wrote. This "
            f"one reads up to {version}. Nothing was changed. Start {by} or a later release again, "
            "or restore a copy of Redis from before the upgrade."
        )
    if oldest < reads_from:
        raise OtherData(
            f"Redis holds rows of data version {oldest}, but this Presence Bridge needs at least "
            f"{reads_from}. Nothing was changed. Run the release before this one first "
            "(docs/operate.md, Upgrades)."
        )


def _number(text: Any) -> int:
    return int(text) if text is not None and str(text).isdecimal() else -1
