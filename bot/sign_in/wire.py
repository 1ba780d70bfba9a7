"""The room of signing in, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.handlers.connect import SignInResults
from bot.sign_in.flow import SignIn
from bot.sign_in.store import SignInStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core import Core
    from bot.sign_in.pages import Pages
    from sync.microsoft.authorization import Authorization
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts


def wire(
    core: Core,
    redis: Client,
    scripts: Scripts,
    *,
    public_url: str,
    authorization: Authorization,
    on_outcome: Callable[[str], None],
    pages: Pages,
) -> SignIn:
    """Put it together: what Microsoft grants becomes a link, and the chat says so."""
    came_back, verdict_of = core.invite.invited.come_back, core.engine.engine.verdict_of
    results = SignInResults(core.chat.desk, core.linking.connect, came_back, verdict_of)
    return SignIn(
        public_url=public_url,
        authorization=authorization,
        attempts=SignInStore(redis, scripts),
        vault=core.connect.vault,
        on_grant=results.granted,
        on_refusal=results.refused,
        on_outcome=on_outcome,
        pages=pages,
    )
