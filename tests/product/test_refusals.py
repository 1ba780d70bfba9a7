"""Every way in which connecting ends without a connection, and an authorisation that ends later."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
import pytest
from yarl import URL

from sandbox.faults import Fault, FaultKind
from sandbox.people import ZOOM_ACCOUNT_ID
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.notices import found_out, let_time_pass
from tests.doubles.outside import (
    FARID,
    OWNER,
    PUBLIC,
    TWIN,
    ZOOM_SECRET,
    facts,
    link_in,
    titles,
    words,
)
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from tests.doubles.browser import Page
    from tests.doubles.outside import Chat, Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")


async def offered(product: Product, person: SandboxPerson) -> tuple[Chat, str]:
    """A person's chat, and the link that they were given there."""
    chat = product.chat(person)
    return chat, link_in((await chat.says("connect")).card)


async def not_connected(chat: Chat, page: Page, *sentences: str) -> None:
    """The page and the card in the chat both say it, and nothing was connected."""
    [message] = {m.activity_id: m for m in chat.received}.values()
    for sentence in sentences:
        assert sentence in page.words
        assert sentence in words(chat.now(message))
    assert "Not connected." in words((await chat.says("status")).card)


async def test_another_account_may_not_sign_in(product: Product, around: Outside) -> None:
    person, other = around.somebody(), around.somebody()
    chat, link = await offered(product, person)
    async with around.browser() as browser:
        page = await product.sign_in(link, other, browser=browser)
        assert page.status == 403
        assert f"You signed in as {other.upn}." in page.words
        await not_connected(chat, page, "That was a different account")
        assert "Not connected." in words((await product.chat(other).says("status")).card)

        link = link_in((await chat.says("connect")).card)
        at_microsoft = await browser.submit(await browser.open(link))
        assert at_microsoft.url.query["prompt"] == "select_account"


