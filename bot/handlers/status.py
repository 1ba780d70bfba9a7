"""`status`, and the test on the "Connected" card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cards.build import refreshing
from cards.person import status as status_cards
from cards.person import trial as test_it
from cards.person.clicks import ShowStatus
from cards.person.disconnect import still_kept
from domain.explanation import TOO_OFTEN
from wording.figures import clock_time
from wording.look_ups import look_ups_sentence
from wording.ours import agrees, attempt, is_ours, same_label, seen, told, why_different
from wording.policy import rule_words
from wording.status import view
from wording.trial import why_test_failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import tzinfo

    from bot.grammar.intents import Status, Trial
    from bot.handlers.ports import Engine, LookUps
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import RunTest
    from domain.explanation import Explanation


@dataclass(frozen=True, slots=True)
class StatusHandler:
    """Explains a person's presence to that person.

    `groups_of` gives the Zoom groups of somebody (an object id) who has not connected, as far as
    they are known.
    """

    engine: Engine
    groups_of: Callable[[str], Awaitable[frozenset[str]]]
    look_ups: LookUps

    async def status(self, turn: Turn, _: Status | ShowStatus) -> Card:
        """Say what is shown, why, and until when."""
        known = await self.engine.explain(turn.person.object_id)
        if known is None:
            groups = await self.groups_of(turn.person.object_id)
            rule = rule_words(self.engine.verdict_without_link(groups))
            card = status_cards.not_connected(rule_line=rule, still_kept=await self._kept(turn))
        else:
            zone = turn.inbound.time_zone
            card = status_cards.status(view(known, zone), look_ups=await self._looked(known, zone))
        return refreshing(card, ShowStatus(), [turn.person.mri])

    async def _looked(self, known: Explanation, zone: tzinfo) -> str:
        """How often others looked them up, in a sentence; empty: it is not counted yet."""
        link, now_ms = known.link, known.now_ms
        found = await self.look_ups.counted(
            link.object_id, connected_ms=link.connected_ms, now_ms=now_ms
        )
        return "" if found is None else look_ups_sentence(found, now_ms, zone)

    async def _kept(self, turn: Turn) -> str:
        """What is still kept of a person who left and could not be cleared yet."""
        ending = await self.engine.leaving(turn.person.object_id)
        if ending is None or ending.until_ms is None:
            return ""
        now_ms = await self.engine.now_ms()
        return still_kept(ending, clock_time(ending.until_ms, now_ms, turn.inbound.time_zone))

    async def test(self, turn: Turn, _: Trial | RunTest) -> Card:
        """Tell Microsoft "In a call" for five minutes and read back what it shows."""
        known = await self.engine.test(turn.person.object_id)
        if known is None:
            return status_cards.not_connected()
        if known.shown_error == TOO_OFTEN:
            return test_it.not_run()
        failure = why_test_failed(known)
        if failure is not None:
            what, next_step = failure
            said = test_it.failed if known.verdict.on else test_it.off
            return said(sentence=what, what_to_do=next_step)
        accepted = told(known)
        if accepted is None or not accepted.pair.interrupts or attempt(known) is not None:
            return test_it.pending()
        here = turn.inbound.time_zone
        until = clock_time(accepted.until_ms, known.now_ms, here)
        shown = seen(known)
        if shown is None:
            return test_it.unread(accepted, until=until, why=view(known, here).shown_line)
        other = agrees(known) and not is_ours(known)
        return test_it.result(
            accepted,
            shown,
            until=until,
            ok=agrees(known),
            why=same_label(shown) if other else why_different(known),
        )
