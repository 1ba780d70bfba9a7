"""What goes out to a channel: cards and texts as Bot Framework activities. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.teams.inbound import VERB_KEY

if TYPE_CHECKING:
    from bot.teams.activity import ConversationReference
    from cards.build import Card

CARD_TYPE = "application/vnd.microsoft.card.adaptive"

WITHOUT_EXECUTE = frozenset({"emulator", "webchat", "directline"})
"""Channels whose clients ignore Action.Execute: the Bot Framework Emulator and Web Chat."""

_LONGEST_SUMMARY = 300


def for_channel(card: Card, channel_id: str, *, local: bool = False) -> Card:
    """The card as the channel's clients can use it. The card that was given is not changed.

    Where Action.Execute is not understood, it becomes an Action.Submit whose data says the verb, so
    that `bot.teams.inbound` reads both alike; `refresh`, which needs Execute, is left out. So it is
    in local mode, whose chat client calls itself Teams, never refreshes, and complains of it.
    """
    if channel_id in WITHOUT_EXECUTE:
        card = dict(_without_execute(card))
        local = True
    if local and "refresh" in card:
        card = {key: value for key, value in card.items() if key != "refresh"}
    return card


def message(
    to: ConversationReference, content: Card | str, *, local: bool = False
) -> dict[str, Any]:
    """The activity that carries a card or a plain text. `local`: see `for_channel`.

    Never both: Teams splits such a message and gives no id for the card (Teams, "Conversation
    messages"). A card's `speak` or `fallbackText` becomes the text of the notification.
    """
    said = activity(to, "message")
    if isinstance(content, str):
        return said | {"text": content, "textFormat": "plain"}
    card = for_channel(content, to.channel_id, local=local)
    said["attachments"] = [{"contentType": CARD_TYPE, "content": card}]
    summary = content.get("speak") or content.get("fallbackText")
    if isinstance(summary, str):
        said["summary"] = summary[:_LONGEST_SUMMARY]
    return said


def activity(to: ConversationReference, kind: str) -> dict[str, Any]:
    """What activities of any kind (`type`) begin with."""
    return {
        "type": kind,
        "from": {"id": to.bot_id},
        "conversation": {"id": to.conversation_id},
    }


def _without_execute(node: Any) -> Any:
    """A copy in which every Action.Execute is an Action.Submit. Data is payload, not card."""
    if isinstance(node, list):
        return [_without_execute(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: value if key == "data" else _without_execute(value) for key, value in node.items()}
    if copy.get("type") == "Action.Execute":
        verb, data = copy.pop("verb", ""), copy.get("data")
        copy.pop("fallback", None)
        copy["type"] = "Action.Submit"
        copy["data"] = {**(data if isinstance(data, dict) else {}), VERB_KEY: verb}
    return copy
