"""Looks at Microsoft that are refused or end in the middle, with people at work."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from sandbox.graph_looks import Answers
from sync.readback.store import ReadbackStore
from sync.redis.scripts import Scripts
from tests.chaos.office import LASTS, TIMEOUT, running_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.chaos.office import Office
    from tests.doubles.redis import RedisServer

pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest.fixture
async def office(tmp_path: Path, server: RedisServer, random_seed: int) -> AsyncIterator[Office]:
    async with running_office(tmp_path, server, random.Random(random_seed)) as office:
        yield office


async def test_the_permission_is_withdrawn_in_the_middle_of_the_day(office: Office) -> None:
    await office.work(LASTS / 3)
    relying = await office.relies_on_teams()
    office.around.world.own_rights.hold([], office.around.world.clock.now())
    office.around.world.looks.answers = Answers.REFUSED
    await office.work(LASTS)
    # As if there had never been any looks: also who relied on what was seen.
    await office.products[1].told(relying, ("Busy", "InACall"))
    await office.all_is_right()
    status = await ReadbackStore(office.redis, Scripts(office.redis)).status()
    assert (status.reading, status.agreement) == (None, None)
    assert sum(len(product.command.events("readback_lost")) for product in office.products) == 1


async def test_the_process_that_reads_is_killed(office: Office) -> None:
    await office.work(LASTS / 3, office.lose)
    await office.products[0].command.kill()
    await office.work(LASTS / 3)
    await office.products[1].command.event("readback_begun", seconds=15)
    await office.work(LASTS / 3, office.lose)
    await office.all_is_right()
    await office.agreement_is_whole()
    assert office.products[1].command.events("readback_lost") == []
