"""What must not reach a log: secrets, by the name of their field and by their shape.

Pure. `clean` also makes text from outside harmless: control characters are written out, long texts
are cut.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "[hidden]"
TEXT_LIMIT = 500
"""Characters of one text."""
_ROOM = 4096

_ITEMS = 50
_DEPTH = 6

_SECRET_WORDS = frozenset(
    {
        *("token", "tokens", "secret", "secrets", "password", "passwords", "passwd", "pwd"),
        *("passphrase", "passcode", "otp"),
        *("authorization", "authentication", "assertion", "credential", "credentials"),
        *("cookie", "cookies", "morsel", "ticket", "tickets", "verifier", "nonce", "jwt", "bearer"),
    }
)
"""A field is hidden when any word of its name is here: `access_token`, `Set-Cookie`."""

_SECRET_ENDS = ("token", "secret", "password")
"""Nor do names without a gap hide what they are: `clientsecret`."""

_NEVER_SECRET = ("error", "exception", "warning")
"""`AuthenticationError: …` is a kind of failure."""

_SECRET_NAMES = frozenset(
    {
        *("code", "auth_code", "authorization_code", "device_code", "user_code", "codes"),
        *("state", "session_state", "relay_state", "key", "keys", "api_key", "private_key"),
        *("client_info", "sig", "signature", "x_zm_signature", "samlresponse", "wresult"),
        *("pass", "auth", "rediscli_auth", "apikey", "creds", "sessionid", "csrf"),
    }
)
"""A field is hidden when its whole name is here (`status_code` and `presence_state` are not)."""

_KINDS_OF_KEYS = frozenset(
    {
        *("api", "access", "account", "private", "secret", "shared", "signing", "encryption"),
        *("subscription", "functions", "fernet", "master"),
    }
)
"""`x-api-key`, `SharedAccessKey`."""

_OFTEN_ORDINARY = frozenset({"code", "codes", "state", "key", "keys"})
"""In a text, these may well name something else: `"code": "InvalidAuthenticationToken"`."""

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # JSON Web Tokens, signed, encrypted or cut off
    (re.compile(r"eyJ[\w-]{10,}(?:\.[\w-]*)*"), HIDDEN),
    # Authorization headers
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # Entra's refresh tokens and authorization codes, and its client secrets; Zoom's signatures
    (re.compile(r"[01]\.A[\w-]{20,}(?:\.[\w-]*)*"), HIDDEN),
    (re.compile(r"[\w.~-]{3}[0-9]Q~[\w.~-]{25,}"), HIDDEN),
    (re.compile(r"v0=[0-9a-fA-F]{16,}"), HIDDEN),
    # keys in a file's form
    (
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END |\Z)"),
        f"{HIDDEN} ",
    ),
    # Fernet: what it encrypts, and its keys, which are 32 bytes in base64
    (re.compile(r"gAAAAA[\w-]{20,}=*"), HIDDEN),
    (re.compile(r"(?<![\w/+-])[\w/+-]{43,}(?:={1,2}|%3D)"), HIDDEN),
)
"""Secrets that show by themselves what they are.

Every pattern here and below takes time in proportion to the text, whatever it holds: it either
begins where nothing of its kind came before, or takes what it has read.
"""

_WORTH_A_LOOK = re.compile(r"""[:=%@"']|eyJ|gAAAAA|[01]\.A|Q~|-----|bearer|basic""", re.IGNORECASE)
"""No secret that is recognised here lacks all of these; most of what is logged does."""
_REDIS = re.compile(r"((?:rediss?|unix)://)(\S+)", re.IGNORECASE)
"""Passwords of a Redis may hold anything, `@` and `/` too."""
_USER_INFO = re.compile(r"(://)([^/?#\s]+)")

