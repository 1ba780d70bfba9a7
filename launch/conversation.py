"""The wiring of the conversation: what people say and click, to whatever answers.

Only a process that talks with people imports it, and the Bot Framework SDK with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

import bot.consent.wire
import bot.digest.wire
import bot.identify.wire
import bot.sign_in.wire
from bot.admins import Admins
from bot.grammar import commands
from bot.handlers.help import HelpHandler
from bot.handlers.wire import wire_answers, wire_news
from bot.identify.store import ProvenRoles
from bot.router import Router
from bot.sign_in.attempt import RESULTS
from bot.sign_in.pages import Pages
from bot.teams.channel import Channel, LocalMode, Production
from bot.teams.endpoint import messages_handler
from bot.teams.inbound_auth import InboundAuth
from bot.teams.service_hosts import ServiceHosts
from bot.teams.signing_keys import KeysUnavailable, SigningKeys
from cards import click
from domain.errors import OutsideError
from launch.outside import BOT_SCOPE
from service.setting_rules import ZOOM_API_NAMES
from sync.redis import rows
from sync.settings.audit import AuditLog
from sync.zoom.roles import ZoomRoles

if TYPE_CHECKING:
    from bot.core import Core
    from bot.teams.activity import Person
    from launch.outside import Outside
    from service.metrics import Metrics
    from service.settings import Settings
    from sync.redis.duties import Work


@dataclass(frozen=True, slots=True)
class Conversation:
    """The chat side, with its routes. `keys` is None in local mode, where nobody signs anything.

    `works` are the duties that a process has only here.
    """

    routes: list[web.AbstractRouteDef]
    channel: Channel
    keys: SigningKeys | None
    pages: Pages
    outside: Outside
    works: tuple[Work, ...]

    async def warm_up(self) -> None:
        """Do what the first who speaks or connects would wait for."""
        await self.outside.warm_up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fetch_keys(), name="signing-keys")
            await self._import()

    async def _fetch_keys(self) -> None:
        with contextlib.suppress(KeysUnavailable):  # logged; the first message tries again
            if self.keys is not None:
                await self.keys.refresh()

    async def _import(self) -> None:
        await self.channel.warm_up()
        of_chat = (commands.warm_up, rows.warm_up, click.warm_up)
        for once in (*of_chat, self.pages.warm_up, RESULTS.rebuild):
            await asyncio.to_thread(once)
        await self.outside.authorization.warm_up()
        with contextlib.suppress(OutsideError):  # whoever is first tries again
            await self.outside.profiles.warm_up()
            if self.keys is not None:
                await self.outside.authorization.app_token(BOT_SCOPE)


def wire_bot(
    settings: Settings,
    outside: Outside,
    core: Core,
    metrics: Metrics,
    local_person: Person | None,
    local_chat: str | None,
) -> Conversation:
    """Put the conversation together. `local_person` and `local_chat` are for local mode only."""
    sign_in = bot.sign_in.wire.wire(
        core,
        outside.redis,
        outside.scripts,
        public_url=settings.public_url,
        authorization=outside.authorization,
        on_outcome=metrics.sign_in,
        pages=Pages(
            public_url=settings.public_url,
            login_origin=outside.authorization.login_origin,
            contact=settings.help_contact,
            chat=local_chat if settings.local else settings.teams_chat,
            local=settings.local,
        ),
    )
    zoom_editor = None
    if settings.admin_zoom_role == "on" and core.zoom.api is not None:
        zoom_editor = ZoomRoles(core.zoom.api, monotonic=time.monotonic).account_editor
    engine = core.engine.engine
    admins = Admins(
        named=settings.admin_ids,
        known=engine,
        external=core.invite.is_external,
        app_roles=core.connect.tokens.fresh_roles,
        addresses_now=core.connect.addresses,
        zoom_editor=zoom_editor,
        proven=ProvenRoles(outside.redis).role,
        now=time.monotonic,
        background=engine.background,
    )
    consent = bot.consent.wire.flow(
        core,
        admins,
        outside.organisation,
        sign_in.pages,
        public_url=settings.public_url,
        tenant_id=settings.microsoft_app_tenant_id,
        graph_resource=settings.graph_resource,
    )
    home = settings.public_url.rstrip("/")
    helper = HelpHandler(
        admins, engine, f"{home}/privacy", local=settings.local, contact=settings.help_contact
    )
    audit = AuditLog(outside.redis)
    identify = bot.identify.wire.wire(
        core,
        outside.redis,
        audit,
        public_url=settings.public_url,
        tenant_id=settings.microsoft_app_tenant_id,
        authorization=outside.authorization,
        pages=sign_in.pages,
        admins=admins,
    )
    sign_in.elsewhere = identify.pages.finish
    digest = bot.digest.wire.wire(
        core,
        outside.redis,
        outside.scripts,
        admins=admins,
        tenant_id=settings.microsoft_app_tenant_id,
        on_outcome=metrics.digest,
    )
    answers = wire_answers(
        core,
        helper,
        sign_in,
        admins,
        audit,
        consent,
        zoom_names=ZOOM_API_NAMES,
        zoom_admins=zoom_editor is not None,
        identify=identify,
        digest=digest.handler,
    )
    news = wire_news(core, helper, sign_in, welcome=settings.welcome == "install")
    router = Router(
        core.chat.desk, core.chat.seal, news, answers.complete(), on_outcome=metrics.turn
    )
    channel, keys = _channel(settings, outside, local_person)
    routes: list[web.AbstractRouteDef] = [
        web.post(
            "/api/messages", messages_handler(channel, router.on_turn, core.chat.conversations)
        ),
        *sign_in.routes(),
        *consent.routes(),
        *identify.pages.routes(),
        *sign_in.pages.routes(),
    ]
    works = (core.listener.work, core.invite.roster.work, digest.digests.work)
    return Conversation(routes, channel, keys, sign_in.pages, outside, works)


def _channel(
    settings: Settings, outside: Outside, local_person: Person | None
) -> tuple[Channel, SigningKeys | None]:
    """How messages come in, and the keys that they are signed with."""
    if settings.local:
        if local_person is None:
            raise ValueError("local mode needs to know who speaks")
        return Channel(LocalMode(local_person)), None
    keys = SigningKeys(outside.channel, settings.bot_openid_metadata_url)
    access = Production(
        auth=InboundAuth(settings.microsoft_app_id, keys),
        hosts=ServiceHosts(settings.service_hosts),
        tenant_id=settings.microsoft_app_tenant_id,
    )
    return Channel(access), keys
