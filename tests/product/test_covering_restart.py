"""Processes are killed while they start people and tell others: the next finish it, once each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from domain.clock import DAY
from domain.coverage import Announcement, How
from domain.directory import Directory, DirectoryUser
from domain.matching import EntraUser, Match
from domain.policy import ACCOUNT, AuthorisedBy, Authoriser
from domain.policy_edits import Authorise
from sandbox.zoom_states import ZoomPresence
from sync.directory.store import DirectoryStore
from sync.engine.people import PeopleStore
from sync.organisation.announcements import ANNOUNCEMENTS
from sync.organisation.matches import MatchStore, Result
from sync.redis import keys
from sync.redis.batches import batches
from sync.redis.scripts import Scripts
from sync.settings.audit import INSTALLATION
from sync.settings.store import Saved, SettingsStore
from tests.chaos.conftest import FULL
from tests.doubles.outside import serving, titles
from tests.doubles.product import eventually
from tests.doubles.redis import answers, open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Outside, Product

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(600),
]

MANY: Final = 10_000 if FULL else 2_000
"""So many that a process is killed while it starts them."""
LONG_AGO: Final = 10
WITHOUT_ZOOMS_API: Final = dict.fromkeys(
    ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
)


TOLD: Final = 3
"""Of the sandbox's people, who were told long ago: they are written for."""
RIGHTS: Final = ["Presence.ReadWrite.All", "User.Read.All"]
NOT_FOR_ME: Final = "Not for me"


def oid(number: int) -> str:
    return f"00000000-0000-4000-9200-{number:012d}"


@dataclass(frozen=True)
class Somebody:
    """A person of Zoom and Entra. `told` long ago, or by nobody yet."""

    oid: str
    zoom_id: str
    address: str
    told: bool = True

    @classmethod
    def of(cls, person: SandboxPerson, *, told: bool = True) -> Somebody:
        """One who has a chat and a presence."""
        return cls(person.object_id, person.zoom_id, person.zoom_email or "", told)


async def matched_and_told(redis: Client, people: Sequence[Somebody]) -> None:
    """All of them are in Zoom and in Entra; who was told, was told long ago."""
    scripts = Scripts(redis)
    users = {one.zoom_id: DirectoryUser(one.zoom_id, one.address, "Nia") for one in people}
    directory = DirectoryStore(redis, scripts, configured=True)
    assert await directory.claim("t", 60_000) == 0
    assert await directory.swap("t", Directory(users, {}, 1), [])
    await directory.finish("t", next_ms=DAY, not_before_ms=DAY)
    entra = {one.oid: EntraUser(one.oid, "Nia", (one.address,)) for one in people}
    found = {one.zoom_id: Match(one.zoom_id, one.oid) for one in people}
    matches = MatchStore(redis, scripts)
    assert await matches.claim("t", 60_000) == 0
    assert await matches.swap("t", Result(found, entra, "wanted", full=True))
    await matches.finish("t", next_ms=DAY, not_before_ms=DAY)
    at_ms = (await redis.time())[0] * 1000 - LONG_AGO * DAY
    told = ANNOUNCEMENTS.dump(Announcement(at_ms, How.INFORMED))
    pipe = redis.pipeline(transaction=False)
    for one in people:
        if one.told:
            pipe.set(keys.announced(one.oid), told)
    await pipe.execute()


async def authorise(redis: Client) -> None:
    """An admin lets the organisation authorise, after notice."""
    settings = SettingsStore(redis, Scripts(redis))
    policy = await settings.read()
    edit = Authorise(ACCOUNT, Authoriser.INFORM)
    saved = await settings.save(edit, expected=policy.version, by=INSTALLATION)
    assert isinstance(saved, Saved)


