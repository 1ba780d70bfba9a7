"""A person's whole way through the product, over HTTP, in production mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.outside import PUBLIC, link_in, titles, words
from tests.doubles.redis import eventually, leaked_keys, open_client

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from tests.doubles.outside import Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(serve: Product) -> Product:
    """As a process of its own."""
    return serve


async def kept_of(around: Outside, person: SandboxPerson) -> list[str]:
    """The keys that name a person and do not end by themselves."""
    client = open_client(around.redis)
    index = {keys.zoom_address(person.upn), keys.zoom_id(person.zoom_id)}
    named = [k for k in await client.keys("*") if person.object_id in k or k in index]
    kept = [key for key in named if await client.ttl(key) == -1]
    leaks = await leaked_keys(client)
    await client.aclose()
    assert leaks == []
    return sorted(kept)


async def names_are(around: Outside, person: SandboxPerson, kinds: set[str]) -> bool:
    """Whether keys of just these kinds name a person."""
    client = open_client(around.redis)
    named = [str(key) for key in await client.keys(f"*{person.object_id}*")]
    await client.aclose()
    return {re.sub(r"^pb:(\{\d\d\}:)?", "", key).split(":")[0] for key in named} == kinds


async def test_the_app_welcomes_once(product: Product, around: Outside) -> None:
    chat = product.chat(around.somebody())
    await chat.installs()
    await chat.installs()
    await chat.installs("upgrade")
    assert len(chat.received) == 1
    assert "Welcome" in words(chat.received[0].card)
    assert titles(chat.received[0].card) == ["Connect", "What can I say?"]


async def test_the_welcome_leads_to_the_offer_in_the_same_card(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    await chat.installs()
    [welcome] = chat.received
    answered = await chat.presses("Connect", on=welcome)
    assert "Connect with Microsoft" in titles(answered)
    assert chat.now(welcome) == answered
    assert {sent.activity_id for sent in chat.received} == {welcome.activity_id}


async def test_help_lists_the_commands_that_apply(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = product.chat(person)
    for said in ("help", "/help", ""):
        card = (await chat.says(said)).card
        assert all(command in words(card) for command in ("connect", "status"))
        assert titles(card) == ["Connect", "Status"]
    chat = await product.connected(person)
    card = (await chat.says("help")).card
    assert all(command in words(card) for command in ("disconnect", "status", "pause", "style"))
    assert titles(card) == ["Status", "Pause", "Styles", "Disconnect"]


async def test_a_greeting_says_how_it_stands(product: Product, around: Outside) -> None:
    chat = product.chat(around.somebody())
    for said in ("hi", "HELLO!"):
        card = (await chat.says(said)).card
        assert "not connected" in words(card)
        assert titles(card) == ["Connect", "What can I say?"]


async def test_a_person_connects_and_the_card_in_the_chat_says_so(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    offer = await chat.says("connect")
    assert titles(offer.card) == ["Connect with Microsoft", "Cancel"]
    link = link_in(offer.card)
    assert link.startswith(f"{PUBLIC}/auth/microsoft/start?ticket=")

    async with around.browser() as browser:
        for _ in range(5):  # scanners of mail and chat open links
            assert (await browser.open(link, method="HEAD")).status == 200
            start = await browser.open(link)
            assert person.name in start.words
        at_microsoft = await browser.submit(start)
        assert str(at_microsoft.url.origin()) == around.https
        consent = await browser.submit(at_microsoft, person=person.object_id)
        assert "Presence Bridge would like to" in consent.words
        last = await browser.submit(consent, decision="accept")

    assert last.status == 200
    assert "Connected" in last.words
    assert str(last.url).startswith(f"{PUBLIC}/auth/microsoft/callback?")
    edited = [sent for sent in chat.received if sent.method == "PUT"]
    assert [sent.activity_id for sent in edited] == [offer.activity_id]
    assert words(edited[0].card).startswith("Connected")
    assert person.zoom_email is not None
    assert person.zoom_email in words(edited[0].card)
    assert titles(edited[0].card) == ["Test it", "Status", "Disconnect"]
    assert len(await kept_of(around, person)) == 5  # state, link, tokens, two index entries


async def test_connecting_again_changes_nothing(product: Product, around: Outside) -> None:
    chat = await product.connected(around.somebody())
    again = await chat.says("connect")
    assert "Already connected" in words(again.card)


async def test_the_test_button_tells_microsoft_and_reads_back(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    [connected] = {m.activity_id: m for m in chat.received}.values()
    result = await chat.presses("Test it", on=connected)
    assert words(result).startswith("The test worked")
    assert around.told(person) == ("Busy", "InACall")
    assert "because of your test" in words((await chat.says("status")).card)


async def test_disconnecting_asks_clears_and_erases(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, ("Busy", "InACall"))

    question = await chat.says("disconnect")
    assert titles(question.card) == ["Disconnect", "Cancel"]
    assert "What I keep: a note that you left" in words(question.card)
    assert around.told(person) == ("Busy", "InACall")
    kept = await chat.presses("Cancel", on=question)
    assert "still connected" in words(kept).casefold()
    assert await kept_of(around, person) != []

    question = await chat.says("disconnect")
    assert question.card is not None
    click = chat.teams.presses(chat.client, question.card, "Disconnect", on=question)
    answer = await chat.deliver(click)
    assert words(answer["value"]).startswith("Disconnected Your authorisation is erased.")
    assert "is cleared" in words(answer["value"])
    assert around.told(person) is None
    assert await kept_of(around, person) == []
    # What the card says is kept; nothing else names them. Who was met is noted beside the chat.
    await eventually(lambda: names_are(around, person, {"left", "ref", "met"}))

    again = await chat.deliver(click | {"id": "another click"})
    assert "Not connected." in words(again["value"])

    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.connected(person)
    await product.told(person, ("DoNotDisturb", "Presenting"))


async def test_removing_the_app_clears_and_erases(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, ("Busy", "InACall"))
    await chat.installs("remove")
    assert around.told(person) is None
    assert await kept_of(around, person) == []
    before = len(chat.received)
    await chat.installs()
    assert "Welcome" in words(chat.received[before].card)


async def test_zooms_word_that_somebody_is_gone_erases_them(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, ("Busy", "InACall"))
    about = {"id": person.zoom_id, "email": person.zoom_email}
    payload = {"account_id": around.world.config.zoom_account_id, "object": about}
    around.world.webhooks.send("user.deleted", payload)
    await product.told(person, None)
    await product.command.event("link_erased", person=person.object_id)
    assert await kept_of(around, person) == []
