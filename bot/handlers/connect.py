"""`connect`: the card with the link, and what becomes of it when Microsoft has answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.sign_in.attempt import TTL, Attempt, Outcome
from cards.person import connect as connect_cards
from domain.errors import AdminMustAct, AuthorizeAgain, OutsideError, Trouble
from domain.policy import AuthorisedBy, Reason
from sync.connect.linking import AddressTaken, Contested, NoZoomUser
from wording.connect import (
    CONTESTED,
    NOT_ALLOWED,
    address_taken,
    from_now_on,
    no_zoom_user,
    not_accepted,
    out_of_reach,
)
from wording.ours import presence_now
from wording.refusals import REFUSALS
from wording.trouble import reason_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.desk import Desk
    from bot.grammar.intents import Connect
    from bot.handlers.ports import Engine, SignInLinks
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import CancelConnect, StartConnect
    from domain.link import Link
    from domain.person import PersonState
    from domain.policy import Verdict
    from domain.presence import Observation
    from domain.refusal import Refusal
    from sync.microsoft.authorization import Grant
    from wording.connect import NotLinked

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ConnectHandler:
    """Connects people: the chat's half of the sign-in (bot.sign_in.flow is the browser's half)."""

    engine: Engine
    links: SignInLinks

    async def offer(self, turn: Turn, _: Connect | StartConnect | None = None) -> Card:
        """Give the person a link of their own, unless their connection works."""
        person = turn.person
        working = await self.working(turn)
        if working is not None:
            link, state = working
            verdict = await self.engine.verdict_of(person.object_id)
            return connect_cards.already_connected(
                name=person.name,
                zoom_address=_zoom_address(link),
                trouble="" if state.trouble is None else f"{reason_of(state.trouble_code)}.",
                on=verdict is None or verdict.on,
            )
        url = await self.links.new_ticket(
            Attempt(
                tenant_id=person.tenant_id,
                object_id=person.object_id,
                name=person.name,
                conversation=turn.at,
                card_id=turn.card_id,
            )
        )
        return connect_cards.offer(name=person.name, start_url=url, minutes=TTL // 60)

    async def cancel(self, turn: Turn, _: CancelConnect) -> Card:
        """End the link; say so to a person who has connected meanwhile."""
        await self.links.end(turn.person.object_id)
        if await self.working(turn) is not None:
            return await self.offer(turn)
        return connect_cards.cancelled()

    async def working(self, turn: Turn) -> tuple[Link, PersonState] | None:
        """The person's link and state, if an authorisation for them still works."""
        oid = turn.person.object_id
        known = await self.engine.link_of(oid)
        if known is None or known[1].trouble == Trouble.AUTHORIZE:
            return None
        if known[1].authorised_by is AuthorisedBy.ORGANISATION:
            verdict = await self.engine.verdict_of(oid)
            if verdict is not None and verdict.reason is Reason.EACH_PERSON:
                return None
        return known


@dataclass(frozen=True, slots=True)
class SignInResults:
    """What the browser's half reports back: pages say it there, the card says it in the chat.

    `connect` makes a link (sync.connect.linking); `came_back` hears who (an object id) has
    connected; `verdict_of` is policy on them.
    """

    desk: Desk
    connect: Callable[[Grant, str], Awaitable[tuple[Link, Observation | None]]]
    came_back: Callable[[str], Awaitable[None]]
    verdict_of: Callable[[str], Awaitable[Verdict | None]]

    async def granted(self, attempt: Attempt, grant: Grant, key: str) -> Outcome:
        """Make the link, and show in the card what came of it.

        Raises SignInOver when the attempt of this key was ended: the chat knows that already.
        """
        try:
            link, observation = await self.connect(grant, key)
        except NoZoomUser as error:
            why = no_zoom_user(error.addresses)
            outcome = _failed(why)
            card = connect_cards.no_zoom_match(addresses=error.addresses, what_to_do=why.next_step)
        except (AddressTaken, Contested, OutsideError) as error:
            if not isinstance(error, AddressTaken):
                reason = "contested" if isinstance(error, Contested) else str(error)
                log.warning("link_not_made", person=attempt.object_id, reason=reason)
            outcome = _failed(_not_linked(error))
            card = connect_cards.refused(title=outcome.title, sentences=outcome.sentences)
        else:
            await self.came_back(link.object_id)
            verdict = await self.verdict_of(link.object_id)
            on = verdict is None or verdict.on
            card = connect_cards.connected(
                name=link.name,
                zoom_address=_zoom_address(link),
                presence_now=presence_now(verdict, observation),
                on=on,
            )
            said = from_now_on(on=on)
            outcome = Outcome(ok=True, title="Connected", sentences=(said[:1].upper() + said[1:],))
        await self._show(attempt, card)
        return outcome

    async def refused(self, attempt: Attempt, reason: Refusal) -> None:
        """Say in the chat what the page says."""
        why = REFUSALS[reason]
        sentences = (why.happened, why.next_step)
        await self._show(attempt, connect_cards.refused(title=why.title, sentences=sentences))

    async def _show(self, attempt: Attempt, card: Card) -> None:
        at, card_id = attempt.conversation, attempt.card_id
        await self.desk.replace(at, card_id, card, whose=attempt.object_id)


def _failed(why: NotLinked) -> Outcome:
    return Outcome(ok=False, title=why.title, sentences=(why.happened, why.next_step))


def _not_linked(error: AddressTaken | Contested | OutsideError) -> NotLinked:
    """Why there is no connection although Microsoft agreed."""
    match error:
        case AddressTaken():
            return address_taken(error.address)
        case Contested():
            return CONTESTED
        case AdminMustAct():
            return NOT_ALLOWED
        case AuthorizeAgain():
            return not_accepted(error.code)
    return out_of_reach(error.code)


def _zoom_address(link: Link) -> str:
    return link.zoom_email or link.addresses[0]
