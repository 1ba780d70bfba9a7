"""The organisation's authorisation: an admin looks at it, and gets an address to ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

from bot.consent.card import card_of
from bot.handlers.settings.guard import actor
from cards.settings import organisation as cards
from domain.policy import relies_on_organisation
from sync.engine.patience import Patience
from wording.figures import clock_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.consent.store import ConsentLinks
    from bot.grammar.said import Organisation
    from bot.request import Turn
    from cards.build import Card, Element
    from cards.settings.clicks import AskForConsent, EndConsentLink, ShowOrganisation
    from domain.organisation import Consent, Coverage
    from domain.policy import Policy
    from sync.engine.patience import Background
    from sync.organisation.consent import Consents
    from sync.settings.audit import AuditLog

FRESH_MS: Final = 5_000
"""A look that old is good enough for the card."""


@dataclass(frozen=True, slots=True)
class ConsentHandler:
    """Answers admins whom the operator or Entra names; the guard has made sure of that.

    `new_address` makes one that a turn's card follows: it, and until when (epoch ms). `coverage`
    counts people (None: nobody counts them). `everyone_knows`: every process that runs knows these
    buttons. `policy` is what holds in this process.
    """

    consents: Consents
    links: ConsentLinks
    audit: AuditLog
    new_address: Callable[[Turn], Awaitable[tuple[str, int]]]
    now_ms: Callable[[], Awaitable[int]]
    coverage: Callable[[], Awaitable[Coverage | None]]
    everyone_knows: Callable[[], bool]
    background: Background
    policy: Callable[[], Policy]

    async def show(self, turn: Turn, _: Organisation | ShowOrganisation | None = None) -> Card:
        """Show how it stands."""
        if not self.everyone_knows():
            return cards.not_before_all_are_new()
        return card_of(
            await self._looked(),
            await self.links.newest(),
            await self.now_ms(),
            zone=turn.inbound.time_zone,
            coverage=await self.coverage(),
        )

    async def ask(self, turn: Turn, _: AskForConsent) -> Card:
        """Make an address for whoever may consent."""
        if not self.everyone_knows():
            return cards.not_before_all_are_new()
        # First the record: what is not written down is not done.
        await self.audit.asked_for_consent(actor(turn))
        address, until_ms = await self.new_address(turn)
        until = clock_time(until_ms, await self.now_ms(), turn.inbound.time_zone)
        return cards.pass_on(address, until=until)

    async def end(self, turn: Turn, _: EndConsentLink) -> Card:
        """End the address that works."""
        await self.links.end()
        return await self.show(turn)

    async def banner(self) -> Element | None:
        """A warning where levels rely on an authorisation that has ended."""
        consent = self.consents.known
        if consent.why is None or consent.ended_ms is None or not self.everyone_knows():
            return None
        if not relies_on_organisation(self.policy()):
            return None
        now_ms, until_ms = await self.now_ms(), consent.until_ms
        left = until_ms is not None and until_ms > now_ms
        until = clock_time(until_ms, now_ms, UTC) if left and until_ms is not None else ""
        return cards.ended_banner(consent.why, until)

    async def _looked(self) -> Consent:
        """What Microsoft says now, or what was known where it takes too long."""
        try:
            return await self.background.within(Patience(), self.consents.fresh(FRESH_MS))
        except TimeoutError:
            return await self.consents.read()
