"""The product's scripts, on a clock that a test sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from sync.redis.scripts import CLOCK, Scripts

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from sync.redis.scripts import Script


P = ParamSpec("P")
R = TypeVar("R")


class ScriptsOnAClock(Scripts):
    """`now`: epoch milliseconds, handed to each script as one argument more."""

    def __init__(self, client: Client, now: int = 0) -> None:
        super().__init__(client)
        self.now = now

    async def run(self, script: Script[P, R], /, *args: P.args, **given: P.kwargs) -> R:
        text = script.text.replace(CLOCK.source, "local now = tonumber(ARGV[#ARGV])\n")
        answer = await self._client.eval(text, *script.pack(*args, **given), self.now)
        return cast("R", bool(answer) if script.yes_or_no else answer)
