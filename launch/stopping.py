"""How a process ends when somebody asks it to: gently the first time, at once the second.

`app.py` imports this before anything else, so it imports next to nothing: importing the product
takes a second, and Ctrl-C in that second must not be a traceback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from typing import TextIO

STOP_SECONDS = 30.0
"""How long a gentle end may take, whatever it hangs on; then it is an end at once."""

_CHILD_SECONDS = 2.0
_PAUSE = 0.005
_GENTLE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIGNALS = (*_GENTLE, signal.SIGQUIT)


def install() -> None:
    """From now on, whoever asks this process to end is obeyed at once, its children included.

    What has something to finish says so with `gently`.
    """
    _open_standard_streams()
    for number in _numbers(_SIGNALS):
        signal.signal(number, end_at_once)


def end_at_once(number: int, _frame: object = None) -> NoReturn:
    """End this process and its children now, without a word. A signal handler.

    Children are in sessions of their own (Ctrl-C must not reach them first), so nothing else
    would end them. Nothing is flushed: who reads our output may be what hangs.
    """
    for one in _numbers(_SIGNALS):
        signal.signal(one, signal.SIG_IGN)
    left = _children()
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for child in left:
            _send(child, kind)
        give_up = time.monotonic() + _CHILD_SECONDS
        while (left := [child for child in left if _lives(child)]) and time.monotonic() < give_up:
            time.sleep(_PAUSE)
    os._exit(128 + number)


@contextlib.contextmanager
def gently(loop: asyncio.AbstractEventLoop, ask: Callable[[], None]) -> Iterator[None]:
    """While the block runs, the first signal calls `ask` in the loop; the same one again ends all.

    So does a stop that takes longer than STOP_SECONDS.
    """
    asked: set[int] = set()

    def handle(number: int, _frame: object) -> None:
        # This runs between two instructions, also where the loop hangs. The loop hears of the
        # signal by itself.
        if number in asked:
            end_at_once(number)
        if not asked:
            signal.signal(signal.SIGALRM, lambda *_: end_at_once(number))
            signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)
        asked.add(number)

    numbers = _numbers(_GENTLE)
    for number in numbers:
        loop.add_signal_handler(number, ask)
        signal.signal(number, handle)
    try:
        yield
    finally:
        # Between the two, Ctrl-C would be a KeyboardInterrupt.
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, end_at_once)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def _numbers(numbers: tuple[signal.Signals, ...]) -> list[signal.Signals]:
    """All of them, but a hang-up that whoever started us ignores stays so (nohup)."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [number for number in numbers if not (ignored and number == signal.SIGHUP)]


def _open_standard_streams() -> None:
    """Let closed ones lead nowhere: the next file to be opened would get their number."""
    with contextlib.suppress(OSError):
        while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(opened, True)
        os.close(opened)
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - as long as we live


def _children() -> list[int]:
    """The process ids of our children, from the system itself: a list of ours could lack one."""
    tasks = f"/proc/{os.getpid()}/task"
    found: list[int] = []
    try:
        for task in os.listdir(tasks):  # noqa: PTH208 - pathlib is not imported yet
            with open(f"{tasks}/{task}/children", encoding="ascii") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    except OSError:
        return _children_by_ps()
    return found


def _children_by_ps() -> list[int]:
    import subprocess  # noqa: PLC0415 - only where there is no /proc

    listed = ("ps", "-A", "-o", "pid=,ppid=")
    try:
        with subprocess.Popen(  # noqa: S603 - nothing of it comes from outside
            listed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            said, _ = process.communicate(timeout=1)
    except (OSError, subprocess.TimeoutExpired):
        return []
    pairs = [line.split() for line in said.splitlines()]
    return [int(pair[0]) for pair in pairs if pair[1:] == [str(os.getpid()).encode()]]


def _send(child: int, number: signal.Signals) -> None:
    """To its whole group, where it leads one."""
    for send in (os.killpg, os.kill):
        try:
            send(child, number)
        except OSError:
            continue
        return


def _lives(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == 0
    except OSError:  # collected already
        return False
