"""What the tests may cost is said of every suite, and counted."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.cpu import BUDGETS, LOADING, LONG, spent, suite
from tests.order import LONGEST_FIRST, TOGETHER

TESTS = Path(__file__).parents[1]
APART = {"container"}
"""It has a target of its own in the Makefile."""


def test_every_suite_has_a_budget() -> None:
    suites = {suite(f"tests/{path.relative_to(TESTS)}") for path in TESTS.rglob("test_*.py")}
    assert suites - APART == set(BUDGETS) - {LOADING}
    assert {*LONGEST_FIRST, *LONG} <= suites
    assert all((TESTS.parent / file).is_file() for file in TOGETHER)


def test_what_runs_and_what_has_ended_is_counted() -> None:
    before = spent()
    busy = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        if sys.platform == "linux":
            assert spent() - before >= 0.25
        process.communicate(b"\n")
    assert spent() - before >= 0.25


def test_threads_that_end_meanwhile_hide_nothing() -> None:
    ended = threading.Event()

    def end_again_and_again() -> None:
        while not ended.is_set():
            brief = threading.Thread(target=time.sleep, args=(0,))
            brief.start()
            brief.join()

    restless = threading.Thread(target=end_again_and_again)
    restless.start()
    try:
        at_least = 0.0
        for _ in range(300):
            now = spent()
            assert now >= at_least
            at_least = now
    finally:
        ended.set()
        restless.join()
