"""The cache of the Bot Framework's signing keys, against a real metadata server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from bot.teams.signing_keys import BOT_FRAMEWORK_ISSUER, KeysUnavailable, SigningKeys, read_keys
from tests.doubles.teams import KEY_ID, TeamsDouble, as_jwk, signing_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def teams() -> AsyncIterator[TeamsDouble]:
    async with TeamsDouble() as double:
        yield double


@pytest.fixture
async def keys(teams: TeamsDouble, clock: Clock) -> AsyncIterator[SigningKeys]:
    async with ClientSession() as session:
        cache = SigningKeys(session, teams.metadata_url, clock=clock)
        yield cache
        await cache.aclose()


async def test_keys_are_fetched_once_and_kept(teams: TeamsDouble, keys: SigningKeys) -> None:
    first = await keys.find(KEY_ID)
    assert first is not None
    assert first.endorsements == {"msteams", "webchat"}
    assert await keys.find(KEY_ID) is first
    assert teams.metadata_requests == 1


async def test_a_new_key_is_found_but_unknown_ids_cannot_hammer_the_metadata(
    teams: TeamsDouble, keys: SigningKeys, clock: Clock
) -> None:
    await keys.find(KEY_ID)
    teams.jwks.append(as_jwk(signing_key("other"), "new", ["msteams"]))
    assert [await keys.find(f"made up {n}") for n in range(20)] == [None] * 20
    assert teams.metadata_requests == 1
    clock.now += 61
    assert await keys.find("new") is not None
    assert teams.metadata_requests == 2


async def test_old_keys_are_renewed_beside_the_requests(
    teams: TeamsDouble, keys: SigningKeys, clock: Clock
) -> None:
    await keys.find(KEY_ID)
    teams.jwks[:] = [as_jwk(signing_key("other"), "new", ["msteams"])]
    clock.now += HOUR + 1
    assert await keys.find(KEY_ID) is not None  # answered from what is known
    await keys.refresh()  # joins the renewal that is under way
    assert teams.metadata_requests == 2
    assert await keys.find(KEY_ID) is None  # withdrawn
    assert await keys.find("new") is not None


async def test_keys_outlive_an_outage_of_the_metadata_for_a_day_at_most(
    teams: TeamsDouble, keys: SigningKeys, clock: Clock
) -> None:
    await keys.find(KEY_ID)
    teams.metadata_status = 503
    clock.now += 23 * HOUR
    assert await keys.find(KEY_ID) is not None
    with pytest.raises(KeysUnavailable):
        await keys.refresh()
    with pytest.raises(KeysUnavailable):  # it may be a new key; we cannot know
        await keys.find("new")
    clock.now += HOUR + 1
    with capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(KeysUnavailable) as unavailable:
                await keys.find(KEY_ID)
            assert unavailable.value.retry_after > 0
            clock.now += 6
    said = [line for line in lines if line["event"] == "signing_keys_too_old"]
    assert [(line["log_level"], line["hours"]) for line in said] == [("error", 24)]
    teams.metadata_status = 200
    assert await keys.find(KEY_ID) is not None


async def test_a_withdrawn_key_is_not_believed_again_while_the_metadata_are_away(
    teams: TeamsDouble, keys: SigningKeys, clock: Clock
) -> None:
    await keys.find(KEY_ID)
    teams.jwks[:] = [as_jwk(signing_key("other"), "new", ["msteams"])]
    await keys.refresh()
    teams.metadata_status = 503
    clock.now += 2 * HOUR
    with pytest.raises(KeysUnavailable):
        await keys.find(KEY_ID)


async def test_after_a_failed_start_the_next_try_comes_soon(
    teams: TeamsDouble, keys: SigningKeys, clock: Clock
) -> None:
    teams.metadata_status = 500
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            await keys.find(KEY_ID)
    assert teams.metadata_requests == 1
    teams.metadata_status = 200
    clock.now += 5
    assert await keys.find(KEY_ID) is not None


async def test_a_request_that_is_given_up_does_not_stop_the_fetch(
    teams: TeamsDouble, keys: SigningKeys
) -> None:
    given_up = asyncio.create_task(keys.find(KEY_ID))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await keys.find(KEY_ID) is not None
    assert teams.metadata_requests == 1


async def test_metadata_of_another_cloud_names_its_issuer(clock: Clock) -> None:
    government = TeamsDouble(issuer="https://api.botframework.us")
    async with government as teams, ClientSession() as session:
        keys = SigningKeys(session, teams.metadata_url, clock=clock)
        await keys.find(KEY_ID)
        assert keys.issuers == {BOT_FRAMEWORK_ISSUER, "https://api.botframework.us"}
        assert SigningKeys(session).issuers == {BOT_FRAMEWORK_ISSUER}


@pytest.mark.parametrize(
    "metadata",
    [
        {"jwks_uri": None},
        {"jwks_uri": "http://keys.example.com/"},
        {"jwks_uri": "file:///etc/passwd"},
        {"padding": "x" * (1 << 21)},
    ],
)
async def test_bad_metadata_brings_no_keys(
    teams: TeamsDouble, keys: SigningKeys, metadata: dict[str, Any]
) -> None:
    teams.metadata = metadata
    with pytest.raises(KeysUnavailable):
        await keys.find(KEY_ID)


async def test_metadata_comes_over_https_or_from_this_machine(keys: SigningKeys) -> None:
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="https"):
            SigningKeys(session, "http://login.example.com/")


def test_unusable_keys_are_left_out() -> None:
    good = as_jwk(signing_key(), "good", ["msteams"])
    bad: list[Any] = [
        7,
        good | {"kid": 7},
        good | {"kid": "ec", "kty": "EC"},
        good | {"kid": "enc", "use": "enc"},
        good | {"kid": "broken", "n": "!"},
        good | {"kid": "empty", "n": ""},
        as_jwk(signing_key("small", 1024), "small", ["msteams"]),
    ]
    assert list(read_keys({"keys": [*bad, good]})) == ["good"]
    with pytest.raises(ValueError, match="usable"):
        read_keys({"keys": bad})
    with pytest.raises(ValueError, match="usable"):
        read_keys({"keys": "x"})
