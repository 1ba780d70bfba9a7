"""`python app.py audit`: the history of the settings, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from launch.lifetime import redis_of
from sync.store.audit import INVITE, REVIVE, AuditLog
from sync.store.connection import connect

if TYPE_CHECKING:
    from service.settings import Settings
    from sync.store.audit import AuditRecord


async def print_history(settings: Settings, *, as_json: bool) -> None:
    """Print every entry, oldest first."""
    async with redis_of(settings) as url:
        client = connect(url, settings.redis_mode)
        try:
            async for record in AuditLog(client).everything():
                click.echo(record.as_json() if as_json else _line(record))
        finally:
            await client.aclose()


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
