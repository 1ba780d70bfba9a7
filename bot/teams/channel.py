"""What arrives at the bot's address: who may speak, and what they get back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from bot.teams.activity import InvokeError
from bot.teams.inbound import TEAMS, Malformed, is_card_action, read, tenant_of
from bot.teams.inbound_auth import Unauthorized
from bot.teams.outgoing import CARD_TYPE, for_channel
from bot.teams.service_hosts import ServiceHosts
from bot.teams.shapes import text_at
from bot.teams.signing_keys import KeysUnavailable
from wording import chat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.teams.activity import Answer, Inbound, OnTurn, Person
    from bot.teams.inbound_auth import InboundAuth, Sender

LOCAL_CHANNELS = frozenset({"emulator", TEAMS, "webchat", "directline"})
"""What local chat clients call themselves."""

ANSWER_WITHIN = 10.0
"""Seconds for a turn. The channel gives up after 15 and delivers again; a slower turn is answered
now and goes on by itself."""

_MESSAGE = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChannelAnswer:
    """The HTTP answer: status, JSON body, and `Retry-After` in seconds."""

    status: int
    body: Mapping[str, Any] | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Production:
    """Activities come from the Bot Framework, in Teams, for one tenant (lower-case GUID)."""

    auth: InboundAuth
    hosts: ServiceHosts
    tenant_id: str


@dataclass(frozen=True, slots=True)
class LocalMode:
    """A chat client on this machine, without tokens.

    `person` is who speaks when the client names nobody with an Entra object id; its tenant is the
    tenant of everything that happens.
    """

    person: Person


class _Refused(Exception):
    """Not for us. Nothing was changed; the HTTP answer is 403."""


class Channel:
    """Turns what arrives at the bot's address into `Inbound`, and the outcome into an HTTP answer.

    `access` says who may speak: Production or LocalMode, never a default. `answer_within` is in
    seconds.
    """

    def __init__(
        self, access: Production | LocalMode, *, answer_within: float = ANSWER_WITHIN
    ) -> None:
        self.local = isinstance(access, LocalMode)
        self._answer_within = answer_within
        self.accepted = 0
        """Activities that were believed, since the start."""
        self.refusal: str | None = None
        """Why the last one was not; None: each was."""
        self._turns: set[asyncio.Future[Answer]] = set()
        self._sdk: Any = None
        self._stand_in: Person | None = None
        self._auth: InboundAuth | None = None
        if isinstance(access, LocalMode):
            self._stand_in, self._tenant_id = access.person, access.person.tenant_id.lower()
            self._hosts = ServiceHosts(loopback_only=True)
        else:
            self._auth, self._hosts = access.auth, access.hosts
            self._tenant_id = access.tenant_id.lower()

    async def warm_up(self) -> None:
        """Import the Bot Framework SDK now, in a thread: nobody who speaks waits for it."""
        self._sdk = await asyncio.to_thread(_import_sdk)

    async def admit(self, authorization: str | None) -> Sender | ChannelAnswer | None:
        """Who sends an activity, to be known before its body is read; None in local mode.

        Or the answer to those who are not believed: 401 bad token, 503 when tokens cannot be
        checked now.
        """
        if self._auth is None:
            return None
        try:
            return await self._auth.verify(authorization)
        except Unauthorized as refused:
            return self._refuse(refused)
        except KeysUnavailable as unavailable:
            return ChannelAnswer(503, retry_after=max(1, round(unavailable.retry_after)))

    async def handle(
        self, body: Mapping[str, Any], sender: Sender | None, on_turn: OnTurn
    ) -> ChannelAnswer:
        """Check, read and act on one activity (decoded JSON) of `sender`, who was admitted.

        `on_turn` runs at most once, only for an activity that passed every check, and what it
        raises is logged, not raised. Answers: 200 whenever our code ran (a failing click gets an
        error card), 400 malformed, 401 another sender, 403 not for us, 501 an invoke that we don't
        know.
        """
        if self._sdk is None:
            await self.warm_up()

        async def turn() -> Mapping[str, Any] | None:
            if body.get("type") == "invoke" and not is_card_action(body):
                return None  # the SDK answers 501
            inbound = self._read(body)
            answer = await self._act(inbound, on_turn)
            if inbound.wants_card_answer:
                channel_id = inbound.conversation.channel_id
                return _card_answer(answer, channel_id, local=self.local)
            if answer is not None:
                _log.error("turn_answer_lost", activity=inbound.id, kind=inbound.kind)
            return None

        try:
            self._accept(text_at(body, "channelId"), text_at(body, "serviceUrl"), sender)
            status, answered = await self._sdk.run(body, sender, turn)
        except (_Refused, Unauthorized) as refused:
            return self._refuse(refused)
        except Malformed as malformed:
            _log.warning("activity_refused", status=400, reason=f"malformed: {malformed}")
            if is_card_action(body):
                return ChannelAnswer(200, _card_answer(_BAD_CLICK, TEAMS))
            return ChannelAnswer(400)
        self.accepted += 1
        return ChannelAnswer(status, answered)

    def _refuse(self, why: _Refused | Unauthorized) -> ChannelAnswer:
        self.refusal = str(why)
        status = 401 if isinstance(why, Unauthorized) else 403
        _log.warning("activity_refused", status=status, reason=self.refusal)
        return ChannelAnswer(status)

    async def aclose(self, grace: float = 5.0) -> None:
        """Let turns finish for `grace` seconds, then stop them."""
        if not self._turns:
            return
        _, unfinished = await asyncio.wait(set(self._turns), timeout=grace)
        for turn in unfinished:
            turn.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _accept(self, channel_id: Any, service_url: Any, sender: Sender | None) -> None:
        """Whether the sender may send this. Raises Unauthorized, Malformed or _Refused."""
        if sender is not None:
            sender.check(channel_id=channel_id, service_url=service_url)
        elif not self.local:
            raise Unauthorized("nobody was admitted")
        elif not channel_id or not service_url:
            raise Malformed("channelId or serviceUrl")
        if not self._hosts.allows(service_url):
            raise _Refused("serviceUrl is not on the list of allowed hosts")

    def _read(self, body: Mapping[str, Any]) -> Inbound:
        """The activity in our words; another tenant or channel is refused."""
        allowed = LOCAL_CHANNELS if self.local else {TEAMS}
        if body.get("channelId") not in allowed:
            raise _Refused("another channel")
        tenant_id = tenant_of(body)
        if tenant_id is None and self.local:
            tenant_id = self._tenant_id
        if tenant_id != self._tenant_id:
            raise _Refused("another tenant")
        return read(body, tenant_id=tenant_id, stand_in=self._stand_in)

    async def _act(self, inbound: Inbound, on_turn: OnTurn) -> Answer:
        turn = asyncio.ensure_future(on_turn(inbound))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        done, _ = await asyncio.wait({turn}, timeout=self._answer_within)
        if done:
            return _outcome(turn, inbound)
        _log.warning("turn_slow", activity=inbound.id, kind=inbound.kind, verb=inbound.verb)
        turn.add_done_callback(lambda late: _outcome(late, inbound))
        return _TOO_SLOW if inbound.wants_card_answer else None


def _outcome(turn: asyncio.Future[Answer], inbound: Inbound) -> Answer:
    """What a finished turn gave, or an apology for a failed one, which is logged."""
    if turn.cancelled():
        return _FAILED
    error = turn.exception()
    if error is None:
        return turn.result()
    _log.error(
        "turn_failed", activity=inbound.id, kind=inbound.kind, verb=inbound.verb, exc_info=error
    )
    return _FAILED if inbound.wants_card_answer else None


def _card_answer(answer: Answer, channel_id: str, *, local: bool = False) -> dict[str, Any]:
    """The body that answers Action.Execute (Teams, "Universal Actions for Adaptive Cards")."""
    if isinstance(answer, InvokeError):
        error = {"code": answer.code, "message": answer.message}
        return {"statusCode": answer.status, "type": _ERROR, "value": error}
    if isinstance(answer, dict):
        card = for_channel(answer, channel_id, local=local)
        return {"statusCode": 200, "type": CARD_TYPE, "value": card}
    return {"statusCode": 200, "type": _MESSAGE, "value": answer or ""}


def _import_sdk() -> Any:
    from bot.teams import sdk  # noqa: PLC0415 - a tenth of all that is imported

    return sdk


_BAD_CLICK = InvokeError("BadRequest", chat.BUTTON_ENDED)
_FAILED = InvokeError("InternalError", chat.FAILED, 500)
_TOO_SLOW = InvokeError("Timeout", chat.TOO_SLOW, 500)
