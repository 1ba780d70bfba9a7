"""Telling people something without being asked (sync.ports.People)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from bot.desk import new_card_id
from bot.progress import ProgressCard
from cards.connect import reconnect
from cards.person_notice import first_meeting
from sync.presence import ZoomPresence, teams_label

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.desk import Desk
    from cards.payload import Payloads
    from sync.presence import Pair
    from sync.store.rollouts import Rollout

log = structlog.get_logger()


class Notices(Protocol):
    """Which one-time notices were sent (sync.store.conversations)."""

    async def first_notice(self, object_id: str, what: str) -> bool:
        """Whether it was not sent yet; it counts as sent from now on."""

    async def allow_notice(self, object_id: str, what: str) -> None:
        """The reason is gone: the next time, tell again."""


class ChatPeople:
    """Reaches people in their 1:1 chats.

    `invitable` counts those of a group (empty: everyone) whom somebody may still invite.
    """

    def __init__(
        self,
        desk: Desk,
        payloads: Payloads,
        notices: Notices,
        *,
        invitable: Callable[[str, str], Awaitable[int]],
    ) -> None:
        self._desk = desk
        self._payloads = payloads
        self._notices = notices
        self._invitable = invitable

    async def must_authorize_again(self, object_id: str, code: str) -> None:
        """Send one reconnect card for each time that an authorisation ends."""
        reference = await self._desk.personal(object_id)
        if reference is None:
            log.warning("person_not_reachable", person=object_id)
            return
        if not await self._notices.first_notice(object_id, "reconnect"):
            return
        card_id = new_card_id()
        reason = "Your sign-in ended, was revoked, or a permission was withdrawn."
        sent = await self._desk.post(
            reference, card_id, reconnect(self._payloads, card_id, reason=reason)
        )
        log.info("reconnect_card", person=object_id, reason=code, sent=sent)

    async def first_meeting(self, object_id: str, presence: ZoomPresence, pair: Pair) -> None:
        """Tell what others see from now on, at the first meeting after connecting."""
        reference = await self._desk.personal(object_id)
        if reference is None:
            return
        card_id = new_card_id()
        card = first_meeting(
            self._payloads,
            card_id,
            zoom="presenting in Zoom" if presence is ZoomPresence.PRESENTING else "in Zoom",
            shown=teams_label(pair.availability, pair.activity),
        )
        await self._desk.post(reference, card_id, card)

    async def authorized(self, object_id: str) -> None:
        """Their authorisation works: when it ends the next time, they are told again."""
        await self._notices.allow_notice(object_id, "reconnect")

    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        """Show in the card that started it how far a change of settings is."""
        shown = ProgressCard.load(rollout.show)
        if shown is not None:
            card = shown.card(
                self._payloads,
                rollout.rollout_id,
                done=rollout.total - left,
                total=rollout.total,
                failed=rollout.failed,
                invitable=0 if left else await self._invitable(shown.target.group_id, shown.by),
            )
            await self._desk.replace(shown.where, shown.card_id, card, or_post=False)
