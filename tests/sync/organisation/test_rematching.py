"""The matching follows Zoom's list, Entra, and what admins decide; trouble leaves it as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.directory import Directory, DirectoryUser
from domain.matching import MATCHED, FoundBy, Match, Uncovered
from sandbox.graph_users import BASIC, Refusal
from sync.directory.store import DirectoryStore
from sync.organisation.by_hand import Alias, Given, HandStore
from sync.organisation.matches import MatchStore, Result
from sync.organisation.rematching import Rematcher, lost
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import Actor
from tests.doubles.entra_directory import Tenant, person_id, row, running_tenant
from tests.doubles.zoom_directory import Clock

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Collection, Sequence

    from sync.redis.connection import Client

ADMIN, OTHER = Actor(person_id(900), "Ada"), Actor(person_id(901), "Dorothea")


def zoom(number: int, address: str = "", status: str = "active") -> DirectoryUser:
    return DirectoryUser(
        f"z{number}", address or f"user{number}@example.com", f"Zoom {number}", status
    )


@pytest.fixture
def tenant() -> Tenant:
    return Tenant([row(number) for number in range(20)])


@pytest.fixture
def directory(redis: Client) -> DirectoryStore:
    return DirectoryStore(redis, Scripts(redis), configured=True)


@pytest.fixture
def store(redis: Client) -> MatchStore:
    return MatchStore(redis, Scripts(redis))


@pytest.fixture
def by_hand(redis: Client) -> HandStore:
    return HandStore(redis)


class Heard(list[int]):
    """How often something new was matched; and what the organisation allows."""

    rights: tuple[str, ...] = ()

    def matched(self) -> None:
        self.append(1)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def rematcher(
    tenant: Tenant, directory: DirectoryStore, store: MatchStore, by_hand: HandStore, heard: Heard
) -> AsyncIterator[Rematcher]:
    async with running_tenant(tenant, Clock()) as entra:
        yield Rematcher(
            entra, directory, store, by_hand, rights=lambda: heard.rights, matched=heard.matched
        )


async def listed(directory: DirectoryStore, users: Sequence[DirectoryUser]) -> None:
    """Zoom's list is read, and has these people."""
    await directory.client.delete(keys.DIRECTORY_LEASE)
    await directory.client.hset(keys.DIRECTORY_STATE, "due", 0)
    assert await directory.claim("t", 60_000) == 0
    assert await directory.swap("t", Directory({user.zoom_id: user for user in users}), [])


async def due(redis: Client) -> None:
    await redis.hset(keys.MATCHES_STATE, "due", 0)


async def test_before_zooms_list_was_read_nothing_is_asked(
    rematcher: Rematcher, tenant: Tenant, store: MatchStore
) -> None:
    assert await rematcher.work.step() is None
    assert not tenant.requests
    assert (await store.health()).failed_ms is None


async def test_a_request_of_this_process_wakes_it(
    rematcher: Rematcher, store: MatchStore, redis: Client
) -> None:
    waits = list[bool]()

    async def wait(woken: asyncio.Event, _: float) -> None:
        waits.append(woken.is_set())
        if len(waits) == 1:
            await MatchStore(redis, Scripts(redis)).request_matching()
            waits.append(woken.is_set())
            await store.request_matching()
            waits.append(woken.is_set())
        else:
            rematcher.work.stop()

    await rematcher.work.run(wait=wait)
    assert waits == [False, False, True, False]


async def test_everybody_active_is_matched_and_only_the_matched_are_kept(
    rematcher: Rematcher, directory: DirectoryStore, store: MatchStore, heard: Heard
) -> None:
    await listed(directory, [zoom(1), zoom(2), zoom(77), zoom(3, status="inactive")])
    await rematcher.work.step()
    assert await store.load() == {
        "z1": Match("z1", person_id(1), FoundBy.ADDRESS),
        "z2": Match("z2", person_id(2), FoundBy.ADDRESS),
        "z77": Match("z77", why=Uncovered.NOBODY),
    }
    kept = [kept async for kept in store.everybody()]
    assert {it.user.object_id: it.zoom_id for it in kept} == {
        person_id(1): "z1",
        person_id(2): "z2",
    }
    assert (await store.of_person(person_id(2))) in kept
    assert await store.of_person(person_id(3)) is None
    assert await store.of_zoom("z3") is None
    health = await store.health()
    assert health.counts == {MATCHED: 2, "nobody": 1}
    assert health.full
    assert health.read_ms is not None
    assert heard == [1]


async def test_of_several_each_is_kept_so_that_they_can_be_named(
    rematcher: Rematcher, tenant: Tenant, directory: DirectoryStore, store: MatchStore
) -> None:
    tenant.rows[5]["mail"] = "user4@example.com"
    await listed(directory, [zoom(4), zoom(5)])
    await rematcher.work.step()
    found = await store.load()
    assert found["z4"].why is Uncovered.SEVERAL
    people = await store.people([person_id(4), person_id(5)])
    assert {oid: kept.zoom_id for oid, kept in people.items()} == {
        person_id(4): None,
        person_id(5): "z5",
    }


