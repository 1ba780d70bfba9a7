"""Ten thousand people in scope: the chat answers at once, the rest follows and is counted."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Final

import pytest

from domain.directory import Directory, DirectoryGroup, DirectoryUser
from domain.link import Link
from sandbox.zoom_states import ZoomPresence
from sync.engine.link_store import LINKS
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, office, said_by

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE: Final = 0.5
"""The part of the change's processor time in which an answer is there. Seconds would measure the
machine that runs the tests."""
CALL = ("Busy", "InACall")


async def crowd(place: Office, many: int) -> None:
    """Members of Sales who have been connected for a while, and are offline in Zoom."""
    now = (await place.redis.time())[0] * 1000
    pipe = place.redis.pipeline(transaction=False)
    for number in range(many):
        oid, zoom_id = f"00000000-0000-4000-9000-{number:012d}", f"zCrowd{number:014d}"
        address = f"crowd{number}@example.com"
        link = Link(oid, "tenant", f"Person {number}", (address,), now, zoom_id)
        row = {"gen": 1, "ver": 1, "pol": 1, "zoom": zoom_id, "groups": "zgSales"}
        seen = {"obs": ZoomPresence.OFFLINE.value, "obs_at": now, "got": now, "acted": now}
        pipe.hset(keys.person(oid), mapping=row | seen)
        pipe.sadd(keys.everybody(keys.shard_of(oid)), oid)
        pipe.set(keys.link(oid), LINKS.dump(link))
        pipe.set(keys.tokens(oid), "1:sealed")
        pipe.set(keys.zoom_address(address), oid)
        pipe.set(keys.zoom_id(zoom_id), oid)
        if number % 1000 == 999:
            await pipe.execute()


async def directory(place: Office, many: int) -> None:
    """The same people as Zoom lists them, beside those of the sandbox."""
    store = place.beside.directory.store
    known = await store.load()
    assert known is not None
    users = dict(known.users)
    for number in range(many):
        zoom_id = f"zCrowd{number:014d}"
        users[zoom_id] = DirectoryUser(
            zoom_id,
            f"crowd{number}@example.com",
            f"Person {number}",
            group_ids=frozenset({"zgSales"}),
        )
    groups = dict(known.groups) | {"zgSales": DirectoryGroup("zgSales", "Sales", many + 2)}
    while await store.claim("crowd", 60_000):
        await place.redis.hset(keys.DIRECTORY_STATE, mapping={"requested": 0, "not_before": 0})
        await asyncio.sleep(0.02)
    assert await store.swap("crowd", Directory(users, groups, 1), [])
    await store.finish("crowd", next_ms=3_600_000, not_before_ms=3_600_000)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "many", [1_000, *(pytest.param(many, marks=pytest.mark.long) for many in (3_000, 10_000))]
)
async def test_thousands_of_people(town: Outside, tmp_path: Path, many: int) -> None:
    everybody = f"{many + 2:,}"
    async with office(town, tmp_path) as place:
        await place.connect(BEN, CHIARA)
        for person in (BEN, CHIARA):
            place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
            await place.product.told(person, CALL)
        await crowd(place, many)
        await directory(place, many)
        chat, took = place.chat(ADA), dict[str, float]()

        began = time.process_time()
        centre = await chat.says("settings")
        took["settings"] = time.process_time() - began
        covered = f"Presence sync is on for {many + 5:,} people. {everybody} of them are connected."
        assert covered in said_by(centre.card)

        began = time.process_time()
        question = await chat.says("settings group Sales disable")
        took["question"] = time.process_time() - began
        assert f"Who is affected: {everybody} people now." in said_by(question.card)

        began = changed = time.process_time()
        card = await chat.clicks("Disable", question)
        took["apply"] = time.process_time() - began
        assert f"Clearing 0 of {everybody}" in said_by(card)

        # The chat goes on answering while the work is done.
        slowest = 0.0
        while "Cleared for" not in said_by(chat.now(question)):
            began = time.process_time()
            await chat.says("help")
            slowest = max(slowest, time.process_time() - began)
            await asyncio.sleep(0.2)
        took["help meanwhile"] = slowest
        whole = time.process_time() - changed
        assert town.told(BEN) is None
        assert town.told(CHIARA) is None
        shown = [said_by(m.card) for m in chat.received if m.activity_id == question.activity_id]
        counts = [
            int(found[1].replace(",", ""))
            for text in shown
            if (found := re.search(rf"Clearing ([\d,]+) of {everybody}", text))
        ]
        assert counts
        assert counts == sorted(counts)
        if many > 3_000:  # Fewer can be done before the card counts a second time.
            assert len(counts) >= 2, counts
        assert f"Cleared for {everybody} people." in shown[-1]
        for oid in (f"00000000-0000-4000-9000-{n:012d}" for n in range(0, many, 97)):
            assert await place.redis.hget(keys.person(oid), "pol") == "2"
        assert max(took.values()) < AT_ONCE * whole, (took, whole)
