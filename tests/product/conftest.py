"""A running product for every file of this folder, and the world around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.doubles.outside import Outside, Product, outside, serving
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    around: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """One `serve` for the tests of one file. It must end well and without complaints."""
    async with serving(around, tmp_path_factory.mktemp("serve")) as running:
        yield running
        assert await running.command.stop() == 0, running.command.tail()
        running.command.assert_clean()
