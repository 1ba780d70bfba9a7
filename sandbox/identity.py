"""What Entra knows: who consented to what, and which tokens are good.

No HTTP here. Errors carry Entra's numbers ("Microsoft Entra authentication and authorization
error codes") because logs and support pages are searched by them; programs should look at `error`
alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import jwt
from cryptography.fernet import InvalidToken

from sandbox.identity_keys import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.clock import SandboxClock
    from sandbox.people import SandboxPerson

APP_NAME: Final = "Presence Bridge"
GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
GRAPH_RESOURCE: Final = "https://graph.microsoft.com"
CODE_LIFE: Final = 300.0
ACCESS_LIFE: Final = 3600.0
REFRESH_LIFE: Final = 90 * 86_400.0
OIDC_SCOPES: Final = ("openid", "profile", "email", "offline_access")
IMPLIED: Final = frozenset({"openid", "profile", "email"})
GRAPH_SCOPES: Final = frozenset(
    {"User.Read", "Presence.Read", "Presence.Read.All", "Presence.ReadWrite"}
)
_REMEMBERED_CODES: Final = 1000


class EntraError(Exception):
    """An OAuth error as Entra words it: `error`, AADSTS number, sentence, perhaps a suberror."""

    def __init__(
        self, error: str, number: int, text: str, *, suberror: str | None = None, status: int = 400
    ) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.error = error
        self.number = number
        self.suberror = suberror
        self.status = status


class TokenRefused(Exception):
    """An access token is not good. The text says why, in Graph's words."""


@dataclass(slots=True)
class Standing:
    """How a person stands to the app. Refresh tokens of an older `generation` are worthless.

    `roles` are the app roles that are assigned to them: in every new ID token, also on refresh.
    `idp` is who signs in guests (an issuer); empty: the organisation itself.
    """

    consent: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    admin_approval: bool = False
    idp: str = ""
    generation: int = 0
    token_at: float | None = None  # sandbox time of the newest refresh token


@dataclass(frozen=True, slots=True)
class Grant:
    """What an authorization code stands for."""

    oid: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str | None
    challenge: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Access:
    """A checked access token. `oid` is None for a token of the app itself, which has `roles`."""

    app_id: str
    oid: str | None
    scopes: frozenset[str]
    roles: frozenset[str] = frozenset()


