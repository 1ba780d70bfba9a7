"""What admins decided: in Redis, and in this process's memory.

Every save compares, sets, records and announces in one step. The memory has it at hand for every
decision about a person.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import structlog

from domain import policy_edits as edits
from domain.history import CHANGE
from domain.policy import Form
from sync.redis import channels, duties, keys
from sync.redis.duties import Work
from sync.settings import scripts as lua
from sync.settings.audit import ENTRIES, INSTALLATION, ZOOM, Actor, Entry
from sync.settings.rows import ACCOUNT, FORMS, changed_rows, history_of, read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redis.asyncio import Redis

    from domain.directory import DirectoryGroup
    from domain.policy import Policy
    from domain.policy_edits import Edit
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Saved:
    """It is done: `before` became `policy`. Equal when there was nothing to change."""

    policy: Policy
    before: Policy


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else was first: nothing was changed. `policy` is what holds now."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class SettingsStore:
    """Every read and write of the settings.

    A save names the version that the admin saw (`Policy.version`). Any change since then is a
    conflict, even of another group: what the admin confirmed (whom it touches) is no longer sure.
    """

    client: Client
    scripts: Scripts

    async def start(self, *, on: bool) -> Policy:
        """Fill in the account's form on a new installation (ACCOUNT_DEFAULT); else read."""
        form = Form(integration=on)
        entry = Entry(CHANGE, INSTALLATION, ACCOUNT, ACCOUNT, new=asdict(form), version=1)
        await self.scripts.run(
            lua.settings_first,
            settings=keys.SETTINGS,
            audit=keys.AUDIT,
            account=FORMS.dump(form),
            entry=ENTRIES.dump(entry),
        )
        return await self.read()

    async def read(self) -> Policy:
        """What holds now. Damaged rows count as switched off and are reported."""
        policy, damaged = read_policy(await self.client.hgetall(keys.SETTINGS))
        if damaged:
            log.error("settings_damaged", rows=damaged)
        return policy

    async def version(self) -> int:
        """The version of what holds now."""
        text = await self.client.hget(keys.SETTINGS, "version")
        return read_policy({"version": text or "0"})[0].version

    async def save(
        self, edit: Edit, *, expected: int, by: Actor, reason: str = ""
    ) -> Saved | Conflict:
        """Save an edit of the version that the admin saw, and why. Raises GroupInherits."""
        about = edit.level.group_id or None
        return await self._save(edit.apply, expected=expected, by=by, about=about, reason=reason)

    async def follow_zoom(self, groups: Mapping[str, DirectoryGroup]) -> Saved:
        """Take over Zoom's names, and let go of groups that Zoom deleted. `groups` are all."""
        names = {group.group_id: group.name for group in groups.values()}
        while True:
            outcome = await self._save(
                lambda policy: edits.with_zoom_names(policy, names), expected=None, by=ZOOM
            )
            if isinstance(outcome, Saved):
                return outcome

    async def _save(
        self,
        apply: Callable[[Policy], Policy],
        *,
        expected: int | None,
        by: Actor,
        about: str | None = None,
        reason: str = "",
    ) -> Saved | Conflict:
        before = await self.read()
        if expected is not None and before.version != expected:
            return Conflict(before)
        after = apply(before)
        rows = changed_rows(before, after)
        if not rows:
            return Saved(before, before)
        version = before.version + 1
        entries = [
            Entry(CHANGE, by, *fact, version=version, reason=reason)
            for fact in history_of(before, after, about=about)
        ]
        done, _ = await self.scripts.run(
            lua.settings_save,
            settings=keys.SETTINGS,
            audit=keys.AUDIT,
            expected=before.version,
            rows=rows,
            entries=[ENTRIES.dump(entry) for entry in entries],
        )
        if not done:
            return Conflict(await self.read())
        why = {"reason": reason} if reason else {}
        log.info("settings_changed", by=by.actor_id, version=version, rows=list(rows), **why)
        return Saved(replace(after, version=version), before)


class SettingsCache:
    """What holds now, as far as this process knows. While Redis is away the last word counts.

    `work` follows changes, `news` hears of them at once.
    """

    def __init__(self, store: SettingsStore, listener: Redis) -> None:
        self.work = Work(duties.SETTINGS, self._follow)
        self.news = Work(duties.SETTINGS_NEWS, self._listen)
        self._store = store
        self._listener = listener
        self._policy: Policy | None = None
        self._loading = asyncio.Lock()
        self.wakes = list[Work]()
        """The duties that go by it, in this process: woken by a change."""

    def current(self) -> Policy:
        """The policy. Raises RuntimeError before `load`: nobody's presence hangs on a guess."""
        if self._policy is None:
            raise RuntimeError("the settings were not loaded")
        return self._policy

    async def load(self) -> Policy:
        """Read anew, whatever is known."""
        async with self._loading:  # a slow reading must not undo a later one
            before, self._policy = self._policy, await self._store.read()
            if before is None or before.version != self._policy.version:
                for work in self.wakes:
                    work.wake()
            return self._policy

    async def at_least(self, version: int) -> Policy:
        """The policy of this version or a later one; read anew if what is known is older."""
        known = self.current()
        return known if known.version >= version else await self.load()

    async def _follow(self) -> None:
        if self._policy is None or await self._store.version() != self._policy.version:
            await self.load()

    async def _listen(self) -> None:
        async with self._listener.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(channels.SETTINGS_CHANGED)
            async for _ in channel.listen():
                self.work.wake()