async def test_declining_is_respected(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat, link = await offered(product, person)
    page = await product.sign_in(link, person, decision="cancel")
    await not_connected(chat, page, "Microsoft wasn’t given the permission")


async def test_an_admin_has_to_approve(product: Product, around: Outside) -> None:
    person = around.somebody()
    around.world.identity.standing[person.object_id].admin_approval = True
    chat, link = await offered(product, person)
    page = await product.sign_in(link, person, decision="leave")
    await not_connected(chat, page, "An admin has to approve this first")


async def test_a_link_is_for_one_browser(product: Product, around: Outside) -> None:
    person = around.somebody()
    _, link = await offered(product, person)
    async with around.browser() as browser, around.browser() as another:
        elsewhere = await another.open(link)
        assert (await browser.submit(await browser.open(link))).status == 200
        for page in (await another.submit(elsewhere), await another.open(link)):
            assert page.status == 410
            assert "This link was already used" in page.words


async def test_a_link_expires(product: Product, around: Outside) -> None:
    _, link = await offered(product, around.somebody())
    async with around.browser() as browser:
        start = await browser.open(link)
        ticket = URL(link).query["ticket"]
        client = open_client(around.redis)
        state = base64.urlsafe_b64encode(hashlib.sha256(f"state\n{ticket}".encode()).digest())
        key = keys.sign_in(hashlib.sha256(state.rstrip(b"=")).hexdigest())
        assert 0 < await client.ttl(key) <= 600
        assert await client.pexpire(key, 0) == 1
        await client.aclose()
        for page in (await browser.submit(start), await browser.open(link)):
            assert page.status == 410
            assert "This link has expired" in page.words


async def test_another_browser_may_not_finish(product: Product, around: Outside) -> None:
    person = around.somebody()
    _, link = await offered(product, person)
    async with around.browser() as mine, around.browser() as theirs:
        at_microsoft = await mine.submit(await mine.open(link))
        consent = await mine.submit(at_microsoft, person=person.object_id)
        back = (await mine.submit(consent, follow=False, decision="accept")).headers["Location"]
        page = await theirs.open(URL(back, encoded=True))
        assert page.status == 400
        assert "Please finish where you started" in page.words
        # Nothing was used up: the right browser can still finish, and see it again.
        assert "Connected" in (await mine.open(URL(back, encoded=True))).words
        assert "Connected" in (await mine.open(URL(back, encoded=True))).words
        assert (await theirs.open(URL(back, encoded=True))).status == 400


async def test_cancel_ends_the_link(product: Product, around: Outside) -> None:
    chat = product.chat(around.somebody())
    offer = await chat.says("connect")
    card = await chat.presses("Cancel", on=offer)
    assert "the link no longer works" in words(card)
    async with around.browser() as browser:
        assert (await browser.open(link_in(offer.card))).status == 410


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=short", "?ticket=" + "x" * 43])
async def test_a_damaged_link_is_explained(product: Product, around: Outside, query: str) -> None:
    async with around.browser() as browser:
        page = await browser.open(f"{PUBLIC}/auth/microsoft/start{query}")
    assert page.status in {400, 410}
    assert "say connect" in page.words.lower()


async def test_without_a_zoom_user_the_compared_addresses_are_named(
    product: Product,
) -> None:
    chat, link = await offered(product, FARID)
    page = await product.sign_in(link, FARID)
    await not_connected(chat, page, "No matching Zoom account", FARID.upn)


@pytest.mark.parametrize("says", [(400, 1010), (400, 300), (400, 1001), (404, 1120)])
async def test_zoom_has_many_ways_to_say_that_it_knows_nobody(
    product: Product, around: Outside, says: tuple[int, int]
) -> None:
    person, stranger = around.somebody(), replace(around.somebody(), zoom_email=None)
    other = replace(person, upn=f"other.{person.upn}")  # Zoom knows them by their mail
    around.world.zoom_unknown = says
    around.state(other).person, around.state(stranger).person = other, stranger
    try:
        await product.connected(other)
        chat, link = await offered(product, stranger)
        page = await product.sign_in(link, stranger)
        await not_connected(chat, page, "No matching Zoom account", stranger.upn)
    finally:
        around.world.zoom_unknown = (404, 1001)


async def test_an_address_belongs_to_one_person(product: Product) -> None:
    await product.connected(OWNER)
    chat, link = await offered(product, TWIN)
    page = await product.sign_in(link, TWIN)
    await not_connected(chat, page, "This Zoom account is already connected", OWNER.mail)
    around = product.around
    around.world.set_zoom(OWNER.object_id, ZoomPresence.IN_MEETING)
    await product.told(OWNER, CALL)


async def test_zoom_being_down_is_told_and_connecting_works_afterwards(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat, link = await offered(product, person)
    around.world.faults.zoom.append(Fault(FaultKind.UNAVAILABLE, times=5))
    page = await product.sign_in(link, person)
    around.world.faults.zoom.clear()
    await not_connected(chat, page, "Zoom can’t be reached right now", "Wait a minute")
    await product.connected(person)


async def test_a_zoom_token_that_somebody_else_ended_is_replaced(
    product: Product, around: Outside
) -> None:
    await product.connected(around.somebody())  # the product has a token by now
    form = {"grant_type": "account_credentials", "account_id": ZOOM_ACCOUNT_ID}
    basic = aiohttp.encode_basic_auth("zoom-client", ZOOM_SECRET)
    async with aiohttp.ClientSession(headers={"Authorization": basic}) as session:
        for _ in range(2):
            async with session.post(f"{around.http}/oauth/token", data=form) as answer:
                assert answer.status == 200  # only the newest token is good
            await product.connected(around.somebody())
    assert "zoom_token_refused" not in product.command.tail()
    client = open_client(around.redis)
    try:
        assert 0 < await client.ttl(keys.ZOOM_TOKEN) <= 3600
    finally:
        await client.aclose()


@pytest.mark.parametrize("kind", [FaultKind.INTERCEPTED, FaultKind.GATEWAY])
@pytest.mark.parametrize("service", ["zoom", "graph"])
async def test_something_in_between_is_told_and_connecting_works_afterwards(
    product: Product, around: Outside, service: str, kind: FaultKind
) -> None:
    person = around.somebody()
    chat, link = await offered(product, person)
    queue = getattr(around.world.faults, service)
    queue.append(Fault(kind, times=5))
    page = await product.sign_in(link, person)
    queue.clear()
    name = {"zoom": "Zoom", "graph": "Microsoft"}[service]
    await not_connected(
        chat, page, f"something else answered in {name}’s place", "a firewall or a proxy"
    )
    await product.connected(person)


async def test_microsofts_login_being_down_leaves_the_link_usable(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat, link = await offered(product, person)
    # The metadata of the login service is remembered, so the code cannot be redeemed instead.
    async with around.browser() as browser:
        at_microsoft = await browser.submit(await browser.open(link))
        consent = await browser.submit(at_microsoft, person=person.object_id)
        back = (await browser.submit(consent, follow=False, decision="accept")).headers["Location"]
        around.world.faults.entra.append(Fault(FaultKind.UNAVAILABLE))
        page = await browser.open(URL(back, encoded=True))
    assert page.status == 503
    await not_connected(chat, page, "Microsoft can’t be reached right now")
    await product.connected(person)


async def test_a_grant_that_graph_refuses_at_once_is_no_outage(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat, link = await offered(product, person)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED, times=2))
    page = await product.sign_in(link, person)
    around.world.faults.graph.clear()
    await not_connected(chat, page, "Microsoft didn’t accept the sign-in", "Connect again.")
    await product.connected(person)


async def test_a_revoked_authorisation_leads_to_one_reconnect_card(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    for round_ in (1, 2):  # healing makes the next end worth a card again
        around.world.identity.revoke(person.object_id)
        around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
        around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await past_the_grace(product, person)
        await chat.teams.wait_for(
            lambda sent, wanted=round_: len(reconnect_cards(chat)) == wanted,  # type: ignore[misc]
            seconds=15,
        )
        around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
        around.world.set_zoom(person.object_id, ZoomPresence.ON_PHONE_CALL)

        status = (await chat.says("status")).card
        assert "your authorisation ended" in words(status)
        assert "Please connect again." in words(status)
        assert titles(status) == ["Connect again", "Disconnect"]
        assert len(reconnect_cards(chat)) == round_

        await product.connected(person)
        await product.told(person, CALL)
        await chat.works()
        around.world.set_zoom(person.object_id, ZoomPresence.OFFLINE)
        await product.told(person, None)


async def past_the_grace(product: Product, person: SandboxPerson) -> None:
    """Somebody's authorisation has ended, and some time ago."""
    client = open_client(product.around.redis)
    await found_out(client, person.object_id)
    await let_time_pass(client, 60)
    await client.aclose()


def reconnect_cards(chat: Chat) -> list[str]:
    """The messages that asked to connect again without being asked."""
    return [
        sent.activity_id
        for sent in chat.received
        if words(sent.card).startswith("Please connect again")
    ]


async def test_status_notices_itself_that_the_authorisation_ended(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.identity.revoke(person.object_id)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    card = (await chat.says("status")).card
    assert "your authorisation ended" in words(card)
    assert titles(card) == ["Connect again", "Disconnect"]
    assert "did not answer" not in str(facts(card))


async def test_disconnecting_after_a_revocation_erases(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    around.world.identity.revoke(person.object_id)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    done = await chat.presses("Disconnect", on=await chat.says("disconnect"))
    assert "Your authorisation is erased." in words(done)
    assert "cleared" not in words(done)  # it was not: it ends by itself
    assert "ends on its own" in words(done)
    assert "Not connected." in words((await chat.says("status")).card)
