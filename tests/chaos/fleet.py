"""Several processes of the product over one Redis, ended and started again at any time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import TYPE_CHECKING, Any

from tests.doubles.product import NEVER, Command, eventually, http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

BUGS = ("worker_turn_failed", "engine_plan_does_not_end", "person_row_damaged")
"""Log lines that no fault of the outside explains."""


def free_port() -> int:
    """A port of loopback that nobody listens on; below those that the system gives out itself.

    Test processes that look at the same time look in different places.
    """
    ports = list(range(21_000, 31_000, 7))
    first = os.getpid() * 101 % len(ports)
    for port in ports[first:] + ports[:first]:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


class Fleet:
    """A `serve --no-worker` at `url`, and workers. Whoever is killed is started anew at once."""

    def __init__(self, program: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._program = program
        self._environ = dict(environ)
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.web: Command
        self.workers: list[Command] = []
        self.ended: list[Command] = []

    async def start(self, workers: int) -> None:
        """Start everything, all at the same time."""
        self.web, *self.workers = await asyncio.gather(
            self._start_web(), *(self._start_worker() for _ in range(workers))
        )
        await self.ready()

    async def ready(self) -> None:
        """Wait until the web process takes traffic and every worker works."""
        await self.web.event("started")

        async def check() -> bool:
            return (await http("GET", f"{self.url}/readyz"))[0] == 200

        await eventually(check, "the web process is ready", log=self.web, seconds=40)
        for worker in self.workers:
            await worker.event("worker_started")

    async def _start_web(self) -> Command:
        return await self._start("serve", "--no-worker", PORT=str(self._port))

    async def _start_worker(self) -> Command:
        return await self._start("worker")

    async def _start(self, *arguments: str, **changes: str) -> Command:
        environ = self._environ | changes
        return await Command.start(
            *arguments, environ=environ, folder=self._folder, program=self._program
        )

    async def kill_web(self) -> None:
        """`kill -9`, and a new one."""
        await self.web.kill()
        self.ended.append(self.web)
        self.web = await self._start_web()

    async def kill_worker(self, number: int) -> None:
        """`kill -9`, and a new one."""
        worker = self.workers[number]
        await worker.kill()
        self.ended.append(worker)
        self.workers[number] = await self._start_worker()

    async def roll(self) -> None:
        """A rolling restart of the workers: each new one works before the next old one ends."""
        for number, old in enumerate(self.workers):
            new = await self._start_worker()
            await new.event("worker_started")
            assert await old.stop() == 0, old.tail()
            self.ended.append(old)
            self.workers[number] = new

    async def roll_web(self) -> None:
        """SIGTERM for the web process, and a new one."""
        assert await self.web.stop() == 0, self.web.tail()
        self.ended.append(self.web)
        self.web = await self._start_web()

    async def restart_dead(self) -> list[Command]:
        """What a supervisor does: start anew whoever has ended by themselves. Returns those."""
        dead = []
        if self.web.process.returncode is not None:
            dead.append(self.web)
            self.web = await self._start_web()
        for number, worker in enumerate(self.workers):
            if worker.process.returncode is not None:
                dead.append(worker)
                self.workers[number] = await self._start_worker()
        self.ended += dead
        return dead

    def everybody(self) -> list[Command]:
        """Every process that ran, in no order."""
        return [self.web, *self.workers, *self.ended]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines with this event, of all processes."""
        return [line for command in self.everybody() for line in command.events(name)]

    def complaints(self) -> Iterator[str]:
        """Lines in any output that speak of a bug."""
        for command in self.everybody():
            for line in command.output:
                if any(word in line for word in (*NEVER, *BUGS)):
                    yield f"{command.name}: {line}"

    async def stop(self) -> None:
        """End everything."""
        for command in (self.web, *self.workers):
            command.send(signal.SIGCONT)
        await asyncio.gather(*(command.kill() for command in (self.web, *self.workers)))


@contextlib.asynccontextmanager
async def running_fleet(
    program: Sequence[str], environ: Mapping[str, str], folder: Path, workers: int
) -> AsyncIterator[Fleet]:
    """Run a fleet while the block runs. `program`: what Python is told instead of `app.py`."""
    fleet = Fleet(program, environ, folder)
    try:
        await fleet.start(workers)
        yield fleet
    finally:
        await fleet.stop()
