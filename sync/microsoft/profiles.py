"""Who somebody at Microsoft is, and Microsoft's SDK, which is imported beside the start."""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.engine.ports import Profile


class Profiles:
    """Reads profiles from Graph at `graph_url` (without a trailing slash).

    `verify` says whom to trust, None: whom the system does.
    """

    def __init__(self, graph_url: str, verify: ssl.SSLContext | None) -> None:
        self._graph_url = graph_url
        self._named = verify

    async def warm_up(self) -> None:
        """Import the SDK now, and use it once, in a thread: nobody who connects waits for it."""

        def rehearse() -> None:
            sdk, verify = self._ready()
            asyncio.run(sdk.rehearse(self._graph_url, verify))

        await asyncio.to_thread(rehearse)

    async def read(self, token: str) -> Profile:
        """Read the profile of the token's person.

        Raises RetryLater, AuthorizeAgain, AdminMustAct.
        """
        sdk, verify = await asyncio.to_thread(self._ready)
        profile: Profile = await sdk.read_profile(token, graph_url=self._graph_url, verify=verify)
        return profile

    def _ready(self) -> tuple[Any, ssl.SSLContext]:
        from sync.microsoft import profile  # noqa: PLC0415 - a tenth of all that is imported

        return profile, self._verify

    @cached_property
    def _verify(self) -> ssl.SSLContext:
        return self._named or ssl.create_default_context()