async def test_it_is_matched_anew_when_zooms_list_has_other_people(
    rematcher: Rematcher, redis: Client, tenant: Tenant, directory: DirectoryStore, heard: Heard
) -> None:
    await listed(directory, [zoom(1)])
    await rematcher.work.step()
    asked = tenant.requests
    await listed(directory, [replace(zoom(1), name="Married")])  # nothing that matching knows
    await rematcher.work.step()
    assert await redis.hget(keys.MATCHES_STATE, "requested") is None
    assert tenant.requests == asked
    await listed(directory, [zoom(1), zoom(2)])
    await rematcher.work.step()
    assert await redis.hget(keys.MATCHES_STATE, "requested") is not None
    await redis.hset(keys.MATCHES_STATE, mapping={"requested": 0, "not_before": 0})
    await rematcher.work.step()
    assert heard == [1, 1]


async def test_the_same_again_tells_nobody(
    rematcher: Rematcher, redis: Client, directory: DirectoryStore, heard: Heard
) -> None:
    await listed(directory, [zoom(1)])
    await rematcher.work.step()
    await due(redis)
    await rematcher.work.step()
    assert heard == [1]


async def test_aliases_and_mappings_by_hand_count(
    rematcher: Rematcher,
    redis: Client,
    directory: DirectoryStore,
    store: MatchStore,
    by_hand: HandStore,
) -> None:
    await listed(directory, [zoom(1, "user1@old.example"), zoom(2, "nickname@example.com")])
    await by_hand.set_alias("old.example", Alias("example.com", ADMIN, 1))
    given = Given(person_id(2), "user2@example.com", "z2", "nickname@example.com", ADMIN, 1)
    await by_hand.give(given)
    await rematcher.work.step()
    found = await store.load()
    assert found["z1"] == Match("z1", person_id(1), FoundBy.ALIAS)
    assert found["z2"].why is Uncovered.NOBODY  # nobody has confirmed it
    assert await by_hand.confirm(given, OTHER)
    await store.request_matching(0)
    await redis.hset(keys.MATCHES_STATE, "not_before", 0)
    await rematcher.work.step()
    assert await store.of_zoom("z2") == Match("z2", person_id(2), FoundBy.HAND)


# -- trouble --------------------------------------------------------------------------------------


async def test_without_authorisation_it_is_asked_once_an_hour_and_quietly(
    rematcher: Rematcher, tenant: Tenant, directory: DirectoryStore, store: MatchStore
) -> None:
    tenant.roles = frozenset()
    await listed(directory, [zoom(1)])
    with capture_logs() as logs:
        await rematcher.work.step()
        asked = tenant.requests
        assert await rematcher.renew() > 3500
    assert tenant.requests == asked
    assert {entry["log_level"] for entry in logs} == {"info"}
    assert (await store.health()).reason == "graph_users_403"


async def test_what_was_matched_stays_while_graph_is_in_trouble(
    rematcher: Rematcher,
    redis: Client,
    tenant: Tenant,
    directory: DirectoryStore,
    store: MatchStore,
) -> None:
    await listed(directory, [zoom(1)])
    await rematcher.work.step()
    tenant.users.ordered += [("/users?", Refusal(503, "ServiceUnavailable", "…"))] * 9
    await due(redis)
    await rematcher.work.step()
    health = await store.health()
    assert health.reason == "graph_error"
    assert health.counts == {MATCHED: 1}
    assert 50 < await rematcher.renew() <= 60
    tenant.users.ordered.clear()
    await due(redis)
    await rematcher.work.step()
    assert (await store.health()).reason is None


