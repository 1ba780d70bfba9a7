"""What ties a sign-in to its link, its browser and the button that was shown there. Pure."""

from __future__ import annotations

import base64
import hashlib


def state(ticket: str) -> str:
    """The `state` of a link's sign-in: always the same, so that the button may be pressed twice."""
    return _digest("identify", ticket)


def token(state: str, browser: str) -> str:
    """What only a page of ours in this browser can send back."""
    return _digest("confirm", state, browser)


def browser_of(cookie: str) -> str:
    """By what a browser is known in the store: its cookie is not kept."""
    return _digest("browser", cookie)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
