"""Commands that need not import anything: forked from a process that has.

To start Python and to import the product takes each command more than a second of CPU, and the
tests of every day (`make test`) start two hundred. A forked command is a process of its own all the
same, with its own environment, folder, streams, signals and end. With `EXAMPLES=many` each is
started anew.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import types
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"
IN_USE = os.environ.get("EXAMPLES") == "quick" and sys.platform == "linux"
OF_PYTHON = ("PYTHON", "LANG", "LC_", "TZ", "MALLOC")
"""What is read while Python starts, so only a new process can be given it."""
WARNS = {"PYTHONWARNINGS": "default"}
"""But this."""
ITS_OWN = {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
"""What the process has that is forked (PEP 538, as it is started without a locale)."""
HASTY = ("-m", "tests.doubles.hasty")
"""How the product with shorter leases is started."""
HASTY_FILE = ROOT / "tests/doubles/hasty.py"
IMPORTED = (
    *("launch.check.command", "launch.conversation", "launch.core", "launch.exclusions"),
    *("launch.history", "launch.local", "launch.package", "launch.people", "launch.process"),
    *("launch.rotation", "launch.setup.command", "launch.top.show"),
    *("bot.teams.sdk", "jinja2", "jwt.algorithms", "msal", "sync.microsoft.profile"),
)
_MESSAGE = 1 << 17


def can_fork(environ: Mapping[str, str], program: Sequence[str]) -> bool:
    """Whether a command need not be started anew: it is `app.py`, or `hasty` in its place."""
    if not IN_USE or (tuple(program) != (str(APP),) and tuple(program[:2]) != HASTY):
        return False
    of_python = {name: value for name, value in environ.items() if name.startswith(OF_PYTHON)}
    return of_python.items() <= (WARNS | ITS_OWN).items()


@dataclass(eq=False, kw_only=True)
class InTerminal:
    """A command that runs in a terminal: what asyncio's Process is to those who started it."""

    pid: int
    _ending: asyncio.Task[int] = field(repr=False)

    @property
    def returncode(self) -> int | None:
        """How it ended, as subprocess says it; None while it runs."""
        return self._ending.result() if self._ending.done() else None

    async def wait(self) -> int:
        """Wait for its end."""
        return await asyncio.shield(self._ending)

    def send_signal(self, number: int) -> None:
        """Send it a signal. Raises ProcessLookupError."""
        if self._ending.done():
            raise ProcessLookupError
        os.kill(self.pid, number)


@dataclass(eq=False, kw_only=True)
class Forked(InTerminal):
    """A command that runs, and writes into pipes."""

    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader
    _pipes: Sequence[asyncio.ReadTransport]

    def stop_reading(self) -> None:
        """Close the pipes into which it writes."""
        for pipe in self._pipes:
            pipe.close()


