"""Changing the policy: whom a change would touch, making it, and carrying it out.

The preview and the change itself are computed by the same functions from the same rows, so that the
confirmation says what will happen. A change names the version that the admin saw.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.coverage import Shifted
from domain.directory import ACTIVE
from domain.effect import Effect
from domain.person import verdict_of
from domain.policy import SOME_GROUP, resolve
from domain.policy_edits import Stop
from domain.presence import Style
from sync.redis.batches import batches
from sync.settings.rollout import BATCH, Rollout, decided_elsewhere, style_in_force
from sync.settings.store import Conflict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from domain.person import PersonState
    from domain.policy import Policy
    from domain.policy_edits import Edit
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.settings.audit import Actor
    from sync.settings.rollout import Rollouts
    from sync.settings.store import SettingsCache, SettingsStore


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


_READ = (
    *("zoom_id", "group_ids", "personal", "authorised_by", "own_until_ms"),
    *("held", "trouble"),
)


async def nobody_shifts(_: Policy, __: Policy) -> Shifted:
    """Where the organisation authorises nothing."""
    return Shifted()


@dataclass(frozen=True, slots=True)
class PolicyService:
    """Previews and makes changes.

    `shifted` says for whom the organisation's authorisation ends or starts between two policies.
    """

    settings: SettingsStore
    cache: SettingsCache
    people: PeopleStore
    directory: DirectoryStore
    rollouts: Rollouts
    shifted: Callable[[Policy, Policy], Awaitable[Shifted]] = nobody_shifts

    async def policy(self) -> Policy:
        """What holds now, read from the store."""
        return await self.cache.load()

    async def preview(self, edit: Edit) -> Preview:
        """Whom an edit would touch now. Raises GroupInherits."""
        _of_a_known_level(edit)
        before = await self.policy()
        after = edit.apply(before)
        return Preview(before, after, await self._effect(before, after, edit))

    async def make(
        self,
        edit: Edit,
        *,
        expected: int,
        by: Actor,
        show: Callable[[Preview], str],
        reason: str = "",
    ) -> Done | Conflict:
        """Save an edit of the policy version that the admin saw, and begin to carry it out.

        `show` makes what the card that shows the progress needs. `reason` is the admin's (none:
        empty). Raises GroupInherits.
        """
        _of_a_known_level(edit)
        before = await self.policy()
        if before.version != expected:
            return Conflict(before)
        after = edit.apply(before)
        effect = await self._effect(before, after, edit)
        rollout = None
        if effect.now:
            rollout = Rollout(
                rollout_id=secrets.token_hex(8),
                version=expected + 1,
                total=len(effect.now),
                show=show(Preview(before, after, effect)),
            )
            # First of all: if we die after the save, another process carries it out.
            await self.rollouts.rows.intend(rollout, effect.now)
        outcome = await self.settings.save(edit, expected=expected, by=by, reason=reason)
        if rollout is not None:
            if isinstance(outcome, Conflict):
                await self.rollouts.rows.finish(rollout.rollout_id)
            else:
                await self.rollouts.start(rollout)
        if isinstance(outcome, Conflict):
            return outcome
        await self.cache.load()
        return Done(outcome.before, outcome.policy, effect, rollout)

    async def under_way(self, rollout_id: str) -> tuple[Rollout, int] | None:
        """What is being carried out, and for how many it is left to do; None: it is done."""
        return await self.rollouts.rows.look_up(rollout_id)

    async def _effect(self, before: Policy, after: Policy, edit: Edit) -> Effect:
        now_ms, shifted = await self.people.now_ms(), await self.shifted(before, after)
        touched: list[str] = []
        off = on = full = 0
        own = len(shifted.own)
        linked = {*shifted.starts, *shifted.starts_later}
        async for people in self.connected():
            for person in people:
                old, new = (style_in_force(policy, person, now_ms) for policy in (before, after))
                if old != new and person.object_id not in shifted.ends:
                    touched.append(person.object_id)
                    off += new is None
                    on += old is None
                    full += new is Style.FULL
                own += _own_counts(before, after, person, now_ms)
                if person.zoom_id is not None:
                    linked.add(person.zoom_id)
        later, elsewhere = await self._not_connected(before, after, edit, linked)
        return Effect(
            *(tuple(touched), later, elsewhere),
            *(off, on, full, own),
            ends=len(shifted.ends),
            called_off=shifted.called_off,
            starts=len(shifted.starts),
            starts_later=len(shifted.starts_later),
        )

    async def _not_connected(
        self, before: Policy, after: Policy, edit: Edit, linked: set[str]
    ) -> tuple[int, int]:
        """How many in scope it would touch once they connect, and for how many others decide."""
        view = await self.directory.view()
        if view is None or isinstance(edit, Stop):  # it touches nobody who isn't started
            return 0, 0
        scope = edit.level.group_id or None
        if scope is None:
            users = [user async for user in view.everyone()]
        else:
            users = await view.users(await view.members(scope))
        decides = scope is None or any(group.group_id == scope for group in after.groups)
        later = elsewhere = 0
        for user in users:
            if user.status != ACTIVE:
                continue
            if decides and decided_elsewhere(after, user.group_ids, scope):
                elsewhere += 1
            elif user.zoom_id not in linked:
                later += _differs(before, after, user.group_ids)
        return later, elsewhere

    async def connected(self) -> AsyncIterator[list[PersonState]]:
        """Every connected person, in batches: who they are, their session, what ails them."""
        async for some in batches(self.people.everyone(), BATCH):
            yield await self.people.rows(some, *_READ)


def _of_a_known_level(edit: Edit) -> None:
    if edit.level == SOME_GROUP:
        raise ValueError("an edit of a group that was not chosen yet")


def _own_counts(before: Policy, after: Policy, person: PersonState, now_ms: int) -> bool:
    """Whether an authorisation of theirs that is kept is to count after, and was not before."""
    if person.own_until_ms is None:
        return False
    was, is_now = (verdict_of(policy, person, now_ms).by for policy in (before, after))
    return was is person.authorised_by is not is_now


def _differs(before: Policy, after: Policy, group_ids: frozenset[str]) -> bool:
    """Whether somebody without choices of their own gets another verdict."""
    old, new = resolve(before, group_ids), resolve(after, group_ids)
    return (old.on, old.style) != (new.on, new.style)
