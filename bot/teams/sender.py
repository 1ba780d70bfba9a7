"""Writing into conversations: a thin client of the Bot Connector's REST interface.

Pooled connections and one token serve all messages. What may be tried again follows
Teams' "Conversation messages", status codes: 412, 429, 502, 503 and 504, nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import time
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import quote
from weakref import WeakValueDictionary

import aiohttp
import structlog
from multidict import CIMultiDict, istr
from yarl import URL

from bot.teams.activity import (
    CardGone,
    ConversationGone,
    ConversationReference,
    Member,
    NotFound,
    NotSent,
    Scope,
    SendFailed,
    without_thread,
)
from bot.teams.inbound import guid
from bot.teams.outgoing import activity, message
from domain.errors import OutsideError
from domain.link import is_external_name, is_external_role
from sync.answers import is_from_between, json_object, read_body, retry_after
from sync.redis.alarms import Alarms, TimeLimit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.teams.activity import Person
    from bot.teams.service_hosts import ServiceHosts
    from cards.build import Card

ATTEMPTS = 4
TOTAL_SECONDS = 20.0
"""For one message, waiting for others in the conversation included."""
ATTEMPT_SECONDS = 10.0
MEMBER_SECONDS = 5.0
"""For asking about a member, which may be asked again another day."""
TYPING_SECONDS = 2.0
"""For the sign that an answer is coming, which is worth nothing later."""
TOKEN_SECONDS = 60.0
"""How long a token is used before its source is asked again, which costs more than the rest of a
message. Sources give tokens with minutes left; one that is refused is renewed at once."""

_CONNECT = aiohttp.ClientTimeout(total=None, sock_connect=5)
_AUTHORIZATION = istr("Authorization")
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_WAIT = 3600.0
_TRY_AGAIN = frozenset({412, 429, 502, 503, 504})
_GONE = re.compile(
    r"\b(BotDisabledByAdmin|BotNotInConversationRoster|ConversationBlockedByUser"
    r"|MessageWritesBlocked|ConversationNotFound)\b"
)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_LARGEST_ANSWER = 64 * 1024
_LONGEST_ID = 1024
_LONGEST_ADDRESS = 320

_log = structlog.get_logger(__name__)


class TokenSource(Protocol):
    """Gives the bot's access token for the Bot Connector."""

    async def __call__(self, *, refresh: bool = False) -> str:
        """Return a token; `refresh` asks for one that isn't cached. Raises OutsideError."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the Connector.

    Calls of one `chat` do not overlap. `repeatable`: twice has the same effect as once. `once`: it
    is not repeated where it may have had its effect.
    """

    method: str
    at: ConversationReference
    path: tuple[str, ...]
    body: aiohttp.BytesPayload | None
    chat: str
    repeatable: bool
    once: bool = False

    @property
    def makes_chat(self) -> bool:
        """Whether it opens a conversation."""
        return not self.path


@dataclass(frozen=True, slots=True)
class _Reply:
    """Status, the text of the body, and `Retry-After` in seconds.

    `between`: it comes from something between us and the channel.
    """

    status: int
    text: str
    retry_after: float | None
    between: bool


