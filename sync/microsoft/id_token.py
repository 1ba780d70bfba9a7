"""Who signed in, by the ID token that came with the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.link import is_external_token
from domain.refusal import Refusal
from sync.microsoft.login_errors import SignInRefused

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, by the ID token. Only `tenant_id` and `object_id` identify (lower case).

    `external`: the token says that they are not of the organisation itself (domain.link). `roles`
    are theirs in our app (Entra "app roles").
    """

    tenant_id: str
    object_id: str
    upn: str
    name: str
    external: bool = False
    roles: frozenset[str] = frozenset()


def identity_of(claims: object, client_id: str) -> Identity:
    """Check what MSAL does not: whom the ID token is for and whom it names.

    It came straight from the login service over TLS, which stands in for checking its signature
    (OpenID Connect Core 3.1.3.7, rule 6). Raises SignInRefused.
    """
    if not isinstance(claims, dict):
        raise SignInRefused(Refusal.WRONG_RESPONSE, "no_id_token")
    tenant_id, object_id = str(claims.get("tid")).lower(), str(claims.get("oid")).lower()
    if str(claims.get("aud")).lower() != client_id.lower():
        raise SignInRefused(Refusal.WRONG_RESPONSE, "audience")
    if not _GUID.fullmatch(tenant_id) or not _GUID.fullmatch(object_id):
        raise SignInRefused(Refusal.WRONG_RESPONSE, "identity")
    upn, name = claims.get("preferred_username"), claims.get("name")
    return Identity(
        tenant_id,
        object_id,
        _text(upn, 320),
        _text(name, 256),
        external=is_external_token(claims),
        roles=roles_in(claims),
    )


def roles_in(claims: object) -> frozenset[str]:
    """The roles in our app; those from elsewhere have none, whatever they were assigned."""
    if not isinstance(claims, dict) or is_external_token(claims):
        return frozenset()
    roles = claims.get("roles")
    named = roles if isinstance(roles, list) else ()
    return frozenset(role for role in named if isinstance(role, str))


def _text(value: object, longest: int) -> str:
    """Something to be shown. Half a character is no text: it could not be written down."""
    return value[:longest].encode(errors="replace").decode() if isinstance(value, str) else ""
