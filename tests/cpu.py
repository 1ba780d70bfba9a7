"""What the tests cost, in seconds of CPU by suite, printed at the end of every run.

Counted is the process that runs the tests and everything that it started (Redis, processes of the
product, Node, Chromium), so a busy machine changes little. The ten dearest files are named; more
of them with `--cpu-by file`, and which of their tests it was with `--cpu-by test`. With
`--cpu-limit 2` a run fails in which a suite needs twice its budget. Without Linux's /proc,
processes count once they have ended.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Found = TypeVar("Found")

LOADING = "loading"
"""Importing and collecting, in each of the processes that run tests; what their controller does."""
BUDGETS = {
    LOADING: 30,
    "bench": 10,
    "bot": 21,
    "cards": 5,
    "chaos": 0,
    "docs": 4,
    "domain": 8,
    "e2e": 45,
    "launch": 11,
    "manifest": 1,
    "product": 88,
    "sandbox": 6,
    "sandbox_playground": 5,
    "service": 15,
    "sync": 53,
    "upgrade": 13,
    "wording": 2,
}
"""Seconds of CPU that each folder of `tests/` may need with `make test`: less than six minutes.

On a quiet machine: while others keep both cores busy, the same work takes up to twice as many.
"""
LONG = {"bench": 3, "chaos": 60, "e2e": 280, "product": 34, "sync": 6}
"""The same with `make test-long`. `make test-all` takes both, and more examples."""
_SHOWN = {"suite": 10, "file": 30, "test": 30}
_PROC = Path("/proc")


def spent() -> float:
    """Seconds of CPU of this process and of all that came from it, those that ended included."""
    if not _PROC.exists():
        return sum(os.times()[:4])
    while True:
        # Whoever ends meanwhile counts with who started it, who has been counted: look again.
        with contextlib.suppress(_Ended):
            return _ticks(os.getpid()) / os.sysconf("SC_CLK_TCK")


class _Ended(Exception):
    """A process has ended while it was looked at."""


def _ticks(pid: int) -> int:
    own, of_ended = _stat(pid)
    running = 0
    for thread in _look(lambda: list((_PROC / str(pid) / "task").iterdir())):
        with contextlib.suppress(OSError):  # a thread that has ended; its children are another's
            running += sum(map(_ticks, map(int, (thread / "children").read_text().split())))
    if _stat(pid)[1] != of_ended:
        raise _Ended
    return own + of_ended + running


def _stat(pid: int) -> tuple[int, int]:
    """Ticks of a process, and of its children that have ended (proc_pid_stat(5))."""
    text = _look(lambda: (_PROC / str(pid) / "stat").read_text(errors="replace"))
    utime, stime, cutime, cstime = map(int, text.rpartition(")")[2].split()[11:15])
    return utime + stime, cutime + cstime


def _look(read: Callable[[], Found]) -> Found:
    try:
        return read()
    except OSError as error:
        raise _Ended from error


def suite(path: str) -> str:
    """The suite of a file or a test, relative to the project: its folder under `tests/`."""
    return path.split("/")[1] if "/" in path else path


def _ends_its_file(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    return nextitem is None or nextitem.path != item.path


class Meter:
    """Counts in the process that runs tests, and adds up where their results come together."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._by: str = config.getoption("cpu_by")
        self._cpu: defaultdict[str, float] = defaultdict(float)
        self._at = 0.0
        self._led = 0.0

    def _name(self, item: pytest.Item) -> str:
        return item.nodeid if self._by == "test" else item.nodeid.partition("::")[0]

    def _count(self, name: str) -> None:
        now = spent()
        self._cpu[name] += max(0, now - self._at)  # what was left alone by who started it is gone
        self._at = now

    def pytest_collection_finish(self) -> None:
        self._count(LOADING)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        result = yield
        if self._by == "test" or _ends_its_file(item, nextitem):
            self._count(self._name(item))
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Count before what runs for many tests ends: a browser leaves its parts to nobody."""
        if _ends_its_file(item, nextitem):
            self._count(self._name(item))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over what a process of pytest-xdist has counted, and what it took to lead it."""
        now = time.process_time()
        self._cpu[LOADING] += now - self._led
        self._led = now
        for name, seconds in getattr(node, "workeroutput", {}).get("cpu", {}).items():
            self._cpu[name] += seconds

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(self._config, "workeroutput", None)  # in a process of pytest-xdist
        if output is not None:
            output["cpu"] = dict(self._cpu)
        elif self.exceeded() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def suites(self) -> dict[str, float]:
        """Seconds by suite."""
        total: defaultdict[str, float] = defaultdict(float)
        for name, seconds in self._cpu.items():
            total[suite(name)] += seconds
        return total

    def budget(self, name: str) -> int:
        """Seconds that a suite may need in this run."""
        chosen = self._config.getoption("markexpr")
        everyday = "not long" in chosen or "long" not in chosen
        long = "not long" not in chosen
        loading = name == LOADING  # whatever is run
        return (everyday or loading) * BUDGETS.get(name, 0) + long * LONG.get(name, 0)

    def exceeded(self) -> list[str]:
        """The suites far over their budgets, with `--cpu-limit`."""
        limit: float | None = self._config.getoption("cpu_limit")
        if limit is None:
            return []
        return [
            name for name, seconds in self.suites().items() if seconds > limit * self.budget(name)
        ]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        suites = self.suites()
        terminalreporter.section("seconds of CPU, and what each suite may need")
        for name, seconds in sorted(suites.items()):
            terminalreporter.line(f"{seconds:7.1f} of {self.budget(name):3} {name}")
        together = sum(map(self.budget, BUDGETS))
        terminalreporter.line(f"{sum(suites.values()):7.1f} of {together:3} together")
        parts = ((name, seconds) for name, seconds in self._cpu.items() if name != LOADING)
        for name, seconds in sorted(parts, key=itemgetter(1))[-_SHOWN[self._by] :]:
            terminalreporter.line(f"{seconds:7.2f} {name}")
        for name in self.exceeded():
            terminalreporter.line(f"ERROR: {name} needs far more than its budget", red=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cpu", "seconds of CPU")
    group.addoption("--cpu-by", choices=("suite", "file", "test"), default="suite")
    group.addoption("--cpu-limit", type=float, metavar="TIMES", help="fail above budget x TIMES")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Meter(config), "cpu-meter")
