"""Is this activity really from the Bot Framework, for us? One answer: believed, or refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
from jwt.utils import base64url_decode

if TYPE_CHECKING:
    from bot.signing_keys import SigningKeys

LEEWAY = 300
"""Seconds by which clocks may differ (Bot Framework: industry-standard skew of 5 minutes)."""

_ALGORITHM = "RS256"
_REQUIRED = ["exp", "iss", "aud"]


class Unauthorized(Exception):
    """The token is not good. The message is a short reason for the log, never the token."""


class InboundAuth:
    """Checks the bearer token of an activity.

    The rules are those of the Bot Framework's "Authenticate requests from the Bot Connector service
    to your bot", without exceptions for what a token or an activity leaves out.
    """

    def __init__(self, app_id: str, keys: SigningKeys) -> None:
        if not app_id:
            raise ValueError("without an app id every token would be meant for us")
        self._app_id = app_id
        self._keys = keys

    async def check(
        self, authorization: str | None, *, channel_id: str | None, service_url: str | None
    ) -> dict[str, Any]:
        """Return the claims of a good token.

        `channel_id` and `service_url` are the activity's. Raises Unauthorized, or KeysUnavailable
        when nothing can be checked now.
        """
        if not channel_id or not service_url:
            raise Unauthorized("the activity lacks channelId or serviceUrl")
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("no bearer token")
        key_id = _key_id(token)
        key = await self._keys.find(key_id)
        if key is None:
            raise Unauthorized("unknown key")
        if channel_id not in key.endorsements:
            raise Unauthorized("the key is not endorsed for this channel")
        claims = self._claims(token, key.key)
        bound_to = claims.get("serviceurl")
        if not isinstance(bound_to, str) or bound_to.rstrip("/") != service_url.rstrip("/"):
            raise Unauthorized("the token is for another serviceUrl")
        return claims

    def _claims(self, token: str, key: Any) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._app_id,
                issuer=self._keys.issuers,
                leeway=LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(type(error).__name__) from None
        except Exception as error:  # noqa: BLE001 - whatever a check raises, it didn't pass
            raise Unauthorized(f"unexpected {type(error).__name__}") from None


def _key_id(token: str) -> str:
    """The key id of a token that claims the right algorithm. Nothing is verified yet."""
    try:
        # PyJWT would decode the whole token for it, and does so again when it verifies.
        header = json.loads(base64url_decode(token.partition(".")[0]))
    except Exception as error:  # noqa: BLE001 - bytes from a stranger: deep nesting, wrong types
        raise Unauthorized(f"unreadable token: {type(error).__name__}") from None
    named = header if isinstance(header, dict) else {}
    key_id = named.get("kid")
    if named.get("alg") != _ALGORITHM or not isinstance(key_id, str):
        raise Unauthorized("not an RS256 token with a key id")
    return key_id
