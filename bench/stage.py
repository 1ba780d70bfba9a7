"""What every figure needs: stand-ins, a Redis on the servers' core, and a place for files."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from bench.outside import Outside, outside
from bench.processes import cores, pin, server_core
from service.embedded_redis import embedded_redis
from sync.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True)
class Stage:
    """Ready for a figure. `rounds` is how often each subject is measured."""

    world: Outside
    folder: Path
    redis: str
    redis_pid: int
    token_key: str
    rounds: int

    def redis_url(self, database: int) -> str:
        """One of the sixteen databases: servers that should not meet get one each."""
        return f"{self.redis}?db={database}"


@asynccontextmanager
async def stage(rounds: int) -> AsyncIterator[Stage]:
    """Set everything up while the block runs. We keep to the first core, servers to the last.

    Redis is the product's embedded one, as it is configured for production (append-only file).
    """
    if available := cores():
        pin(0, available[0])
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with outside(folder) as world, embedded_redis(folder / "redis") as redis:
            pin(redis.pid, server_core())
            key = Fernet.generate_key().decode()
            yield Stage(world, folder, redis.url, redis.pid, key, rounds)


async def empty_redis(stage: Stage) -> str:
    """Forget what an earlier figure left behind; gives the server's version."""
    client = connect(stage.redis)
    await client.flushall()
    version = str((await client.info("server"))["redis_version"])
    await client.aclose()
    return version
