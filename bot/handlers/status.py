"""`status`, and the test on the "Connected" card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.explain import agrees, view, why_different
from cards import status as status_cards
from cards import test_it
from cards.build import refreshing
from cards.payload import Verb
from sync.attend import MUST_AUTHORIZE
from sync.engine import TEST_MINUTES
from sync.policy import sentence
from sync.presence import teams_label

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.activity import Card
    from bot.turn import Turn
    from cards.payload import Payloads
    from sync.engine import Engine, Explanation


class StatusHandler:
    """Explains a person's presence to that person.

    `groups_of` gives the Zoom groups of somebody (an object id) who has not connected, as far as
    they are known.
    """

    def __init__(
        self,
        payloads: Payloads,
        engine: Engine,
        groups_of: Callable[[str], Awaitable[frozenset[str]]],
    ) -> None:
        self._payloads = payloads
        self._engine = engine
        self._groups_of = groups_of

    async def status(self, turn: Turn) -> Card:
        """Say what is shown, why, and until when."""
        known = await self._engine.explain(turn.person.object_id)
        if known is None:
            groups = await self._groups_of(turn.person.object_id)
            rule = sentence(self._engine.verdict_without_link(groups))
            card = status_cards.not_connected(self._payloads, turn.card_id, rule_line=rule)
        else:
            shown = view(known, turn.inbound.time_zone)
            card = status_cards.status(self._payloads, turn.card_id, shown)
        who = [turn.person.mri]
        return refreshing(card, self._payloads, turn.card_id, Verb.STATUS_SHOW, who)

    async def test(self, turn: Turn) -> Card:
        """Tell Microsoft "In a call" for five minutes and read back what it shows."""
        known = await self._engine.test(turn.person.object_id)
        if known is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        failure = _failure(known)
        if failure is not None:
            what, next_step = failure
            return test_it.failed(self._payloads, turn.card_id, sentence=what, what_to_do=next_step)
        assert known.shown is not None  # noqa: S101 - a missing look is a failure
        return test_it.result(
            self._payloads,
            turn.card_id,
            read_back=teams_label(known.shown.availability, known.shown.activity),
            technical=f"{known.shown.availability}, {known.shown.activity}",
            ok=agrees(known),
            why=why_different(known),
        )


def _failure(known: Explanation) -> tuple[str, str] | None:
    """What went wrong with a test, and the next step; None when it was carried out."""
    if not known.verdict.on:
        return sentence(known.verdict), "Ask your admin if you want it on."
    if known.state.trouble == MUST_AUTHORIZE:
        return "Microsoft no longer accepts the authorisation you gave.", "Say connect."
    held = known.state.held
    told = held is not None and held.sure and held.pair.interrupts and held.until_ms > known.now_ms
    if told and known.shown is not None:
        return None
    return (
        "Microsoft did not answer in time.",
        f"Wait a minute and test again. The test itself is over after {TEST_MINUTES} minutes.",
    )
