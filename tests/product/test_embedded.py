"""A product on its embedded Redis: who looks beside it, and what lies on its disk."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from sandbox.zoom_states import ZoomPresence
from sync.redis.connection import connect
from sync.redis.scripts import Scripts
from sync.settings.audit import Actor, AuditLog
from sync.settings.store import SettingsStore
from tests.doubles.outside import serving
from tests.doubles.product import Command, eventually, run
from tests.doubles.settings import ON, of_group
from wording.history import NOTHING_YET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
FORGED = "Sales\r\n2026-01-01T00:00:00.000Z  Ben Okafor (0)  change\x1b[2J\x9b1m\u202e\u2028x"
SHOWN = r"Sales\r\n2026-01-01T00:00:00.000Z  Ben Okafor (0)  change\x1b[2J\x9b1m\u202e\u2028x"


def on_disk(data_dir: Path) -> bytes:
    """Everything that lies in the data folder, as lower case."""
    parts = []
    for path in data_dir.rglob("*"):
        if path.is_file():
            try:
                parts.append(path.read_bytes())
            except FileNotFoundError:
                continue  # rewritten at this moment
    return b"\n".join(parts).lower()


async def test_others_may_look_and_who_leaves_leaves_the_disk(
    around: Outside, tmp_path: Path
) -> None:
    # Without Zoom's API: its directory of everybody would be on the disk, connected or not.
    alone = dict.fromkeys(("REDIS_URL", "PYTHONDEVMODE", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID"))
    alone["ZOOM_CLIENT_SECRET"] = None
    environ = around.environ(**alone)
    data = tmp_path / ".data"
    async with serving(around, tmp_path, **alone) as product:
        person = around.somebody()
        chat = await product.connected(person)
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await product.told(person, CALL)
        theirs = (b"in_meeting", f":tok:{person.object_id}".encode(), person.mail.encode())
        written = on_disk(data)
        assert [part for part in theirs if part not in written] == []

        url = f"unix://{data}/redis/redis.sock"
        redis = connect(url)
        store = SettingsStore(redis, Scripts(redis))
        await store.save(
            of_group("g1", ON, name=FORGED), expected=1, by=Actor("a", FORGED), reason=FORGED
        )
        await AuditLog(redis).looked_up(Actor("a", FORGED), FORGED)
        await redis.aclose()

        async def looks(*command: str) -> str:
            code, text = await run(*command, environ=environ, folder=tmp_path)
            assert code == 0, text
            assert "Another Presence Bridge" not in text
            return text

        checked, plain, lines, top = await asyncio.gather(
            looks("check", "--only", "redis"),
            looks("audit"),
            looks("audit", "--json"),
            looks("top", "--once"),
        )
        assert "ok       Redis: version " in checked
        assert "People        1 connected" in top
        assert len(plain.splitlines()) == 3
        assert plain.count(SHOWN) == 5
        assert not {"\r", "\x1b", "\x9b", "\u202e", "\u2028"} & set(plain + lines)
        records = [json.loads(line) for line in lines.splitlines()]
        assert [record["scope_name"] for record in records] == ["account", FORGED, FORGED]
        assert records[1]["name"] == records[1]["reason"] == FORGED

        await chat.installs("remove")  # `disconnect` leaves where they are reached
        await product.told(person, None)

        async def left() -> bool:
            written = on_disk(data)
            return not any(part in written for part in theirs)

        await eventually(left, "the files hold nothing of them", log=product.command, seconds=45)
        assert await product.command.stop() == 0
    assert await looks("audit") == plain  # also without a bot


async def test_a_bot_may_start_while_somebody_looks(around: Outside, tmp_path: Path) -> None:
    """`audit | less`, and a supervisor that starts the bot."""
    environ = around.environ(REDIS_URL=None, PYTHONDEVMODE=None)
    looks = await Command.start("audit", environ=environ, folder=tmp_path)
    async with serving(around, tmp_path, REDIS_URL=None, PYTHONDEVMODE=None) as product:
        assert product.command.process.returncode is None
    assert await looks.ended() == 0, looks.tail()


async def test_several_may_look_at_once(around: Outside, tmp_path: Path) -> None:
    environ = around.environ(REDIS_URL=None, PYTHONDEVMODE=None)
    looks = [run("audit", environ=environ, folder=tmp_path) for _ in range(3)]
    looked = await asyncio.gather(*looks)
    assert [(code, text.strip()) for code, text in looked] == [(0, NOTHING_YET)] * 3, "in words"


async def test_a_redis_that_is_away_is_a_sentence(around: Outside, tmp_path: Path) -> None:
    environ = around.environ(REDIS_URL="redis://127.0.0.1:1")
    for command in ("audit", "check"):
        code, text = await run(command, environ=environ, folder=tmp_path)
        assert code == 1
        assert "Traceback" not in text
        assert "Redis" in text


async def test_a_redis_that_can_be_overheard_is_warned_of(around: Outside, tmp_path: Path) -> None:
    environ = around.environ(REDIS_URL="redis://:hunter2@redis.invalid:6379")
    code, text = await run("check", environ=environ, folder=tmp_path)
    assert code == 1
    assert "warning  Redis TLS: REDIS_URL uses redis:// to another machine" in text
    assert "hunter2" not in text
