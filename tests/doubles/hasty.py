"""The product with shorter leases and another quota: what takes minutes takes seconds.

Nothing else differs; the product has no such settings. Instead of `app.py`:

    python -m tests.doubles.hasty LEASE_MS LIMIT WINDOW_MS serve [--no-worker] | worker
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from domain.budget import GRAPH_LIMITS, Limits
from service import logs
from service import settings as setup
from sync.engine.queue import LEASE_MS

ROOT = Path(__file__).parents[2]


def hasty(lease_ms: int = LEASE_MS, limits: Limits = GRAPH_LIMITS) -> tuple[str, ...]:
    """What Python is to be told instead of `app.py`; `PYTHONPATH` must be `ROOT`."""
    return "-m", __name__, str(lease_ms), str(limits.limit), str(limits.window_ms)


async def main(lease_ms: int, limits: Limits, command: str, *options: str) -> None:
    """Run it until a signal, with the settings that the environment holds."""
    from launch import process  # noqa: PLC0415 - the whole product: tests only name the program

    alone = command == "worker"
    settings = setup.load("worker" if alone else "serve", os.environ, Path(".env"))
    logs.configure(settings.log_format, settings.log_level)
    if alone:
        await process.work(settings, limits=limits, lease_ms=lease_ms)
    else:
        works = "--no-worker" not in options
        await process.serve(settings, with_worker=works, limits=limits, lease_ms=lease_ms)


if __name__ == "__main__":
    lease, limit, window, *rest = sys.argv[1:]
    asyncio.run(main(int(lease), Limits.of(int(limit), int(window)), *rest))
