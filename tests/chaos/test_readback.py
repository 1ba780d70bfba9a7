"""Looks at Microsoft that lie or come late, with people at work."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.graph_looks import Answers
from tests.chaos.conftest import KEEPS
from tests.chaos.office import LAG, LASTS, TIMEOUT, running_office
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.chaos.office import Office

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def building(
    tmp_path_factory: pytest.TempPathFactory, random_seed: int
) -> AsyncIterator[Office]:
    draw = random.Random(random_seed)
    with RedisServer(None, *KEEPS) as server:
        async with running_office(tmp_path_factory.mktemp("office"), server, draw) as office:
            yield office


@pytest_asyncio.fixture(loop_scope="module")
async def office(building: Office) -> AsyncIterator[Office]:
    """Everybody begins anew, and is shown right."""
    await building.begin()
    yield building
    building.around.world.looks.be_late(0)
    building.around.world.looks.answers = Answers.TRUE


async def test_graph_answers_late(office: Office) -> None:
    office.around.world.looks.be_late(LAG)
    await office.work(LASTS)
    office.around.world.looks.be_late(0)
    await office.all_is_right()


@pytest.mark.parametrize("answers", [Answers.WRONG, Answers.PARTIAL, Answers.UNREADABLE])
async def test_answers_are_wrong_for_a_while(office: Office, answers: Answers) -> None:
    office.around.world.looks.answers = answers
    await office.work(LASTS)
    office.around.world.looks.answers = Answers.TRUE
    await office.all_is_right()
