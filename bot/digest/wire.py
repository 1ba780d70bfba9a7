"""The room of the morning digest, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.digest.census import Counting
from bot.digest.sending import Digests
from bot.digest.store import DigestStore
from bot.handlers.settings.digest import DigestHandler
from cards.settings.digest_clicks import ShowDigest
from domain.newer import NEWER_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.admins import Admins
    from bot.core import Core
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class DigestRoom:
    """Asking for it, and sending it."""

    handler: DigestHandler
    digests: Digests


def wire(
    core: Core,
    redis: Client,
    scripts: Scripts,
    *,
    admins: Admins,
    tenant_id: str,
    on_outcome: Callable[[str], None],
) -> DigestRoom:
    """Put it together."""
    rows, now_ms = DigestStore(redis, scripts), core.engine.people.now_ms
    counting = Counting(core.settings.policies, core.organisation.matching.store)
    digests = Digests(
        rows,
        core.chat.desk,
        admins,
        counting,
        tenant_id=tenant_id,
        give=core.chat.conversations.remember_recipient,
        now_ms=now_ms,
        everyone_knows=lambda: core.data.everyone_knows(NEWER_NAMES[ShowDigest.verb]),
        on_outcome=on_outcome,
    )
    return DigestRoom(DigestHandler(rows, counting, admins.told_alone, now_ms), digests)
