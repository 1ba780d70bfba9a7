"""What a handler is given, and what it gives back: a card."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.grammar.commands import BadCommand, Command, Unknown
    from bot.teams.activity import Card, ConversationReference, Inbound, Person
    from cards.payload import Click


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of one person.

    `at` is where the answer appears: the person's own chat, or for help where they asked.
    `card_id` is the card that the answer becomes: the one that was clicked, or a new one.
    """

    inbound: Inbound
    person: Person
    at: ConversationReference
    card_id: str
    said: Command | BadCommand | Unknown | None = None
    click: Click | None = None


Handler = Callable[[Turn], Awaitable["Card"]]
"""Does what was asked and returns the card that says so."""
