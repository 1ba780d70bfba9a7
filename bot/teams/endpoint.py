"""POST /api/messages: from an HTTP request to a checked JSON object, and back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from aiohttp import web
from yarl import URL

from bot.teams.activity import Kind
from bot.teams.channel import ChannelAnswer
from domain.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import StreamReader

    from bot.teams.activity import Answer, Inbound, OnTurn
    from bot.teams.channel import Channel

LARGEST_BODY = 256 * 1024
"""Bytes. Teams messages are at most about 100 KB."""
DEEPEST_BODY = 64

_log = structlog.get_logger(__name__)


class Arrivals(Protocol):
    """Remembers what was delivered: a channel that got no answer in 15 s delivers again."""

    async def arrived(self, inbound: Inbound) -> Inbound | None:
        """Remember it for ten minutes or so; None: it was delivered before."""


def messages_handler(
    channel: Channel, on_turn: OnTurn, arrivals: Arrivals
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler of POST /api/messages.

    Answers, beside those of `Channel`: 400 for what is no JSON object, 413 above LARGEST_BODY, 415
    for another content type, and in local mode 403 for a caller that is not on this machine. A
    second delivery is answered 200 and changes nothing. The body is read once the sender is known.
    """
    once = _once(on_turn, arrivals)

    async def handle(request: web.Request) -> web.Response:
        if channel.local and not _is_local(request):
            _log.warning("activity_refused", status=403, reason="not from this machine")
            return web.Response(status=403)
        if request.content_type != "application/json":
            return web.Response(status=415)
        if (request.content_length or 0) > LARGEST_BODY:
            return web.Response(status=413)
        admitted = await channel.admit(request.headers.get("Authorization"))
        if isinstance(admitted, ChannelAnswer):
            return _response(admitted)
        raw = await read_limited(request.content, LARGEST_BODY)
        if raw is None:
            return web.Response(status=413)
        try:
            activity = decode(raw)
        except ValueError as error:
            _log.warning("activity_refused", status=400, reason=str(error)[:200])
            return web.Response(status=400)
        return _response(await channel.handle(activity, admitted, once))

    return handle


async def read_limited(stream: StreamReader, limit: int) -> bytes | None:
    """Read a body, whatever length it states; None as soon as there are more than `limit` bytes.

    What comes compressed counts decompressed.
    """
    raw = bytearray()
    async for chunk in stream.iter_any():
        raw += chunk
        if len(raw) > limit:
            return None
    return bytes(raw)


def _response(answer: ChannelAnswer) -> web.Response:
    headers = {}
    if answer.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if answer.retry_after is not None:
        headers["Retry-After"] = str(answer.retry_after)
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    return web.json_response(answer.body, status=answer.status, headers=headers)


def decode(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object that can be handed on and encoded again without surprises.

    Raises ValueError for anything else: no JSON, no object, NaN and infinite numbers, half
    characters, nesting deeper than DEEPEST_BODY.
    """
    try:
        text = raw.decode(json.detect_encoding(raw), "surrogatepass")
        activity = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(activity, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - it is their payload that is wrong
    if raw.count(b"{") + raw.count(b"[") > DEEPEST_BODY and _deeper_than(activity, DEEPEST_BODY):
        raise ValueError("nested too deeply")
    if b"\\ud" in raw or b"\\uD" in raw:
        json.dumps(activity, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    if not isinstance(activity.get("type"), str) or not activity["type"]:
        raise ValueError("no type")
    return activity


def _once(on_turn: OnTurn, arrivals: Arrivals) -> OnTurn:
    """Run a turn at the first delivery only. Called after the activity was authenticated."""

    async def once(inbound: Inbound) -> Answer:
        if inbound.id and inbound.kind is not Kind.OTHER:
            try:
                first = await arrivals.arrived(inbound)
            except Exception as error:  # noqa: BLE001 - whatever keeps the memory from answering
                # Answering twice is better than not at all.
                _log.warning("deduper_failed", activity=inbound.id, reason=type(error).__name__)
                first = inbound
            if first is None:
                _log.info("activity_repeated", activity=inbound.id)
                return None
            inbound = first
        return await on_turn(inbound)

    return once


def _is_local(request: web.Request) -> bool:
    """Whether the caller is on this machine, not behind a proxy, and used a name of this machine.

    The last one stops web pages that make their own host name point here.
    """
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if not isinstance(peer, tuple) or not is_loopback(str(peer[0])):
        return False
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return is_loopback(URL(f"http://{request.host}").raw_host or "")
    except ValueError:
        return False


def _deeper_than(node: object, limit: int) -> bool:
    level: list[object] = [node]
    for _ in range(limit):
        children: list[object] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
        level = [child for child in children if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
