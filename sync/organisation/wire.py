"""The room of the organisation's authorisation, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import PersonGone
from sync.organisation.by_hand import HandStore
from sync.organisation.consent import Consents, ConsentStore
from sync.organisation.entra import EntraDirectory
from sync.organisation.graph_requests import GraphRequests
from sync.organisation.matches import MatchStore
from sync.organisation.rematching import Rematcher
from sync.organisation.token import OrganisationToken, OwnToken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from sync.directory.store import DirectoryStore
    from sync.microsoft.authorization import Authorization
    from sync.redis.connection import Client
    from sync.redis.duties import Work
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class MatchRoom:
    """Who of Zoom is whom in Entra. `rematcher` is None where Zoom's list can't be read."""

    store: MatchStore
    by_hand: HandStore
    rematcher: Rematcher | None


@dataclass(frozen=True, slots=True)
class OrganisationRoom:
    """What the organisation allows the app itself, and whom it finds by that."""

    token: OrganisationToken
    consents: Consents
    directory: EntraDirectory
    matching: MatchRoom

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
        return user.addresses


def wire(
    redis: Client,
    scripts: Scripts,
    authorization: Authorization,
    graph: aiohttp.ClientSession,
    *,
    graph_url: str,
    graph_resource: str,
    zoom: DirectoryStore,
    now_ms: Callable[[], Awaitable[int]],
    now: Callable[[], float] = time.time,
) -> OrganisationRoom:
    """Put it together.

    `graph_resource` is what Graph's tokens are for, `zoom` Zoom's people as they were read, `now`
    epoch seconds, `now_ms` the clock that all processes share.
    """
    scope = f"{graph_resource}/.default"

    async def fetch(anew: bool) -> OwnToken:
        got = await authorization.graph_token(scope, refresh=anew)
        return OwnToken(got.token, got.expires_at, got.roles)

    token = OrganisationToken(fetch)
    requests = GraphRequests(graph, token, f"{graph_url}/v1.0", now=now)
    consents = Consents(token, ConsentStore(redis, scripts), now_ms=now_ms)
    entra = EntraDirectory(requests)
    store, by_hand = MatchStore(redis, scripts), HandStore(redis)
    rematcher = Rematcher(entra, zoom, store, by_hand) if zoom.configured else None
    return OrganisationRoom(token, consents, entra, MatchRoom(store, by_hand, rematcher))
