"""The product with few open files, which strangers would like to have for themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sandbox.zoom_states import ZoomPresence
from tests.doubles.outside import serving
from tests.doubles.product import APP, http

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = 256
PROGRAM = (
    "-c",
    f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
sys.argv[0] = {str(APP)!r}
sys.path.insert(0, {str(APP.parent)!r})
runpy.run_path(sys.argv[0], run_name="__main__")
""",
)
HELD = (
    (b"POST /zoom/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", "IN_MEETING"),
    (b"GET /livez HTTP/1.1\r\n", "PRESENTING"),
    (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "IN_MEETING"),
)
TOLD = {"IN_MEETING": ("Busy", "InACall"), "PRESENTING": ("DoNotDisturb", "Presenting")}


async def test_strangers_hold_more_sockets_than_there_are_files(
    around: Outside, tmp_path: Path
) -> None:
    around.program = PROGRAM
    async with serving(around, tmp_path, KEEP_ALIVE_SECONDS="1", PYTHONDEVMODE=None) as product:
        person = around.somebody()
        chat = await product.connected(person)
        host, port = product.url.removeprefix("http://").split(":")
        writers = []
        for data, state in HELD:
            for _ in range(FILES + 44):
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(data)
                writers.append(writer)
            for page in ("livez", "readyz"):
                assert (await http("GET", f"{product.url}/{page}"))[0] == 200
            # A fresh connection to Zoom's webhook and to the chat, too.
            around.world.set_zoom(person.object_id, ZoomPresence[state])
            await product.told(person, TOLD[state])
            await chat.works()
        async with asyncio.timeout(8):  # the last one is idle: it ends by the setting
            await reader.read()
        assert len(product.command.events("connections_full")) == 1
        for writer in writers:
            writer.close()
        assert await product.command.stop() == 0
        product.command.assert_clean()
