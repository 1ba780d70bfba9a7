"""Domain aliases, for admins: which there are, adding one with a preview, taking one away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.handlers.settings.entra import in_time, unreachable
from bot.handlers.settings.guard import actor
from cards.click import BadInput
from cards.settings import matching as match_cards
from domain.directory import ACTIVE
from domain.matching import FoundBy, Uncovered, aliased, match
from sync.organisation.by_hand import Alias, TooMany, plain
from wording.figures import clock_time
from wording.matching import alias_effect, removal_effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.grammar.matching import DomainAlias
    from bot.handlers.ports import ZoomDirectory
    from bot.handlers.settings.entra import Entra
    from bot.request import Turn
    from cards.build import Card
    from cards.settings.match_clicks import AddAlias, AskRemoveAlias, RemoveAlias, ShowAliases
    from domain.directory import DirectoryUser
    from sync.organisation.by_hand import HandStore
    from sync.organisation.matches import MatchStore
    from sync.settings.audit import AuditLog

PREVIEWED = 150
"""Of those whom an alias may match so many are looked up before it is confirmed."""


@dataclass(frozen=True, slots=True)
class AliasHandler:
    """Shows and changes them. The guard has made sure of the admin."""

    directory: ZoomDirectory
    store: MatchStore
    by_hand: HandStore
    entra: Entra
    audit: AuditLog

    async def alias(self, turn: Turn, said: DomainAlias) -> Card:
        """Show the aliases, or have one confirmed, or the end of one."""
        if said.remove:
            return await self._ask_remove(turn, said.old)
        if not said.new:
            return await self._aliases(turn)
        known = await self.by_hand.aliases()
        former = known.get(said.old)
        if former is not None and former.new == said.new:
            return await self._aliases(turn, notice="This alias is already there.")
        effect = await self._effect(said.old, said.new, plain(known))
        if effect is None:
            return unreachable()
        replaces = "" if former is None else former.new
        return match_cards.confirm_alias(said.old, said.new, effect=effect, replaces=replaces)

    async def show(self, turn: Turn, _: ShowAliases) -> Card:
        """Show the aliases."""
        return await self._aliases(turn)

    async def add(self, turn: Turn, click: AddAlias) -> Card:
        """Let a domain be another one."""
        before = (await self.by_hand.aliases()).get(click.old)
        made = Alias(click.new, actor(turn), await self.by_hand.now_ms())
        try:
            await self.by_hand.set_alias(click.old, made)
        except TooMany:
            raise BadInput(
                "There are too many aliases already, so nothing was changed. Remove one first."
            ) from None
        if before is None or before.new != click.new:
            await self.audit.matching(
                actor(turn),
                f"alias:{click.old}",
                click.old,
                old=None if before is None else {"became": before.new},
                new={"became": click.new},
            )
        await self.store.request_matching()
        notice = "Saved. I’m matching everyone again, which takes a minute or so."
        return await self._aliases(turn, notice=notice)

    async def ask_remove(self, turn: Turn, click: AskRemoveAlias) -> Card:
        """Have the end of an alias confirmed."""
        return await self._ask_remove(turn, click.old)

    async def remove(self, turn: Turn, click: RemoveAlias) -> Card:
        """End an alias."""
        was = await self.by_hand.drop_alias(click.old)
        if was is None:
            return await self._aliases(turn, notice="This alias is already gone.")
        await self.audit.matching(
            actor(turn), f"alias:{click.old}", click.old, old={"became": was.new}
        )
        await self.store.request_matching()
        notice = "Removed. I’m matching everyone again, which takes a minute or so."
        return await self._aliases(turn, notice=notice)

    async def _ask_remove(self, turn: Turn, old: str) -> Card:
        known = (await self.by_hand.aliases()).get(old)
        if known is None:
            return await self._aliases(turn, notice="There’s no such alias.")
        by_alias = 0
        users = {user.zoom_id for user in await self._having(old)}
        async for found in self.store.matches():
            by_alias += found.zoom_id in users and found.by is FoundBy.ALIAS and found.why is None
        effect = removal_effect(by_alias=by_alias)
        return match_cards.confirm_removal(old, known.new, effect=effect)

    async def _aliases(self, turn: Turn, *, notice: str = "") -> Card:
        known, now_ms = await self.by_hand.aliases(), await self.by_hand.now_ms()
        rows = [
            match_cards.AliasRow(
                old,
                alias.new,
                alias.by.name,
                clock_time(alias.at_ms, now_ms, turn.inbound.time_zone),
            )
            for old, alias in sorted(known.items())
        ]
        return match_cards.aliases(rows[:40], notice=notice)

    async def _having(self, domain: str) -> list[DirectoryUser]:
        """Active people of Zoom with an address at a domain."""
        view = await self.directory.view()
        if view is None:
            return []
        return [
            user
            async for user in view.everyone()
            if user.status == ACTIVE and user.address.endswith(f"@{domain}")
        ]

    async def _effect(self, old: str, new: str, known: Mapping[str, str]) -> str | None:
        """What an alias would do, in a sentence; None where Entra can't be asked."""
        having = await self._having(old)
        found = await self.store.of_zooms([user.zoom_id for user in having])
        unmatched = [
            user
            for user in having
            if user.zoom_id not in found or found[user.zoom_id].why is Uncovered.NOBODY
        ]
        some, would = sorted(unmatched, key=lambda user: user.address)[:PREVIEWED], 0
        if some:
            aliases = {**known, old: new}
            wanted = {name for user in some for name in aliased(user.address, aliases)}
            reading = await in_time(self.entra.read(wanted))
            if reading is None:
                return None
            matches = match(some, reading.users.values(), aliases)
            people = await self.store.people(list(reading.users))
            would = sum(
                it.why is None
                and it.object_id is not None
                and (people.get(it.object_id) is None or people[it.object_id].zoom_id is None)
                for it in matches.values()
            )
        return alias_effect(
            having=len(having),
            unmatched=len(unmatched),
            looked_at=len(some),
            would=would,
            old=old,
            new=new,
        )
