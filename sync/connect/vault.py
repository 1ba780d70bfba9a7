"""Encryption at rest: what is sealed for one owner and purpose opens for no other.

Fernet (AES-128-CBC with HMAC-SHA256) has no associated data, so the owner and the purpose travel
inside the plaintext and are compared after opening. Otherwise a row copied from one person to
another would decrypt.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

if TYPE_CHECKING:
    from collections.abc import Sequence


class VaultError(Exception):
    """A sealed text does not open: wrong key, altered, or sealed for another owner or purpose."""


class Vault:
    """Seals texts with the first key; opens what any of the keys has sealed.

    To rotate, put a new key in front, `rotate` what `needs_rotation`, then drop the old key.
    Raises ValueError, which never quotes a key, when there is no key or one is not a Fernet key
    (32 bytes, url-safe base64).
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one encryption key is needed")
        fernets = []
        for position, key in enumerate(keys, start=1):
            try:
                fernets.append(Fernet(key))
            except ValueError:
                raise ValueError(f"encryption key {position} is not a Fernet key") from None
        self._newest = fernets[0]
        self.newest = hashlib.sha256(keys[0].encode()).hexdigest()[:12]
        """A name of the newest key that may be shown: nothing about the key follows from it."""
        self.has_older = len(set(keys)) > 1
        self._all = MultiFernet(fernets)

    def seal(self, owner: str, purpose: str, text: str) -> str:
        """Encrypt `text` so that only `open` with the same owner and purpose returns it."""
        bound = json.dumps({"owner": owner, "purpose": purpose, "text": text})
        return self._all.encrypt(bound.encode()).decode()

    def open(self, owner: str, purpose: str, sealed: str) -> str:
        """Return the text sealed for this owner and purpose. Raises VaultError."""
        try:
            bound = json.loads(self._all.decrypt(sealed))
        except (InvalidToken, ValueError):  # ValueError: not even text that Fernet could produce
            raise VaultError("the sealed text does not open with any key") from None
        if not isinstance(bound, dict) or bound.keys() != {"owner", "purpose", "text"}:
            raise VaultError("the sealed text is not one of ours")
        if bound["owner"] != owner or bound["purpose"] != purpose:
            raise VaultError("the sealed text belongs to another owner or purpose")
        return str(bound["text"])

    def needs_rotation(self, sealed: str) -> bool:
        """Whether anything but the newest key sealed this."""
        try:
            self._newest.decrypt(sealed)
        except (InvalidToken, ValueError):
            return True
        return False

    def rotate(self, owner: str, purpose: str, sealed: str) -> str:
        """Seal again with the newest key, keeping the time of sealing. Raises VaultError."""
        self.open(owner, purpose, sealed)
        return self._all.rotate(sealed).decode()
