"""Small things of HTTP that Entra's and Zoom's token endpoints share."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from aiohttp import web


def base_url(request: web.Request) -> str:
    """Scheme and host as the caller sees them; a TLS terminator in front may name its scheme."""
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
    return f"{'https' if scheme == 'https' else 'http'}://{request.host}"


def basic_credentials(request: web.Request) -> tuple[str, str] | None:
    """Client id and secret of a Basic header (form-encoded inside, RFC 6749 2.3.1), or None."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(name), unquote_plus(secret)


def secret_is(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return secrets.compare_digest(given.encode(), expected.encode())
