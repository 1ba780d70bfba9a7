"""What must not reach a log: secrets, by the name of their field and by their shape.

Pure. `clean` also makes text from outside harmless: control characters go, long texts are cut.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any
from uuid import UUID

HIDDEN = "[hidden]"
TEXT_LIMIT = 500
"""Characters of one text."""

_ITEMS = 50
_DEPTH = 6

_SECRET_WORDS = frozenset(
    {
        *("token", "tokens", "secret", "secrets", "password", "passwords", "passwd", "pwd"),
        *("authorization", "authentication", "assertion", "credential", "credentials"),
        *("cookie", "cookies", "ticket", "tickets", "verifier", "nonce", "jwt", "bearer"),
    }
)
"""A field is hidden when any word of its name is here: `access_token`, `Set-Cookie`."""

_SECRET_NAMES = frozenset(
    {
        *("code", "auth_code", "authorization_code", "device_code", "user_code", "codes"),
        *("state", "session_state", "relay_state", "key", "keys", "api_key", "private_key"),
        *("client_info", "sig", "signature", "x_zm_signature"),
    }
)
"""A field is hidden when its whole name is here (`status_code` and `presence_state` are not)."""

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # JSON Web Tokens, signed or encrypted
    (re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*){1,4}"), HIDDEN),
    # Authorization headers
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # Entra's refresh tokens and authorization codes; Fernet
    (re.compile(r"\b[01]\.A[\w-]{20,}(?:\.[\w-]*)*"), HIDDEN),
    (re.compile(r"\bgAAAAA[\w-]{20,}=*"), HIDDEN),
    # forms and addresses
    (
        re.compile(
            r"\b((?:\w+_)?(?:token|secret|password|assertion|ticket|verifier)|code|state|nonce)"
            r"=[^&\s\"'<>]+",
            re.IGNORECASE,
        ),
        rf"\1={HIDDEN}",
    ),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), rf"\1:{HIDDEN}@"),
)

_READABLE = (BaseException, PurePath, UUID, date, timedelta)
"""Types whose `str` says more to a reader than their `repr`."""

_SPACES = re.compile(r"[\t\n\r\v\f\x85\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, however the name is written."""
    plain = re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", name).lower()).strip("_")
    return plain in _SECRET_NAMES or not _SECRET_WORDS.isdisjoint(plain.split("_"))


def hide_shapes(text: str) -> str:
    """Hide whatever looks like a secret inside a text."""
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return text


def clean_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """One harmless line: no control or direction marks, no secrets, at most `limit` characters."""
    # The cut comes first, with room to recognise a secret that it would halve.
    room = text[: limit + 4096].encode("utf-8", "replace").decode()
    line = hide_shapes(_CONTROL.sub("", _SPACES.sub(" ", room)))
    return line if len(line) <= limit else f"{line[:limit]}… (of {len(text)})"


def clean(value: object, *, depth: int = _DEPTH) -> Any:
    """Make a logged value of harmless texts, numbers, lists and dicts."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no such numbers
    if isinstance(value, str):
        return clean_text(value)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {
            clean_text(str(name), 100): clean_field(str(name), part, depth=depth - 1)
            for name, part in list(value.items())[:_ITEMS]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(part, depth=depth - 1) for part in list(value)[:_ITEMS]]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    return clean_text(str(value) if isinstance(value, _READABLE) else repr(value))


def clean_field(name: str, value: object, *, depth: int = _DEPTH) -> Any:
    """Like `clean`, with the field's name taken into account. Numbers are never secrets here."""
    if is_secret_name(name) and not (value is None or isinstance(value, bool | int | float)):
        return HIDDEN
    return clean(value, depth=depth)
