"""One table from what is said or clicked to whatever answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from bot.grammar.commands import Said
from bot.grammar.words import Saying
from cards.click import CLICKS, BadClick, BadInput, Click, missing
from domain.errors import NotWired
from domain.roles import By

if TYPE_CHECKING:
    from bot.request import Turn
    from cards.build import Card

Intent = Any
"""Something said (`bot.grammar.commands.Said`), or a click."""
A = TypeVar("A", bound=Saying)
C = TypeVar("C", bound=Click)
Handler = Callable[["Turn", Intent], Awaitable["Card"]]
"""Carries an intent out and returns the card that says so."""
Guard = Callable[["Turn", Intent, By, Handler], Awaitable["Card"]]
"""Lets a handler answer, or answers in its place."""


class Dispatch:
    """Every intent and who answers it. `guard` stands before what is not for everybody."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._handlers: dict[type[Any], tuple[Handler, By]] = {}

    def said(self, kind: type[A], handler: Callable[[Turn, A], Awaitable[Card]]) -> None:
        """Let a handler answer a command; who may say it stands with the command."""
        self._handlers[kind] = handler, kind.by

    def clicked(self, kind: type[C], handler: Callable[[Turn, C], Awaitable[Card]]) -> None:
        """Let a handler answer a click; who may press it stands with the click."""
        self._handlers[kind] = handler, kind.by

    def complete(self) -> Dispatch:
        """Make sure that there is an answer to everything. Raises NotWired."""
        possible: set[type[Any]] = {*get_args(Said), *CLICKS.values()}
        missing = sorted(kind.__name__ for kind in possible - self._handlers.keys())
        if missing:
            raise NotWired(", ".join(missing))
        return self

    async def answer(self, turn: Turn, intent: Intent) -> Card:
        """The card that answers. Raises BadClick, BadInput."""
        found = self._handlers.get(type(intent))
        if found is None:
            raise BadClick("nothing answers this")
        handler, by = found

        async def answered(turn: Turn, intent: Intent) -> Card:
            unsaid = missing(intent) if isinstance(intent, Click) else None
            if unsaid is not None:
                raise BadInput(unsaid)
            return await handler(turn, intent)

        if by is By.ANYBODY:
            return await answered(turn, intent)
        return await self._guard(turn, intent, by, answered)
