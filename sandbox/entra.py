"""Entra's machine-facing endpoints: metadata, keys and tokens.

Strict where Entra is: tenant, client secret, exact redirect address, single-use codes, PKCE,
consent. Every error has the shape of Entra's ("OAuth 2.0 authorization code flow", "Error
response from token endpoint").
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.http_auth import base_url, basic_credentials, secret_is
from sandbox.identity import (
    ACCESS_LIFE,
    GRAPH_RESOURCE,
    IMPLIED,
    OIDC_SCOPES,
    EntraError,
    split_scopes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.world import World


def check_tenant(world: World, request: web.Request) -> None:
    """Raises EntraError unless the address names the sandbox's tenant."""
    tenant = request.match_info["tenant"]
    if tenant.lower() != world.config.tenant_id:
        raise EntraError("invalid_tenant", 90002, f"Tenant '{tenant[:100]}' not found.")


def error_body(world: World, error: EntraError) -> dict[str, Any]:
    """The JSON that Entra answers with."""
    moment = datetime.fromtimestamp(world.clock.now(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    body: dict[str, Any] = {
        "error": error.error,
        "error_description": (
            f"{error} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
        ),
        "error_codes": [error.number],
        "timestamp": moment,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    if error.suberror is not None:
        body["suberror"] = error.suberror
    return body


class Entra:
    """Metadata, keys and the token endpoint of one tenant."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """The endpoints, each behind the fault queue."""

        def guard(handler: Any) -> Any:
            return self._world.faults.entra.guard(handler, self._faulty)

        return [
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", guard(self.metadata)),
            web.get("/{tenant}/discovery/v2.0/keys", guard(self.keys)),
            web.get("/common/discovery/instance", guard(self.instance)),
            web.post("/{tenant}/oauth2/v2.0/token", guard(self.token)),
        ]

    async def metadata(self, request: web.Request) -> web.Response:
        """OpenID Connect discovery."""
        try:
            check_tenant(self._world, request)
        except EntraError as error:
            return self._refuse(error)
        base, tenant = base_url(request), self._world.config.tenant_id
        return web.json_response(
            {
                "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
                "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
                "issuer": f"{base}/{tenant}/v2.0",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "response_modes_supported": ["query", "form_post"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": list(OIDC_SCOPES),
                "tenant_region_scope": None,
                "cloud_instance_name": request.host,
            }
        )

    async def keys(self, request: web.Request) -> web.Response:
        """The public signing key."""
        try:
            check_tenant(self._world, request)
        except EntraError as error:
            return self._refuse(error)
        return web.json_response(self._world.identity.keys.jwks())

    async def instance(self, request: web.Request) -> web.Response:
        """Instance discovery: this host is the only one there is."""
        host = request.host
        tenant = f"{base_url(request)}/{self._world.config.tenant_id}"
        return web.json_response(
            {
                "tenant_discovery_endpoint": f"{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
                ],
            }
        )

    async def token(self, request: web.Request) -> web.Response:
        """Redeem a code or a refresh token, or get a token for the app itself."""
        fields = {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
        try:
            check_tenant(self._world, request)
            fields["client_id"] = self._authenticate(request, fields)
            body = self._grant(request, fields)
        except EntraError as error:
            return self._refuse(error)
        return web.json_response(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    def _grant(self, request: web.Request, fields: Mapping[str, str]) -> dict[str, Any]:
        match fields.get("grant_type"):
            case "authorization_code":
                return self._redeem_code(request, fields)
            case "refresh_token":
                return self._refresh(request, fields)
            case "client_credentials":
                return self._for_the_app(fields)
            case other:
                raise EntraError(
                    "unsupported_grant_type",
                    70003,
                    f"The app requested an unsupported grant type '{(other or '')[:50]}'.",
                )

    def _authenticate(self, request: web.Request, fields: Mapping[str, str]) -> str:
        """Which registration it is. Raises EntraError."""
        client_id, secret = fields.get("client_id"), fields.get("client_secret")
        if "Authorization" in request.headers:
            client_id, secret = basic_credentials(request) or ("", "")
        if not client_id:
            raise EntraError(
                "invalid_request",
                900144,
                "The request body must contain the following parameter: 'client_id'.",
            )
        expected = self._world.secret_of(client_id)
        if expected is None:
            raise EntraError(
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id[:100]}' was not found in the directory.",
            )
        if not secret:
            raise EntraError(
                "invalid_client",
                7000218,
                "The request body must contain the following parameter: 'client_assertion' or "
                "'client_secret'.",
                status=401,
            )
        grant_type = fields.get("grant_type", "")
        rights = self._world.rights_of(client_id)
        refused = self._world.registration.no_token or rights.refusal(client_id, grant_type)
        if refused is not None:
            raise refused
        if not secret_is(secret, expected):
            raise EntraError(
                "invalid_client",
                7000215,
                f"Invalid client secret provided for app '{client_id}'.",
                status=401,
            )
        if client_id != self._world.config.client_id and grant_type != "client_credentials":
            raise EntraError(
                "invalid_grant",
                70000,
                f"The grant was issued to another app than '{client_id}'.",
            )
        return client_id

    def _redeem_code(self, request: web.Request, fields: Mapping[str, str]) -> dict[str, Any]:
        identity = self._world.identity
        grant = identity.redeem_code(
            _required(fields, "code"),
            _required(fields, "redirect_uri"),
            fields.get("code_verifier"),
        )
        asked = split_scopes(fields["scope"]) if fields.get("scope") else grant.scopes
        identity.require_consent(grant.oid, asked)
        return self._tokens(request, fields, grant.oid, asked, grant.nonce)

    def _refresh(self, request: web.Request, fields: Mapping[str, str]) -> dict[str, Any]:
        identity = self._world.identity
        oid, scopes = identity.redeem_refresh(_required(fields, "refresh_token"))
        asked = split_scopes(fields["scope"]) if fields.get("scope") else scopes
        identity.require_consent(oid, asked)
        return self._tokens(request, fields, oid, asked, None)

    def _tokens(
        self,
        request: web.Request,
        fields: Mapping[str, str],
        oid: str,
        scopes: tuple[str, ...],
        nonce: str | None,
    ) -> dict[str, Any]:
        identity = self._world.identity
        # Entra names what it granted, in the form that was asked for, and never offline_access.
        prefix = f"{GRAPH_RESOURCE}/" if GRAPH_RESOURCE in fields.get("scope", "") else ""
        resource = [f"{prefix}{s}" for s in scopes if s not in OIDC_SCOPES]
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join((*(s for s in OIDC_SCOPES if s in IMPLIED), *resource)),
            "expires_in": int(ACCESS_LIFE),
            "ext_expires_in": int(ACCESS_LIFE),
            "access_token": identity.access_token(oid, scopes),
        }
        if "offline_access" in scopes:
            body["refresh_token"] = identity.issue_refresh(oid, scopes)
        if "openid" in scopes:
            issuer = f"{base_url(request)}/{self._world.config.tenant_id}/v2.0"
            body["id_token"] = identity.id_token(oid, issuer, nonce)
        if fields.get("client_info") == "1":
            body["client_info"] = identity.client_info(oid)
        self._world.changed()
        return body

    def _for_the_app(self, fields: Mapping[str, str]) -> dict[str, Any]:
        scope = _required(fields, "scope")
        resource = scope.removesuffix("/.default")
        if resource == scope or " " in scope:
            raise EntraError(
                "invalid_scope",
                1002012,
                "The provided value for scope is not valid. Client credential flows must have a "
                "scope value with /.default suffixed to the resource identifier.",
            )
        return {
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE),
            "ext_expires_in": int(ACCESS_LIFE),
            "access_token": self._world.identity.app_token(
                resource, self._roles(resource, fields["client_id"]), fields["client_id"]
            ),
        }

    def _roles(self, resource: str, client_id: str) -> list[str]:
        if resource != GRAPH_RESOURCE:
            return []
        return self._world.rights_of(client_id).roles(self._world.clock.now())

    def _refuse(self, error: EntraError) -> web.Response:
        return web.json_response(error_body(self._world, error), status=error.status)

    def _faulty(self, _request: web.Request, status: int, headers: dict[str, str]) -> web.Response:
        error = EntraError(
            "temporarily_unavailable", 90033, "A transient error has occurred. Please try again."
        )
        return web.json_response(error_body(self._world, error), status=status, headers=headers)


def _required(fields: Mapping[str, str], name: str) -> str:
    if value := fields.get(name):
        return value
    raise EntraError(
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{name}'.",
    )
