"""From a Bot Framework activity (plain JSON) to our `Inbound`. Pure.

Whether the activity may be believed is decided before (`bot.teams.inbound_auth`); here every field
is still checked for its shape, because a channel passes on what clients send.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.teams.activity import (
    ConversationReference,
    Inbound,
    Kind,
    Person,
    Scope,
    without_thread,
)
from bot.teams.message_text import has_attachment, is_blank, message_text
from bot.teams.shapes import object_at, text_at
from bot.teams.time_zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, Any]

TEAMS = "msteams"
CARD_ACTION = "adaptiveCard/action"
"""The invoke by which Action.Execute arrives (Teams, "Universal Actions for Adaptive Cards")."""

VERB_KEY = "verb"
"""Where the data of an Action.Submit, which has no verb of its own, says it."""

_INSTALLATION = {
    "add": Kind.INSTALLED,
    "remove": Kind.UNINSTALLED,
    "remove-upgrade": Kind.UPGRADING,
    "add-upgrade": Kind.UPGRADED,
    "upgrade": Kind.UPGRADED,  # not known to be sent
}
_SCOPES = {scope.value.lower(): scope for scope in Scope}
_GROUP_ID = re.compile(r"19:.+@thread\.", re.IGNORECASE)
"""The ids of Teams' channels and group chats; those of 1:1 chats end otherwise."""

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LONGEST_ID = 1024
_LONGEST_NAME = 256
_LONGEST_TIME = 64


class Malformed(ValueError):
    """The activity lacks what its kind needs; the message names the field."""


def guid(value: object) -> str | None:
    """A GUID in lower case, or None when the value isn't one."""
    if not isinstance(value, str):
        return None
    lower = value.lower()
    return lower if _GUID.fullmatch(lower) else None


def tenant_of(activity: Json) -> str | None:
    """The Entra tenant that the activity belongs to.

    Teams says it in `channelData.tenant.id`; `conversation.tenantId` is the older place.
    """
    stated = object_at(object_at(activity, "channelData"), "tenant").get("id")
    return guid(stated or object_at(activity, "conversation").get("tenantId"))


def is_card_action(activity: Json) -> bool:
    """Whether this is the click of an Action.Execute, to be answered with a card."""
    return activity.get("type") == "invoke" and activity.get("name") == CARD_ACTION


def read(activity: Json, *, tenant_id: str, stand_in: Person | None = None) -> Inbound:
    """Read an activity whose sender, tenant, `serviceUrl` and `channelId` have been checked.

    A speaker without an Entra object id is no person to us, unless local mode gives a `stand_in`
    (the Bot Framework Emulator knows no Entra). Raises Malformed.
    """
    person = _person(object_at(activity, "from"), tenant_id, stand_in)
    reference = _reference(activity, tenant_id, person)
    kind, text, verb, data = _content(activity, reference)
    invoked = is_card_action(activity)
    return Inbound(
        kind=kind,
        id=_optional(activity, "id"),
        person=person,
        conversation=reference,
        text=text,
        verb=verb,
        data=data,
        reply_to_id=_optional(activity, "replyToId") or None,
        time_zone=zone_of(activity),
        from_bot=_is_bot(object_at(activity, "from"), reference.bot_id),
        wants_card_answer=invoked,
        automatic=invoked and object_at(activity, "value").get("trigger") == "automatic",
        sent_ms=_time_ms(activity.get("timestamp")),
        attached=kind is Kind.MESSAGE and has_attachment(activity),
    )


def _reference(activity: Json, tenant_id: str, person: Person | None) -> ConversationReference:
    """Where to answer: a channel's thread, but of a 1:1 chat always the chat itself.

    A thread in it is where one message was written; cards and later notices belong to the chat.
    """
    conversation = object_at(activity, "conversation")
    conversation_id = _identifier(conversation, "id", "conversation.id")
    scope = _scope(conversation, conversation_id)
    personal = scope is Scope.PERSONAL
    return ConversationReference(
        service_url=_identifier(activity, "serviceUrl"),
        conversation_id=_whole_chat(conversation_id) if personal else conversation_id,
        bot_id=_optional(object_at(activity, "recipient"), "id"),
        channel_id=_identifier(activity, "channelId"),
        tenant_id=tenant_id,
        scope=scope,
        member_id=person.mri if personal and person is not None else "",
    )


