"""The order of the tests, and which of them one process runs (pytest-xdist)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.cpu import suite

if TYPE_CHECKING:
    from xdist.remote import Producer

LONGEST_FIRST = ("chaos", "e2e", "upgrade", "product", "bench")
"""Suites whose files take long: begun last, they would keep one core busy and the others not."""
TOGETHER = frozenset(
    f"tests/e2e/test_product_{name}.py" for name in ("digest", "everyday", "presence", "settings")
)
"""Files that share a running product, so one process runs them (tests/e2e/conftest.py looks)."""

SHARING = "sharing a product"


def scope(nodeid: str) -> str:
    """What one process runs, named: a file, or those that share a product."""
    file = nodeid.partition("::")[0]
    return SHARING if file in TOGETHER else file


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """A file stays in one process, and so do those that share a product."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long (after pytest-randomly has shuffled)."""
    rank = {name: at for at, name in enumerate(LONGEST_FIRST)}

    def place(item: pytest.Item) -> tuple[bool, int]:
        return scope(item.nodeid) != SHARING, rank.get(suite(item.nodeid), len(rank))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Take ours for `--dist loadfile`."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None
