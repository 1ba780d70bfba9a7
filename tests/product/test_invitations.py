"""An admin invites those who have not connected, over HTTP, in production mode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.people import PEOPLE
from sync.redis import keys
from tests.doubles.invitations import counted, installed, invitations, offered, title_of
from tests.doubles.outside import link_in, serving, titles, words
from tests.doubles.product import run
from tests.doubles.redis import eventually, leaked_keys, open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sync.redis.connection import Client
    from tests.doubles.outside import Chat, Outside, Product
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMIN, BEN, CHIARA = PEOPLE[0], PEOPLE[1], PEOPLE[2]
FARID = PEOPLE[5]
NAMED = {"ADMIN_OBJECT_IDS": ADMIN.object_id}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    around: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """A `serve` that knows its admin."""
    async with serving(around, tmp_path_factory.mktemp("serve"), **NAMED) as running:
        yield running
        assert await running.command.stop() == 0, running.command.tail()
        running.command.assert_clean()


@pytest_asyncio.fixture(loop_scope="module")
async def redis(around: Outside) -> AsyncIterator[Client]:
    client = open_client(around.redis)
    yield client
    leaks = await leaked_keys(client)
    await client.aclose()
    assert leaks == []


async def shown(chat: Chat, message: Sent, text: str) -> None:
    """Wait until the card says this."""

    async def says() -> bool:
        return text in words(chat.now(message))

    await eventually(says, within=20)


async def test_the_admin_invites_and_everyone_gets_one_card(
    product: Product, around: Outside, redis: Client, tmp_path: Path
) -> None:
    admin = product.chat(ADMIN)
    chats = await installed(product, redis, *(around.somebody() for _ in range(3)), FARID)
    without_zoom = chats.pop()
    settings = await counted(admin, 3)
    asked = await admin.presses(title_of(3), on=settings)
    assert words(asked).startswith("Invite 3 people once?")
    assert titles(asked) == [title_of(3), "Cancel"]
    begun = await admin.presses(title_of(3), on=settings)
    assert words(begun).startswith("Inviting")
    await shown(admin, settings, "3 people were invited.")
    assert [len(invitations(chat)) for chat in chats] == [1, 1, 1]
    assert invitations(without_zoom) == []
    assert titles(chats[0].received[-1].card) == ["Connect", "Not now"]

    assert offered((await admin.says("settings")).card) == 0
    history = words((await admin.says("settings history")).card)
    assert "The account : invited 3 people Ada Lindqvist" in history
    code, printed = await run("audit", environ=around.environ(**NAMED), folder=tmp_path)
    assert code == 0
    assert f"{ADMIN.name} ({ADMIN.object_id})  invite  account: 3 people" in printed
    _, printed = await run("audit", "--json", environ=around.environ(**NAMED), folder=tmp_path)
    # Other tests of this file may have invited before; a line of log may stand between the rows.
    *_, row = [row for row in map(json.loads, printed.splitlines()) if row.get("kind") == "invite"]
    assert (row["by"], row["scope"], row["new"]) == (ADMIN.object_id, "account", {"people": 3})


async def test_an_invitation_leads_to_the_offer_or_to_peace(
    product: Product, around: Outside, redis: Client
) -> None:
    admin = product.chat(ADMIN)
    willing, unwilling = await installed(product, redis, around.somebody(), around.somebody())
    settings = await counted(admin, 2)
    await admin.presses(title_of(2), on=settings)
    await admin.presses(title_of(2), on=settings)
    await shown(admin, settings, "2 people were invited.")

    [card] = invitations(unwilling)
    assert words(await unwilling.presses("Not now", on=card)).startswith("Not now")
    [card] = invitations(willing)
    offer = await willing.presses("Connect", on=card)
    page = await product.sign_in(link_in(offer), willing.person)
    assert "Connected" in page.words
    assert "Connected" in words(willing.now(card))
    assert offered((await admin.says("settings")).card) == 0


async def test_who_disconnected_on_purpose_is_left_in_peace(
    product: Product, around: Outside, redis: Client
) -> None:
    admin = product.chat(ADMIN)
    leaving, staying = await installed(product, redis, around.somebody(), around.somebody())
    await product.connected(leaving.person)
    question = await leaving.says("disconnect")
    await leaving.presses("Cancel", on=question)
    assert not await redis.exists(keys.left(leaving.person.object_id))
    question = await leaving.says("disconnect")
    await leaving.presses("Disconnect", on=question)
    assert await redis.exists(keys.left(leaving.person.object_id))
    settings = await counted(admin, 1)
    asked = await admin.presses(title_of(1), on=settings)
    assert "or after disconnecting on purpose" in words(asked)
    await admin.presses(title_of(1), on=settings)
    await shown(admin, settings, "1 person was invited.")
    assert (len(invitations(leaving)), len(invitations(staying))) == (0, 1)

    await product.connected(leaving.person)
    assert not await redis.exists(keys.left(leaving.person.object_id))
    await leaving.installs("remove")  # ends the link without their saying so
    await installed(product, redis, leaving.person)
    await counted(admin, 1)
    await leaving.installs("remove")


async def test_of_a_group_only_its_members_are_invited(
    product: Product, around: Outside, redis: Client
) -> None:
    admin = product.chat(ADMIN)
    [member, other] = await installed(product, redis, BEN, around.somebody())
    await counted(admin, 2)
    question = await admin.says("settings group Sales enable")
    done = await admin.presses("Enable", on=question)
    assert offered(done) == 1
    await admin.presses(title_of(1), on=question)
    await admin.presses(title_of(1), on=question)
    await shown(admin, question, "1 person was invited.")
    assert (len(invitations(member)), len(invitations(other))) == (1, 0)
    await other.installs("remove")
    await counted(admin, 0)


async def test_a_dead_chat_is_opened_anew_or_counted_as_not_reached(
    product: Product, around: Outside, redis: Client
) -> None:
    admin = product.chat(ADMIN)
    moved, lost = await installed(product, redis, around.somebody(), around.somebody())
    for chat in (moved, lost):
        around.teams.refuses[chat.client.conversation_id] = "ConversationBlockedByUser"
    new = f"a:new-{moved.person.object_id}"
    around.teams.opens[moved.person.object_id] = new
    around.teams.opens_none[lost.person.object_id] = "Forbidden"
    settings = await counted(admin, 2)
    await admin.presses(title_of(2), on=settings)
    await admin.presses(title_of(2), on=settings)
    await shown(admin, settings, "1 person was invited. 1 person couldn’t be reached")
    sent = [message for message in around.teams.messages if message.conversation_id == new]
    assert ["has invited you" in words(message.card) for message in sent] == [True]
    assert not await redis.exists(keys.notice(lost.person.object_id, "invited"))
    for chat in (moved, lost):
        await chat.installs("remove")


async def test_who_is_no_admin_invites_nobody(
    product: Product, around: Outside, redis: Client
) -> None:
    admin, [stranger] = product.chat(ADMIN), await installed(product, redis, around.somebody())
    settings = await counted(admin, 1)
    question = settings.card
    assert question is not None
    confirmation = await admin.presses(title_of(1), on=settings)
    for card in (question, confirmation):
        answer = await stranger.deliver(stranger.teams.presses(stranger.client, card, title_of(1)))
        assert "admin" in words(answer["value"])
        assert offered(answer["value"]) == 0
    await admin.presses("Cancel", on=settings)
    assert invitations(stranger) == []
    assert await redis.exists(keys.notice(stranger.person.object_id, "invited")) == 0
    await stranger.installs("remove")
