"""The wiring of the conversation: what people say and click, to whatever answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.admins import Admins
from bot.handlers.app_news import AppNews
from bot.handlers.connect import ConnectHandler, SignInResults
from bot.handlers.disconnect import DisconnectHandler
from bot.handlers.help import HelpHandler
from bot.handlers.personal import PersonalHandler
from bot.handlers.settings.changes import SettingsChanges
from bot.handlers.settings.front import SettingsHandler
from bot.handlers.settings.invitations import InvitationHandler
from bot.handlers.settings.people import SettingsPeople
from bot.handlers.settings.storms import StormHandler
from bot.handlers.settings.views import SettingsViews
from bot.handlers.status import StatusHandler
from bot.invite.roster_store import RosterStore
from bot.invite.store import InvitationStore
from bot.router import Router
from bot.sign_in.flow import SignIn
from bot.sign_in.store import SignInStore
from bot.teams.channel import Channel, LocalMode, Production
from bot.teams.inbound_auth import InboundAuth
from bot.teams.service_hosts import ServiceHosts
from bot.teams.signing_keys import SigningKeys
from cards.payload import Verb
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

    async def groups_of(zoom_id: str | None, addresses: tuple[str, ...]) -> frozenset[str]:
        if zoom_id is not None:
            return await core.directory.groups_of_user(zoom_id) or frozenset()
        view = await core.directory.view()
        if view is not None:
            for address in addresses:
                user = await view.user_by_address(address)
                if user is not None:
                    return user.group_ids
        return frozenset()

    roster = RosterStore(outside.redis)

    async def groups_without_link(object_id: str) -> frozenset[str]:
        met = await roster.find(object_id)
        return frozenset() if met is None else await groups_of(None, met.addresses)

    linking = Linking(
        core.people,
        tokens=core.tokens,
        authorization=outside.authorization,
        profile=core.addresses.profile,
        zoom=core.zoom,
        groups_of=groups_of,
        identities=core.identities,
    )
    invited = InvitationStore(outside.redis)
    results = SignInResults(
        core.payloads, core.desk, linking, invited.come_back, core.engine.verdict_of
    )
    sign_in = SignIn(
        public_url=settings.public_url,
        authorization=outside.authorization,
        attempts=SignInStore(outside.redis, outside.scripts),
        vault=core.vault,
        on_grant=results.granted,
        on_refusal=results.refused,
        on_outcome=metrics.sign_in,
        local=settings.local,
    )
    zoom_editor = None
    if settings.admin_zoom_role == "on" and core.zoom is not None:
        roles = ZoomRoles(core.zoom, monotonic=time.monotonic)
        zoom_editor = roles.account_editor
    admins = Admins(
        named=settings.admin_ids,
        known=core.engine,
        external=core.is_external,
        app_roles=core.tokens.fresh_roles,
        addresses_now=core.addresses,
        zoom_editor=zoom_editor,
        now=time.monotonic,
        background=core.engine.background,
    )
    audit = AuditLog(outside.redis)
    inviting = InvitationHandler(core.payloads, core.invitees, core.invitations, audit)
    storms = StormHandler(core.payloads, core.notice_rows, audit, core.people.now_ms)
    settings_handler = SettingsHandler(
        core.payloads,
        admins,
        SettingsViews(
            core.payloads,
            core.policy_desk,
            core.directory,
            audit,
            core.people,
            core.invitees,
            storms,
            feed=FeedWords(core.feed.health, None if core.zoom is None else ZOOM_PER_SECOND),
        ),
        SettingsPeople(
            core.payloads, core.policy_desk, core.directory, audit, core.people, core.engine
        ),
        SettingsChanges(
            core.payloads,
            core.policy_desk,
            core.directory,
            core.invitees,
            audit,
            core.people.now_ms,
        ),
        inviting,
        storms,
        core.directory,
        core.conversations,
        missing_zoom=() if core.zoom is not None else ZOOM_API_NAMES,
        zoom_admins=zoom_editor is not None,
    )
    helper = HelpHandler(core.payloads, admins, local=settings.local)
    personal = PersonalHandler(core.payloads, core.engine)
    connecting = ConnectHandler(core.payloads, core.engine, sign_in, now=time.time)
    status = StatusHandler(core.payloads, core.engine, groups_without_link)
    disconnecting = DisconnectHandler(core.payloads, core.engine, sign_in, invited.leave)

    async def away(object_id: str) -> None:
        core.roster.drop(object_id)
        await sign_in.end(object_id)  # or they come back from Microsoft connected, without a chat

    async def removed(object_id: str) -> None:
        await away(object_id)
        await core.engine.disconnect(object_id)

    news = AppNews(
        core.desk,
        core.engine,
        core.conversations,
        welcome=helper.welcome if settings.welcome == "install" else None,
        on_met=core.roster.note,
        on_away=away,
        on_removed=removed,
    )
    router = Router(
        core.desk,
        core.payloads,
        news,
        commands={
            "connect": connecting.offer,
            "disconnect": disconnecting.ask,
            "status": status.status,
            "pause": personal.pause,
            "resume": personal.resume,
            "style": personal.style,
            "settings": settings_handler.say,
            "help": helper.help,
        },
        clicks={
            Verb.CONNECT_START: connecting.offer,
            Verb.CONNECT_CANCEL: connecting.cancel,
            Verb.TEST_RUN: status.test,
            Verb.STATUS_SHOW: status.status,
            Verb.DISCONNECT_ASK: disconnecting.ask,
            Verb.DISCONNECT_CONFIRM: disconnecting.confirm,
            Verb.DISCONNECT_CANCEL: disconnecting.cancel,
            Verb.HELP_SHOW: helper.help,
            Verb.PAUSE_START: personal.pause,
            Verb.PAUSE_END: personal.resume,
            Verb.STYLE_SHOW: personal.style,
            Verb.STYLE_CHOOSE: personal.style,
            Verb.NOTICE_SEEN: personal.notice_seen,
            Verb.INVITATION_DECLINE: inviting.decline,
            **settings_handler.clicks,
        },
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