async def test_a_bug_with_what_entra_says_ends_nothing_else(
    rematcher: Rematcher,
    directory: DirectoryStore,
    store: MatchStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr("sync.organisation.rematching.match", broken)
    await listed(directory, [zoom(1)])
    with capture_logs() as logs:
        await rematcher.work.step()
    assert (await store.health()).reason == "internal"
    assert [it["event"] for it in logs if it["log_level"] == "error"] == ["matching_failed"]


async def test_an_entra_that_lost_a_third_is_not_believed_for_a_day(
    rematcher: Rematcher,
    redis: Client,
    tenant: Tenant,
    directory: DirectoryStore,
    store: MatchStore,
) -> None:
    await listed(directory, [zoom(number) for number in range(20)])
    await rematcher.work.step()
    whole, tenant.rows = tenant.rows, tenant.rows[:10]
    await due(redis)
    await rematcher.work.step()
    health = await store.health()
    assert (health.reason, health.counts) == ("matches_lost", {MATCHED: 20})
    tenant.rows = whole[:15]  # a fifth more: five people may well have left
    await due(redis)
    await rematcher.work.step()
    assert (await store.health()).counts == {MATCHED: 15, "nobody": 5}
    tenant.rows = []
    await due(redis)
    await rematcher.work.step()
    await redis.hincrby(keys.MATCHES_STATE, "doubted", -24 * 3_600_000)
    await due(redis)
    await rematcher.work.step()
    assert (await store.health()).counts == {"nobody": 20}


async def test_with_the_lesser_right_the_reading_says_so(
    rematcher: Rematcher, tenant: Tenant, directory: DirectoryStore, store: MatchStore
) -> None:
    tenant.roles = frozenset({BASIC})
    await listed(directory, [zoom(1)])
    await rematcher.work.step()
    assert not (await store.health()).full


async def test_a_lost_lease_changes_nothing(
    rematcher: Rematcher, redis: Client, directory: DirectoryStore, store: MatchStore
) -> None:
    await listed(directory, [zoom(1)])
    await rematcher.work.step()
    assert not await store.swap("somebody else's", Result({}, {}, "", full=True))
    assert len(await store.load()) == 1


async def test_damaged_rows_are_told_and_count_as_none(
    rematcher: Rematcher, redis: Client, directory: DirectoryStore, store: MatchStore
) -> None:
    await listed(directory, [zoom(1), zoom(2)])
    await rematcher.work.step()
    reading = await redis.get(keys.MATCHES_CURRENT)
    await redis.hset(keys.matches_part(reading, "zoom"), "z1", "junk")
    await redis.hset(keys.matches_part(reading, "people"), person_id(1), '{"user": 7}')
    await redis.hset(keys.MATCHES_STATE, mapping={"counts": "junk", "read": "junk"})
    with capture_logs() as logs:
        assert await store.of_zoom("z1") is None
        assert await store.of_person(person_id(1)) is None
        assert set(await store.load()) == {"z2"}
        assert (await store.health()).counts is None
    assert {entry["event"] for entry in logs} == {"match_row_damaged"}


async def test_only_a_whole_reading_that_is_believed_says_who_is_there(
    rematcher: Rematcher, directory: DirectoryStore, tenant: Tenant, redis: Client
) -> None:
    seen: list[tuple[set[str], set[str]]] = []

    async def complete(people: Collection[str], zoom_ids: Collection[str]) -> None:
        seen.append((set(people), set(zoom_ids)))

    rematcher.complete = complete
    await listed(directory, [zoom(1), zoom(77), zoom(3, status="inactive")])
    await rematcher.work.step()
    assert seen == [({person_id(1)}, {"z1", "z77", "z3"})]
    for row_of_trouble in ({"doubted": "1"}, {"reason": "zoom_busy"}):
        await redis.hset(keys.DIRECTORY_STATE, mapping=row_of_trouble)
        await due(redis)
        await rematcher.work.step()
        await redis.hdel(keys.DIRECTORY_STATE, *row_of_trouble)
    await redis.hset(keys.MATCHES_STATE, "doubted", 1)
    await due(redis)
    await rematcher.work.step()
    tenant.whole = [(500, "", {})] * 20
    await due(redis)
    await rematcher.work.step()
    assert len(seen) == 1
    tenant.whole = []
    await due(redis)
    await rematcher.work.step()
    assert len(seen) == 2


def test_what_counts_as_lost() -> None:
    def matches(*numbers: int, why: Uncovered | None = None) -> dict[str, Match]:
        return {
            f"z{n}": Match(f"z{n}", None if why is Uncovered.NOBODY else f"p{n}", why=why)
            for n in numbers
        }

    everybody = matches(*range(30))
    assert lost(everybody, matches(*range(30), why=Uncovered.NOBODY))
    assert not lost(everybody, matches(*range(30), why=Uncovered.DISABLED))  # Entra knows them well
    assert not lost(everybody, {})  # they have left Zoom
    assert not lost({}, matches(*range(30), why=Uncovered.NOBODY))
    assert not lost(everybody, everybody | matches(*range(5), why=Uncovered.NOBODY))
    assert not lost(everybody, everybody | matches(*range(10), why=Uncovered.NOBODY))
    assert lost(everybody, everybody | matches(*range(11), why=Uncovered.NOBODY))


async def test_what_failed_for_want_of_rights_is_tried_when_they_come(
    rematcher: Rematcher, tenant: Tenant, directory: DirectoryStore, store: MatchStore, heard: Heard
) -> None:
    await listed(directory, [zoom(1)])
    held, tenant.roles = tenant.roles, frozenset[str]()
    await rematcher.work.step()
    assert (await store.health()).reason is not None
    tenant.roles = held
    await rematcher.work.step()
    assert heard == [], "not before its time"
    await store.client.hset(keys.MATCHES_STATE, "not_before", 0)
    heard.rights = ("User.Read.All",)
    await rematcher.work.step()
    await rematcher.work.step()
    assert heard == [1]
    assert (await store.health()).reason is None
