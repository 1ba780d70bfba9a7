"""The engine over a real Redis and the Graph double."""

from collections.abc import AsyncIterator, Iterator
from typing import ParamSpec, TypeVar

import pytest

from sync.redis.connection import Client
from sync.redis.scripts import Script, Scripts
from tests.doubles.engine import Bridge, Zoom, running_bridge
from tests.doubles.graph import Graph, running_graph

P = ParamSpec("P")
R = TypeVar("R")


@pytest.fixture(scope="session", autouse=True)
def one_slot() -> Iterator[None]:
    """A call whose keys are not in one slot of a cluster fails here, on a single Redis, too."""
    run = Scripts.run

    async def checked(self: Scripts, script: Script[P, R], /, *_: P.args, **given: P.kwargs) -> R:
        count, *rest = script.pack(*_, **given)
        slots = set(map(_slot, rest[:count]))
        assert len(slots) == 1, f"{script.name}: {slots}"
        return await run(self, script, *_, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scripts, "run", checked)
        yield


def _slot(key: str) -> str:
    """What of a key decides where it is (Redis Cluster's specification, "Hash tags")."""
    tag, closed, _ = key.partition("{")[2].partition("}")
    return tag if tag and closed else key


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
