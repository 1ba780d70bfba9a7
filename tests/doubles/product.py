"""A command of `app.py` as a process of its own, the way an operator runs it.

Settings go in as environment variables and nothing else: the folder it runs in has no `.env`.
What it prints is kept, line by line, so that tests can wait for a line and quote the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.doubles import forks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

APP = forks.APP
START_WITHIN = 40.0
STOP_WITHIN = 20.0
TAIL_LINES = 40
_LINE = 1 << 20
NEVER = (
    "Traceback",
    "was never awaited",
    "never retrieved",
    "unclosed",
    "ResourceWarning",
    "Task was destroyed",
    "Exception ignored",
)
"""What a clean run never says."""


def reports() -> dict[str, str]:
    """The environment in which Python reports what was not closed or not awaited.

    When the tests run with `THOROUGH`, its whole development mode is on, which takes twice the
    time: memory and calls from a wrong thread are looked at, too.
    """
    return {"PYTHONDEVMODE": "1"} if os.environ.get("THOROUGH") else dict(forks.WARNS)


class Command:
    """One process. `output` holds every line of both streams in the order in which they came."""

    def __init__(self, process: asyncio.subprocess.Process | forks.Forked, name: str) -> None:
        self.process = process
        self.name = name
        self.output: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(stream))
            for stream in (process.stdout, process.stderr)
            if stream is not None
        ]

    @classmethod
    async def start(
        cls,
        *arguments: str,
        environ: Mapping[str, str],
        folder: Path,
        program: Sequence[str] = (str(APP),),
        anew: bool = False,
    ) -> Command:
        """Start `app.py` (or another program, as Python is to be told) in `folder`.

        `anew`: its start is what is tested, so it may not be forked (tests.doubles.forks).
        """
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        if not anew and forks.can_fork(environ, program):
            everything = {**inherited, **environ}
            told = [*program, *arguments]
            forked = await forks.start(told, everything, folder, limit=_LINE)
            return cls(forked, " ".join(arguments))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *program, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**inherited, **environ},
            cwd=folder,
            limit=_LINE,
        )
        return cls(process, " ".join(arguments))

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.output.append(line.decode(errors="replace").rstrip("\n"))
            event = _json(self.output[-1])
            if event is not None:
                self._events.append(event)
            self._tell()
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    @property
    def text(self) -> str:
        """Everything that it has printed."""
        return "\n".join(self.output)

    def tail(self) -> str:
        """The end of its output, for messages."""
        return f"The end of `{self.name}`:\n" + "\n".join(self.output[-TAIL_LINES:])

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines with this event."""
        return [event for event in self._events if event.get("event") == name]

    async def event(
        self, name: str, *, seconds: float = START_WITHIN, **fields: object
    ) -> dict[str, Any]:
        """Wait for a log line with this event and these fields."""

        def found() -> dict[str, Any] | None:
            fitting = (e for e in self.events(name) if fields.items() <= e.items())
            return next(fitting, None)

        await self._until(lambda: found() is not None, f"the event {name} {fields}", seconds)
        event = found()
        assert event is not None
        return event

    async def line(self, part: str, *, seconds: float = START_WITHIN) -> str:
        """Wait for a line that contains `part`."""

        def found() -> str | None:
            return next((line for line in self.output if part in line), None)

        await self._until(lambda: found() is not None, f"a line with {part!r}", seconds)
        return found() or ""

    async def _until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    news = self._news
                    if all(reader.done() for reader in self._readers):
                        break
                    await news.wait()
        except TimeoutError:
            pass
        if not condition():
            raise AssertionError(f"`{self.name}` did not print {what}.\n{self.tail()}")

    def stop_reading(self) -> None:
        """Go away, as who reads its output."""
        if isinstance(self.process, forks.Forked):
            self.process.stop_reading()
        else:
            transport = self.process._transport  # type: ignore[attr-defined]
            for stream in (1, 2):
                transport.get_pipe_transport(stream).close()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself (not to its children)."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def ended(self, seconds: float = STOP_WITHIN) -> int:
        """Wait until it has ended by itself; its exit code."""
        try:
            async with asyncio.timeout(seconds):
                code = await self.process.wait()
        except TimeoutError:
            raise AssertionError(f"`{self.name}` does not end.\n{self.tail()}") from None
        await asyncio.gather(*self._readers)
        return code

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and wait; its exit code."""
        self.send(number)
        return await self.ended()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        self.send(signal.SIGKILL)
        await self.ended()

    def assert_clean(self) -> None:
        """Nothing in its output speaks of a bug."""
        bad = [line for line in self.output if any(word in line for word in NEVER)]
        assert bad == [], f"{bad}\n{self.tail()}"


def _json(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


@contextlib.asynccontextmanager
async def running(
    *arguments: str,
    environ: Mapping[str, str],
    folder: Path,
    program: Sequence[str] = (str(APP),),
    anew: bool = False,
) -> AsyncIterator[Command]:
    """Run a command while the block runs; it is told to end if it has not by then."""
    command = await Command.start(
        *arguments, environ=environ, folder=folder, program=program, anew=anew
    )
    try:
        yield command
    finally:
        # Not killed at once: an embedded Redis would outlive it.
        try:
            await command.stop()
        except AssertionError:
            await command.kill()
            raise


async def run(*arguments: str, environ: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run a command to its end: exit code and output."""
    async with running(*arguments, environ=environ, folder=folder) as command:
        code = await command.ended(START_WITHIN)
    return code, command.text


async def eventually(
    check: Callable[[], Awaitable[bool]], what: str, *, log: Command, seconds: float = 15.0
) -> None:
    """Ask again and again, for conditions that can only be asked over the network."""
    pause = 0.01
    try:
        async with asyncio.timeout(seconds):
            while not await check():
                await asyncio.sleep(pause)
                pause = min(0.1, 1.3 * pause)  # to ask takes more than to wait
    except TimeoutError:
        raise AssertionError(f"It never came true that {what}.\n{log.tail()}") from None


async def http(
    method: str, url: str, *, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """One request to the product: status and text; status 0 when it does not answer."""
    try:
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as answer,
        ):
            return answer.status, await answer.text()
    except aiohttp.ClientError:
        return 0, ""
