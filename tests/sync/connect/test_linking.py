"""Making a link where somebody else's stands in the way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import AuthorizeAgain, RetryLater
from domain.person import PersonState
from sync.connect.linking import AddressTaken, Contested, Linking, SignInOver
from sync.engine.ports import Profile
from sync.engine.scripts import CLAIM_S
from sync.microsoft.authorization import AccessToken
from sync.redis import keys
from tests.doubles.people import ADA, BEN

if TYPE_CHECKING:
    from domain.link import Link
    from tests.doubles.engine import Bridge, Zoom

MAIL = "shared@example.com"


class Place:
    """Ada and Ben sign in; Microsoft says of both what `Bridge.microsoft` says."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.paused = 0
        self.linking = Linking(
            bridge.store,
            tokens=bridge.tokens,
            authorization=self,
            profile=self._profile,
            zoom=bridge.zoom,
            groups_of=self._groups,
            identities=bridge.identities,
            sleep=self._pause,
        )

    async def refresh(self, cache: str, *, force: bool = False) -> tuple[AccessToken, str | None]:
        return AccessToken(cache, 2**40), None

    async def _profile(self, token: str) -> Profile:
        upn, *mail = await self.bridge.microsoft.addresses_now(PersonState(token, generation=1))
        return Profile(token, "Somebody", upn, mail[0] if mail else None)

    async def _groups(self, zoom_id: str | None, addresses: tuple[str, ...]) -> frozenset[str]:
        return frozenset({f"group of {zoom_id}"}) if zoom_id else frozenset()

    async def _pause(self, _: float) -> None:
        self.paused += 1

    async def connect(self, oid: str, *addresses: str) -> Link:
        self.bridge.microsoft.addresses[oid] = addresses
        await self.bridge.redis.set(keys.live_sign_in(oid), "attempt", ex=600)
        identity = SimpleNamespace(object_id=oid, tenant_id="tenant", external=False)
        grant: Any = SimpleNamespace(identity=identity, cache=oid)
        return (await self.linking.connect(grant, "attempt"))[0]

    async def connected(self, oid: str) -> bool:
        return await self.bridge.engine.is_connected(oid)


@pytest.fixture
def place(bridge: Bridge) -> Place:
    """Zoom can't be asked: an address must do for an id."""
    return Place(bridge)


@pytest.fixture
def asked(asking: Bridge) -> Place:
    return Place(asking)


def zoom_of(place: Place) -> Zoom:
    assert place.bridge.zoom is not None
    return place.bridge.zoom


async def test_the_first_keeps_what_both_can_prove(place: Place, asked: Place) -> None:
    await place.connect(ADA, "ada@example.com", MAIL)
    with pytest.raises(AddressTaken):
        await place.connect(BEN, "ben@example.com", MAIL)
    assert (await place.connected(ADA), await place.connected(BEN)) == (True, False)
    await place.bridge.redis.flushall()
    zoom_of(asked).has("zOne", MAIL)
    await asked.connect(ADA, "ada@example.com", MAIL)
    with pytest.raises(AddressTaken) as caught:
        await asked.connect(BEN, "ben@example.com", MAIL)
    assert caught.value.address == MAIL


async def test_the_first_gives_way_once_the_address_is_not_theirs(place: Place) -> None:
    await place.connect(ADA, "ada@example.com", MAIL)
    place.bridge.microsoft.addresses[ADA] = ("ada@example.com",)
    await place.connect(BEN, "ben@example.com", MAIL)
    assert (await place.connected(ADA), await place.connected(BEN)) == (True, True)
    ada = await place.bridge.store.link(ADA)
    assert ada is not None
    assert ada.addresses == ("ada@example.com",)


async def test_a_zoom_user_changes_hands(asked: Place) -> None:
    zoom_of(asked).has("zOne", "ada@example.com")
    await asked.connect(ADA, "ada@example.com")
    zoom_of(asked).has("zOne", "ben@example.com")
    link = await asked.connect(BEN, "ben@example.com")
    assert link.zoom_id == "zOne"
    assert (await asked.connected(ADA), await asked.connected(BEN)) == (False, True)
    assert (await asked.bridge.state(BEN)).group_ids == {"group of zOne"}


async def test_who_is_locked_out_gives_way(asked: Place) -> None:
    zoom_of(asked).has("zOne", MAIL)
    await asked.connect(ADA, MAIL)
    asked.bridge.microsoft.addresses[ADA] = AuthorizeAgain("invalid_grant")
    await asked.connect(BEN, MAIL)
    assert (await asked.connected(ADA), await asked.connected(BEN)) == (False, True)


async def test_while_nobody_can_be_asked_nothing_changes_hands(asked: Place) -> None:
    zoom_of(asked).has("zOne", MAIL)
    await asked.connect(ADA, MAIL)
    asked.bridge.microsoft.addresses[ADA] = RetryLater("graph_error")
    with pytest.raises(RetryLater):
        await asked.connect(BEN, MAIL)
    assert (await asked.connected(ADA), await asked.connected(BEN)) == (True, False)


async def test_a_claim_under_way_is_waited_for_and_then_told_of(asked: Place) -> None:
    zoom_of(asked).has("zOne", MAIL)
    key = keys.zoom_id("zOne")
    await asked.bridge.redis.set(key, f"{ADA} mark", ex=keys.INDEX_TTL)
    with pytest.raises(Contested):
        await asked.connect(BEN, MAIL)
    assert asked.paused > 1
    await asked.bridge.redis.expire(key, keys.INDEX_TTL - CLAIM_S)
    await asked.connect(BEN, MAIL)
    assert await asked.connected(BEN)


async def test_an_attempt_that_was_ended_makes_no_link_and_keeps_no_claim(asked: Place) -> None:
    zoom_of(asked).has("zOne", MAIL)
    connecting = asked.connect(BEN, MAIL)
    asked.bridge.zoom_would_say(BEN, None)

    async def ended() -> None:
        await asked.bridge.redis.delete(keys.live_sign_in(BEN))

    zoom_of(asked).meanwhile = ended
    with pytest.raises(SignInOver):
        await connecting
    assert await asked.bridge.store.owner_of(address=None, zoom_id="zOne") is None
    assert await asked.bridge.redis.keys("pb:{z:*") == []
