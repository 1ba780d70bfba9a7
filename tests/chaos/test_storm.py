"""Ten thousand events in random order while everything around the product fails."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sync.presence import Style
from tests.chaos.conftest import FIXED
from tests.chaos.feed import Feed, Plan
from tests.chaos.outcome import running_town
from tests.doubles.crowd import Someone
from tests.doubles.misbehaving_graph import MIXED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.fleet import Fleet
    from tests.doubles.redis import RedisServer

WORKERS = 3
PEOPLE = 500
LASTS = 40.0
STYLES = [Style.BUSY_ONLY, Style.FULL, *[None] * 8]
NO_ZOOM_API = dict.fromkeys(("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"))


async def disturb(fleet: Fleet, server: RedisServer, dice: random.Random, lasts: float) -> None:
    """Kill whatever can be killed, again and again."""
    ends = time.monotonic() + lasts
    while time.monotonic() < ends:
        await asyncio.sleep(dice.uniform(1.5, 4.0))
        await fleet.restart_dead()
        match dice.choice(["worker", "worker", "web", "redis"]):
            case "worker":
                await fleet.kill_worker(dice.randrange(len(fleet.workers)))
            case "web":
                await fleet.kill_web()
            case _:
                server.kill()
                await asyncio.sleep(dice.uniform(0.0, 1.5))
                server.start()
    await fleet.restart_dead()


async def storm(
    seed: int, events: int, plan: Plan, server: RedisServer, folder: Path, **settings: str | None
) -> str:
    """Let it rage, wait until it is over, and look what is left. Returns what happened."""
    say(f"seed {seed}")
    dice = random.Random(seed)
    people = [Someone(number, dice.choice(STYLES)) for number in range(PEOPLE)]
    async with running_town(people, server, folder, dice, workers=WORKERS, **settings) as town:
        graph = town.crowd.graph
        feed = Feed(dice, people, events, plan)
        town.crowd.zoom.says = feed.says
        graph.wrong, town.crowd.login.busy = MIXED, 0.05
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run(town.fleet.url))
            group.create_task(disturb(town.fleet, server, dice, plan.lasts))
        delivered = time.monotonic() - began
        graph.wrong, town.crowd.login.busy = {}, 0.0
        await town.fleet.ready()
        await town.settled(feed, seconds=120)
        await town.verify(feed)
        return (
            f"seed {seed}: answers {dict(feed.answers)} until {delivered:.0f} s, "
            f"settled after {time.monotonic() - began:.0f} s; {len(graph.requests)} requests, "
            f"{graph.most_in_window} in the fullest window, Zoom asked {town.crowd.zoom.asked}"
        )


def say(text: str) -> None:
    """For whoever runs it with `-s`, or sees it fail."""
    sys.stderr.write(f"\n{text}\n")


@pytest.mark.timeout(400)
async def test_ten_thousand_events_while_everything_fails(
    server: RedisServer, tmp_path: Path
) -> None:
    say(await storm(FIXED, 10_000, Plan(LASTS), server, tmp_path))


@pytest.mark.timeout(400)
async def test_without_zooms_api_and_with_clocks_that_differ(
    random_seed: int, server: RedisServer, tmp_path: Path
) -> None:
    plan = Plan(LASTS / 2, delayed=15.0, behind_ms=20 * 60_000)
    say(await storm(random_seed, 4_000, plan, server, tmp_path, **NO_ZOOM_API))
