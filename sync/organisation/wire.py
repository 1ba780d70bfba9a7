"""The room of the organisation's authorisation, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.coverage import Announcement, How
from domain.errors import PersonGone
from domain.matching import FoundBy
from domain.newer import NEWER_NAMES
from sync.organisation.announcements import AnnouncementStore
from sync.organisation.by_hand import HandStore
from sync.organisation.consent import Consents, ConsentStore
from sync.organisation.coverage import CoverageStore, Covering
from sync.organisation.departed import Departed
from sync.organisation.entra import EntraDirectory
from sync.organisation.exclusions import ExclusionStore
from sync.organisation.finding import Finder
from sync.organisation.graph_requests import GraphRequests
from sync.organisation.matches import MatchStore
from sync.organisation.opt_outs import OptOuts
from sync.organisation.own_kept import OwnKept
from sync.organisation.rematching import Rematcher
from sync.organisation.starting import Starting
from sync.organisation.token import OrganisationToken, OwnToken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from domain.organisation import Consent
    from domain.policy import Policy
    from sync.connect.linking import Linking
    from sync.connect.sealed import OptOutKey
    from sync.directory.store import DirectoryStore
    from sync.engine.link_store import Left
    from sync.engine.people import PeopleStore
    from sync.microsoft.authorization import Authorization
    from sync.organisation.coverage import Announcer
    from sync.redis.connection import Client
    from sync.redis.duties import Work
    from sync.redis.scripts import Scripts
    from sync.upgrade.data_version import DataVersions


@dataclass(frozen=True, slots=True)
class MatchRoom:
    """Who of Zoom is whom in Entra. `rematcher` is None where Zoom's list can't be read."""

    store: MatchStore
    by_hand: HandStore
    zoom: DirectoryStore
    rematcher: Rematcher | None


@dataclass(frozen=True, slots=True)
class OrganisationRoom:
    """What the organisation allows the app itself, and whom it finds by that.

    `first`: an application token of the registration with which people sign in, where the
    organisation's is another's.
    """

    token: OrganisationToken
    first: OrganisationToken | None
    consents: Consents
    directory: EntraDirectory
    matching: MatchRoom
    exclusions: ExclusionStore
    finder: Finder

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        rematcher = self.matching.rematcher
        return (self.consents.work, *(() if rematcher is None else (rematcher.work,)))

    async def addresses_of(self, object_id: str) -> tuple[str, ...]:
        """Somebody's folded addresses, as Entra says now. Raises PersonGone and domain.errors'."""
        user = await self.directory.user(object_id)
        if user is None:
            raise PersonGone("entra_user_gone")
        return (*user.addresses, *await self._decided(object_id))

    async def _decided(self, object_id: str) -> tuple[str, ...]:
        """The address in Zoom of who was matched by an alias or by hand: Entra doesn't know it."""
        kept = await self.matching.store.of_person(object_id)
        if kept is None or kept.zoom_id is None:
            return ()
        match = await self.matching.store.of_zoom(kept.zoom_id)
        view = await self.matching.zoom.view()
        if match is None or match.by is FoundBy.ADDRESS or view is None:
            return ()
        user = await view.user(kept.zoom_id)
        return () if user is None else (user.address,)


