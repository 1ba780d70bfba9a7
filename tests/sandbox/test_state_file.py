from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
import structlog

from sandbox.graph_presence import Pair, TeamsClient
from sandbox.people import APP_ID
from sandbox.server import build_sandbox
from sandbox.zoom_states import ZoomPresence
from tests.sandbox.support import (
    ADA,
    BEN,
    ask_token,
    bearer,
    config,
    sign_in,
    still_clock,
    world_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_aiohttp.plugin import AiohttpClient


async def test_everything_that_matters_survives_a_restart(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    file = tmp_path / "data" / "sandbox.json"
    settings = config(state_file=file)
    first = await aiohttp_client(build_sandbox(settings, clock=still_clock()))
    tokens = await sign_in(first)
    world = world_of(first)
    world.clock.advance(100)
    world.set_zoom(ADA, ZoomPresence.IN_MEETING)
    world.set_teams(BEN, TeamsClient.PRESENTING)
    world.set_manual(BEN, "BeRightBack")
    world.set_session(ADA, APP_ID, Pair("Busy", "InACall"), 600)
    world.identity.standing[BEN].admin_approval = True
    await first.close()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["sandbox.json"]
    second = await aiohttp_client(build_sandbox(settings, clock=still_clock()))
    world = world_of(second)
    assert world.people[ADA].zoom is ZoomPresence.IN_MEETING
    assert world.shown(ADA) == ("Busy", "InACall")
    assert world.shown(BEN) == ("BeRightBack", "BeRightBack")
    assert world.identity.standing[BEN].admin_approval
    assert world.identity.connected(ADA)
    async with second.get("/v1.0/me", headers=bearer(tokens)) as answer:
        assert answer.status == 200
    status, _ = await ask_token(
        second, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert status == 200
    # The moved clock starts afresh, and what was left of the session is left still.
    assert world.clock.offset == 0
    world.clock.advance(600)
    assert world.shown(ADA) == ("Offline", "Offline")


async def test_a_change_is_on_disk_without_a_shutdown(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    file = tmp_path / "sandbox.json"
    client = await aiohttp_client(build_sandbox(config(state_file=file), clock=still_clock()))
    world_of(client).set_zoom(ADA, ZoomPresence.OUT_OF_OFFICE)
    async with client.get("/sandbox/api/state"):  # gives the writer its turn
        assert "Out_of_Office" in file.read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"version": 2}', '{"version": 1, "people": {}}', "\x00"]
)
async def test_an_unreadable_file_means_a_fresh_start_and_a_log_line(
    aiohttp_client: AiohttpClient, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "sandbox.json"
    file.write_text(text, encoding="utf-8")
    with structlog.testing.capture_logs() as logs:
        client = await aiohttp_client(build_sandbox(config(state_file=file)))
    assert [line["event"] for line in logs] == ["sandbox_state_unreadable"]
    assert world_of(client).people[ADA].zoom is ZoomPresence.OFFLINE


async def test_another_registration_starts_afresh(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    file = tmp_path / "sandbox.json"
    first = await aiohttp_client(build_sandbox(config(state_file=file)))
    await sign_in(first)
    await first.close()
    with structlog.testing.capture_logs():
        second = await aiohttp_client(
            build_sandbox(config(state_file=file, client_id="another-app"))
        )
    assert not world_of(second).identity.connected(ADA)
