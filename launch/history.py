"""`python app.py audit`: the history of the settings, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.redis import client_for_command
from launch.terminal import say
from service.redaction import visible_json
from sync.settings.audit import INVITE, REVIVE, AuditLog

if TYPE_CHECKING:
    from service.settings import Settings
    from sync.settings.audit import AuditRecord


async def print_history(settings: Settings, *, as_json: bool) -> None:
    """Print every entry, oldest first. Raises EmbeddedRedisError, RedisAway."""
    for record in await _history(settings):
        say(visible_json(record.as_json()) if as_json else _line(record))


async def _history(settings: Settings) -> list[AuditRecord]:
    """All of it, before anything is printed: who reads may take their time over it."""
    async with client_for_command(settings) as client:
        return [record async for record in AuditLog(client).everything()]


def _line(record: AuditRecord) -> str:
    before, after = record.old or {}, record.new or {}
    who = f"{record.at()}  {record.by.name} ({record.by.actor_id})  {record.kind}"
    if record.kind == INVITE or (record.kind == REVIVE and after):
        return f"{who}  {record.scope_name}: {after.get('people')} people"
    names = [*before, *(name for name in after if name not in before)]
    changed = ", ".join(
        f"{name}: {before.get(name)} -> {after.get(name)}"
        for name in names
        if before.get(name) != after.get(name)
    )
    what = f"{record.scope_name}: {changed}" if changed else record.scope_name
    return f"{who}  {what}"
