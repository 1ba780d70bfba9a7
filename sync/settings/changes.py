"""Changing the policy: whom a change would touch, making it, and carrying it out.

The preview and the change itself are computed by the same functions from the same rows, so that the
confirmation says what will happen. A change names the version that the admin saw.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain import policy_edits as edits
from domain.directory import ACTIVE
from domain.policy import resolve
from sync.settings.rollout import BATCH, Effect, decided_elsewhere, touches
from sync.settings.rollout_store import Rollout
from sync.settings.store import Conflict, Saved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.person import Standing
    from domain.policy import Form, Policy
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.settings.audit import Actor
    from sync.settings.cache import SettingsCache
    from sync.settings.rollout import Rollouts
    from sync.settings.store import SettingsStore


@dataclass(frozen=True, slots=True)
class SetForm:
    """Set the form of the account (`group_id` None) or of a group, and perhaps its priority."""

    form: Form
    group_id: str | None = None
    name: str = ""
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Inherit:
    """Let a group inherit again."""

    group_id: str


@dataclass(frozen=True, slots=True)
class Move:
    """Give a managed group a priority, 1 is highest."""

    group_id: str
    priority: int


Edit = SetForm | Inherit | Move


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edit would do, seen from `before`. `after` equals it when there is nothing to do."""

    before: Policy
    after: Policy
    effect: Effect


@dataclass(frozen=True, slots=True)
class Done:
    """It is saved; `rollout` carries it out, None when it touches nobody who is connected."""

    before: Policy
    policy: Policy
    effect: Effect
    rollout: Rollout | None


def edited(policy: Policy, edit: Edit) -> Policy:
    """The policy after an edit. Raises KeyError for moving a group that inherits."""
    match edit:
        case SetForm(form, None):
            return edits.with_account(policy, form)
        case SetForm(form, str(group_id), name, priority):
            managed = edits.with_group(policy, group_id, name, form)
            if priority is None:
                return managed
            return edits.with_priority(managed, group_id, priority)
        case Inherit(group_id):
            return edits.without_group(policy, group_id)
        case Move(group_id, priority):
            return edits.with_priority(policy, group_id, priority)
    raise TypeError(edit)


class PolicyDesk:
    """Previews and makes changes."""

    def __init__(
        self,
        settings: SettingsStore,
        cache: SettingsCache,
        people: PeopleStore,
        directory: DirectoryStore,
        rollouts: Rollouts,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._people = people
        self._directory = directory
        self._rollouts = rollouts

    async def policy(self) -> Policy:
        """What holds now, read from the store."""
        return await self._cache.load()

    async def preview(self, edit: Edit) -> Preview:
        """Whom an edit would touch now. Raises KeyError like `edited`."""
        before = await self.policy()
        after = edited(before, edit)
        return Preview(before, after, await self._effect(before, after, edit))

    async def make(self, edit: Edit, *, expected: int, by: Actor, show: str) -> Done | Conflict:
        """Save an edit of the policy version that the admin saw, and begin to carry it out.

        `show` is what the card that shows the progress needs. Raises KeyError like `edited`.
        """
        before = await self.policy()
        if before.version != expected:
            return Conflict(before)
        effect = await self._effect(before, edited(before, edit), edit)
        rollout = None
        if effect.now:
            rollout = Rollout(
                rollout_id=secrets.token_hex(8),
                version=expected + 1,
                total=len(effect.now),
                show=show,
            )
            # First of all: if we die after the save, another process carries it out.
            await self._rollouts.intend(rollout, effect.now)
        outcome = await self._save(edit, expected=expected, by=by)
        if rollout is not None:
            if isinstance(outcome, Conflict):
                await self._rollouts.drop(rollout)
            else:
                await self._rollouts.start(rollout)
        if isinstance(outcome, Conflict):
            return outcome
        await self._cache.load()
        return Done(outcome.before, outcome.policy, effect, rollout)

    async def under_way(self, rollout_id: str) -> tuple[Rollout, int] | None:
        """What is being carried out, and for how many it is left to do; None: it is done."""
        return await self._rollouts.look_up(rollout_id)

    async def _save(self, edit: Edit, *, expected: int, by: Actor) -> Saved | Conflict:
        match edit:
            case SetForm(form, None):
                return await self._settings.save_account(form, expected=expected, by=by)
            case SetForm(form, str(group_id), name, priority):
                return await self._settings.save_group(
                    group_id, name, form, expected=expected, by=by, priority=priority
                )
            case Inherit(group_id):
                return await self._settings.inherit_group(group_id, expected=expected, by=by)
            case Move(group_id, priority):
                return await self._settings.move_group(group_id, priority, expected=expected, by=by)
        raise TypeError(edit)

    async def _effect(self, before: Policy, after: Policy, edit: Edit) -> Effect:
        now_ms = await self._people.now_ms()
        touched: list[str] = []
        linked: set[str] = set()
        async for standings in self.connected():
            for person in standings:
                if touches(before, after, person, now_ms):
                    touched.append(person.object_id)
                if person.zoom_id is not None:
                    linked.add(person.zoom_id)
        later, elsewhere = await self._not_connected(before, after, edit, linked)
        return Effect(tuple(touched), later, elsewhere)

    async def _not_connected(
        self, before: Policy, after: Policy, edit: Edit, linked: set[str]
    ) -> tuple[int, int]:
        """How many in scope it would touch once they connect, and for how many others decide."""
        view = await self._directory.view()
        if view is None:
            return 0, 0
        scope = edit.group_id
        later = elsewhere = 0
        if scope is None:
            async for user in view.everyone():
                if user.status != ACTIVE:
                    continue
                if decided_elsewhere(after, user.group_ids, None):
                    elsewhere += 1
                elif user.zoom_id not in linked:
                    later += _differs(before, after, user.group_ids)
            return later, elsewhere
        managed = any(group.group_id == scope for group in after.groups)
        for user in await view.users(await view.members(scope)):
            if user.status != ACTIVE:
                continue
            if managed and decided_elsewhere(after, user.group_ids, scope):
                elsewhere += 1
            elif user.zoom_id not in linked:
                later += _differs(before, after, user.group_ids)
        return later, elsewhere

    async def connected(self) -> AsyncIterator[list[Standing]]:
        """Where every connected person stands, in batches."""
        batch: list[str] = []
        async for oid in self._people.everyone():
            batch.append(oid)
            if len(batch) >= BATCH:
                yield await self._people.standings(batch)
                batch = []
        if batch:
            yield await self._people.standings(batch)


def _differs(before: Policy, after: Policy, group_ids: frozenset[str]) -> bool:
    """Whether somebody without choices of their own gets another verdict."""
    old, new = resolve(before, group_ids), resolve(after, group_ids)
    return (old.on, old.style) != (new.on, new.style)
