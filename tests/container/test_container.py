"""The image, as an operator runs it: an ordinary user, files that are read-only, no shell."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from tests.doubles.image import VERSION, built
from tests.doubles.outside import Outside, outside, serving
from tests.doubles.product import running
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.doubles.image import Image
    from tests.doubles.product import Command

pytestmark = [
    pytest.mark.container,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),  # the first one has it built
]

CALL = ("Busy", "InACall")
MOST = 110_000_000
"""Bytes that the image may add to its base, unpacked."""
AUTHORITY = {"REQUESTS_CA_BUNDLE": "/data/authority.pem"}
REFUSAL = {
    "error": {
        "code": "Forbidden",
        "message": "no",
        "details": [{"code": "a", "message": "b"}],
        "innerError": {"request-id": "r"},
    }
}
READS_A_REFUSAL = """
import sys
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
node = JsonParseNodeFactory().get_root_parse_node("application/json", sys.argv[1].encode())
error = node.get_object_value(ODataError).error
print(error.code, error.details[0].code, error.inner_error.request_id)
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The image that everybody would build."""
    with built(tmp_path_factory.mktemp("image")) as image:
        yield image


@pytest.fixture
def volume(image: Image, tmp_path: Path) -> Path:
    """What is mounted at /data; it belongs to the image's user."""
    folder = tmp_path / "volume"
    folder.mkdir()
    os.chown(folder, *map(int, image.config["User"].split(":")))
    return folder


@pytest_asyncio.fixture(loop_scope="module")
async def around(
    image: Image, volume: Path, unused_tcp_port_factory: Callable[[], int]
) -> AsyncIterator[Outside]:
    """Microsoft, Zoom and Teams; commands run in the image."""
    port = unused_tcp_port_factory()
    with RedisServer(None, "--port", str(port), "--bind", "127.0.0.1") as redis:
        redis.url = f"redis://127.0.0.1:{port}"
        async with outside(volume, redis) as world:
            world.authority.chmod(0o644)
            world.program = image.program(volume)
            yield world


async def ends(program: tuple[str, ...], folder: Path, **environ: str) -> Command:
    """Run a command to its end."""
    async with running(environ=environ, folder=folder, program=program) as command:
        await command.ended(20)
    return command


async def test_what_the_image_is(image: Image) -> None:
    app = image.root / "app"
    assert {path.name for path in app.iterdir()} == {
        *("LICENSE", "__pycache__", "app.py", "bot", "cards", "container", "domain", "launch"),
        *("manifest", "packages", "requirements.txt", "service", "sync", "wording"),
    }
    assert not shutil.which("sh", path=f"{image.root}/usr/bin")
    size = sum(path.stat().st_size for path in app.rglob("*") if path.is_file())
    assert size < MOST
    labels = image.config["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.title"] == "Presence Bridge"
    assert image.config["StopSignal"] == "SIGTERM"
    assert image.config["User"] == "65532:65532"


async def test_serve_and_worker_connect_a_person(
    image: Image,
    around: Outside,
    volume: Path,
    tmp_path: Path,
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    settings = {"PORT": str(unused_tcp_port_factory()), **AUTHORITY}
    workers = {"WORKER_PORT": str(unused_tcp_port_factory()), **AUTHORITY}
    probe = image.program(volume, *image.config["Healthcheck"]["Test"][1:])
    worker = running(
        "worker", environ=around.environ(**workers), folder=tmp_path, program=around.program
    )
    async with serving(around, tmp_path, "--no-worker", **settings) as serve, worker as work:
        await work.event("worker_started")
        person = around.somebody()
        chat = await serve.connected(person)
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await serve.told(person, CALL)
        assert "In a call" in json.dumps((await chat.says("status")).card)
        for ports in (settings, {"PORT": "1", **workers}):
            assert (await ends(probe, tmp_path, **ports)).process.returncode == 0
        stop = signal.Signals[image.config["StopSignal"]]
        for command in (serve.command, work):
            assert await command.stop(stop) == 0
            command.assert_clean()
    gone = await ends(probe, tmp_path, **settings, WORKER_PORT=workers["WORKER_PORT"])
    assert (gone.process.returncode, gone.text) == (1, "")


async def test_the_embedded_store_lives_on_the_volume(
    around: Outside, volume: Path, tmp_path: Path, unused_tcp_port: int
) -> None:
    settings = {"REDIS_URL": None, "PORT": str(unused_tcp_port), **AUTHORITY}
    person = around.somebody()
    async with serving(around, tmp_path, **settings) as first:
        await first.connected(person)
        assert await first.command.stop() == 0
    assert (volume / "redis" / "appendonlydir").is_dir()
    async with serving(around, tmp_path, **settings) as second:
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await second.told(person, CALL)
        assert await second.command.stop() == 0


async def test_nothing_but_the_volume_can_be_written(
    image: Image, volume: Path, tmp_path: Path
) -> None:
    code = "import os; print(os.getuid()); open('/data/a', 'w'); open('/app/a', 'w')"
    said = (await ends(image.program(volume, "python3", "-c", code), tmp_path)).output
    assert "65532" in said
    assert "OSError: [Errno 30] Read-only file system: '/app/a'" in said
    assert (volume / "a").exists()


async def test_what_graph_says_when_it_refuses_is_read_without_the_rest_of_the_sdk(
    image: Image, volume: Path, tmp_path: Path
) -> None:
    reads = image.program(volume, "python3", "-c", READS_A_REFUSAL, json.dumps(REFUSAL))
    assert (await ends(reads, tmp_path)).text == "Forbidden a r"


async def test_local_mode_is_for_a_checkout(image: Image, volume: Path, tmp_path: Path) -> None:
    said = await ends((*image.program(volume), "local"), tmp_path)
    assert said.text == "Error: The image has no stand-ins for Microsoft and Zoom. Use a checkout."
