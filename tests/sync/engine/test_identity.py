"""Renamed people, reused addresses and Zoom users that are handed over: whom Zoom means now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.directory import MembershipChange
from domain.errors import AuthorizeAgain, RetryLater, Trouble
from domain.link import Link
from domain.person import Patch
from domain.presence import Observation, ZoomPresence
from sync.engine.departures import PURGE_AFTER_MS
from sync.engine.identity import News, Proof
from sync.redis import keys
from tests.doubles.people import ADA, BEN, person

if TYPE_CHECKING:
    from tests.doubles.engine import Bridge

Z = ZoomPresence
X, Y = "x@example.com", "y@example.com"


async def connect(
    bridge: Bridge, oid: str, *addresses: str, zoom_id: str | None = None, groups: str = ""
) -> None:
    link = Link(oid, "tenant", "Somebody", addresses, 1, zoom_id, zoom_id and addresses[0])
    sealed = bridge.tokens.seal(oid, bridge.login.grant(oid))
    bridge.microsoft.addresses[oid] = addresses
    await bridge.store.connect(link, sealed, None, filter(None, [groups]))


async def says(
    bridge: Bridge, zoom_id: str | None, address: str | None, presence: Z = Z.IN_MEETING
) -> str:
    """An event; then everything that waits is done."""
    at = await bridge.store.now_ms()
    outcome = await bridge.engine.take_event(
        zoom_id=zoom_id, address=address, observation=Observation(presence, at)
    )
    await done(bridge)
    return outcome


async def gone(bridge: Bridge, zoom_id: str | None, address: str | None) -> str:
    at = await bridge.store.now_ms()
    outcome = await bridge.engine.zoom_user_gone(zoom_id=zoom_id, address=address, at_ms=at)
    await done(bridge)
    return outcome


async def done(bridge: Bridge) -> None:
    await bridge.proving.step()
    await bridge.work()


async def link(bridge: Bridge, oid: str = ADA) -> Link:
    found = await bridge.store.link(oid)
    assert found is not None
    return found


async def waits(bridge: Bridge) -> bool:
    return bool(await bridge.redis.exists(keys.UNPROVEN_NEWS))


# -- a link belongs to its Zoom id ---------------------------------------------------------------


@pytest.mark.parametrize("asks", [True, False])
async def test_an_address_that_was_theirs_is_somebody_elses(
    bridge: Bridge, asking: Bridge, asks: bool
) -> None:
    place = asking if asks else bridge
    await connect(place, ADA, X, zoom_id="zAda")
    place.microsoft.addresses[ADA] = (Y,)
    if place.zoom is not None:
        place.zoom.has("zAda", Y)
        place.zoom.has("zNew", X)
    assert await says(place, "zNew", X) == "not_connected"
    assert await says(place, None, X) == "unproven"
    assert await gone(place, "zNew", X) == "not_connected"
    assert await gone(place, None, X) == "not_connected"
    assert place.shown(ADA) is None
    assert await place.engine.is_connected(ADA)
    # The other one connects; each is shown what is theirs.
    await connect(place, BEN, X, zoom_id="zNew")
    assert await says(place, "zNew", X) == "accepted"
    assert (place.shown(ADA), place.shown(BEN)) == (None, "Busy/InACall")
    assert await gone(place, "zNew", X) == "accepted"
    assert await place.engine.is_connected(ADA)
    assert not await place.engine.is_connected(BEN)


@pytest.mark.parametrize("asks", [True, False])
async def test_whoever_is_renamed_on_both_sides_goes_on(
    bridge: Bridge, asking: Bridge, asks: bool
) -> None:
    place = asking if asks else bridge
    await connect(place, ADA, X, zoom_id="zAda")
    place.microsoft.addresses[ADA] = (Y,)
    if place.zoom is not None:
        place.zoom.has("zAda", Y)
    assert await says(place, "zAda", Y) == "unproven"
    assert place.shown(ADA) == "Busy/InACall", "what waited counted"
    known = await link(place)
    assert (known.addresses, known.zoom_email) == ((Y,), Y)
    assert await says(place, "zAda", Y, Z.AVAILABLE) == "accepted"
    assert not await waits(place)
    assert await place.store.owner_of(address=X, zoom_id=None) is None
    assert await place.store.owner_of(address=Y, zoom_id=None) == ADA


@pytest.mark.parametrize("asks", [True, False])
async def test_a_zoom_user_that_is_handed_over_is_not_theirs_any_more(
    bridge: Bridge, asking: Bridge, asks: bool
) -> None:
    place = asking if asks else bridge
    await connect(place, ADA, X, zoom_id="zAda")
    await says(place, "zAda", X)
    assert place.shown(ADA) == "Busy/InACall"
    if place.zoom is not None:
        place.zoom.has("zAda", "somebody.else@example.com")
    with capture_logs() as logs:
        outcome = await says(place, "zAda", "somebody.else@example.com", Z.PRESENTING)
    assert outcome == "unproven"
    assert "link_zoom_user_changed" in [line["event"] for line in logs]
    assert place.shown(ADA) is None
    assert not await place.engine.is_connected(ADA)
    assert await place.lasting_keys() == []


async def test_nothing_is_shown_while_nobody_says_whose_it_is(asking: Bridge) -> None:
    await connect(asking, ADA, X, zoom_id="zAda")
    asking.microsoft.addresses[ADA] = RetryLater("graph_error")
    await says(asking, "zAda", Y)
    assert (asking.shown(ADA), await waits(asking)) == (None, True)
    asking.microsoft.addresses[ADA] = (Y,)
    assert asking.zoom is not None
    asking.zoom.has("zAda", Y)
    await done(asking)
    assert asking.shown(ADA) is None, "not asked again and again"
    await says(asking, "zAda", Y)
    assert asking.shown(ADA) == "Busy/InACall"


async def test_newer_news_are_not_replaced_by_older_ones(bridge: Bridge) -> None:
    await connect(bridge, ADA, X, zoom_id="zAda")
    at = await bridge.store.now_ms()
    for presence, ago in ((Z.IN_MEETING, 0), (Z.AVAILABLE, 5)):
        await bridge.engine.take_event(
            zoom_id="zAda", address=Y, observation=Observation(presence, at - ago)
        )
    await bridge.proving.hear(ADA)
    bridge.microsoft.addresses[ADA] = (Y,)
    await done(bridge)
    assert bridge.shown(ADA) == "Busy/InACall"


async def test_what_one_process_left_behind_another_takes_up(bridge: Bridge) -> None:
    await connect(bridge, ADA, X, zoom_id="zAda")
    bridge.microsoft.addresses[ADA] = (Y,)
    at = await bridge.store.now_ms()
    news = News("zAda", Y, at, Z.IN_MEETING)
    await bridge.proving.rows.add(ADA, news)  # and was killed
    await done(bridge)
    assert bridge.shown(ADA) == "Busy/InACall"


# -- where no id is known yet --------------------------------------------------------------------


async def test_the_first_event_tells_the_id_once_microsoft_confirms_the_address(
    bridge: Bridge,
) -> None:
    await connect(bridge, ADA, X)
    assert await says(bridge, "zAda", X) == "unproven"
    assert bridge.shown(ADA) == "Busy/InACall"
    assert (await link(bridge)).zoom_id == "zAda"
    assert (await bridge.state(ADA)).zoom_id == "zAda"
    assert await says(bridge, "zAda", X, Z.AVAILABLE) == "accepted"
    assert await says(bridge, "zNew", X) == "not_connected"
    assert bridge.microsoft.asked == [ADA]


@pytest.mark.parametrize("zoom_id", ["zNew", None])
async def test_an_address_is_compared_again_before_it_decides(
    bridge: Bridge, zoom_id: str | None
) -> None:
    await connect(bridge, ADA, X)
    bridge.microsoft.addresses[ADA] = (Y,)
    await says(bridge, zoom_id, X)
    assert (await bridge.state(ADA)).observation is None
    assert (await link(bridge)).zoom_id is None
    assert (await link(bridge)).addresses == (Y,)
    assert await says(bridge, "zNew", X) == "not_connected"
    await gone(bridge, zoom_id, X)
    assert await bridge.engine.is_connected(ADA)
    await says(bridge, "zAda", Y)
    assert bridge.shown(ADA) == "Busy/InACall"


async def test_whose_id_is_not_known_leaves_by_their_address(bridge: Bridge) -> None:
    await connect(bridge, ADA, X)
    assert await gone(bridge, "zAda", X) == "unproven"
    assert not await bridge.engine.is_connected(ADA)


async def test_zoom_is_not_asked_about_an_address_before_it_is_known_whose_it_is(
    asking: Bridge,
) -> None:
    await connect(asking, ADA, X)
    assert asking.zoom is not None
    await asking.work()
    assert asking.zoom.asked == []
    asking.zoom.has("zAda", X)
    asking.zoom.presence["zAda"] = Z.IN_MEETING
    await done(asking)
    assert asking.zoom.asked == ["zAda"]
    assert asking.shown(ADA) == "Busy/InACall"


async def test_zoom_is_not_asked_about_a_user_that_somebody_else_stands_for(
    asking: Bridge,
) -> None:
    """What is left where a process stood still for a minute, and was killed then."""
    await connect(asking, ADA, X, zoom_id="zAda")
    await asking.redis.set(keys.zoom_id("zAda"), BEN)
    await connect(asking, BEN, X, zoom_id="zAda")
    assert asking.zoom is not None
    asking.zoom.has("zAda", X)
    asking.zoom.presence["zAda"] = Z.IN_MEETING
    await asking.work()
    assert (asking.shown(ADA), asking.shown(BEN)) == (None, "Busy/InACall")
    await done(asking)
    assert not await asking.engine.is_connected(ADA)


# -- Zoom's list of users ------------------------------------------------------------------------


def change(zoom_id: str, *addresses: str, vanished: bool = False) -> MembershipChange:
    return MembershipChange(
        zoom_id, addresses, frozenset(), frozenset() if vanished else frozenset({"g"}), vanished
    )


async def test_a_rename_in_zooms_list_is_compared_with_microsoft(asking: Bridge) -> None:
    assert asking.zoom is not None
    await connect(asking, ADA, X, zoom_id="zAda")
    await connect(asking, BEN, "ben@example.com", zoom_id="zBen")
    asking.microsoft.addresses[ADA] = (Y,)
    asking.zoom.has("zAda", Y)
    asking.zoom.has("zBen", "somebody.else@example.com")
    await asking.engine.memberships_changed(
        [
            change("zAda", X, Y),
            change("zBen", "ben@example.com", "somebody.else@example.com"),
            change("zNew", X),
        ]
    )
    await done(asking)
    assert (await link(asking)).addresses == (Y,)
    assert (await asking.state(ADA)).group_ids == {"g"}
    assert not await asking.engine.is_connected(BEN)


async def test_whoever_vanished_from_zooms_list_is_asked_about(asking: Bridge) -> None:
    assert asking.zoom is not None
    for oid, zoom_id in ((ADA, "zAda"), (BEN, "zBen")):
        await connect(asking, oid, f"{oid}@example.com", zoom_id=zoom_id)
    asking.zoom.has("zAda", f"{ADA}@example.com")  # only the list lost them
    await asking.engine.memberships_changed(
        [change("zAda", X, vanished=True), change("zBen", X, vanished=True)]
    )
    await done(asking)
    assert await asking.engine.is_connected(ADA)
    assert not await asking.engine.is_connected(BEN)


async def test_groups_of_another_user_with_their_old_address_are_not_theirs(
    asking: Bridge,
) -> None:
    await connect(asking, ADA, X, zoom_id="zAda", groups="mine")
    await asking.engine.memberships_changed([change("zNew", X)])
    assert (await asking.state(ADA)).group_ids == {"mine"}
    assert not await waits(asking)


# -- locked out, and gone for good ---------------------------------------------------------------


async def test_who_can_prove_nothing_must_connect_again(bridge: Bridge) -> None:
    await connect(bridge, ADA, X, zoom_id="zAda")
    bridge.microsoft.addresses[ADA] = AuthorizeAgain("invalid_grant")
    assert await bridge.identities.prove(ADA) is Proof.LOCKED_OUT
    state = await bridge.state(ADA)
    assert (state.trouble, state.trouble_code) == (Trouble.AUTHORIZE, "invalid_grant")


async def long_ago(bridge: Bridge, oid: str, *fields: str, days: int) -> None:
    at = await bridge.store.now_ms() - days * 86_400_000
    await bridge.redis.hset(keys.person(oid), mapping=dict.fromkeys(fields, at))


@pytest.mark.parametrize("trouble", [Trouble.AUTHORIZE, Trouble.GONE])
async def test_who_left_is_purged_after_thirty_days(bridge: Bridge, trouble: Trouble) -> None:
    assert PURGE_AFTER_MS == 30 * 86_400_000
    for oid, days in ((ADA, 31), (BEN, 29)):
        await connect(bridge, oid, f"{oid}@example.com", zoom_id=f"z{oid}")
        await bridge.store.demand(oid, patch=Patch(trouble=trouble))
        await long_ago(bridge, oid, "trouble_at", days=days)
        bridge.login.revoked.add(oid)
        bridge.tokens.forget(oid)
    with capture_logs() as logs:
        await bridge.departures.step()
    await bridge.work()
    assert [line["person"] for line in logs if line["event"] == "link_purged"] == [ADA]
    assert await bridge.store.state(ADA) is None
    assert await bridge.store.state(BEN) is not None


async def test_every_link_is_proven_once_a_week(asking: Bridge) -> None:
    assert asking.zoom is not None
    chris = person(3)
    for oid in (ADA, BEN, chris):
        await connect(asking, oid, f"{oid}@example.com", zoom_id=f"z{oid}")
        asking.zoom.has(f"z{oid}", f"{oid}@example.com")
        await long_ago(asking, oid, "gen", days=8)
    asking.microsoft.addresses[ADA] = AuthorizeAgain("invalid_grant")
    # Microsoft gave the address to somebody else; Zoom's user has it still.
    asking.microsoft.addresses[chris] = ("renamed@example.com",)
    await asking.departures.step()
    assert (await asking.state(ADA)).trouble == Trouble.AUTHORIZE
    assert (await asking.state(BEN)).trouble is None
    assert not await asking.engine.is_connected(chris)
    assert asking.microsoft.asked.count(BEN) == 1
    await asking.redis.delete(keys.PURGED)  # the next day
    await asking.departures.step()
    assert asking.microsoft.asked.count(BEN) == 1
    assert await asking.engine.is_connected(ADA), "for thirty days from now"


async def test_who_is_locked_out_is_not_tried_with_each_event(bridge: Bridge) -> None:
    await connect(bridge, ADA, X, zoom_id="zAda")
    bridge.microsoft.addresses[ADA] = AuthorizeAgain("invalid_grant")
    for _ in range(3):
        await says(bridge, "zAda", Y)
    assert bridge.microsoft.asked == [ADA]
    assert not await waits(bridge)


async def test_an_outage_purges_nobody(bridge: Bridge) -> None:
    await connect(bridge, ADA, X, zoom_id="zAda")
    await long_ago(bridge, ADA, "gen", days=400)
    bridge.microsoft.addresses[ADA] = RetryLater("graph_error")
    await bridge.departures.step()
    assert (await bridge.state(ADA)).trouble is None
