"""What people say who they are for: a list of people, a role of theirs, *Not for me*."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import structlog

from bot.identify.flow import Refused
from bot.sign_in.attempt import Outcome
from bot.teams.activity import Person
from cards.settings.change import role_proven
from domain.roles import APP_ROLES, By
from sync.organisation.opting_out import Shown
from sync.redis import keys
from wording import identify as words
from wording.figures import clock_time
from wording.identify import For, NotKnown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiohttp import web

    from bot.desk import Desk
    from bot.identify.flow import Confirming
    from bot.identify.store import Asked, ProvenRoles
    from bot.sign_in.pages import Pages
    from domain.roles import Standing
    from sync.microsoft.id_token import Identity
    from sync.organisation.opting_out import OptingOut, WhatHolds

log = structlog.get_logger(__name__)


class _Linked:
    """What is had by a link of one's own."""

    confirms = False

    async def confirmed(self, who: Identity) -> Outcome:
        """There is nothing to confirm."""
        raise Refused(NotKnown.INCOMPLETE)


@dataclass(frozen=True)
class TakeList(_Linked):
    """A list of people as a file, called `file`, for the admin who asked.

    `standing` says whether they are still an admin; `made` records it and gives the lines.
    """

    name: For
    file: str
    pages: Pages
    standing: Callable[[Person], Awaitable[Standing]]
    made: Callable[[Person], Awaitable[Iterable[str]]]

    def start(self, asked: Asked, ticket: str) -> web.Response:
        """Say whose list it is."""
        return self.pages.list_start(self.name, asked.name, ticket)

    async def known(self, asked: Asked, who: Identity, _: Confirming) -> web.Response:
        """Give the file."""
        person = Person(who.tenant_id, who.object_id, f"29:{who.object_id}", asked.name)
        standing = await self.standing(person)
        if not By.ENTRA_ADMIN.lets(standing.role, by_zoom=standing.by_zoom):
            raise Refused(NotKnown.NOT_ADMIN)
        lines = await self.made(person)
        # A hundred thousand lines take a second.
        body = await asyncio.to_thread(lambda: "".join(lines).encode())
        log.info("list_downloaded", by=person.object_id, list=self.name.value, bytes=len(body))
        return self.pages.file(self.file, body)


@dataclass(frozen=True)
class ShowRole(_Linked):
    """An app role in Entra, for who has no authorisation of their own that would tell it."""

    pages: Pages
    proven: ProvenRoles
    desk: Desk
    name = For.ROLE

    def start(self, asked: Asked, ticket: str) -> web.Response:
        """Say what it is for."""
        return self.pages.role_start(asked.name, ticket)

    async def known(self, asked: Asked, who: Identity, _: Confirming) -> Outcome:
        """Keep the role for some minutes, and say so here and in the chat."""
        name = next((name for name in APP_ROLES if name in who.roles), None)
        if name is None:
            log.info("role_not_proven", person=who.object_id)
            return Outcome(False, *words.NO_ROLE)
        await self.proven.keep(who.object_id, APP_ROLES[name])
        log.info("role_proven", person=who.object_id, role=name)
        minutes = keys.ROLE_TTL // 60
        if asked.conversation is not None:
            try:
                await self.desk.replace(
                    asked.conversation,
                    asked.card_id,
                    role_proven(name, minutes),
                    whose=who.object_id,
                )
            except Exception:  # the page is what the person is looking at
                log.exception("role_not_told", person=who.object_id)
        return Outcome(True, *words.role_shown(name, minutes))


@dataclass(frozen=True)
class SayNo:
    """*Not for me*, without the app. `now_ms` is the clock that all processes share."""

    pages: Pages
    opting_out: OptingOut
    now_ms: Callable[[], Awaitable[int]]
    name = For.NOT_FOR_ME
    confirms = True

    def start(self, asked: Asked, ticket: str) -> web.Response:
        """There is no link."""
        raise Refused(NotKnown.INCOMPLETE)

    async def known(self, asked: Asked, who: Identity, confirming: Confirming) -> web.Response:
        """Say what holds for them, with the button."""
        holds = await self.opting_out.what_holds(who.object_id)
        title, sentence = self._said(holds, await self.now_ms())
        further = [words.OPTED_OUT[1]] if holds.opted_out else []
        if holds.shown is Shown.OPTED_OUT:
            further = [words.UNDO]
        elif holds.shown is Shown.BY_ORGANISATION:
            further.append(words.CAN_END)
        elif holds.shown is Shown.BY_THEMSELVES:
            further.append(words.OWN_GOES_ON)
        return self.pages.what_holds(
            who.name or who.upn,
            title,
            (sentence, *further),
            None if holds.opted_out else confirming,
        )

    async def confirmed(self, who: Identity) -> Outcome:
        """Keep it, and end what is shown."""
        said, until = await self.opting_out.not_for_me(who.object_id), ""
        if said.ending is not None and said.ending.until_ms is not None:
            until = clock_time(said.ending.until_ms, await self.now_ms(), UTC)
        title, sentences = words.said_no(said.ending, until, own_sign_in=said.own_sign_in)
        return Outcome(True, title, (*sentences, words.UNDO))

    @staticmethod
    def _said(holds: WhatHolds, now_ms: int) -> tuple[str, str]:
        match holds.shown:
            case Shown.BY_ORGANISATION:
                return words.BY_ORGANISATION
            case Shown.BY_THEMSELVES:
                return words.BY_THEMSELVES
            case Shown.OPTED_OUT:
                return words.OPTED_OUT
            case Shown.ASKED:
                return words.ASKED
            case Shown.ANNOUNCED:
                return words.announced(holds.starts_ms or now_ms, now_ms)
            case Shown.NOT:
                return words.NOT_STARTED
