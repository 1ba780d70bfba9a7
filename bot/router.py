"""From an activity to a handler, and from its card back into the conversation.

Personal things are answered in the person's 1:1 chat, wherever they were asked for; help is
answered where it was asked. Every path ends in an answer or in silence on purpose.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.activity import Answer, InvokeError, Kind, Scope
from bot.commands import BadCommand, Command, parse
from bot.desk import new_card_id
from bot.strangers import WHO_ARE_YOU, Strangers
from bot.turn import Handler, Turn
from cards.payload import BadInput, BadPayload, Verb
from cards.person_unclear import unclear
from cards.problem import moved_to_personal, problem, stale_card
from sync.store.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.activity import ConversationReference, Inbound, Person
    from bot.desk import Desk
    from cards.payload import Payloads

log = structlog.get_logger()

PUBLIC = frozenset({"help"})
"""What may be answered where others read along."""
PUBLIC_VERBS = frozenset({Verb.HELP_SHOW})

_APOLOGY = problem(
    what_happened="Something went wrong here, not with you. Nothing was changed.",
    what_to_do="Please try again in a minute.",
)
_NOT_REACHABLE = (
    "I can’t open a private chat with you. Add the app for yourself in Teams, then ask me there."
)


class Welcomes(Protocol):
    """Who was welcomed already (sync.store.conversations)."""

    async def first_welcome(self, object_id: str) -> bool:
        """Whether the person was never welcomed; they are from now on."""


class Router:
    """Acts on one activity.

    `on_met` is called with whoever is in their own chat with the bot; `on_removed` with the object
    id of who removed the app; `on_outcome` with ok, refused or failed and the seconds a turn took.
    """

    def __init__(
        self,
        desk: Desk,
        payloads: Payloads,
        welcomes: Welcomes,
        *,
        commands: Mapping[str, Handler],
        clicks: Mapping[Verb, Handler],
        welcome: Handler,
        welcome_at_install: bool,
        on_met: Callable[[Person], None],
        on_removed: Callable[[str], Awaitable[object]],
        on_outcome: Callable[[str, float], None],
    ) -> None:
        self._desk = desk
        self._payloads = payloads
        self._welcomes = welcomes
        self._commands = commands
        self._clicks = clicks
        self._welcome = welcome
        self._welcome_at_install = welcome_at_install
        self._on_met = on_met
        self._on_removed = on_removed
        self._on_outcome = on_outcome
        self._strangers = Strangers(time.monotonic)

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
            self._on_outcome("refused" if refused else "ok", time.monotonic() - began)
            return answer
        self._on_outcome("failed", time.monotonic() - began)
        if inbound.wants_card_answer:
            return InvokeError(
                "Trouble", "Something went wrong here. Please try again in a minute.", 500
            )
        await self._desk.say(inbound.conversation, _APOLOGY)
        return None

    async def _stranger(self, inbound: Inbound) -> Answer:
        """One line for whoever asks and is not identified; programs and clients get none."""
        asks = inbound.kind in {Kind.MESSAGE, Kind.CLICK} and not inbound.automatic
        if not asks or inbound.from_bot:
            return None
        here = inbound.conversation
        told = self._strangers.may_be_told(here.conversation_id)
        log.warning("sender_not_identified", activity=inbound.id, scope=here.scope, told=told)
        if told and inbound.wants_card_answer:
            return WHO_ARE_YOU
        if told:
            await self._desk.say(here, WHO_ARE_YOU)
        return None

    async def _act(self, inbound: Inbound, person: Person) -> Answer:
        personal = inbound.conversation.scope is Scope.PERSONAL
        if personal and inbound.kind is not Kind.UNINSTALLED:
            await self._desk.remember(person.object_id, inbound.conversation)
            self._on_met(person)
        if inbound.kind is Kind.MESSAGE:
            await self._message(inbound, person)
        elif inbound.kind is Kind.CLICK:
            return await self._click(inbound, person)
        elif inbound.kind is Kind.INSTALLED:
            await self._installed(inbound, person)
        elif inbound.kind is Kind.UNINSTALLED and personal:
            await self._on_removed(person.object_id)
            await self._desk.forget(person.object_id)
            log.info("app_removed", person=person.object_id)
        return None

    async def _message(self, inbound: Inbound, person: Person) -> None:
        said = parse(inbound.text)
        name = said.name if isinstance(said, Command | BadCommand) else "help"
        at = await self._place(inbound, person, public=name in PUBLIC)
        if at is None:
            return
        card_id = new_card_id()
        if isinstance(said, BadCommand) and not said.named:
            card = unclear(self._payloads, card_id, what=said.what, hint=said.hint)
        else:
            card = await self._commands[name](Turn(inbound, person, at, card_id, said=said))
        await self._desk.post(at, card_id, card)

    async def _click(self, inbound: Inbound, person: Person) -> Answer:
        try:
            click = self._payloads.unpack(inbound.verb, inbound.data)
            at = await self._place(inbound, person, public=click.verb in PUBLIC_VERBS)
            if at is None:
                return None
            moved = at.conversation_id != inbound.conversation.conversation_id
            card_id = new_card_id() if moved else click.card_id
            card = await self._handler_of(click.verb)(
                Turn(inbound, person, at, card_id, click=click)
            )
        except BadPayload as error:
            return await self._bad_click(inbound, str(error))
        except BadInput as error:
            log.info("input_not_usable", activity=inbound.id, verb=inbound.verb)
            if inbound.wants_card_answer:
                return str(error)  # beside the card, which stays as it was filled in
            await self._desk.say(inbound.conversation, str(error))
            return None
        if moved:
            await self._desk.post(at, card_id, card)
            return moved_to_personal() if inbound.wants_card_answer else None
        if inbound.automatic:
            return card  # nobody clicked: the card on this one screen is made fresh
        # The client that clicked gets the card as the answer; the message itself is edited too, so
        # that every other device of the person shows the same.
        await self._desk.replace(
            at,
            card_id,
            card,
            activity_id=inbound.reply_to_id,
            or_post=not inbound.wants_card_answer,
        )
        return card if inbound.wants_card_answer else None

    def _handler_of(self, verb: Verb) -> Handler:
        handler = self._clicks.get(verb)
        if handler is None:  # a button of another version of this program
            raise BadPayload("a verb that nothing answers")
        return handler

    async def _bad_click(self, inbound: Inbound, reason: str) -> Answer:
        log.warning("click_refused", activity=inbound.id, reason=reason)
        if inbound.wants_card_answer:
            return InvokeError(
                "BadClick", "This button no longer works. Say help to see what does."
            )
        await self._desk.say(inbound.conversation, stale_card())
        return None

    async def _installed(self, inbound: Inbound, person: Person) -> None:
        if inbound.conversation.scope is not Scope.PERSONAL or not self._welcome_at_install:
            return
        if await self._welcomes.first_welcome(person.object_id):
            turn = Turn(inbound, person, inbound.conversation, new_card_id())
            await self._desk.post(turn.at, turn.card_id, await self._welcome(turn))

    async def _place(
        self, inbound: Inbound, person: Person, *, public: bool
    ) -> ConversationReference | None:
        """Where to answer; says one line where the answer goes elsewhere, None: nowhere."""
        here = inbound.conversation
        if public or here.scope is Scope.PERSONAL:
            return here
        elsewhere = await self._desk.open_personal(here, person)
        if inbound.kind is Kind.MESSAGE or elsewhere is None:
            await self._desk.say(here, moved_to_personal() if elsewhere else _NOT_REACHABLE)
        return elsewhere
