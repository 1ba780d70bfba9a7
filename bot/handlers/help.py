"""`help`, words that are no command, and the welcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.grammar.commands import Unknown, help_lines
from bot.teams.activity import Scope
from cards.person.help import help_card
from cards.person.welcome import welcome

if TYPE_CHECKING:
    from bot.admins import Admins
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.payload import Payloads


class HelpHandler:
    """Says what can be said."""

    def __init__(self, payloads: Payloads, admins: Admins, *, local: bool) -> None:
        self._payloads = payloads
        self._admins = admins
        self._local = local

    async def help(self, turn: Turn) -> Card:
        """List the commands, or suggest the nearest one."""
        private = turn.at.scope is Scope.PERSONAL
        lines = help_lines(admin=private and await self._admins.is_admin(turn.person))
        said = turn.said
        if isinstance(said, Unknown):
            return help_card(
                self._payloads, turn.card_id, lines, unknown=said.text, nearest=said.nearest
            )
        return help_card(self._payloads, turn.card_id, lines)

    async def welcome(self, turn: Turn) -> Card:
        """Greet somebody who has just got the app."""
        return welcome(self._payloads, turn.card_id, name=turn.person.name, local=self._local)
