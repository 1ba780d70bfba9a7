"""The product under another quota: `python app.py serve` or `worker`, and nothing else changed.

    python -m bench.servers.product serve|worker LIMIT WINDOW_MS CELL_MS

Microsoft allows 1,500 requests in 30 seconds, which any worker reaches; to see how fast one is, or
a whole burst in a tenth of the time, the budget must be another one. The product has no such
setting.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Literal, cast

from domain.budget import Limits
from launch import process
from service import logs
from service import settings as setup


async def main(role: Literal["serve", "worker"], limits: Limits) -> None:
    """Run it until a signal, with the settings that the environment holds."""
    settings = setup.load(role, os.environ, Path(".env"))
    logs.configure(settings.log_format, settings.log_level)
    if role == "worker":
        await process.work(settings, limits=limits)
    else:
        await process.serve(settings, with_worker=True, limits=limits)


if __name__ == "__main__":
    role, *numbers = sys.argv[1:]
    asyncio.run(main(cast('Literal["serve", "worker"]', role), Limits.of(*map(int, numbers))))
