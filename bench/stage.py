"""What every figure needs: stand-ins, Redis on the servers' core, and a place for files."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from bench.outside import Outside, outside
from bench.processes import cores, pin, server_core
from launch.check.store import server_version
from service.embedded_redis import embedded_redis
from sync.redis.connection import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.embedded_redis import EmbeddedRedis


@dataclass(frozen=True)
class Stage:
    """Ready for a figure. `rounds` is how often each subject is measured.

    `full`: also what takes long. `plots`: where to draw, if at all.
    """

    world: Outside
    folder: Path
    token_key: str
    rounds: int
    full: bool = False
    plots: Path | None = None

    @asynccontextmanager
    async def redis(self, name: str) -> AsyncIterator[EmbeddedRedis]:
        """Run a Redis of its own while the block runs; `name` once in a figure.

        It is the product's embedded one, as it is configured for production (append-only file).
        Workers that are not meant to meet need one each: their messages cross databases.
        """
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=self.folder) as folder:
            async with embedded_redis(Path(folder)) as redis:
                pin(redis.pid, server_core())
                yield redis


@asynccontextmanager
async def stage(
    rounds: int, *, full: bool = False, plots: Path | None = None
) -> AsyncIterator[Stage]:
    """Set everything up while the block runs. We keep to the first core, servers to the last."""
    if available := cores():
        pin(0, available[0])
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with outside(folder) as world:
            yield Stage(world, folder, Fernet.generate_key().decode(), rounds, full, plots)


async def redis_version(stage: Stage) -> str:
    """Which Redis it is."""
    async with stage.redis("version") as redis:
        client = connect(redis.url)
        version = server_version(await client.info("server"))
        await client.aclose()
        return version
