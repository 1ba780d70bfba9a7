"""Redis and what is in it, against real servers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from domain.clock import DAY, HOUR, MINUTE
from sync.connect.resealing import RUNNING_MS
from sync.connect.sealed import ButtonKey, SealedStore
from sync.connect.vault import Vault
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.outside import TOKEN_KEY
from tests.doubles.redis import RedisServer, binaries, open_client
from tests.doubles.redis_cluster import RedisCluster
from tests.launch.check.conftest import says

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from tests.launch.check.conftest import Doctor

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ("redis", "redis-tls", "redis-durable", "redis-memory", "keys", "zoom-events")
OTHER = Fernet.generate_key().decode()


async def test_all_is_well(doctor: Doctor, redis: Client) -> None:
    now = int(time.time() * 1000)
    await redis.hset(keys.FEED_STATE, mapping={"beat": now, "last": now - 1, "validated": now - 1})
    await redis.hset(keys.DATA_CONTRACT, mapping={"newest": 1, "oldest": 1, "by": "0.2.0"})
    found = await doctor.findings(*ALL)
    for one in found.values():
        says(one, "ok")


@pytest.mark.parametrize("binary", binaries(), ids=lambda path: path.parent.parent.name)
async def test_every_version_that_it_runs_on(doctor: Doctor, binary: object) -> None:
    with RedisServer(binary, "--appendonly", "yes") as server:  # type: ignore[arg-type]
        found = await doctor.findings(*ALL[:4], REDIS_URL=server.url)
    for one in found.values():
        says(one, "ok")


async def test_an_embedded_one_is_well(doctor: Doctor) -> None:
    found = await doctor.findings(*ALL, REDIS_URL=None)
    says(found["redis"], "ok", "the embedded one")
    for check in ALL[1:4]:
        says(found[check], "ok")
    says(found["keys"], "ok", "is stored yet")
    says(found["zoom-events"], "unseen", "serve has never run")


@pytest.mark.parametrize(
    ("options", "check", "state", "part"),
    [
        (
            ("--appendonly", "no", "--save", ""),
            "redis-durable",
            "failed",
            "everyone has to connect",
        ),
        (("--save", "3600 1"), "redis-durable", "warning", "only takes snapshots"),
        (
            ("--save", "3600 1", "--rename-command", "CONFIG", ""),
            "redis-durable",
            "unseen",
            "CONFIG is refused",
        ),
        (
            ("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"),
            "redis-memory",
            "failed",
            "throws people's data away (allkeys-lru)",
        ),
        (("--maxmemory-policy", "volatile-ttl"), "redis-memory", "warning", "With one"),
        (("--maxmemory-policy", "noeviction"), "redis-memory", "ok", "refuses writes"),
        (("--replicaof", "127.0.0.1", "1"), "redis", "failed", "replica"),
        (("--requirepass", "hunter2-hunter2"), "redis", "failed", "refuses the user name or"),
    ],
)
async def test_a_server_that_is_set_up_otherwise(
    doctor: Doctor, options: tuple[str, ...], check: str, state: str, part: str
) -> None:
    with RedisServer(None, *options) as server:
        found = await doctor.found(check, REDIS_URL=server.url)
    says(found, state, part)


async def test_a_server_that_tells_nothing(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    from launch.check import store  # noqa: PLC0415 - what a managed service leaves out of INFO

    opened = store.open_server

    async def silent(*args: object) -> store.Server:
        server = await opened(*args)  # type: ignore[arg-type]
        kept = {name: server.infos[0][name] for name in ("redis_version", "role")}
        return store.Server(server.client, [kept], None)

    monkeypatch.setattr("launch.check.command.open_server", silent)
    found = await doctor.findings("redis-durable", "redis-memory")
    for one in found.values():
        says(one, "unseen", "doesn't say", "Check your provider's settings")


async def test_a_server_that_is_too_old(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    from launch.check import store  # noqa: PLC0415 - no such server is there to be started

    opened = store.open_server

    async def old(*args: object) -> store.Server:
        server = await opened(*args)  # type: ignore[arg-type]
        info = {**server.infos[0], "redis_version": "5.0.14"}
        return store.Server(server.client, [info], [])

    monkeypatch.setattr("launch.check.command.open_server", old)
    says(await doctor.found("redis"), "failed", "too old", "5.0.14", "6.2")


async def test_every_node_of_a_cluster_counts(doctor: Doctor) -> None:
    async with RedisCluster() as cluster:
        where = {"REDIS_URL": cluster.url, "REDIS_MODE": "cluster"}
        found = await doctor.findings(*ALL, **where)
        says(found["redis"], "ok", "3 nodes")
        for check in ALL[1:5]:
            says(found[check], "ok")
        client = open_client(cluster.nodes[1])
        await client.config_set("appendonly", "no")
        await client.config_set("maxmemory-policy", "allkeys-lru")
        await client.config_set("save", "")
        await client.aclose()
        found = await doctor.findings(*ALL, **where)
    says(found["redis-durable"], "failed", "Nothing is kept")
    says(found["redis-memory"], "warning", "allkeys-lru")


async def test_a_redis_on_the_way_to_which_others_read(doctor: Doctor) -> None:
    found = await doctor.found("redis-tls", REDIS_URL="redis://:hunter2-hunter2@10.0.0.1:6379")
    says(found, "warning", "to another machine", "rediss://")
    assert "hunter2" not in found.text
    says(await doctor.found("redis-tls", REDIS_URL="rediss://10.0.0.1:6380"), "ok", "encrypted")


async def test_something_that_is_no_redis(doctor: Doctor) -> None:
    address = doctor.around.http.replace("http://", "redis://")
    found = await doctor.found("redis", REDIS_URL=address)
    says(found, "failed", "isn't Redis", "host and port")


async def test_a_redis_that_is_away_hides_nothing(doctor: Doctor) -> None:
    found = await doctor.findings(*ALL, "graph", REDIS_URL="redis://127.0.0.1:1")
    says(found["redis"], "failed", "doesn't answer (Connect call failed", "REDIS_URL")
    assert "Errno" not in found["redis"].text
    for check in ("redis-durable", "redis-memory", "keys", "zoom-events"):
        says(found[check], "unseen", "Not tested: Redis failed.")
    says(found["graph"], "ok")


async def test_a_process_with_another_key(doctor: Doctor, redis: Client) -> None:
    rows, now = SealedStore(redis, Scripts(redis)), int(time.time() * 1000)
    await rows.seals_with(Vault([OTHER]).newest, "p1", now - RUNNING_MS - MINUTE)
    says(await doctor.found("keys"), "ok")  # it was killed long ago
    await rows.seals_with(Vault([OTHER]).newest, "p2", now)
    says(await doctor.found("keys"), "failed", "another first key", "same TOKEN_KEYS")
    await rows.stopped(Vault([OTHER]).newest, "p2", now)
    says(await doctor.found("keys"), "ok")


async def test_a_key_that_is_missing(doctor: Doctor, redis: Client) -> None:
    rows = SealedStore(redis, Scripts(redis))
    await ButtonKey(rows, Vault([OTHER])).load()
    says(await doctor.found("keys"), "failed", "None of TOKEN_KEYS opens", "rotate-keys")
    says(await doctor.found("keys", TOKEN_KEYS=f"{TOKEN_KEY},{OTHER}"), "ok")


async def test_authorisations_that_do_not_open(doctor: Doctor, redis: Client) -> None:
    await ButtonKey(SealedStore(redis, Scripts(redis)), Vault([TOKEN_KEY])).load()
    await redis.sadd(keys.everybody(keys.shard_of("ada")), "ada")
    await redis.set(keys.tokens("ada"), f"1:{Vault([OTHER]).seal('ada', 'x', 'y')}")
    says(await doctor.found("keys"), "failed", "Of 1 authorisations looked at, 1 can't be opened")


@pytest.mark.parametrize(
    ("row", "state", "part"),
    [
        ({"beat": 0}, "failed", "has never validated the webhook"),
        ({"beat": 0, "validated": 2 * HOUR}, "ok", "nothing delivered yet, validated 2 hours ago"),
        ({"beat": 0, "last": MINUTE, "validated": 3 * HOUR}, "ok", "delivered 1 minute ago"),
        ({"beat": 0, "last": MINUTE}, "ok", "delivered 1 minute ago"),
        ({"beat": 0, "last": HOUR, "silent": HOUR}, "failed", "gone silent"),
        ({"beat": 0, "last": 5 * DAY, "validated": 5 * DAY}, "failed", "delivered 5 days ago"),
        ({"beat": 0, "last": 0, "validated": 90 * HOUR}, "warning", "every 72 hours, but hasn't"),
    ],
)
async def test_what_zoom_delivered(
    doctor: Doctor, redis: Client, row: dict[str, int], state: str, part: str
) -> None:
    now = int(time.time() * 1000)
    await redis.hset(keys.FEED_STATE, mapping={name: now - ago for name, ago in row.items()})
    says(await doctor.found("zoom-events"), state, part)
