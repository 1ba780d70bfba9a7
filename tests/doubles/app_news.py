"""Somebody whose app comes and goes, and what is kept of them meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.outside import FIRST_MEETING, words

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Chat, Product

CALL: Final = ("Busy", "InACall")
MEETING: Final = ZoomPresence.IN_MEETING
DAY: Final = keys.APP_BACK_TTL


async def in_a_meeting(product: Product) -> Chat:
    """Somebody who has the app, is connected, and is shown in a call."""
    person = product.around.somebody()
    await product.chat(person).installs()
    chat = await product.connected(person)
    product.around.world.set_zoom(person.object_id, MEETING)
    await product.told(person, CALL)
    here = chat.client.conversation_id
    await chat.teams.wait_for(
        lambda sent: sent.conversation_id == here and words(sent.card).startswith(FIRST_MEETING)
    )
    return chat


async def a_day_passes(redis: Client, person: SandboxPerson) -> None:
    """For somebody whose app is taken out; Redis ends the rest by itself."""
    oid = person.object_id
    key = keys.person(oid)
    await redis.hset(key, "gone", int(await redis.hget(key, "gone")) - DAY * 1000 - 1)
    lane = await redis.hget(key, "lane")
    await redis.zadd(keys.dues(keys.shard_of(oid))[int(lane)], {oid: 1})


async def is_known(redis: Client, person: SandboxPerson) -> bool:
    return bool(await redis.exists(keys.person(person.object_id)))


async def ttl_of_the_chat(redis: Client, person: SandboxPerson) -> int:
    return int(await redis.ttl(keys.reference(person.object_id)))
