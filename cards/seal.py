"""Signing what goes out, and believing what comes back.

A card goes to a client and comes back: its data is whatever the client sends. So each button is
signed (HMAC-SHA256, first 128 bits) over its verb, card and what it carries. A signature proves
that we once made this button; it does not prove who clicked it or that they still may. Handlers
authorise every click again.

The payload is one JSON object, the same for both kinds of button:

    {"v": 1, "verb": "connect.start", "card": "k3…", "args": {…}, "sig": "…"}

`Action.Execute` names its verb beside the data, `Action.Submit` sends nothing but the data;
therefore the verb is part of the signed data. What the client adds (the values of inputs) arrives
as extra keys.

Inputs are called differently on every card: clients built on Microsoft's JavaScript renderer put
all radio buttons of one id into one group, also across the cards of a chat, so choosing in one form
would empty another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from cards.click import BadClick, BadInput, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cards.build import Card
    from cards.click import Click

RESERVED = frozenset({"v", "verb", "card", "args", "sig"})
"""Keys of the payload itself: no input may use them as its id."""

_VERSION = 1
_SIGNATURE_BYTES = 16
_CARD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LARGEST_ARGS = 4096
_MAX_INPUTS = 32
_MAX_INPUT_NAME = 64
_MAX_INPUT_TEXT = 1000
_TOO_LONG = (
    "That is too long to be read, so nothing was changed. Shorten it, then press the button again."
)
_OF_CARD = 24
"""Characters of the card's id in the ids of its inputs."""


class Seal:
    """Signs cards and checks clicks under one secret.

    The secret must have at least 16 bytes and be shared by all processes of an installation. It may
    come later (`use`); nothing is signed or believed before.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._key = b""
        if secret is not None:
            self.use(secret)

    def use(self, secret: bytes) -> None:
        """Sign with this secret from now on. Raises ValueError when it is too short."""
        if len(secret) < 16:
            raise ValueError("The secret for card payloads needs at least 16 bytes.")
        # A key of its own, so that the same secret may serve other purposes elsewhere.
        self._key = hmac.digest(secret, b"presence-bridge card payload", hashlib.sha256)

    def sealed(self, card: Card, card_id: str) -> Card:
        """The card as it goes out: its clicks signed, its inputs its own. `card` is not changed.

        Raises ValueError for a card id or a click that no client could send back.
        """
        if not _CARD_ID.fullmatch(card_id):
            raise ValueError("a card id is 1 to 64 letters, digits, - or _")
        sealed: Card = self._walk(card, card_id)
        return sealed

    def opened(self, verb_text: str, data: Mapping[str, object]) -> tuple[Click, str]:
        """Check what a client sent; the click, and the id of the card that it was made on.

        `verb_text` is the verb beside the data (`Action.Execute`), or empty (`Action.Submit`).
        Raises BadClick, and BadInput for what is far too long.
        """
        version, verb, card_id = data.get("v"), data.get("verb"), data.get("card")
        args, signature = data.get("args"), data.get("sig")
        if type(version) is not int or version != _VERSION:
            raise BadClick("unknown payload version")
        if not isinstance(verb, str) or not isinstance(card_id, str) or not isinstance(args, dict):
            raise BadClick("missing or mistyped field")
        if verb_text not in {"", verb}:
            raise BadClick("the verb contradicts the data")
        if not _CARD_ID.fullmatch(card_id):
            raise BadClick("no card id")
        if not isinstance(signature, str):
            raise BadClick("missing signature")
        expected = self._sign(verb, card_id, args)
        if not hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), expected.encode("ascii")
        ):
            raise BadClick("wrong signature")
        return unpacked(verb, args, _inputs(data, card_id)), card_id

    def _walk(self, node: Any, card_id: str) -> Any:
        if type(node) is list:
            return [self._walk(item, card_id) for item in node]
        if type(node) is not dict:
            return node
        kind = node.get("type")
        if kind == "TextRun" and "selectAction" not in node:  # most of a card; nothing to sign
            return node
        copy = dict(node)
        for key, value in node.items():
            if type(value) in _NESTED and key != "data":
                copy[key] = self._walk(value, card_id)
        if "click" in copy:
            click: Click = copy.pop("click")
            copy["data"] = data = self._data(click, card_id)
            if "fallback" in copy:
                copy["fallback"]["data"] = data
        elif isinstance(kind, str) and kind.startswith("Input."):
            copy["id"] = f"{copy['id']}-{card_id[:_OF_CARD]}"
        return copy

    def _data(self, click: Click, card_id: str) -> dict[str, object]:
        args = packed(click)
        text = _canonical(args)
        if len(text) > _LARGEST_ARGS:
            raise ValueError(f"{click.verb} carries too much")
        return {
            "v": _VERSION,
            "verb": click.verb,
            "card": card_id,
            "args": args,
            "sig": self._sign(click.verb, card_id, args),
        }

    def _sign(self, verb: str, card_id: str, args: Mapping[str, Any]) -> str:
        if not self._key:
            raise RuntimeError("The secret for card payloads is not there yet.")
        try:
            canonical = _canonical([_VERSION, verb, card_id, args])
        except (ValueError, RecursionError):
            raise BadClick("not what a button carries") from None
        digest = hmac.digest(self._key, canonical.encode("ascii"), hashlib.sha256)
        return digest[:_SIGNATURE_BYTES].hex()


_NESTED = (dict, list)
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _inputs(data: Mapping[str, object], card_id: str) -> dict[str, str]:
    """Values of the card's inputs. Clients send toggles and numbers as text or as themselves.

    Anything else (Teams adds an object named `msteams` to some clicks, and clients may send inputs
    of other cards) is not an input. What was left empty is left out: it means unchanged.
    """
    inputs: dict[str, str] = {}
    end = f"-{card_id[:_OF_CARD]}"
    for name, value in data.items():
        if name in RESERVED:
            continue
        if isinstance(value, bool):
            entered = "true" if value else "false"
        elif isinstance(value, str | int | float):
            entered = str(value)
        else:
            continue
        own, too_long = name.endswith(end), len(entered) > _MAX_INPUT_TEXT
        if len(name) > _MAX_INPUT_NAME or (too_long and not own):
            raise BadClick("an input is too long")
        if too_long:
            raise BadInput(_TOO_LONG)
        if own:
            inputs[name.removesuffix(end)] = entered
    if len(inputs) > _MAX_INPUTS:
        raise BadClick("too many inputs")
    return inputs
