"""The commands as processes: how they start, refuse, end, and share the work."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import zipfile
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.people import APP_ID
from sandbox.zoom_states import ZoomPresence
from tests.doubles.outside import APP_SECRET, PUBLIC, WEBHOOK_SECRET, serving, words
from tests.doubles.product import eventually, http, run, running
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
COMMANDS = ("serve", "worker", "check", "manifest", "local")


@pytest.fixture(autouse=True)
async def emptied(around: Outside) -> None:
    """Every test begins with an empty store."""
    client = open_client(around.redis)
    await client.flushall()
    await client.aclose()


# Settings


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        (
            "serve",
            [
                *("MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppTenantId"),
                *("PUBLIC_URL", "TOKEN_KEYS", "ZOOM_WEBHOOK_SECRET"),
            ],
        ),
        ("worker", ["MicrosoftAppId", "TOKEN_KEYS", "REDIS_URL"]),
        ("manifest", ["MicrosoftAppId", "PUBLIC_URL"]),
    ],
)
async def test_everything_that_is_missing_is_named_at_once(
    tmp_path: Path, command: str, needs: list[str]
) -> None:
    code, text = await run(command, environ={}, folder=tmp_path)
    assert code == 2
    for name in needs:
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
    settings = around.environ(ACCOUNT_DEFAULT="maybe")
    lines = [f"{name}={value}" for name, value in settings.items()]
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    code, text = await run("serve", environ={}, folder=tmp_path)
    assert (code, "ACCOUNT_DEFAULT must be on or off" in text) == (2, True)
    async with running("serve", environ={"ACCOUNT_DEFAULT": "off"}, folder=tmp_path) as command:
        await command.event("started")
        assert await command.stop() == 0


async def test_every_command_explains_itself(tmp_path: Path) -> None:
    answers = await asyncio.gather(
        *(run(command, "--help", environ={}, folder=tmp_path) for command in COMMANDS)
    )
    for command, (code, text) in zip(COMMANDS, answers, strict=True):
        assert code == 0
        assert f"Usage: app.py {command}" in text


# The end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly_and_what_is_in_hand_is_finished(
    around: Outside, tmp_path: Path, number: signal.Signals
) -> None:
    async with serving(around, tmp_path) as product:
        writing, asking = around.somebody(), around.somebody()
        await product.connected(writing)
        chat = await product.connected(asking)
        queue = around.world.faults.graph
        queue.append(Fault(FaultKind.STALLED, times=2))
        around.world.set_zoom(writing.object_id, ZoomPresence.IN_MEETING)
        await product.until(lambda: queue.stalled == 1, "the write hangs")
        question = asyncio.create_task(chat.says("status"))
        await product.until(lambda: queue.stalled == 2, "the look hangs")
        product.command.send(number)
        await product.command.event("stopping")
        queue.release()
        assert "Your presence" in words((await question).card)
        assert await product.command.ended() == 0
        assert around.told(writing) == CALL
        product.command.assert_clean()


async def test_a_port_that_is_taken_is_one_sentence(around: Outside, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, text = await run("serve", environ=around.environ(PORT=port), folder=tmp_path)
    assert code == 1
    assert "Traceback" not in text
    [line] = [line for line in text.splitlines() if line.startswith("Presence Bridge can't go on")]
    assert port in line
    assert "in use" in line


async def test_when_the_embedded_redis_dies_the_process_ends(
    around: Outside, tmp_path: Path
) -> None:
    async with serving(around, tmp_path, REDIS_URL=None, DATA_DIR=str(tmp_path / "d")) as product:
        pid = int((tmp_path / "d/redis/redis.pid").read_text())
        signal.pidfd_send_signal(_pidfd(pid), signal.SIGKILL)
        assert await product.command.ended() == 1
        assert "Presence Bridge can't go on: The embedded Redis ended (signal 9)." in (
            product.command.text
        )
        assert "Traceback" not in product.command.text


async def test_a_second_process_does_not_take_the_same_folder(
    around: Outside, tmp_path: Path
) -> None:
    async with serving(around, tmp_path, REDIS_URL=None) as product:
        code, text = await run("serve", environ=around.environ(REDIS_URL=None), folder=tmp_path)
        assert code == 1
        assert f"process {product.command.process.pid}" in text
        assert await product.command.stop() == 0


# Restart, policy off, the other variable for a private authority


async def test_a_restart_keeps_the_connection(around: Outside, tmp_path: Path) -> None:
    settings: dict[str, str | None] = {
        "REDIS_URL": None,
        "DATA_DIR": str(tmp_path / "data"),
        "REQUESTS_CA_BUNDLE": None,
        "SSL_CERT_FILE": str(around.authority),
        "GRAPH_URL": around.https,
        "ZOOM_OAUTH_URL": around.https,
        "ZOOM_API_URL": around.https,
    }
    person = around.somebody()
    async with serving(around, tmp_path, **settings) as product:
        chat = await product.connected(person)
        card = chat.received[-1]
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.told(person, CALL)
        assert await product.command.stop() == 0
        product.command.assert_clean()
    async with serving(around, tmp_path, **settings) as product:
        around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
        await product.told(person, ("DoNotDisturb", "Presenting"))
        again = product.chat(person)
        # Buttons of earlier cards work on, in the same message.
        assert "Working." in words(await again.presses("Status", on=card))
        assert again.received[-1].activity_id == card.activity_id
        assert await product.command.stop() == 0
        product.command.assert_clean()


async def test_an_installation_that_starts_off_tells_and_writes_nothing(
    around: Outside, tmp_path: Path
) -> None:
    off = {"ACCOUNT_DEFAULT": "off", "METRICS_TOKEN": "metrics-token-1", "WELCOME": "quiet"}
    async with serving(around, tmp_path, **off) as product:
        person = around.somebody()
        chat = product.chat(person)
        await chat.installs()
        assert chat.received == []
        await product.connected(person)
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        status = words((await chat.says("status")).card)
        assert "presence sync is off" in status
        assert "off for your organisation" in status
        failed = await chat.presses("Test it", on=next(m for m in chat.received if m.card))
        assert "The test failed" in words(failed)
        assert around.told(person) is None
        assert around.state(person).journal == around.state(person).journal.__class__()

        url, proxied = f"{product.url}/metrics", {"X-Forwarded-For": "203.0.113.7"}
        assert (await http("GET", url, headers=proxied))[0] == 401
        for given, status_code in (("wrong", 401), ("metrics-token-1", 200), ("é", 401)):
            bearer = proxied | {"Authorization": f"Bearer {given}"}
            assert (await http("GET", url, headers=bearer))[0] == status_code


async def test_without_zooms_api_the_first_event_decides(around: Outside, tmp_path: Path) -> None:
    no_api = dict.fromkeys(("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"))
    async with serving(around, tmp_path, **no_api) as product:
        person = around.somebody()
        chat = await product.connected(person)
        [connected] = {m.activity_id: m for m in chat.received}.values()
        assert "It appears with the next change in Zoom." in words(chat.now(connected))
        status = words((await chat.says("status")).card)
        assert "Zoom has told me nothing about you yet" in status
        assert "Change your status in Zoom once" in status
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.told(person, CALL)


# Several processes


async def test_a_worker_alone_writes_what_another_process_took_in(
    around: Outside, tmp_path: Path
) -> None:
    worker_settings = around.environ(WORKER_PORT="0", PUBLIC_URL=None, ZOOM_WEBHOOK_SECRET=None)
    async with (
        serving(around, tmp_path, "--no-worker") as product,
        running("worker", environ=worker_settings, folder=tmp_path) as worker,
    ):
        person = around.somebody()
        chat = await product.connected(person)
        port = (await worker.event("worker_started"))["port"]
        url = f"http://127.0.0.1:{port}"
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.told(person, CALL)
        _, counted = await http("GET", f"{url}/metrics")
        assert 'graph_requests_total{kind="set",outcome="ok"} 1.0' in counted
        _, counted = await http("GET", f"{product.url}/metrics")
        assert 'graph_requests_total{kind="set",outcome="ok"} 0.0' in counted
        assert (await http("POST", f"{url}/api/messages", data=b"{}"))[0] == 404

        async def ready() -> bool:
            return (await http("GET", f"{url}/readyz"))[0] == 200

        await eventually(ready, "the worker is ready", log=worker)
        around.world.identity.revoke(person.object_id)
        around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
        around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
        await chat.teams.wait_for(
            lambda sent: (
                sent.conversation_id == chat.client.conversation_id
                and words(sent.card).startswith("Please connect again")
            )
        )
        assert await worker.stop() == 0
        worker.assert_clean()
        assert await product.command.stop() == 0
        product.command.assert_clean()


# check and manifest


async def test_check_says_line_by_line_what_works(around: Outside, tmp_path: Path) -> None:
    wrong = around.environ(ZOOM_CLIENT_SECRET="wrong-zoom-secret-3391")
    away = around.environ(REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    without = around.environ(BOT_OPENID_METADATA_URL=f"{around.http}/nothing")
    (good, said), (bad, complaint), (lost, what), (keyless, keys) = await asyncio.gather(
        run("check", environ=around.environ(), folder=tmp_path, strict=True),
        run("check", environ=wrong, folder=tmp_path),
        run("check", environ=away, folder=tmp_path),
        run("check", environ=without, folder=tmp_path),
    )
    assert good == 0, said
    assert "FAILED" not in said
    for name in ("Settings", "Redis", "Microsoft login", "Bot Framework keys", "Microsoft Graph"):
        assert f"ok      {name}:" in said
    assert "ok      Zoom API: the app's credentials are accepted" in said
    assert "ResourceWarning" not in said
    assert (bad, lost, keyless) == (1, 1, 1)
    assert "FAILED  Zoom API:" in complaint
    assert "3391" not in complaint
    assert "FAILED  Redis:" in what
    assert "ok      Zoom API:" in what
    assert "FAILED  Bot Framework keys:" in keys
    for text in (complaint, what, keys):
        assert "Traceback" not in text


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
