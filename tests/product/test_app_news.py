"""The app comes and goes: installed, removed, replaced, in any order, over HTTP."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.app_news import (
    CALL,
    DAY,
    MEETING,
    a_day_passes,
    in_a_meeting,
    is_known,
    ttl_of_the_chat,
)
from tests.doubles.outside import link_in, words
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from tests.doubles.outside import Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_package_that_is_replaced_clears_and_restores(
    product: Product, around: Outside, redis: Client
) -> None:
    chat = await in_a_meeting(product)
    person, received = chat.person, len(chat.received)
    await chat.installs("remove-upgrade")
    assert around.told(person) is None, "cleared before the answer"
    asked = len(around.state(person).journal)
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    around.world.set_zoom(person.object_id, ZoomPresence.AVAILABLE)
    around.world.set_zoom(person.object_id, MEETING)
    assert await ttl_of_the_chat(redis, person) <= DAY

    async def heard() -> bool:
        return str(await redis.hget(keys.person(person.object_id), "obs")) == MEETING.value

    await eventually(heard)
    await chat.installs("add-upgrade")
    assert around.told(person) == CALL, "written before the answer"
    assert len(around.state(person).journal) - asked <= 4, "Zoom's three, and one of ours"
    assert await ttl_of_the_chat(redis, person) > DAY
    assert await redis.ttl(keys.welcomed(person.object_id)) > DAY
    assert len(chat.received) == received, "no second welcome"
    assert "Already connected" in words((await chat.says("connect")).card)


async def test_if_nothing_follows_in_a_day_everything_is_erased(
    product: Product, redis: Client
) -> None:
    chat = await in_a_meeting(product)
    await chat.installs("remove-upgrade")
    for key in (keys.reference, keys.welcomed, keys.met):
        assert await redis.ttl(key(chat.person.object_id)) <= DAY
    await a_day_passes(redis, chat.person)
    await product.around.teams.deliver(  # any event wakes a worker
        product.messages_url, product.around.teams.says(chat.client, "help", timestamp=OLD)
    )
    await product.command.event("app_not_back", person=chat.person.object_id)
    await product.command.event("link_erased", person=chat.person.object_id)
    assert not await is_known(redis, chat.person)
    for key in (keys.reference, keys.welcomed, keys.met):  # as their TTL does
        await redis.delete(key(chat.person.object_id))
    before = len(chat.received)
    await chat.installs("add-upgrade")
    assert ["Welcome" in words(sent.card) for sent in chat.received[before:]] == [True]


OLD = "2026-01-01T11:59:59.000Z"
"""A second before everything else that Teams sends here."""


@pytest.mark.parametrize(
    ("news", "shown"),
    [
        (["remove-upgrade", "remove-upgrade", "add-upgrade"], CALL),
        (["remove-upgrade", "add-upgrade", "add-upgrade"], CALL),
        (["remove-upgrade", "upgrade"], CALL),
        (["remove-upgrade", "add"], CALL),
        (["add-upgrade", "remove-upgrade"], None),
        (["remove-upgrade", "add-upgrade", "remove-upgrade"], None),
        (["add-upgrade"], CALL),
        (["remove-upgrade", "downgrade"], None),
    ],
)
async def test_the_last_news_holds(
    product: Product, around: Outside, news: list[str], shown: tuple[str, str] | None
) -> None:
    chat = await in_a_meeting(product)
    welcomes = len(chat.received)
    for action in news:
        await chat.installs(action)
    assert around.told(chat.person) == shown
    assert len(chat.received) == welcomes


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        # In the order in which they arrive: what, and the second in which Teams sent it.
        ([("add-upgrade", 9), ("remove-upgrade", 8)], CALL),
        ([("remove-upgrade", 8), ("add-upgrade", 9), ("remove-upgrade", 8)], CALL),
        ([("remove-upgrade", 8), ("add-upgrade", 7)], None),
        ([("add-upgrade", 9), ("remove", 8)], CALL),
        ([("remove-upgrade", 8), ("add-upgrade", 9), ("remove-upgrade", 10)], None),
    ],
)
async def test_news_that_arrives_late_changes_nothing(
    product: Product,
    around: Outside,
    sent: list[tuple[str, int]],
    shown: tuple[str, str] | None,
) -> None:
    chat = await in_a_meeting(product)
    for action, second in sent:
        activity = chat.teams.installs(chat.client, action)
        await chat.deliver(activity | {"timestamp": f"2026-01-01T12:00:{second:02}.000Z"})
    assert around.told(chat.person) == shown


async def test_news_that_arrives_at_once_ends_with_what_was_sent_last(
    product: Product, around: Outside
) -> None:
    chat = await in_a_meeting(product)
    for second in range(10, 40, 2):
        goes, comes = (
            chat.teams.installs(chat.client, action)
            | {"timestamp": f"2026-01-01T12:00:{at:02}.000Z"}
            for action, at in (("remove-upgrade", second), ("add-upgrade", second + 1))
        )
        both = (goes, comes) if second % 4 else (comes, goes)
        await asyncio.gather(*map(chat.deliver, both))
        await product.told(chat.person, CALL)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ([("remove-upgrade", 41), ("remove-upgrade", 58), ("remove-upgrade", 26)], None),
        ([("remove-upgrade", 17), ("remove-upgrade", 52), ("add", 38), ("add-upgrade", 31)], None),
        ([("remove-upgrade", 17), ("add", 53), ("remove-upgrade", 52)], CALL),
    ],
)
async def test_much_news_at_once_ends_with_what_was_sent_last(
    product: Product,
    around: Outside,
    sent: list[tuple[str, int]],
    shown: tuple[str, str] | None,
) -> None:
    chat = await in_a_meeting(product)
    news = [
        chat.teams.installs(chat.client, action) | {"timestamp": f"2026-01-01T12:00:{at:02}.000Z"}
        for action, at in sent
    ]
    await asyncio.gather(*map(chat.deliver, news))
    assert around.told(chat.person) == shown


async def test_clocks_that_are_not_the_same_decide_nothing(
    product: Product, around: Outside
) -> None:
    chat = await in_a_meeting(product)
    activity = chat.teams.installs(chat.client, "remove-upgrade")
    await chat.deliver(activity | {"timestamp": "2024-05-05T12:00:00Z"})
    assert around.told(chat.person) is None
    await chat.deliver(chat.teams.installs(chat.client, "add-upgrade") | {"timestamp": None})
    assert around.told(chat.person) == CALL
    for odd in ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "now"):
        for action, shown in (("remove-upgrade", None), ("add-upgrade", CALL)):
            activity = chat.teams.installs(chat.client, action)
            await chat.deliver(activity | {"timestamp": odd})
            assert around.told(chat.person) == shown


@pytest.mark.parametrize("how", ["message", "click", "submit", "group"])
async def test_whoever_is_heard_of_has_the_app(product: Product, around: Outside, how: str) -> None:
    chat = await in_a_meeting(product)
    asked = await chat.says("status")
    await chat.installs("remove-upgrade")
    assert around.told(chat.person) is None
    if how == "message":
        answer = await chat.says("status")
        assert "is told" not in words(answer.card) or "In a call" in words(answer.card)
    elif how == "click":
        await chat.deliver(chat.teams.presses(chat.client, chat.now(asked), "Refresh", on=asked))
    elif how == "submit":
        await chat.deliver(chat.teams.activity(chat.client, "message", text="", value={"x": 1}))
    else:  # Teams opens a private chat with whoever has the app
        group = product.group(chat.person, "19:heard@thread.v2")
        assert "in our private chat" in (await group.says("status")).text
    assert around.told(chat.person) == CALL


async def test_a_group_is_no_proof_of_the_app(product: Product, around: Outside) -> None:
    chat = await in_a_meeting(product)
    await chat.installs("remove-upgrade")
    around.teams.opens_none[chat.person.object_id] = "BotNotInConversationRoster"
    received = len(chat.received)
    line = await product.group(chat.person, "19:proof@thread.v2").says("status")
    assert "I can’t reach you in a private chat" in line.text
    assert around.told(chat.person) is None
    assert len(chat.received) == received


async def test_removed_after_it_was_taken_out(
    product: Product, around: Outside, redis: Client
) -> None:
    chat = await in_a_meeting(product)
    await chat.installs("remove-upgrade")
    await chat.installs("remove")
    assert around.told(chat.person) is None
    assert not await is_known(redis, chat.person)
    assert not await redis.exists(keys.reference(chat.person.object_id))
    before = len(chat.received)
    await chat.installs("add-upgrade")
    assert "Welcome" in words(chat.received[before].card)
    assert not await is_known(redis, chat.person)


@pytest.mark.parametrize("action", ["remove", "remove-upgrade"])
async def test_nobody_connects_whose_app_went_meanwhile(
    product: Product, around: Outside, redis: Client, action: str
) -> None:
    person = around.somebody()
    chat = product.chat(person)
    link = link_in((await chat.says("connect")).card)
    async with around.browser() as browser:
        at_microsoft = await browser.submit(await browser.open(link))
        await chat.installs(action)
        page = await browser.submit(at_microsoft, person=person.object_id)
        page = await browser.submit(page, decision="accept")
    assert "Connected" not in page.words
    assert not await is_known(redis, person)


@pytest.mark.parametrize("action", ["add-upgrade", "upgrade"])
async def test_a_newer_package_is_a_first_meeting_where_there_was_none(
    product: Product, around: Outside, redis: Client, action: str
) -> None:
    chat = product.chat(around.somebody())
    for _ in range(2):
        await chat.installs(action)
    assert ["Welcome" in words(sent.card) for sent in chat.received] == [True]
    oid = chat.person.object_id
    assert await ttl_of_the_chat(redis, chat.person) > DAY

    async def met() -> bool:
        return bool(await redis.exists(keys.met(oid)))

    await eventually(met)


async def test_whoever_wrote_before_is_not_greeted_by_a_newer_package(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    await chat.says("help")
    await chat.installs("remove-upgrade")
    await chat.installs("add-upgrade")
    assert len(chat.received) == 1


@pytest.mark.parametrize(
    ("kind", "type_"), [("groupChat", "19:g@thread.v2"), ("channel", "19:t@thread.tacv2")]
)
async def test_what_happens_in_a_team_or_group_touches_nobodys_link(
    product: Product, around: Outside, kind: str, type_: str
) -> None:
    chat = await in_a_meeting(product)
    bot = {"id": around.teams.bot_id}
    for where in (kind, None):  # None: not every client names the kind
        group = product.group(chat.person, type_, kind)
        for action in ("remove", "remove-upgrade", "add-upgrade", "add"):
            activity = around.teams.installs(group.client, action)
            if where is None:
                activity["conversation"] = {"id": type_}
            await group.deliver(activity)
        for change in ("membersRemoved", "membersAdded"):
            await group.deliver(
                around.teams.activity(group.client, "conversationUpdate", **{change: [bot]})
            )
        assert group.received == []
    assert around.told(chat.person) == CALL


async def test_members_of_the_private_chat_touch_nothing(product: Product, around: Outside) -> None:
    chat = await in_a_meeting(product)
    received = len(chat.received)
    them: list[dict[str, Any]] = [{"id": around.teams.bot_id}, {"id": chat.client.mri}]
    for change, member in itertools.product(("membersAdded", "membersRemoved"), them):
        activity = around.teams.activity(chat.client, "conversationUpdate", **{change: [member]})
        await chat.deliver(activity)
    assert around.told(chat.person) == CALL
    assert len(chat.received) == received


async def test_a_welcome_that_did_not_arrive_is_sent_at_the_next_news(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    around.teams.refuses[chat.client.conversation_id] = "BotNotInConversationRoster"
    await chat.installs()
    assert chat.received == []
    del around.teams.refuses[chat.client.conversation_id]
    await chat.installs()
    await chat.installs()
    assert ["Welcome" in words(sent.card) for sent in chat.received] == [True]
