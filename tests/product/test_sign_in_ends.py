"""A person has one live attempt to connect, and the chat can end it wherever they are with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yarl import URL

from sandbox.faults import Fault, FaultKind
from tests.doubles.outside import link_in, titles, words

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from tests.doubles.browser import Browser, Page
    from tests.doubles.outside import Chat, Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def way_back(browser: Browser, link: str, person: SandboxPerson) -> URL:
    """Sign in at Microsoft, but stop before the address that it sends the browser to."""
    at_microsoft = await browser.submit(await browser.open(link))
    page = await browser.submit(at_microsoft, follow=False, person=person.object_id)
    if "Location" not in page.headers:  # the first time: the question for consent
        page = await browser.submit(page, follow=False, decision="accept")
    return URL(page.headers["Location"], encoded=True)


async def still_nobody(chat: Chat, page: Page, sentence: str) -> None:
    assert page.status == 410
    assert sentence in page.words
    assert "Not connected." in words((await chat.says("status")).card)


async def test_removing_the_app_ends_a_sign_in_that_is_at_microsoft(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    link = link_in((await chat.says("connect")).card)
    async with around.browser() as browser:
        back = await way_back(browser, link, person)
        await chat.installs("remove")
        page = await browser.open(back)
        assert (await browser.open(link)).status == 410
    await still_nobody(chat, page, "This sign-in was ended")


@pytest.mark.parametrize("slash", ["", "/"])
async def test_disconnect_ends_a_sign_in_that_is_at_microsoft(
    product: Product, around: Outside, slash: str
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    link = link_in((await chat.says("connect")).card)
    async with around.browser() as browser:
        back = await way_back(browser, link, person)
        said = (await chat.says(f"{slash}disconnect")).card
        assert "Nothing was connected, and the link no longer works." in words(said)
        page = await browser.open(back)
    await still_nobody(chat, page, "This sign-in was ended")
    assert "Not connected." in words((await chat.says("disconnect")).card)


async def test_disconnecting_ends_a_second_sign_in_too(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    async with around.browser() as browser:
        asked = await chat.says("disconnect")
        await chat.presses("Disconnect", on=asked)
        link = link_in((await chat.says("connect")).card)
        back = await way_back(browser, link, person)
        # The question of before, once more: on another device that still shows it.
        assert asked.card is not None
        click = chat.teams.presses(chat.client, asked.card, "Disconnect", on=asked)
        assert titles((await chat.deliver(click))["value"])[0] == "Connect"
        page = await browser.open(back)
    await still_nobody(chat, page, "This sign-in was ended")


async def test_cancel_ends_every_link_of_a_card(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = product.chat(person)
    offer = await chat.says("connect")
    cancelled = await chat.presses("Cancel", on=offer)
    links = [link_in(offer.card)]
    for _ in range(2):  # the button of one and the same card, on two devices
        answer = await chat.deliver(chat.teams.presses(chat.client, cancelled, "Connect", on=offer))
        links.append(link_in(answer["value"]))
    async with around.browser() as browser:
        assert "There’s a newer link" in (await browser.open(links[1])).words
        back = await way_back(browser, links[2], person)
        await chat.presses("Cancel", on=offer)
        for link in links:
            assert (await browser.open(link)).status == 410
        page = await browser.open(back)
    await still_nobody(chat, page, "This sign-in was ended")


async def test_cancel_on_an_older_card_stops_it_all(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = product.chat(person)
    older, newer = await chat.says("connect"), await chat.says("connect")
    assert "no longer works" in words(await chat.presses("Cancel", on=older))
    async with around.browser() as browser:
        for offer in (older, newer):
            assert (await browser.open(link_in(offer.card))).status == 410


async def test_cancel_after_an_authorisation_ended_offers_nothing_new(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.identity.revoke(person.object_id)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    assert "your authorisation ended" in words((await chat.says("status")).card)
    offer = await chat.says("connect")
    card = await chat.presses("Cancel", on=offer)
    assert "the link no longer works" in words(card)
    async with around.browser() as browser:
        assert (await browser.open(link_in(offer.card))).status == 410


async def test_a_browser_may_do_everything_twice(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = product.chat(person)
    link = link_in((await chat.says("connect")).card)
    async with around.browser() as browser, around.browser() as another:
        start = await browser.open(link)
        pressed = [await browser.submit(start, follow=False) for _ in range(2)]
        assert pressed[0].headers["Location"] == pressed[1].headers["Location"]
        back = await way_back(browser, link, person)  # Back, the page again, and on
        assert (await another.open(back)).status == 400
        for _ in range(2):
            page = await browser.open(back)
            assert (page.status, "Connected" in page.words) == (200, True)
        assert "Connected" in (await browser.submit(start)).words
        assert (await another.open(back)).status == 400
    await chat.works()
