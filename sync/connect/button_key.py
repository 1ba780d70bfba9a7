"""The key that signs the buttons of cards: random, made once, sealed in Redis for all processes.

It is no encryption key's child, so that a rotation of those kills no card.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import structlog

from sync.connect.vault import VaultError

if TYPE_CHECKING:
    from sync.connect.sealed import SealedStore
    from sync.connect.vault import Vault

log = structlog.get_logger()

OWNER, PURPOSE = "cards", "button-key"
BYTES = 32


class ButtonKey:
    """Reads the key, and makes it where there is none."""

    def __init__(self, rows: SealedStore, vault: Vault) -> None:
        self._rows = rows
        self._vault = vault
        self._told = False

    async def load(self) -> bytes | None:
        """The key. None: it was sealed with an encryption key that is not among ours.

        Then it is left as it is: the missing key may come back, and other processes may have it.
        """
        while True:
            sealed = await self._rows.button_key()
            if sealed is not None:
                try:
                    return bytes.fromhex(self._vault.open(OWNER, PURPOSE, sealed))
                except VaultError:
                    if not self._told:
                        log.error("button_key_unreadable")
                    self._told = True
                    return None
            await self._rows.keep_button_key(self._new(), None)

    async def reseal(self) -> bool | None:
        """Move it to the newest key. True: it was moved, False: no need, None: it does not open."""
        sealed = await self._rows.button_key()
        if sealed is None or not self._vault.needs_rotation(sealed):
            return False
        try:
            newest = self._vault.rotate(OWNER, PURPOSE, sealed)
        except VaultError:
            return None
        return await self._rows.keep_button_key(newest, sealed)

    async def give_up(self) -> None:
        """Make a new one in place of one that does not open: older buttons end."""
        await self._rows.keep_button_key(self._new(), await self._rows.button_key())

    def _new(self) -> str:
        return self._vault.seal(OWNER, PURPOSE, secrets.token_hex(BYTES))
