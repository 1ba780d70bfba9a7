"""The room of saying who one is, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.identify.flow import Identifying
from bot.identify.purposes import SayNo, ShowRole, TakeList
from bot.identify.store import Asked, IdentifyStore, ProvenRoles
from domain.newer import NEWER_NAMES
from sync.organisation import exclusion_file, people_file
from sync.organisation.listing import listed
from sync.organisation.opting_out import OptingOut
from sync.settings.audit import Actor
from wording.identify import For

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    async def list_link(self, person: Person, purpose: For) -> str:
        """The address of an admin's list: LIST or EXCLUDED."""
        return await self.pages.new_link(
            Asked(purpose, 0, person.tenant_id, person.object_id, person.name)
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

    async def people(person: Person) -> Iterator[str]:
        await audit.took_list(Actor(person.object_id, person.name))
        rows = await listed(core.directory.store, core.organisation.matching.store)
        return people_file.written(rows)

    async def excluded(person: Person) -> Iterator[str]:
        await audit.took_excluded(Actor(person.object_id, person.name))
        return exclusion_file.written(await core.organisation.exclusions.everybody())

    purposes: tuple[Purpose, ...] = (
        TakeList(For.LIST, "zoom-people.csv", pages, admins.standing, people),
        TakeList(For.EXCLUDED, "excluded-people.csv", pages, admins.standing, excluded),
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
