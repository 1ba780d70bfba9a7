"""The app comes and goes while processes start and stop, and with other settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doubles.app_news import CALL, DAY, a_day_passes, in_a_meeting, is_known, ttl_of_the_chat
from tests.doubles.inside import inside
from tests.doubles.outside import words
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from sync.redis.connection import Client
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_restart_in_between_forgets_nothing(
    around: Outside, redis: Client, tmp_path: Path
) -> None:
    async with inside(around, tmp_path) as product:
        back, away = [await in_a_meeting(product) for _ in range(2)]
        for chat in (back, away):
            await chat.installs("remove-upgrade")
    await a_day_passes(redis, away.person)
    async with inside(around, tmp_path) as product:

        async def forgotten() -> bool:
            return not await is_known(redis, away.person)

        await eventually(forgotten)
        back.product = product
        await back.installs("add-upgrade")
        assert around.told(back.person) == CALL


async def test_quiet_stays_quiet(around: Outside, redis: Client, tmp_path: Path) -> None:
    async with inside(around, tmp_path, WELCOME="quiet") as product:
        chat = product.chat(around.somebody())
        for action in ("add", "add-upgrade", "remove-upgrade", "add-upgrade"):
            await chat.installs(action)
        assert chat.received == []
        assert await ttl_of_the_chat(redis, chat.person) > DAY
        assert "What you can say" in words((await chat.says("help")).card)
