"""The app's registration in the directory, as Graph shows it to who may read applications.

An admin's token shows it; one of the app itself only where `readable_by_app` says that it was given
the right (Application.Read.All). Also what Entra answers in place of a token of the app.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox.identity import GRAPH_APP_ID, TokenRefused
from sandbox.own_rights import ROLES, Trouble

if TYPE_CHECKING:
    from sandbox.identity import EntraError
    from sandbox.world import World

PRINCIPAL: Final = "00000000-0000-4000-8000-0000000005e1"
PERMISSIONS: Final = {
    "Presence.ReadWrite": "8d3c54a7-cf58-4773-bf81-c0cd6ad522bb",
    "Presence.Read": "76bc735e-aecd-4a1d-8b4c-2b915deabb79",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
}
SELF_CONSENT: Final = "ManagePermissionGrantsForSelf.microsoft-user-default-recommended"


@dataclass(slots=True)
class Registration:
    """What an admin sees and changes in Entra. `ends`: of our secret (ISO 8601); None: none."""

    redirect_kind: str = "web"
    audience: str = "AzureADMyOrg"
    ends: str | None = "2099-01-01T00:00:00Z"
    declared: list[str] = field(default_factory=lambda: list(PERMISSIONS))
    granted_for_all: list[str] = field(default_factory=list)
    people_may_consent: bool = True
    policy_readable: bool = True
    assignment_required: bool = False
    enabled: bool = True
    app_roles: list[dict[str, Any]] = field(default_factory=list)
    readable_by_app: bool = False
    no_token: EntraError | None = None


class Registrations:
    """Graph's addresses for it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """The endpoints."""
        return [
            web.get("/v1.0/applications(appId='{app}')", self._guard(self._application)),
            web.get("/v1.0/servicePrincipals(appId='{app}')", self._guard(self._principal)),
            web.get("/v1.0/oauth2PermissionGrants", self._guard(self._grants)),
            web.get("/v1.0/policies/authorizationPolicy", self._guard(self._policy)),
        ]

    def _guard(self, handler: Any) -> Any:
        async def answered(request: web.Request) -> web.Response:
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            try:
                access = self._world.identity.check_access(token if kind == "Bearer" else "")
            except TokenRefused as error:
                return _error(401, "InvalidAuthenticationToken", str(error))
            person = self._world.people.get(access.oid or "")
            admin = person is not None and person.person.admin
            if not admin and not (access.oid is None and self._state.readable_by_app):
                return _error(403, "Authorization_RequestDenied", "Insufficient privileges.")
            app = request.match_info.get("app")
            if app is not None and self._world.secret_of(app) is None:
                return _error(404, "Request_ResourceNotFound", "Resource does not exist.")
            return web.json_response(handler(request))

        return answered

    @property
    def _state(self) -> Registration:
        return self._world.registration

    def _application(self, request: web.Request) -> dict[str, Any]:
        if request.match_info["app"] != self._world.config.client_id:
            return self._second()
        state, config = self._state, self._world.config
        secrets = [{"hint": "zzz", "endDateTime": "2001-01-01T00:00:00Z"}]
        if state.ends is not None:
            secrets.append({"hint": config.client_secret[:3], "endDateTime": state.ends})
        access = [{"id": PERMISSIONS[name], "type": "Scope"} for name in state.declared]
        access += [{"id": ROLES[it], "type": "Role"} for it in self._world.own_rights.declared]
        kinds: dict[str, Any] = {kind: {"redirectUris": []} for kind in _KINDS}
        kinds[state.redirect_kind] = {"redirectUris": list(config.redirect_uris)}
        return {
            "signInAudience": state.audience,
            "appRoles": state.app_roles,
            "passwordCredentials": secrets,
            "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}],
            **kinds,
        }

    def _second(self) -> dict[str, Any]:
        rights, config = self._world.second_rights, self._world.config
        access = [{"id": ROLES[name], "type": "Role"} for name in rights.declared]
        ends = {"hint": config.second_client_secret[:3], "endDateTime": self._state.ends}
        return {
            "signInAudience": "AzureADMyOrg",
            "appRoles": [],
            "passwordCredentials": [ends],
            "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}],
            "web": {"redirectUris": list(config.second_redirect_uris)},
        }

    def _principal(self, _: web.Request) -> dict[str, Any]:
        return {
            "id": PRINCIPAL,
            "accountEnabled": self._state.enabled
            and self._world.own_rights.trouble is not Trouble.DISABLED,
            "appRoleAssignmentRequired": self._state.assignment_required,
        }

    def _grants(self, request: web.Request) -> dict[str, Any]:
        scope = " ".join(self._state.granted_for_all)
        asked = request.query.get("$filter") == f"clientId eq '{PRINCIPAL}'"
        rows = [{"consentType": "AllPrincipals", "scope": scope}] if asked and scope else []
        return {"value": rows}

    def _policy(self, _: web.Request) -> dict[str, Any]:
        if not self._state.policy_readable:
            raise web.HTTPForbidden(text='{"error": {"code": "Authorization_RequestDenied"}}')
        names = [SELF_CONSENT] if self._state.people_may_consent else []
        return {"defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": names}}


_KINDS: Final = ("web", "spa", "publicClient")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
