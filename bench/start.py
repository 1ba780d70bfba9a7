"""Starting: how long commands take, what an idle `serve` holds, and the first to connect.

`--help` and `serve` beside what Python and aiohttp take by themselves. `serve` has its embedded
Redis, which starts with it, on the same core.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.chat import headers_of, message
from bench.figure import Figure, Row, Spread
from bench.people import addresses, object_id
from bench.processes import ROOT, ServerFailed, cpu_seconds, environment, pin, resident, server_core
from bench.product import product
from bench.wire import Connection

if TYPE_CHECKING:
    from bench.processes import Server
    from bench.stage import Stage

HELP_AIM, READY_AIM = 300, 1500
"""Milliseconds."""
MEMORY_AIM = 140
"""MB."""
CONNECT_AIM = 1.5
"""Times the second."""
QUIET = 3.0
"""Seconds after which what goes on beside the start is over."""

_TICKET = re.compile(rb"ticket=([\w-]{43})")
_LOCATION = re.compile(rb"\r\nlocation: (\S+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: ([^;]+)", re.IGNORECASE)


@dataclass
class Times:
    """One value a round, in milliseconds; of memory in MB, where the system tells."""

    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass
class Start:
    """A program that was started: milliseconds until it was ready, and of CPU time, each round."""

    name: str
    took: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def row(self, baseline: Start, *, name: str = "", below: float | None = None) -> Row:
        """A row against another program; the aim is milliseconds."""
        value, cpu = Spread.of(self.took), statistics.median(self.cpu)
        beside = None if baseline is self else Spread.ratio(self.took, baseline.took)
        return Row(
            name or self.name,
            value,
            cpu_ms=cpu,
            ratio=beside,
            cpu_ratio=None if beside is None else cpu / statistics.median(baseline.cpu),
            aim=None if below is None else f"below {below:g} ms",
            met=None if below is None else value.median < below,
        )


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    nothing, aiohttp = Start("python -c pass"), Start("python -c 'import aiohttp'")
    helped, served = Start("app.py --help"), Start("app.py serve, until it is ready")
    times = Times()
    await _once(stage, nothing, aiohttp, helped, served, times, 0)
    for start in (nothing, aiohttp, helped, served):  # it read files that nobody had read yet
        start.took, start.cpu = [], []
    times = Times()
    for number in range(1, stage.rounds + 1):
        await _once(stage, nothing, aiohttp, helped, served, times, number)
    against = "  the same, against python -c pass"
    rows = [
        helped.row(aiohttp, below=HELP_AIM),
        helped.row(nothing, name=against),
        served.row(aiohttp, below=READY_AIM),
        served.row(nothing, name=against),
        aiohttp.row(aiohttp),
        nothing.row(nothing),
        *_rows(times),
    ]
    return Figure(
        name="Starting on one core, and the first who connects",
        unit="ms",
        baseline=aiohttp.name,
        rows=rows,
    )


async def _once(
    stage: Stage,
    nothing: Start,
    aiohttp: Start,
    helped: Start,
    served: Start,
    times: Times,
    number: int,
) -> None:
    """One round, the one of this number."""
    await _ended(stage, nothing, "-c", "pass")
    await _ended(stage, aiohttp, "-c", "import aiohttp")
    await _ended(stage, helped, str(ROOT / "app.py"), "--help")
    began = time.perf_counter()
    async with product(stage, "") as server:
        connection = await Connection.open(server.host)
        status, answer = await connection.request("GET", "/readyz")
        if status != 200:
            raise server.failure(f"is not ready: {answer[-500:]!r}")
        served.took.append(1000 * (time.perf_counter() - began))
        served.cpu.append(1000 * (cpu_seconds(server.process.pid) or 0))
        await asyncio.sleep(QUIET)
        if (memory := resident(server.process.pid)) is not None:
            times.memory.append(memory)
        for person, ones in enumerate((times.first, times.second), 800_000 + 2 * number):
            ones.append(await _connect(stage, server, connection, person))
        connection.close()


def _rows(times: Times) -> list[Row]:
    """Of a `serve` that runs."""
    connected = Spread.ratio(times.first, times.second)
    rows = [
        Row(
            "the first to connect, against the second",
            Spread.of(times.first),
            ratio=connected,
            aim=f"at most {CONNECT_AIM:g}x",
            met=connected.median <= CONNECT_AIM,
        ),
        Row("the second to connect", Spread.of(times.second)),
    ]
    if times.memory:
        held = Spread.of(times.memory)
        aim, met = f"below {MEMORY_AIM} MB", held.median < MEMORY_AIM
        rows.append(Row("resident memory, idle", held, aim=aim, met=met, unit="MB"))
    return rows


async def _ended(stage: Stage, start: Start, *arguments: str) -> None:
    """Run `python ARGUMENTS` to its end. Raises ServerFailed."""
    before, began = _cpu_of_children(), time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=stage.folder,
        env=environment(),
    )
    pin(process.pid, server_core())
    if await process.wait():
        raise ServerFailed(f"{start.name} ended with {process.returncode}")
    start.took.append(1000 * (time.perf_counter() - began))
    start.cpu.append(1000 * (_cpu_of_children() - before))


def _cpu_of_children() -> float:
    """Seconds of those that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _connect(stage: Stage, server: Server, connection: Connection, number: int) -> float:
    """Milliseconds from saying `connect` to the page that says it is done, Microsoft's aside."""
    world, oid = stage.world, object_id(number)
    upn, mail = addresses(number)
    profile = {"id": oid, "displayName": "Ada", "userPrincipalName": upn, "mail": mail}
    world.graph.me = json.dumps(profile).encode()
    began = time.perf_counter()

    async def step(method: str, path: str, headers: str, body: bytes = b"") -> bytes:
        status, answer = await connection.request(method, path, headers, body)
        if status >= 400:
            raise server.failure(f"answered {answer[:500]!r}")
        return answer

    await step("POST", "/api/messages", headers_of(world), message(world, oid, "connect"))
    ticket = _found(_TICKET, world.link, server)
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    same_origin = "Origin: null\r\nSec-Fetch-Site: same-origin\r\n"
    body = urlencode({"ticket": ticket}).encode()
    answer = await step("POST", "/auth/microsoft/start", form + same_origin, body)
    asked = parse_qs(urlsplit(_found(_LOCATION, answer, server)).query)
    code = json.dumps({"oid": oid, "nonce": asked["nonce"][0]})
    back = urlencode({"state": asked["state"][0], "code": code})
    cookie = f"Cookie: {_found(_COOKIE, answer, server)}\r\n"
    answer = await step("GET", f"/auth/microsoft/callback?{back}", cookie)
    if b"Connected" not in answer:
        raise server.failure(f"did not connect somebody: {answer[-500:]!r}")
    return 1000 * (time.perf_counter() - began)


def _found(pattern: re.Pattern[bytes], text: bytes, server: Server) -> str:
    match = pattern.search(text)
    if match is None:
        raise server.failure(f"said {text[:500]!r}")
    return match[1].decode()
