"""How many people there are is counted now and then, and decides how long Zoom is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.freshness import UNHURRIED, freshness
from sync.engine.belief import COUNTED_SECONDS, Belief
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.scripts import Scripts

if TYPE_CHECKING:
    from sync.redis.connection import Client


@pytest.mark.parametrize("per_second", [10.0, None])
async def test_people_are_counted_once_a_minute(redis: Client, per_second: float | None) -> None:
    now = 0.0
    belief = Belief(PeopleStore(redis, Scripts(redis)), per_second, monotonic=lambda: now)
    few = UNHURRIED if per_second is None else freshness(0, per_second)
    assert await belief.fresh() == few
    await redis.sadd(keys.everybody(0), *(str(number) for number in range(12_000)))
    assert await belief.fresh() == few
    now = COUNTED_SECONDS
    many = UNHURRIED if per_second is None else freshness(12_000, per_second)
    assert await belief.fresh() == many
