"""A Redis Cluster of three local servers: real slots, real redirections, a real bus."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from typing import TYPE_CHECKING, Self

from sync.redis.connection import connect
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from types import TracebackType

    from sync.redis.connection import Client

NODES = 3
SLOTS = 16_384
BUS = 10_000
"""What lies between a node's port and the port on which it talks to the others."""
_FROM = itertools.count(22_003, 11)


def _free_port() -> int:
    """A port that is free together with its bus port; both are ones that nobody is given."""
    for port in _FROM:
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + BUS))
            return port
    raise AssertionError


class RedisCluster:
    """Three masters without replicas. `url` names one of them."""

    def __init__(self) -> None:
        self.ports = [_free_port() for _ in range(NODES)]
        self.nodes = [
            RedisServer(
                None,
                *("--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes"),
                *("--cluster-node-timeout", "2000", "--appendonly", "yes"),
                *("--appendfsync", "always"),
            )
            for port in self.ports
        ]
        self.url = f"redis://127.0.0.1:{self.ports[0]}"

    async def __aenter__(self) -> Self:
        for node in self.nodes:
            node.start()
        bounds = [SLOTS * n // NODES for n in range(NODES + 1)]
        for node, first, end in zip(self.nodes, bounds, bounds[1:], strict=False):
            async with connect(node.url) as client:
                await client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
                for port in self.ports:
                    await client.execute_command("CLUSTER", "MEET", "127.0.0.1", port)
        await self.complete()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for node in self.nodes:
            node.__exit__(kind, error, trace)

    async def complete(self) -> None:
        """Wait until every node knows the others and says that all is well."""
        async with asyncio.timeout(30):
            for node in self.nodes:
                async with connect(node.url) as client:
                    while not await _is_well(client):  # noqa: ASYNC110 - it does not tell
                        await asyncio.sleep(0.05)

    def client(self) -> Client:
        """The product's own command client."""
        return connect(self.url, "cluster")


async def _is_well(client: Client) -> bool:
    state = str(await client.execute_command("CLUSTER", "INFO"))
    return "cluster_state:ok" in state and f"cluster_known_nodes:{NODES}" in state
