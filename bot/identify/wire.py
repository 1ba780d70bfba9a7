"""The room of saying who one is, put together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.identify.flow import Identifying
from bot.identify.purposes import SayNo, ShowRole, TakeList
from bot.identify.store import Asked, IdentifyStore, ProvenRoles
from domain.newer import NEWER_NAMES
from sync.organisation.listing import listed
from sync.organisation.opting_out import OptingOut
from sync.organisation.people_file import written
from sync.settings.audit import Actor
from wording.identify import For

if TYPE_CHECKING:
    from bot.admins import Admins
    from bot.core import Core
    from bot.identify.flow import Purpose
    from bot.request import Turn
    from bot.sign_in.pages import Pages
    from bot.teams.activity import Person
    from sync.microsoft.authorization import Authorization
    from sync.redis.connection import Client
    from sync.settings.audit import AuditLog


@dataclass(frozen=True, slots=True)
class IdentifyRoom:
    """The pages, and what makes links to them."""

    pages: Identifying
    opting_out: OptingOut
    core: Core

    async def list_link(self, person: Person) -> str:
        """The address of an admin's list."""
        return await self.pages.new_link(
            Asked(For.LIST, 0, person.tenant_id, person.object_id, person.name)
        )

    async def role_link(self, turn: Turn) -> str | None:
        """Where somebody shows their role; None while a process may run that has no such page."""
        if not self.core.data.everyone_knows(NEWER_NAMES["pb:{NN}:role:<oid>"]):
            return None
        who = turn.person
        return await self.pages.new_link(
            Asked(For.ROLE, 0, who.tenant_id, who.object_id, who.name, turn.at, turn.card_id)
        )


def wire(
    core: Core,
    redis: Client,
    audit: AuditLog,
    *,
    public_url: str,
    tenant_id: str,
    authorization: Authorization,
    pages: Pages,
    admins: Admins,
) -> IdentifyRoom:
    """Put it together."""
    engine, covering = core.engine.engine, core.covering
    opting_out = OptingOut(
        engine,
        covering.opt_outs,
        covering.announcements,
        covering.starting.zoom_id_of,
        engine.background,
        core.invite.invited.leave,
    )

    async def made(person: Person) -> bytes:
        await audit.took_list(Actor(person.object_id, person.name))
        rows = await listed(core.directory.store, core.organisation.matching.store)
        # A hundred thousand lines take a second.
        return await asyncio.to_thread(lambda: "".join(written(rows)).encode())

    purposes: tuple[Purpose, ...] = (
        TakeList(pages, admins.standing, made),
        ShowRole(pages, ProvenRoles(redis), core.chat.desk),
        SayNo(pages, opting_out, engine.now_ms),
    )
    identifying = Identifying(
        public_url=public_url,
        tenant_id=tenant_id,
        authorization=authorization,
        rows=IdentifyStore(redis),
        vault=core.connect.vault,
        pages=pages,
        now_ms=engine.now_ms,
        purposes={purpose.name: purpose for purpose in purposes},
    )
    return IdentifyRoom(identifying, opting_out, core)
