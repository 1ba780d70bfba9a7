"""Whether somebody is external: a guest, or a member whose account is another organisation's. Pure.

Microsoft tells it in several ways, none of which is always there; any one that says so is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GUEST_ROLES = frozenset({"guest", "anonymous"})
_ISSUERS = frozenset({"externalazuread", "microsoftaccount", "mail"})
"""What Entra writes as the issuer of identities from elsewhere, beside names of hosts."""


def is_external_name(addresses: Iterable[str]) -> bool:
    """By principal names: Entra writes those from elsewhere as user_home.example#EXT#@tenant.

    Its documentation: "Properties of a B2B collaboration user".
    """
    return any("#ext#" in address.lower() for address in addresses)


def is_external_account(user_type: str | None, identities: Iterable[tuple[str, str]]) -> bool:
    """By Graph's user: its `userType`, and its `identities` as pairs of sign-in type and issuer.

    Those from elsewhere sign in `federated`; members of a domain that is federated with the
    organisation's own servers keep the type `userPrincipalName` (Graph, "objectIdentity").
    """
    return (user_type or "").strip().lower() == "guest" or any(
        sign_in_type.strip().lower() == "federated" or issuer.strip().lower() in _ISSUERS
        for sign_in_type, issuer in identities
    )


def is_external_token(claims: Mapping[str, object]) -> bool:
    """By an ID token: `acct` is 1 for guests, `idp` names who else signed them in.

    Entra documentation, "Optional claims reference" and "ID token claims reference": `idp` is left
    out, or equal to `iss`, where that was the organisation itself.
    """
    if str(claims.get("acct")).strip() == "1":
        return True
    idp, issuer, tenant = claims.get("idp"), claims.get("iss"), str(claims.get("tid")).lower()
    return isinstance(idp, str) and idp.strip() not in {"", issuer} and tenant not in idp.lower()


def is_external_role(user_role: object) -> bool:
    """By what Teams says of a member: `userRole` (Bot Framework, "TeamsChannelAccount")."""
    return isinstance(user_role, str) and user_role.strip().lower() in _GUEST_ROLES
