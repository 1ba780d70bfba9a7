"""Entra's keys: one that signs tokens, and one that seals refresh tokens."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Keys:
    """The keys of one tenant. The one that signs is made when it is first wanted."""

    def __init__(self) -> None:
        self._key: rsa.RSAPrivateKey | None = None
        self._kid = ""
        self._fernet_key = Fernet.generate_key()

    def _signing_key(self) -> rsa.RSAPrivateKey:
        if self._key is None:
            self._use_key(rsa.generate_private_key(public_exponent=65537, key_size=2048))
        assert self._key is not None  # noqa: S101 - for the type checker: set one line above
        return self._key

    def _use_key(self, key: rsa.RSAPrivateKey) -> None:
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._key = key
        self._kid = base64.urlsafe_b64encode(hashlib.sha256(public).digest()[:20]).decode()

    def exported(self) -> tuple[str, str]:
        """The signing key (PEM) and the key of the refresh tokens, for the state file."""
        pem = self._signing_key().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return pem.decode(), self._fernet_key.decode()

    def use(self, pem: str, fernet_key: str) -> None:
        """Go on with earlier keys. Raises ValueError when they can't be read."""
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("The signing key is not an RSA key.")  # noqa: TRY004 - bad data, not a bad call
        Fernet(fernet_key)
        self._use_key(key)
        self._fernet_key = fernet_key.encode()

    def jwks(self) -> dict[str, Any]:
        """The public half, as `discovery/v2.0/keys` serves it."""
        public = self._signing_key().public_key()
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
        return {"keys": [{**jwk, "kid": self._kid, "x5t": self._kid, "use": "sig"}]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """A signed token with these claims."""
        key = self._signing_key()
        return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": self._kid})

    def verified(self, token: str, audience: Sequence[str]) -> dict[str, Any]:
        """The claims of a token that we signed for an audience, whatever its times say.

        They go by the sandbox's clock. Raises jwt.InvalidTokenError.
        """
        return jwt.decode(
            token,
            self._signing_key().public_key(),
            algorithms=["RS256"],
            audience=list(audience),
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )

    def seal(self, text: str) -> str:
        """What only `unseal` reads."""
        return Fernet(self._fernet_key).encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The text again. Raises cryptography.fernet.InvalidToken."""
        return Fernet(self._fernet_key).decrypt(sealed).decode()
