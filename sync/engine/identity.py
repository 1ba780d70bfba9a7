"""Whether a Zoom user is (still) the Microsoft person who is linked to them.

Addresses decide who is who (domain.link), and both sides give them to others: people are renamed,
accounts are handed over. So a link belongs to a Zoom id, and whatever speaks against it (an event
with another address, a rename in Zoom's list, somebody else who connects with the same Zoom user)
has both sides asked anew before anything is shown or granted.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import structlog

from domain.errors import AuthorizeAgain, PersonGone, RetryLater
from domain.link import fold_address
from domain.person import Patch
from domain.policy import AuthorisedBy
from domain.presence import ZoomPresence  # noqa: TC001 - rows are validated by their types
from domain.step import Lane
from sync.engine.ports import ZoomUser
from sync.engine.zoom_index import Contended, Taken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.link import Link
    from domain.person import PersonState
    from sync.engine.people import PeopleStore
    from sync.engine.ports import ZoomLookup

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class News:
    """What Zoom said at `at_ms` (epoch ms) of the holder of this Zoom id, or this folded address.

    `presence` None: it said nothing of that. `gone`: Zoom has them no longer.
    """

    zoom_id: str | None = None
    address: str | None = None
    at_ms: int = 0
    presence: ZoomPresence | None = None
    gone: bool = False


class Proof(Enum):
    """What came of asking both sides."""

    THEIRS = "theirs"  # the link is right, and says what is known now
    ENDED = "ended"  # there is none (any more)
    LOCKED_OUT = "locked_out"  # the person can't prove anything until they connect again


@dataclass(eq=False)
class Identities:
    """Asks both sides. `addresses_now` gives a connected person's addresses from Microsoft.

    It raises the errors of domain.errors. `groups_of` gives the Zoom groups of a Zoom id, None: not
    known. `zoom` None: it can't be asked.
    """

    store: PeopleStore
    _: KW_ONLY
    addresses_now: Callable[[PersonState], Awaitable[tuple[str, ...]]]
    groups_of: Callable[[str], Awaitable[frozenset[str] | None]]
    zoom: ZoomLookup | None

    async def prove(self, object_id: str, news: News | None = None) -> Proof:
        """Compare a link with both sides, keep what is true now, or end it.

        `news` is all that is known of Zoom's side where Zoom can't be asked. Raises RetryLater and
        AdminMustAct; then nothing is known, and nothing has changed.
        """
        known = await self.store.connected_now(object_id)
        if known is None:
            return Proof.ENDED
        link, state = known
        try:
            addresses = await self.addresses_now(state)
        except (AuthorizeAgain, PersonGone) as error:
            if state.authorised_by is AuthorisedBy.ORGANISATION:
                log.warning("link_entra_user_gone", person=object_id)
                await self.store.leave(object_id, state.generation)
                return Proof.ENDED
            # Found out here as well as by a write.
            await self.store.must_authorize(state, error.code)
            return Proof.LOCKED_OUT
        user = await self._user(link, addresses, news or News())
        if isinstance(user, ZoomUser) and fold_address(user.email) not in addresses:
            user = False
        if user is False:
            log.warning("link_zoom_user_changed", person=object_id)
            await self.store.leave(object_id, state.generation)
            return Proof.ENDED
        fresh = replace(link, addresses=addresses or link.addresses)
        if isinstance(user, ZoomUser):
            fresh = replace(fresh, zoom_id=user.zoom_id, zoom_email=user.email)
        return await self._keep(fresh, link, state)

    async def _user(
        self, link: Link, addresses: tuple[str, ...], news: News
    ) -> ZoomUser | bool | None:
        """The Zoom user of a link. None: nobody told, or Zoom knows none; False: not theirs."""
        if self.zoom is not None:
            if link.zoom_id is not None:
                return await self.zoom.find_user(link.zoom_id) or False
            return await zoom_user_of(self.zoom, addresses)
        if news.zoom_id is None or news.address is None:
            return None
        if link.zoom_id not in {None, news.zoom_id}:
            return None
        if link.zoom_id is None and news.address not in addresses:
            return None  # somebody else has been given an address that was theirs
        return ZoomUser(news.zoom_id, news.address)

    async def _keep(self, known: Link, link: Link, state: PersonState) -> Proof:
        oid = link.object_id
        if known == link and await self._stands(link):
            return Proof.THEIRS
        try:
            if not await self.store.relink(known, state.generation):
                return Proof.ENDED
        except Taken as taken:
            # Somebody else proved it before. An address of theirs is no reason to end anything.
            log.warning("link_zoom_user_taken", person=oid, by=taken.owner)
            if link.zoom_id is None or await self._stands(link):
                return Proof.THEIRS
            await self.store.leave(oid, state.generation)
            return Proof.ENDED
        except Contended as error:
            raise RetryLater("zoom_user_contended") from error
        groups = await self.groups_of(known.zoom_id) if known.zoom_id else None
        joined = None if groups is None else Patch.in_groups(groups)
        await self.store.demand(oid, Lane.CHANGE, joined)
        log.info("link_proven_anew", person=oid, zoom_known=known.zoom_id is not None)
        return Proof.THEIRS

    async def _stands(self, link: Link) -> bool:
        """Whether Zoom's events about the user of a link come to its person."""
        if link.zoom_id is None:
            return True
        return await self.store.owner_of(address=None, zoom_id=link.zoom_id) == link.object_id

    def means(self, link: Link, news: News) -> bool:
        """Whether news are about the person of a link that was just proven."""
        if link.zoom_id is None:
            return news.address in link.addresses
        if news.zoom_id is not None:
            return news.zoom_id == link.zoom_id
        # An address alone is compared with what Zoom itself just said.
        asked = self.zoom is not None and link.zoom_email is not None
        return asked and fold_address(link.zoom_email or "") == news.address


async def zoom_user_of(zoom: ZoomLookup, addresses: tuple[str, ...]) -> ZoomUser | None:
    """The Zoom user with one of these addresses, the first that Zoom knows."""
    for address in addresses:
        user = await zoom.find_user(address)
        if user is not None and fold_address(user.email) in addresses:
            return user
    return None
