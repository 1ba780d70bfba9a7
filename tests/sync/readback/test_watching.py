"""How the engine's scripts say whom to look at: what they have in common (`_queue.lua`)."""

from pathlib import Path

import pytest

from domain.link import Link
from domain.presence import CAN_COME_FROM_MICROSOFT, Observation, ZoomPresence
from sync.engine.people import PeopleStore
from sync.engine.queue import shard_of
from sync.engine.scripts import QUEUE, Shard
from sync.redis import keys
from sync.redis.connection import Client, server_ms
from sync.redis.keys import Key
from sync.redis.scripts import Script, Scripts
from tests.sync.readback.conftest import ADA

PROBE = {
    "engine": "watch(member, at)",
    "round": "watch_round(member, at)",
    "none": "unwatch(member)",
}


def acts(*, shard: Shard, prefix: Key, member: str, at: int) -> int:
    """A script of the engine that does one of these and nothing else."""
    raise NotImplementedError


def acting(what: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Script[..., int]:
    (folder / "lua").mkdir()
    (folder / "lua" / "acts.lua").write_text(PROBE[what] + "\nreturn 1")
    with monkeypatch.context() as patch:
        patch.setattr("inspect.getfile", lambda _: str(folder / "scripts.py"))
        return Script(acts, QUEUE, None)


@pytest.mark.parametrize(
    ("before", "what", "at", "after"),
    [
        (None, "engine", 60_000, 60_000.0),
        (500.5, "engine", 60_000, 60_000.0),
        (None, "engine", -60_000, 0.0),  # not before now: else looks would seem to be late
        (None, "round", 60_000, 60_000.5),
        (20_000.5, "round", 60_000, 20_000.5),
        (60_000.0, "round", 20_000, 20_000.5),
        (20_000.0, "round", 60_000, 20_000.0),
        (20_000.0, "none", 0, None),
    ],
)
async def test_when_somebody_is_looked_at(
    redis: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: float | None,
    what: str,
    at: int,
    after: float | None,
) -> None:
    now, key = await server_ms(redis), keys.watched(keys.shard_of(ADA))
    if before is not None:
        await redis.zadd(key, {ADA: now + before})
    await Scripts(redis).run(
        acting(what, tmp_path, monkeypatch),
        shard=shard_of(ADA),
        prefix=keys.person_prefix(keys.shard_of(ADA)),
        member=ADA,
        at=now + at,
    )
    found = await redis.zscore(key, ADA)
    if after is None:
        assert found is None
    else:
        assert 0 <= float(found) - now - after <= (1_000 if at < 0 else 0)
        assert float(found) % 1 == after % 1


async def test_who_leaves_or_is_erased_is_not_looked_at(redis: Client) -> None:
    people = PeopleStore(redis, Scripts(redis))
    link = Link(ADA, "tenant", "Ada", ("ada@example.com",), 1, "zada", None)
    key = keys.watched(keys.shard_of(ADA))
    generation = await people.connect(link, "sealed", None)
    await redis.zadd(key, {ADA: 1})
    await people.leave(ADA)
    assert await redis.zscore(key, ADA) is None
    await redis.zadd(key, {ADA: 1})  # what was under way
    assert await people.erase(ADA, generation)
    assert await redis.exists(key) == 0


@pytest.mark.parametrize("presence", ZoomPresence)
async def test_what_may_come_from_microsoft_has_its_owner_looked_at_next(
    redis: Client, presence: ZoomPresence
) -> None:
    people = PeopleStore(redis, Scripts(redis))
    link = Link(ADA, "tenant", "Ada", ("ada@example.com",), 1, "zada", None)
    key = keys.watched(keys.shard_of(ADA))
    await people.connect(link, "sealed", None)
    now = await server_ms(redis)
    await people.offer(ADA, Observation(presence, now - 2))
    assert await redis.zscore(key, ADA) is None, "nobody reads"
    await redis.zadd(key, {ADA: now + 60_000.5})
    await people.offer(ADA, Observation(presence, now - 1))
    due = float(await redis.zscore(key, ADA))
    if presence in CAN_COME_FROM_MICROSOFT:
        assert now <= due <= await server_ms(redis)
        assert due % 1 == 0, "whatever it shows, they are planned anew"
    else:
        assert due == now + 60_000.5
    await redis.zadd(key, {ADA: now - 5_000})
    await people.offer(ADA, Observation(presence, now))
    assert await redis.zscore(key, ADA) == now - 5_000, "never later"
