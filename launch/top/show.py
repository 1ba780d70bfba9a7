"""`python app.py top`: a live view for whoever runs it, anew every few seconds.

`readers` reads, `figures` makes figures of it, `lines` lines; here they meet a terminal.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import aiohttp
from rich.console import Console, Group
from rich.live import Live

from launch.lifetime import until_signal
from launch.top.figures import Views
from launch.top.lines import lines_of
from launch.top.readers import PageReader, Reader, RedisReader, page_here
from service import logs, tls

if TYPE_CHECKING:
    from launch.top.figures import View
    from service.settings import Settings


async def top(settings: Settings, *, metrics: str | None, every: float, once: bool) -> bool:
    """Show it until Ctrl-C, or once: then False when Redis did not answer.

    `metrics` is the address of a process's page, None: see `page_here`. Without a terminal one
    picture is printed.
    """
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    if metrics is None:
        metrics, token = page_here(settings)
    console = Console(highlight=False, soft_wrap=False)
    log = io.StringIO()
    # What is logged while we read belongs into the picture, not across it.
    logs.configure("text", "warning", log, secrets=settings.secret_texts)
    async with AsyncExitStack() as stack:
        redis = RedisReader(settings)
        stack.push_async_callback(redis.aclose)
        page = None
        if metrics is not None:
            connector = aiohttp.TCPConnector(ssl=tls.client_context(os.environ))
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            page = PageReader(session, metrics, token)
        reader, views = Reader(redis, page, log), Views()
        if once or not sys.stdout.isatty() or console.is_dumb_terminal:
            view = views.take(await reader.read())
            console.print(_picture(view, console, None))
            return view.snapshot.no_stored is None
        async with until_signal():
            await _live(reader, views, console, every)
    return True


async def _live(reader: Reader, views: Views, console: Console, every: float) -> None:
    """Show one picture after another, each in the place of the one before, for ever."""
    snapshot = await reader.read()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(_picture(views.take(snapshot), console, every), refresh=True)
            await asyncio.sleep(every)
            snapshot = await reader.read()


def _picture(view: View, console: Console, every: float | None) -> Group:
    return Group(*lines_of(view, every=every, ascii_only=console.options.ascii_only))
