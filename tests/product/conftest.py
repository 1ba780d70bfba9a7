"""A running product for every file of this folder, and the world around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.doubles.inside import Office, colleagues, inside, office
from tests.doubles.outside import Outside, Product, outside, serving
from tests.doubles.redis import RedisServer, open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from sync.redis.connection import Client


@pytest.fixture(scope="module")
def module_redis() -> Iterator[RedisServer]:
    """A Redis for the tests of one file."""
    with RedisServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(
    module_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    """Microsoft, Zoom and Teams for the tests of one file."""
    async with outside(tmp_path_factory.mktemp("outside"), module_redis) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def redis(around: Outside) -> AsyncIterator[Client]:
    """The product's Redis, as it is."""
    client = open_client(around.redis)
    yield client
    await client.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    around: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """The product in this process, for the tests of one file."""
    async with inside(around, tmp_path_factory.mktemp("serve")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def serve(
    around: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """One `serve` for the tests of one file. It must end well and without complaints."""
    async with serving(around, tmp_path_factory.mktemp("serve")) as running:
        yield running
        assert await running.command.stop() == 0, running.command.tail()
        running.command.assert_clean()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    module_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    """Microsoft, Zoom and Teams with nobody but the sandbox's people, for the tests of one file."""
    async with colleagues(tmp_path_factory.mktemp("town"), module_redis) as around:
        yield around


@pytest_asyncio.fixture(loop_scope="module")
async def place(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    """The product on its first day, in this process, new for each test."""
    async with office(town, tmp_path) as fresh:
        yield fresh
