"""The engine over a real Redis and the Graph double."""

from collections.abc import AsyncIterator

import pytest

from sync.redis.connection import Client
from tests.doubles.engine import Bridge, Zoom, running_bridge
from tests.doubles.graph import Graph, running_graph


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with running_graph() as double:
        yield double


@pytest.fixture
async def bridge(redis: Client, graph: Graph) -> AsyncIterator[Bridge]:
    """Without Zoom's API."""
    async with running_bridge(redis, graph) as running:
        yield running


@pytest.fixture
async def asking(redis: Client, graph: Graph) -> AsyncIterator[Bridge]:
    """With Zoom's API."""
    async with running_bridge(redis, graph, zoom=Zoom()) as running:
        yield running
