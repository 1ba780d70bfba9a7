"""The wiring of the engine: from settings to objects that know each other.

Settings come in as one object and go down as plain values; nothing below reads the environment.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.invite.invitees import Invitees
from bot.invite.mailing import Invitations
from bot.invite.roster import Roster
from bot.invite.roster_store import RosterStore
from bot.invite.store import InvitationStore
from bot.outreach import ChatPeople
from bot.teams.sender import ChannelSender
from bot.teams.service_hosts import ServiceHosts
from cards.seal import Seal
from domain.budget import GRAPH_LIMITS
from domain.external import is_external_name
from domain.link import addresses_of
from domain.storms import GRACE_MS
from launch.outside import BOT_SCOPE, ZOOM_BURST, ZOOM_PER_SECOND, zoom_api
from service import tls
from sync.connect.button_key import ButtonKey
from sync.connect.resealing import Resealing
from sync.connect.sealed import SealedStore
from sync.connect.tokens import Tokens
from sync.connect.vault import Vault
from sync.directory.reader import Pace, ZoomDirectory
from sync.directory.refresh import DirectoryRefresher
from sync.directory.store import DirectoryStore
from sync.engine.asking import Asking
from sync.engine.attend import Attendant
from sync.engine.departure_store import DepartureStore
from sync.engine.departures import Departures
from sync.engine.engine import Engine
from sync.engine.identity import Identities
from sync.engine.people import PeopleStore
from sync.engine.proving import Proving
from sync.engine.queue import LEASE_MS
from sync.engine.quota import Quota
from sync.engine.unproven import UnprovenStore
from sync.feed.catch_up import CatchUp
from sync.feed.store import Doubt, FeedStore
from sync.feed.sweep import SweepStore
from sync.feed.watch import FeedWatch
from sync.feed.webhook_log import WebhookLog
from sync.microsoft.graph import GraphPresence, time_limit
from sync.microsoft.profile import read_profile
from sync.reconnect.notifier import Notifier
from sync.reconnect.store import NoticeStore
from sync.settings.cache import SettingsCache
from sync.settings.changes import PolicyDesk
from sync.settings.rollout import Rollouts
from sync.settings.rollout_store import RolloutStore
from sync.settings.store import SettingsStore
from sync.zoom.account_store import ZoomAccount
from sync.zoom.shared_turns import SharedZoomTurns
from sync.zoom.webhook import ZoomEvents

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.budget import Limits
    from launch.outside import Outside
    from service.metrics import Metrics
    from service.settings import Settings
    from sync.engine.ports import Profile
    from sync.microsoft.authorization import Authorization
    from sync.zoom.api import ZoomApi


@dataclass(frozen=True, slots=True)
class AddressesNow:
    """Reads a connected person's folded addresses from Microsoft. Raises domain.errors' errors."""

    tokens: Tokens
    profile: Callable[[str], Awaitable[Profile]]

    async def __call__(self, object_id: str, generation: int) -> tuple[str, ...]:
        """Microsoft's word of this moment."""
        profile = await self.profile(await self.tokens.access_token(object_id, generation))
        return addresses_of(profile.upn, profile.mail)


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
    seal: Seal
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
    is_external: Callable[[str], Awaitable[bool]]
    feed: FeedStore
    doubt: Doubt
    catch_up: CatchUp
    notice_rows: NoticeStore
    notifier: Notifier
    account: ZoomAccount
    addresses: AddressesNow
    identities: Identities
    proving: Proving
    departures: Departures
    resealing: Resealing
    button_key: ButtonKey
    button_key_in_need: bytes
    """Signs buttons where the stored key does not open; the same for all who seal alike."""

    async def aclose(self) -> None:
        """Wait for what is under way and must be kept: turns in the background, then tokens."""
        await self.engine.aclose()
        await self.tokens.aclose()

    async def prepare(self, *, account_on: bool) -> None:
        """Fill in the settings of a new installation, and know what holds. Needs Redis."""
        self.seal.use(await self.button_key.load() or self.button_key_in_need)
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

    `grace_ms`: how long somebody's trouble lasts before they are told (domain.storms).
    """
    hosts = ServiceHosts(settings.service_hosts, loopback_only=settings.local)
    conversations = ConversationStore(outside.redis, outside.scripts)
    sender = ChannelSender(
        outside.channel,
        hosts,
        None if settings.local else _channel_token(outside.authorization),
        on_outcome=metrics.send,
    )
    seal = Seal()
    desk = Desk(sender, conversations, seal)
    keys = settings.token_key_list
    people = PeopleStore(outside.redis, outside.scripts, lease_ms=lease_ms)
    vault = Vault(keys)
    sealed = SealedStore(outside.redis, outside.scripts)
    button_key = ButtonKey(sealed, vault)
    tokens = Tokens(people, vault, outside.authorization)
    zoom = zoom_api(settings, outside)
    profile = partial(
        read_profile, graph_url=settings.graph_url, verify=tls.client_context(os.environ)
    )
    addresses = AddressesNow(tokens, profile)
    settings_store = SettingsStore(outside.redis, outside.scripts)
    policy = SettingsCache(settings_store, outside.listener)
    directory = DirectoryStore(outside.redis, outside.scripts, configured=zoom is not None)
    roster, invited = RosterStore(outside.redis), InvitationStore(outside.redis)
    invitees = Invitees(roster, invited, people, directory, policy.load)

    async def is_external(object_id: str) -> bool:
        """Whether Microsoft has told it of somebody: when they connected, or in Teams."""
        link = await people.link(object_id)
        told = link is not None and (link.external or is_external_name(link.addresses))
        return told or await roster.is_external(object_id)

    chat = ChatPeople(desk, invitable=invitees.count, asks=conversations.remember_asker)
    notice_rows = NoticeStore(outside.redis, outside.scripts)
    quota = Quota(outside.redis, outside.scripts, limits)
    feed = FeedStore(outside.redis, outside.scripts)
    doubt = Doubt(feed)
    identities = Identities(
        people, addresses_now=addresses, groups_of=directory.groups_of_user, zoom=zoom
    )
    unproven = UnprovenStore(outside.redis, outside.scripts)
    proving = Proving(unproven, identities, people)
    departures = Departures(DepartureStore(outside.redis), people, identities)
    account = ZoomAccount(outside.redis, configured=settings.zoom_account_id)
    zoom_turns = SharedZoomTurns(outside.scripts, ZOOM_PER_SECOND, burst=ZOOM_BURST)
    asking = None
    if zoom is not None:
        asking = Asking(people, zoom, metrics, zoom_turn=zoom_turns.wait, prove=proving.hear)
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
        asking=asking,
        people=chat,
        policy=policy,
        meter=metrics,
        doubted=doubt.ms,
    )
    engine = Engine(
        people,
        attendant,
        policy=policy,
        can_ask=zoom is not None,
        prove=proving.hear,
        departures=departures,
    )
    refresher, missed = None, None
    if zoom is not None:
        pace = Pace(ZOOM_PER_SECOND, monotonic=time.monotonic)
        if settings.zoom_app_id is not None:
            events = ZoomEvents(
                engine,
                account=account,
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
        seal=seal,
        chat=chat,
        settings=settings_store,
        policy=policy,
        directory=directory,
        refresher=refresher,
        rollouts=rollouts,
        policy_desk=PolicyDesk(settings_store, policy, people, directory, rollouts),
        quota=quota,
        invitees=invitees,
        invitations=Invitations(invited, invitees, roster, desk),
        roster=Roster(roster, sender, desk),
        is_external=is_external,
        feed=feed,
        doubt=doubt,
        catch_up=catch_up,
        notice_rows=notice_rows,
        resealing=Resealing(sealed, vault, button_key, now_ms=people.now_ms, adopt=seal.use),
        button_key=button_key,
        button_key_in_need=keys[0].encode(),
        notifier=Notifier(
            people,
            notice_rows,
            chat,
            admins=settings.admin_ids,
            external=is_external,
            on_outcome=metrics.reconnect,
            grace_ms=grace_ms,
        ),
        account=account,
        addresses=addresses,
        identities=identities,
        proving=proving,
        departures=departures,
    )


def _channel_token(authorization: Authorization) -> Any:
    async def token(*, refresh: bool = False) -> str:
        return (await authorization.app_token(BOT_SCOPE, refresh=refresh)).token

    return token
