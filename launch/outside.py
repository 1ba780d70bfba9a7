"""Connections to everything outside this process, made from the settings."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.sign_in.requests import CALLBACK, CONSENT_CALLBACK
from service import tls
from sync.connect.vault import Vault
from sync.microsoft.authorization import Authorization
from sync.microsoft.profiles import Profiles
from sync.redis.connection import connect, connect_listener
from sync.redis.scripts import Scripts
from sync.zoom.api import ZoomApi
from sync.zoom.tokens import ZoomTokenShelf

if TYPE_CHECKING:
    import ssl
    from contextlib import AsyncExitStack

    from pydantic import SecretStr

    from service.settings import Settings


ZOOM_LISTS_PER_SECOND = 10.0
"""Requests of the directory at most, beside ZOOM_PER_SECOND about people's presence. Without that
setting both together are the 20 that Zoom allows a Pro account for requests of medium weight; a
Business account has 60, and all apps of an account share that (Zoom documentation, "Rate limits").
"""

BOT_SCOPE = "https://api.botframework.com/.default"


@dataclass(frozen=True, slots=True)
class Outside:
    """Connections to everything outside this process.

    `authorization` is for people and the bot, `organisation` for the organisation's own token:
    they differ where a second registration has it.
    """

    redis: Any
    listener: Any
    scripts: Scripts
    trusted: ssl.SSLContext | None
    graph: aiohttp.ClientSession
    zoom: aiohttp.ClientSession
    channel: aiohttp.ClientSession
    authorization: Authorization
    organisation: Authorization
    profiles: Profiles

    async def warm_up(self) -> None:
        """Read whom we trust now, in a thread; else the first connection to outside does."""
        await asyncio.to_thread(tls.read_authorities, self.trusted)


async def open_outside(settings: Settings, redis_url: str, stack: AsyncExitStack) -> Outside:
    """Make the clients; nothing is sent yet. They are closed by the stack."""
    redis = connect(redis_url, settings.redis_mode)
    stack.push_async_callback(redis.aclose)
    listener = connect_listener(redis_url)
    stack.push_async_callback(listener.aclose)
    context = tls.context_if_named(os.environ)

    async def session(limit: int) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=limit, ssl=context or True)
        return await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        )

    people = login_service(settings, stack)
    return Outside(
        redis=redis,
        listener=listener,
        scripts=Scripts(redis),
        trusted=context,
        graph=await session(limit=150),
        zoom=await session(limit=20),
        channel=await session(limit=50),
        authorization=people,
        organisation=organisation_login(settings, stack) or people,
        profiles=Profiles(settings.graph_url, context),
    )


def login_service(settings: Settings, stack: AsyncExitStack) -> Authorization:
    """Make the client of Microsoft's login service; nothing is sent yet. Closed by the stack."""
    secret = settings.microsoft_app_password
    return _login_service(settings, stack, settings.microsoft_app_id, secret)


def organisation_login(settings: Settings, stack: AsyncExitStack) -> Authorization | None:
    """The same for the second registration; None: there is none."""
    client_id, secret = settings.organisation_client_id, settings.organisation_client_secret
    if not client_id or secret is None:
        return None
    return _login_service(settings, stack, client_id, secret)


def _login_service(
    settings: Settings, stack: AsyncExitStack, client_id: str, secret: SecretStr
) -> Authorization:
    authorization = Authorization(
        client_id=client_id,
        client_secret=secret.get_secret_value(),
        tenant_id=settings.microsoft_app_tenant_id,
        login_url=settings.microsoft_login_url,
        scopes=settings.graph_scopes,
        redirect_uri=redirect_address(settings),
        verify=tls.requests_verify(os.environ, settings.data_dir),
    )
    stack.callback(authorization.close)
    return authorization


def redirect_address(settings: Settings) -> str:
    """Where Microsoft sends people back to."""
    return settings.public_url + CALLBACK


def consent_address(settings: Settings) -> str:
    """Where Microsoft sends back whoever was asked to consent for the organisation."""
    return settings.public_url + CONSENT_CALLBACK


def zoom_api(settings: Settings, outside: Outside) -> ZoomApi | None:
    """Zoom's API, None when its credentials are not set: then presence is known from events."""
    if not settings.zoom_account_id or not settings.zoom_client_id:
        return None
    if settings.zoom_client_secret is None:
        return None
    shelf = ZoomTokenShelf(
        outside.redis,
        Vault(settings.token_key_list),
        owner=f"{settings.zoom_account_id} {settings.zoom_client_id}",
    )
    return ZoomApi(
        outside.zoom,
        oauth_url=settings.zoom_oauth_url,
        api_url=settings.zoom_api_url,
        account_id=settings.zoom_account_id,
        client_id=settings.zoom_client_id,
        client_secret=settings.zoom_client_secret.get_secret_value(),
        now=time.monotonic,
        shelf=shelf,
    )
