"""The room of the organisation's authorisation, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import PersonGone
from sync.organisation.entra import EntraDirectory
from sync.organisation.graph_requests import GraphRequests
from sync.organisation.token import OrganisationToken, OwnToken

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from sync.microsoft.authorization import Authorization


@dataclass(frozen=True, slots=True)
class OrganisationRoom:
    """What the organisation allows the app itself."""

    token: OrganisationToken
    directory: EntraDirectory

    async def addresses_of(self, object_id: str) -> tuple[str, ...]:
        """Somebody's folded addresses, as Entra says now. Raises PersonGone and domain.errors'."""
        user = await self.directory.user(object_id)
        if user is None:
            raise PersonGone("entra_user_gone")
        return user.addresses


def wire(
    authorization: Authorization,
    graph: aiohttp.ClientSession,
    *,
    graph_url: str,
    graph_resource: str,
    now: Callable[[], float] = time.time,
) -> OrganisationRoom:
    """Put it together; `graph_resource` is what Graph's tokens are for, `now` epoch seconds."""
    scope = f"{graph_resource}/.default"

    async def fetch(anew: bool) -> OwnToken:
        got = await authorization.graph_token(scope, refresh=anew)
        return OwnToken(got.token, got.expires_at, got.roles)

    token = OrganisationToken(fetch)
    requests = GraphRequests(graph, token, f"{graph_url}/v1.0", now=now)
    return OrganisationRoom(token, EntraDirectory(requests))
