"""People are renamed, addresses are given to others, Zoom users are handed over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, office, said_by
from tests.doubles.outside import link_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
NEW = "ada.new@example.com"
NO_API = {"ZOOM_ACCOUNT_ID": None, "ZOOM_CLIENT_ID": None, "ZOOM_CLIENT_SECRET": None}


@pytest_asyncio.fixture(loop_scope="module", params=["asks", "hears"])
async def either(
    request: pytest.FixtureRequest, town: Outside, tmp_path: Path
) -> AsyncIterator[Office]:
    """A place with Zoom's API, and one that only hears Zoom's events."""
    changes: dict[str, Any] = {} if request.param == "asks" else NO_API
    async with office(town, tmp_path, **changes) as place:
        yield place


def becomes(place: Office, person: SandboxPerson, **changed: Any) -> None:
    """What Entra or Zoom say of somebody changes."""
    state = place.world.people[person.object_id]
    state.person = replace(state.person, **changed)


async def connects(place: Office, person: SandboxPerson) -> str:
    """Somebody signs in, whatever comes of it: the page's words."""
    card = (await place.chat(person).says("connect")).card
    return (await place.product.sign_in(link_in(card), person)).words


async def zoom_sends(place: Office, event: str, person: SandboxPerson) -> None:
    """An event about a Zoom user, answered 200."""
    now = place.world.people[person.object_id].person
    about = {"id": now.zoom_id, "email": now.zoom_email}
    payload = {"account_id": place.world.config.zoom_account_id, "object": about}
    delivery = place.world.webhooks.send(event, payload)
    assert delivery is not None
    await place.product.until(lambda: delivery.state == "delivered", "it is answered")


async def is_connected(place: Office, person: SandboxPerson) -> bool:
    return bool(await place.redis.exists(keys.link(person.object_id)))


async def settled(place: Office) -> None:
    """Wait until nothing waits to be proven."""

    async def nothing() -> bool:
        return not await place.redis.exists(keys.UNPROVEN_NEWS)

    await place.until(nothing, "everything was proven")


@pytest.mark.parametrize("heard", [True, False], ids=["heard of", "never heard of"])
async def test_the_next_owner_of_an_address_is_somebody_else(either: Office, heard: bool) -> None:
    """Ada is renamed on both sides, and her address is given to Ben."""
    place = either
    await place.connect(ADA)
    if heard:
        place.world.set_zoom(ADA.object_id, ZoomPresence.AVAILABLE)
        await place.product.told(ADA, ("Available", "Available"))
    before = place.around.told(ADA)
    becomes(place, ADA, upn=NEW, mail=NEW, zoom_email=NEW)
    becomes(place, BEN, upn=ADA.upn, mail=ADA.mail, zoom_email=ADA.mail)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.until(
        lambda: place.world.webhooks.log[-1].state == "delivered", "the event is answered"
    )
    await settled(place)
    assert place.around.told(ADA) == before
    assert "In a meeting" not in said_by((await place.chat(ADA).says("status")).card)
    # Their end is not Ada's.
    await zoom_sends(place, "user.deleted", BEN)
    await settled(place)
    assert await is_connected(place, ADA)
    # They can connect, and each shows what is theirs.
    assert "Connected" in await connects(place, BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.PRESENTING)
    await place.product.told(BEN, ("DoNotDisturb", "Presenting"))
    place.world.set_zoom(ADA.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(ADA, CALL)


async def test_two_with_one_mail_who_connect_at_once_do_not_share_a_zoom_user(
    either: Office,
) -> None:
    place = either
    for person in (BEN, CHIARA):  # who have no Zoom users of their own
        becomes(place, person, mail=ADA.mail, zoom_email=None)
    pages = await asyncio.gather(connects(place, BEN), connects(place, CHIARA))
    connected = [page for page in pages if "You can close this page" in page]
    assert len(connected) == 1, pages
    assert sum("already connected" in page for page in pages) == 1, pages
    assert len([p for p in (BEN, CHIARA) if await is_connected(place, p)]) == 1


async def test_a_zoom_user_that_was_given_to_somebody_else_is_theirs(place: Office) -> None:
    """Ada's Zoom user gets Ben's address, and Ben connects before any list was read."""
    await place.connect(ADA)
    place.world.set_zoom(ADA.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(ADA, CALL)
    becomes(place, ADA, zoom_email=BEN.mail)
    becomes(place, BEN, zoom_email="ben.elsewhere@example.com")
    assert "Connected" in await connects(place, BEN)

    async def ended() -> bool:
        return not await is_connected(place, ADA)

    await place.until(ended, "the first owner's link ends")
    await place.product.told(ADA, None)
    await place.product.told(BEN, CALL)


async def test_whoever_still_has_the_zoom_user_keeps_it(place: Office) -> None:
    await place.connect(ADA)
    becomes(place, BEN, mail=ADA.mail, zoom_email="ben.elsewhere@example.com")
    assert "already connected" in await connects(place, BEN)
    assert await is_connected(place, ADA)
    assert not await is_connected(place, BEN)


@pytest.mark.parametrize("handed", ["Zoom's user", "Microsoft's address"])
async def test_a_zoom_admins_right_is_not_inherited_by_an_earlier_owner(
    town: Outside, tmp_path: Path, handed: str
) -> None:
    async with office(town, tmp_path, ADMIN_OBJECT_IDS=None, ADMIN_ZOOM_ROLE="on") as place:
        await place.connect(BEN)
        place.is_admin_in_zoom(BEN, admin=True)
        if handed == "Zoom's user":
            becomes(place, BEN, zoom_email="the.next@example.com")
        else:
            becomes(place, BEN, mail="ben@example.com")
        card = (await place.chat(BEN).says("settings account disable")).card
        assert "who may edit the account’s settings in Zoom" in said_by(card)


async def test_a_rename_is_followed_by_the_next_reading_of_zooms_list(place: Office) -> None:
    await place.connect(ADA, BEN)
    await place.directory_read()
    becomes(place, ADA, upn=NEW, mail=NEW, zoom_email=NEW)
    becomes(place, BEN, zoom_email="the.next@example.com")
    await place.directory_read_again()

    async def ended() -> bool:
        return not await is_connected(place, BEN)

    await place.until(ended, "the link of a user who was handed over ends")
    await settled(place)
    assert await place.redis.get(keys.zoom_address(NEW)) == ADA.object_id
