"""Entra's page where an admin consents for the whole organisation.

Strict where Entra is: the tenant, the app and its addresses. All that the registration declares is
consented to, as `.default` asks; application permissions take an admin who may consent to them
(Privileged Role or Global Administrator: here, whoever is an admin), and nobody else gets further.
Source: Entra documentation, "Admin consent on the Microsoft identity platform".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from aiohttp import web

from sandbox.entra_signin import SCOPE_TEXTS, SignInPages, error_page
from sandbox.identity import GRAPH_RESOURCE, EntraError
from sandbox.own_rights import TEXTS
from sandbox.pages import page

if TYPE_CHECKING:
    from sandbox.own_rights import OwnRights
    from sandbox.people import SandboxPerson
    from sandbox.world import World

SCOPE: Final = f"{GRAPH_RESOURCE}/.default"


class ConsentPages:
    """The admin consent endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sign_in = SignInPages(world)

    def routes(self) -> list[web.RouteDef]:
        """GET lets choose an account; POST is every answer a person gives."""
        path = "/{tenant}/v2.0/adminconsent"
        guard = self._world.faults.entra.guard
        return [
            web.get(path, guard(self.show, self._sign_in.faulty)),
            web.post(path, guard(self.answer, self._sign_in.faulty)),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Choose an account."""
        try:
            self._check(request)
        except EntraError as error:
            return error_page(error)
        return self._sign_in.choose(request)

    async def answer(self, request: web.Request) -> web.Response:
        """A person chose an account, or answered the question."""
        try:
            self._check(request)
        except EntraError as error:
            return error_page(error)
        fields = await request.post()
        state = self._world.people.get(str(fields.get("person", "")))
        if state is None:
            return self._sign_in.choose(request)
        match str(fields.get("decision", "")):
            case "cancel":
                return self._back(request, _DECLINED)
            case "leave":
                return self._back(request, _NOT_ALLOWED)
            case _ if not state.person.admin:
                return self._page("approval.html", request, state.person)
            case "accept":
                return self._accepted(request)
        return self._page(
            "admin_consent.html",
            request,
            state.person,
            own=[TEXTS[name] for name in self._rights(request).declared],
            scopes=[SCOPE_TEXTS[name] for name in self._delegated(request)],
        )

    def _accepted(self, request: web.Request) -> web.Response:
        world = self._world
        rights = self._rights(request)
        rights.grant(rights.declared, world.clock.now())
        granted = world.registration.granted_for_all
        granted += [name for name in self._delegated(request) if name not in granted]
        world.changed()
        fields = {"admin_consent": "True", "tenant": world.config.tenant_id, "scope": SCOPE}
        return self._back(request, fields)

    def _rights(self, request: web.Request) -> OwnRights:
        return self._world.rights_of(request.query.get("client_id", ""))

    def _delegated(self, request: web.Request) -> list[str]:
        """What people consent to for themselves, too: the second registration has none of it."""
        world = self._world
        first = request.query.get("client_id", "") == world.config.client_id
        return world.registration.declared if first else []

    def _check(self, request: web.Request) -> None:
        """Raises EntraError; the app hears nothing of a request that is wrong."""
        self._sign_in.check_app(request, request.query.get("redirect_uri", ""))
        if request.query.get("scope", "") != SCOPE:
            raise EntraError(
                "invalid_scope",
                70011,
                "The provided value for the input parameter 'scope' is not valid. Application "
                f"permissions are asked for as '{SCOPE}'.",
            )

    def _back(self, request: web.Request, fields: dict[str, str]) -> web.Response:
        if "state" in request.query:
            fields = {**fields, "state": request.query["state"]}
        location = f"{request.query['redirect_uri']}?{urlencode(fields)}"
        return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})

    def _page(
        self, template: str, request: web.Request, person: SandboxPerson, **values: Any
    ) -> web.Response:
        return page(template, **self._sign_in.account(request, person), **values)


_DECLINED: Final = {
    "admin_consent": "True",
    "error": "access_denied",
    "error_description": "AADSTS65004: User declined to consent to access the app.",
}
_NOT_ALLOWED: Final = {
    "admin_consent": "True",
    "error": "access_denied",
    "error_description": (
        "AADSTS90094: An administrator of the tenant has set a policy that prevents you from "
        "granting the permissions that the app is requesting."
    ),
}