_NAMED = re.compile(
    r"""
    # A name begins where no letter of it came before. What a repr wrote as \n belongs to none, nor
    # does what an address has encoded.
    (?: (?<![\w\\]) | (?<=\\[nrt]) | (?<=%26) | (?<=%3[Ff]) | (?<=\\u0026)
      | (?<=%2526) | (?<=%253[Ff]) )
    (?P<name> [A-Za-z_][\w-]{0,63} )
    (?P<closed> \\{0,8}["'] )?
    # environ['NAME'] = …, name[0]=…
    (?: (?(closed)\]|\[[^\[\]\n"']{0,32}\]) )?
    (?: [ \t\xa0] | \\{1,4}xa0 ){0,8}
    (?P<sign> =>|:=|[:=]|%(?:25){0,2}3[AaDd] | (?(closed)(?:,|value=)|(?!)) )
    (?: [ \t\xa0] | \\{1,4}xa0 ){0,8}
    # what is written over several lines
    (?: (?: \r?\n | \\{1,4}n ) [ \t]{0,80} (?= [bru]?\\{0,8}["'] | [\[{(] ) )?
    """,
    re.VERBOSE,
)
_OPEN = re.compile(r"""[bru]?(\\{0,8})(["'])""")
_WORD = re.compile(r"[A-Za-z_][\w-]{0,63}")
_PAIR = re.compile(r"""[(\[][bru]?\\{0,8}["']$""")
"""What comes before a name that is the first of a pair."""
_BARE = re.compile(r"(?:(?!%26|%2526)[^\s&])*")
_NAMES = frozenset({"name", "key", "header", "field"})
_ITS_VALUE = re.compile(r"""\\{0,8}["']\s{0,80},\s{0,80}\\{0,8}["'][Vv]alue\\{0,8}["']\s?(:)\s?""")
"""After the name in `{"name": "Cookie", "value": "…"}`."""
_BRACKET = re.compile(r"[\[\](){}]")
_WHOLE_LINE = frozenset({"authorization", "cookie", "cookies", "morsel"})
"""What follows these names has several parts: `Cookie: a=b; c=d`, `Authorization: Basic …`."""
_COOKIE_PREFIXES = ("__Secure-", "__Host-", "sign-in-")
_NOTHING = frozenset({"", "none", "null", "true", "false"})

_READABLE = (BaseException, PurePath, UUID, date, timedelta)
"""Types whose `str` says more to a reader than their `repr`."""

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters (C0, C1), breaks of lines, marks of direction, and others that show nothing.

Not those which join the parts of an emoji or of a word.
"""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, however the name is written."""
    plain = _plain(name)
    return plain in _SECRET_NAMES or _has_secret_word(plain)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", name).lower()).strip("_")


def _has_secret_word(plain: str) -> bool:
    words = plain.split("_")
    if words[-1].endswith(_NEVER_SECRET):
        return False
    if words[-1] in {"key", "keys"} and not _KINDS_OF_KEYS.isdisjoint(words):
        return True
    return not _SECRET_WORDS.isdisjoint(words) or any(map(_ends_secret, words))


def _ends_secret(word: str) -> bool:
    return word.endswith(_SECRET_ENDS)


def hide_shapes(text: str) -> str:
    """Hide whatever looks like a secret inside a text, or is named as one there."""
    if not _WORTH_A_LOOK.search(text):
        return text
    for pattern in (_REDIS, _USER_INFO):
        text = pattern.sub(_without_password, text)
    text = _hide_named(text)
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return text


def _without_password(address: re.Match[str]) -> str:
    scheme, rest = address.groups()
    user_info, at, place = rest.rpartition("@")
    if not at:
        return address[0]
    user, colon, _ = user_info.partition(":")
    return f"{scheme}{user if colon else ''}{colon}{HIDDEN}@{place}"


def _hide_named(text: str) -> str:
    """Hide the values of names: in JSON, reprs, headers, forms, addresses and settings."""
    parts: list[str] = []
    done = at = 0
    ends = cache(lambda: _ends(text))
    while named := _NAMED.search(text, at):
        at = named.end()
        begin, end = _value(text, named, ends)
        if begin < end:
            parts += (text[done:begin], HIDDEN)
            done = at = end
    return "".join(parts) + text[done:]


def _value(
    text: str, named: re.Match[str], ends: Callable[[], Mapping[int, int]]
) -> tuple[int, int]:
    """Where the secret value of a name is; nowhere, if it has none."""
    name, sign, at = named["name"], named["sign"], named.end()
    if name.lower() in _NAMES and (told := _name_told(text, at)):
        name, sign, at = told
    plain = _plain(name)
    nowhere = at, at
    secret = is_secret_name(name) or name.startswith(_COOKIE_PREFIXES)
    if not secret or text.startswith(HIDDEN, at):
        return nowhere
    opened = _OPEN.match(text, at)
    if sign == "," and not (
        opened and _PAIR.search(text, max(0, named.start() - 6), named.start())
    ):
        return nowhere
    if opened:
        at = opened.end()
        closed = _closing(len(opened[1]), opened[2]).search(text, at)
        end = _end_of_line(text, at, closed.start() if closed else len(text))
    elif text[at : at + 1] in tuple("[({"):
        end = _end_of_line(text, ends().get(at, at), len(text))
    elif not _WHOLE_LINE.isdisjoint(plain.split("_")):
        end = _end_of_line(text, at, len(text))
    else:
        bare = _BARE.match(text, at)
        end = bare.end() if bare else at
    value = text[at:end]
    if value.rstrip(",;.)]}").lower() in _NOTHING:
        return nowhere
    if plain in _OFTEN_ORDINARY and not _is_random(plain, sign, value):
        return nowhere
    return at, end


