"""Webhook events accepted per second on one core, beside a bare handler.

Redis shares the core and counts. The product is measured with its worker elsewhere (`serve
--no-worker`) and in the same process, where it competes for the core: it writes to Graph as far as
Microsoft's quota allows (1,500 requests in 30 s) and plans everybody else anew for later.
"""

from __future__ import annotations

import re
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING

import aiohttp

from bench.figure import Figure, rate_row
from bench.load import Subject, post_round, take_turns
from bench.people import WEBHOOK_SECRET, Zoom, connect_people
from bench.processes import Server, ServerFailed, serving
from bench.product import METRICS_TOKEN, product

if TYPE_CHECKING:
    from bench.load import Round
    from bench.stage import Stage

AT_ONCE = 16
PEOPLE = range(200)
AIM = 0.6

_ACCEPTED = re.compile(r'^presence_bridge_events_total\{outcome="accepted"\} ([0-9.e+]+)', re.M)


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(stage.redis("bare"))
        server = await stack.enter_async_context(bare_server(stage, redis.url))
        bare = _events("bare handler", server, "/event", redis.pid)
        subjects = []
        for worker in (False, True):
            where = "in the same process" if worker else "elsewhere"
            redis = await stack.enter_async_context(stage.redis(f"worker-{where}"))
            await connect_people(stage.world, redis.url, stage.token_key, PEOPLE)
            server = await stack.enter_async_context(product(stage, redis.url, worker=worker))
            subject = _events(
                f"Presence Bridge, worker {where}", server, "/zoom/webhook", redis.pid
            )
            subjects.append(_checked(subject, server))
        subjects.append(bare)
        await take_turns(subjects, stage.rounds)
    return Figure(
        name="Webhook events accepted per second, one core",
        unit="/s",
        baseline=bare.name,
        rows=[
            rate_row(subjects[0], bare, at_least=AIM),
            *(rate_row(subject, bare) for subject in subjects[1:]),
        ],
    )


def bare_server(stage: Stage, redis_url: str) -> AbstractAsyncContextManager[Server]:
    """Run bench.servers.bare."""
    forward_to = f"{stage.world.graph_url}/arrived"
    arguments = ["{port}", redis_url, WEBHOOK_SECRET, forward_to]
    return serving("bare server", ["-m", "bench.servers.bare", *arguments], {}, stage.folder)


def _events(name: str, server: Server, path: str, redis: int) -> Subject:
    zoom = Zoom(PEOPLE)

    async def run() -> Round:
        return await post_round(server, path, zoom.event, at_once=AT_ONCE, redis=redis)

    return Subject(name, run, [server])


def _checked(subject: Subject, server: Server) -> Subject:
    """Let every event count only if the product says that it accepted it."""

    async def run() -> Round:
        before = await _accepted(server)
        result = await subject.run()
        accepted = await _accepted(server) - before
        if accepted != result.count:
            raise ServerFailed(f"{subject.name}: {accepted} of {result.count} events accepted")
        return result

    return Subject(subject.name, run, [server])


async def _accepted(server: Server) -> int:
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    url = f"http://{server.host}/metrics"
    async with aiohttp.request("GET", url, headers=token) as answer:
        found = _ACCEPTED.search(await answer.text())
    if found is None:
        raise server.failure("its metrics do not count accepted events")
    return int(float(found[1]))
