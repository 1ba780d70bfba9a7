"""`python app.py audit`: the history of the settings, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.history import CHANGE, MATCH
from launch.redis import client_for_command
from launch.terminal import say
from service.redaction import visible_json
from sync.settings.audit import AuditLog
from sync.settings.rows import ACCOUNT
from wording.figures import people
from wording.history import NOTHING_YET, fields_changed

if TYPE_CHECKING:
    from service.settings import Settings
    from sync.settings.audit import AuditRecord


async def print_history(settings: Settings, *, as_json: bool) -> None:
    """Print every entry, oldest first; without any, say so (not as JSON, of which there is none).

    Raises EmbeddedRedisError, RedisAway.
    """
    records = await _history(settings)
    for record in records:
        say(visible_json(record.as_json()) if as_json else _line(record))
    if not records:
        say(NOTHING_YET, err=as_json)


async def _history(settings: Settings) -> list[AuditRecord]:
    """All of it, before anything is printed: who reads may take their time over it."""
    async with client_for_command(settings) as client:
        return [record async for record in AuditLog(client).everything()]


def _line(record: AuditRecord) -> str:
    who = f"{record.at()}  {record.by.name} ({record.by.actor_id})  {record.kind}"
    what = _what(record)
    done = f"{who}  {record.scope_name}: {what}" if what else f"{who}  {record.scope_name}"
    return f"{done}  reason: {record.reason}" if record.reason else done


def _what(record: AuditRecord) -> str:
    if record.kind in {CHANGE, MATCH}:
        account = record.scope == ACCOUNT
        fields = fields_changed(record.kind, record.old, record.new, account=account)
        return ", ".join(f"{name}: {before} -> {after}" for name, before, after in fields)
    count = (record.new or {}).get("people")
    return people(count) if isinstance(count, int) else ""
