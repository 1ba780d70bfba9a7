"""Proving who answers at the public address, and that everything arrives there that was sent.

`python app.py check` sends a request to `/check` at PUBLIC_URL, as Teams and Zoom send theirs, and
the process behind it says what arrived. Only who has the same ZOOM_WEBHOOK_SECRET is told: the
request is signed with a key made of that, and the answer proves that its sender has it too. The key
signs nothing else, so the address is of no use for forging Zoom's events.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH: Final = "/check"
PRODUCT: Final = "Presence Bridge"
HEADERS: Final = {
    "Authorization": "Bearer presence-bridge-check",
    "x-zm-signature": "v0=presence-bridge-check",
    "x-zm-request-timestamp": "0",
    "Cookie": "presence-bridge-check=1",
}
"""What Teams, Zoom and browsers send, and the product can't do without."""
BODY: Final = '{"presence-bridge":  "check",\n "letters": "äß€\\u00fc"}'.encode()
"""A body that is another one as soon as something reads it and writes it anew."""
WITHIN_SECONDS: Final = 300.0
LARGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the process behind the public address says. `key` is the name of its first key.

    `accepted`: messages of Teams that it believed since its start. `refusal`: why it did not
    believe the last one that it refused ("": it refused none).
    """

    version: str
    key: str
    lost: tuple[str, ...]
    body_whole: bool
    accepted: int
    refusal: str


class NotOurs(Exception):
    """Whatever answered did not prove that it is this installation."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One request, made by who knows the secret."""

    secret: str = field(repr=False)
    at: int
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def query(self) -> dict[str, str]:
        """What goes into the address."""
        text = f"{self.at} {self.nonce}"
        return {"at": str(self.at), "nonce": self.nonce, "mac": _mac(self.secret, "ask", text)}

    def read(self, answer: Mapping[str, Any]) -> Arrived:
        """Read the answer. Raises NotOurs."""
        said = {name: value for name, value in answer.items() if name != "mac"}
        mac = _mac(self.secret, "answer", f"{self.nonce} {_canonical(said)}")
        if not hmac.compare_digest(mac, str(answer.get("mac", ""))):
            raise NotOurs
        return Arrived(
            version=str(said.get("version", "")),
            key=str(said.get("key", "")),
            lost=tuple(name for name in HEADERS if name.lower() not in said.get("headers", ())),
            body_whole=said.get("body") == hashlib.sha256(BODY).hexdigest(),
            accepted=int(said.get("accepted", 0)),
            refusal=str(said.get("refusal", "")),
        )


@dataclass(frozen=True, slots=True)
class ProofPage:
    """The other side: `POST /check`. 403, with the product's name alone, for anyone else.

    `key` is the name of the key that this process encrypts with, `messages` gives how many of
    Teams' messages were believed and why the last one was not, `now` gives epoch seconds.
    """

    secret: str = field(repr=False)
    _: KW_ONLY
    version: str
    key: str
    messages: Callable[[], tuple[int, str | None]]
    now: Callable[[], float]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer."""
        at, nonce = request.query.get("at", ""), request.query.get("nonce", "")
        mac = _mac(self.secret, "ask", f"{at} {nonce}")
        signed = hmac.compare_digest(mac.encode(), request.query.get("mac", "").encode())
        fresh = at.isascii() and at.isdecimal() and abs(self.now() - int(at[:12])) < WITHIN_SECONDS
        said: dict[str, Any] = {"product": PRODUCT}
        if not signed or not fresh or (request.content_length or 0) > LARGEST:
            return web.json_response(said, status=403, headers=_NO_STORE)
        body = await request.content.read(LARGEST)
        accepted, refusal = self.messages()
        said |= {
            "accepted": accepted,
            "refusal": refusal or "",
            "version": self.version,
            "key": self.key,
            "headers": [n.lower() for n, v in HEADERS.items() if request.headers.get(n) == v],
            "body": hashlib.sha256(body).hexdigest(),
        }
        said["mac"] = _mac(self.secret, "answer", f"{nonce} {_canonical(said)}")
        return web.json_response(said, headers=_NO_STORE)


_NO_STORE: Final = {"Cache-Control": "no-store"}


def _canonical(said: Mapping[str, Any]) -> str:
    return json.dumps(said, sort_keys=True)


def _mac(secret: str, purpose: str, text: str) -> str:
    key = hmac.digest(secret.encode(), b"presence bridge: check of the public address", "sha256")
    return hmac.new(key, f"{purpose} {text}".encode(), "sha256").hexdigest()
