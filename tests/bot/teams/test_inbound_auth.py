"""A token that was verified is known, and for how long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import jwt
import pytest

from bot.teams.inbound_auth import MOST_KNOWN, InboundAuth, Sender, Unauthorized
from bot.teams.signing_keys import BOT_FRAMEWORK_ISSUER, KeysUnavailable, SigningKey, SigningKeys
from tests.doubles.teams import signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

APP_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
KEY_ID = "one"


class Keys:
    """The keys that were fetched last, by their ids; None: there are none to check with."""

    issuers = frozenset({BOT_FRAMEWORK_ISSUER})

    def __init__(self) -> None:
        self.known: dict[str, SigningKey] | None = None
        self.fetch(KEY_ID)

    def fetch(self, *names: str) -> None:
        self.known = {
            name: SigningKey(signing_key(name).public_key(), frozenset({"msteams"}))
            for name in names
        }

    async def find(self, key_id: str) -> SigningKey | None:
        if self.known is None:
            raise KeysUnavailable(5.0)
        return self.known.get(key_id)


class World:
    def __init__(self) -> None:
        self.keys = Keys()
        self.now = time.time()
        self.auth = InboundAuth(APP_ID, cast("SigningKeys", self.keys), now=lambda: self.now)
        self.checked = 0

    async def verify(self, token: str) -> Sender:
        return await self.auth.verify(f"Bearer {token}")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world, decode = World(), jwt.decode

    def counted(*args: Any, **options: Any) -> Any:
        world.checked += 1
        return decode(*args, **options)

    monkeypatch.setattr("jwt.decode", counted)
    return world


_numbers: Iterator[int] = iter(range(10**6))


def token(lives: int = 3600, key: str = KEY_ID) -> str:
    claims = {
        "serviceurl": "https://smba.trafficmanager.net/emea/",
        "exp": int(time.time()) + lives,
        "iss": BOT_FRAMEWORK_ISSUER,
        "aud": APP_ID,
        "jti": str(next(_numbers)),
    }
    return jwt.encode(claims, signing_key(key), "RS256", headers={"kid": key})


async def test_a_good_token_is_checked_once(world: World) -> None:
    good = token()
    senders = [await world.verify(good) for _ in range(3)]
    assert world.checked == 1
    assert all(sender is senders[0] for sender in senders)


async def test_only_the_very_same_token_is_known(world: World) -> None:
    good = token()
    await world.verify(good)
    head, claims, signature = good.split(".")
    others = [
        f"{head}.{claims}.{signature[:-8]}{'A' * 8}",
        f"{head}.{claims}.",
        f"{head}.{token().split('.')[1]}.{signature}",
        f"{good}=",
        f"{good} ",
        good[:-1],
    ]
    for other in others:
        for _ in range(2):  # what was refused is not known either
            with pytest.raises(Unauthorized):
                await world.verify(other)
    assert world.checked >= 1 + len(others)


async def test_a_token_of_somebody_else_is_checked_for_itself(world: World) -> None:
    first, second = await world.verify(token()), await world.verify(token())
    assert first.claims != second.claims
    assert world.checked == 2


async def test_a_token_is_known_until_its_end(world: World) -> None:
    good = token(lives=60)
    end = int(time.time()) + 60
    await world.verify(good)
    world.now = end - 1.5
    await world.verify(good)
    assert world.checked == 1
    world.now = end + 0.5
    await world.verify(good)
    await world.verify(good)
    assert world.checked == 3, "after its end each check is a whole one"


async def test_a_token_that_is_over_is_refused_although_it_was_good(world: World) -> None:
    over = token(lives=-299)  # within the leeway of five minutes, and checked each time
    await world.verify(over)
    await world.verify(over)
    assert world.checked == 2
    with pytest.raises(Unauthorized):
        await world.verify(token(lives=-301))


async def test_keys_that_were_renewed_have_the_token_checked_again(world: World) -> None:
    good = token()
    await world.verify(good)
    world.keys.fetch(KEY_ID, "two")
    await world.verify(good)
    await world.verify(good)
    assert world.checked == 2


async def test_a_token_of_a_withdrawn_key_is_refused(world: World) -> None:
    good = token()
    await world.verify(good)
    world.keys.fetch("two")
    with pytest.raises(Unauthorized, match="unknown key"):
        await world.verify(good)


async def test_a_key_that_was_replaced_under_its_id_ends_its_tokens(world: World) -> None:
    good = token()
    await world.verify(good)
    world.keys.fetch("two")
    assert world.keys.known is not None
    world.keys.known[KEY_ID] = world.keys.known["two"]
    with pytest.raises(Unauthorized):
        await world.verify(good)


async def test_without_keys_a_known_token_is_not_believed(world: World) -> None:
    good = token()
    await world.verify(good)
    world.keys.known = None
    with pytest.raises(KeysUnavailable):
        await world.verify(good)


async def test_no_more_tokens_are_known_than_there_is_room_for(world: World) -> None:
    first = token()
    await world.verify(first)
    for _ in range(MOST_KNOWN):
        await world.verify(token())
    await world.verify(first)
    assert world.checked == MOST_KNOWN + 2
