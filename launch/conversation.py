"""The wiring of the conversation: what people say and click, to whatever answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.admins import Admins
from bot.answers import answer_admins, answer_people
from bot.dispatch import Dispatch
from bot.handlers.app_news import AppNews
from bot.handlers.connect import ConnectHandler, SignInResults
from bot.handlers.disconnect import DisconnectHandler
from bot.handlers.help import HelpHandler
from bot.handlers.personal import PersonalHandler
from bot.handlers.settings.changes import SettingsChanges
from bot.handlers.settings.group import GroupHandler
from bot.handlers.settings.guard import AdminsOnly
from bot.handlers.settings.guard import Groups as ZoomGroups
from bot.handlers.settings.invitations import InvitationHandler
from bot.handlers.settings.people import SettingsPeople
from bot.handlers.settings.storms import StormHandler
from bot.handlers.settings.views import SettingsViews
from bot.handlers.status import StatusHandler
from bot.router import Router
from bot.sign_in.flow import SignIn
from bot.sign_in.store import SignInStore
from bot.teams.channel import Channel, LocalMode, Production
from bot.teams.inbound_auth import InboundAuth
from bot.teams.service_hosts import ServiceHosts
from bot.teams.signing_keys import SigningKeys
from launch.outside import ZOOM_API_NAMES, ZOOM_PER_SECOND
from sync.connect.linking import Linking
from sync.settings.audit import AuditLog
from sync.zoom.roles import ZoomRoles
from wording.feed import FeedWords

if TYPE_CHECKING:
    from bot.teams.activity import Person
    from launch.outside import Outside
    from launch.wiring import Core
    from service.metrics import Metrics
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Conversation:
    """The chat side. `keys` is None in local mode, where nobody signs anything."""

    router: Router
    sign_in: SignIn
    channel: Channel
    keys: SigningKeys | None


def wire_bot(
    settings: Settings, outside: Outside, core: Core, metrics: Metrics, local_person: Person | None
) -> Conversation:
    """Put the conversation together. `local_person` is given in local mode only."""

    async def groups_without_link(object_id: str) -> frozenset[str]:
        met = await core.invite.met.find(object_id)
        return await core.directory.store.groups_of(None, () if met is None else met.addresses)

    linking = Linking(
        core.engine.people,
        tokens=core.connect.tokens,
        authorization=outside.authorization,
        profile=core.connect.addresses.profile,
        zoom=core.zoom.api,
        groups_of=core.directory.store.groups_of,
        identities=core.engine.identities,
    )
    results = SignInResults(
        core.chat.desk, linking, core.invite.invited.come_back, core.engine.engine.verdict_of
    )
    sign_in = SignIn(
        public_url=settings.public_url,
        authorization=outside.authorization,
        attempts=SignInStore(outside.redis, outside.scripts),
        vault=core.connect.vault,
        on_grant=results.granted,
        on_refusal=results.refused,
        on_outcome=metrics.sign_in,
        local=settings.local,
    )
    zoom_editor = None
    if settings.admin_zoom_role == "on" and core.zoom.api is not None:
        roles = ZoomRoles(core.zoom.api, monotonic=time.monotonic)
        zoom_editor = roles.account_editor
    admins = Admins(
        named=settings.admin_ids,
        known=core.engine.engine,
        external=core.invite.is_external,
        app_roles=core.connect.tokens.fresh_roles,
        addresses_now=core.connect.addresses,
        zoom_editor=zoom_editor,
        now=time.monotonic,
        background=core.engine.engine.background,
    )
    audit = AuditLog(outside.redis)
    groups = ZoomGroups(core.directory.store, () if core.zoom.api is not None else ZOOM_API_NAMES)
    guard = AdminsOnly(admins, core.chat.conversations, groups, zoom_admins=zoom_editor is not None)
    dispatch = Dispatch(guard)
    helper = HelpHandler(admins, local=settings.local)
    answer_people(
        dispatch,
        ConnectHandler(core.engine.engine, sign_in, now=time.time),
        DisconnectHandler(core.engine.engine, sign_in, core.invite.invited.leave),
        StatusHandler(core.engine.engine, groups_without_link),
        PersonalHandler(core.engine.engine),
        helper,
    )
    people = SettingsPeople(
        core.settings.desk, core.directory.store, audit, core.engine.people, core.engine.engine
    )
    storms = StormHandler(core.reconnect.rows, audit, core.engine.people.now_ms, people.may_try_all)
    views = SettingsViews(
        core.settings.desk,
        core.directory.store,
        groups,
        audit,
        core.engine.people,
        core.invite.invitees,
        storms,
        feed=FeedWords(core.feed.store.health, None if core.zoom.api is None else ZOOM_PER_SECOND),
    )
    changes = SettingsChanges(
        core.settings.desk,
        core.directory.store,
        groups,
        core.invite.invitees,
        audit,
        core.engine.people.now_ms,
    )
    answer_admins(
        dispatch,
        views,
        changes,
        GroupHandler(groups, views, changes),
        people,
        InvitationHandler(
            groups, core.invite.invitees, core.invite.invitations, audit, views.overview
        ),
        storms,
    )

    async def away(object_id: str) -> None:
        core.invite.roster.drop(object_id)
        await sign_in.end(object_id)  # or they come back from Microsoft connected, without a chat

    async def removed(object_id: str) -> None:
        await away(object_id)
        await core.engine.engine.disconnect(object_id)

    news = AppNews(
        core.chat.desk,
        core.engine.engine,
        core.chat.conversations,
        welcome=helper.welcome if settings.welcome == "install" else None,
        on_met=core.invite.roster.note,
        on_away=away,
        on_removed=removed,
    )
    router = Router(
        core.chat.desk,
        core.chat.seal,
        news,
        dispatch.complete(),
        on_outcome=metrics.turn,
    )
    if settings.local:
        if local_person is None:
            raise ValueError("local mode needs to know who speaks")
        return Conversation(router, sign_in, Channel(LocalMode(local_person)), None)
    keys = SigningKeys(outside.channel, settings.bot_openid_metadata_url)
    access = Production(
        auth=InboundAuth(settings.microsoft_app_id, keys),
        hosts=ServiceHosts(settings.service_hosts),
        tenant_id=settings.microsoft_app_tenant_id,
    )
    return Conversation(router, sign_in, Channel(access), keys)
