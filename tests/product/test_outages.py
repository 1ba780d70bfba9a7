"""The outside fails while the product runs: what people and Zoom are told, and how it heals."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sandbox.zoom_webhook import ANSWER_WITHIN
from sync.redis import keys
from tests.doubles.outside import words
from tests.doubles.product import eventually, http
from tests.doubles.redis import RedisServer, open_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.people import SandboxPerson
    from sandbox.zoom_webhook import Delivery
    from tests.doubles.outside import Chat, Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
PRESENTING = ("DoNotDisturb", "Presenting")
APOLOGY = "Something went wrong on my side."


@pytest.fixture(scope="module")
def module_redis() -> Iterator[RedisServer]:
    """A Redis that keeps what it was told, also when it is killed."""
    with RedisServer(None, "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


async def page(product: Product, name: str) -> int:
    return (await http("GET", f"{product.url}/{name}"))[0]


async def ready(product: Product, status: int = 200) -> None:
    """Wait for it: what was found may be told for a second."""

    async def check() -> bool:
        return await page(product, "readyz") == status

    await eventually(check, f"/readyz is {status}", log=product.command)


async def in_call(product: Product) -> tuple[SandboxPerson, Chat]:
    """Somebody who is connected and in a Zoom meeting."""
    person = product.around.somebody()
    chat = await product.connected(person)
    product.around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    await settled(product, person)
    return person, chat


async def settled(product: Product, person: SandboxPerson) -> None:
    """Wait until the turn with somebody is over, and Microsoft has accepted what it was told.

    Whoever dies in the middle of a turn keeps the person until the lease ends.
    """
    client = open_client(product.around.redis)

    async def over() -> bool:
        row = await client.hmget(keys.person(person.object_id), "lease", "unsure", "held")
        return row[:2] == [None, None] and row[2] is not None

    await eventually(over, f"the turn with {person.name} is over", log=product.command)
    await client.aclose()


async def answered(product: Product) -> Delivery:
    """The last webhook, once it was answered."""
    delivery = product.around.world.webhooks.log[-1]
    await product.until(lambda: bool(delivery.attempts), "the webhook is answered")
    return delivery


async def test_redis_being_away_is_told_and_heals(product: Product, around: Outside) -> None:
    person, chat = await in_call(product)
    around.redis.kill()
    try:
        around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
        delivery = await answered(product)
        assert [attempt.status for attempt in delivery.attempts] == [503]
        assert delivery.state == "waiting"
        assert words((await chat.says("status")).card).endswith("try again in a minute.")
        assert APOLOGY in words((await chat.says("connect")).card)
        click = chat.teams.clicks(chat.client, "help.show", {})
        assert (await chat.deliver(click))["statusCode"] >= 400
        async with around.browser() as browser:
            link = f"https://bot.example.com/auth/microsoft/start?ticket={'x' * 43}"
            failed = await browser.open(link)
            assert failed.status == 500
            assert "Something went wrong" in failed.words
        assert await page(product, "livez") == 200
        await ready(product, 503)
    finally:
        around.redis.start()
    await ready(product)
    around.world.clock.advance(5 * 60)  # Zoom repeats what was answered with 503
    await product.told(person, PRESENTING)
    await chat.works()


async def test_a_removal_that_redis_does_not_take_is_carried_out_later(
    product: Product, around: Outside
) -> None:
    person, chat = await in_call(product)
    around.redis.kill()
    try:
        removing = asyncio.create_task(chat.installs("remove"))
        await product.command.event("app_news_waits", person=person.object_id)
    finally:
        around.redis.start()
    await ready(product)
    await removing
    await product.told(person, None)
    await product.command.event("app_removed", person=person.object_id)
    # The notice of a first meeting may come late; an apology to who is not there must not.
    assert not [sent for sent in chat.received if APOLOGY in words(sent.card)]


async def test_a_redis_that_hangs_is_told_and_heals(product: Product, around: Outside) -> None:
    person, chat = await in_call(product)
    process = around.redis._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        about = {"id": person.zoom_id, "presence_status": "Presenting"}
        payload = {"account_id": around.world.config.zoom_account_id, "object": about}
        around.world.webhooks.answer_within = (
            10  # Zoom would have given up, and repeats all the same
        )
        around.world.webhooks.send("user.presence_status_updated", payload)
        live, _, apology, delivery = await asyncio.gather(
            page(product, "livez"),
            ready(product, 503),
            chat.says("status"),
            answered(product),
        )
        assert live == 200
        assert APOLOGY in words(apology.card)
        assert delivery.attempts[0].status == 503
        assert time.monotonic() - began < 10  # the channel would deliver again after 15 s
    finally:
        around.world.webhooks.answer_within = ANSWER_WITHIN
        process.send_signal(signal.SIGCONT)
    await ready(product)
    around.world.set_zoom(person.object_id, ZoomPresence.ON_PHONE_CALL)
    await product.told(person, CALL)
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.told(person, PRESENTING)
    await chat.works()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.THROTTLED, retry_after=1),
        Fault(FaultKind.AFTERWARDS, retry_after=1),
        Fault(FaultKind.RESET),
        Fault(FaultKind.UNAUTHORIZED),
        Fault(FaultKind.INTERCEPTED),
        Fault(FaultKind.THROTTLED, retry_after="0.2"),
        Fault(FaultKind.THROTTLED, retry_after="Wed, 01 Jan 2020 00:00:00 GMT"),
        Fault(FaultKind.UNAVAILABLE, retry_after="-5"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.retry_after}",
)
async def test_graph_failing_once_only_delays(
    product: Product, around: Outside, fault: Fault
) -> None:
    person, chat = await in_call(product)
    around.world.faults.graph.append(fault)
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.told(person, PRESENTING)
    assert around.world.faults.graph.waiting() == []
    around.world.set_zoom(person.object_id, ZoomPresence.OFFLINE)
    await product.told(person, None)
    card = (await chat.says("status")).card
    assert "Please connect again." not in words(card)


async def test_graph_hanging_for_one_person_holds_up_nobody_else(
    product: Product, around: Outside
) -> None:
    slow, _ = await in_call(product)
    quick, chat = await in_call(product)
    queue = around.world.faults.graph
    queue.append(Fault(FaultKind.STALLED))
    try:
        around.world.set_zoom(slow.object_id, ZoomPresence.PRESENTING)
        await product.until(lambda: queue.stalled == 1, "a request hangs")
        around.world.set_zoom(quick.object_id, ZoomPresence.PRESENTING)
        await product.told(quick, PRESENTING)
        await chat.works()
        assert around.told(slow) == CALL
    finally:
        queue.release()
    await product.told(slow, PRESENTING)


async def test_graph_hanging_at_disconnect_is_told_and_cleared_later(
    product: Product, around: Outside
) -> None:
    person, chat = await in_call(product)
    question = await chat.says("disconnect")
    queue = around.world.faults.graph
    queue.append(Fault(FaultKind.UNAVAILABLE, retry_after=1))
    done = await chat.presses("Disconnect", on=question)
    assert "I still need it to clear the presence I set" in words(done)
    assert "Not erased yet: your Microsoft authorisation." in words(done)
    assert re.search(r"at (\w+ \d+, )?\d\d:\d\d( UTC)? at the latest\. By then", words(done))
    assert "Not connected." in words((await chat.says("status")).card)
    await product.told(person, None)
    await product.command.event("link_erased", person=person.object_id)


async def test_what_is_kept_after_disconnecting_has_an_end_and_is_told(
    product: Product, around: Outside
) -> None:
    person, chat = await in_call(product)
    question = await chat.says("disconnect")
    around.world.faults.graph.append(Fault(FaultKind.UNAVAILABLE, retry_after=300))
    first = words(await chat.presses("Disconnect", on=question))
    assert "I’ve already erased your name and addresses" in first
    redis = open_client(around.redis)
    try:
        assert await redis.get(keys.link(person.object_id)) is None
        assert 0 < await redis.ttl(keys.tokens(person.object_id)) <= 3600
    finally:
        await redis.aclose()
    assert words((await chat.says("disconnect")).card) == first
    assert "Your authorisation isn’t erased yet." in words((await chat.says("status")).card)
    # Connecting anew ends the leaving.
    await product.connected(person)
    await settled(product, person)
    await product.told(person, CALL)
    await chat.works()


async def test_the_test_button_says_when_graph_is_down(product: Product, around: Outside) -> None:
    _, chat = await in_call(product)
    connected = next(m for m in chat.received if words(m.card).startswith("Connected"))
    # Every request: others than the test's may be under way.
    around.world.faults.graph.append(Fault(FaultKind.UNAVAILABLE, times=1000, retry_after=1))
    failed = await chat.presses("Test it", on=connected)
    around.world.faults.graph.clear()
    assert words(failed).startswith("The test half worked Accepted, not seen.")
    worked = await chat.presses("Test again", on=connected)
    assert words(worked).startswith("The test worked")


async def test_the_bots_own_token_being_refused_is_renewed(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    await chat.says("help")
    good = around.teams.accepts_token
    refused = {chat.received[-1].authorization}
    around.teams.accepts_token = lambda token: token not in refused and good(token)
    try:
        await chat.says("help")
    finally:
        around.teams.accepts_token = good
    assert len(chat.received) == 2
