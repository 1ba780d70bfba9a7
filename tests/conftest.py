"""What tests of several folders share: a real Redis."""

import gc
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator

import hypothesis
import pytest

from sync.redis.connection import Client
from tests.doubles import forks
from tests.doubles.redis import RedisServer, leaked_keys, open_client

pytest_plugins = ("tests.compiled", "tests.cpu", "tests.order")

# What is imported and collected stays: to look through it again and again took a third of the time.
gc.disable()

# Machines that run tests are busy: how long one example takes says nothing.
hypothesis.settings.register_profile("many", deadline=None, max_examples=50, print_blob=True)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=15, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("EXAMPLES", "many"))


def pytest_collection_finish() -> None:
    """From here on garbage is collected, without what stays, and not after every 700 objects.

    A test leaves so little that to look for it more often took a tenth of the time.
    """
    gc.freeze()
    gc.set_threshold(20_000, 50, 20)
    gc.enable()


def pytest_unconfigure() -> None:
    """Let the process go that commands were forked from."""
    forks.end()


@pytest.fixture(autouse=True)
def _pure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold tests that are marked as pure logic to it. (An event loop has a socket of its own.)"""
    if request.node.get_closest_marker("unit") is None:
        return

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a unit test does no input or output")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests; each finds it empty (fixture `redis`)."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A running server of the test's own, to be killed and started again."""
    with RedisServer() as server:
        yield server


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Client]:
    """A client of the empty shared server. The test fails if it leaves keys that never end."""
    client = open_client(redis_server)
    await client.flushall()
    yield client
    leaks = await leaked_keys(client)
    await client.aclose()
    assert leaks == []
