"""The servers under measurement: processes of their own, on one core, with their CPU time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0


class ServerFailed(Exception):
    """A server did not start or ended by itself. The text ends with what it logged."""


_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def cores() -> list[int]:
    """The cores that this process might use when it began, whatever it was pinned to since.

    Empty where the system does not say (macOS).
    """
    return _CORES


def server_core() -> int | None:
    """The core for what is measured: the last one. The first is left to the load."""
    available = cores()
    return available[-1] if available else None


def pin(pid: int, core: int | None) -> None:
    """Keep a process, and what it starts later, on one core; without effect where impossible."""
    if core is not None:
        os.sched_setaffinity(pid, {core})


def environment(**more: str) -> dict[str, str]:
    """The environment of a child: nothing that happens to be set on this machine counts."""
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT)} | more


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a process with its threads, in steps of 10 ms; None if unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float | None:
    """Resident memory of a process in MB (10^6 bytes); None if unknown."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


@dataclass
class Server:
    """A running server at `host` (with port)."""

    name: str
    host: str
    process: asyncio.subprocess.Process
    log: Path

    def pause(self) -> None:
        """Take nothing from the machine while others are measured."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)

    def failure(self, what: str) -> ServerFailed:
        """An error that shows the end of the log."""
        tail = self.log.read_text("utf-8", "replace").strip().splitlines()[-15:]
        return ServerFailed("\n".join([f"{self.name}: {what}. Its log ends:", *tail]))


@asynccontextmanager
async def serving(
    name: str, arguments: Sequence[str], environ: dict[str, str], folder: Path
) -> AsyncIterator[Server]:
    """Run `python ARGUMENTS` while the block runs; `{port}` becomes a free port.

    It works in `folder`, where no `.env` lies. Raises ServerFailed.
    """
    port = _free_port()
    log = folder / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(word.format(port=port) for word in arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=environment(PORT=str(port), WORKER_PORT=str(port), **environ),
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
        )
    pin(process.pid, server_core())
    server = Server(name, f"127.0.0.1:{port}", process, log)
    try:
        await _until_listening(server, port)
        yield server
        if process.returncode is not None:
            raise server.failure(f"ended by itself with {process.returncode}")
    finally:
        await _end(server)


async def _until_listening(server: Server, port: int) -> None:
    """Wait for the port to be open."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_SECONDS
    while server.process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        if loop.time() > deadline:
            raise server.failure(f"did not listen within {START_SECONDS:.0f} s")
        await asyncio.sleep(0.01)
    raise server.failure(f"did not start (exit code {server.process.returncode})")


async def _end(server: Server) -> None:
    process = server.process
    if process.returncode is not None:
        return
    server.resume()  # a paused process would never hear of its end
    process.terminate()
    try:
        async with asyncio.timeout(15):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
