"""A person's own chat that is dead, moved or threaded, and what is said of it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.app_news import in_a_meeting
from tests.doubles.notices import found_out, let_time_pass
from tests.doubles.outside import Chat, link_in, titles, words
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Outside, Product
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLOCKED = "ConversationBlockedByUser"
ANSWERED = "I’ve answered in our private chat"
UNREACHABLE = "I can’t reach you in a private chat"


def chat_at(product: Product, person: SandboxPerson, conversation_id: str) -> Chat:
    """A person's own chat with another id."""
    teams = product.around.teams
    client = teams.person(person.object_id, person.name, conversation_id=conversation_id)
    return Chat(product, person, client)


def newer(product: Product, person: SandboxPerson) -> Chat:
    """The chat that Teams opens with them when it is asked to."""
    conversation_id = f"a:new-{person.object_id}"
    product.around.teams.opens[person.object_id] = conversation_id
    return chat_at(product, person, conversation_id)


async def remembered(redis: Client, person: SandboxPerson) -> str:
    return str(await redis.hget(keys.reference(person.object_id), "where"))


# -- dead chats ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dead",
    [
        BLOCKED,
        "MessageWritesBlocked",
        "BotNotInConversationRoster",
        "BotDisabledByAdmin",
        "404 ConversationNotFound",
        "404 ResourceNotFound",
        "404 ",
    ],
)
async def test_a_dead_chat_is_opened_anew(
    product: Product, around: Outside, redis: Client, dead: str
) -> None:
    person = around.somebody()
    old, new = product.chat(person), newer(product, person)
    await old.says("help")
    where = old.client.conversation_id
    if dead.startswith("404 "):
        around.teams.missing[where] = dead.removeprefix("404 ")
    else:
        around.teams.refuses[where] = dead
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    line = await group.says("status")
    assert ANSWERED in line.text
    [answer] = new.received
    assert "Not connected." in words(answer.card)
    sent = around.teams.messages
    assert sent.index(answer) < sent.index(line), "said when it was true"
    assert new.client.conversation_id in await remembered(redis, person)
    await group.says("status")
    assert len(new.received) == 2
    assert len(old.received) == 1


