"""Processes of the product: how they end, start again, and share the work."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from tests.doubles.notices import found_out, let_time_pass
from tests.doubles.outside import metrics_of, serving, words
from tests.doubles.product import eventually, http, run, running
from tests.doubles.redis import open_client, redis_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")


@pytest.fixture(autouse=True)
async def emptied(around: Outside) -> None:
    """Every test begins with an empty store."""
    client = open_client(around.redis)
    await client.flushall()
    await client.aclose()


async def test_a_signal_ends_it_cleanly_and_what_is_in_hand_is_finished(
    around: Outside, tmp_path: Path
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
        product.command.send(signal.SIGINT)
        await product.command.event("stopping")
        product.command.send(signal.SIGTERM)  # another one does not cut it short
        queue.release()
        assert "Your presence" in words((await question).card)
        assert await product.command.ended() == 0
        assert around.told(writing) == CALL
        product.command.assert_clean()


async def test_a_signal_during_the_start_ends_it_cleanly(around: Outside, tmp_path: Path) -> None:
    data = tmp_path / "data"
    environ = around.environ(REDIS_URL=None, DATA_DIR=str(data), PYTHONDEVMODE=None)
    async with running("serve", environ=environ, folder=tmp_path) as command:

        async def child_lives() -> bool:
            return redis_of(data / "redis") is not None

        await eventually(child_lives, "the embedded Redis runs", log=command, seconds=40)
        assert await command.stop() == 0, command.tail()
        command.assert_clean()
    assert redis_of(data / "redis") is None


async def test_an_embedded_redis_serves_one_process_and_takes_it_along_when_it_dies(
    around: Outside, tmp_path: Path
) -> None:
    alone = {"REDIS_URL": None, "PYTHONDEVMODE": None}
    async with serving(around, tmp_path, **alone) as product:
        second, text = await run("serve", environ=around.environ(**alone), folder=tmp_path)
        assert second == 1
        assert f"(process {product.command.process.pid}) already uses" in text
        assert "Traceback" not in text

        embedded = redis_of(tmp_path / ".data/redis")
        assert embedded is not None
        os.kill(embedded, signal.SIGKILL)
        assert await product.command.ended() == 1
        said = "Presence Bridge can't go on: The embedded Redis ended (signal 9)."
        assert said in product.command.text
        assert "Traceback" not in product.command.text


async def test_a_restart_keeps_the_connection(around: Outside, tmp_path: Path) -> None:
    settings = {
        "REDIS_URL": None,
        "DATA_DIR": str(tmp_path / "data"),
        # Everything over https, and the private authority named for OpenSSL alone.
        "REQUESTS_CA_BUNDLE": None,
        "SSL_CERT_FILE": str(around.authority),
        "GRAPH_URL": around.https,
        "ZOOM_OAUTH_URL": around.https,
        "ZOOM_API_URL": around.https,
        "PYTHONDEVMODE": None,
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
        await again.works()
        # Buttons of earlier cards work on, in the same message.
        assert "Working." in words(await again.presses("Status", on=card))
        assert again.received[-1].activity_id == card.activity_id


async def test_an_installation_that_starts_off_tells_and_writes_nothing(
    around: Outside, tmp_path: Path
) -> None:
    off = {
        "ACCOUNT_DEFAULT": "off",
        "WELCOME": "quiet",
        "PYTHONDEVMODE": None,
    }
    async with serving(around, tmp_path, **off) as product:
        person = around.somebody()
        chat = product.chat(person)
        await chat.installs()
        assert chat.received == []
        await product.connected(person)
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.until(
            lambda: around.world.webhooks.log[-1].state == "delivered", "Zoom is answered"
        )
        status = words((await chat.says("status")).card)
        assert "Zoom isn’t shown, because presence sync is off" in status
        assert "Test it" not in status
        assert "Not tested" in words((await chat.says("test")).card)
        assert around.told(person) is None
        assert list(around.state(person).journal) == []


async def test_without_zooms_api_the_first_event_decides(around: Outside, tmp_path: Path) -> None:
    no_api = dict.fromkeys(
        ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "PYTHONDEVMODE")
    )
    async with serving(around, tmp_path, **no_api) as product:
        person = around.somebody()
        chat = await product.connected(person)
        [connected] = {m.activity_id: m for m in chat.received}.values()
        assert "It’ll show at your next change in Zoom." in words(chat.now(connected))
        status = words((await chat.says("status")).card)
        assert "Zoom hasn’t said anything about you yet" in status
        assert "Change your status in Zoom, or" in status
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.told(person, CALL)


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
        counted = await metrics_of(url)
        assert 'graph_requests_total{kind="set",outcome="ok"} 1.0' in counted
        counted = await product.metrics()
        assert 'graph_requests_total{kind="set",outcome="ok"} 0.0' in counted
        assert (await http("GET", f"{url}/metrics"))[0] == 401
        assert (await http("POST", f"{url}/api/messages", data=b"{}"))[0] == 404
        packed = {"Content-Encoding": "gzip"}
        assert (await http("GET", f"{url}/livez", headers=packed))[0] == 415

        async def ready() -> bool:
            return (await http("GET", f"{url}/readyz"))[0] == 200

        await eventually(ready, "the worker is ready", log=worker)
        # The worker reaches people in their chats, too: the other process is gone by then.
        around.world.identity.revoke(person.object_id)
        around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
        around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
        client = open_client(around.redis)
        await found_out(client, person.object_id)
        assert await product.command.stop() == 0
        product.command.assert_clean()
        await let_time_pass(client, 60)
        await client.aclose()
        await chat.teams.wait_for(
            lambda sent: (
                sent.conversation_id == chat.client.conversation_id
                and words(sent.card).startswith("Please connect again")
            ),
            seconds=15,
        )
        assert await worker.stop() == 0
        worker.assert_clean()
