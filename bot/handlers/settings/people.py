"""Looking at people: why it is so for one, who is in trouble, and trying them again.

The helpdesk may look one up and have them tried again; what they are shown of them is less, and
never a list of those in trouble. Whose role is not known here is shown no more than the helpdesk.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bot.handlers.settings.guard import actor
from cards.click import BadInput
from cards.settings import people as people_cards
from cards.settings.clicks import OpenListed
from domain.group_names import LONGEST
from domain.link import fold_address
from domain.people_names import nearest
from domain.person import verdict_of
from domain.policy import resolve
from domain.roles import Role
from sync.engine.engine import Busy
from wording.directory import PERSON_GONE
from wording.figures import clock_time, day_words
from wording.looked_up import looked_up
from wording.trouble import (
    FAILED_AGAIN,
    NOTHING_TO_TRY,
    TROUBLES,
    WELL_AGAIN,
    parked_for,
    tried_again,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.grammar.said import User
    from bot.handlers.ports import Engine, LookUps, People, Policies, ZoomDirectory
    from bot.request import Turn
    from cards.build import Card
    from cards.settings.clicks import OpenPerson, Revive, ReviveAll, ShowParked
    from domain.directory import DirectoryUser
    from domain.link import Link
    from domain.person import PersonState
    from sync.engine.people import Parked
    from sync.settings.audit import AuditLog


@dataclass(frozen=True, slots=True)
class SettingsPeople:
    """Cards about single people. The guard has made sure of the role.

    `everyone_knows` says of a name (domain.newer) whether every process that runs can read it.
    `match_line` says how a Zoom user, or somebody of Entra, is matched (empty: it isn't known).
    """

    policies: Policies
    directory: ZoomDirectory
    audit: AuditLog
    people: People
    engine: Engine
    look_ups: LookUps
    everyone_knows: Callable[[str], bool]
    match_line: Callable[[str | None, str | None], Awaitable[str]]

    async def user(self, turn: Turn, said: User) -> Card:
        """Why presence is what it is for one person; never what Zoom says of them now."""
        if not await self.engine.may_look_up(turn.person.object_id):
            return people_cards.too_often()
        if not said.address:
            return await self._named(turn, said.name)
        return await self._of_address(turn, said.address)

    async def _of_address(self, turn: Turn, address: str) -> Card:
        folded = fold_address(address)
        await self.audit.looked_up(actor(turn), folded)
        view = await self.directory.view()
        listed = None if view is None else await view.user_by_address(folded)
        oid = await self.people.owner_of(
            address=folded, zoom_id=None if listed is None else listed.zoom_id
        )
        known = None if oid is None else await self.engine.link_of(oid)
        if known is None and listed is None:
            return people_cards.no_user(
                address=folded, directory=view is not None, for_admin=_is_admin(turn)
            )
        return await self._card(turn, folded, known, listed)

    async def _named(self, turn: Turn, name: str) -> Card:
        """Look up whoever has this name, or ask who of several is meant."""
        view = await self.directory.view()
        if view is None:
            return people_cards.nobody_called(
                wanted=name, directory=False, for_admin=_is_admin(turn)
            )
        found = nearest([user async for user in view.everyone()], name)
        if len(found) == 1:
            return await self._of_address(turn, found[0].address)
        await self.audit.searched(actor(turn), name[:LONGEST])
        if not found:
            return people_cards.nobody_called(
                wanted=name, directory=True, for_admin=_is_admin(turn)
            )
        return people_cards.which_user(
            [
                people_cards.ListedRow(user.zoom_id, user.name, user.address)
                for user in found[: people_cards.MOST_LISTED]
            ],
            wanted=name,
            total=len(found),
            choose=self.everyone_knows(OpenListed.verb),
            for_admin=_is_admin(turn),
        )

    async def listed(self, turn: Turn, click: OpenListed) -> Card:
        """Look up somebody who was chosen among several of a name."""
        if not await self.engine.may_look_up(turn.person.object_id):
            return people_cards.too_often()
        view = await self.directory.view()
        user = None if view is None else await view.user(click.person)
        if user is None:
            raise BadInput(PERSON_GONE)
        return await self._of_address(turn, user.address)

    async def chosen(self, turn: Turn, click: OpenPerson) -> Card:
        """Look up somebody who was chosen in the list of those in trouble."""
        if not await self.engine.may_look_up(turn.person.object_id):
            return people_cards.too_often()
        known = await self.engine.link_of(click.person)
        if known is None:  # they disconnected meanwhile
            return await self._show_parked(turn)
        address = known[0].addresses[0]
        await self.audit.looked_up(actor(turn), address)
        return await self._card(turn, address, known, None)

    async def may_try_all(self, turn: Turn) -> bool:
        """Whether an admin may have everybody tried again now; counts it."""
        return await self.engine.may_look_up(turn.person.object_id, everybody=True)

    async def troubled(self, turn: Turn, _: ShowParked) -> Card:
        """Show who is parked and why, as often as an admin may."""
        if not await self.engine.may_look_up(turn.person.object_id):
            return people_cards.too_often()
        return await self._show_parked(turn)

    async def _show_parked(self, turn: Turn, *, notice: str = "") -> Card:
        """Show who is parked and why; also in the place of somebody who is gone."""
        await self.audit.looked_at_parked(actor(turn))
        everybody = await self._parked()
        now_ms, here = await self.engine.now_ms(), turn.inbound.time_zone
        rows: list[people_cards.ParkedRow] = []
        for person in everybody:
            if len(rows) >= people_cards.MOST_PARKED:
                break
            known = await self.engine.link_of(person.object_id)
            if known is not None:
                link, since = known[0], clock_time(person.since_ms, now_ms, here)
                rows.append(
                    people_cards.ParkedRow(
                        person.object_id, link.name, link.addresses[0], person.reason, since
                    )
                )
        counts = Counter(str(person.reason) for person in everybody)
        return people_cards.parked(rows, counts, notice=notice)

    async def revive(self, turn: Turn, click: Revive) -> Card:
        """Try a person again who is parked."""
        oid = click.object_id
        if not await self.engine.may_look_up(turn.person.object_id):
            return people_cards.too_often()
        known = await self.engine.link_of(oid)
        if known is None:
            if not _is_admin(turn):
                return people_cards.gone(for_admin=False)
            return await self._show_parked(turn)
        address = known[0].addresses[0]
        notice = NOTHING_TO_TRY
        if parked_for(known[1].trouble) is not None and await self.engine.revive(oid):
            await self.audit.revived(actor(turn), address)
            with contextlib.suppress(Busy):  # a worker has them: it tries by itself
                await self.engine.reconcile_now(oid)
            known = await self.engine.link_of(oid) or known
            notice = FAILED_AGAIN if known[1].trouble else WELL_AGAIN
        return await self._card(turn, address, known, None, notice=notice)

    async def revive_all(self, turn: Turn, _: ReviveAll) -> Card:
        """Try everybody again whom it may help."""
        if not await self.may_try_all(turn):
            return people_cards.too_often()
        revived = 0
        for person in await self._parked():
            if TROUBLES[person.reason].revivable:
                revived += await self.engine.revive(person.object_id)
        if revived:
            await self.audit.revived_all(actor(turn), people=revived)
        return await self._show_parked(turn, notice=tried_again(revived) if revived else "")

    async def _parked(self) -> list[Parked]:
        """Everybody who is parked and for whom presence sync is on, in the order of TROUBLES."""
        policy = await self.policies.policy()
        found = {p.object_id: p async for p in self.people.parked() if p.reason in TROUBLES}
        rows = await self.people.rows(list(found), "group_ids", "authorised_by")
        covered = [
            found[row.object_id]
            for row in rows
            if resolve(policy, row.group_ids, by=row.authorised_by).on
        ]
        order = list(TROUBLES)
        return sorted(covered, key=lambda person: (order.index(person.reason), person.since_ms))

    async def _card(
        self,
        turn: Turn,
        address: str,
        known: tuple[Link, PersonState] | None,
        listed: DirectoryUser | None,
        *,
        notice: str = "",
    ) -> Card:
        """Explain a person who is connected (`known`), or only in Zoom's list (`listed`)."""
        policy, now_ms = await self.policies.policy(), await self.engine.now_ms()
        for_admin = _is_admin(turn)
        if known is not None:
            link, state = known
            name, own = link.name, state.personal
            seen = own if for_admin else replace(own, paused_until_ms=None)
            verdict = verdict_of(policy, replace(state, personal=seen), now_ms)
        else:
            assert listed is not None  # noqa: S101 - one of the two is there
            state, name = None, listed.name
            verdict = resolve(policy, listed.group_ids, now_ms=now_ms)
        words = clock_time if for_admin else day_words
        at = partial(words, now_ms=now_ms, zone=turn.inbound.time_zone)
        view = looked_up(
            *(state, policy, verdict, at),
            name=name,
            address=address,
            notice=notice,
            for_admin=for_admin,
        )
        if for_admin:
            zoom_id, object_id = None if listed is None else listed.zoom_id, None
            if known is not None:
                object_id = known[0].object_id
                zoom_id = zoom_id or known[0].zoom_id
            view = replace(view, match=await self.match_line(zoom_id, object_id))
        # Whatever shows somebody comes by here, trying again too. One's own looks are not counted.
        counted = False
        if state is not None and state.object_id != turn.person.object_id:
            role = turn.role or Role.HELPDESK
            counted = await self.look_ups.count(state.object_id, role, now_ms)
        return people_cards.user(replace(view, counted=counted))


def _is_admin(turn: Turn) -> bool:
    return turn.role is Role.ADMIN
