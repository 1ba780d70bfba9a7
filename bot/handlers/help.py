"""`help`, a greeting and other small talk, words that are no command, and the welcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.grammar.commands import COMMANDS, help_lines
from bot.grammar.intents import Privacy
from bot.grammar.small_talk import Courtesy
from bot.teams.activity import Scope
from cards.person import help as help_cards
from cards.person.unasked import welcome
from domain.policy import Reason
from domain.roles import By
from wording import chat
from wording.status import view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.admins import Admins
    from bot.grammar.asides import About
    from bot.grammar.commands import Attached, BadCommand, Unknown
    from bot.grammar.intents import Contact, Greeting, Help, SmallTalk
    from bot.handlers.ports import Engine
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import ShowHelp

_FRIENDLY: Final[Mapping[Courtesy, str]] = {
    Courtesy.THANKS: chat.THANKS,
    Courtesy.OK: chat.OK,
    Courtesy.BYE: chat.BYE,
    Courtesy.NEVER_MIND: chat.NEVER_MIND,
    Courtesy.YES: chat.YES,
    Courtesy.BY_HAND: chat.BY_HAND,
}
_DOES: Final = {spec.name: spec.description for spec in COMMANDS}
_EVERYWHERE: Final = help_cards.help_card(help_lines(), ("status", "connect"))


@dataclass(frozen=True, slots=True)
class HelpHandler:
    """Says what can be said: in somebody's own chat what applies to them, elsewhere everything.

    `privacy_url` is where the privacy page is, `contact` who helps in this organisation.
    """

    admins: Admins
    engine: Engine
    privacy_url: str
    local: bool
    contact: str | None = None

    async def help(self, turn: Turn, _: Help | ShowHelp) -> Card:
        """List the commands."""
        if turn.at.scope is not Scope.PERSONAL:
            return _EVERYWHERE
        verdict = await self.engine.verdict_of(turn.person.object_id)
        lines = help_lines(
            role=(await self.admins.standing(turn.person)).role,
            connected=verdict is not None,
            paused=verdict is not None and verdict.reason is Reason.PAUSED,
        )
        left_out = {"test"}
        if verdict is not None and not verdict.on and verdict.reason is not Reason.PAUSED:
            left_out.add("pause")  # there is nothing to pause while admins have it off
        offers = [word for word, _ in lines if word not in left_out]
        return help_cards.help_card(lines, offers)

    async def greet(self, turn: Turn, _: Greeting) -> Card:
        """Say hello, how it stands, and what to do next; where others read along, only hello."""
        name = turn.person.name
        if turn.at.scope is not Scope.PERSONAL:
            return help_cards.greeting(
                name=name, tone="neutral", sentence=chat.FOR_EVERYBODY, offers=("status", "help")
            )
        known = await self.engine.explain(turn.person.object_id)
        if known is None:
            return help_cards.greeting(
                name=name,
                tone="neutral",
                sentence=chat.NOT_CONNECTED,
                offers=("connect", "help"),
            )
        stands = view(known, turn.inbound.time_zone)
        step = "connect" if stands.link_trouble else "resume" if stands.paused else "status"
        return help_cards.greeting(
            name=name, tone=stands.tone, sentence=stands.sentence, offers=(step, "help")
        )

    async def unknown(self, turn: Turn, said: Unknown) -> Card:
        """Repeat what is no command, with those that may have been meant and that they may use."""
        offers = said.offers
        if "settings" in offers and not await self._is_admin(turn):
            offers = tuple(name for name in offers if name != "settings")
        return help_cards.not_understood(said.text, offers, negated=said.negated)

    async def _is_admin(self, turn: Turn) -> bool:
        """Whether somebody is an admin; where others read along, nobody is shown to be one."""
        if turn.at.scope is not Scope.PERSONAL:
            return False
        return By.ADMIN.lets((await self.admins.standing(turn.person)).role)

    async def about(self, turn: Turn, said: About) -> Card:
        """Say what a command does; what only shows something is shown."""
        does = _DOES.get(said.command)
        if does is None:
            return await self.privacy(turn, Privacy())
        return help_cards.about(said.command, does)

    async def whom_to_ask(self, _: Turn, __: Contact) -> Card:
        """Say who helps."""
        return help_cards.whom_to_ask(self.contact)

    async def small_talk(self, _: Turn, said: SmallTalk) -> Card:
        """Answer with a friendly line."""
        return help_cards.one_line(_FRIENDLY[said.courtesy])

    async def attached(self, _: Turn, __: Attached) -> Card:
        """Answer a file or a picture."""
        return help_cards.one_line(chat.NO_FILES)

    async def privacy(self, _: Turn, __: Privacy) -> Card:
        """Say where it is written what is kept."""
        return help_cards.privacy(url=self.privacy_url)

    async def unclear(self, _: Turn, said: BadCommand) -> Card:
        """Say what of a command was not understood."""
        return help_cards.unclear(
            what=said.what, hint=said.hint, offer=help_cards.offered(said.offer)
        )

    async def welcome(self, turn: Turn) -> Card:
        """Greet somebody who has just got the app."""
        return welcome(name=turn.person.name, local=self.local)
