"""*Not for me*, wherever somebody says it: in the chat, or on a page without the app."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from domain.coverage import How, starts_ms
from domain.policy import AuthorisedBy
from sync.engine.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

    from domain.coverage import Announcement
    from domain.link import Ending, Link
    from domain.person import PersonState
    from sync.engine.patience import Background


class Engine(Protocol):
    """Connected people, by object id (sync.engine.engine)."""

    async def link_of(self, object_id: str) -> tuple[Link, PersonState] | None:
        """Their link, and what is known of them."""

    async def leaving(self, object_id: str) -> Ending | None:
        """How it stands with somebody who left and could not be cleared yet; None: nobody."""

    async def disconnect(self, object_id: str) -> Ending | None:
        """Clear what we wrote and forget them."""


class OptOuts(Protocol):
    """Who said it (sync.organisation.opt_outs)."""

    async def add(self, object_id: str, zoom_id: str | None) -> None:
        """Somebody says it."""

    async def has(self, object_id: str, zoom_id: str | None) -> bool:
        """Whether they have."""


class Announcements(Protocol):
    """Who was told (sync.organisation.announcements)."""

    async def of(self, people: Sequence[str]) -> Mapping[str, Announcement]:
        """What is kept of these people."""


class Shown(StrEnum):
    """What holds for somebody now, as far as the organisation's authorisation goes."""

    BY_ORGANISATION = "by_organisation"
    BY_THEMSELVES = "by_themselves"  # connected by a sign-in of their own
    OPTED_OUT = "opted_out"
    ASKED = "asked"  # told, and it starts only if they choose Start
    ANNOUNCED = "announced"  # told, and it starts without them
    NOT = "not"


@dataclass(frozen=True, slots=True)
class WhatHolds:
    """What holds for somebody. `starts_ms`: when it starts at the earliest (ANNOUNCED; epoch ms).

    `opted_out`: they have said it, whatever else holds.
    """

    shown: Shown
    starts_ms: int | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class SaidNo:
    """What came of it.

    `ending`: of what was shown, None: nothing was. `own_sign_in`: they are connected by a sign-in
    of their own, which this does not end.
    """

    ending: Ending | None
    own_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class OptingOut:
    """Says what holds for somebody, and keeps that they don't want it.

    `zoom_id_of` gives the Zoom user of somebody who is not connected, as far as it can be found
    out. `left` hears who (an object id) ends what was shown.
    """

    engine: Engine
    opt_outs: OptOuts
    announcements: Announcements
    zoom_id_of: Callable[[str], Coroutine[object, object, str | None]]
    background: Background
    left: Callable[[str], Awaitable[None]]

    async def was_told(self, object_id: str) -> bool:
        """Whether somebody was told that the organisation authorises it."""
        return bool(await self.announcements.of([object_id]))

    async def what_holds(self, object_id: str) -> WhatHolds:
        """What holds for somebody now. Raises AdminMustAct where opt-outs can't be read."""
        known = await self.engine.link_of(object_id)
        said_no = await self.opt_outs.has(object_id, None if known is None else known[0].zoom_id)
        if known is not None:
            own = known[1].authorised_by is AuthorisedBy.PERSON
            shown = Shown.BY_THEMSELVES if own else Shown.BY_ORGANISATION
            return WhatHolds(shown, opted_out=said_no)
        if said_no:
            return WhatHolds(Shown.OPTED_OUT, opted_out=True)
        told = (await self.announcements.of([object_id])).get(object_id)
        if told is None:
            return WhatHolds(Shown.NOT)
        if told.how is How.ASKED:
            return WhatHolds(Shown.ASKED)
        return WhatHolds(Shown.ANNOUNCED, starts_ms(told))

    async def not_for_me(self, object_id: str) -> SaidNo:
        """Keep that somebody does not want it, and end what is shown because of it."""
        known = await self.engine.link_of(object_id)
        zoom_id = await self._zoom_id(object_id) if known is None else known[0].zoom_id
        # First: from here on nobody can start it, whatever becomes of the rest.
        await self.opt_outs.add(object_id, zoom_id)
        if known is None:  # or a round has just started them
            known = await self.engine.link_of(object_id)
        if known is None:
            return SaidNo(await self.engine.leaving(object_id))
        if known[1].authorised_by is AuthorisedBy.PERSON:
            return SaidNo(None, own_sign_in=True)
        await self.left(object_id)
        return SaidNo(await self.engine.disconnect(object_id))

    async def _zoom_id(self, object_id: str) -> str | None:
        try:
            return await self.background.within(Patience(), self.zoom_id_of(object_id))
        except TimeoutError:
            return None
