"""The order of the tests, and which of them one process runs (pytest-xdist)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.cpu import suite

if TYPE_CHECKING:
    from xdist.remote import Producer

LONGEST_FIRST = ("e2e", "chaos", "upgrade", "product", "bench")
"""Suites whose files take long: begun last, they would keep one core busy and the others not."""
TOGETHER = ("e2e",)
"""Suites that share a server over all their files, so one process runs them."""


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """A file stays in one process, and so does a suite that shares a server."""

    def _split_scope(self, nodeid: str) -> str:
        """What is run by one process, named."""
        name = suite(nodeid)
        return name if name in TOGETHER else str(super()._split_scope(nodeid))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long (after pytest-randomly has shuffled)."""
    rank = {name: at for at, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(suite(item.nodeid), len(rank)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Take ours for `--dist loadfile`."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None
