"""Is this activity really from the Bot Framework, for us? One answer: believed, or refused."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachetools import TLRUCache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.teams.signing_keys import SigningKey, SigningKeys

LEEWAY = 300
"""Seconds by which clocks may differ (Bot Framework: industry-standard skew of 5 minutes)."""

MOST_KNOWN = 256
"""Tokens that are known at a time. Teams signs one for an hour or more of its messages."""

_ALGORITHM = "RS256"
_REQUIRED = ["exp", "iss", "aud"]


class Unauthorized(Exception):
    """The token is not good. The message is a short reason for the log, never the token."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a good token names: its claims, and the channels for which its key counts."""

    claims: Mapping[str, Any]
    channels: frozenset[str]

    def check(self, *, channel_id: str | None, service_url: str | None) -> None:
        """Whether an activity may come from them. Raises Unauthorized if not.

        `channel_id` and `service_url` are the activity's.
        """
        if not channel_id or not service_url:
            raise Unauthorized("the activity lacks channelId or serviceUrl")
        if channel_id not in self.channels:
            raise Unauthorized("the key is not endorsed for this channel")
        bound_to = self.claims.get("serviceurl")
        if not isinstance(bound_to, str) or bound_to.rstrip("/") != service_url.rstrip("/"):
            raise Unauthorized("the token is for another serviceUrl")


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that was good: who it names, the key and its id, and `exp` (epoch seconds)."""

    sender: Sender
    key_id: str
    key: SigningKey
    exp: int


class InboundAuth:
    """Checks the bearer token of an activity: `verify`, then `Sender.check`.

    The rules are those of the Bot Framework's "Authenticate requests from the Bot Connector service
    to your bot", without exceptions for what a token or an activity leaves out. A token that was
    good is known by its SHA-256 until its `exp`, for as long as its signing key is the very one of
    the last fetch: keys that were renewed or withdrawn end what is known. `now`: epoch seconds.
    """

    def __init__(
        self, app_id: str, keys: SigningKeys, *, now: Callable[[], float] = time.time
    ) -> None:
        if not app_id:
            raise ValueError("without an app id every token would be meant for us")
        self._app_id = app_id
        self._keys = keys
        self._known: TLRUCache[bytes, _Verified] = TLRUCache(
            MOST_KNOWN, ttu=lambda _, known, __: known.exp, timer=now
        )

    async def verify(self, authorization: str | None) -> Sender:
        """Who sends a request, by its header alone: the body of a stranger is not even read.

        Raises Unauthorized, or KeysUnavailable when nothing can be checked now.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("no bearer token")
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._known.get(digest)
        key_id = _key_id(token) if known is None else known.key_id
        key = await self._keys.find(key_id)
        if key is None:
            raise Unauthorized("unknown key")
        if known is not None and known.key is key:
            return known.sender
        sender = Sender(self._claims(token, key.key), key.endorsements)
        self._known[digest] = _Verified(sender, key_id, key, int(sender.claims["exp"]))
        return sender

    def _claims(self, token: str, key: Any) -> dict[str, Any]:
        import jwt  # noqa: PLC0415 - whoever read the key has imported it

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
        header = json.loads(_decoded(token.partition(".")[0]))
    except Exception as error:  # noqa: BLE001 - bytes from a stranger: deep nesting, wrong types
        raise Unauthorized(f"unreadable token: {type(error).__name__}") from None
    named = header if isinstance(header, dict) else {}
    key_id = named.get("kid")
    if named.get("alg") != _ALGORITHM or not isinstance(key_id, str):
        raise Unauthorized("not an RS256 token with a key id")
    return key_id


def _decoded(part: str) -> bytes:
    """A part of a token (RFC 7515, section 2): base64 for addresses, without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