def wire(
    redis: Client,
    scripts: Scripts,
    authorization: Authorization,
    graph: aiohttp.ClientSession,
    *,
    people_s: Authorization | None = None,
    graph_url: str,
    graph_resource: str,
    zoom: DirectoryStore,
    now_ms: Callable[[], Awaitable[int]],
    told: Callable[[Consent], Awaitable[None]] | None = None,
) -> OrganisationRoom:
    """Put it together.

    `authorization` gives the organisation's token, `people_s` is the other registration's (see
    OrganisationRoom.first). `graph_resource` is what Graph's tokens are for, `zoom` Zoom's people
    as they were read, `now_ms` the clock that all processes share. `told` hears once when consent
    is given or ends.
    """
    scope = f"{graph_resource}/.default"

    def own_token(of: Authorization) -> OrganisationToken:
        async def fetch(anew: bool) -> OwnToken:
            got = await of.graph_token(scope, refresh=anew)
            return OwnToken(got.token, got.expires_at, got.roles)

        return OrganisationToken(fetch)

    token = own_token(authorization)
    first = None if people_s is None else own_token(people_s)
    requests = GraphRequests(graph, token, f"{graph_url}/v1.0", now=time.time)
    consents = Consents(
        token, ConsentStore(redis, scripts), now_ms=now_ms, told=told, app=authorization.client_id
    )
    entra = EntraDirectory(requests)
    store, by_hand = MatchStore(redis, scripts), HandStore(redis)
    rematcher = None
    if zoom.configured:
        rematcher = Rematcher(entra, zoom, store, by_hand, rights=lambda: consents.known.rights)
        consents.wakes.append(rematcher.work)
    return OrganisationRoom(
        token,
        first,
        consents,
        entra,
        MatchRoom(store, by_hand, zoom, rematcher),
        ExclusionStore(redis),
        Finder(entra, store, by_hand, zoom),
    )


@dataclass(frozen=True, slots=True)
class CoveringRoom:
    """Starting people without a sign-in, by their own word or after notice."""

    opt_outs: OptOuts
    announcements: AnnouncementStore
    counted: CoverageStore
    starting: Starting
    covering: Covering
    own_kept: OwnKept
    uncover: Callable[..., Awaitable[Left]]
    """End it for somebody (an object id), if they connected by a time (epoch ms)."""

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return self.covering.work, self.own_kept.work


def wire_covering(
    room: OrganisationRoom,
    redis: Client,
    scripts: Scripts,
    *,
    people: PeopleStore,
    linking: Linking,
    opt_out_key: OptOutKey,
    announcer: Announcer,
    policy: Callable[[], Policy],
    data: DataVersions,
    tenant_id: str,
    groups_of: Callable[[str | None, tuple[str, ...]], Awaitable[frozenset[str]]],
) -> CoveringRoom:
    """Put it together; `announcer` tells people, `groups_of` gives their groups in Zoom."""
    opt_outs, announcements = OptOuts(redis, scripts, opt_out_key), AnnouncementStore(redis)
    counted, matches = CoverageStore(redis), room.matching
    if matches.rematcher is not None:
        departed = Departed(opt_outs, room.directory.ids, people.now_ms)
        matches.rematcher.complete = departed.look

    async def started(object_id: str) -> None:
        said = Announcement(await people.now_ms(), How.ASKED, started=True)
        await announcements.keep(object_id, said)

    async def uncover(object_id: str, by_ms: int | None = None) -> Left:
        return await people.uncover(object_id, await opt_outs.mark(object_id), by_ms)

    starting = Starting(
        users=room.directory,
        matches=matches.store,
        linking=linking,
        opt_outs=opt_outs,
        exclusions=room.exclusions,
        leave=uncover,
        authorised=room.token.token,
        policy=policy,
        may_write=data.may_write,
        groups_of=groups_of,
        started=started,
    )
    covering = Covering(
        counted,
        matches.store,
        matches.zoom,
        people,
        announcements,
        opt_outs,
        room.exclusions,
        linking,
        announcer,
        tenant_id=tenant_id,
        authorised=lambda: room.consents.known.may_write,
        policy=policy,
        may_write=lambda: data.everyone_knows(NEWER_NAMES["PersonState.authorised_by"]),
    )
    room.consents.wakes.append(covering.work)
    if matches.rematcher is not None:
        matches.rematcher.matched = covering.work.wake
    own_kept = OwnKept(
        redis,
        people,
        opt_outs,
        policy=policy,
        withdrawn=lambda: room.consents.known.withdrawn,
        may_write=lambda: data.everyone_knows(NEWER_NAMES["PersonState.own_until_ms"]),
        forget=linking.tokens.forget,
    )
    return CoveringRoom(opt_outs, announcements, counted, starting, covering, own_kept, uncover)
