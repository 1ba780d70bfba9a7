"""The room of asking for consent, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.consent.flow import ConsentFlow
from bot.consent.news import ConsentNews
from bot.consent.store import ConsentLinks
from domain.newer import NEWER_NAMES
from domain.roles import By
from sync.settings.audit import AuditLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.admins import Admins
    from bot.core import Core
    from bot.sign_in.pages import Pages
    from bot.teams.activity import Person
    from bot.wire import ChatRoom
    from sync.microsoft.authorization import Authorization
    from sync.redis.connection import Client
    from sync.upgrade.data_version import DataVersions


def news(
    chat: ChatRoom,
    redis: Client,
    *,
    admins: Collection[str],
    now_ms: Callable[[], Awaitable[int]],
    data: DataVersions,
) -> ConsentNews:
    """What follows when consent is given or ends; `admins` are those whom the operator names."""
    return ConsentNews(
        chat.desk,
        ConsentLinks(redis),
        AuditLog(redis),
        admins,
        chat.conversations.remember_recipient,
        now_ms,
        lambda: data.everyone_knows(NEWER_NAMES["settings.organisation"]),
    )


def flow(
    core: Core,
    admins: Admins,
    authorization: Authorization,
    pages: Pages,
    *,
    public_url: str,
    tenant_id: str,
    graph_resource: str,
) -> ConsentFlow:
    """The browser's way; `graph_resource` is what Graph's tokens are for."""

    def address(state: str, redirect_uri: str) -> str:
        scope = f"{graph_resource}/.default"
        return authorization.consent_address(scope, state=state, redirect_uri=redirect_uri)

    async def may_ask(person: Person) -> bool | None:
        standing = await admins.standing(person)
        may = By.ENTRA_ADMIN.lets(standing.role, by_zoom=standing.by_zoom)
        return may if may or standing.sure else None

    return ConsentFlow(
        public_url=public_url,
        tenant_id=tenant_id,
        address=address,
        links=core.consent.links,
        consents=core.organisation.consents,
        may_ask=may_ask,
        settled=core.consent.settled,
        pages=pages,
        now_ms=core.engine.people.now_ms,
    )
