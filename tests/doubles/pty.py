"""A command of `app.py` in a real pseudo-terminal: what it shows there, and somebody who types."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from typing import TYPE_CHECKING

from tests.doubles import forks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

WITHIN = 40.0
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")


def plain(text: str) -> str:
    """What a terminal showed and did not erase, without colours and movements."""
    text = re.sub(r"[^\n]*\x1b\[2K", "", text)
    return _CODES.sub("", text).replace("\r\n", "\n").replace("\r", "")


class Terminal:
    """One process, and everything that it has written to its terminal."""

    def __init__(self, process: asyncio.subprocess.Process | forks.InTerminal, screen: int) -> None:
        self._process = process
        self._screen = screen
        self.text = ""
        self.code: int | None = None
        self._from = 0
        self._news = asyncio.Event()
        os.set_blocking(screen, False)
        asyncio.get_running_loop().add_reader(screen, self._read)

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, *arguments: str, environ: Mapping[str, str], folder: Path, width: int = 100
    ) -> AsyncIterator[Terminal]:
        """Run `app.py` in a terminal of so many columns while the block runs."""
        process, screen = await start(arguments, environ, folder, size=(50, width))
        terminal = cls(process, screen)
        try:
            yield terminal
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            asyncio.get_running_loop().remove_reader(screen)
            os.close(screen)

    def _read(self) -> None:
        try:
            piece = os.read(self._screen, 65536)
        except OSError:  # how Linux says that nobody has the other end any more
            piece = b""
        if not piece:
            asyncio.get_running_loop().remove_reader(self._screen)
        self.text += piece.decode(errors="replace")
        self._news.set()

    async def shows(self, part: str, seconds: float = WITHIN) -> str:
        """Wait until it shows this, after what was waited for before; everything in between."""
        try:
            async with asyncio.timeout(seconds):
                while (found := plain(self.text).find(part, self._from)) < 0:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"It never showed {part!r}:\n{plain(self.text)}") from None
        before, self._from = self._from, found + len(part)
        return plain(self.text)[before : self._from]

    def types(self, text: str) -> None:
        """Type a line."""
        os.write(self._screen, f"{text}\n".encode())

    async def interrupted(self) -> str:
        """Press Ctrl-C until it has ended; everything that it showed.

        Once is enough, but for an instant of CPython's: a signal between the prompt and its first
        look at the keyboard is only seen at the next key.
        """
        for _ in range(3):
            os.write(self._screen, b"\x03")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), WITHIN / 3)
                break
        return await self.ended()

    async def ended(self, seconds: float = WITHIN) -> str:
        """Wait until it has ended by itself; everything that it showed."""
        try:
            async with asyncio.timeout(seconds):
                self.code = await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"It does not end:\n{plain(self.text)}") from None
        await asyncio.sleep(0.1)  # the rest of the screen
        return self.text


async def start(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, *, size: tuple[int, int]
) -> tuple[asyncio.subprocess.Process | forks.InTerminal, int]:
    """Start `app.py` in a terminal of so many rows and columns: it, and what shows its screen."""
    screen, inside = pty.openpty()
    try:
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        everything = {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environ}
        if forks.can_fork(everything, (str(forks.APP),)):
            told = [str(forks.APP), *arguments]
            return await forks.start_in_terminal(told, everything, folder, inside), screen
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(forks.APP), *arguments),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=everything,
            cwd=folder,
            start_new_session=True,
            # Its controlling terminal, so that Ctrl-C reaches it.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
    finally:
        os.close(inside)
    return process, screen
