"""Zoom's webhook signature. Pure.

Zoom signs `v0:<x-zm-request-timestamp>:<raw body>` with HMAC-SHA256 and the app's secret token and
sends `v0=<hex>` (Zoom documentation, "Using webhooks"). The raw bytes count: parsing and writing
the JSON again changes them.
"""

from __future__ import annotations

import hmac


class BadSignature(Exception):
    """The request is not from Zoom, or too old. `code` is forged or stale."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `x-zm-signature` for a body."""
    message = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.digest(secret.encode(), message, "sha256").hex()


def verify(
    secret: str, *, timestamp: str, signature: str, body: bytes, now: float, window: float
) -> None:
    """Check the signature, then its age. Raises BadSignature.

    `now` and `window` are seconds. Zoom repeats undelivered events for 85 minutes and may keep the
    first timestamp, so the window is wide; old events are harmless, because the newest wins.
    """
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 16:
        raise BadSignature("forged")
    expected = sign(secret, timestamp, body)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise BadSignature("forged")
    seconds = int(timestamp)
    if seconds > 100_000_000_000:  # some senders write milliseconds
        seconds //= 1000
    if abs(now - seconds) > window:
        raise BadSignature("stale")


def answer_validation(secret: str, plain_token: str) -> dict[str, str]:
    """The answer to `endpoint.url_validation`. Only for requests whose signature was verified."""
    encrypted = hmac.digest(secret.encode(), plain_token.encode(), "sha256").hex()
    return {"plainToken": plain_token, "encryptedToken": encrypted}
