"""The link between a Microsoft person and their Zoom person. Pure.

They are the same person when the Zoom e-mail equals the Entra user principal name or mail
(Zoom's documentation of its own application-permission integration demands the same). Never guess.
"""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass

import idna

_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class Link:
    """A connected person. `zoom_id` and `zoom_email` are None until Zoom told us of them.

    `addresses` are the folded e-mail addresses under which Zoom may know the person.
    `connected_ms` is epoch milliseconds. `external`: Microsoft says that they are a guest, or that
    their account is another organisation's (domain.external).
    """

    object_id: str
    tenant_id: str
    name: str
    addresses: tuple[str, ...]
    connected_ms: int
    zoom_id: str | None = None
    zoom_email: str | None = None
    external: bool = False


class BadRow(Exception):
    """A stored row does not have the shape we wrote: someone else's data, or damage."""


def fold_address(address: str) -> str:
    """Return the form in which two spellings of one address are equal.

    As mail systems compare: letters of either case, and either form of an international domain
    (IDNA 2008). Nothing else is folded: straße@ and strasse@ are two mailboxes, and letters that
    only look like others (K, the sign for kelvin; the ligature ﬁ) are others.
    """
    text = address.strip()
    text = text.lower() if text.isascii() else "".join(map(_lower, text))
    local, at, domain = text.rpartition("@")
    if at and ("xn--" in domain or not domain.isascii()):
        # Not a domain by those rules: compared as it is written.
        with contextlib.suppress(UnicodeError):
            domain = idna.decode(idna.encode(domain))
    return local + at + domain


def _lower(letter: str) -> str:
    """A small letter for a capital one; a compatibility character is no capital of another."""
    small = letter.lower()
    return small if len(small) == 1 and unicodedata.normalize("NFKC", letter) == letter else letter


def addresses_of(*candidates: str | None) -> tuple[str, ...]:
    """Return the distinct usable addresses among UPN, mail and the like, in order."""
    found = (fold_address(c) for c in candidates if c and "@" in c and len(c) <= 320)
    return tuple(dict.fromkeys(found))


def dump_link(link: Link) -> str:
    """Write a link as JSON."""
    return json.dumps(asdict(link), ensure_ascii=False, separators=(",", ":"))


def load_link(text: str) -> Link:
    """Read a link back. Raises BadRow when it is not one."""
    try:
        row = json.loads(text)
        link = Link(
            object_id=_text(row["object_id"]),
            tenant_id=_text(row["tenant_id"]),
            name=_text(row["name"]),
            addresses=_texts(row["addresses"]),
            connected_ms=_whole(row["connected_ms"]),
            zoom_id=None if row["zoom_id"] is None else _text(row["zoom_id"]),
            zoom_email=None if row["zoom_email"] is None else _text(row["zoom_email"]),
            external=row.get("external") is True,
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRow("link") from error
    if not _GUID.match(link.object_id):
        raise BadRow("link")
    return link


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_text(item) for item in value)


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value