def _whole_chat(conversation_id: str) -> str:
    whole = without_thread(conversation_id)
    if not whole:
        raise Malformed("conversation.id")
    return whole


def _content(
    activity: Json, reference: ConversationReference
) -> tuple[Kind, str, str, dict[str, object]]:
    """What is asked: kind, text, verb and data."""
    if is_card_action(activity):
        return (Kind.CLICK, "", *_executed(activity))
    if activity.get("type") == "message":
        value = activity.get("value")
        if isinstance(value, dict) and is_blank(text_at(activity, "text")):
            verb = value.get(VERB_KEY)  # an Action.Submit says everything in its data
            return Kind.CLICK, "", verb if isinstance(verb, str) else "", value
        return Kind.MESSAGE, message_text(activity), "", {}
    return _membership(activity, reference), "", "", {}


def _executed(activity: Json) -> tuple[str, dict[str, object]]:
    """Verb and data of an Action.Execute."""
    action = object_at(object_at(activity, "value"), "action")
    if action.get("type") != "Action.Execute":
        raise Malformed("value.action.type")
    verb = action.get("verb") or ""
    data = action.get("data")
    data = {} if data is None else data
    if not isinstance(verb, str):
        raise Malformed("value.action.verb")
    if not isinstance(data, dict):
        raise Malformed("value.action.data")
    return verb, data


def _membership(activity: Json, reference: ConversationReference) -> Kind:
    """Whether the bot came or went.

    Teams announces it by installationUpdate; other channels by listing the bot in `membersAdded`.
    A package that is replaced goes and comes (Teams, "Conversation events": installation update).
    """
    if activity.get("type") == "installationUpdate":
        return _INSTALLATION.get(_optional(activity, "action").lower(), Kind.OTHER)
    if activity.get("type") == "conversationUpdate" and reference.channel_id != TEAMS:
        added = activity.get("membersAdded")
        members = added if isinstance(added, list) else []
        if any(isinstance(m, dict) and m.get("id") == reference.bot_id for m in members):
            return Kind.INSTALLED
    return Kind.OTHER


def _person(sender: Json, tenant_id: str, stand_in: Person | None) -> Person | None:
    object_id = guid(sender.get("aadObjectId"))
    mri = _optional(sender, "id")
    if object_id is None:
        if stand_in is None or not mri:
            return None
        return Person(stand_in.tenant_id, stand_in.object_id, mri, stand_in.name)
    # A chat shared between organisations has members of the other one, and no bot is a person.
    if not mri or mri.startswith("28:") or guid(sender.get("tenantId")) not in {None, tenant_id}:
        return None
    name = sender.get("name")
    return Person(tenant_id, object_id, mri, name[:_LONGEST_NAME] if isinstance(name, str) else "")


def _is_bot(sender: Json, bot_id: str) -> bool:
    """Whether a program speaks. Teams' ids of bots begin with 28, and some clients say a role."""
    mri = text_at(sender, "id")
    return (
        mri.startswith("28:") or mri == bot_id != "" or text_at(sender, "role") in {"bot", "skill"}
    )


def _scope(conversation: Json, conversation_id: str) -> Scope:
    """Where we are. What we don't know counts as not private."""
    stated = conversation.get("conversationType")
    if not stated:
        grouped = conversation.get("isGroup") is True or _GROUP_ID.match(conversation_id)
        return Scope.GROUP_CHAT if grouped else Scope.PERSONAL
    return _SCOPES.get(str(stated).lower(), Scope.GROUP_CHAT)


def _identifier(parent: Json, key: str, label: str = "") -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_ID:
        raise Malformed(label or key)
    return value


def _optional(parent: Json, key: str) -> str:
    """An id, or "" when it is missing, of another type or too long."""
    value = parent.get(key)
    return value if isinstance(value, str) and len(value) <= _LONGEST_ID else ""


def _time_ms(value: object) -> int | None:
    """An ISO 8601 time as epoch ms (without an offset it is UTC), None when it isn't one."""
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    try:
        at = datetime.fromisoformat(value)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
