"""What a button carries, and how a click is believed.

A card goes to a client and comes back: its data is whatever the client sends. So each payload is
signed (HMAC-SHA256, first 128 bits) over its verb, card and arguments. A signature proves that
we once made this button; it does not prove who clicked it or that they still may. Handlers
authorise every click again.

The payload is one flat JSON object, the same for both kinds of button:

    {"v": 1, "verb": "connect.start", "card": "k3…", "args": {…}, "sig": "…"}

`Action.Execute` names its verb beside the data, `Action.Submit` sends nothing but the data;
therefore the verb is part of the signed data. What the client adds (the values of inputs) arrives
as extra keys and ends up in `Click.inputs`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Arg = str | int | bool
"""An argument of a button: a type that survives a round trip through any client's JSON."""

RESERVED = frozenset({"v", "verb", "card", "args", "sig"})
"""Keys of the payload itself: no input may use them as its id."""

_VERSION = 1
_SIGNATURE_BYTES = 16
_CARD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ARG_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MAX_ARGS = 16
_MAX_ARG_TEXT = 512
_MAX_INT = 2**53 - 1  # beyond it, clients written in JavaScript round
_MAX_INPUTS = 32
_MAX_INPUT_NAME = 64
_MAX_INPUT_TEXT = 1000


class Verb(StrEnum):
    """Everything a button can ask for."""

    CONNECT_START = "connect.start"
    CONNECT_CANCEL = "connect.cancel"
    TEST_RUN = "test.run"
    STATUS_SHOW = "status.show"
    DISCONNECT_ASK = "disconnect.ask"
    DISCONNECT_CONFIRM = "disconnect.confirm"
    DISCONNECT_CANCEL = "disconnect.cancel"
    HELP_SHOW = "help.show"
    # what a person decides for themselves
    PAUSE_START = "pause.start"
    PAUSE_END = "pause.end"
    STYLE_SHOW = "style.show"
    STYLE_CHOOSE = "style.choose"
    NOTICE_SEEN = "notice.seen"
    INVITATION_DECLINE = "invitation.decline"
    # what admins decide
    SETTINGS_SHOW = "settings.show"
    SETTINGS_ACCOUNT = "settings.account"
    SETTINGS_GROUP = "settings.group"
    SETTINGS_GROUPS = "settings.groups"
    SETTINGS_HISTORY = "settings.history"
    SETTINGS_SAVE = "settings.save"
    SETTINGS_VERIFY = "settings.verify"
    SETTINGS_CHANGE = "settings.change"
    SETTINGS_APPLY = "settings.apply"
    SETTINGS_CANCEL = "settings.cancel"
    SETTINGS_PROGRESS = "settings.progress"
    SETTINGS_USER = "settings.user"
    SETTINGS_PARKED = "settings.parked"
    SETTINGS_REVIVE = "settings.revive"
    SETTINGS_INVITE = "settings.invite"
    SETTINGS_INVITE_SEND = "settings.invite_send"
    SETTINGS_STORM = "settings.storm"
    SETTINGS_STORM_RETRY = "settings.storm_retry"


_VERBS = frozenset(verb.value for verb in Verb)


class BadPayload(Exception):
    """Not a click on a button of ours. The message is fixed text, safe to log."""


class BadInput(Exception):
    """What somebody entered or left empty can't be used, and nothing was changed.

    The message is for them: whole sentences, with what to do.
    """


@dataclass(frozen=True, slots=True)
class Click:
    """A click whose verb, card and arguments are ours.

    `inputs` is what the person entered: text, capped in length, otherwise unchecked.
    """

    verb: Verb
    card_id: str
    args: Mapping[str, Arg]
    inputs: Mapping[str, str]


class Payloads:
    """Packs and unpacks button data under one secret.

    The secret must have at least 16 bytes and be shared by all processes of an installation. It may
    come later (`use`); nothing is packed or unpacked before.
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

    def pack(self, verb: Verb, card_id: str, **args: Arg) -> dict[str, object]:
        """Make the data of a button. Raises ValueError for arguments that break the limits."""
        problem = _problem(card_id, args)
        if problem:
            raise ValueError(problem)
        return {
            "v": _VERSION,
            "verb": verb.value,
            "card": card_id,
            "args": dict(args),
            "sig": self._sign(verb.value, card_id, args),
        }

    def unpack(self, verb_text: str, data: Mapping[str, object]) -> Click:
        """Check what a client sent and return the click.

        `verb_text` is the verb beside the data (`Action.Execute`), or empty (`Action.Submit`).
        Raises BadPayload.
        """
        version, verb, card_id = data.get("v"), data.get("verb"), data.get("card")
        args, signature = data.get("args"), data.get("sig")
        if type(version) is not int or version != _VERSION:
            raise BadPayload("unknown payload version")
        if not isinstance(verb, str) or verb not in _VERBS:
            raise BadPayload("unknown verb")
        if verb_text not in {"", verb}:
            raise BadPayload("the verb contradicts the data")
        if not isinstance(card_id, str) or not isinstance(args, dict):
            raise BadPayload("missing or mistyped field")
        if not isinstance(signature, str):
            raise BadPayload("missing signature")
        problem = _problem(card_id, args)
        if problem:
            raise BadPayload(problem)
        expected = self._sign(verb, card_id, args)
        if not hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), expected.encode("ascii")
        ):
            raise BadPayload("wrong signature")
        return Click(Verb(verb), card_id, dict(args), _inputs(data))

    def _sign(self, verb: str, card_id: str, args: Mapping[str, Arg]) -> str:
        if not self._key:
            raise RuntimeError("The secret for card payloads is not there yet.")
        canonical = json.dumps(
            [_VERSION, verb, card_id, dict(args)], sort_keys=True, separators=(",", ":")
        )
        digest = hmac.digest(self._key, canonical.encode("ascii"), hashlib.sha256)
        return digest[:_SIGNATURE_BYTES].hex()


def _problem(card_id: str, args: Mapping[object, object] | Mapping[str, Arg]) -> str | None:
    if not _CARD_ID.fullmatch(card_id):
        return "a card id is 1 to 64 letters, digits, - or _"
    if len(args) > _MAX_ARGS:
        return "too many arguments"
    for name, value in args.items():
        if not isinstance(name, str) or not _ARG_NAME.fullmatch(name):
            return "an argument's name is a lower-case word of at most 32 characters"
        if isinstance(value, str):
            if len(value) > _MAX_ARG_TEXT:
                return "an argument is too long"
        elif not isinstance(value, int):  # bool is an int; its JSON stays true or false
            return "an argument is text, a whole number, or true or false"
        elif abs(value) > _MAX_INT:
            return "a number is too large for JSON clients"
    return None


def _inputs(data: Mapping[str, object]) -> dict[str, str]:
    """Values of inputs. Clients send toggles and numbers as text or as themselves.

    Anything else (Teams adds an object named `msteams` to some clicks) is not an input.
    """
    inputs: dict[str, str] = {}
    for name, value in data.items():
        if name in RESERVED:
            continue
        if isinstance(value, bool):
            entered = "true" if value else "false"
        elif isinstance(value, str | int | float):
            entered = str(value)
        else:
            continue
        if len(name) > _MAX_INPUT_NAME or len(entered) > _MAX_INPUT_TEXT:
            raise BadPayload("an input is too long")
        inputs[name] = entered
    if len(inputs) > _MAX_INPUTS:
        raise BadPayload("too many inputs")
    return inputs
