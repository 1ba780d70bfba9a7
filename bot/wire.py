"""What every way to people in Teams needs, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.teams.sender import ChannelSender
from cards.seal import Seal

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from bot.teams.sender import TokenSource
    from bot.teams.service_hosts import ServiceHosts
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class ChatRoom:
    """Where people are reached, how they are written to, and what signs the buttons."""

    conversations: ConversationStore
    sender: ChannelSender
    desk: Desk
    seal: Seal


def wire(
    redis: Client,
    scripts: Scripts,
    channel: aiohttp.ClientSession,
    hosts: ServiceHosts,
    *,
    token: TokenSource | None,
    on_outcome: Callable[[str], None],
) -> ChatRoom:
    """Put it together. `token` is None where nobody asks for one (local mode)."""
    conversations = ConversationStore(redis, scripts)
    sender = ChannelSender(channel, hosts, token, on_outcome=on_outcome)
    seal = Seal()
    return ChatRoom(conversations, sender, Desk(sender, conversations, seal), seal)
