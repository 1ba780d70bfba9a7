"""Authorisations that end: one card for one person, one alert to admins when it is a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, inside, said_by
from tests.doubles.notices import found_out, let_time_pass
from tests.doubles.outside import serving, titles
from tests.doubles.product import eventually
from tests.doubles.redis import open_client
from wording.ended import STORMS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Chat, Outside, Product
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
CODE = "consent_missing"


@pytest_asyncio.fixture(loop_scope="module")
async def redis(around: Outside) -> AsyncIterator[Client]:
    """The product's Redis, empty."""
    client = open_client(around.redis)
    await client.flushall()
    around.teams.messages.clear()
    yield client
    await client.aclose()


async def connected(product: Product, count: int) -> list[SandboxPerson]:
    people = [product.around.somebody() for _ in range(count)]
    for person in people:
        await product.connected(person)
    return people


async def withdrawn(product: Product, redis: Client, people: list[SandboxPerson]) -> None:
    """Their consent is withdrawn, and the product finds it out for one after the other."""
    world = product.around.world
    for person in people:
        world.identity.withdraw(person.object_id)
        world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
        world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await found_out(redis, person.object_id)


def asked(chat: Chat) -> list[Sent]:
    """The cards that asked to connect again without being asked."""
    return [sent for sent in chat.received if "Please connect again" in said_by(sent.card)]


async def alert_of(product: Product, admin: Chat) -> Sent:
    sent = await admin.teams.wait_for(
        lambda one: (
            one.conversation_id == admin.client.conversation_id
            and "Many authorisations ended" in said_by(one.card)
        ),
        seconds=15,
    )
    assert not product.command.events("turn_failed")
    return sent


async def test_many_at_once_are_one_alert_to_the_admin_and_none_to_the_people(
    around: Outside, redis: Client, tmp_path: Path
) -> None:
    named = f"{ADA.object_id},{BEN.object_id}"
    async with inside(around, tmp_path, ADMIN_OBJECT_IDS=named) as product:
        admin = product.chat(ADA)
        await admin.says("hi")
        people = await connected(product, 6)
        await withdrawn(product, redis, people)
        await _in_it(product, redis, 6)
        await let_time_pass(redis, 31)
        alert = await alert_of(product, admin)
        text = said_by(alert.card)
        assert "6 people have lost presence sync at the same time." in text
        assert STORMS[CODE][0] in text
        assert "grant admin consent" in text
        assert titles(alert.card) == ["Try everyone again", "Refresh", "See who", "All settings"]
        centre = await admin.says("settings")
        assert "6 people have lost presence sync at the same time." in said_by(centre.card)
        assert "6 people" in said_by(await admin.presses("See what to do", on=centre))
        looked = (await admin.says(f"settings user {people[0].mail}")).card
        assert "Their authorisation ended" in said_by(looked)
        assert "were asked" not in said_by(looked)

        # Somebody else presses the button of a forwarded card.
        chats = [product.chat(person) for person in people]
        answer = await chats[0].deliver(
            chats[0].teams.presses(chats[0].client, admin.now(alert), "Try everyone again")
        )
        assert "Settings are for admins" in said_by(answer["value"])
        # Nor does another admin's press count: it was this one who was told.
        other = product.chat(BEN)
        answer = await other.deliver(
            other.teams.presses(other.client, admin.now(alert), "Try everyone again")
        )
        assert "This card is someone else’s." in said_by(answer["value"])

        # In vain at first: the consent is still missing.
        before = [await _since(redis, person) for person in people]
        tried = await admin.presses("Try everyone again", on=alert)
        assert "I’m trying again for 6 people" in said_by(tried)
        for person, since in zip(people, before, strict=True):
            await _failed_again(product, redis, person, since)
        await _in_it(product, redis, 6)
        again = said_by(await admin.presses("Refresh", on=alert))
        assert "6 people have lost presence sync at the same time." in again

        # The admin grants it, and presses again.
        for person in people:
            around.world.identity.accept(person.object_id, _SCOPES)
        await admin.presses("Try everyone again", on=alert)
        for person in people:
            await product.told(person, CALL)
        for chat in chats:
            assert asked(chat) == []
            await chat.works()
        await _in_it(product, redis, 0)
        assert "lost presence sync" not in said_by((await admin.says("settings")).card)
        assert "Nobody has this problem right now." in said_by(
            await admin.presses("Refresh", on=alert)
        )
        history = said_by((await admin.says("settings history")).card)
        assert history.count(f"tried 6 people again {ADA.name}") == 2

        await redis.hset(keys.STORMS, f"{CODE}/seen", 1)  # long ago
        await _over(product, redis)

        async def said() -> bool:
            return "It’s over." in said_by(admin.now(alert))

        await eventually(said, "the card says so", log=product.command)
        alerts = {
            one.activity_id
            for one in admin.received
            if one.method == "POST" and "Many authorisations" in said_by(one.card)
        }
        assert alerts == {alert.activity_id}


_SCOPES = ("Presence.ReadWrite", "Presence.Read", "User.Read", "offline_access")


async def _since(redis: Client, person: SandboxPerson) -> str | None:
    """Since when somebody is parked."""
    since: str | None = await redis.hget(
        keys.parked(keys.shard_of(person.object_id)), person.object_id
    )
    return since


async def _failed_again(
    product: Product, redis: Client, person: SandboxPerson, before: str | None
) -> None:
    async def failed() -> bool:
        return await _since(redis, person) not in {before, None}

    await eventually(failed, f"{person.name} failed again", log=product.command)


async def _in_it(product: Product, redis: Client, count: int) -> None:
    async def seen() -> bool:
        people: str | None = await redis.hget(keys.STORMS, f"{CODE}/people")
        return people == str(count)

    await eventually(seen, f"{count} people are in the storm", log=product.command)


async def _over(product: Product, redis: Client) -> None:
    async def over() -> bool:
        return not await redis.exists(keys.STORMS)

    await eventually(over, "the storm is over", log=product.command)


async def test_one_person_gets_one_card_and_the_admin_nothing(
    around: Outside, redis: Client, tmp_path: Path
) -> None:
    async with inside(around, tmp_path, ADMIN_OBJECT_IDS=ADA.object_id) as product:
        admin = product.chat(ADA)
        await admin.says("hi")
        [person] = await connected(product, 1)
        before = len(admin.received)
        await withdrawn(product, redis, [person])
        chat = product.chat(person)
        assert asked(chat) == [], "not before the grace is over"
        await let_time_pass(redis, 31)
        await chat.teams.wait_for(lambda _: bool(asked(chat)), seconds=15)
        around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
        await let_time_pass(redis, 3600)
        assert len(asked(chat)) == 1
        assert len(admin.received) == before
        looked = (await admin.says(f"settings user {person.mail}")).card
        assert "they were asked to connect again" in said_by(looked)
        assert "presence_bridge_reconnects_total" in await product.metrics()


async def test_a_process_that_dies_between_parking_and_telling_is_followed_by_another(
    around: Outside, redis: Client, tmp_path: Path
) -> None:
    async with serving(around, tmp_path) as product:
        [person] = await connected(product, 1)
        await withdrawn(product, redis, [person])
        await product.command.kill()
    chat = product.chat(person)
    assert asked(chat) == []
    # What ends by itself: the dead process's claim to be the one who tells.
    await redis.delete(keys.job_taken("notices", "all"))
    await let_time_pass(redis, 31)
    async with serving(around, tmp_path) as product:
        await product.command.event("reconnect_card", person=person.object_id, sent="sent")
        assert len(asked(product.chat(person))) == 1
        await product.command.stop()
        product.command.assert_clean()
