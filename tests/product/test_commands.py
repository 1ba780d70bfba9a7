"""The command line: what it refuses before it starts, `check`, and `manifest`."""

from __future__ import annotations

import json
import socket
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from app import cli
from sandbox.faults import Fault, FaultKind
from sandbox.people import APP_ID
from tests.doubles.outside import APP_SECRET, PUBLIC, WEBHOOK_SECRET
from tests.doubles.product import run, running

if TYPE_CHECKING:
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


async def test_check_is_content_when_all_is_well(around: Outside, tmp_path: Path) -> None:
    code, text = await run("check", environ=around.environ(), folder=tmp_path)
    assert code == 0, text
    assert "FAILED" not in text
    for name in ("Settings", "Redis", "Microsoft login", "Bot Framework keys", "Microsoft Graph"):
        assert f"ok      {name}:" in text
    assert "ok      Zoom API: the app's credentials are accepted" in text
    assert "ResourceWarning" not in text


async def test_check_names_everything_that_is_wrong(around: Outside, tmp_path: Path) -> None:
    environ = around.environ(
        ZOOM_CLIENT_SECRET="wrong-zoom-secret-3391",
        REDIS_URL=f"unix://{tmp_path}/nobody.sock",
        BOT_OPENID_METADATA_URL=f"{around.http}/nothing",
        PYTHONDEVMODE=None,
    )
    code, text = await run("check", environ=environ, folder=tmp_path)
    assert code == 1
    for name in ("Redis", "Bot Framework keys", "Zoom API"):
        assert f"FAILED  {name}:" in text
    assert "ok      Microsoft login:" in text
    assert "3391" not in text
    assert "Traceback" not in text


async def test_check_tells_a_firewalls_page_from_an_answer(around: Outside, tmp_path: Path) -> None:
    for queue in (around.world.faults.graph, around.world.faults.zoom):
        queue.append(Fault(FaultKind.INTERCEPTED))
    code, text = await run("check", environ=around.environ(), folder=tmp_path)
    assert code == 1
    for name, service in (("Microsoft Graph", "graph"), ("Zoom API", "zoom")):
        assert f"FAILED  {name}: {service}_intercepted: 403 - something in between" in text
    assert "zoom_token_not_shared" not in text


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
