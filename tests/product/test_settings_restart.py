"""A process is killed in the middle of a change for many people; the next one finishes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from domain.history import CHANGE
from domain.link import Link
from sandbox.faults import Fault, FaultKind
from sandbox.people import PEOPLE
from sandbox.zoom_states import ZoomPresence
from sync.engine.link_store import LINKS
from sync.redis import keys
from sync.settings.audit import AuditLog
from tests.doubles.hasty import ROOT, hasty
from tests.doubles.outside import serving, titles, words
from tests.doubles.product import eventually
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Chat, Outside, Product
    from tests.doubles.teams import Sent

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

ADMIN: Final = PEOPLE[0]
QUIET: Final = 800
"""People of whom Microsoft holds nothing: they are done without a request ..."""
SHOWN: Final = 4
"""... and people whose session is to be cleared."""
ALL: Final = QUIET + SHOWN
LEASE_MS: Final = 5_000
CALL = ("Busy", "InACall")


async def quiet_people(redis: Client) -> None:
    """People who have been connected for a while, and are offline in Zoom."""
    now = (await redis.time())[0] * 1000
    pipe = redis.pipeline(transaction=False)
    for number in range(QUIET):
        oid, zoom_id = quiet(number), f"zQuiet{number:014d}"
        address = f"quiet{number}@example.com"
        row = {"gen": 1, "ver": 1, "pol": 1, "zoom": zoom_id, "groups": ""}
        seen = {"obs": ZoomPresence.OFFLINE.value, "obs_at": now, "got": now, "acted": now}
        pipe.hset(keys.person(oid), mapping=row | seen)
        pipe.sadd(keys.everybody(keys.shard_of(oid)), oid)
        link = Link(oid, "tenant", f"Person {number}", (address,), now, zoom_id)
        pipe.set(keys.link(oid), LINKS.dump(link))
        pipe.set(keys.tokens(oid), "1:sealed")
        pipe.set(keys.zoom_address(address), oid)
        pipe.set(keys.zoom_id(zoom_id), oid)
    await pipe.execute()


def quiet(number: int) -> str:
    return f"00000000-0000-4000-9100-{number:012d}"


async def in_meetings(product: Product) -> list[SandboxPerson]:
    people = [product.around.somebody() for _ in range(SHOWN)]
    for person in people:
        await product.connected(person)
        product.around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    for person in people:
        await product.told(person, CALL)
    return people


def counts(chat: Chat, message: Sent) -> list[int]:
    """What the card has said of how many are done, in order."""
    shown = [words(sent.card) for sent in chat.received if sent.activity_id == message.activity_id]
    found = [re.search(rf"Clearing ([\d,]+) of {ALL}", text) for text in shown]
    return [int(match[1].replace(",", "")) for match in found if match]


async def test_the_next_process_finishes_it_and_the_card_tells_the_truth(
    around: Outside, tmp_path: Path
) -> None:
    around.program = hasty(LEASE_MS)
    environ = {"ADMIN_OBJECT_IDS": ADMIN.object_id, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": None}
    redis, graph = open_client(around.redis), around.world.faults.graph
    await redis.flushall()
    try:
        async with serving(around, tmp_path, **environ) as first:
            people = await in_meetings(first)
            await quiet_people(redis)
            admin = first.chat(ADMIN)
            question = await admin.says("settings account disable")
            assert titles(question.card) == ["Disable", "Cancel"]
            assert f"Who is affected: {ALL} people now" in words(question.card)
            graph.append(Fault(FaultKind.STALLED, times=1000))
            began = await admin.presses("Disable", on=question)
            assert f"Clearing 0 of {ALL}" in words(began)
            await around.teams.wait_for(lambda _: max(counts(admin, question)) > 0, seconds=30)
            await first.command.kill()

        # Dead, with those who are shown still shown; what the card says was true.
        graph.forget()
        assert [around.told(person) for person in people] == [CALL] * SHOWN
        [rollout] = await redis.smembers(keys.jobs("rollouts"))
        left = int(await redis.scard(keys.job_left("rollouts", rollout)))
        assert left >= SHOWN
        assert max(counts(admin, question)) <= ALL - left

        async with serving(around, tmp_path, **environ) as second:

            async def finished() -> bool:
                return f"Cleared for {ALL} people." in words(admin.now(question))

            await eventually(finished, "the card says the end", log=second.command, seconds=45)
            assert [around.told(person) for person in people] == [None] * SHOWN
            assert counts(admin, question) == sorted(counts(admin, question))
            for number in range(0, QUIET, 97):
                assert await redis.hget(keys.person(quiet(number)), "pol") == "2"

            async def forgotten() -> bool:  # after the card: who dies in between tells it again
                return not await redis.keys("pb:{rollouts}:*")

            await eventually(forgotten, "nothing of the change is left", log=second.command)
            records = [r async for r in AuditLog(redis).everything() if r.kind == CHANGE]
            assert [record.by.actor_id for record in records[1:]] == [ADMIN.object_id]
            assert await second.command.stop() == 0
            second.command.assert_clean()
    finally:
        graph.clear()
        await redis.aclose()
