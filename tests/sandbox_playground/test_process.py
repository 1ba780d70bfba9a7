"""The chat client as a process: where it listens, whom it reaches, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from sandbox.people import PEOPLE
from sandbox.playground import (
    Playground,
    PlaygroundFailed,
    PlaygroundUnavailable,
    install,
    playground,
)

FOLDER = Path(__file__).resolve().parents[2] / "sandbox" / "playground"
PRELOAD = FOLDER / "loopback-only.cjs"
NOBODY = "http://127.0.0.1:9/api/messages"

LISTEN_AND_REACH_OUT = """
const net = require("node:net"), http = require("node:http"), https = require("node:https");
const seen = {};
const server = http.createServer((_, answer) => answer.end("ok")).listen(0, async () => {
  const { address, port } = server.address();
  seen.address = address;
  seen.inside = (await fetch(`http://localhost:${port}/`)).status;
  const refusal = (request) => new Promise((done) => request.on("error", (e) => done(e.message)));
  seen.plain = await refusal(http.get("http://192.0.2.1/"));
  seen.tls = await refusal(https.get("https://telemetry.example/"));
  seen.raw = await refusal(new net.Socket().connect(443, "192.0.2.2"));
  seen.fetch = await fetch("https://telemetry.example/").catch((e) => e.cause.message);
  console.log(JSON.stringify(seen));
  process.exit(0);
});
"""


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed (no `node` on the PATH)")
    return found


@pytest.fixture
async def installed(tmp_path: Path) -> None:
    try:
        await install(tmp_path / "npm.log")
    except PlaygroundUnavailable as error:
        pytest.skip(f"no chat client: {error}")


def test_preload_binds_and_reaches_loopback_only(node: str) -> None:
    done = subprocess.run(
        [node, "--require", str(PRELOAD), "-e", LISTEN_AND_REACH_OUT],
        capture_output=True,
        check=True,
        timeout=20,
    )

    seen = json.loads(done.stdout)
    assert seen["address"] == "127.0.0.1"
    assert seen["inside"] == 200
    for how in ("plain", "tls", "raw", "fetch"):
        assert seen[how].startswith("Only this machine may be reached, not "), how


async def test_client_ends_when_whoever_started_it_is_gone(node: str) -> None:
    child = await asyncio.create_subprocess_exec(
        *(node, "--require", str(PRELOAD), "-e", "console.log('up'); setInterval(() => {}, 1000)"),
        env=os.environ | {"EXIT_WITH_STDIN": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert await child.stdout.readline() == b"up\n"

    child.stdin.close()  # what the system does for a parent that was killed

    async with asyncio.timeout(10):
        assert await child.wait() == 0


def accepts(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


async def test_client_listens_on_one_loopback_address_until_the_block_ends(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("data")  # relative, as people write it in settings
    async with playground(endpoint=NOBODY, person=PEOPLE[1], data_dir=folder, port=0) as client:
        port = int(client.url.rstrip("/").rpartition(":")[2])
        assert client.service_url == f"http://127.0.0.1:{port}/_connector"
        assert accepts("127.0.0.1", port)
        assert not accepts("127.0.0.2", port)  # would answer if it listened on all addresses
        assert f"Listening on {port}" in (tmp_path / "data" / "chat-ben.log").read_text()

    assert not accepts("127.0.0.1", port)


async def test_early_death_is_told_with_the_end_of_the_log(installed: None, tmp_path: Path) -> None:
    async with playground(endpoint=NOBODY, person=PEOPLE[0], data_dir=tmp_path, port=0) as client:
        waiting = asyncio.create_task(client.wait())
        kill(client)
        with pytest.raises(PlaygroundFailed, match=r"(?s)ended by itself.*Listening on \d+"):
            await waiting


def kill(client: Playground) -> None:
    os.kill(client.process._child.pid, signal.SIGKILL)


async def test_start_that_fails_is_told_with_what_the_client_printed(
    installed: None, tmp_path: Path
) -> None:
    with pytest.raises(PlaygroundFailed, match=r"(?s)did not start.*no-such-channel"):
        async with playground(
            endpoint=NOBODY, person=PEOPLE[0], data_dir=tmp_path, port=0, channel="no-such-channel"
        ):
            pass


async def test_configuration_that_the_client_refuses_fails_the_start(
    installed: None, tmp_path: Path
) -> None:
    twins = [*PEOPLE[:-1], PEOPLE[1]]
    with pytest.raises(PlaygroundFailed, match="did not start"):
        async with playground(
            endpoint=NOBODY, person=PEOPLE[0], data_dir=tmp_path, port=0, people=twins
        ):
            pass


async def test_port_in_use_is_refused_instead_of_taking_another(
    installed: None, tmp_path: Path
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PlaygroundFailed, match=f"Port {port} is in use"):
            async with playground(endpoint=NOBODY, person=PEOPLE[0], data_dir=tmp_path, port=port):
                pass
