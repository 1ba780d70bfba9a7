"""The room of the organisation's authorisation, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.organisation.token import OrganisationToken, OwnToken

if TYPE_CHECKING:
    from sync.microsoft.authorization import Authorization


@dataclass(frozen=True, slots=True)
class OrganisationRoom:
    """What the organisation allows the app itself."""

    token: OrganisationToken


def wire(authorization: Authorization, *, graph_resource: str) -> OrganisationRoom:
    """Put it together; `graph_resource` is what Graph's tokens are for."""
    scope = f"{graph_resource}/.default"

    async def fetch(anew: bool) -> OwnToken:
        got = await authorization.graph_token(scope, refresh=anew)
        return OwnToken(got.token, got.expires_at, got.roles)

    return OrganisationRoom(OrganisationToken(fetch))
