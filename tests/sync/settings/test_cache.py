"""Every process soon knows what admins decided."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.policy import Form, Policy
from sync.redis import channels, keys
from sync.redis.connection import connect_listener
from sync.redis.duties import COVERAGE
from sync.redis.scripts import Scripts
from sync.settings.rows import FORMS
from sync.settings.store import SettingsCache, SettingsStore
from tests.doubles.duties import Sleeper, every
from tests.doubles.redis import RedisServer, eventually, open_client
from tests.doubles.settings import ADA, OFF, ON, of_account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from sync.redis.connection import Client


@pytest.fixture
async def store(redis: Client) -> SettingsStore:
    store = SettingsStore(redis, Scripts(redis))
    await store.start(on=True)
    return store


async def _is(fact: bool) -> bool:
    return fact


@contextlib.asynccontextmanager
async def following(server: RedisServer, look_every: float) -> AsyncIterator[SettingsCache]:
    """Another process: its own connections, its own memory."""
    client, listener = open_client(server), connect_listener(server.url)
    cache = SettingsCache(SettingsStore(client, Scripts(client)), listener)
    await cache.load()

    tasks = [
        asyncio.create_task(cache.work.run(wait=every(look_every))),
        asyncio.create_task(cache.news.run()),
    ]
    try:
        yield cache
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await listener.aclose()
        await client.aclose()


async def subscribed(client: Redis) -> bool:
    return bool((await client.pubsub_numsub(channels.SETTINGS_CHANGED))[0][1])


def knows(cache: SettingsCache, policy: Policy) -> bool:
    return cache.current() == policy


async def test_a_change_is_told_to_other_processes(
    store: SettingsStore, redis: Client, redis_server: RedisServer
) -> None:
    async with following(redis_server, look_every=3600) as cache:
        assert cache.current() == Policy(ON, version=1)
        await eventually(lambda: subscribed(redis))
        outcome = await store.save(of_account(OFF), expected=1, by=ADA)
        await eventually(lambda: _is(knows(cache, outcome.policy)))


async def test_a_lost_message_is_made_up_for(
    store: SettingsStore, redis: Client, redis_server: RedisServer
) -> None:
    async with following(redis_server, look_every=0.02) as cache:
        policy = replace(await store.read(), account=OFF, version=2)
        await redis.hset(keys.SETTINGS, mapping={"account": FORMS.dump(OFF), "version": 2})
        await eventually(lambda: _is(knows(cache, policy)))


async def test_a_wanted_version_is_read_at_once(store: SettingsStore, redis: Client) -> None:
    cache = SettingsCache(SettingsStore(redis, Scripts(redis)), redis)
    await cache.load()
    outcome = await store.save(of_account(OFF), expected=1, by=ADA)
    assert cache.current().version == 1
    assert await cache.at_least(1) == Policy(ON, version=1)
    assert await cache.at_least(2) == outcome.policy == cache.current()


async def test_who_goes_by_it_is_woken_by_a_change(store: SettingsStore, redis: Client) -> None:
    cache = SettingsCache(SettingsStore(redis, Scripts(redis)), redis)
    cache.wakes.append(coverage := Sleeper(COVERAGE))
    await cache.load()
    await cache.load()
    assert coverage.woken == 1
    await store.save(of_account(OFF), expected=1, by=ADA)
    await cache.work.step()
    await cache.work.step()
    assert coverage.woken == 2


async def test_nothing_is_decided_before_the_settings_are_known(redis: Client) -> None:
    cache = SettingsCache(SettingsStore(redis, Scripts(redis)), redis)
    with pytest.raises(RuntimeError, match="not loaded"):
        cache.current()


async def test_without_redis_the_last_word_counts_until_it_is_back(
    own_redis: RedisServer,
) -> None:
    client = open_client(own_redis)
    store = SettingsStore(client, Scripts(client))
    await store.start(on=True)
    with capture_logs() as logs:
        async with following(own_redis, look_every=0.02) as cache:
            own_redis.kill()
            await eventually(lambda: _is(bool(logs)))
            assert cache.current() == Policy(ON, version=1)
            own_redis.start()
            await client.connection_pool.disconnect()
            await store.start(on=False)  # this server forgot everything
            await store.save(of_account(Form(True, locked=True)), expected=1, by=ADA)
            await eventually(lambda: _is(cache.current().account.locked))
    await client.aclose()
