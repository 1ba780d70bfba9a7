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
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from tests.doubles.product import APP

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

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
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
        process, screen = _start(arguments, environ, folder, width)
        terminal = cls(process, screen)
        try:
            yield terminal
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
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

    def presses(self, key: str) -> None:
        r"""Press a key: `\x03` is Ctrl-C."""
        os.write(self._screen, key.encode())

    async def ended(self, seconds: float = WITHIN) -> str:
        """Wait until it has ended by itself; everything that it showed."""
        try:
            async with asyncio.timeout(seconds):
                while self._process.poll() is None:  # noqa: ASYNC110 - nothing tells when it ends
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"It does not end:\n{plain(self.text)}") from None
        self.code = self._process.returncode
        await asyncio.sleep(0.1)  # the rest of the screen
        return self.text


def _start(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, width: int
) -> tuple[subprocess.Popen[bytes], int]:
    screen, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, str(APP), *arguments],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environ},
        cwd=folder,
        start_new_session=True,
        # Its controlling terminal, so that Ctrl-C reaches it.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(inside)
    return process, screen
