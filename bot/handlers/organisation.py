"""Where the organisation authorises it: starting without a sign-in, and *Not for me*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from cards.person import organisation as cards
from domain.errors import AdminMustAct, OutsideError
from domain.policy import AuthorisedBy
from sync.connect.linking import AddressTaken, Contested, NoZoomUser, OptedOut
from sync.engine.patience import Background, Patience
from sync.organisation.starting import NotStarted
from wording.figures import clock_time, day
from wording.organisation import (
    NOT_ALLOWED,
    NOT_ANSWERED,
    SOMEBODY_ELSE_STARTS,
    no_zoom_user,
    zoom_user_taken,
)
from wording.ours import presence_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.grammar.intents import Connect
    from bot.handlers.ports import Engine
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import NotForMe, StartConnect, StartShowing
    from domain.link import Ending, Link
    from domain.person import PersonState
    from domain.presence import Observation
    from sync.organisation.opting_out import OptingOut
    from sync.organisation.starting import Startable
    from wording.organisation import Said

log = structlog.get_logger()


class Starter(Protocol):
    """Who may start without a sign-in (sync.organisation.starting)."""

    async def startable(self, object_id: str) -> Startable | None:
        """Whether somebody may; None: they may not."""

    async def start(self, object_id: str, tenant_id: str) -> tuple[Link, Observation | None]:
        """Start somebody who wants it."""


class SignInCards(Protocol):
    """Connecting by a sign-in (bot.handlers.connect)."""

    async def working(self, turn: Turn) -> tuple[Link, PersonState] | None:
        """The person's link and state, if an authorisation for them works."""

    async def offer(self, turn: Turn) -> Card:
        """A link of their own, or that they need none."""


@dataclass(frozen=True, slots=True)
class OrganisationHandler:
    """Offers, starts, and ends it. `signing_in` lets the person authorise it themselves.

    `page` is the address of *Not for me* without the app. `came_back` hears who (an object id)
    starts.
    """

    engine: Engine
    starter: Starter
    opting_out: OptingOut
    background: Background
    signing_in: SignInCards
    page: str
    came_back: Callable[[str], Awaitable[None]]

    async def connect(self, turn: Turn, _: Connect | StartConnect) -> Card:
        """Ask whether to start; where the person must authorise it, let them sign in."""
        oid = turn.person.object_id
        if await self.signing_in.working(turn) is not None:
            return await self.signing_in.offer(turn)
        try:
            found = await self.background.within(Patience(), self.starter.startable(oid))
        except (OutsideError, TimeoutError) as error:
            log.warning("organisation_not_asked", person=oid, reason=str(error) or "slow")
            found = None
        if found is None:
            return await self.signing_in.offer(turn)
        return cards.offer(
            name=turn.person.name,
            opted_out=await self.opting_out.opt_outs.has(oid, None),
            page=self.page,
        )

    async def start(self, turn: Turn, _: StartShowing) -> Card:
        """Start a person who wants it; where it can't be, they may sign in."""
        oid = turn.person.object_id
        known = await self.signing_in.working(turn)
        if known is not None and known[1].authorised_by is AuthorisedBy.ORGANISATION:
            return await self.signing_in.offer(turn)  # a second click
        try:
            link, observation = await self.background.within(
                Patience(), self.starter.start(oid, turn.person.tenant_id)
            )
        except NotStarted:
            return await self.signing_in.offer(turn)
        except TimeoutError:
            return cards.starting()
        except OptedOut:  # said elsewhere, at this very moment
            return cards.opted_out(None)
        except (NoZoomUser, AddressTaken, Contested, OutsideError) as error:
            reason = str(error) if isinstance(error, OutsideError) else type(error).__name__
            log.warning("not_started", person=oid, reason=reason)
            return cards.not_started(_why(error))
        await self.came_back(oid)
        verdict = await self.engine.verdict_of(oid)
        until = await self._own_until(oid)
        return cards.started(
            name=link.name,
            zoom_address=link.zoom_email or link.addresses[0],
            presence_now=presence_now(verdict, observation),
            own_until="" if until is None else day(until),
        )

    async def confirm_disconnect(self, turn: Turn, person: PersonState) -> Card | None:
        """Ask somebody who disconnects, where that is *Not for me*, too; None: it is not.

        It is for whom the organisation authorised, and for whom it may start without them.
        """
        name = turn.person.name
        if person.authorised_by is AuthorisedBy.ORGANISATION:
            return cards.confirm(name=name, own=person.own_until_ms is not None)
        told = await self.opting_out.was_told(turn.person.object_id)
        return cards.confirm(name=name, told=True) if told else None

    async def not_connected(self, turn: Turn) -> Card | None:
        """Answer `disconnect` of somebody who isn't connected; None: nobody has told them of it."""
        oid = turn.person.object_id
        if not await self.opting_out.was_told(oid):
            return None
        if (await self.opting_out.what_holds(oid)).opted_out:
            return cards.opted_out(None)
        return cards.not_begun(name=turn.person.name)

    async def disconnected(self, turn: Turn, ending: Ending) -> Card:
        """Confirm to somebody who has ended a sign-in of theirs that it is *Not for me*, too."""
        return await self._opted_out(turn, ending)

    async def _own_until(self, object_id: str) -> int | None:
        """Until when a sign-in of their own is kept (epoch ms); None: there is none."""
        known = await self.engine.link_of(object_id)
        return None if known is None else known[1].own_until_ms

    async def not_for_me(self, turn: Turn, _: NotForMe) -> Card:
        """Keep that the person does not want it, and end what is shown because of it."""
        said = await self.opting_out.not_for_me(turn.person.object_id)
        if said.own_sign_in:
            return cards.opted_out(None, own_sign_in=True)
        return await self._opted_out(turn, said.ending)

    async def _opted_out(self, turn: Turn, ending: Ending | None) -> Card:
        until = ""
        if ending is not None and ending.until_ms is not None:
            now_ms = await self.engine.now_ms()
            until = clock_time(ending.until_ms, now_ms, turn.inbound.time_zone)
        return cards.opted_out(ending, until=until)


def _why(error: NoZoomUser | AddressTaken | Contested | OutsideError) -> Said:
    """Why somebody could not be started."""
    match error:
        case NoZoomUser():
            return no_zoom_user(error.addresses)
        case AddressTaken():
            return zoom_user_taken(error.address)
        case Contested():
            return SOMEBODY_ELSE_STARTS
        case AdminMustAct():
            return NOT_ALLOWED
        case _:
            return NOT_ANSWERED
