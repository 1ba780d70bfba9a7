"""A tenant's users on loopback, read as an application does; answers go wrong on order."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.graph_users import FULL, Refusal, Users, batch_body
from sync.organisation.entra import LOOKED_UP, EntraDirectory
from sync.organisation.graph_requests import GraphRequests
from tests.doubles.zoom_directory import READ_MS, Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

E3, TEAMS_ROOM = "05e9a617-0261-4cee-bb44-138d3ef5d965", "6af4b3d6-14bb-4a2a-960c-6c902aad34f3"


def person_id(number: int) -> str:
    """An object id."""
    return f"00000000-0000-4000-8000-{number:012d}"


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A user with a licence for Teams, as Graph writes it."""
    address = f"user{number}@example.com"
    return {
        "id": person_id(number),
        "displayName": f"User {number}",
        "userPrincipalName": address,
        "mail": address,
        "proxyAddresses": [f"SMTP:{address}", f"smtp:u{number}@other.example", "SIP:ignored@x.y"],
        "accountEnabled": True,
        "userType": "Member",
        "identities": [
            {"signInType": "userPrincipalName", "issuer": "x.example", "issuerAssignedId": address}
        ],
        "assignedPlans": [
            {"service": "exchange", "capabilityStatus": "Enabled"},
            {"service": "TeamspaceAPI/NA001", "capabilityStatus": "Enabled"},
        ],
        "assignedLicenses": [{"skuId": E3, "disabledPlans": []}],
        "onPremisesExtensionAttributes": {"extensionAttribute1": None, "extensionAttribute2": "B"},
        "country": "Germany",
        "companyName": None,
        "department": None,
        "employeeType": "Employee",
        **facts,
    }


@dataclass
class Tenant:
    """`rows` may be changed at any time; `roles` is what the token allows; `whole` come first.

    `whole` are answers in place of whole ones (also of a batch): status, body, headers.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    roles: frozenset[str] = frozenset({FULL})
    whole: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    base: str = ""

    def __post_init__(self) -> None:
        self.users = Users(lambda: self.rows)
        self.requests = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Answer anything below /v1.0."""
        self.requests += 1
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        if self.whole:
            status, body, headers = self.whole.pop(0)
            if isinstance(body, str):
                return web.Response(text=body, status=status, headers=headers)
            return web.json_response(body, status=status, headers=headers)
        path = request.raw_path.removeprefix("/v1.0")
        if token in self.refused:
            error = Refusal(401, "InvalidAuthenticationToken", "Lifetime validation failed.")
            return web.json_response(error.body(), status=error.status)
        try:
            if path == "/$batch":
                body = batch_body(await request.read())
                return web.json_response(self.users.batch(body, self.roles, self.base))
            answer = self.users.get(path, self.roles, self.base)
        except Refusal as error:
            return web.json_response(error.body(), status=error.status, headers=error.headers)
        if isinstance(answer, int):
            return web.Response(text=str(answer))
        return web.json_response(answer)


class AppToken:
    """The application's token: another one each time that it was refused."""

    def __init__(self) -> None:
        self.number = 1

    async def token(self) -> str:
        """The one at hand."""
        return f"token-{self.number}"

    def invalidate(self) -> None:
        """It was refused."""
        self.number += 1


@contextlib.asynccontextmanager
async def running_tenant(
    tenant: Tenant, clock: Clock, *, looked_up: int = LOOKED_UP, time_limit: float = 10.0
) -> AsyncIterator[EntraDirectory]:
    """The product's reader of this tenant, over loopback; its waiting takes no time."""
    app = web.Application(client_max_size=1 << 20)
    app.add_routes([web.route("*", "/v1.0/{tail:.*}", tenant.answer)])
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        tenant.base = f"{str(server.make_url('')).rstrip('/')}/v1.0"
        graph = GraphRequests(
            session,
            AppToken(),
            tenant.base,
            now=lambda: READ_MS / 1000,
            sleep=clock.sleep,
            time_limit=time_limit,
        )
        yield EntraDirectory(graph, looked_up)
