"""The room of downloads, put together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.download.flow import Downloads
from bot.teams.activity import Person
from sync.organisation.listing import listed
from sync.organisation.people_file import written
from sync.settings.audit import Actor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.core import Core
    from bot.sign_in.pages import Pages
    from domain.roles import Standing
    from sync.microsoft.authorization import Authorization
    from sync.redis.connection import Client
    from sync.settings.audit import AuditLog


def wire(
    core: Core,
    redis: Client,
    audit: AuditLog,
    *,
    public_url: str,
    authorization: Authorization,
    pages: Pages,
    standing: Callable[[Person], Awaitable[Standing]],
) -> Downloads:
    """Put it together: what is downloaded is the list of people and their matches."""

    async def made(person: Person) -> bytes:
        await audit.took_list(Actor(person.object_id, person.name))
        rows = await listed(core.directory.store, core.organisation.matching.store)
        # A hundred thousand lines take a second.
        return await asyncio.to_thread(lambda: "".join(written(rows)).encode())

    return Downloads(
        public_url=public_url,
        authorization=authorization,
        redis=redis,
        vault=core.connect.vault,
        pages=pages,
        standing=standing,
        made=made,
        person_of=lambda tenant, oid, name: Person(tenant, oid, f"29:{oid}", name),
    )
