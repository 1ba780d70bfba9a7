"""What several tests of the room need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doubles.town import Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.doubles.engine import Bridge


@pytest.fixture
async def town(asking: Bridge) -> AsyncIterator[Town]:
    yield Town(asking)
    await asking.redis.flushall()  # opt-outs are kept for ever
