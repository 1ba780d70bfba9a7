"""From an activity to a handler, and from its card back into the conversation.

Personal things are answered in the person's 1:1 chat, wherever they were asked for; help is
answered where it was asked. Every path ends in an answer or in silence on purpose.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from bot.desk import gone_how, new_card_id
from bot.grammar.commands import PUBLIC, Attached, parse
from bot.request import Turn
from bot.teams.activity import Answer, ConversationGone, InvokeError, Kind, Scope, SendFailed
from bot.teams.strangers import Strangers
from cards.click import BadClick, BadInput
from cards.person.help import problem, stale_card
from sync.redis.connection import REDIS_TROUBLE
from wording import chat

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.desk import Desk
    from bot.dispatch import Dispatch
    from bot.handlers.app_news import AppNews
    from bot.teams.activity import ConversationReference, Inbound, Person
    from cards.build import Card
    from cards.seal import Seal

log = structlog.get_logger()

TYPING_AFTER: Final = 1.0
"""Seconds until the chat shows that an answer is being worked on. Teams shows it for about three,
by when there is an answer (sync.engine.patience)."""

_APOLOGY = problem(what_happened=chat.WRONG_HERE, what_to_do=chat.TRY_AGAIN)
_STALE = InvokeError("BadClick", chat.BUTTON_ENDED)


@dataclass(frozen=True, slots=True)
class Router:
    """Acts on one activity.

    `on_outcome` is called with ok, refused or failed and the seconds a turn took.
    """

    desk: Desk
    seal: Seal
    news: AppNews
    dispatch: Dispatch
    on_outcome: Callable[[str, float], None]
    _strangers: Strangers = field(default_factory=lambda: Strangers(time.monotonic), init=False)

    async def on_turn(self, inbound: Inbound) -> Answer:
        """Act on an activity; the answer is for clicks that expect one."""
        person = inbound.person
        if inbound.kind is Kind.OTHER:
            return None
        if person is None:
            return await self._stranger(inbound)
        began = time.monotonic()
        try:
            answer = await self._act(inbound, person)
        except REDIS_TROUBLE as error:
            log.error("turn_failed", activity=inbound.id, error=type(error).__name__)
        except Exception:
            log.exception("turn_failed", activity=inbound.id)
        else:
            refused = isinstance(answer, InvokeError)
            self.on_outcome("refused" if refused else "ok", time.monotonic() - began)
            return answer
        self.on_outcome("failed", time.monotonic() - began)
        if inbound.wants_card_answer:
            return InvokeError("Trouble", chat.CLICK_FAILED, 500)
        if inbound.kind in {Kind.MESSAGE, Kind.CLICK}:
            await self.desk.say(inbound.conversation, _APOLOGY)
        return None

    async def _stranger(self, inbound: Inbound) -> Answer:
        """One line for whoever asks and is not identified; programs and clients get none."""
        asks = inbound.kind in {Kind.MESSAGE, Kind.CLICK} and not inbound.automatic
        if not asks or inbound.from_bot:
            return None
        here = inbound.conversation
        told = self._strangers.may_be_told(here.conversation_id)
        log.warning("sender_not_identified", activity=inbound.id, scope=here.scope, told=told)
        return await self._reply(inbound, chat.WHO_ARE_YOU) if told else None

    async def _act(self, inbound: Inbound, person: Person) -> Answer:
        personal = inbound.conversation.scope is Scope.PERSONAL
        if inbound.kind not in {Kind.MESSAGE, Kind.CLICK}:
            if personal:  # a team or group that got or lost the app is nobody's own chat
                await self.news.act(inbound, person)
            return None
        if personal:
            await self.news.heard(inbound, person)
        if inbound.kind is Kind.CLICK:
            return await self._click(inbound, person)
        await self._message(inbound, person)
        return None

    async def _message(self, inbound: Inbound, person: Person) -> None:
        said = Attached() if inbound.attached and not inbound.text else parse(inbound.text)
        here, private = inbound.conversation, not isinstance(said, PUBLIC)
        at = await self._private_chat(inbound, person) if private else here
        if isinstance(at, str):
            await self.desk.say(here, at)
            return
        card_id = new_card_id()
        async with _Working(partial(self.desk.typing, at)):
            card = await self.dispatch.answer(Turn(inbound, person, at, card_id), said)
        if _elsewhere(inbound, at):
            await self.desk.say(here, await self._answer_privately(inbound, person, card_id, card))
        else:
            await self.desk.post(at, card_id, card)

    async def _click(self, inbound: Inbound, person: Person) -> Answer:
        try:
            click, clicked = self.seal.opened(inbound.verb, inbound.data)
            here = inbound.conversation
            at = here if click.public else await self._private_chat(inbound, person)
            if isinstance(at, str):
                return await self._reply(inbound, at)
            moved = _elsewhere(inbound, at)
            if moved and inbound.automatic:
                return None  # a card of somebody's own, shown where others read along
            card_id = new_card_id() if moved else clicked
            turn = Turn(inbound, person, at, card_id, clicked)
            if inbound.automatic:
                card = await self.dispatch.answer(turn, click)
            else:
                async with _Working(partial(self.desk.typing, at)):
                    card = await self.dispatch.answer(turn, click)
        except BadClick as error:
            log.warning("click_refused", activity=inbound.id, reason=str(error))
            return await self._reply(inbound, _STALE, stale_card())
        except BadInput as error:
            log.info("input_not_usable", activity=inbound.id, verb=inbound.verb)
            if inbound.automatic:
                return None  # nobody entered anything: the card stays as it is
            return await self._reply(inbound, str(error))  # the card stays as it was filled in
        if moved:
            line = await self._answer_privately(inbound, person, card_id, card)
            return await self._reply(inbound, line)
        sealed = self.desk.sealed(card, card_id)
        if inbound.automatic:
            return sealed  # nobody clicked: the card on this one screen is made fresh
        # The client that clicked gets the card as the answer; the message itself is edited too, so
        # that every other device of the person shows the same.
        await self.desk.replace(
            at,
            card_id,
            card,
            sealed=sealed,
            activity_id=inbound.reply_to_id,
            or_post=not inbound.wants_card_answer,
        )
        return sealed if inbound.wants_card_answer else None

    async def _reply(
        self, inbound: Inbound, answer: str | InvokeError, said: Card | str | None = None
    ) -> Answer:
        """Answer a click that expects it; else say it there (`said`, where that is another)."""
        if inbound.wants_card_answer:
            return answer
        await self.desk.say(inbound.conversation, said or str(answer))
        return None

    # -- asked where others read along -----------------------------------------------------------

    async def _private_chat(self, inbound: Inbound, person: Person) -> ConversationReference | str:
        """Where to answer; a line that says why not, where there is no such place."""
        here = inbound.conversation
        if here.scope is Scope.PERSONAL:
            return here
        # Where their app is taken out, Teams opens a chat only if it is back.
        gone = await self.news.is_away(person)
        try:
            reference = await self.desk.open_personal(
                here, person, sent_ms=inbound.sent_ms, anew=gone
            )
        except ConversationGone as error:
            log.warning("personal_chat_not_opened", reason=str(error))
            return chat.ANSWERED[gone_how(error)]
        except SendFailed as error:
            log.warning("personal_chat_not_opened", reason=str(error))
            return chat.ANSWERED["failed"]
        if gone:
            await self.news.is_back(person)
        return reference

    async def _answer_privately(
        self, inbound: Inbound, person: Person, card_id: str, card: Card
    ) -> str:
        """Send a card to the person's own chat; the line that says what came of it."""
        here = inbound.conversation
        reached = await self.desk.reach(person.object_id, card_id, card, met=here)
        if reached == "reached":
            self.news.met(person)
        return chat.ANSWERED[reached]


def _elsewhere(inbound: Inbound, at: ConversationReference) -> bool:
    return at.conversation_id != inbound.conversation.conversation_id


class _Working:
    """Calls `show` if its block takes longer than TYPING_AFTER, and waits for nothing of it."""

    def __init__(self, show: Callable[[], Awaitable[object]]) -> None:
        self._show = show
        self._task: asyncio.Task[object] | None = None

    async def __aenter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TYPING_AFTER, self._begin)

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._show())
