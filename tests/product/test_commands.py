"""The command line: what it refuses before it starts, `check`, and `manifest`."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from app import cli
from launch import check as checks
from sandbox.people import APP_ID
from sync.redis import keys
from tests.doubles.outside import APP_SECRET, PUBLIC, WEBHOOK_SECRET
from tests.doubles.product import run, running
from tests.doubles.pty import Terminal, plain
from tests.doubles.redis import RedisServer, eventually, open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

REQUIRED = (
    *("MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppTenantId"),
    *("PUBLIC_URL", "TOKEN_KEYS", "ZOOM_WEBHOOK_SECRET"),
)


async def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    code, text = await run("serve", environ={}, folder=tmp_path)
    assert code == 2
    for name in REQUIRED:
        assert f"{name} is missing" in text
    assert "Traceback" not in text


async def test_wrong_settings_are_named_at_once_and_never_repeated(
    around: Outside, tmp_path: Path
) -> None:
    environ = around.environ(
        TOKEN_KEYS="not-a-key-8812",
        PUBLIC_URL="http://bot.example.com",
        MicrosoftAppId="secret-pasted-here-4471",
        ZOOM_WEBHOOK_SECRET=None,
        ZOOM_CLIENT_SECRET=None,
        MicrosoftAppTenantId="replace-me",
        PORT="seventy",
    )
    environ["ZOOM_WEBHOOK_SECERT"] = WEBHOOK_SECRET
    code, text = await run("serve", environ=environ, folder=tmp_path)
    assert code == 2
    for name in ("TOKEN_KEYS", "PUBLIC_URL", "MicrosoftAppId", "MicrosoftAppTenantId", "PORT"):
        assert any(line.startswith(f"  - {name} ") for line in text.splitlines()), (name, text)
    assert "ZOOM_WEBHOOK_SECERT is not a setting. Did you mean ZOOM_WEBHOOK_SECRET?" in text
    assert "ZOOM_CLIENT_SECRET missing" in text
    for value in ("8812", "4471", WEBHOOK_SECRET, APP_SECRET, "seventy"):
        assert value not in text


async def test_the_env_file_is_read_and_the_environment_wins(
    around: Outside, tmp_path: Path
) -> None:
    settings = around.environ(ACCOUNT_DEFAULT="maybe", PYTHONDEVMODE=None)
    lines = [f"{name}={value}" for name, value in settings.items()]
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    # MSAL and OpenSSL read this one from the environment alone.
    authority = {"REQUESTS_CA_BUNDLE": settings["REQUESTS_CA_BUNDLE"]}
    environ = {"ACCOUNT_DEFAULT": "off", **authority}
    async with running("serve", environ=environ, folder=tmp_path) as command:
        await command.event("started")


async def test_the_commands_are_listed(tmp_path: Path) -> None:
    code, text = await run("--help", environ={}, folder=tmp_path)
    assert code == 0
    for command in ("serve", "worker", "check", "manifest", "local"):
        assert f"\n  {command} " in text


@pytest.mark.parametrize("command", sorted(cli.commands))
async def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert f"Usage: cli {command}" in result.output
    assert cli.commands[command].help


async def test_a_port_that_is_taken_is_one_sentence(around: Outside, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, text = await run("serve", environ=around.environ(PORT=port), folder=tmp_path)
    assert code == 1
    assert "Traceback" not in text
    [line] = [line for line in text.splitlines() if line.startswith("Presence Bridge can't go on")]
    assert port in line
    assert "in use" in line
    assert "choose another with PORT" in line
    assert "Errno" not in text


@contextlib.asynccontextmanager
async def installed(around: Outside, folder: Path) -> AsyncIterator[dict[str, str]]:
    """A product that Zoom has found, at its public address; the settings of its operator."""
    with RedisServer(None, "--appendonly", "yes") as redis:
        environ = around.environ(REDIS_URL=redis.url, PUBLIC_URL=PUBLIC)
        async with running("serve", environ=environ, folder=folder) as command:
            address = f"http://127.0.0.1:{(await command.event('started'))['port']}"
            around.world.webhooks.url = f"{address}/zoom/webhook"
            assert await around.world.webhooks.validate()
            async with contextlib.aclosing(open_client(redis)) as client:

                async def noted() -> bool:
                    return bool(await client.hexists(keys.FEED_STATE, "validated"))

                await eventually(noted)  # The answer to Zoom is first, what is kept comes after.
            yield {**environ, "PUBLIC_URL": address}


async def test_a_wrong_password_of_redis_ends_the_start(around: Outside, tmp_path: Path) -> None:
    with RedisServer(None, "--requirepass", "hunter2-hunter2") as redis:
        environ = around.environ(REDIS_URL=redis.url, PYTHONDEVMODE=None)
        code, text = await run("serve", environ=environ, folder=tmp_path)
    assert code == 1
    assert "Redis refuses the user name or password in REDIS_URL" in text
    assert "Traceback" not in text


async def test_check_is_content_when_all_is_well(around: Outside, tmp_path: Path) -> None:
    async with installed(around, tmp_path) as environ:
        code, text = await run(
            *("check", "--skip", "entra-redirect"), environ=environ, folder=tmp_path
        )
        as_json, printed = await run(
            *("check", "--json", "--skip", "entra-redirect"), environ=environ, folder=tmp_path
        )
    assert code == 0, text
    assert "FAILED" not in text
    for name in ("Settings", "Redis", "Entra secret", "Bot registration", "Zoom events", "Proxy"):
        assert f"ok       {name}: " in text, text
    assert "ok       Public address: this Presence Bridge answers" in text
    # Nothing but the table is printed: no log, no complaint of Python's.
    table = re.compile(r"(ok|warning|FAILED|not seen) +[A-Z].*: |         -> |\d+ of \d+ well")
    assert [line for line in text.splitlines() if not table.match(line)] == []
    assert as_json == 0
    read = json.loads(printed)
    assert read["ok"] is True
    named = {one["check"] for one in read["findings"]}
    assert named == set(checks.NAMES) - {"entra-redirect", "zoom-log"}


async def test_check_names_everything_that_is_wrong(around: Outside, tmp_path: Path) -> None:
    environ = around.environ(
        ZOOM_CLIENT_SECRET="wrong-zoom-secret-3391",
        REDIS_URL=f"unix://{tmp_path}/nobody.sock",
        BOT_OPENID_METADATA_URL=f"{around.http}/nothing",
        TOKEN_KEYS="not-a-key-8812",
        PYTHONDEVMODE=None,
    )
    code, text = await run("check", environ=environ, folder=tmp_path)
    assert code == 1
    for name in ("Settings", "Redis", "Bot signing keys", "Zoom credentials", "Public address"):
        assert f"FAILED   {name}: " in text
    assert "FAILED   Settings: TOKEN_KEYS is not a Fernet key" in text
    assert f"There is no .env in {tmp_path}." in text
    assert "ok       Entra secret:" in text
    for forbidden in ("3391", "8812", "Traceback", "Errno"):
        assert forbidden not in text


async def test_check_in_a_terminal_fits_into_it(around: Outside, tmp_path: Path) -> None:
    for width in (80, 120):
        async with Terminal.start(
            "check", environ=around.environ(PYTHONDEVMODE=None), folder=tmp_path, width=width
        ) as terminal:
            text = await terminal.ended()
            assert terminal.code == 1
            assert "\x1b[" in text
            lines = plain(text).splitlines()
            assert max(map(len, lines)) <= min(width, 110)
            assert any(line.startswith("FAILED    Public address") for line in lines), lines
            assert "Traceback" not in text


async def test_check_in_a_terminal_without_colour(around: Outside, tmp_path: Path) -> None:
    environ = around.environ(PYTHONDEVMODE=None, NO_COLOR="1")
    async with Terminal.start(
        "check", "--only", "graph", environ=environ, folder=tmp_path
    ) as terminal:
        text = await terminal.ended()
        assert "ok        Microsoft Graph" in text
        assert "\x1b[3" not in text


async def test_check_refuses_a_name_that_it_does_not_know(tmp_path: Path) -> None:
    code, text = await run("check", "--only", "zooom", environ={}, folder=tmp_path)
    assert code == 2
    assert "zoom-scopes" in text


async def test_where_settings_were_looked_for_is_said(tmp_path: Path) -> None:
    code, text = await run("serve", environ={}, folder=tmp_path)
    assert code == 2
    assert f"Settings were read from the environment. There is no .env in {tmp_path}." in text
    (tmp_path / ".env").write_text("PORT=80\n", "utf-8")
    _, text = await run("serve", environ={}, folder=tmp_path)
    assert f"Settings were read from the environment and {tmp_path}/.env." in text


async def test_help_is_whole_in_a_narrow_terminal(tmp_path: Path) -> None:
    code, text = await run("--help", environ={"COLUMNS": "60"}, folder=tmp_path)
    assert code == 0
    assert "..." not in text.partition("Commands:")[2]
    assert "for Microsoft and Zoom." in " ".join(text.split())


async def test_manifest_writes_a_package_from_two_settings(tmp_path: Path) -> None:
    environ = {"MicrosoftAppId": APP_ID, "PUBLIC_URL": PUBLIC}
    code, text = await run("manifest", "-o", "app.zip", environ=environ, folder=tmp_path)
    assert (code, "Wrote app.zip" in text) == (0, True), text
    with zipfile.ZipFile(tmp_path / "app.zip") as package:
        assert package.testzip() is None
        manifest = json.loads(package.read("manifest.json"))
        assert {"color.png", "outline.png"} <= set(package.namelist())
    assert manifest["bots"][0]["botId"] == APP_ID
    assert "bot.example.com" in manifest["validDomains"]


async def test_a_package_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    environ = {"MicrosoftAppId": APP_ID, "PUBLIC_URL": PUBLIC}
    code, text = await run("manifest", "-o", "no/such/app.zip", environ=environ, folder=tmp_path)
    assert code == 1
    assert "Traceback" not in text
    assert "no/such/app.zip" in text
