"""What the conversation keeps: once only, never for ever."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.conversations import ConversationStore
from bot.teams.activity import Inbound, Kind, Person, Scope
from sync.redis import keys
from sync.redis.connection import Client
from tests.doubles.channel import GROUP, NEW, OLD

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"
DAY = 86_400


@pytest.fixture
def store(redis: Client) -> ConversationStore:
    return ConversationStore(redis)


async def ttl(redis: Client) -> int:
    """Of the only key."""
    [key] = await redis.keys("*")
    return int(await redis.ttl(key))


async def test_a_reference_is_kept_until_the_app_is_removed(
    store: ConversationStore, redis: Client
) -> None:
    assert await store.reference(ADA) is None
    await store.remember_reference(ADA, OLD)
    assert await store.reference(ADA) == OLD
    assert await store.reference(BEN) is None
    assert 399 * DAY < await ttl(redis) <= 400 * DAY
    await store.first_welcome(ADA)
    await store.forget_reference(ADA)
    assert await redis.keys("*") == []
    assert await store.first_welcome(ADA)


async def test_a_reference_lives_on_while_it_is_used(
    store: ConversationStore, redis: Client
) -> None:
    await store.remember_reference(ADA, OLD)
    await redis.expire(keys.reference(ADA), 5)
    await store.remember_reference(ADA, NEW)
    assert await ttl(redis) > 399 * DAY


async def test_what_is_not_due_at_each_message_is_due_after_an_hour_or_a_doubt(
    store: ConversationStore, redis: Client
) -> None:
    assert await store.remember_reference(ADA, OLD) == "anew"
    await store.first_welcome(ADA)
    assert await store.remember_reference(ADA, OLD) == "again"
    await redis.expire(keys.reference(ADA), 400 * DAY - 3500)
    assert await store.remember_reference(ADA, OLD) == "again"
    for left in (400 * DAY - 3700, 5):
        for key in (keys.reference(ADA), keys.welcomed(ADA)):
            await redis.expire(key, left)
        assert await store.remember_reference(ADA, OLD) == "anew"
        for key in (keys.reference(ADA), keys.welcomed(ADA)):
            assert await redis.ttl(key) > 400 * DAY - 100
    for _ in range(2):
        assert await store.doubt_reference(ADA)
        assert not await store.is_there(ADA)
    assert await store.remember_reference(ADA, OLD) == "anew"
    assert await redis.ttl(keys.welcomed(ADA)) > 399 * DAY
    assert await store.remember_reference(ADA, OLD, sent_ms=1) == "again"  # no clock of ours
    known = int(await redis.hget(keys.reference(ADA), "at"))
    await redis.hset(keys.reference(ADA), "at", known + 1000)
    assert await store.remember_reference(ADA, OLD, sent_ms=known) == ""


async def test_a_card_is_found_again(store: ConversationStore, redis: Client) -> None:
    await store.remember_card("card {with} braces", "1:activity")
    assert await store.activity_of("card {with} braces") == "1:activity"
    assert await store.activity_of("another") is None
    assert 29 * DAY < await ttl(redis) <= 30 * DAY


ONCE: list[tuple[Callable[[ConversationStore], Awaitable[bool]], int]] = [
    (lambda store: store.first_time("conversation|activity"), 600),
    (lambda store: store.first_welcome(ADA), 400 * DAY),
]


@pytest.mark.parametrize(("ask", "lives"), ONCE)
async def test_what_is_for_the_first_time_is_so_once(
    store: ConversationStore,
    redis: Client,
    ask: Callable[[ConversationStore], Awaitable[bool]],
    lives: int,
) -> None:
    assert await ask(store)
    assert not await ask(store)
    assert lives - 5 < await ttl(redis) <= lives


def says(number: int, **changes: Any) -> Inbound:
    person = Person("tenant", ADA, "29:a", "Ada")
    return replace(Inbound(Kind.MESSAGE, f"activity {number}", person, OLD), **changes)


async def test_what_arrives_from_somebodys_own_chat_is_noted_once_and_says_where_they_are(
    store: ConversationStore, redis: Client
) -> None:
    first, second = says(1), says(2, kind=Kind.CLICK)
    assert await store.arrived(first) == replace(first, heard="anew")
    assert await store.reference(ADA) == OLD
    assert await store.arrived(first) is None
    assert await store.arrived(second) == replace(second, heard="again")
    moved = says(3, conversation=NEW)
    assert await store.arrived(moved) == replace(moved, heard="again")
    assert await store.reference(ADA) == NEW
    assert {await redis.ttl(key) > 0 for key in await redis.keys("*")} == {True}


async def test_an_activity_that_came_before_is_no_news(
    store: ConversationStore, redis: Client
) -> None:
    await store.arrived(says(1))
    await store.doubt_reference(ADA)
    assert await store.arrived(says(1)) is None
    assert not await store.is_there(ADA)
    assert (await store.arrived(says(2)) or says(0)).heard == "anew"
    assert await store.is_there(ADA)
    known = int(await redis.hget(keys.reference(ADA), "at"))
    await redis.hset(keys.reference(ADA), "at", known + 1000)
    late = says(3, sent_ms=known)
    assert await store.arrived(late) == replace(late, heard="")


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": replace(GROUP, scope=Scope.GROUP_CHAT)},
        {"kind": Kind.INSTALLED},
        {"kind": Kind.UNINSTALLED},
        {"person": None},
    ],
)
async def test_what_is_not_said_in_somebodys_own_chat_tells_nothing_of_it(
    store: ConversationStore, changes: dict[str, Any]
) -> None:
    inbound = says(1, **changes)
    assert await store.arrived(inbound) is inbound
    assert await store.arrived(inbound) is None
    assert await store.reference(ADA) is None


async def test_a_second_delivery_may_name_the_thread(store: ConversationStore) -> None:
    thread = replace(GROUP, scope=Scope.CHANNEL, conversation_id="19:a@thread.tacv2;messageid=7")
    whole = replace(thread, conversation_id="19:a@thread.tacv2")
    assert await store.arrived(says(1, conversation=thread)) is not None
    assert await store.arrived(says(1, conversation=whole)) is None
