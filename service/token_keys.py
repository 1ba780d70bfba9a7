"""The encryption key of local mode: made once, kept in the data folder for its owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from service.setting_values import fernet_keys

FILE_NAME = "token-keys"


class TokenKeysUnusable(Exception):
    """The file can't be made or read; the text says which and what to do."""


def keep_token_keys(data_dir: Path) -> str:
    """Comma-separated Fernet keys from `data_dir`, made there if there are none yet.

    The file appears whole or not at all, and of two processes that make it at once both use the
    same: a key that was lost would make every stored authorisation unreadable.
    Raises TokenKeysUnusable.
    """
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path, Fernet.generate_key())
        path.chmod(0o600)
        text = path.read_text("ascii").strip()
    except OSError as error:
        raise TokenKeysUnusable(f"{path} can't be made or read: {error.strerror}.") from error
    except UnicodeDecodeError:
        text = ""
    try:
        return fernet_keys(text)
    except ValueError:
        raise TokenKeysUnusable(
            f"{path} is damaged. Restore it, or delete it: people then connect again."
        ) from None


def _create(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 0600
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        part.unlink()
