"""The wiring: from settings to objects that know each other.

Settings come in as one object and go down as plain values; nothing below reads the environment.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.admins import Admins
from bot.channel import Channel, LocalMode, Production
from bot.desk import Desk
from bot.feed_words import FeedWords
from bot.handlers.connect import ConnectHandler, SignInResults
from bot.handlers.disconnect import DisconnectHandler
from bot.handlers.help import HelpHandler
from bot.handlers.invitations import InvitationHandler
from bot.handlers.personal import PersonalHandler
from bot.handlers.settings import SettingsHandler
from bot.handlers.settings_changes import SettingsChanges
from bot.handlers.settings_people import SettingsPeople
from bot.handlers.settings_views import SettingsViews
from bot.handlers.status import StatusHandler
from bot.handlers.storms import StormHandler
from bot.inbound_auth import InboundAuth
from bot.invitations import Invitations
from bot.people import ChatPeople
from bot.roster import Roster
from bot.router import Router
from bot.sender import ChannelSender
from bot.service_hosts import ServiceHosts
from bot.sign_in import SignIn
from bot.signing_keys import SigningKeys
from cards.payload import Payloads, Verb
from service import tls
from sync.attend import Attendant
from sync.catch_up import CatchUp
from sync.changes import PolicyDesk
from sync.engine import Engine
from sync.feed_watch import FeedWatch
from sync.invitees import Invitees
from sync.lanes import GRAPH_LIMITS
from sync.linking import Linking
from sync.microsoft.authorization import Authorization
from sync.microsoft.graph import GraphPresence, time_limit
from sync.microsoft.profile import read_profile
from sync.microsoft.tokens import Tokens
from sync.notices import GRACE_MS
from sync.notifier import Notifier
from sync.rollout import Rollouts
from sync.store.audit import AuditLog
from sync.store.connection import Scripts, connect, connect_listener
from sync.store.conversations import ConversationStore
from sync.store.directory import DirectoryStore
from sync.store.feed import Doubt, FeedStore
from sync.store.invitations import InvitationStore
from sync.store.notices import NoticeStore
from sync.store.people import PeopleStore
from sync.store.queue import LEASE_MS
from sync.store.quota import Quota
from sync.store.rollouts import RolloutStore
from sync.store.roster import RosterStore
from sync.store.settings import SettingsStore
from sync.store.settings_cache import SettingsCache
from sync.store.sweep import SweepStore
from sync.store.vault import Vault
from sync.zoom.api import ZoomApi
from sync.zoom.directory import Pace, ZoomDirectory
from sync.zoom.refresh import DirectoryRefresher
from sync.zoom.roles import ZoomRoles
from sync.zoom.turns import ZoomTurns
from sync.zoom.webhook import ZoomEvents
from sync.zoom.webhook_log import WebhookLog

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from bot.activity import Person
    from service.metrics import Metrics
    from service.settings import Settings
    from sync.lanes import Limits
    from sync.ports import Profile

ZOOM_API_NAMES = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
ZOOM_PER_SECOND = 10.0
"""Requests of the directory, and as many look-ups of people's presence. Together they are what Zoom
allows the smaller accounts for requests of medium weight; all apps of an account share that."""
ZOOM_BURST = 10

BOT_SCOPE = "https://api.botframework.com/.default"


@dataclass(frozen=True, slots=True)
class Outside:
    """Connections to everything outside this process."""

    redis: Any
    listener: Any
    scripts: Scripts
    graph: aiohttp.ClientSession
    zoom: aiohttp.ClientSession
    channel: aiohttp.ClientSession
    authorization: Authorization


async def open_outside(settings: Settings, redis_url: str, stack: AsyncExitStack) -> Outside:
    """Make the clients; nothing is sent yet. They are closed by the stack."""
    redis = connect(redis_url, settings.redis_mode)
    stack.push_async_callback(redis.aclose)
    listener = connect_listener(redis_url)
    stack.push_async_callback(listener.aclose)
    context = tls.client_context(os.environ)

    async def session(limit: int) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=limit, ssl=context)
        return await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        )

    authorization = Authorization(
        client_id=settings.microsoft_app_id,
        client_secret=settings.microsoft_app_password.get_secret_value(),
        tenant_id=settings.microsoft_app_tenant_id,
        login_url=settings.microsoft_login_url,
        scopes=settings.graph_scopes,
        redirect_uri=f"{settings.public_url}/auth/microsoft/callback",
        verify=tls.requests_verify(os.environ, settings.data_dir),
    )
    stack.callback(authorization.close)
    return Outside(
        redis=redis,
        listener=listener,
        scripts=Scripts(redis),
        graph=await session(limit=100),
        zoom=await session(limit=20),
        channel=await session(limit=50),
        authorization=authorization,
    )


@dataclass(frozen=True, slots=True)
class Core:
    """The presence engine and what it stands on. Knows nothing of chat."""

    people: PeopleStore
    conversations: ConversationStore
    vault: Vault
    tokens: Tokens
    zoom: ZoomApi | None
    attendant: Attendant
    engine: Engine
    desk: Desk
    payloads: Payloads
    chat: ChatPeople
    settings: SettingsStore
    policy: SettingsCache
    directory: DirectoryStore
    refresher: DirectoryRefresher | None
    rollouts: Rollouts
    policy_desk: PolicyDesk
    quota: Quota
    invitees: Invitees
    invitations: Invitations
    roster: Roster
    feed: FeedStore
    doubt: Doubt
    catch_up: CatchUp
    notice_rows: NoticeStore
    notifier: Notifier

    async def prepare(self, *, account_on: bool) -> None:
        """Fill in the settings of a new installation, and know what holds. Needs Redis."""
        await self.settings.start(on=account_on)
        await self.policy.load()
        await self.doubt.load()


def wire_core(
    settings: Settings,
    outside: Outside,
    metrics: Metrics,
    limits: Limits = GRAPH_LIMITS,
    *,
    grace_ms: int = GRACE_MS,
    lease_ms: int = LEASE_MS,
) -> Core:
    """Put the engine together. The chat is its way to tell people something.

    `grace_ms`: how long somebody's trouble lasts before they are told (sync.notices).
    """
    hosts = ServiceHosts(settings.service_hosts, loopback_only=settings.local)
    conversations = ConversationStore(outside.redis)
    sender = ChannelSender(
        outside.channel,
        hosts,
        None if settings.local else _channel_token(outside.authorization),
        on_outcome=metrics.send,
    )
    desk = Desk(sender, conversations)
    keys = settings.token_key_list
    payloads = Payloads(keys[0].encode())
    people = PeopleStore(outside.redis, outside.scripts, lease_ms=lease_ms)
    vault = Vault(keys)
    tokens = Tokens(people, vault, outside.authorization)
    zoom = zoom_api(settings, outside)
    settings_store = SettingsStore(outside.redis, outside.scripts)
    policy = SettingsCache(settings_store, outside.listener)
    directory = DirectoryStore(outside.redis, outside.scripts, configured=zoom is not None)
    roster, invited = RosterStore(outside.redis), InvitationStore(outside.redis)
    invitees = Invitees(roster, invited, people, directory, policy.load)
    chat = ChatPeople(desk, payloads, invitable=invitees.count, asks=conversations.remember_asker)
    notice_rows = NoticeStore(outside.redis, outside.scripts)
    quota = Quota(outside.redis, outside.scripts, limits)
    feed = FeedStore(outside.redis, outside.scripts)
    doubt = Doubt(feed)
    attendant = Attendant(
        store=people,
        quota=quota,
        graph=GraphPresence(
            outside.graph,
            graph_url=settings.graph_url,
            session_id=settings.microsoft_app_id,
            now=time.time,
            time_limit=time_limit(lease_ms),
        ),
        tokens=tokens,
        zoom=zoom,
        people=chat,
        policy=policy,
        meter=metrics,
        zoom_turn=ZoomTurns(ZOOM_PER_SECOND, burst=ZOOM_BURST, monotonic=time.monotonic).wait,
        doubted=doubt.ms,
    )
    engine = Engine(people, attendant, policy=policy, can_ask=zoom is not None)
    refresher, missed = None, None
    if zoom is not None:
        pace = Pace(ZOOM_PER_SECOND, monotonic=time.monotonic)
        if settings.zoom_app_id is not None:
            events = ZoomEvents(
                engine,
                account_id=settings.zoom_account_id,
                meter=metrics,
                directory_changed=directory.ask,
            )
            webhook_log = WebhookLog(zoom, settings.zoom_app_id, pace)
            missed = partial(webhook_log.take_missed, take=events.take)
        refresher = DirectoryRefresher(
            ZoomDirectory(zoom, pace, now_ms=lambda: int(time.time() * 1000)),
            directory,
            groups_read=settings_store.follow_zoom,
            memberships_changed=engine.memberships_changed,
        )
    rollouts = Rollouts(people, RolloutStore(outside.redis), chat, policy=policy)
    catch_up = CatchUp(
        feed,
        FeedWatch(feed),
        SweepStore(outside.redis, people),
        people,
        policy=policy,
        per_second=None if zoom is None else ZOOM_PER_SECOND,
        missed=missed,
    )
    return Core(
        people=people,
        conversations=conversations,
        vault=vault,
        tokens=tokens,
        zoom=zoom,
        attendant=attendant,
        engine=engine,
        desk=desk,
        payloads=payloads,
        chat=chat,
        settings=settings_store,
        policy=policy,
        directory=directory,
        refresher=refresher,
        rollouts=rollouts,
        policy_desk=PolicyDesk(settings_store, policy, people, directory, rollouts),
        quota=quota,
        invitees=invitees,
        invitations=Invitations(invited, invitees, roster, desk, payloads),
        roster=Roster(roster, sender, desk),
        feed=feed,
        doubt=doubt,
        catch_up=catch_up,
        notice_rows=notice_rows,
        notifier=Notifier(
            people,
            notice_rows,
            chat,
            admins=settings.admin_ids,
            on_outcome=metrics.reconnect,
            grace_ms=grace_ms,
        ),
    )


def _channel_token(authorization: Authorization) -> Any:
    async def token(*, refresh: bool = False) -> str:
        return (await authorization.app_token(BOT_SCOPE, refresh=refresh)).token

    return token


def zoom_api(settings: Settings, outside: Outside) -> ZoomApi | None:
    """Zoom's API, None when its credentials are not set: then presence is known from events."""
    if not settings.zoom_account_id or not settings.zoom_client_id:
        return None
    if settings.zoom_client_secret is None:
        return None
    return ZoomApi(
        outside.zoom,
        oauth_url=settings.zoom_oauth_url,
        api_url=settings.zoom_api_url,
        account_id=settings.zoom_account_id,
        client_id=settings.zoom_client_id,
        client_secret=settings.zoom_client_secret.get_secret_value(),
        now=time.monotonic,
    )


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
    context = tls.client_context(os.environ)

    async def profile(token: str) -> Profile:
        return await read_profile(token, graph_url=settings.graph_url, verify=context)

    async def groups_of(addresses: tuple[str, ...]) -> frozenset[str]:
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
        return frozenset() if met is None else await groups_of(met.addresses)

    linking = Linking(
        core.people,
        tokens=core.tokens,
        authorization=outside.authorization,
        profile=profile,
        zoom=core.zoom,
        groups_of=groups_of,
    )
    invited = InvitationStore(outside.redis)
    results = SignInResults(core.payloads, core.desk, linking, invited.come_back)
    sign_in = SignIn(
        public_url=settings.public_url,
        authorization=outside.authorization,
        attempts=core.conversations,
        vault=core.vault,
        on_grant=results.granted,
        on_refusal=results.refused,
        on_outcome=metrics.sign_in,
        local=settings.local,
    )
    zoom_role = None
    if settings.admin_zoom_role == "on" and core.zoom is not None:
        roles = ZoomRoles(core.zoom, monotonic=time.monotonic)
        zoom_role = roles.may_edit_account_settings
    admins = Admins(
        named=settings.admin_ids,
        known=core.engine,
        met=RosterStore(outside.redis).addresses,
        app_roles=core.tokens.fresh_roles,
        zoom_role=zoom_role,
        now=time.monotonic,
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
        zoom_admins=zoom_role is not None,
    )
    helper = HelpHandler(core.payloads, admins, local=settings.local)
    personal = PersonalHandler(core.payloads, core.engine)
    connecting = ConnectHandler(core.payloads, core.engine, sign_in, now=time.time)
    status = StatusHandler(core.payloads, core.engine, groups_without_link)
    disconnecting = DisconnectHandler(core.payloads, core.engine, invited.leave)

    async def removed(object_id: str) -> None:
        core.roster.drop(object_id)
        await core.engine.disconnect(object_id)

    router = Router(
        core.desk,
        core.payloads,
        core.conversations,
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
        welcome=helper.welcome,
        welcome_at_install=settings.welcome == "install",
        on_met=core.roster.note,
        on_removed=removed,
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
