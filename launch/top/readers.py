"""`python app.py top`: reading Redis and the metrics of a process. Changes nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import aiohttp

from bot.invite.store import InvitationStore
from launch.gauges import SharedSource
from launch.top.figures import Page, Progress, Snapshot, Stored, read_page
from service.embedded_redis import running_redis
from service.settings import LOCAL_METRICS_PORT
from sync.directory.store import DirectoryStore
from sync.engine.people import PeopleStore
from sync.engine.quota import Quota
from sync.feed.store import FeedStore
from sync.readback.store import ReadbackStore
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE, connect, raise_if_cancelled
from sync.redis.scripts import Scripts
from sync.settings.rollout import RolloutStore
from sync.upgrade.data_version import OtherData, check_rows

if TYPE_CHECKING:
    import io
    from collections.abc import Awaitable

    from service.settings import Settings
    from sync.redis.connection import Client

Read = TypeVar("Read")

_HOW = (
    "METRICS_PORT opens its metrics to this machine, set for the process and here; --metrics names "
    "another one"
)
PAGE_SECONDS = 2.0
"""How long a process may take to answer."""
PAGE_LIMIT = 4 * 1024 * 1024


def metrics_address(text: str) -> str:
    """The address of a metrics page; `/metrics` may be left out. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address is wanted, such as http://worker-1:9090/metrics")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the address must hold nothing but host, port and path")
    return text if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/metrics"


def page_here(settings: Settings) -> tuple[str | None, str | None]:
    """The address of the page of the process on this machine, and the token that it wants.

    That of METRICS_PORT; else, with METRICS_TOKEN, that of PORT; else that of local mode. None when
    the system chose the port.
    """
    port, token = settings.metrics_port, None
    if port is None and settings.metrics_token:
        port, token = settings.port, settings.metrics_token.get_secret_value()
    elif port is None:
        port = LOCAL_METRICS_PORT
    return (f"http://127.0.0.1:{port}/metrics" if port else None), token


class Unread(Exception):
    """Something could not be read; the text is a sentence for the operator."""


class RedisReader:
    """Reads what all processes share. Follows an embedded Redis that starts anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: tuple[str, Client] | None = None

    async def read(self) -> Stored:
        """Read it now. Raises Unread."""
        url = self._url()
        try:
            return await self._read(await self._client(url))
        except REDIS_TROUBLE as error:
            raise_if_cancelled()
            raise Unread(f"doesn't answer ({type(error).__name__})") from error

    async def aclose(self) -> None:
        """Close the connection."""
        opened, self._open = self._open, None
        if opened is not None:
            await opened[1].aclose()

    def _url(self) -> str:
        if self._settings.redis_url is not None:
            return self._settings.redis_url.get_secret_value()
        url = running_redis(self._settings.data_dir)
        if url is None:
            raise Unread(
                f"no Presence Bridge runs on {self._settings.data_dir}; "
                "for another one set DATA_DIR or REDIS_URL"
            )
        return url

    async def _client(self, url: str) -> Client:
        if self._open is None or self._open[0] != url:
            await self.aclose()
            self._open = url, connect(url, self._settings.redis_mode)
        return self._open[1]

    async def _read(self, client: Client) -> Stored:
        try:
            await check_rows(client)
        except OtherData as error:
            raise Unread(str(error)) from error
        scripts = Scripts(client)
        source = SharedSource(
            PeopleStore(client, scripts),
            Quota(client, scripts),
            DirectoryStore(client, scripts, configured=self._settings.zoom_api_configured),
            FeedStore(client, scripts),
            ReadbackStore(client, scripts),
        )
        shared = await source.read()
        work = [
            Progress("change of settings", rollout.total - left, rollout.total, rollout.failed)
            for rollout, left in await RolloutStore(client).progress()
        ]
        work += [
            Progress("invitations", mailing.total - tally.left, mailing.total, tally.unreachable)
            for mailing, tally in await InvitationStore(client).progress()
        ]
        paused = await client.pttl(keys.QUOTA_PAUSE)
        return Stored(shared, work, max(0, paused) / 1000)


class PageReader:
    """Reads `/metrics` of a process. `token` is METRICS_TOKEN."""

    def __init__(self, session: aiohttp.ClientSession, address: str, token: str | None) -> None:
        self._session = session
        self.address = address
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def read(self) -> Page:
        """Read it now. Raises Unread."""
        try:
            async with (
                asyncio.timeout(PAGE_SECONDS),
                self._session.get(
                    self.address, headers=self._headers, allow_redirects=False
                ) as answer,
            ):
                if answer.status in {401, 404}:
                    raise Unread("does not show its metrics: METRICS_TOKEN must be the same here")
                if answer.status != 200:
                    raise Unread(f"answers with HTTP {answer.status}")
                at, body = time.time(), bytearray()
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > PAGE_LIMIT:
                        raise Unread("answers with something else than metrics")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            what = f"doesn't answer ({type(error).__name__}): {_HOW}"
            raise Unread(what) from error
        try:
            return read_page(body.decode(), at)
        except ValueError as error:
            raise Unread("answers with something else than metrics of Presence Bridge") from error


async def _or_why(reading: Awaitable[Read]) -> tuple[Read | None, str | None]:
    """What was read, or why it could not be."""
    try:
        return await reading, None
    except Unread as trouble:
        return None, str(trouble)


async def _nothing() -> None:
    """Where nothing is asked."""


class Reader:
    """Reads both at once. `log` takes the log lines that the reading gives rise to."""

    def __init__(self, redis: RedisReader, page: PageReader | None, log: io.StringIO) -> None:
        self._redis = redis
        self._page = page
        self._log = log

    async def read(self) -> Snapshot:
        """Read everything now; what can't be read is said in it."""
        (stored, no_stored), (page, no_page) = await asyncio.gather(
            _or_why(self._redis.read()), _or_why(self._page.read() if self._page else _nothing())
        )
        complaints = self._log.getvalue().splitlines()
        self._log.seek(0)
        self._log.truncate()
        return Snapshot(
            at=time.time(),
            stored=stored,
            no_stored=no_stored,
            address=None if self._page is None else self._page.address,
            page=page,
            no_page=no_page,
            complaints=complaints,
        )