class Forks:
    """The process that has imported everything; it ends with the one that runs the tests."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=kept,
            )

    async def start(
        self, arguments: Sequence[str], environ: Mapping[str, str], folder: Path, *, limit: int
    ) -> Forked:
        """Start what Python is told with `arguments`, in an environment of only `environ`."""
        loop = asyncio.get_running_loop()
        readers, pipes, writing = [], [], []
        for _ in range(2):
            ours, its = os.pipe()
            reader = asyncio.StreamReader(limit=limit)
            pipe, _ = await loop.connect_read_pipe(
                lambda reader=reader: asyncio.StreamReaderProtocol(reader),  # type: ignore[misc]
                os.fdopen(ours, "rb", 0),
            )
            readers.append(reader)
            pipes.append(pipe)
            writing.append(its)
        try:
            begun = await self._ask(arguments, environ, folder, writing)
        finally:
            for its in writing:
                os.close(its)
        out, err = readers
        return Forked(pid=begun.pid, _ending=begun._ending, stdout=out, stderr=err, _pipes=pipes)

    async def start_in_terminal(
        self, arguments: Sequence[str], environ: Mapping[str, str], folder: Path, terminal: int
    ) -> InTerminal:
        """The same as the leader of a session that has this terminal (its end for programs)."""
        return await self._ask(arguments, environ, folder, [terminal, terminal], terminal=True)

    async def _ask(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        streams: Sequence[int],
        *,
        terminal: bool = False,
    ) -> InTerminal:
        loop = asyncio.get_running_loop()
        ending, theirs = socket.socketpair()
        ending.setblocking(False)
        asked = {"arguments": list(arguments), "environ": dict(environ), "folder": str(folder)}
        # A new process inherits it of who starts it: of this one as it is now.
        hung_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        message = json.dumps(asked | {"terminal": terminal, "hung_up": hung_up}).encode()
        with theirs:
            socket.send_fds(self._control, [message], [theirs.fileno(), *streams])
        pid = int(await loop.sock_recv(ending, 16))

        async def ended() -> int:
            with ending:
                return int(await loop.sock_recv(ending, 16))

        return InTerminal(pid=pid, _ending=asyncio.create_task(ended()))

    def end(self) -> None:
        """End it."""
        self._control.close()
        self._process.wait()


_forks: Forks | None = None


async def start(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, *, limit: int
) -> Forked:
    """Start what Python is told with `arguments`, from the process that this one has for it."""
    return await _begun().start(arguments, environ, folder, limit=limit)


async def start_in_terminal(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, terminal: int
) -> InTerminal:
    """The same in a terminal, whose end for programs this is."""
    return await _begun().start_in_terminal(arguments, environ, folder, terminal)


def _begun() -> Forks:
    global _forks  # noqa: PLW0603 - one for all tests, and not before one needs it
    _forks = _forks or Forks()
    return _forks


def end() -> None:
    """Forget the process, at the end of all tests."""
    global _forks  # noqa: PLW0603
    if _forks is not None:
        _forks.end()
        _forks = None


def _serve(control: socket.socket) -> dict[str, Any]:
    """Fork what is asked for. Returns in the child."""
    waking, wake = socket.socketpair()
    waking.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    running: dict[int, socket.socket] = {}
    while True:
        ready = select.select([control, waking], [], [])[0]
        if waking in ready:
            with contextlib.suppress(BlockingIOError):
                waking.recv(4096)
            _tell(running)
        if control in ready:
            message, fds, _, _ = socket.recv_fds(control, _MESSAGE, 3)
            if not message:
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                asked: dict[str, Any] = json.loads(message)
                signal.signal(signal.SIGHUP, signal.SIG_DFL if asked["hung_up"] else signal.SIG_IGN)
                os.dup2(fds[1], 1)
                os.dup2(fds[2], 2)
                if asked["terminal"]:
                    os.setsid()
                    os.dup2(fds[1], 0)
                    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
                os.closerange(3, max(fds[2], control.fileno(), wake.fileno()) + 64)
                for one in (control, waking, wake, *running.values()):
                    one.detach()
                return asked
            running[pid] = ending = socket.socket(fileno=fds[0])
            for fd in fds[1:]:
                os.close(fd)
            ending.send(str(pid).encode())


def _tell(running: dict[int, socket.socket]) -> None:
    """Say of each that has ended how it did."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with running.pop(pid) as ending, contextlib.suppress(OSError):
            ending.send(str(os.waitstatus_to_exitcode(status)).encode())


def _stream(number: int) -> TextIO:
    """A standard stream as Python makes it at its start: those of before led elsewhere."""
    errors = "backslashreplace" if number == 2 else sys.stdout.errors
    return open(
        number,
        "w",
        encoding=sys.stdout.encoding,
        errors=errors,
        closefd=False,
        buffering=1 if number == 2 else -1,
    )


def _typed() -> TextIO:
    """What is typed into the terminal."""
    return open(0, encoding=sys.stdin.encoding, closefd=False)


def _of_file(told: list[str]) -> list[str]:
    """The arguments of a program, its file first."""
    return [str(HASTY_FILE), *told[2:]] if tuple(told[:2]) == HASTY else told


def _main() -> None:
    sys.path[0] = str(ROOT)
    gc.disable()
    for name in IMPORTED:
        __import__(name)
    codes = {
        str(file): compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        for file in (APP, HASTY_FILE)
    }
    gc.freeze()
    asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    gc.enable()
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.stdout, sys.stderr = _stream(1), _stream(2)
    if asked["terminal"]:
        sys.stdin = _typed()
    if asked["environ"].items() >= WARNS.items():
        sys.warnoptions.append("default")
        warnings.simplefilter("default")
    file, *sys.argv[1:] = _of_file(asked["arguments"])
    program = sys.modules["__main__"] = types.ModuleType("__main__")
    program.__file__ = sys.argv[0] = file
    try:
        exec(codes[file], program.__dict__)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            _leave(ended.code or 0)
        raise
    _leave(0)


def _leave(code: int) -> None:
    """End as Python does, but leave alone what it would take apart: all that was imported.

    That would be copied for it, page by page: two thirds of a short command. What the command made
    itself is let go, and says so if it was not closed.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # Python has its own way to say it
    os._exit(code)


if __name__ == "__main__":
    _main()
