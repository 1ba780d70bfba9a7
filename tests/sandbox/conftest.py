from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.server import WORLD, build_sandbox
from tests.doubles.teams import signing_key
from tests.sandbox.support import config, still_clock

if TYPE_CHECKING:
    from pytest_aiohttp.plugin import AiohttpClient

    from tests.sandbox.support import Client


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> Client:
    """A sandbox whose clock stands still."""
    sandbox = build_sandbox(config(), clock=still_clock())
    sandbox[WORLD].identity.keys._use_key(signing_key("entra"))
    return await aiohttp_client(sandbox)
