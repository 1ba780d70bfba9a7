"""Graph's users over HTTP: the sandbox's people and others, for the app with rights of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.graph_users import Users, batch_body
from sandbox.http_auth import base_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.identity import Access
    from sandbox.people import SandboxPerson
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class GraphDirectory:
    """The endpoints. `authenticate` checks a request's token; it raises what Graph answers.

    They raise sandbox.graph_users.Refusal.
    """

    world: World
    authenticate: Callable[[web.Request], Access]

    async def users(self, request: web.Request) -> web.Response:
        """Answer `/users`, `/users/{id}` and `/users/$count`."""
        roles = self._roles(request)
        path = "/" + request.raw_path.lstrip("/").partition("/")[2].lstrip("/")
        answer = self._users().get(path, roles, f"{base_url(request)}/v1.0")
        if isinstance(answer, int):
            return web.Response(text=str(answer))
        return web.json_response(answer)

    async def batch(self, request: web.Request) -> web.Response:
        """Answer `/$batch`, for requests of users."""
        roles, body = self._roles(request), batch_body(await request.read())
        return web.json_response(self._users().batch(body, roles, f"{base_url(request)}/v1.0"))

    def _users(self) -> Users:
        return Users(lambda: profiles(self.world))

    def _roles(self, request: web.Request) -> frozenset[str]:
        """What the app may see of users by itself; people's own tokens show them nobody else."""
        access = self.authenticate(request)
        return access.roles if access.oid is None else frozenset()


def profiles(world: World) -> list[dict[str, Any]]:
    """Everybody in the organisation, as Graph writes users."""
    people = [state.person for state in world.people.values()] + list(world.config.others)
    return [_profile(person) for person in people if person.upn]


def _profile(person: SandboxPerson) -> dict[str, Any]:
    plans = ["exchange", *(["TeamspaceAPI"] if person.teams else [])]
    return {
        "id": person.object_id,
        "displayName": person.name,
        "userPrincipalName": person.upn,
        "mail": person.mail,
        "proxyAddresses": [f"SMTP:{person.mail}", *(f"smtp:{it}" for it in person.proxies)],
        "accountEnabled": person.enabled,
        "userType": person.user_type,
        "identities": identities(person),
        "assignedPlans": [{"service": it, "capabilityStatus": "Enabled"} for it in plans],
        "assignedLicenses": [{"skuId": person.licence, "disabledPlans": []}],
        "onPremisesExtensionAttributes": {},
        "country": person.country,
        "companyName": None,
        "department": None,
        "employeeType": "Employee",
    }


def identities(person: SandboxPerson) -> list[dict[str, str | None]]:
    """By what somebody signs in, as Graph writes it."""
    own: dict[str, str | None] = {
        "signInType": "userPrincipalName",
        "issuer": "example.com",
        "issuerAssignedId": person.upn,
    }
    if person.home is None:
        return [own]
    return [{"signInType": "federated", "issuer": person.home, "issuerAssignedId": None}, own]
