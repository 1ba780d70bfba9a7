"""What comes in from a chat and what goes back, in our own words.

Only `bot.teams.sdk` knows the Bot Framework's classes; everything else speaks these.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol

from cards.build import Card

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo


class Kind(StrEnum):
    """What an inbound activity asks of us."""

    MESSAGE = "message"  # typed text
    CLICK = "click"  # Action.Execute (invoke) or Action.Submit (message with a value)
    INSTALLED = "installed"  # the app was added to this conversation
    UNINSTALLED = "uninstalled"
    UPGRADING = "upgrading"  # it was taken out, perhaps to be replaced by a newer package
    UPGRADED = "upgraded"  # a newer package is there
    OTHER = "other"  # edits, reactions, typing, unknown invokes: nothing to do


Heard = Literal["", "again", "anew"]
"""What it tells that somebody is in their own chat. Empty: no news. again: within an hour of the
last time. anew: after more than that, after the app was taken out, or never before; what need not
be seen to at each message is due then."""


class Scope(StrEnum):
    """Where a conversation takes place (Teams `conversationType`)."""

    PERSONAL = "personal"
    GROUP_CHAT = "groupChat"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks. Only `object_id` and `tenant_id` identify; the name is for display.

    `object_id` is the Entra object id (lower-case GUID), `mri` the channel's own user id.
    """

    tenant_id: str
    object_id: str
    mri: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """What the channel says of a member of a conversation. Ids are lower-case GUIDs.

    `addresses` are their user principal name and mail, as far as the channel knows them.
    `external`: they are a guest, or of another organisation (domain.link).
    """

    object_id: str
    tenant_id: str | None
    addresses: tuple[str, ...]
    external: bool = False


_THREAD = re.compile(r";messageid=.*", re.IGNORECASE | re.DOTALL)


def without_thread(conversation_id: str) -> str:
    """The conversation itself, where an id names a thread in it (`19:…@thread.tacv2;messageid=…`).

    Teams, "Channel and group conversations": the suffix is the message that began the thread.
    """
    return _THREAD.sub("", conversation_id)


@dataclass(frozen=True, slots=True)
class ConversationReference:
    """Everything needed to write into a conversation later. Serialised as plain JSON.

    In a channel `conversation_id` names the thread: what is sent there becomes a reply in it. Of a
    1:1 conversation it is the chat itself, and `member_id` is the channel's own id of the person.
    """

    service_url: str
    conversation_id: str
    bot_id: str
    channel_id: str
    tenant_id: str
    scope: Scope = Scope.PERSONAL
    member_id: str = field(default="", compare=False)  # it says whose chat, not which


@dataclass(frozen=True, slots=True)
class Inbound:
    """One activity, validated: who, where, and what they said or clicked.

    `text` is what the person meant to type (mentions of the bot, quotations, odd spaces removed;
    see `bot.teams.message_text`). `time_zone` is theirs; UTC when nothing tells.
    `person` is None for whom Teams does not identify; `from_bot`: it is a program, not somebody.
    `data` is what a card sent: client-supplied, so trust nothing in it. `sent_ms` is when the
    channel sent it, by its own clock (epoch ms; None: it doesn't say).
    `wants_card_answer` is true for an invoke: the caller expects a card in the HTTP answer.
    `attached`: a file or a picture came with it.
    `heard` is what came of keeping where they were heard; None: that was not tried yet.
    """

    kind: Kind
    id: str
    person: Person | None
    conversation: ConversationReference
    text: str = ""
    verb: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    reply_to_id: str | None = None
    time_zone: tzinfo = UTC
    from_bot: bool = False
    wants_card_answer: bool = False
    automatic: bool = False  # a card refreshed itself; nobody clicked
    sent_ms: int | None = None
    attached: bool = False
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class InvokeError:
    """Refuse a click; Teams shows `message` at the card.

    `status` 400: what was sent is wrong; 500: the fault is ours.
    """

    code: str
    message: str
    status: Literal[400, 500] = 400


Answer = Card | str | InvokeError | None
"""What a turn gives back to a click that `wants_card_answer`: the new card, a short text, a refusal
or nothing. In every other turn it is None, and answers are sent through `Sender`."""

OnTurn = Callable[[Inbound], Awaitable[Answer]]
"""Acts on one activity."""


class ConversationGone(Exception):
    """The person blocked or removed the bot, or the conversation no longer exists."""


class CardGone(Exception):
    """The message that was to be edited no longer exists; send a new one."""


class SendFailed(Exception):
    """The channel did not take the message now. Nothing was learned about the conversation."""


class NotSent(SendFailed):
    """The same, and it is certain that nothing has arrived: sending again makes no second one."""


class NotFound(NotSent):
    """The channel answers 404 and doesn't say what is missing: perhaps the conversation."""


class Sender(Protocol):
    """Writing into conversations, at any time."""

    async def send(
        self, to: ConversationReference, content: Card | str, *, once: bool = False
    ) -> str:
        """Send a card or a text and return its activity id.

        `once`: what may have arrived is not sent again. Raises ConversationGone, NotSent or
        SendFailed.
        """

    async def update(self, to: ConversationReference, activity_id: str, content: Card) -> None:
        """Replace the card of an earlier message. Raises CardGone, ConversationGone, SendFailed."""

    async def typing(self, to: ConversationReference) -> None:
        """Show that an answer is being worked on. Raises nothing: it may as well be left out."""

    async def open_personal(
        self, at: ConversationReference, person: Person
    ) -> ConversationReference:
        """Create (or find) the 1:1 conversation with a person met at `at`.

        Raises ConversationGone or SendFailed.
        """

    async def member(self, at: ConversationReference, member_id: str) -> Member:
        """Ask who a member of a conversation is; `member_id` is the channel's own id.

        Raises ConversationGone or SendFailed.
        """
