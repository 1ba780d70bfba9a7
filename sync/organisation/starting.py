"""Starting somebody without a sign-in of theirs: may it be, and by whose will.

Whoever starts must have been told, must be somebody for whom their level says that the organisation
authorises it, and must not have said *Not for me*; what a person does themselves undoes the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from domain.condition import fits
from domain.errors import AdminMustAct, OutsideError
from domain.matching import excluded
from domain.policy import AuthorisedBy, Authoriser, resolve
from sync.connect.linking import NoZoomUser

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from enum import Enum

    from domain.link import Link
    from domain.matching import EntraUser
    from domain.policy import Policy, Verdict
    from domain.presence import Observation
    from sync.connect.linking import Linking
    from sync.engine.ports import ZoomUser
    from sync.organisation.matches import Kept
    from sync.organisation.opt_outs import OptOuts

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Startable:
    """Somebody for whom the organisation authorises it now, and what policy says of them.

    `zoom_id`: whom they were matched with; None: they are found by their addresses.
    """

    user: EntraUser
    verdict: Verdict
    zoom_id: str | None = None


class NotStarted(Exception):
    """The organisation does not authorise it for them now: a sign-in of theirs may do."""


class Matches(Protocol):
    """Who in Entra is whom in Zoom (sync.organisation.matches)."""

    async def of_person(self, object_id: str) -> Kept | None:
        """Somebody with the Zoom user that they are matched with; None: not known."""


class Exclusions(Protocol):
    """Whom admins have excluded (sync.organisation.exclusions)."""

    async def has(self, object_id: str) -> bool:
        """Whether somebody is."""


class Users(Protocol):
    """The organisation's directory (sync.organisation.entra)."""

    async def user(self, object_id: str) -> EntraUser | None:
        """One person, read now."""


@dataclass(frozen=True, slots=True)
class Starting:
    """Finds out who may start, and starts them.

    `authorised` gives a token of the organisation's, or says why there is none. `may_write`:
    whether every process knows of this by now (domain.newer). `groups_of` gives the Zoom groups of
    whoever has one of these addresses. `leave` ends somebody's link.
    `started` hears who (an object id) said Start.
    """

    users: Users
    matches: Matches
    linking: Linking
    opt_outs: OptOuts
    exclusions: Exclusions
    leave: Callable[[str], Awaitable[object]]
    authorised: Callable[[], Awaitable[str]]
    policy: Callable[[], Policy]
    may_write: Callable[[Enum], Awaitable[bool]]
    groups_of: Callable[[str | None, tuple[str, ...]], Awaitable[frozenset[str]]]
    started: Callable[[str], Awaitable[object]]

    async def startable(self, object_id: str) -> Startable | None:
        """Whether somebody may start without a sign-in now; None: they may not.

        Asks Microsoft only where some level says so at all. Raises RetryLater where it does not
        answer.
        """
        policy = self.policy()
        forms = (policy.account, *(group.form for group in policy.groups))
        if all(form.authoriser is Authoriser.PERSON for form in forms):
            return None
        if not await self.may_write(AuthorisedBy.ORGANISATION):
            return None
        if await self.exclusions.has(object_id):
            return None
        try:
            await self.authorised()
            user = await self.users.user(object_id)
        except AdminMustAct as error:
            log.info("organisation_may_not", person=object_id, reason=error.code)
            return None
        if user is None or excluded(user) is not None or not user.addresses:
            return None
        kept = await self.matches.of_person(object_id)
        zoom_id = None if kept is None else kept.zoom_id
        groups = await self.groups_of(zoom_id, user.addresses)
        verdict = resolve(policy, groups, by=AuthorisedBy.ORGANISATION)
        may = verdict.on and fits(verdict.only, user.properties)
        return Startable(user, verdict, zoom_id) if may else None

    async def start(self, object_id: str, tenant_id: str) -> tuple[Link, Observation | None]:
        """Start somebody who wants it; what Zoom says of them now.

        Raises NotStarted, what `Linking.start` raises, and RetryLater.
        """
        startable = await self.startable(object_id)
        if startable is None:
            raise NotStarted
        mark = await self.opt_outs.mark(object_id)
        user = await self._zoom_user(startable)
        await self.opt_outs.lift(object_id, None if user is None else user.zoom_id)
        started = await self.linking.start(startable.user, user, tenant_id, mark, ask=True)
        if await self.exclusions.has(object_id):  # by an admin, in the meantime
            await self.leave(object_id)
            raise NotStarted
        await self.started(object_id)
        return started

    async def _zoom_user(self, startable: Startable) -> ZoomUser | None:
        """Theirs in Zoom: matched, also by an alias or by hand, or with one of their addresses."""
        if startable.zoom_id is not None:
            user = await self.linking.matched_zoom_user(startable.zoom_id)
            if user is not None:
                return user
        return await self.linking.zoom_user(startable.user.addresses)

    async def zoom_id_of(self, object_id: str) -> str | None:
        """The Zoom user of somebody who is not connected, as far as that is found out now."""
        kept = await self.matches.of_person(object_id)
        if kept is not None and kept.zoom_id is not None:
            return kept.zoom_id
        try:
            user = await self.users.user(object_id)
            zoom = None if user is None else await self.linking.zoom_user(user.addresses)
        except (OutsideError, NoZoomUser) as error:
            log.warning("zoom_user_not_known", person=object_id, reason=str(error))
            return None
        return None if zoom is None else zoom.zoom_id