@dataclass(eq=False, repr=False)
class ChannelSender:
    """Implements `bot.teams.activity.Sender`.

    `token` is None in local mode, where channel services ask for none. `on_outcome` hears `ok`,
    `gone` or `failed` once for each call and `retried` for each further attempt. Messages of one
    conversation are sent one after the other, because the Connector answers 412 to concurrent ones.
    """

    session: aiohttp.ClientSession
    hosts: ServiceHosts
    token: TokenSource | None
    _: KW_ONLY
    on_outcome: Callable[[str], object] = lambda _: None
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    now: Callable[[], float] = time.time
    total_seconds: float = TOTAL_SECONDS

    def __post_init__(self) -> None:
        self._total, self._each = Alarms(self.total_seconds), Alarms(ATTEMPT_SECONDS)
        self._bearer = ""
        self._bearer_until = 0.0
        # Entries vanish with the last sender that holds the lock.
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send(
        self, to: ConversationReference, content: Card | str, *, once: bool = False
    ) -> str:
        """Send a card or a text and return its activity id.

        The id is "" when the channel took the message and named none; it can't be edited then.
        `once`: not tried again after an answer that leaves open whether it arrived (5xx).
        Raises ConversationGone, NotSent or SendFailed.
        """
        body = message(to, content, local=self.token is None)
        return _id_in(await self._carry_out(_post(to, body, once=once)))

    async def update(self, to: ConversationReference, activity_id: str, content: Card) -> None:
        """Replace the card of an earlier message. Raises CardGone, ConversationGone, SendFailed."""
        if not activity_id:
            raise CardGone("the message has no id")
        path = (to.conversation_id, "activities", activity_id)
        body = _json(message(to, content, local=self.token is None) | {"id": activity_id})
        await self._carry_out(_Call("PUT", to, path, body, chat=_chat(to), repeatable=True))

    async def open_personal(
        self, at: ConversationReference, person: Person
    ) -> ConversationReference:
        """Create (or find) the 1:1 conversation with a person met at `at`.

        Raises ConversationGone or SendFailed.
        """
        body = _json(
            {
                "bot": {"id": at.bot_id},
                "members": [{"id": person.mri}],
                "isGroup": False,
                "channelData": {"tenant": {"id": person.tenant_id}},
            }
        )
        reply = await self._carry_out(_Call("POST", at, (), body, chat=person.mri, repeatable=True))
        conversation_id = without_thread(_id_in(reply))
        if not conversation_id:
            raise SendFailed("the channel opened a conversation and didn't say which")
        return replace(
            at,
            conversation_id=conversation_id,
            tenant_id=person.tenant_id,
            scope=Scope.PERSONAL,
            member_id=person.mri,
        )

    async def member(self, at: ConversationReference, member_id: str) -> Member:
        """Ask who a member of a conversation is.

        Teams answers with the fields of a TeamsChannelAccount, where the Entra object id goes by
        two names. Raises ConversationGone or SendFailed.
        """
        path = (at.conversation_id, "members", member_id)
        call = _Call("GET", at, path, None, chat="", repeatable=True)
        try:
            async with asyncio.timeout(MEMBER_SECONDS):
                reply = await self._attempts(call, self._url(call))
        except TimeoutError as error:
            raise SendFailed(f"no answer within {MEMBER_SECONDS:g} s") from error
        stated = json_object(reply.text)
        object_id = guid(stated.get("aadObjectId")) or guid(stated.get("objectId"))
        if object_id is None:
            raise SendFailed("the channel doesn't say who the member is")
        named = (stated.get("userPrincipalName"), stated.get("email"))
        addresses = tuple(a for a in named if isinstance(a, str) and len(a) <= _LONGEST_ADDRESS)
        external = is_external_role(stated.get("userRole")) or is_external_name(
            name for name in named if isinstance(name, str)
        )
        return Member(object_id, guid(stated.get("tenantId")), addresses, external)

    async def typing(self, to: ConversationReference) -> None:
        """Show that an answer is being worked on: one try, and no trouble if it fails."""
        call = _post(to, activity(to, "typing"))
        with contextlib.suppress(SendFailed, TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(TYPING_SECONDS), self._alone(call):
                await self._attempt(call, self._url(call), refresh=False)

    async def _carry_out(self, call: _Call) -> _Reply:
        """Do it after the chat's others, within the time, and report the outcome."""
        try:
            url = self._url(call)
            with TimeLimit(self._total):
                async with self._alone(call):
                    reply = await self._attempts(call, url)
        except (CardGone, ConversationGone):
            self.on_outcome("gone")
            raise
        except (SendFailed, TimeoutError) as error:
            reason = str(error) or f"no success within {self._total.seconds:g} s"
            self.on_outcome("failed")
            _log.warning(
                "message_not_sent", method=call.method, conversation=call.chat, reason=reason
            )
            kind = type(error) if isinstance(error, SendFailed) else SendFailed
            raise kind(reason) from error
        self.on_outcome("ok")
        return reply

    def _alone(self, call: _Call) -> asyncio.Lock:
        return self._chats.setdefault(call.chat, asyncio.Lock())

    def _url(self, call: _Call) -> URL:
        if not self.hosts.allows(call.at.service_url):
            raise NotSent("the service address is not on the list of allowed hosts")
        if not {"", ".", ".."}.isdisjoint(call.path):
            raise NotSent("an id is not usable in an address")
        base = f"{call.at.service_url.rstrip('/')}/v3/conversations"
        return URL("/".join([base, *(quote(part, safe="") for part in call.path)]), encoded=True)

    async def _attempts(self, call: _Call, url: URL) -> _Reply:
        deadline = asyncio.get_running_loop().time() + self._total.seconds
        attempt, renew, renewed = 1, False, False
        failed: type[SendFailed] = NotSent  # until something may have arrived
        while True:
            try:
                reply = await self._attempt(call, url, refresh=renew)
            except (aiohttp.ClientError, TimeoutError) as error:
                never_sent = isinstance(error, _NEVER_SENT)
                failed = failed if never_sent else SendFailed
                if attempt == ATTEMPTS or not (call.repeatable or never_sent):
                    raise failed(f"no answer: {type(error).__name__}") from error
                pause = self._pause(attempt, None)
            else:
                if 200 <= reply.status < 300 and not reply.between:
                    return reply
                refused = reply.status == 401 and not reply.between
                if refused and self.token is not None and not renewed:
                    renew = renewed = True
                    continue
                failed = failed if reply.status < 500 else SendFailed
                enough = attempt == ATTEMPTS or (call.once and failed is not NotSent)
                if reply.status not in _TRY_AGAIN or enough:
                    _refuse(call, reply, failed)
                pause = self._pause(attempt, reply.retry_after)
            if asyncio.get_running_loop().time() + pause > deadline:
                raise failed(f"the channel asks to wait {pause:.0f} s")
            attempt, renew = attempt + 1, False
            self.on_outcome("retried")
            await self.sleep(pause)

    async def _attempt(self, call: _Call, url: URL, *, refresh: bool) -> _Reply:
        headers = CIMultiDict[str]()
        if self.token is not None:
            try:
                headers[_AUTHORIZATION] = await self._authorization(self.token, refresh=refresh)
            except OutsideError as error:
                raise NotSent(f"no access token: {error.code}") from error
        with TimeLimit(self._each):
            async with self.session.request(
                call.method,
                url,
                data=call.body,
                headers=headers,
                timeout=_CONNECT,
                allow_redirects=False,  # a token goes to the host that was checked, nowhere else
            ) as response:
                raw = await read_body(response, _LARGEST_ANSWER)
        waiting = retry_after(
            response.headers.get("Retry-After"), self.now(), longest=_LONGEST_WAIT
        )
        between = is_from_between(response.status, raw)
        return _Reply(response.status, raw.decode(errors="replace"), waiting, between)

    async def _authorization(self, token: TokenSource, *, refresh: bool) -> str:
        if refresh or self.now() >= self._bearer_until:
            self._bearer = f"Bearer {await token(refresh=refresh)}"
            self._bearer_until = self.now() + TOKEN_SECONDS
        return self._bearer

    def _pause(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait: what was asked, and a random part so that callers spread."""
        if asked is not None:
            return asked + self.chance() * _FIRST_PAUSE
        return self.chance() * min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE)


def _post(to: ConversationReference, body: dict[str, Any], *, once: bool = False) -> _Call:
    path = (to.conversation_id, "activities")
    return _Call("POST", to, path, _json(body), chat=_chat(to), repeatable=False, once=once)


def _json(body: dict[str, Any]) -> aiohttp.BytesPayload:
    """Encoded once; it may be sent any number of times."""
    return aiohttp.BytesPayload(json.dumps(body).encode(), content_type="application/json")


def _chat(to: ConversationReference) -> str:
    """The conversation with all of its threads."""
    return without_thread(to.conversation_id)


def _refuse(call: _Call, reply: _Reply, failed: type[SendFailed]) -> NoReturn:
    """Raise what a refusal means. The codes may be in `error.code` or deeper in its message."""
    if reply.status in {403, 404} and (gone := _GONE.search(reply.text)):
        raise ConversationGone(gone.group())
    if reply.between:
        raise failed(f"something between us and the channel answered {reply.status}")
    if reply.status == 404 and call.method == "PUT":  # if it is the chat, sending tells
        raise CardGone("ActivityNotFound")
    if reply.status in {403, 404} and call.makes_chat:
        raise ConversationGone("no conversation can be opened")
    error = json_object(reply.text).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    named = code if isinstance(code, str) and code.isalnum() and len(code) <= 64 else "no code"
    if reply.status == 404 and call.method == "POST":
        failed = NotFound
    raise failed(f"the channel answered {reply.status}, {named}")


def _id_in(reply: _Reply) -> str:
    """The id in a reply, or "" when there is no usable one."""
    stated = json_object(reply.text).get("id")
    usable = isinstance(stated, str) and len(stated) <= _LONGEST_ID and stated.isprintable()
    return str(stated) if usable else ""
