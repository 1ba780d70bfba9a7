"""`pause`, `resume`, `style`, and the notice at the first meeting: a person's own choices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.grammar.commands import Command
from bot.grammar.personal import For, Pause, StyleCommand, Until
from cards.payload import BadPayload
from cards.person import notice as person_notice
from cards.person import pause as person_pause
from cards.person import status as status_cards
from cards.person import style as person_style
from domain.policy import FOREVER
from domain.presence import Style
from sync.engine.patience import Patience
from wording.ours import leftover
from wording.status import view
from wording.times import clock_time
from wording.trouble import reason_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.payload import Payloads
    from domain.explanation import Asked
    from sync.engine.engine import Chosen, Engine

MINUTE_MS = 60_000


class PersonalHandler:
    """What people decide for themselves. Pausing always works, locked or not."""

    def __init__(self, payloads: Payloads, engine: Engine) -> None:
        self._payloads = payloads
        self._engine = engine

    async def pause(self, turn: Turn) -> Card:
        """Stop, for a while or until they resume."""
        asked = await self._engine.asked(turn.person.object_id)
        if asked is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        now_ms, here = await self._engine.now_ms(), turn.inbound.time_zone
        until_ms = _until(turn, now_ms, here)
        chosen = await self._engine.choose(
            turn.person.object_id,
            replace(asked.state.personal, paused_until_ms=until_ms),
            not_before_ms=_not_before(asked, now_ms),
        )
        if chosen is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        until = None if until_ms == FOREVER else clock_time(until_ms, now_ms, here)
        effect = _effect(asked, chosen, now_ms, here)
        return person_pause.paused(self._payloads, turn.card_id, until=until, effect=effect)

    async def resume(self, turn: Turn) -> Card:
        """Go on."""
        asked = await self._engine.asked(turn.person.object_id)
        if asked is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        oid, personal, patience = turn.person.object_id, asked.state.personal, Patience()
        now_ms, until = await self._engine.now_ms(), personal.paused_until_ms
        was_paused = until is not None and until > now_ms
        await self._engine.choose(
            oid,
            replace(personal, paused_until_ms=None),
            patience,
            not_before_ms=_not_before(asked, now_ms),
        )
        known = await self._engine.explain(oid, patience)
        if known is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        shown = view(known, turn.inbound.time_zone)
        return person_pause.resumed(
            self._payloads,
            turn.card_id,
            was_paused=was_paused,
            sentence=shown.sentence,
            tone=shown.tone,
        )

    async def style(self, turn: Turn) -> Card:
        """Show the styles, or choose one."""
        oid, wanted = turn.person.object_id, _wanted_style(turn)
        before = await self._engine.verdict_of(oid)
        if before is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        changed = wanted is not None and not before.locked
        asked = await self._engine.asked(oid) if changed else None
        if asked is not None:
            now_ms = await self._engine.now_ms()
            await self._engine.choose(
                oid,
                replace(asked.state.personal, style=Style(wanted) if wanted else None),
                not_before_ms=_not_before(asked, now_ms),
            )
        verdict = await self._engine.verdict_of(oid)
        if verdict is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        level = "your organisation"
        if verdict.group is not None:
            level = f"your group {verdict.group.name}"
        return person_style.style_choice(
            self._payloads,
            turn.card_id,
            current=verdict.style.value,
            own=verdict.own_style,
            locked_by=level if verdict.locked else None,
            changed=changed,
        )

    async def notice_seen(self, turn: Turn) -> Card:
        """They have read that Microsoft shows their meetings now."""
        return person_notice.seen(self._payloads, turn.card_id)


def _not_before(asked: Asked, now_ms: int) -> int | None:
    """When a choice takes effect: at once, or for whoever chooses too often within a minute."""
    return None if asked.allowed else max(asked.state.wait_ms or 0, now_ms + MINUTE_MS)


def _effect(asked: Asked, chosen: Chosen, now_ms: int, here: tzinfo) -> str:
    """What a pause has come to at Microsoft, as far as it has answered."""
    if not asked.allowed:
        return "You have changed it often: what I had set is cleared within a minute."
    state, before = chosen.state, leftover(asked.state, now_ms)
    left = before if state is None else leftover(state, now_ms)
    if left is None and state is None:
        return "What I may have set is being cleared."
    if left is None:
        return person_pause.CLEARED if before else person_pause.NOTHING_SET
    until = clock_time(left.until_ms, now_ms, here)
    if state is None:
        return (
            f"Microsoft has not answered yet: {left.named} is being cleared. It may show until "
            f"{until} at the latest."
        )
    why = "" if state.trouble is None else f" {reason_of(state.trouble_code)}."
    named = left.named[:1].upper() + left.named[1:]
    return f"{named} is not cleared yet and may show until {until}.{why}"


def _until(turn: Turn, now_ms: int, here: tzinfo) -> int:
    """The end of the pause that a command or a button asks for (epoch ms)."""
    if turn.click is not None:
        minutes = person_pause.minutes_of(turn.click.args)
        return FOREVER if minutes == person_pause.UNTIL_RESUMED else now_ms + minutes * MINUTE_MS
    request = turn.said.request if isinstance(turn.said, Command) else None
    until = request.until if isinstance(request, Pause) else None
    match until:
        case For(minutes):
            return now_ms + minutes * MINUTE_MS
        case Until(hour, minute):
            now = datetime.fromtimestamp(now_ms / 1000, tz=here)
            end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            if end <= now:
                end += timedelta(days=1)
            return int(end.timestamp() * 1000)
    return FOREVER


def _wanted_style(turn: Turn) -> str | None:
    """The style asked for; empty: as the organisation has it; None: only to show the choice."""
    if turn.click is not None:
        choice = turn.click.args.get("choice")
        if choice is None:
            return None
        if choice != "" and choice not in set(Style):
            raise BadPayload("a style that is none")
        return str(choice)
    request = turn.said.request if isinstance(turn.said, Command) else None
    return request.style if isinstance(request, StyleCommand) else None
