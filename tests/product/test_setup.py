"""`setup`: in a real terminal with somebody who types, and without questions."""

from __future__ import annotations

import stat
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sandbox.people import APP_ID, TENANT_ID, ZOOM_ACCOUNT_ID
from service.settings import load
from tests.doubles.outside import APP_SECRET, TOKEN_KEY, WEBHOOK_SECRET, ZOOM_SECRET
from tests.doubles.product import run
from tests.doubles.pty import Terminal, plain

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = "https://127.0.0.1:1"
SECRETS = (APP_SECRET, ZOOM_SECRET, WEBHOOK_SECRET, TOKEN_KEY)
ASKED = (
    *("PUBLIC_URL", "MicrosoftAppTenantId", "MicrosoftAppId", "MicrosoftAppPassword"),
    *("TOKEN_KEYS", "REDIS_URL", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"),
    "ZOOM_WEBHOOK_SECRET",
)


def world(around: Outside) -> dict[str, str]:
    """An environment that says where Microsoft and Zoom are, and nothing that setup asks for."""
    redirect = (f"{PUBLIC}/auth/microsoft/callback",)
    around.world.config = replace(around.world.config, redirect_uris=redirect)
    return around.environ(PYTHONDEVMODE=None, NO_COLOR="1", **dict.fromkeys(ASKED))


def assert_ready(folder: Path, environ: dict[str, str]) -> None:
    """The settings are whole and for their owner's eyes, the package is there."""
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    settings = load("serve", environ, folder / ".env")
    assert settings.microsoft_app_password.get_secret_value() == APP_SECRET
    assert settings.zoom_webhook_secret.get_secret_value() == WEBHOOK_SECRET
    assert settings.public_url == PUBLIC
    with zipfile.ZipFile(folder / "presence-bridge.zip") as package:
        assert "manifest.json" in package.namelist()


async def test_the_whole_way_in_a_terminal(around: Outside, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nACCOUNT_DEFAULT=off\nSOMEBODY=else\n", "utf-8")
    environ = world(around)
    async with Terminal.start("setup", environ=environ, folder=tmp_path) as terminal:
        await terminal.shows("Step 1 of 7")
        await terminal.shows("Public address")
        terminal.types("http://bot.example.com")
        await terminal.shows("PUBLIC_URL must begin with https://")
        await terminal.shows("Public address")
        terminal.types("https://bot.invalid")
        await terminal.shows("The name bot.invalid can't be found.")
        await terminal.shows("Answer again?")
        terminal.types("")
        await terminal.shows("Enter keeps https://bot.invalid")
        terminal.types(PUBLIC)
        seen = await terminal.shows("Directory (tenant) id")
        assert f"--endpoint {PUBLIC}/api/messages" in seen
        terminal.types("no-guid")
        await terminal.shows("MicrosoftAppTenantId must be a GUID")
        terminal.types(TENANT_ID)
        await terminal.shows("Application (client) id")
        terminal.types(APP_ID)
        await terminal.shows("Client secret")
        terminal.types("a-wrong-secret-3391")
        await terminal.shows("MicrosoftAppPassword is not a secret of this app.")
        await terminal.shows("That doesn't work yet. Answer again?")
        terminal.types("y")
        await terminal.shows(f"Enter keeps {TENANT_ID}")
        terminal.types("")
        await terminal.shows("Application (client) id")
        terminal.types("")
        await terminal.shows("Client secret (its value) (Enter keeps the present value)")
        terminal.types(APP_SECRET)
        await terminal.shows("Step 3 of 7")
        await terminal.shows("already works")
        await terminal.shows("Redis address")
        terminal.types("")
        await terminal.shows("Zoom account id")
        terminal.types(ZOOM_ACCOUNT_ID)
        await terminal.shows("Zoom client id")
        terminal.types("zoom-client")
        await terminal.shows("Zoom client secret")
        terminal.types(ZOOM_SECRET)
        await terminal.shows("Secret token")
        terminal.types(WEBHOOK_SECRET)
        await terminal.shows("Object ids of admins")
        terminal.types("")
        text = plain(await terminal.ended())

        assert terminal.code == 0, text
        assert "What to do next:" in text
        assert_ready(tmp_path, environ)
        written = (tmp_path / ".env").read_text("utf-8")
        assert written.startswith("# mine\nACCOUNT_DEFAULT=off\nSOMEBODY=else\n")
        for secret in (
            *SECRETS,
            "3391",
            load("serve", environ, tmp_path / ".env").token_key_list[0],
        ):
            assert secret not in terminal.text
        assert "Traceback" not in text


async def test_it_goes_on_where_it_was_stopped(around: Outside, tmp_path: Path) -> None:
    environ = world(around)
    async with Terminal.start("setup", environ=environ, folder=tmp_path) as terminal:
        await terminal.shows("Public address")
        terminal.types(PUBLIC)
        await terminal.shows("Directory (tenant) id")
        terminal.types(TENANT_ID)
        await terminal.shows("Application (client) id")
        text = plain(await terminal.interrupted())
        assert terminal.code == 130
        assert "Stopped. Your answers are in" in text
        assert "Traceback" not in text
        kept = (tmp_path / ".env").read_text("utf-8")
        assert f"\nMicrosoftAppTenantId={TENANT_ID}\n" in kept
        assert (
            "# The https address at which Teams and browsers reach the bot" in kept
        )  # the template

    async with Terminal.start("setup", environ=environ, folder=tmp_path) as terminal:
        seen = await terminal.shows("Directory (tenant) id")
        assert f"already set: PUBLIC_URL ({PUBLIC})" in seen
        assert "Created an encryption key" not in seen
        terminal.types("")
        await terminal.shows("Application (client) id")
        terminal.types(APP_ID)
        await terminal.shows("Client secret")
        await terminal.interrupted()  # also where nothing that is typed is shown
        assert terminal.code == 130


async def test_without_questions_the_environment_is_written_down(
    around: Outside, tmp_path: Path
) -> None:
    environ = around.environ(PYTHONDEVMODE=None, TOKEN_KEYS=None, PUBLIC_URL=PUBLIC)
    code, text = await run("setup", "--non-interactive", environ=environ, folder=tmp_path)
    assert code == 1, text  # this Redis keeps nothing on disk
    assert "FAILED   Redis durability" in text
    assert_ready(tmp_path, {"REQUESTS_CA_BUNDLE": environ["REQUESTS_CA_BUNDLE"]})
    for secret in SECRETS:
        assert secret not in text
    before = (tmp_path / ".env").read_text("utf-8")
    elsewhere = {"REQUESTS_CA_BUNDLE": environ["REQUESTS_CA_BUNDLE"]}
    code, again = await run("setup", "--non-interactive", environ=elsewhere, folder=tmp_path)
    assert code == 1
    assert (tmp_path / ".env").read_text("utf-8") == before  # keys are made once
    assert "Created an encryption key" not in again


async def test_without_questions_everything_missing_is_named(tmp_path: Path) -> None:
    code, text = await run("setup", "--non-interactive", environ={}, folder=tmp_path)
    assert code == 2
    for name in ("MicrosoftAppId", "PUBLIC_URL", "ZOOM_WEBHOOK_SECRET"):
        assert f"FAILED   Settings: {name} " in text
    assert "TOKEN_KEYS is" not in text
    assert not (tmp_path / "presence-bridge.zip").exists()


async def test_a_wrong_value_in_the_environment_is_not_written(tmp_path: Path) -> None:
    environ = {"PORT": "seventy", "PUBLIC_URL": PUBLIC}
    code, text = await run("setup", "--non-interactive", environ=environ, folder=tmp_path)
    assert code == 2
    assert "PORT must be a port number" in text
    assert "seventy" not in text
    assert not (tmp_path / ".env").exists()


async def test_no_terminal_no_questions(tmp_path: Path) -> None:
    code, text = await run("setup", environ={}, folder=tmp_path)
    assert code == 2
    assert "--non-interactive" in text
    assert not (tmp_path / ".env").exists()


async def test_a_file_that_can_not_be_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A='open\n", "utf-8")
    code, text = await run("setup", "--non-interactive", environ={}, folder=tmp_path)
    assert code == 1
    assert "line 1, can't be read" in text
    assert (tmp_path / ".env").read_text("utf-8") == "A='open\n"
