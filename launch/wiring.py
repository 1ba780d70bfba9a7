"""The wiring of the engine: each room puts itself together, and here they get to know each other.

Settings come in as one object and go down as plain values; nothing below reads the environment.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import bot.consent.wire
import bot.invite.wire
import bot.wire
import sync.connect.wire
import sync.engine.wire
import sync.organisation.wire
import sync.readback.wire
import sync.settings.wire
from bot.core import Core
from bot.outreach import ChatPeople
from bot.sign_in.requests import NOT_FOR_ME
from bot.teams.service_hosts import ServiceHosts
from domain.budget import GRAPH_LIMITS
from domain.storms import GRACE_MS
from launch.gauges import SharedSource, gauges
from launch.outside import BOT_SCOPE, ZOOM_LISTS_PER_SECOND, zoom_api
from launch.version import VERSION
from sync.connect.linking import Linking
from sync.directory.reader import ZoomDirectory
from sync.directory.refresh import DirectoryRefresher, DirectoryRoom
from sync.directory.store import DirectoryStore
from sync.engine.belief import Belief
from sync.engine.lasting import Lasting
from sync.engine.people import PeopleStore
from sync.engine.queue import LEASE_MS
from sync.feed.catch_up import CatchUp, SweepStore
from sync.feed.store import Doubt, FeedStore, Listener
from sync.feed.watch import FeedWatch
from sync.feed.webhook_log import WebhookLog
from sync.microsoft.graph import GraphPresence, time_limit
from sync.readback.losses import Losses
from sync.readback.store import ReadbackStore
from sync.reconnect.notifier import Notifier
from sync.reconnect.store import NoticeStore
from sync.redis import duties
from sync.settings.store import SettingsStore
from sync.upgrade.data_version import DataVersions
from sync.zoom.slots import Pace, ZoomSlots
from sync.zoom.webhook import ZoomAccount, ZoomEvents
from sync.zoom.wire import ZoomRoom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.budget import Limits
    from domain.coverage import Shifted
    from domain.directory import DirectoryGroup
    from domain.policy import Policy
    from launch.outside import Outside
    from service.metrics import Metrics
    from service.settings import Settings
    from sync.engine.engine import Engine
    from sync.feed.catch_up import Missed
    from sync.microsoft.authorization import Authorization
    from sync.redis.duties import Work


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
    redis, scripts = outside.redis, outside.scripts
    api = zoom_api(settings, outside)
    people = PeopleStore(
        redis, scripts, lease_ms=lease_ms, hands_over=bool(settings.organisation_client_id)
    )
    directory = DirectoryStore(redis, scripts, configured=api is not None)
    data = DataVersions(redis, scripts, release=VERSION)
    stored, feed = SettingsStore(redis, scripts), FeedStore(redis, scripts)
    doubt = Doubt(feed)
    pace = settings.zoom_per_second
    zoom = ZoomRoom(
        api,
        ZoomAccount(redis, configured=settings.zoom_account_id),
        ZoomSlots(scripts, pace, burst=round(pace)),
        Pace(min(pace, ZOOM_LISTS_PER_SECOND), monotonic=time.monotonic),
        None if api is None else pace,
    )
    chat = bot.wire.wire(
        redis,
        scripts,
        outside.channel,
        ServiceHosts(settings.service_hosts, loopback_only=settings.local),
        token=None if settings.local else _channel_token(outside.authorization),
        on_outcome=metrics.send,
    )

    async def said_no(some: Mapping[str, str | None]) -> set[str]:
        return await covering.opt_outs.among(some)  # made below

    invite = bot.invite.wire.wire(
        chat, redis, people=people, directory=directory, policy=stored.read, said_no=said_no
    )
    outreach = ChatPeople(
        chat.desk,
        invitable=invite.invitees.count,
        give=chat.conversations.remember_recipient,
        not_for_me=f"{settings.public_url.rstrip('/')}{NOT_FOR_ME}",
    )
    data = DataVersions(redis, scripts, release=VERSION)
    consent = bot.consent.wire.news(
        chat, redis, admins=settings.admin_ids, now_ms=people.now_ms, data=data
    )
    organisation = sync.organisation.wire.wire(
        redis,
        scripts,
        outside.organisation,
        outside.graph,
        people_s=outside.authorization if settings.organisation_client_id else None,
        graph_url=settings.graph_url,
        graph_resource=settings.graph_resource,
        zoom=directory,
        now_ms=people.now_ms,
        told=consent.tell,
    )
    connect = sync.connect.wire.wire(
        people,
        redis,
        scripts,
        token_keys=settings.token_key_list,
        authorization=outside.authorization,
        profile=outside.profiles.read,
        organisation=organisation.token.token,
        doubt=organisation.consents.doubt,
        organisation_app=settings.organisation_client_id,
        first=None if organisation.first is None else organisation.first.token,
        addresses_of_user=organisation.addresses_of,
        adopt=chat.seal.use,
    )

    async def shifted(before: Policy, after: Policy) -> Shifted:
        return await covering.covering.standings.shifted(before, after)  # made below

    saved = sync.settings.wire.wire(
        stored,
        redis,
        outside.listener,
        people=people,
        directory=directory,
        progress=outreach,
        shifted=shifted,
    )
    lasting = Lasting(redis)
    losses = Losses(ReadbackStore(redis, scripts))
    engine = sync.engine.wire.wire(
        people,
        redis,
        scripts,
        limits,
        graph=GraphPresence(
            outside.graph,
            graph_url=settings.graph_url,
            session_id=settings.microsoft_app_id,
            now=time.time,
            time_limit=time_limit(lease_ms),
        ),
        tokens=connect.bearers,
        zoom=api,
        chat=outreach,
        policy=saved.cache,
        meter=metrics,
        addresses_now=connect.addresses,
        groups_of=directory.groups_of_user,
        zoom_slot=zoom.slots.wait,
        doubted=doubt.ms,
        fresh=Belief(people, zoom.per_second, lasting).fresh,
        reading=losses.reading,
        everyone_knows=data.everyone_knows,
        lasting=lasting,
    )
    linking = Linking(
        people,
        tokens=connect.tokens,
        authorization=outside.authorization,
        profile=connect.profile,
        zoom=api,
        groups_of=directory.groups_of,
        identities=engine.identities,
    )
    covering = sync.organisation.wire.wire_covering(
        organisation,
        redis,
        scripts,
        people=people,
        linking=linking,
        opt_out_key=connect.resealing.opt_out_key,
        announcer=outreach,
        policy=saved.cache.current,
        data=data,
        tenant_id=settings.microsoft_app_tenant_id,
        groups_of=directory.groups_of,
    )
    readback = sync.readback.wire.wire(
        losses,
        outside.graph,
        organisation.token,
        graph_url=settings.graph_url,
        per_second=settings.readback_per_second,
        budget=engine.quota,
        permitted=organisation.consents.may_read,
        doubt=organisation.consents.doubt,
        meter=metrics,
    )
    saved.cache.wakes.append(covering.covering.work)
    refresher = None
    rematcher = organisation.matching.rematcher
    if api is not None and rematcher is not None:

        async def groups_read(groups: Mapping[str, DirectoryGroup]) -> None:
            await stored.follow_zoom(groups)
            rematcher.work.wake()

        refresher = DirectoryRefresher(
            ZoomDirectory(api, zoom.pace, now_ms=lambda: int(time.time() * 1000)),
            directory,
            groups_read=groups_read,
            memberships_changed=engine.engine.memberships_changed,
        )
    return Core(
        data=data,
        chat=chat,
        invite=invite,
        zoom=zoom,
        connect=connect,
        settings=saved,
        directory=DirectoryRoom(directory, refresher),
        engine=engine,
        linking=linking,
        organisation=organisation,
        covering=covering,
        consent=consent,
        doubt=doubt,
        listener=Listener(feed),
        feed=CatchUp(
            feed,
            FeedWatch(feed),
            SweepStore(redis, people),
            people,
            policy=saved.cache,
            per_second=zoom.per_second,
            missed=_missed(settings.zoom_app_id, zoom, engine.engine, metrics, directory),
        ),
        readback=readback,
        reconnect=Notifier(
            people,
            NoticeStore(redis, scripts),
            outreach,
            admins=settings.admin_ids,
            external=invite.is_external,
            on_outcome=metrics.reconnect,
            grace_ms=grace_ms,
        ),
    )


def _missed(
    app_id: str | None, zoom: ZoomRoom, engine: Engine, metrics: Metrics, directory: DirectoryStore
) -> Missed | None:
    """How Zoom's own log of what it could not deliver is taken; None: it can't be read."""
    if zoom.api is None or app_id is None:
        return None
    events = ZoomEvents(
        engine, account=zoom.account, meter=metrics, directory_changed=directory.request_reading
    )
    log = WebhookLog(zoom.api, app_id, zoom.pace)
    return partial(log.take_missed, take=events.take)


def _channel_token(authorization: Authorization) -> Any:
    async def token(*, refresh: bool = False) -> str:
        return (await authorization.app_token(BOT_SCOPE, refresh=refresh)).token

    return token


def duties_of(core: Core, metrics: Metrics, *, of_bot: tuple[Work, ...] | None) -> tuple[Work, ...]:
    """What a process does; `of_bot`: beside that, where Zoom's events come in and people talk.

    Raises NotWired where a duty was forgotten.
    """
    engine, feed = core.engine, core.feed.store
    shared = SharedSource(
        engine.people, engine.quota, core.directory.store, feed, core.readback.store
    )
    works = [gauges(metrics, shared), *core.works]
    without = []
    if of_bot is None:
        without += [duties.FEED, duties.ROSTER, duties.DIGESTS]
    works += of_bot or ()
    if core.readback.reader is None:
        without.append(duties.READBACK)
    if core.zoom.api is None:
        without += [duties.DIRECTORY, duties.MATCHING]
    return duties.wired(works, without=without)
