"""What Microsoft lets the app do by itself: the roles in the app's own access token. Pure.

The token is only read, never verified, and that is enough. We are not who it is for, and nothing is
let in by it: it came from the login service over TLS in answer to our credentials, and whatever it
says, Graph verifies it anew with every request. Reading it wrongly costs a refused request at
worst. Microsoft asks clients not to rely on how its tokens look ("Access tokens in the Microsoft
identity platform"), so one that can't be read is said to be that, and counts for nothing.
"""

from __future__ import annotations

from domain.errors import AdminMustAct

MOST = 200
"""Roles that are read of one token, and how long a name may be."""


def roles_of(token: str, tenant_id: str) -> frozenset[str]:
    """The application permissions that a token of our own holds, by Graph's names.

    Raises AdminMustAct for one that can't be read (`token_unreadable`), or is another tenant's
    (`token_tenant`).
    """
    import jwt  # noqa: PLC0415 - what reads keys and certificates comes with it

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError):
        raise AdminMustAct("token_unreadable") from None
    if str(claims.get("tid", "")).lower() != tenant_id.lower():
        raise AdminMustAct("token_tenant")
    roles = claims.get("roles")
    if not isinstance(roles, list):  # Entra leaves it out where there are none
        return frozenset()
    return frozenset(role for role in roles[:MOST] if isinstance(role, str) and len(role) <= MOST)
