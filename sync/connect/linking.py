"""Making a link: from a granted authorisation to a connected person.

The Microsoft person and the Zoom person are matched by address (domain.link); where Zoom's API is
configured, Zoom must know one of the addresses. Never guessed.
"""

from __future__ import annotations

import asyncio
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from domain.errors import OutsideError
from domain.link import Link, addresses_of
from domain.presence import Observation
from sync.engine.identity import Proof, zoom_user_of
from sync.engine.zoom_index import Contended, Taken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.connect.tokens import Refresher, Tokens
    from sync.engine.identity import Identities
    from sync.engine.people import PeopleStore
    from sync.engine.ports import Profile, ZoomLookup, ZoomUser
    from sync.microsoft.authorization import Grant

log = structlog.get_logger()


class Member(Protocol):
    """Somebody in the organisation's directory."""

    @property
    def object_id(self) -> str:
        """Their object id, in small letters."""

    @property
    def name(self) -> str:
        """What they are called."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Their folded addresses."""


class NoZoomUser(Exception):
    """Zoom knows none of the person's addresses."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        super().__init__(addresses)
        self.addresses = addresses


class AddressTaken(Exception):
    """Another connected person already has this Zoom address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class Contested(Exception):
    """Somebody else is just connecting with the same Zoom user, and it is not known yet who may."""


class SignInOver(Exception):
    """The attempt was ended while Microsoft was asked, or another took its place."""


class OptedOut(Exception):
    """The person has said *Not for me*, and nobody but they may undo it."""


TRIES = 10
CONTENDED_SECONDS = 0.2
"""How often, and how soon again, a link is made that somebody else's stands in the way of."""


@dataclass(frozen=True, slots=True)
class Linking:
    """Connects people.

    `groups_of` gives the Zoom groups of a Zoom user, else of the user with one of these addresses.
    """

    store: PeopleStore
    _: KW_ONLY
    tokens: Tokens
    authorization: Refresher
    profile: Callable[[str], Awaitable[Profile]]
    zoom: ZoomLookup | None
    groups_of: Callable[[str | None, tuple[str, ...]], Awaitable[frozenset[str]]]
    identities: Identities
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def connect(self, grant: Grant, attempt: str) -> tuple[Link, Observation | None]:
        """Link the person of a grant, in place of an earlier link; also what Zoom says now.

        Raises SignInOver when the attempt (bot.sign_in.store) is not live any more, NoZoomUser,
        AddressTaken, Contested and the errors of domain.errors; nothing is kept then.
        """
        identity = grant.identity
        access, refreshed = await self.authorization.refresh(grant.cache)
        profile = await self.profile(access.token)
        addresses = addresses_of(profile.upn, profile.mail)
        user = await self.zoom_user(addresses)
        observation = await self._ask(user)
        link = Link(
            object_id=identity.object_id,
            tenant_id=identity.tenant_id,
            name=profile.name,
            addresses=addresses,
            connected_ms=await self.store.now_ms(),
            zoom_id=user.zoom_id if user else None,
            zoom_email=user.email if user else None,
            external=profile.external or identity.external,
        )
        sealed = self.tokens.seal(identity.object_id, refreshed or grant.cache)
        self.tokens.forget(identity.object_id)
        zoom_id = user.zoom_id if user else None
        groups = await self.groups_of(zoom_id, addresses)

        async def make() -> int:
            return await self.store.connect(link, sealed, observation, groups, attempt=attempt)

        if not await self._keep(link, make):
            raise SignInOver
        log.info("link_made", person=link.object_id, zoom_known=user is not None)
        return link, observation

    async def start(
        self, member: Member, user: ZoomUser | None, tenant_id: str, opt_out: str, *, ask: bool
    ) -> tuple[Link, Observation | None]:
        """Link somebody whom the organisation authorises, without a sign-in; what Zoom says now.

        `user` is theirs in Zoom, None where it can't be asked. `opt_out` is where it would stand
        that they said *Not for me* (sync.organisation.opt_outs). Without `ask` Zoom is asked when
        it has time, for many at once. Raises OptedOut, AddressTaken, Contested and the errors of
        domain.errors; nothing is kept then, and an earlier link is as it was.
        """
        observation = await self._ask(user) if ask else None
        link = Link(
            object_id=member.object_id,
            tenant_id=tenant_id,
            name=member.name,
            addresses=member.addresses,
            connected_ms=await self.store.now_ms(),
            zoom_id=user.zoom_id if user else None,
            zoom_email=user.email if user else None,
        )
        groups = await self.groups_of(link.zoom_id, link.addresses)

        async def make() -> int:
            return await self.store.start(link, opt_out, observation, groups)

        if not await self._keep(link, make):
            raise OptedOut
        self.tokens.forget(link.object_id)
        log.info("link_started", person=link.object_id, zoom_known=user is not None)
        return link, observation

    async def _keep(self, link: Link, make: Callable[[], Awaitable[int]]) -> int:
        """Make the link, once nobody has a better right to the Zoom user; its generation, or 0."""
        proven, contended = set[str](), False
        for _ in range(TRIES):
            try:
                generation = await make()
            except Taken as taken:
                if taken.owner in proven:
                    raise AddressTaken(link.zoom_email or link.addresses[0]) from taken
                # That was so when they connected. Zoom users and addresses change hands.
                if await self.identities.prove(taken.owner) is Proof.LOCKED_OUT:
                    log.warning("link_gives_way", person=taken.owner)
                    await self.store.leave(taken.owner)
                proven.add(taken.owner)
            except Contended:
                contended = True
                await self.sleep(CONTENDED_SECONDS)
            else:
                if not generation and contended:
                    break  # what was contended at its very end had used the attempt up
                return generation
        raise Contested

    async def matched_zoom_user(self, zoom_id: str) -> ZoomUser | None:
        """The Zoom user of this id; None: Zoom has none, or can't be asked."""
        return None if self.zoom is None else await self.zoom.find_user(zoom_id)

    async def zoom_user(self, addresses: tuple[str, ...]) -> ZoomUser | None:
        """Who has one of these addresses in Zoom; None: it can't be asked. Raises NoZoomUser."""
        if not addresses:
            raise NoZoomUser(addresses)
        if self.zoom is None:
            return None
        user = await zoom_user_of(self.zoom, addresses)
        if user is None:
            raise NoZoomUser(addresses)
        return user

    async def _ask(self, user: ZoomUser | None) -> Observation | None:
        """What Zoom says at this moment; a failure only means that the next event decides."""
        if user is None or self.zoom is None:
            return None
        asked_ms = await self.store.now_ms()
        try:
            presence = await self.zoom.presence_of(user.zoom_id)
        except OutsideError as error:
            log.warning("zoom_not_asked", reason=error.code)
            return None
        return None if presence is None else Observation(presence, asked_ms)
