"""A process is killed while it starts ten thousand people; the next one finishes it, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from domain.clock import DAY
from domain.coverage import Announcement, How
from domain.directory import Directory, DirectoryUser
from domain.matching import EntraUser, Match
from domain.policy import ACCOUNT, AuthorisedBy, Authoriser
from domain.policy_edits import Authorise
from sync.directory.store import DirectoryStore
from sync.engine.people import PeopleStore
from sync.organisation.announcements import ANNOUNCEMENTS
from sync.organisation.matches import MatchStore, Result
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import INSTALLATION
from sync.settings.store import Saved, SettingsStore
from tests.doubles.outside import serving
from tests.doubles.product import eventually
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from pathlib import Path

    from sync.redis.connection import Client
    from tests.doubles.outside import Outside

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.long,
    pytest.mark.timeout(600),
]

PEOPLE: Final = 10_000
LONG_AGO: Final = 10
WITHOUT_ZOOMS_API: Final = dict.fromkeys(
    ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
)


def oid(number: int) -> str:
    return f"00000000-0000-4000-9200-{number:012d}"


async def matched_and_told(redis: Client) -> None:
    """Everybody is in Zoom and in Entra, and was told long ago."""
    scripts = Scripts(redis)
    addresses = {oid(number): f"person{number}@example.com" for number in range(PEOPLE)}
    users = {f"z{who}": DirectoryUser(f"z{who}", mail, "Nia") for who, mail in addresses.items()}
    directory = DirectoryStore(redis, scripts, configured=True)
    assert await directory.claim("t", 60_000) == 0
    assert await directory.swap("t", Directory(users, {}, 1), [])
    await directory.finish("t", next_ms=DAY, not_before_ms=DAY)
    entra = {who: EntraUser(who, "Nia", (mail,)) for who, mail in addresses.items()}
    found = {f"z{who}": Match(f"z{who}", who) for who in addresses}
    matches = MatchStore(redis, scripts)
    assert await matches.claim("t", 60_000) == 0
    assert await matches.swap("t", Result(found, entra, "wanted", full=True))
    await matches.finish("t", next_ms=DAY, not_before_ms=DAY)
    at_ms = (await redis.time())[0] * 1000 - LONG_AGO * DAY
    told = ANNOUNCEMENTS.dump(Announcement(at_ms, How.INFORMED))
    pipe = redis.pipeline(transaction=False)
    for who in addresses:
        pipe.set(keys.announced(who), told)
    await pipe.execute()


async def authorise(redis: Client) -> None:
    """An admin lets the organisation authorise, after notice."""
    settings = SettingsStore(redis, Scripts(redis))
    policy = await settings.read()
    edit = Authorise(ACCOUNT, Authoriser.INFORM)
    saved = await settings.save(edit, expected=policy.version, by=INSTALLATION)
    assert isinstance(saved, Saved)


async def test_the_next_process_starts_the_rest_and_nobody_who_said_no(
    around: Outside, tmp_path: Path
) -> None:
    redis = open_client(around.redis)
    await redis.flushall()
    around.world.own_rights.hold(
        ["Presence.ReadWrite.All", "User.Read.All"], around.world.clock.now()
    )
    people = PeopleStore(redis, Scripts(redis))
    try:
        async with serving(around, tmp_path, **WITHOUT_ZOOMS_API) as first:
            await matched_and_told(redis)
            await authorise(redis)

            async def begun() -> bool:
                return await people.connected() > PEOPLE // 10

            await eventually(begun, "many are started", log=first.command, seconds=60)
            await first.command.kill()
        half = await people.connected()
        assert PEOPLE // 10 < half < PEOPLE
        generations = {row.object_id: row.generation async for row in rows(people)}
        async with serving(around, tmp_path, **WITHOUT_ZOOMS_API) as second:

            async def everybody() -> bool:
                return await people.connected() == PEOPLE

            await eventually(everybody, "all are started", log=second.command, seconds=400)
            after = {row.object_id: row async for row in rows(people)}
            assert {row.authorised_by for row in after.values()} == {AuthorisedBy.ORGANISATION}
            assert {who: after[who].generation for who in generations} == generations, "once each"
            assert await second.command.stop() == 0
    finally:
        await redis.flushall()
        await redis.aclose()


async def rows(people: PeopleStore):  # type: ignore[no-untyped-def]
    """Everybody who is connected."""
    async for who in people.everyone():
        for row in await people.rows([who], "authorised_by"):
            yield row
