"""`pause`, `resume`, `style`, and the notice at the first meeting: a person's own choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from bot.grammar.asides import WhichPause
from bot.grammar.ends import CHOOSE, IN_WHICH_HALF, For, Until, both_ends, end_of
from bot.grammar.personal import StyleCommand
from bot.grammar.words import NotUnderstood
from cards.person import choices as choice_cards
from cards.person import status as status_cards
from cards.person import unasked as unasked_cards
from cards.person.clicks import UNTIL_RESUMED, ChooseOwnStyle, StartPause, UseStyle
from cards.person.help import unclear
from domain.clock import MINUTE
from domain.policy import FOREVER
from sync.engine.patience import Patience
from wording.figures import clock_time, length
from wording.ours import pause_effect
from wording.policy import STYLES, own_level
from wording.status import view

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import tzinfo

    from bot.grammar.ends import When
    from bot.grammar.intents import Resume
    from bot.grammar.personal import Pause
    from bot.handlers.ports import Engine
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import EndPause, NoticeSeen, ShowStyles
    from domain.explanation import Admission
    from domain.policy import Personal
    from domain.presence import Style
    from sync.engine.engine import Chosen


@dataclass(frozen=True, slots=True)
class PersonalHandler:
    """What people decide for themselves. Pausing always works, locked or not."""

    engine: Engine
    may_choose: Callable[[Style], Awaitable[bool]]
    """Whether every process knows this style by now, so that it may be stored."""

    async def pause(self, turn: Turn, wanted: Pause | StartPause) -> Card:
        """Stop, for a while or until they resume."""
        admitted = await self.engine.admit(turn.person.object_id)
        if admitted is None:
            return status_cards.not_connected()
        now_ms, here = await self.engine.now_ms(), turn.inbound.time_zone
        ends = _ends_of(wanted, now_ms, here)
        if len(ends) > 1:
            return await self.which(turn, WhichPause(IN_WHICH_HALF, CHOOSE, ends))
        try:
            until_ms = _until(wanted, now_ms, here)
        except NotUnderstood as error:
            return unclear(what=error.what, hint=error.hint)
        if until_ms <= now_ms:
            return choice_cards.pause_is_over(until=clock_time(until_ms, now_ms, here))
        paused = replace(admitted.state.personal, paused_until_ms=until_ms)
        chosen = await self._choose(admitted, paused, now_ms)
        if chosen is None:
            return status_cards.not_connected()
        until = None if until_ms == FOREVER else clock_time(until_ms, now_ms, here)
        before, after = admitted.state, chosen.state
        effect = pause_effect(before, after, now_ms, here, allowed=admitted.allowed)
        return choice_cards.paused(until=until, effect=effect)

    async def which(self, turn: Turn, said: WhichPause) -> Card:
        """Have a pause chosen among those that may have been meant, the soonest end first."""
        if not await self.engine.is_connected(turn.person.object_id):
            return status_cards.not_connected()
        now_ms, here = await self.engine.now_ms(), turn.inbound.time_zone
        ends = list[tuple[int, str, StartPause]]()
        pause = "Pause " if len(said.choices) == 1 else ""  # else the question says it
        for choice in said.choices:
            try:
                at_ms = _end(choice, now_ms, here)
            except NotUnderstood:  # its time has passed
                continue
            if isinstance(choice, For):
                stretch = f"{pause}for {length(choice.minutes)}"
                ends.append((at_ms, _capital(stretch), StartPause(choice.minutes)))
            else:
                until = f"{pause}until {clock_time(at_ms, now_ms, here)}"
                ends.append((at_ms, _capital(until), StartPause(until_ms=at_ms)))
        ends.sort(key=itemgetter(0))
        return choice_cards.which_pause(
            what=said.what, hint=said.hint, ends=[(title, click) for _, title, click in ends]
        )

    async def resume(self, turn: Turn, _: Resume | EndPause) -> Card:
        """Go on."""
        admitted = await self.engine.admit(turn.person.object_id)
        if admitted is None:
            return status_cards.not_connected()
        patience, personal = Patience(), admitted.state.personal
        now_ms, until = await self.engine.now_ms(), personal.paused_until_ms
        await self._choose(admitted, replace(personal, paused_until_ms=None), now_ms, patience)
        known = await self.engine.explain(turn.person.object_id, patience)
        if known is None:
            return status_cards.not_connected()
        shown, was_paused = view(known, turn.inbound.time_zone), (until or 0) > now_ms
        return choice_cards.resumed(was_paused=was_paused, sentence=shown.sentence, tone=shown.tone)

    async def style(
        self, turn: Turn, wanted: StyleCommand | ChooseOwnStyle | UseStyle | ShowStyles
    ) -> Card:
        """Show the styles, or choose one; one with a caution is asked about before.

        That holds as well where the organisation has such a style, and they want to follow it.
        """
        oid, chosen = turn.person.object_id, _chosen_style(wanted)
        before = await self.engine.verdict_of(oid)
        if before is None:
            return status_cards.not_connected()
        changed = chosen is not None and not before.locked
        later = {style for style in STYLES if not await self.may_choose(style)}
        if changed and chosen is not None and chosen.style in later:
            return choice_cards.style_not_yet(chosen.style, before.style)
        if changed and isinstance(chosen, ChooseOwnStyle):
            becomes = before.level_style if chosen.style is None else chosen.style
            if STYLES[becomes].caution and becomes is not before.style:
                return choice_cards.style_warning(chosen.style, becomes)
        admitted = await self.engine.admit(oid) if changed else None
        if admitted is not None and chosen is not None:
            own = replace(admitted.state.personal, style=chosen.style)
            await self._choose(admitted, own, await self.engine.now_ms())
        verdict = await self.engine.verdict_of(oid)
        if verdict is None:
            return status_cards.not_connected()
        return choice_cards.style_choice(
            current=verdict.style,
            own=verdict.own_style,
            locked_by=own_level(verdict) if verdict.locked else None,
            changed=changed,
            later=later - {verdict.style},
        )

    async def notice_seen(self, _: Turn, __: NoticeSeen) -> Card:
        """Put away the notice that Microsoft shows their meetings now."""
        return unasked_cards.seen()

    async def _choose(
        self, admitted: Admission, personal: Personal, now_ms: int, patience: Patience | None = None
    ) -> Chosen | None:
        """Keep a choice; where a person chooses too often, it takes effect within a minute."""
        state = admitted.state
        not_before = None if admitted.allowed else max(state.wait_ms or 0, now_ms + MINUTE)
        return await self.engine.choose(
            state.object_id, personal, patience, not_before_ms=not_before
        )


def _until(wanted: Pause | StartPause, now_ms: int, here: tzinfo) -> int:
    """The end of the pause that a command or a button asks for (epoch ms)."""
    if isinstance(wanted, StartPause):
        if wanted.until_ms is not None:
            return wanted.until_ms
        forever = wanted.minutes == UNTIL_RESUMED
        return FOREVER if forever else now_ms + wanted.minutes * MINUTE
    return FOREVER if wanted.until is None else _end(wanted.until, now_ms, here)


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _ends_of(wanted: Pause | StartPause, now_ms: int, here: tzinfo) -> tuple[Until, ...]:
    """The times of day that a command may mean; empty: it names none."""
    if isinstance(wanted, StartPause) or not isinstance(wanted.until, Until):
        return ()
    try:
        return both_ends(wanted.until, datetime.fromtimestamp(now_ms / 1000, tz=here))
    except NotUnderstood:
        return ()


def _end(when: When, now_ms: int, here: tzinfo) -> int:
    """When this is (epoch ms). Raises NotUnderstood where it is past, or too far away."""
    if isinstance(when, For):
        return now_ms + when.minutes * MINUTE
    return int(end_of(when, datetime.fromtimestamp(now_ms / 1000, tz=here)).timestamp() * 1000)


def _chosen_style(
    wanted: StyleCommand | ChooseOwnStyle | UseStyle | ShowStyles,
) -> ChooseOwnStyle | UseStyle | None:
    """The choice that a command or a button makes; None: only to show the styles."""
    if isinstance(wanted, StyleCommand):
        return None if wanted.style is None else ChooseOwnStyle(wanted.style)
    return wanted if isinstance(wanted, ChooseOwnStyle | UseStyle) else None