@pytest.mark.parametrize(
    ("number", "cards", "kills"),
    [
        pytest.param(100, 8, (3,), id="few"),
        pytest.param(MANY, 30, (8, 18), id="many", marks=pytest.mark.long),
    ],
)
async def test_whoever_carries_on_tells_and_starts_everybody_once(
    around: Outside, tmp_path: Path, number: int, cards: int, kills: tuple[int, ...]
) -> None:
    """Killed while it starts people (many), and again while it tells others (after so many)."""
    redis = open_client(around.redis)
    await redis.flushall()
    around.teams.messages.clear()
    around.world.own_rights.hold(RIGHTS, around.world.clock.now())
    people = PeopleStore(redis, Scripts(redis))
    crowd = [around.somebody() for _ in range(cards + TOLD)]
    new, told = crowd[:cards], crowd[cards:]
    everybody = [Somebody(oid(n), f"z{oid(n)}", f"person{n}@example.com") for n in range(number)]
    everybody += [Somebody.of(person) for person in told]
    waiting = [Somebody.of(person, told=False) for person in new]
    start = {one.oid for one in everybody}

    def sent() -> Counter[str]:
        here = [m.conversation_id for m in around.teams.messages if NOT_FOR_ME in titles(m.card)]
        return Counter(here)

    async def in_meetings() -> None:
        for person in crowd:
            around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)

    try:
        async with serving(around, tmp_path, **WITHOUT_ZOOMS_API) as first:
            for person in crowd:
                await first.chat(person).says("help")
            await matched_and_told(redis, [*everybody, *waiting])
            await authorise(redis)
            if number == MANY:

                async def begun() -> bool:
                    return await people.connected() > MANY // 10

                await eventually(begun, "many are started", log=first.command, seconds=60)
                assert await people.connected() < number
                later = kills
            else:
                await told_so_many(sent, kills[0], first)
                later = kills[1:]
            await killed(first, redis)
        generations = {row.object_id: row.generation async for row in rows(people)}
        for count in later:
            async with serving(around, tmp_path, **WITHOUT_ZOOMS_API) as another:
                await told_so_many(sent, count, another)
                await killed(another, redis)
        async with serving(around, tmp_path, **WITHOUT_ZOOMS_API) as last:

            async def all_done() -> bool:
                # Told, or (whoever's card was under way when it was killed) marked as being told.
                if await people.connected() < len(everybody):
                    return False
                marks = await answers(
                    redis,
                    [one.oid for one in waiting],
                    lambda pipe, who: pipe.exists(
                        keys.announced(who), keys.notice(who, "announced")
                    ),
                )
                return all(noted for _, noted in marks)

            await eventually(all_done, "all are started or told", log=last.command, seconds=400)
            await in_meetings()
            for person in told:
                await last.told(person, ("Busy", "InACall"))
            after = {row.object_id: row async for row in rows(people)}
            assert await last.command.stop() == 0
    finally:
        await redis.flushall()
        await redis.aclose()
        for person in crowd:
            around.world.set_zoom(person.object_id, ZoomPresence.OFFLINE)
    assert after.keys() == start, "nobody is lost, and nobody starts who is told only now"
    assert {row.authorised_by for row in after.values()} == {AuthorisedBy.ORGANISATION}
    assert {who: after[who].generation for who in generations} == generations, "once each"
    found = sent()
    assert max(found.values()) == 1, "nobody gets two cards"
    assert len(found) >= cards - len(kills) - 1, "a kill costs one card at most: that of the moment"
    assert [person.name for person in new if around.state(person).journal] == []
    assert all(around.state(person).journal for person in told)


async def killed(product: Product, redis: Client) -> None:
    """`kill -9`, and the two minutes go by after which another may take its place."""
    await product.command.kill()
    await redis.delete(keys.COVERAGE_LEASE)


async def told_so_many(sent: Callable[[], Counter[str]], count: int, product: Product) -> None:
    async def so_many() -> bool:
        return len(sent()) >= count

    await eventually(so_many, f"{count} are told", log=product.command, seconds=400)


async def rows(people: PeopleStore):  # type: ignore[no-untyped-def]
    """Everybody who is connected."""
    async for some in batches(people.everyone(), 500):
        for row in await people.rows(some, "authorised_by"):
            yield row
