"""Looking at settings: the overview, the groups, the history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.invite.invitees import EVERYONE
from cards.build import refreshing
from cards.settings import centre as settings_centre
from cards.settings import lists as list_cards
from cards.settings.clicks import ShowCentre
from cards.settings.digest_clicks import ShowDigest
from cards.settings.paging import PAGE_SIZE, nearest_page
from domain.directory import ACTIVE
from domain.policy import resolve
from sync.settings.rows import ACCOUNT
from wording.directory import explain
from wording.figures import clock_time
from wording.history import done, fields_changed
from wording.readback import readback_view
from wording.text import tidy
from wording.trouble import parked_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import tzinfo

    from bot.grammar.said import Centre, Groups, History
    from bot.handlers.ports import Policies
    from bot.handlers.settings.guard import ZoomGroups
    from bot.request import Turn
    from cards.build import Card, Element
    from cards.settings.clicks import ListGroups, SearchGroups, ShowHistory
    from domain.agreement import ReadbackHealth
    from domain.policy import Policy
    from sync.settings.audit import AuditLog

STALE_SECONDS = 3 * 3600.0
"""An older list of Zoom's people is shown as trouble; it is read every hour."""


@dataclass(frozen=True, slots=True)
class SettingsViews:
    """Cards that change nothing. The guard has made sure of the admin.

    `now_ms` is the clock that all processes share; `invitable` counts those of a group (empty:
    everyone) whom an admin may invite; `banner` warns of a storm; `feed` says how Zoom's events
    come in, for a time zone and so many connected people; `readback` whether Microsoft is read
    back. `everyone_knows` says of a name (domain.newer) whether every process that runs can read
    it.
    """

    policies: Policies
    groups: ZoomGroups
    audit: AuditLog
    now_ms: Callable[[], Awaitable[int]]
    invitable: Callable[[str, str], Awaitable[int]]
    banner: Callable[[], Awaitable[Element | None]]
    feed: Callable[[tzinfo, int], Awaitable[str]]
    readback: Callable[[], Awaitable[ReadbackHealth]]
    everyone_knows: Callable[[str], bool]

    async def overview(self, turn: Turn, _: Centre | ShowCentre | None = None) -> Card:
        """Show the state of the whole organisation; also in the place of what is over."""
        policy, health = await self.policies.policy(), await self.groups.directory.health()
        age = health.age_seconds
        numbers = await self._numbers(policy, turn.person.object_id)
        here, connected = turn.inbound.time_zone, numbers.connected
        card = settings_centre.centre(
            policy,
            numbers=numbers,
            directory=explain(health),
            directory_well=health.reason is None and age is not None and age < STALE_SECONDS,
            feed=await self.feed(here, connected),
            readback=readback_view(await self.readback()),
            storm=await self.banner(),
            digest=self.everyone_knows(ShowDigest.verb),
        )
        return refreshing(card, ShowCentre(), [turn.person.mri])

    async def search(self, turn: Turn, asked: Groups | SearchGroups | ListGroups) -> Card:
        """List Zoom's groups whose names hold a text."""
        search, page = tidy(asked.search, 100), getattr(asked, "page", 0)
        policy, view = await self.policies.policy(), await self.groups.view()
        managed = {group.group_id: group for group in policy.groups}
        found = view.find_groups(search, limit=max(1, len(view.groups))).nearest
        page = nearest_page(page, len(found))
        rows = [
            list_cards.GroupRow(
                group.group_id, group.name, group.members, managed.get(group.group_id)
            )
            for group in found[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
        ]
        return list_cards.group_list(rows, search=search, page=page, total=len(found))

    async def history(self, turn: Turn, asked: History | ShowHistory) -> Card:
        """Show who changed or looked up what."""
        cursor = getattr(asked, "cursor", "")
        page = await self.audit.page(before=cursor or None, limit=PAGE_SIZE)
        now_ms, here = await self.now_ms(), turn.inbound.time_zone
        entries = [
            list_cards.Entry(
                when=clock_time(record.at_ms, now_ms, here),
                who=record.by.name,
                scope="The account" if record.scope == ACCOUNT else record.scope_name,
                what=done(record.kind, record.new),
                changes=tuple(
                    fields_changed(
                        record.kind, record.old, record.new, account=record.scope == ACCOUNT
                    )
                ),
                reason=record.reason,
            )
            for record in page.records
        ]
        return list_cards.history(entries, older=page.before, newest=not cursor)

    async def _numbers(self, policy: Policy, reader: str) -> settings_centre.Numbers:
        view, covered = await self.groups.directory.view(), None
        if view is not None:
            covered = 0
            async for user in view.everyone():
                covered += user.status == ACTIVE and resolve(policy, user.group_ids).on
        connected = active = trouble = off = 0
        parked = Counter[str]()
        now_ms = await self.now_ms()
        async for some in self.policies.connected():
            for person in some:
                if not resolve(policy, person.group_ids, by=person.authorised_by).on:
                    off += 1
                    continue
                connected += 1
                if person.trouble is not None:
                    trouble += 1
                    reason = parked_for(person.trouble)
                    if reason is not None:
                        parked[reason] += 1
                elif person.held is not None:
                    active += person.held.until_ms > now_ms
        invitable = await self.invitable(EVERYONE, reader)
        return settings_centre.Numbers(covered, connected, active, trouble, off, invitable, parked)
