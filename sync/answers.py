"""Reading what other services answer over HTTP, whichever service it is.

All of them answer in JSON and never redirect. A page in their place comes from something that
stands between us: a firewall, a proxy, the sign-in page of a network.
"""

from __future__ import annotations

import codecs
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    import aiohttp

_NUMBER = re.compile(r"\+?\d+(\.\d*)?", re.ASCII)
_LONGEST_HEADER = 64
SHORTEST_PAUSE = 1.0
"""Seconds. "At once", or a date that a clock has passed by, would be asking without end."""
_FROM_BETWEEN = frozenset({407, 451, 511})
"""Proxy authentication, blocked for legal reasons, network authentication (RFC 9110, 7725, 6585):
nobody but who stands in between sends these."""

MICROSOFTS_SIGNS = ("error",)
"""Graph (an object) and the login service (RFC 6749, 5.2: a word) name every refusal so."""


def retry_after(header: str | None, now: float, *, longest: float) -> float | None:
    """Seconds that a Retry-After header asks to wait, from 0 to `longest`; None: it names none.

    It is a number of seconds, also with a fraction, or an HTTP date (RFC 9110, 10.2.3); Zoom's
    daily limit sends an ISO 8601 time. A time without a zone is UTC, one in the past is 0. `now` is
    epoch seconds.
    """
    text = (header or "").strip()
    numbers = [part.strip() for part in text.split(",")]  # one that came twice, put together
    if all(_NUMBER.fullmatch(number) for number in numbers):
        return min(max(map(float, numbers)), longest)
    if not text or len(text) > _LONGEST_HEADER:
        return None
    moment = _moment(text)
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() - now, 0.0), longest)


def _moment(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def pause(asked: float | None, otherwise: float) -> float:
    """Seconds for which everybody waits after "too many requests": as asked, never no time at all.

    `asked` is what `retry_after` read; `otherwise` holds where that is nothing.
    """
    return otherwise if asked is None else max(asked, SHORTEST_PAUSE)


def is_from_between(status: int, raw: bytes, signs: Collection[str] = ()) -> bool:
    """Whether something between us and the service gave this answer; `raw` is its body.

    Every refusal of the service has one of the fields `signs`: gateways speak JSON, too.

    Too many requests and 5xx mean "later" from anybody: services have gateways of their own.
    A success is believed unless it is a page: what a write is answered does not matter.
    """
    if status in _FROM_BETWEEN or 300 <= status < 400:
        return True
    if status == 429 or status >= 500:
        return False
    text = raw.removeprefix(codecs.BOM_UTF8).strip()
    if status < 300 or not text:
        return text.startswith(b"<")
    try:
        answer = json.loads(text)
    except ValueError:
        return True
    except RecursionError:  # it is JSON, though of no use
        return False
    return bool(signs) and not (isinstance(answer, dict) and any(sign in answer for sign in signs))


def json_object(raw: bytes | str) -> dict[str, Any]:
    """The JSON object that a body holds, {} when it holds none."""
    return json_object_if_any(raw) or {}


def json_object_if_any(raw: bytes | str) -> dict[str, Any] | None:
    """The JSON object that a body holds, None when it holds none."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def graph_detail(status: int, answer: dict[str, Any]) -> str:
    """How Graph calls a refusal, for logs: the status, and the code that its error body names."""
    error = answer.get("error")
    code = str(error.get("code", ""))[:64] if isinstance(error, dict) else ""
    return f"{status} {code}".strip()


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, however it is sent; empty, and the connection ended, where it exceeds `limit`."""
    if (response.content_length or 0) > limit:
        response.close()
        return b""
    raw = bytearray()
    async for piece in response.content.iter_any():
        raw += piece
        if len(raw) > limit:
            response.close()
            return b""
    return bytes(raw)
