"""Reading the body of a request or an answer without trusting its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import StreamReader


async def read_limited(stream: StreamReader, limit: int) -> bytes | None:
    """Read to the end, or return None as soon as there are more than `limit` bytes.

    What an answer brings compressed counts decompressed.
    """
    raw = bytearray()
    async for chunk in stream.iter_any():
        raw += chunk
        if len(raw) > limit:
            return None
    return bytes(raw)
