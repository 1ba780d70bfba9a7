"""The public keys with which the Bot Framework signs what it sends us.

Fetched from the OpenID metadata, renewed every hour and believed for a day (Bot Framework,
"Authenticate requests from the Bot Connector service to your bot": refresh at least every 24 hours;
new keys may come at any time). A key that was withdrawn is therefore believed for an hour while
messages come and the metadata answer, and for a day in any case: whoever keeps the metadata away
from us must not keep a stolen key alive.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from yarl import URL

from domain.loopback import is_loopback
from sync.answers import read_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

BOT_FRAMEWORK_METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
BOT_FRAMEWORK_ISSUER = "https://api.botframework.com"

REFRESH_AFTER = 3600.0
"""Seconds after which keys are renewed, beside the requests that go on using the old ones."""
TOO_OLD_AFTER = 24 * 3600.0
"""Seconds after which keys that could not be renewed are not believed any more: messages wait."""
REFETCH_INTERVAL = 60.0
"""At least this many seconds between two fetches, however many unknown key ids arrive."""
FIRST_FETCH_INTERVAL = 5.0
"""The same while there are no keys at all, and every request is turned away."""

_SMALLEST_KEY_BITS = 2048
_LARGEST_DOCUMENT = 1 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)

_log = structlog.get_logger(__name__)


class KeysUnavailable(Exception):
    """There are no keys to check with now, or none that are new enough. `retry_after`: seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("the Bot Framework's signing keys could not be fetched")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key and the channels for which its signatures count."""

    key: RSAPublicKey
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeySet:
    """What one fetch brought: keys by id, and the issuer that the metadata names."""

    keys: Mapping[str, SigningKey]
    issuer: str


class SigningKeys:
    """A cache of the keys. Use one for the process; close it with `aclose`.

    `metadata_url` must be https unless its host is loopback. `clock` counts seconds and never goes
    back. Raises ValueError for any other address.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        metadata_url: str = BOT_FRAMEWORK_METADATA,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._metadata_url = _web_address(metadata_url)
        self._overridden = metadata_url != BOT_FRAMEWORK_METADATA
        self._clock = clock
        self._known: KeySet | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._failed = False
        self._given_up = False
        self._fetching: asyncio.Task[None] | None = None

    @property
    def issuers(self) -> frozenset[str]:
        """Whose tokens count.

        Metadata from another address may name its own issuer (sovereign clouds have one): whoever
        holds those keys can sign any issuer anyway.
        """
        if self._known is None or not self._overridden:
            return frozenset({BOT_FRAMEWORK_ISSUER})
        return frozenset({BOT_FRAMEWORK_ISSUER, self._known.issuer})

    async def refresh(self) -> None:
        """Fetch the keys now, for a start-up check. Raises KeysUnavailable."""
        await asyncio.shield(self._fetch())
        if self._failed:
            raise KeysUnavailable(FIRST_FETCH_INTERVAL)

    async def find(self, key_id: str) -> SigningKey | None:
        """The key with this id, or None when the Bot Framework has none. Raises KeysUnavailable."""
        if self._known is None or self._age > TOO_OLD_AFTER:
            await self._fetch_if_due(FIRST_FETCH_INTERVAL)
            if self._known is None or self._age > TOO_OLD_AFTER:
                self._give_up()
                raise KeysUnavailable(FIRST_FETCH_INTERVAL)
        elif key_id not in self._known.keys:
            await self._fetch_if_due(REFETCH_INTERVAL)
            if self._failed and key_id not in self._known.keys:
                raise KeysUnavailable(REFETCH_INTERVAL)
        elif self._age > REFRESH_AFTER and self._due(REFETCH_INTERVAL):
            self._fetch()  # nobody waits for it
        return self._known.keys.get(key_id)

    async def aclose(self) -> None:
        """Stop a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _give_up(self) -> None:
        """Say once that keys which were there are not believed any more."""
        if self._known is not None and not self._given_up:
            self._given_up = True
            _log.error("signing_keys_too_old", hours=round(self._age / 3600))

    def _due(self, interval: float) -> bool:
        return self._tried_at is None or self._clock() - self._tried_at >= interval

    async def _fetch_if_due(self, interval: float) -> None:
        under_way = self._fetching is not None and not self._fetching.done()
        if under_way or self._due(interval):
            await asyncio.shield(self._fetch())

    def _fetch(self) -> asyncio.Task[None]:
        """One fetch at a time, which outlives the request that asked for it."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_now(), name="signing-keys")
        return self._fetching

    async def _fetch_now(self) -> None:
        self._tried_at = self._clock()
        try:
            metadata = await self._document(self._metadata_url)
            keys_url = _web_address(str(metadata.get("jwks_uri")))
            keys = await asyncio.to_thread(read_keys, await self._document(keys_url))
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            self._failed = True
            _log.warning("signing_keys_not_fetched", reason=type(error).__name__, detail=str(error))
            return
        self._known = KeySet(keys, str(metadata.get("issuer")))
        self._fetched_at = self._clock()
        self._failed = self._given_up = False
        _log.info("signing_keys_fetched", keys=len(keys))

    async def _document(self, url: URL) -> dict[str, Any]:
        async with self._session.get(url, timeout=_TIMEOUT, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"{url.host} answered {response.status}")
            raw = await read_body(response, _LARGEST_DOCUMENT)
        document = json.loads(raw)
        if not isinstance(document, dict):
            raise ValueError(f"{url.host} answered no JSON object")  # noqa: TRY004 - their payload
        return document


def read_keys(document: Mapping[str, Any]) -> dict[str, SigningKey]:
    """The usable keys of a JSON Web Key Set: RSA, for signing, with an id, of 2048 bits or more.

    Raises ValueError when there is none. What it needs is imported by the first call, so that no
    start waits for it; have a thread make that.
    """
    import jwt  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415

    entries = document.get("keys")
    keys: dict[str, SigningKey] = {}
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
            continue
        try:
            key = RSAAlgorithm.from_jwk(entry)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY_BITS:
            continue
        named = entry.get("endorsements")
        endorsements = named if isinstance(named, list) else []
        keys[entry["kid"]] = SigningKey(key, frozenset(e for e in endorsements if type(e) is str))
    if not keys:
        raise ValueError("the key set holds no usable key")
    return keys


def _web_address(text: str) -> URL:
    url = URL(text)
    if url.scheme == "https" or (url.scheme == "http" and is_loopback(url.raw_host or "")):
        return url
    raise ValueError(f"not an https address: {text[:200]!r}")
