"""An echo bot on Microsoft's own aiohttp adapter, in the shape of their echo bot sample.

    python -m bench.servers.echo_bot PORT [keep]

Configuration comes from the environment under the adapter's own names. With `keep` the bot keeps
one credentials object for its whole life, which the adapter by itself makes anew for every turn
(and so fetches a new token each time): the sample with its most expensive habit mended.
"""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler, MessageFactory, TurnContext
from botbuilder.core.integration import aiohttp_error_middleware
from botbuilder.integration.aiohttp import (
    CloudAdapter,
    ConfigurationBotFrameworkAuthentication,
    ConfigurationServiceClientCredentialFactory,
)

NAMES = (
    *("APP_ID", "APP_PASSWORD", "APP_TYPE", "APP_TENANTID"),
    "TO_CHANNEL_FROM_BOT_LOGIN_URL",
    "TO_CHANNEL_FROM_BOT_OAUTH_SCOPE",
    "TO_BOT_FROM_CHANNEL_TOKEN_ISSUER",
    "TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL",
    "OAUTH_URL",
)


class EchoBot(ActivityHandler):  # type: ignore[misc]  # the SDK has no types
    """Says what was said."""

    async def on_message_activity(self, turn_context: TurnContext) -> Any:
        """Answer a message."""
        return await turn_context.send_activity(
            MessageFactory.text(f"Echo: {turn_context.activity.text}")
        )


class KeptCredentials(ConfigurationServiceClientCredentialFactory):  # type: ignore[misc]  # likewise
    """One credentials object for ever."""

    _kept: Any = None

    async def create_credentials(self, *arguments: Any, **named: Any) -> Any:
        """Make them once."""
        if self._kept is None:
            self._kept = await super().create_credentials(*arguments, **named)
        return self._kept


def application(*, keep: bool) -> web.Application:
    """Make the bot."""
    config = SimpleNamespace(**{name: os.environ[name] for name in NAMES})
    factory = KeptCredentials(config) if keep else None
    adapter = CloudAdapter(
        ConfigurationBotFrameworkAuthentication(config, credentials_factory=factory)
    )
    bot = EchoBot()

    async def messages(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await adapter.process(request, bot)
        return answer

    app = web.Application(middlewares=[aiohttp_error_middleware])
    app.router.add_post("/api/messages", messages)
    return app


if __name__ == "__main__":
    web.run_app(application(keep="keep" in sys.argv), host="127.0.0.1", port=int(sys.argv[1]))
