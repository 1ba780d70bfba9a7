"""Every duty that is declared is done, whatever the product is started as."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from launch.conversation import wire_bot
from launch.outside import open_outside
from launch.wiring import duties_of, wire_core
from service import settings as setup
from service.metrics import Metrics
from sync.redis.duties import (
    DIGESTS,
    DIRECTORY,
    DUTIES,
    FEED,
    MATCHING,
    READBACK,
    ROSTER,
    Duty,
)
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    "MicrosoftAppId": "0a1b2c3d-0000-4000-8000-00000000000a",
    "MicrosoftAppPassword": "secret~value~long",
    "MicrosoftAppTenantId": "0a1b2c3d-0000-4000-8000-00000000000b",
    "PUBLIC_URL": "https://bot.example.com",
    "TOKEN_KEYS": Fernet.generate_key().decode(),
    "ZOOM_WEBHOOK_SECRET": "zoom~secret~value",
}
ZOOM = {
    "ZOOM_ACCOUNT_ID": "account",
    "ZOOM_CLIENT_ID": "id",
    "ZOOM_CLIENT_SECRET": "secret~value~long",
}


@pytest.mark.parametrize(
    ("zoom", "with_bot", "without"),
    [
        (ZOOM, True, set()),
        ({}, True, {DIRECTORY, MATCHING}),
        (ZOOM, False, {FEED, ROSTER, DIGESTS}),
        ({}, False, {DIRECTORY, MATCHING, FEED, ROSTER, DIGESTS}),
        (ZOOM | {"READBACK_PER_SECOND": "0"}, True, {READBACK}),
    ],
    ids=["all", "no-zoom", "worker", "worker-no-zoom", "no-readback"],
)
async def test_every_duty_is_done(
    tmp_path: Path, zoom: dict[str, str], with_bot: bool, without: set[Duty]
) -> None:
    settings = setup.load("serve", NAMES | zoom | {"DATA_DIR": str(tmp_path)})
    async with AsyncExitStack() as stack:
        outside = await open_outside(settings, "redis://127.0.0.1:1", stack)
        core = wire_core(settings, outside, Metrics())
        of_bot = wire_bot(settings, outside, core, Metrics(), None, None).works
        works = duties_of(core, Metrics(), of_bot=of_bot if with_bot else None)
        assert {work.duty for work in works} == set(DUTIES) - without
        await core.aclose()


async def test_what_follows_from_something_is_woken_by_it(tmp_path: Path) -> None:
    settings = setup.load("serve", NAMES | ZOOM | {"DATA_DIR": str(tmp_path)})
    async with AsyncExitStack() as stack:
        with RedisServer() as server:
            outside = await open_outside(settings, server.url, stack)
            core = wire_core(settings, outside, Metrics())
            coverage, organisation = core.covering.covering.work, core.organisation
            rematcher, refresher = organisation.matching.rematcher, core.directory.refresher
            assert rematcher is not None
            assert refresher is not None
            assert organisation.consents.wakes == [rematcher.work, coverage]
            assert core.settings.cache.wakes == [coverage]
            assert rematcher.matched == coverage.wake
            assert organisation.matching.store.wakes is rematcher.work
            assert not rematcher.work._woken.is_set()
            await refresher.groups_read({})
            assert rematcher.work._woken.is_set()
            await core.aclose()
            await stack.aclose()
