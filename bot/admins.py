"""Who may change settings. Default: nobody.

Asked on every message and every click, on the server. Three ways, any of which is enough:

- the operator names the person (`ADMIN_OBJECT_IDS`): bootstrap and break-glass;
- the Entra app role `PresenceAdmin`, from the person's own signed-in ID token, at most 15 minutes
  old (Microsoft recommends app roles over groups: no overage, assigned in Entra);
- where the operator allows it, a Zoom role that may edit account settings, as Zoom's article asks
  of who sets this in Zoom's portal.

The last two need the person to be connected: only then do we know them. Guests are never admins by
role; the channel has refused other tenants before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from sync.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.activity import Person
    from sync.links import Link
    from sync.store.people import State

log = structlog.get_logger()

APP_ROLE = "PresenceAdmin"
BELIEVED_S = 15 * 60.0
"""Seconds for which a role is believed without asking again."""
_MOST_REMEMBERED = 1000


class Known(Protocol):
    """What is known of connected people (the engine)."""

    async def link_of(self, object_id: str) -> tuple[Link, State] | None:
        """A person's link and state."""


@dataclass(frozen=True, slots=True)
class _Answer:
    admin: bool
    generation: int
    at: float


class Admins:
    """Answers one question. `now` gives monotonic seconds.

    `app_roles` reads a connected person's roles from a fresh ID token; `zoom_role` says whether a
    Zoom user's role may edit account settings, None where the operator does not allow that way.
    """

    def __init__(
        self,
        *,
        named: frozenset[str],
        known: Known,
        app_roles: Callable[[str, int], Awaitable[frozenset[str]]],
        zoom_role: Callable[[str], Awaitable[bool]] | None,
        now: Callable[[], float],
    ) -> None:
        self._named = named
        self._known = known
        self._app_roles = app_roles
        self._zoom_role = zoom_role
        self._now = now
        self._answers: dict[str, _Answer] = {}

    async def is_admin(self, person: Person) -> bool:
        """Whether the person may change settings now. A failure to find out means no."""
        if person.object_id in self._named:
            return True
        found = await self._known.link_of(person.object_id)
        if found is None:
            return False
        link, state = found
        known = self._answers.get(person.object_id)
        fresh = known is not None and self._now() - known.at <= BELIEVED_S
        if known is not None and fresh and known.generation == state.generation:
            return known.admin
        admin = not _is_guest(link) and await self._ask(link, state)
        if len(self._answers) >= _MOST_REMEMBERED:
            self._answers.clear()
        self._answers[person.object_id] = _Answer(admin, state.generation, self._now())
        return admin

    async def _ask(self, link: Link, state: State) -> bool:
        try:
            if APP_ROLE in await self._app_roles(link.object_id, state.generation):
                return True
            if self._zoom_role is not None and link.zoom_id is not None:
                return await self._zoom_role(link.zoom_id)
        except OutsideError as error:
            log.warning("admin_not_known", person=link.object_id, reason=str(error))
        return False


def _is_guest(link: Link) -> bool:
    """Entra writes guests' principal names as user_home.example#EXT#@tenant (its documentation)."""
    return any("#ext#" in address for address in link.addresses)
