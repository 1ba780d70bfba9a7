"""What a handler is given beside what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.teams.activity import ConversationReference, Inbound, Person
    from domain.roles import Role


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of one person.

    `at` is where the answer appears: the person's own chat, or for help where they asked.
    `card_id` is the card that the answer becomes: the one that was clicked, or a new one.
    `clicked` is the card that was clicked; empty: nothing was. `role` is the person's, where what
    they want is not for everybody; `by_zoom`: they have it by a role in Zoom alone.
    """

    inbound: Inbound
    person: Person
    at: ConversationReference
    card_id: str
    clicked: str = ""
    role: Role | None = None
    by_zoom: bool = False
