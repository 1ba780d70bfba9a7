"""What follows when the organisation authorises the app, or does no longer: cards and the history.

Whichever process finds it tells it, once for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.consent.card import card_of
from bot.desk import new_card_id
from bot.teams.activity import ConversationGone, SendFailed
from domain.organisation import Answer, answer_of
from sync.settings.audit import ENTRA, Actor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.consent.store import ConsentLinks, LinkRow
    from bot.desk import Desk
    from domain.organisation import Consent
    from sync.settings.audit import AuditLog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ConsentNews:
    """Edits the card that asked for consent, alerts admins when it ends, and writes it down.

    `admins` are those whom the operator names; `give` keeps to whom a card (its id) is given.
    `everyone_knows`: every process that runs can read what is written down, and the card's buttons.
    """

    desk: Desk
    links: ConsentLinks
    audit: AuditLog
    admins: Collection[str]
    give: Callable[[str, str], Awaitable[None]]
    now_ms: Callable[[], Awaitable[int]]
    everyone_knows: Callable[[], bool]

    async def settled(self, row: LinkRow, consent: Consent | None) -> None:
        """Somebody came back from Microsoft's page; `consent` is what a look showed, if any."""
        if consent is not None and answer_of(consent) is Answer.AUTHORISED:
            await self._authorised(row.key, consent)
        elif row.link is not None and consent is not None:
            await self._follow(row, consent, row, or_post=False)

    async def tell(self, consent: Consent) -> None:
        """The organisation has authorised the app, or ended it."""
        if not self.everyone_knows():
            return
        if consent.may_write:
            row = await self.links.newest()
            by = ENTRA
            if row is not None and row.link is not None:
                by = Actor(row.link.object_id, row.link.name)
            await self.audit.authorised(by, consent.rights)
            await self._authorised(None, consent)
            return
        await self.audit.authorisation_ended(consent.why or "")
        for admin in sorted(self.admins):
            await self._alert(admin, consent)

    async def _authorised(self, key: str | None, consent: Consent) -> None:
        row = await self.links.end(key)
        if row is not None:
            await self._follow(row, consent, None, or_post=True)

    async def _follow(
        self, row: LinkRow, consent: Consent, shown: LinkRow | None, *, or_post: bool
    ) -> None:
        link = row.link
        if link is None:
            return
        card = card_of(consent, shown, await self.now_ms())
        await self.desk.replace(
            link.conversation, link.card_id, card, or_post=or_post, whose=link.object_id
        )

    async def _alert(self, admin: str, consent: Consent) -> None:
        if await self.desk.personal(admin) is None:
            log.warning("person_not_reachable", person=admin, reason="no chat is known")
            return
        card_id = new_card_id()
        await self.give(card_id, admin)
        try:
            await self.desk.tell(admin, card_id, card_of(consent, None, await self.now_ms()))
        except (ConversationGone, SendFailed):
            log.warning("organisation_alert_not_sent", person=admin)
