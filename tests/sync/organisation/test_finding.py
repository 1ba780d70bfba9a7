"""Whom an admin means by an address: Microsoft's, one of a former domain, or only Zoom's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.directory import Directory, DirectoryUser
from domain.errors import RetryLater
from domain.matching import EntraUser, FoundBy, Match, Uncovered
from sync.directory.store import DirectoryStore
from sync.organisation.by_hand import Alias, HandStore
from sync.organisation.entra import EntraReading
from sync.organisation.finding import Finder, Found
from sync.organisation.matches import MatchStore, Result
from sync.redis.scripts import Scripts
from sync.settings.audit import Actor
from tests.doubles.entra_directory import person_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sync.redis.connection import Client

ADMIN = Actor(person_id(900), "Dorothea")
ADA = EntraUser(person_id(1), "Ada", ("ada@example.com", "a.lovelace@example.com"))
BEN = EntraUser(person_id(2), "Ben", ("ben@example.com",), enabled=False)
TWIN = EntraUser(person_id(3), "Ada", ("ada@twins.example", "a.lovelace@example.com"))
JOERG = EntraUser(person_id(4), "Jörg", ("jörg@größe.example",))


class Entra:
    """Entra's users; `error` is what reading raises."""

    def __init__(self, *users: EntraUser) -> None:
        self.users = users
        self.error: Exception | None = None

    async def read(self, addresses: Collection[str], ids: Iterable[str] = ()) -> EntraReading:
        if self.error is not None:
            raise self.error
        ids = set(ids)
        found = [u for u in self.users if u.object_id in ids or set(u.addresses) & set(addresses)]
        return EntraReading({user.object_id: user for user in found})


class Place:
    def __init__(self, redis: Client, *users: EntraUser) -> None:
        self.entra = Entra(*users)
        self.hand = HandStore(redis)
        self.matches = MatchStore(redis, Scripts(redis))
        self.zoom = DirectoryStore(redis, Scripts(redis), configured=True)
        self.finder = Finder(self.entra, self.matches, self.hand, self.zoom)  # type: ignore[arg-type]

    async def matched(self, address: str, match: Match, user: EntraUser) -> None:
        """Somebody of Zoom was matched."""
        listed = DirectoryUser(match.zoom_id, address, "Somebody")
        assert await self.zoom.claim("t", 60_000) == 0
        assert await self.zoom.swap("t", Directory({match.zoom_id: listed}, {}, 1), [])
        assert await self.matches.claim("t", 60_000) == 0
        users = {user.object_id: user}
        assert await self.matches.swap("t", Result({match.zoom_id: match}, users, "w", full=True))


@pytest.fixture
def place(redis: Client) -> Place:
    return Place(redis, ADA, BEN, JOERG)


async def test_they_are_found_by_any_of_their_addresses(place: Place) -> None:
    said = ["Ada@Example.com", "A.Lovelace@example.com", "ben@example.com", "nobody@example.com"]
    found = await place.finder.find(said)
    assert found == [
        Found(said[0], (ADA,), "ada@example.com"),
        Found(said[1], (ADA,), "a.lovelace@example.com"),
        Found(said[2], (BEN,), "ben@example.com"),
        Found(said[3]),
    ]
    assert [each.user for each in found] == [ADA, ADA, BEN, None]


@pytest.mark.parametrize("said", ["JÖRG@GRÖSSE.example", "jörg@xn--gre-6ka8i.example"])
async def test_letters_and_domains_in_any_form(place: Place, said: str) -> None:
    [found] = await place.finder.find([said])
    assert found.user == (JOERG if "xn--" in said else None)  # größe and grösse are two domains


async def test_of_several_nobody_is_taken(redis: Client) -> None:
    [found] = await Place(redis, ADA, TWIN).finder.find(["a.lovelace@example.com"])
    assert len(found.users) == 2
    assert found.user is None


async def test_a_former_domain_leads_to_them(place: Place) -> None:
    await place.hand.set_alias("old.example", Alias("example.com", ADMIN, 1))
    [found] = await place.finder.find(["ben@old.example"])
    assert found == Found("ben@old.example", (BEN,), "ben@example.com")


async def test_an_address_of_zoom_alone_leads_to_who_was_matched(place: Place) -> None:
    await place.matched("zoom@else.example", Match("z1", ADA.object_id, FoundBy.HAND), ADA)
    [found] = await place.finder.find(["Zoom@else.example"])
    assert found == Found("Zoom@else.example", (ADA,), "ada@example.com")


async def test_who_of_zoom_is_nobody_is_nobody(place: Place) -> None:
    await place.matched("zoom@else.example", Match("z1", why=Uncovered.NOBODY), ADA)
    assert await place.finder.find(["zoom@else.example"]) == [Found("zoom@else.example")]


async def test_no_answer_of_entra_is_not_nobody(place: Place) -> None:
    place.entra.error = RetryLater("graph_unreachable")
    with pytest.raises(RetryLater):
        await place.finder.find(["ada@example.com"])


async def test_known_are_those_who_are_there(place: Place) -> None:
    assert await place.finder.known([ADA.object_id, person_id(77)]) == {ADA.object_id: ADA}
