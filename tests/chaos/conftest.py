"""The chaos suite: whole processes, a real Redis that keeps what it acknowledged, and faults.

One seed is always the same. The other is the one that pytest-randomly prints at the start of a run;
`pytest -m chaos --randomly-seed=N` draws the same again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEPS = ("--appendonly", "yes", "--appendfsync", "always")
"""A server that acknowledges only what a crash can't take away."""
FIXED = 20_261_126
FULL = os.environ.get("CHAOS") == "full"
"""The long form: more people, more kills, Microsoft's real quota. `CHAOS=full make test-long`."""
LEASE_MS = 15_000 if FULL else 6_000
"""How long a worker has somebody; the shorter, the sooner a killed one is followed by another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def random_seed(pytestconfig: pytest.Config) -> int:
    """Another one in every run."""
    return int(pytestconfig.getoption("randomly_seed", FIXED + 1))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with RedisServer(None, *KEEPS) as running:
        yield running
