"""The product's scripts, on a clock that a test sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.redis.scripts import CLOCK, Scripts

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from sync.redis.scripts import Script


class ScriptsOnAClock(Scripts):
    """`now`: epoch milliseconds, handed to each script as one argument more."""

    def __init__(self, client: Client, now: int = 0) -> None:
        super().__init__(client)
        self.now = now

    async def evaluate(self, script: Script[..., Any], packed: list[Any]) -> Any:
        text = script.text.replace(CLOCK.source, "local now = tonumber(ARGV[#ARGV])\n")
        return await self._client.eval(text, *packed, self.now)
