"""Data that the embedded Redis of another release has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from service.embedded_redis import embedded_redis
from service.redis_folder import EmbeddedRedisError

if TYPE_CHECKING:
    from pathlib import Path


async def stored(data_dir: Path, *, put: str | None = None, briefly: bool = False) -> str | None:
    """What is stored under a name, after `put` was."""
    async with embedded_redis(data_dir, briefly=briefly) as redis:
        client: Redis = Redis.from_url(redis.url, decode_responses=True)
        if put is not None:
            await client.set("presence", put)
        said = await client.get("presence")
        await client.aclose()
    return None if said is None else str(said)


async def test_data_without_a_layout_is_set_aside_as_it_is(tmp_path: Path) -> None:
    await stored(tmp_path, put="of old")
    (tmp_path / "redis/layout").unlink()
    before = {path.name for path in (tmp_path / "redis/appendonlydir").iterdir()}
    with pytest.raises(EmbeddedRedisError, match=r"before 0\.2\.0.*Start the bot once"):
        await stored(tmp_path, briefly=True)
    with capture_logs() as lines:
        assert await stored(tmp_path) is None
    [line] = [line for line in lines if line["event"] == "older_data_set_aside"]
    assert line["folder"] == str(tmp_path / "redis-before-0.2.0")
    assert "people need to connect again" in line["reason"]
    kept = tmp_path / "redis-before-0.2.0"
    assert {path.name for path in (kept / "appendonlydir").iterdir()} == before
    assert kept.stat().st_mode & 0o777 == 0o700

    # A second time it goes beside the first, and what is new is kept.
    assert await stored(tmp_path, put="new") == "new"
    (tmp_path / "redis/layout").unlink()
    assert await stored(tmp_path) is None
    assert (tmp_path / "redis-before-0.2.0-2/appendonlydir").is_dir()
    assert await stored(tmp_path, put="newer") == "newer"
    assert await stored(tmp_path, briefly=True) == "newer"


@pytest.mark.parametrize("layout", ["2", "", "one"])
async def test_another_layout_is_refused_and_left_alone(tmp_path: Path, layout: str) -> None:
    await stored(tmp_path, put="of the future")
    (tmp_path / "redis/layout").write_text(layout)
    with pytest.raises(EmbeddedRedisError, match=r"another layout .*Nothing was changed"):
        await stored(tmp_path)
    (tmp_path / "redis/layout").write_text("1\n")
    assert await stored(tmp_path) == "of the future"
