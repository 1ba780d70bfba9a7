"""`pause`, `resume`, `style`, and the notice at the first meeting: a person's own choices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.commands import Command
from bot.explain import clock_time, view
from bot.personal_words import For, Pause, StyleCommand, Until
from cards import person_notice, person_pause, person_style
from cards import status as status_cards
from cards.payload import BadPayload
from sync.policy import FOREVER
from sync.presence import Style

if TYPE_CHECKING:
    from datetime import tzinfo

    from bot.activity import Card
    from bot.turn import Turn
    from cards.payload import Payloads
    from sync.engine import Engine
    from sync.policy import Personal

MINUTE_MS = 60_000


class PersonalHandler:
    """What people decide for themselves. Pausing always works, locked or not."""

    def __init__(self, payloads: Payloads, engine: Engine) -> None:
        self._payloads = payloads
        self._engine = engine

    async def pause(self, turn: Turn) -> Card:
        """Stop, for a while or until they resume."""
        personal = await self._personal(turn)
        if personal is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        now_ms, here = await self._engine.now_ms(), turn.inbound.time_zone
        until_ms = _until(turn, now_ms, here)
        await self._engine.choose(
            turn.person.object_id, replace(personal, paused_until_ms=until_ms)
        )
        until = None if until_ms == FOREVER else clock_time(until_ms, now_ms, here)
        return person_pause.paused(self._payloads, turn.card_id, until=until)

    async def resume(self, turn: Turn) -> Card:
        """Go on."""
        personal = await self._personal(turn)
        if personal is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        oid, until = turn.person.object_id, personal.paused_until_ms
        was_paused = until is not None and until > await self._engine.now_ms()
        await self._engine.choose(oid, replace(personal, paused_until_ms=None))
        known = await self._engine.explain(oid)
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
        personal = await self._personal(turn)
        if personal is None:
            return status_cards.not_connected(self._payloads, turn.card_id)
        oid = turn.person.object_id
        wanted = _wanted_style(turn)
        before = await self._engine.verdict_of(oid)
        changed = wanted is not None and not (before is not None and before.locked)
        if changed:
            await self._engine.choose(
                oid, replace(personal, style=Style(wanted) if wanted else None)
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

    async def _personal(self, turn: Turn) -> Personal | None:
        known = await self._engine.link_of(turn.person.object_id)
        return None if known is None else known[1].personal


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