def _name_told(text: str, at: int) -> tuple[str, str, int] | None:
    """The name that stands here as a value, the sign, and where the value of that name begins."""
    opened = _OPEN.match(text, at)
    name = opened and _WORD.match(text, opened.end())
    its = name and _ITS_VALUE.match(text, name.end())
    return (name[0], its[1], its.end()) if name and its else None


def _ends(text: str) -> dict[int, int]:
    """Where each bracket of a text is closed again."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for bracket in _BRACKET.finditer(text):
        if bracket[0] in "[({":
            opened.append(bracket.start())
        elif opened:
            ends[opened.pop()] = bracket.start()
    return ends


@cache
def _closing(backslashes: int, quote: str) -> re.Pattern[str]:
    """What ends a quotation: as many backslashes as began it. More are inside."""
    return re.compile(rf"(?<!\\)\\{{{backslashes}}}{quote}")


def _end_of_line(text: str, begin: int, end: int) -> int:
    found = text.find("\n", begin, end)
    return end if found < 0 else found


def _is_random(plain: str, sign: str, value: str) -> bool:
    """Whether the value of a name that often means something else is secret."""
    if "=" in sign or sign.lower().endswith("3d"):
        return not (len(value) < 6 and value.isdigit())
    if plain == "code" and not any(map(str.isdigit, value)):
        return len(value) > 64  # InvalidAuthenticationToken and the like
    return len(value) >= 16


def visible(text: str) -> str:
    r"""The text with what a terminal would obey, or hide, written out: `\x1b`, `\u202e`."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def visible_json(text: str) -> str:
    """The same for a JSON text, which stays the same JSON."""
    return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], text)


def clean_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """One harmless line: no control or direction marks, no secrets, at most `limit` characters."""
    # The cut comes first, with room to recognise a secret that it would halve.
    line = visible(hide_shapes(text[: limit + _ROOM]))
    return line if len(line) <= limit else f"{line[:limit]}… (of {len(text)})"


def clean_lines(text: str, limit: int, line_limit: int = 1000) -> str:
    """Several harmless lines: the last `limit` characters, about, where the end says most.

    No line loses its beginning, which may be what tells that the rest is secret.
    """
    begin = text.rfind("\n", 0, max(0, len(text) - limit)) + 1
    lines = [line[: line_limit + _ROOM] for line in text[begin:].rstrip("\n").split("\n")]
    shown = [clean_text(line, line_limit) for line in hide_shapes("\n".join(lines)).split("\n")]
    return "\n".join(["…", *shown] if begin else shown)


def clean(value: Any, *, depth: int = _DEPTH) -> Any:
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
            clean_text(str(name), 100): clean_field(
                _told(value) if name in {"value", "Value"} else str(name), part, depth=depth - 1
            )
            for name, part in list(value.items())[:_ITEMS]
        }
    if (name := _name_in_pair(value)) is not None:  # of a header, for example
        return [clean_text(name), clean_field(name, value[1], depth=depth - 1)]
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(part, depth=depth - 1) for part in list(value)[:_ITEMS]]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    return clean_text(str(value) if isinstance(value, _READABLE) else repr(value))


def _name_in_pair(value: Any) -> str | None:
    """The first of two, where it may be a name."""
    match value:
        case (str(name), _):
            return name
        case (bytes(name), _) if isinstance(value, tuple):
            return name.decode("latin-1")
    return None


def _told(value: Mapping[Any, Any]) -> str:
    """Whose value it is, in `{"name": "Cookie", "value": …}`."""
    names = (part for name, part in value.items() if str(name).lower() in _NAMES)
    return next((name for name in names if isinstance(name, str)), "value")


def clean_field(name: str, value: object, *, depth: int = _DEPTH) -> Any:
    """Like `clean`, with the field's name taken into account. Numbers are never secrets here."""
    if is_secret_name(name) and not (value is None or isinstance(value, bool | int | float)):
        return HIDDEN
    return clean(value, depth=depth)