@pytest.mark.parametrize("opened", ["none", "the same"])
async def test_where_no_chat_can_be_had_nothing_is_claimed(
    product: Product, around: Outside, opened: str
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    await chat.says("help")
    around.teams.refuses[chat.client.conversation_id] = BLOCKED
    if opened == "none":
        around.teams.opens_none[person.object_id] = "Forbidden"
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    for command in ("status", "connect", "settings"):
        line = await group.says(command)
        assert UNREACHABLE in line.text
        assert "unblock it" in line.text
    assert len(chat.received) == 1
    del around.teams.refuses[chat.client.conversation_id]
    assert ANSWERED in (await group.says("status")).text


async def test_where_an_admin_switched_the_app_off_the_admin_is_named(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    around.teams.opens_none[person.object_id] = "BotDisabledByAdmin"
    assert "Ask your Teams admin" in (await group.says("status")).text  # no chat is known yet
    await chat.says("help")
    around.teams.refuses[chat.client.conversation_id] = "BotDisabledByAdmin"
    assert "Ask your Teams admin" in (await group.says("status")).text


async def test_a_button_in_a_group_claims_nothing_either(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = product.chat(person)
    await chat.says("help")
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    asked = await group.says("statsu")
    around.teams.refuses[chat.client.conversation_id] = BLOCKED
    assert asked.card is not None
    press = group.teams.presses(group.client, asked.card, "Status", on=asked)
    answer = await group.deliver(press)
    assert UNREACHABLE in answer["value"]
    submitted = group.teams.activity(
        group.client, "message", text="", value=press["value"]["action"]["data"]
    )
    submitted["value"] = submitted["value"] | {"verb": press["value"]["action"]["verb"]}
    await group.deliver(submitted)
    assert UNREACHABLE in group.received[-1].text


async def test_nobody_without_a_private_chat_is_told_that_there_is_an_answer(
    product: Product, around: Outside, redis: Client
) -> None:
    person = around.somebody()
    around.teams.opens_none[person.object_id] = "BotNotInConversationRoster"
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    assert UNREACHABLE in (await group.says("status")).text
    assert not await redis.exists(keys.reference(person.object_id))
    assert "What you can say" in words((await group.says("help")).card)


async def test_teams_being_away_is_not_a_dead_chat(
    product: Product, around: Outside, redis: Client
) -> None:
    person = around.somebody()
    await product.chat(person).says("help")
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    before = await remembered(redis, person)
    around.teams.answers_next(400, "ServiceError")
    line = await group.says("status")
    assert "Teams didn’t take my message" in line.text
    assert await remembered(redis, person) == before


async def test_the_card_of_a_sign_in_follows_into_the_new_chat(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    old, new = product.chat(person), newer(product, person)
    offer = await old.says("connect")
    around.teams.refuses[old.client.conversation_id] = BLOCKED
    page = await product.sign_in(link_in(offer.card), person)
    assert "Connected" in page.words
    [card] = new.received
    assert words(card.card).startswith("Connected")
    # And its buttons work there.
    assert "Disconnect" in titles(card.card)
    assert words(await new.presses("Status", on=card))


def asked_again(chat: Chat) -> list[Sent]:
    return [sent for sent in chat.received if "Please connect again" in words(sent.card)]


async def test_a_reconnect_card_reaches_the_new_chat(
    product: Product, around: Outside, redis: Client
) -> None:
    chat = await in_a_meeting(product)
    person, new = chat.person, newer(product, chat.person)
    around.teams.refuses[chat.client.conversation_id] = BLOCKED
    around.world.identity.withdraw(person.object_id)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await found_out(redis, person.object_id)
    await let_time_pass(redis, 31)
    await product.command.event("reconnect_card", person=person.object_id, sent="sent")
    assert len(asked_again(new)) == 1
    assert asked_again(chat) == []


async def test_a_reconnect_card_that_reaches_nobody_is_not_counted_as_sent(
    product: Product, around: Outside, redis: Client
) -> None:
    chat = await in_a_meeting(product)
    person = chat.person
    around.teams.refuses[chat.client.conversation_id] = BLOCKED
    around.teams.opens_none[person.object_id] = "Forbidden"
    around.world.identity.withdraw(person.object_id)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await found_out(redis, person.object_id)
    await let_time_pass(redis, 31)
    await product.command.event("reconnect_card", person=person.object_id, sent="undelivered")

    async def given_up() -> bool:
        told = await redis.hget(keys.person(person.object_id), "notified")
        return str(told).startswith("undelivered")

    await eventually(given_up)


async def test_a_chat_that_was_made_anew_is_used_from_the_first_word_there(
    product: Product, around: Outside, redis: Client
) -> None:
    person = around.somebody()
    old, new = product.chat(person), chat_at(product, person, f"a:second-{person.object_id}")
    offer = await old.says("connect")
    await new.says("help")
    assert new.client.conversation_id in await remembered(redis, person)
    # A button of a card in the old one goes on there, as long as Teams takes it.
    cancelled = await old.presses("Cancel", on=offer)
    assert words(cancelled).startswith("Cancelled")
    assert old.now(offer) == cancelled
    # Where it does not, the answer is all that the person gets; nothing goes astray.
    around.teams.refuses[old.client.conversation_id] = BLOCKED
    received = len(new.received)
    await old.deliver(old.teams.presses(old.client, offer.card or {}, "Cancel", on=offer))
    assert len(new.received) == received


# -- threads -------------------------------------------------------------------------------------


async def test_a_thread_in_the_private_chat_is_the_chat(
    product: Product, around: Outside, redis: Client
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    thread = chat_at(product, person, f"{chat.client.conversation_id};messageid=1700000000001")
    await thread.deliver(thread.teams.says(thread.client, "connect"))
    [offer] = chat.received
    assert thread.received == []
    assert "messageid" not in await remembered(redis, person)
    page = await product.sign_in(link_in(offer.card), person)
    assert "Connected" in page.words
    assert words(chat.now(offer)).startswith("Connected")
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    here = chat.client.conversation_id
    await chat.teams.wait_for(
        lambda sent: sent.conversation_id == here and "first Zoom meeting" in words(sent.card)
    )
    await thread.installs("remove")
    assert around.told(person) is None
    assert thread.received == []


async def test_one_message_is_one_with_and_without_its_thread(
    product: Product, around: Outside
) -> None:
    for kind, where in (("personal", "a:x-{}"), ("channel", "19:{}@thread.tacv2")):
        person = around.somebody()
        at = where.format(person.object_id)
        teams = around.teams
        clients = [
            teams.person(person.object_id, conversation_id=one, conversation_type=kind)
            for one in (at, f"{at};messageid=7")
        ]
        for client in clients:
            activity = teams.says(client, "help") | {"id": f"the same {person.object_id}"}
            await product.chat(person).deliver(activity)
        sent = [m for m in teams.messages if m.conversation_id.startswith(at)]
        assert len(sent) == 1


async def test_in_a_channel_replies_stay_in_the_thread(product: Product, around: Outside) -> None:
    person = around.somebody()
    await product.chat(person).says("help")
    thread = f"19:{person.object_id}@thread.tacv2;messageid=1700000000001"
    channel = product.group(person, thread, "channel")
    helped = await channel.says("help")
    line = await channel.says("status")
    assert {helped.conversation_id, line.conversation_id} == {thread}
    # A card that was forwarded there becomes help in the same thread.
    await product.chat(other := around.somebody()).installs()
    [welcome] = product.chat(other).received
    assert welcome.card is not None
    pressed = await channel.deliver(
        channel.teams.presses(channel.client, welcome.card, "What can I say?", on=helped)
    )
    assert pressed["statusCode"] == 200
    assert channel.received[-1].method == "PUT"
    assert channel.received[-1].conversation_id == thread
