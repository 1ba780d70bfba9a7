"""Who is an admin, and who of the helpdesk. Default: nobody.

Asked on every message and every click, on the server. Three ways to be an admin, any of which is
enough:

- the operator names the person (`ADMIN_OBJECT_IDS`): bootstrap and break-glass;
- the Entra app role `PresenceAdmin`, from the person's own signed-in ID token, at most 15 minutes
  old (Microsoft recommends app roles over groups: no overage, assigned in Entra);
- where the operator allows it, a Zoom role that may edit account settings, as Zoom's article asks
  of who sets this in Zoom's portal. Zoom accounts are handed over: what Zoom and Microsoft say of
  addresses now must agree, whatever it was when the person connected.

What decides whose presence is shown as whose takes one of the first two (`By.ENTRA_ADMIN`).

Of the helpdesk is whoever has the app role `PresenceHelpdesk`, in the same token.

What touches the organisation's authorisation takes one of the first two (`domain.roles.By`).

All but the first need the person to be connected by a sign-in of their own: only then do we know
them. Who is not, or only by the organisation's authorisation, may prove an app role by a sign-in
that asks for nothing else (bot.identify): it counts for as long as a token's, and is kept no
longer. Whoever is external,
as far as Microsoft has told when they connected or in Teams (domain.link), is neither, whatever
names them. Other tenants the channel has refused before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import structlog
from cachetools import TLRUCache, TTLCache

from domain.errors import AuthorizeAgain, OutsideError, Trouble
from domain.policy import AuthorisedBy
from domain.roles import APP_ROLES, Role, Standing
from sync.engine.patience import Background, Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.teams.activity import Person
    from domain.link import Link
    from domain.person import PersonState

log = structlog.get_logger()

BELIEVED_S = 15 * 60.0
"""Seconds for which the app role of admins is believed without asking again."""
REFUSED_S = 60.0
"""Seconds for which somebody lacks it without asking again: it may just have been given."""
ADDRESSES_S = 60.0
"""Seconds for which Microsoft's word of somebody's addresses counts without asking again."""
_MOST_REMEMBERED = 1000


class Known(Protocol):
    """What is known of connected people (the engine)."""

    async def link_of(self, object_id: str) -> tuple[Link, PersonState] | None:
        """A person's link and state."""


@dataclass(kw_only=True)
class Admins:
    """Answers one question: which role somebody has now. `now` gives monotonic seconds.

    `external` says whether Microsoft has told that somebody is a guest or of another organisation.
    `app_roles` reads a connected person's roles from a fresh ID token (by object id and
    generation); `addresses_now` reads their folded addresses from Microsoft. `zoom_editor` gives
    the folded address of a Zoom user whose role may edit account settings, None of any other (and
    remembers it for minutes); it is None where the operator does not allow that way. `proven` gives
    a role that somebody proved by a sign-in of its own.
    """

    named: frozenset[str]
    known: Known
    external: Callable[[str], Awaitable[bool]]
    app_roles: Callable[[str, int], Awaitable[frozenset[str]]]
    addresses_now: Callable[[PersonState], Awaitable[tuple[str, ...]]]
    zoom_editor: Callable[[str], Awaitable[str | None]] | None
    proven: Callable[[str], Awaitable[Role | None]]
    now: Callable[[], float]
    background: Background = field(default_factory=Background)
    """Where questions go on for which nobody waits any more."""

    def __post_init__(self) -> None:
        self._roles: TLRUCache[tuple[str, int], tuple[Role | None, float]] = TLRUCache(
            _MOST_REMEMBERED, ttu=lambda _, role, __: role[1], timer=self.now
        )
        self._addresses: TTLCache[tuple[str, int], tuple[str, ...]] = TTLCache(
            _MOST_REMEMBERED, ADDRESSES_S, timer=self.now
        )

    async def standing(self, person: Person) -> Standing:
        """Which role they have; not sure where it can't be found out while somebody waits."""
        if person.object_id in self.named:
            known = Standing(Role.ADMIN)
        else:
            known = await self._of_connected(person.object_id)
        if known.role is not None and await self.external(person.object_id):
            return Standing()
        return known

    async def may_prove(self, object_id: str) -> bool:
        """Whether a sign-in may prove a role of somebody: no authorisation of theirs tells it."""
        found = await self.known.link_of(object_id)
        return found is None or not _tells(found[1])

    async def told_alone(self, object_id: str) -> bool:
        """Whether somebody's role can be known later, too, while they are not there to show it."""
        return object_id in self.named or not await self.may_prove(object_id)

    async def _of_connected(self, object_id: str) -> Standing:
        found = await self.known.link_of(object_id)
        proven = None
        if found is None or not _tells(found[1]):
            proven = await self.proven(object_id)
        if found is None or proven is Role.ADMIN:
            return Standing(proven)
        known = await self._of_link(found)
        return known if known.role is not None or proven is None else Standing(proven)

    async def _of_link(self, found: tuple[Link, PersonState]) -> Standing:
        try:
            return await self.background.within(Patience(), self._by_role(*found))
        except TimeoutError:
            log.warning("admin_not_known", person=found[0].object_id, reason="slow")
            return Standing(sure=False)

    async def _by_role(self, link: Link, state: PersonState) -> Standing:
        known = await self._by_app_role(link, state)
        if known.role is Role.ADMIN or self.zoom_editor is None or link.zoom_id is None:
            return known
        try:
            address = await self.zoom_editor(link.zoom_id)
            if address is None:
                return known
            addresses = await self._addresses_of(state)
        except OutsideError as error:
            log.warning("admin_not_known", person=link.object_id, reason=str(error))
            return replace(known, sure=False)
        return Standing(Role.ADMIN, by_zoom=True) if address in addresses else known

    async def _addresses_of(self, state: PersonState) -> tuple[str, ...]:
        link = state.object_id, state.generation
        known = self._addresses.get(link)
        if known is None:
            known = self._addresses[link] = await self.addresses_now(state)
        return known

    async def _by_app_role(self, link: Link, state: PersonState) -> Standing:
        oid, generation = link.object_id, state.generation
        known = self._roles.get((oid, generation))
        if known is not None:
            return Standing(known[0])
        asked_at = self.now()
        try:
            given = await self.app_roles(oid, generation)
        except OutsideError as error:  # not kept: the next try may find out
            log.warning("admin_not_known", person=oid, reason=str(error))
            # A role counts of whoever is connected, and whose authorisation ended is not.
            return Standing(sure=isinstance(error, AuthorizeAgain))
        role = next((role for name, role in APP_ROLES.items() if name in given), None)
        believed = BELIEVED_S if role is Role.ADMIN else REFUSED_S
        self._roles[oid, generation] = role, asked_at + believed
        return Standing(role)


def _tells(state: PersonState) -> bool:
    """Whether somebody's own authorisation says which roles they have."""
    return state.authorised_by is AuthorisedBy.PERSON and state.trouble is not Trouble.AUTHORIZE