def split_scopes(text: str) -> tuple[str, ...]:
    """Scope names without Graph's host, each once. Raises EntraError for unknown ones."""
    names = dict.fromkeys(part.removeprefix(GRAPH_RESOURCE + "/") for part in text.split())
    if not names:
        raise EntraError(
            "invalid_request", 900144, "The request must contain the following parameter: 'scope'."
        )
    for name in names:
        if name not in GRAPH_SCOPES and name not in OIDC_SCOPES:
            raise EntraError(
                "invalid_client",
                650053,
                f"The application '{APP_NAME}' asked for scope '{name[:100]}' that doesn't exist "
                f"on the resource '{GRAPH_APP_ID}'. Contact the app vendor.",
            )
    return tuple(names)


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Identity:
    """Entra's memory for one tenant with one registered app."""

    def __init__(
        self, tenant_id: str, client_id: str, people: Sequence[SandboxPerson], clock: SandboxClock
    ) -> None:
        self.tenant_id = tenant_id
        self.client_id = client_id
        self._clock = clock
        self._people = {person.object_id: person for person in people}
        self.standing = {
            oid: Standing(roles=set(person.app_roles)) for oid, person in self._people.items()
        }
        self._codes: dict[str, Grant] = {}
        self._redeemed: dict[str, float] = {}
        self.keys = Keys()

    # Consent

    def missing(self, oid: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """The scopes that the person has not consented to yet."""
        granted = self.standing[oid].consent
        return tuple(s for s in scopes if s not in granted and s not in IMPLIED)

    def accept(self, oid: str, scopes: tuple[str, ...]) -> None:
        """Remember a consent; it adds to earlier ones."""
        self.standing[oid].consent |= set(scopes) - IMPLIED

    def withdraw(self, oid: str) -> None:
        """Take the consent back: refreshing fails from now on."""
        self.standing[oid].consent.clear()

    def revoke(self, oid: str) -> None:
        """Make every refresh token of the person worthless, as "revoke sessions" does."""
        self.standing[oid].generation += 1
        self.standing[oid].token_at = None

    def connected(self, oid: str) -> bool:
        """Whether the app can get a new access token for the person right now."""
        standing = self.standing[oid]
        return (
            bool(standing.consent)
            and standing.token_at is not None
            and self._clock.now() < standing.token_at + REFRESH_LIFE
        )

    # Codes

    def issue_code(self, grant: Grant) -> str:
        """A code that can be redeemed once within five minutes."""
        now = self._clock.now()
        self._codes = {c: g for c, g in self._codes.items() if g.expires_at > now - CODE_LIFE}
        code = f"1.{secrets.token_urlsafe(48)}"
        self._codes[code] = grant
        return code

    def redeem_code(self, code: str, redirect_uri: str, verifier: str | None) -> Grant:
        """Use a code up, whatever the outcome. Raises EntraError (invalid_grant)."""
        if code in self._redeemed:
            raise EntraError(
                "invalid_grant",
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid "
                "code or use an existing refresh token.",
            )
        grant = self._codes.pop(code, None)
        if grant is None:
            raise EntraError(
                "invalid_grant",
                9002313,
                "Invalid request. Request is malformed or invalid.",
            )
        self._redeemed[code] = grant.expires_at
        while len(self._redeemed) > _REMEMBERED_CODES:
            self._redeemed.pop(next(iter(self._redeemed)))
        if self._clock.now() >= grant.expires_at:
            raise EntraError(
                "invalid_grant",
                70008,
                "The provided authorization code is expired. Send a new one.",
            )
        if redirect_uri != grant.redirect_uri:
            raise EntraError(
                "invalid_grant",
                500112,
                "The reply address does not match the reply address provided when requesting the "
                "authorization code.",
            )
        if grant.challenge is not None and (
            verifier is None
            or not secrets.compare_digest(challenge_of(verifier).encode(), grant.challenge.encode())
        ):
            raise EntraError(
                "invalid_grant",
                501481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization "
                "request.",
            )
        return grant

    # Refresh tokens

    def issue_refresh(self, oid: str, scopes: tuple[str, ...]) -> str:
        """A new refresh token. Older ones stay good, as Entra documents for rotation."""
        standing = self.standing[oid]
        standing.token_at = self._clock.now()
        content = {"oid": oid, "gen": standing.generation, "at": standing.token_at, "scp": scopes}
        return f"1.{self.keys.seal(json.dumps(content))}"

    def redeem_refresh(self, token: str) -> tuple[str, tuple[str, ...]]:
        """The person and the scopes of a refresh token. Raises EntraError (invalid_grant)."""
        try:
            content = json.loads(self.keys.unseal(token.removeprefix("1.")))
        except InvalidToken:
            raise EntraError(
                "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid."
            ) from None
        standing = self.standing.get(content["oid"])
        if standing is None:
            raise EntraError("invalid_grant", 50034, "The user account does not exist.")
        if content["gen"] != standing.generation:
            raise EntraError(
                "invalid_grant",
                50173,
                "The provided grant has expired due to it being revoked, a fresh auth token is "
                "needed. The user might have changed or reset their password.",
                suberror="bad_token",
            )
        if self._clock.now() >= content["at"] + REFRESH_LIFE:
            raise EntraError(
                "invalid_grant", 700082, "The refresh token has expired due to inactivity."
            )
        return content["oid"], tuple(content["scp"])

    def require_consent(self, oid: str, scopes: tuple[str, ...]) -> None:
        """Raises EntraError (invalid_grant, consent_required) when consent is missing."""
        if self.missing(oid, scopes):
            raise EntraError(
                "invalid_grant",
                65001,
                f"The user or administrator has not consented to use the application with ID "
                f"'{self.client_id}' named '{APP_NAME}'. Send an interactive authorization "
                "request for this user and resource.",
                suberror="consent_required",
            )

    # Signed tokens

    def access_token(self, oid: str, scopes: tuple[str, ...]) -> str:
        """A delegated token for Graph, good for an hour of sandbox time."""
        person = self._people[oid]
        names = (*sorted(IMPLIED), *(s for s in scopes if s in GRAPH_SCOPES))
        return self._access(
            GRAPH_APP_ID,
            {
                "idtyp": "user",
                "name": person.name,
                "oid": oid,
                "scp": " ".join(names),
                "sub": self._subject(oid, GRAPH_APP_ID),
                "upn": person.upn,
            },
        )

    def app_token(self, resource: str, roles: Sequence[str] = (), client_id: str = "") -> str:
        """A token of the app itself for a resource, with the application permissions it has.

        `client_id`: of another registration than people sign in with.
        """
        app = client_id or self.client_id
        audience = GRAPH_APP_ID if resource == GRAPH_RESOURCE else resource
        claims: dict[str, object] = {"idtyp": "app", "sub": app, "appid": app}
        if roles:  # Entra leaves the claim out when there are none
            claims["roles"] = list(roles)
        return self._access(audience, claims)

    def _access(self, audience: str, claims: Mapping[str, object]) -> str:
        now = int(self._clock.now())
        return self.keys.sign(
            {
                "aud": audience,
                "iss": f"https://sts.windows.net/{self.tenant_id}/",
                "iat": now,
                "nbf": now,
                "exp": now + int(ACCESS_LIFE),
                "appid": self.client_id,
                "appidacr": "1",
                "tid": self.tenant_id,
                "uti": secrets.token_urlsafe(12),
                "ver": "1.0",
                **claims,
            }
        )

    def id_token(self, oid: str, issuer: str, nonce: str | None) -> str:
        """Who signed in. Its times are real, because the app compares them with its own clock."""
        person = self._people[oid]
        now = int(self._clock.wall())
        claims: dict[str, object] = {
            "aud": self.client_id,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + int(ACCESS_LIFE),
            "email": person.mail,
            "name": person.name,
            "oid": oid,
            "preferred_username": person.upn,
            "sub": self._subject(oid, self.client_id),
            "tid": self.tenant_id,
            "uti": secrets.token_urlsafe(12),
            "ver": "2.0",
        }
        if roles := self.standing[oid].roles:  # Entra leaves the claim out when there are none
            claims["roles"] = sorted(roles)
        if idp := self.standing[oid].idp:
            claims["idp"] = idp
        if nonce is not None:
            claims["nonce"] = nonce
        return self.keys.sign(claims)

    def client_info(self, oid: str) -> str:
        """MSAL's `client_info`: base64url JSON that names the account."""
        content = json.dumps({"uid": oid, "utid": self.tenant_id}).encode()
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    def check_access(self, token: str) -> Access:
        """Verify a token for Graph. Raises TokenRefused."""
        try:
            claims = self.keys.verified(token, [GRAPH_APP_ID, GRAPH_RESOURCE])
        except jwt.InvalidAudienceError:
            raise TokenRefused("Access token validation failure. Invalid audience.") from None
        except jwt.InvalidTokenError:
            raise TokenRefused(
                "CompactToken validation failed or the signature is wrong."
            ) from None
        if self._clock.now() >= claims["exp"]:
            raise TokenRefused("Lifetime validation failed, the token is expired.")
        scopes, roles = claims.get("scp", "").split(), claims.get("roles", [])
        return Access(claims["appid"], claims.get("oid"), frozenset(scopes), frozenset(roles))

    def _subject(self, oid: str, audience: str) -> str:
        return str(uuid.uuid5(uuid.UUID(self.tenant_id), f"{oid}/{audience}"))
