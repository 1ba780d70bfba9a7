"""`top` beside a running product, printed once and live in a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from sandbox.zoom_states import ZoomPresence
from tests.doubles import forks, pty
from tests.doubles.outside import METRICS_TOKEN, serving
from tests.doubles.product import http, run
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HOME, ALTERNATE, BACK = "\x1b[H", "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A terminal of 80 columns and 24 rows with `top` in it."""

    def __init__(self, process: asyncio.subprocess.Process | forks.InTerminal, master: int) -> None:
        self.process = process
        self.written = ""
        self._master = master
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
        self.written += data.decode()
        self._news.set()

    @property
    def picture(self) -> str:
        """What the screen shows."""
        return ESCAPES.sub("", self.written.rpartition(HOME)[2]).replace("\r", "")

    async def shows(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait for a picture that fulfils a condition."""
        try:
            async with asyncio.timeout(30):
                while not condition(self.picture):
                    await self._news.wait()
                    self._news.clear()
        except TimeoutError:
            raise AssertionError(f"never shown: {what}\n{self.picture}") from None
        return self.picture


@contextlib.asynccontextmanager
async def terminal(
    *arguments: str, environ: Mapping[str, str], folder: Path
) -> AsyncIterator[Terminal]:
    """Run `top` in a terminal while the block runs."""
    process, master = await pty.start(("top", *arguments), environ, folder, size=(24, 80))
    try:
        yield Terminal(process, master)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


async def test_one_picture_of_a_running_product(around: Outside, tmp_path: Path) -> None:
    async with serving(around, tmp_path, PYTHONDEVMODE=None) as product:
        person, other = around.somebody(), around.somebody()
        await product.connected(person)
        await product.connected(other)
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.told(person, ("Busy", "InACall"))
        port = product.url.rpartition(":")[2]
        environ = {"REDIS_URL": around.redis.url, "PORT": port, "METRICS_TOKEN": METRICS_TOKEN}
        code, text = await run("top", "--once", environ=environ, folder=tmp_path)
        assert code == 0, text
        assert "\x1b" not in text  # no terminal, no colours
        lines = text.splitlines()
        assert "People        2 connected" in lines
        assert "Parked        nobody" in lines
        assert any(line.startswith("hold          keep-alives of calls") for line in lines)
        assert any(line.startswith("Directory     95 users, ") for line in lines)
        assert f"Process at http://127.0.0.1:{port}/metrics, in the " in text
        assert any(line.startswith("To Microsoft  p50 ") for line in lines)
        assert re.search(r"^Events/s .*accepted [0-9.<]+", text, re.MULTILINE)
        assert re.search(r"^Graph/s .*set ok [0-9.<]+", text, re.MULTILINE)
        for name in (person.name, person.upn, person.object_id):
            assert name not in text
        # The gauges of the process hold the same kind of thing.
        page = await product.metrics()
        assert "presence_bridge_redis_up 1.0" in page
        assert "presence_bridge_directory_failing 0.0" in page
        assert 'presence_bridge_parked{reason="authorize"} 0.0' in page
        assert not re.search(r"worker_beat_timestamp_seconds 0\.0", page)


async def test_an_embedded_redis_is_found_while_it_runs(around: Outside, tmp_path: Path) -> None:
    alone = {"REDIS_URL": None, "METRICS_PORT": "0", "PYTHONDEVMODE": None}
    async with serving(around, tmp_path, **alone) as product:
        port = (await product.command.event("started"))["metrics_port"]
        environ = {"METRICS_PORT": str(port)}
        code, text = await run("top", "--once", environ=environ, folder=tmp_path)
        assert code == 0, text
        assert "People        0 connected" in text
        here = f"http://127.0.0.1:{port}/metrics"
        assert f"Process at {here}, in the " in text
        # No token is needed there, and nothing else is there.
        assert (await http("GET", here))[0] == 200
        assert (await http("GET", f"http://127.0.0.1:{port}/livez"))[0] == 404
        assert (await http("GET", here, headers={"Host": "bot.example.com"}))[0] == 404


async def test_without_a_redis_it_says_so_and_ends_with_1(tmp_path: Path) -> None:
    code, text = await run("top", environ={"METRICS_PORT": "0"}, folder=tmp_path)
    assert code == 1
    assert "Redis         no Presence Bridge runs on .data" in text
    assert "Traceback" not in text


async def test_live_it_survives_redis_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with RedisServer() as server:
        environ = {"REDIS_URL": server.url, "METRICS_PORT": "0"}
        async with terminal("--every", "0.5", environ=environ, folder=tmp_path) as screen:
            first = await screen.shows(lambda p: "oldest" in p, "the lanes")
            assert "every 0.5 s" in first
            server.kill()
            away = await screen.shows(lambda p: "What follows is" in p, "that Redis is away")
            assert "Redis         doesn't answer (ConnectionError)" in away
            assert "People        0 connected" in away  # as it was
            server.start()
            await screen.shows(
                lambda p: "connected" in p and "does not answer" not in p, "that Redis is back"
            )
            screen.process.send_signal(signal.SIGINT)
            async with asyncio.timeout(10):
                assert await screen.process.wait() == 0
            await screen.shows(lambda _: BACK in screen.written, "the terminal as it was")
            assert "Traceback" not in screen.written
            # One screen, drawn over itself: nothing is erased first, so nothing flickers.
            assert screen.written.count(ALTERNATE) == screen.written.count(BACK) == 1
            assert "\x1b[2J" not in screen.written.partition(HOME)[2].partition(BACK)[0]
            assert max(map(len, first.splitlines())) <= 80


async def test_wrong_options_are_refused_in_a_sentence(tmp_path: Path) -> None:
    code, text = await run("top", "--metrics", "worker-1:9090", environ={}, folder=tmp_path)
    assert code == 2
    assert "Error: Invalid value for '--metrics': an address is wanted" in text
