"""`connect`: the card with the link, and what becomes of it when Microsoft has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from bot.sign_in.attempt import TTL, Attempt, Outcome
from cards.person import connect as connect_cards
from domain.errors import AdminMustAct, AuthorizeAgain, OutsideError, Trouble
from domain.presence import demand_of, teams_label, zoom_label
from sync.connect.linking import AddressTaken, Contested, NoZoomUser
from wording.ended import ended
from wording.policy import verdict_words
from wording.refusals import REFUSALS
from wording.trouble import reason_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.desk import Desk
    from bot.grammar.commands import Connect
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.person.clicks import CancelConnect, StartConnect
    from domain.link import Link
    from domain.person import PersonState
    from domain.policy import Verdict
    from domain.presence import Observation
    from domain.refusal import Refusal
    from sync.connect.linking import Linking
    from sync.engine.engine import Engine
    from sync.microsoft.authorization import Grant

log = structlog.get_logger()


class TicketMaker(Protocol):
    """Where links come from (bot.sign_in.flow)."""

    async def new_ticket(self, attempt: Attempt) -> str:
        """Make a link for this attempt: the address of its start page."""

    async def end(self, object_id: str) -> bool:
        """End the person's attempt, also while they are at Microsoft. False: there was none."""


class ConnectHandler:
    """Connects people: the chat's half of the sign-in (bot.sign_in.flow is the browser's half)."""

    def __init__(
        self,
        engine: Engine,
        links: TicketMaker,
        *,
        now: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._links = links
        self._now = now

    async def offer(self, turn: Turn, _: Connect | StartConnect | None = None) -> Card:
        """Give the person a link of their own, unless their connection works."""
        person = turn.person
        working = await self._working(turn)
        if working is not None:
            link, state = working
            return connect_cards.already_connected(
                name=person.name,
                zoom_address=link.zoom_email or link.addresses[0],
                trouble="" if state.trouble is None else f"{reason_of(state.trouble_code)}.",
            )
        url = await self._links.new_ticket(
            Attempt(
                tenant_id=person.tenant_id,
                object_id=person.object_id,
                name=person.name,
                login_hint=None,
                conversation=turn.at,
                card_id=turn.card_id,
                created_at=self._now(),
            )
        )
        return connect_cards.offer(name=person.name, start_url=url, minutes=TTL // 60)

    async def _working(self, turn: Turn) -> tuple[Link, PersonState] | None:
        """The person's link and state, if their authorisation still works."""
        known = await self._engine.link_of(turn.person.object_id)
        return None if known is None or known[1].trouble == Trouble.AUTHORIZE else known

    async def cancel(self, turn: Turn, _: CancelConnect) -> Card:
        """They changed their mind: no link may work any more."""
        await self._links.end(turn.person.object_id)
        if await self._working(turn) is not None:
            return await self.offer(turn)  # they had connected already
        return connect_cards.cancelled()


class SignInResults:
    """What the browser's half reports back: pages say it there, the card says it in the chat."""

    def __init__(
        self,
        desk: Desk,
        linking: Linking,
        came_back: Callable[[str], Awaitable[None]],
        verdict_of: Callable[[str], Awaitable[Verdict | None]],
    ) -> None:
        """`came_back` hears who (an object id) has connected; `verdict_of` is policy on them."""
        self._verdict_of = verdict_of
        self._desk = desk
        self._linking = linking
        self._came_back = came_back

    async def granted(self, attempt: Attempt, grant: Grant, key: str) -> Outcome:
        """Make the link, and turn the card into what came of it.

        Raises SignInOver when the attempt of this key was ended: the chat knows that already.
        """
        try:
            link, observation = await self._linking.connect(grant, key)
        except NoZoomUser as error:
            which = "this address" if len(error.addresses) == 1 else "one of these addresses"
            what_to_do = (
                f"Ask your admin to give you a Zoom account with {which}, then connect again."
            )
            card = connect_cards.no_zoom_match(addresses=error.addresses, what_to_do=what_to_do)
            outcome = Outcome(
                ok=False,
                title="No matching Zoom account",
                sentences=(
                    "You signed in, but Zoom has no user with your Microsoft address: "
                    f"{', '.join(error.addresses) or 'Microsoft gave none'}.",
                    what_to_do,
                ),
            )
        except AddressTaken as error:
            outcome = Outcome(
                ok=False,
                title="This Zoom account is already connected",
                sentences=(
                    f"Somebody else is connected with the address {error.address}.",
                    "Ask your admin to find out whose it is.",
                ),
            )
            card = _refused(outcome)
        except Contested:
            log.warning("link_not_made", person=attempt.object_id, reason="contested")
            outcome = Outcome(
                ok=False,
                title="Somebody else is connecting with this Zoom account",
                sentences=(
                    "You signed in, but at this moment somebody else connects with the same Zoom "
                    "account or address.",
                    "Wait a minute, then type connect in the chat to try again.",
                ),
            )
            card = _refused(outcome)
        except OutsideError as error:
            log.warning("link_not_made", person=attempt.object_id, reason=str(error))
            outcome = _outside(error)
            card = _refused(outcome)
        else:
            await self._came_back(link.object_id)
            zoom_address = link.zoom_email or link.addresses[0]
            card = connect_cards.connected(
                name=link.name,
                zoom_address=zoom_address,
                presence_now=_presence_now(await self._verdict_of(link.object_id), observation),
            )
            outcome = Outcome(
                ok=True,
                title="Connected",
                sentences=("From now on I tell Microsoft 365 what Zoom says of you.",),
            )
        await self._desk.replace(
            attempt.conversation, attempt.card_id, card, whose=attempt.object_id
        )
        return outcome

    async def refused(self, attempt: Attempt, reason: Refusal) -> None:
        """Say in the chat what the page says."""
        why = REFUSALS[reason]
        card = connect_cards.refused(
            title=why.title,
            sentences=(why.happened, why.next_step),
        )
        await self._desk.replace(
            attempt.conversation, attempt.card_id, card, whose=attempt.object_id
        )


def _refused(outcome: Outcome) -> Card:
    return connect_cards.refused(title=outcome.title, sentences=outcome.sentences)


def _outside(error: OutsideError) -> Outcome:
    """What to say when Microsoft or Zoom could not answer while the link was being made."""
    if isinstance(error, AdminMustAct):
        return Outcome(
            ok=False,
            title="Presence Bridge is not set up correctly",
            sentences=(
                "You signed in, but this app may not look up what it needs.",
                "Please tell your admin. The reason is in the app's log under link_not_made.",
            ),
        )
    if isinstance(error, AuthorizeAgain):
        why = ended(error.code)
        return Outcome(
            ok=False,
            title="Microsoft did not accept the sign-in",
            sentences=(
                f"You signed in, but the connection could not be finished. {why.told}",
                why.next_step,
            ),
        )
    service = "Zoom" if error.code.startswith("zoom") else "Microsoft"
    if error.code.endswith("_intercepted"):
        return Outcome(
            ok=False,
            title=f"{service} cannot be reached right now",
            sentences=(
                f"You signed in, but something between us and {service} answered in its place.",
                "Wait a minute, then type connect in the chat to try again. If it stays like this, "
                "tell your admin: a firewall or a proxy may be in the way.",
            ),
        )
    return Outcome(
        ok=False,
        title=f"{service} cannot be reached right now",
        sentences=(
            "You signed in, but the connection could not be finished.",
            "Wait a minute, then type connect in the chat to try again.",
        ),
    )


def _presence_now(verdict: Verdict | None, observation: Observation | None) -> str | None:
    """What Zoom says at this moment and what that means in Microsoft; None: nothing known."""
    if verdict is not None and not verdict.on:
        return f"At the moment nothing is told: {verdict_words(verdict)}"
    if verdict is None or observation is None:
        return None
    zoom, demand = zoom_label(observation.presence), demand_of(observation.presence, verdict.style)
    pair = demand.preferred or demand.session
    if pair is None:
        return f"Zoom says “{zoom}” now, so Microsoft shows what it knows by itself."
    return f"Zoom says “{zoom}” now, so I am telling Microsoft “{teams_label(*pair)}”."
