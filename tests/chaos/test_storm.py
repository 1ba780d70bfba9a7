"""Thousands of events in random order while everything around the product fails."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from domain.presence import Style
from tests.chaos.conftest import FIXED, FULL
from tests.chaos.feed import Feed, Plan
from tests.chaos.outcome import running_town
from tests.doubles.crowd import Someone
from tests.doubles.misbehaving_graph import MIXED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.chaos.fleet import Fleet
    from tests.doubles.redis import RedisServer

WORKERS = 3 if FULL else 2
PEOPLE, EVENTS = (500, 10_000) if FULL else (120, 2_000)
LASTS, DELAYED = (60.0, 15.0) if FULL else (16.0, 6.0)
OTHERS, OTHER_EVENTS, OTHER_LASTS = (500, 10_000, 60.0) if FULL else (80, 1_000, 8.0)
"""Of the second storm."""
KILLED = ["worker", "worker", "web", "redis"]
STYLES = [Style.BUSY_ONLY, Style.FULL, *[None] * 8]
NO_ZOOM_API: dict[str, str | None] = dict.fromkeys(
    ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
)


async def disturb(fleet: Fleet, server: RedisServer, dice: random.Random, lasts: float) -> None:
    """Kill whatever can be killed, again and again, and each of it at least once."""
    ends = time.monotonic() + lasts
    turns: list[str] = []
    killed = set[str]()
    while time.monotonic() < ends or killed < set(KILLED):
        turns = turns or dice.sample(KILLED, k=len(KILLED))
        await asyncio.sleep(dice.uniform(1.5, 4.0))
        await fleet.restart_dead()
        match what := turns.pop():
            case "worker":
                await fleet.kill_worker(dice.randrange(len(fleet.workers)))
            case "web":
                await fleet.kill_web()
            case _:
                server.kill()
                await asyncio.sleep(dice.uniform(0.0, 1.5))
                server.start()
        killed.add(what)
    await fleet.restart_dead()


async def storm(
    seed: int,
    count: int,
    events: int,
    plan: Plan,
    server: RedisServer,
    folder: Path,
    settings: Mapping[str, str | None] = MappingProxyType({}),
) -> str:
    """Let it rage, wait until it is over, and look what is left. Returns what happened."""
    say(f"seed {seed}")
    dice = random.Random(seed)
    people = [Someone(number, dice.choice(STYLES)) for number in range(count)]
    async with running_town(
        people, server, folder, dice, workers=WORKERS, settings=settings
    ) as town:
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


@pytest.mark.timeout(600 if FULL else 300)
async def test_thousands_of_events_while_everything_fails(
    server: RedisServer, tmp_path: Path
) -> None:
    say(await storm(FIXED, PEOPLE, EVENTS, Plan(LASTS, delayed=DELAYED), server, tmp_path))


@pytest.mark.timeout(600 if FULL else 300)
async def test_without_zooms_api_and_with_clocks_that_differ(
    random_seed: int, server: RedisServer, tmp_path: Path
) -> None:
    plan = Plan(OTHER_LASTS, delayed=DELAYED, behind_ms=20 * 60_000)
    what = await storm(random_seed, OTHERS, OTHER_EVENTS, plan, server, tmp_path, NO_ZOOM_API)
    say(what)
