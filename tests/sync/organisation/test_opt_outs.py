"""*Not for me*: kept for ever, for either side of a person, and readable by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from domain.errors import AdminMustAct
from sync.connect.sealed import OptOutKey, SealedStore
from sync.connect.vault import Vault
from sync.organisation.opt_outs import OptOuts
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.people import ADA, BEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.redis.connection import Client

KEY = Fernet.generate_key().decode()


def opt_outs(redis: Client, key: str = KEY) -> OptOuts:
    """Those of a process of its own."""
    scripts = Scripts(redis)
    return OptOuts(redis, scripts, OptOutKey(SealedStore(redis, scripts), Vault([key])))


@pytest.fixture
async def client(redis: Client) -> AsyncIterator[Client]:
    yield redis
    await redis.flushall()  # what is kept for ever is meant to be


async def test_either_side_of_a_person_is_enough(client: Client) -> None:
    here, there = opt_outs(client), opt_outs(client)
    await here.add(ADA, "zAda")
    assert await there.has(ADA, None)
    assert await there.has(ADA.upper(), "zSomebody")
    assert await there.has(BEN, "zAda"), "the same person with a new account"
    assert not await there.has(BEN, "zBen")
    assert await there.count() == 1


async def test_twice_is_once_and_undone_is_undone_whole(client: Client) -> None:
    out = opt_outs(client)
    for zoom in (None, "zAda", "zAda"):
        await out.add(ADA, zoom)
    assert await out.count() == 1
    await out.lift(ADA, None)
    assert await out.count() == 0
    assert not await out.has(ADA, "zAda")
    assert not await out.has(BEN, "zAda")
    assert await client.keys("pb:*optout*") == [keys.OPT_OUT_KEY]


async def test_nothing_stored_names_anybody(client: Client) -> None:
    await opt_outs(client).add(ADA, "zAda")
    rows = [str(key) for key in await client.keys("*")]
    rows += [str(await client.get(key)) for key in rows if await client.type(key) == "string"]
    rows += [str(await client.hgetall(keys.OPT_OUTS))]
    assert not any(secret in row for row in rows for secret in (ADA, "zAda"))
    other = opt_outs(client, KEY)
    assert await other.mark(ADA) in str(rows)
    await client.delete(keys.OPT_OUT_KEY)
    assert await opt_outs(client).mark(ADA) not in str(rows), "without the key it is no use"


async def test_without_the_key_nobody_knows_and_nobody_may_be_started(client: Client) -> None:
    await opt_outs(client).add(ADA, "zAda")
    stranger = opt_outs(client, Fernet.generate_key().decode())
    for ask in (stranger.has(BEN, None), stranger.mark(ADA), stranger.add(BEN, None)):
        with pytest.raises(AdminMustAct, match="opt_out_key_unreadable"):
            await ask
    assert await opt_outs(client).has(ADA, None)
