"""`help`, words that are no command, and the welcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.grammar.commands import BadCommand, Help, Unknown, help_lines
from bot.teams.activity import Scope
from cards.person.help import help_card, unclear
from cards.person.unasked import welcome

if TYPE_CHECKING:
    from bot.admins import Admins
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import ShowHelp

_LINES = {admin: help_lines(admin=admin) for admin in (False, True)}
_LISTS = {admin: help_card(lines) for admin, lines in _LINES.items()}


@dataclass(frozen=True, slots=True)
class HelpHandler:
    """Says what can be said; the admins' commands to admins in their own chat only."""

    admins: Admins
    local: bool

    async def help(self, turn: Turn, said: Help | Unknown | ShowHelp) -> Card:
        """List the commands, or suggest the nearest one."""
        private = turn.at.scope is Scope.PERSONAL
        admin = private and await self.admins.is_admin(turn.person)
        if isinstance(said, Unknown):
            return help_card(_LINES[admin], unknown=said.text, nearest=said.nearest)
        return _LISTS[admin]

    async def unclear(self, _: Turn, said: BadCommand) -> Card:
        """Say what of a command was not understood."""
        return unclear(what=said.what, hint=said.hint)

    async def welcome(self, turn: Turn) -> Card:
        """Greet somebody who has just got the app."""
        return welcome(name=turn.person.name, local=self.local)
