"""Excluding people: who was found is said first, and nobody's own sign-in ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.grammar.exclusions import Exclude, Excluded, Include
from bot.handlers.settings.exclusions import ExclusionHandler
from cards.click import BadInput
from cards.settings.exclusion_clicks import (
    DownloadExcluded,
    ExcludePeople,
    IncludePeople,
    ListExcluded,
)
from domain.clock import HOUR
from domain.errors import AdminMustAct, RetryLater
from domain.matching import EntraUser, Match, Uncovered
from domain.person import PersonState
from domain.policy import AuthorisedBy
from sync.engine.link_store import Left
from sync.organisation.exclusions import Exclusion, TooMany
from sync.organisation.finding import Found
from sync.organisation.matches import Kept, MatchHealth, counted
from sync.settings.audit import Actor
from tests.cards.lint import walk
from tests.doubles.memory import ADA, BEN, NOW, History, turn
from tests.doubles.outside import link_in, titles, words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from bot.teams.activity import Person
    from cards.build import Card
    from cards.click import Click

pytestmark = pytest.mark.unit

CHIARA = "00000000-0000-4000-8000-0000000000c1"
ADMIN = Actor(ADA.object_id, ADA.name)


def user(object_id: str, name: str, **facts: Any) -> EntraUser:
    return EntraUser(object_id, name, (f"{name.lower()}@example.com",), **facts)


ENTRA = [user(ADA.object_id, "Ada"), user(BEN.object_id, "Ben"), user(CHIARA, "Chiara")]


@dataclass
class Store:
    """Whom admins excluded, in memory."""

    rows: dict[str, Exclusion] = field(default_factory=dict)
    full: bool = False

    async def now_ms(self) -> int:
        return NOW

    async def among(self, people: Sequence[str]) -> set[str]:
        return {oid for oid in people if oid in self.rows}

    async def everybody(self) -> list[Exclusion]:
        return list(self.rows.values())

    async def newest(self, first: int, count: int) -> list[Exclusion]:
        return list(self.rows.values())[first : first + count]

    async def of(self, people: Sequence[str]) -> list[Exclusion]:
        return [self.rows[oid] for oid in people if oid in self.rows]

    async def count(self) -> int:
        return len(self.rows)

    async def add(self, rows: Iterable[Exclusion]) -> list[Exclusion]:
        if self.full:
            raise TooMany
        added = [row for row in rows if row.object_id not in self.rows]
        self.rows |= {row.object_id: row for row in added}
        return added

    async def remove(self, people: Iterable[str]) -> list[str]:
        return [oid for oid in people if self.rows.pop(oid, None) is not None]


class Room:
    """The handler, with everything below in memory."""

    def __init__(self) -> None:
        self.store, self.audit = Store(), History()
        self.entra = list(ENTRA)
        self.error: Exception | None = None
        self.links: dict[str, PersonState] = {}
        self.ended: list[tuple[str, int | None]] = []
        self.left_out: list[tuple[EntraUser, Uncovered]] = []
        self.allowed = True
        itself: Any = self
        store: Any = self.store
        self.handler = ExclusionHandler(
            *(store, itself, itself, itself, self.audit, self.may_look_up),
            self.uncover,
            self.new_link,
        )

    async def may_look_up(self, object_id: str) -> bool:
        return self.allowed

    async def new_link(self, person: Person) -> str:
        return f"https://bot.example.com/{person.object_id}"

    async def find(self, addresses: Sequence[str]) -> list[Found]:
        if self.error is not None:
            raise self.error
        having = {
            said: tuple(user for user in self.entra if said.lower() in user.addresses)
            for said in addresses
        }
        return [Found(said, users, said.lower()) for said, users in having.items()]

    async def known(self, people: Sequence[str]) -> dict[str, EntraUser]:
        if self.error is not None:
            raise self.error
        return {user.object_id: user for user in self.entra if user.object_id in people}

    async def people(self, object_ids: Sequence[str]) -> dict[str, Kept]:
        users = [*self.entra, *(user for user, _ in self.left_out)]
        return {user.object_id: Kept(user) for user in users if user.object_id in object_ids}

    async def _found(self) -> list[Match]:
        return [Match(f"z{u.object_id}", u.object_id, why=why) for u, why in self.left_out]

    async def matches(self) -> AsyncIterator[Match]:
        for match in await self._found():
            yield match
        yield Match("z", None, why=Uncovered.NOBODY)

    async def health(self) -> MatchHealth:
        return MatchHealth(NOW, counts=counted([m async for m in self.matches()]))

    async def rows(self, people: Sequence[str], *_: str) -> list[PersonState]:
        return [self.links[oid] for oid in people if oid in self.links]

    async def uncover(self, object_id: str, by_ms: int) -> Left:
        self.ended.append((object_id, by_ms))
        return Left.LEAVING

    def covered(self, object_id: str, *, own: bool = False) -> None:
        by = AuthorisedBy.PERSON if own else AuthorisedBy.ORGANISATION
        self.links[object_id] = PersonState(object_id, generation=7, authorised_by=by)

    async def asks(self, *addresses: str, reason: str = "") -> Card:
        return await self.handler.exclude(turn(), Exclude(addresses, reason))


@pytest.fixture
def room() -> Room:
    return Room()


def clicks(card: Card) -> list[Click]:
    return [node["click"] for node in walk(card) if "click" in node]


def button_of(card: Card, kind: type[Click]) -> Any:
    [found] = [click for click in clicks(card) if isinstance(click, kind)]
    return found


async def test_who_was_found_is_said_before_anything_is_done(room: Room) -> None:
    room.covered(BEN.object_id)
    room.covered(CHIARA, own=True)
    card = await room.asks("Ben@example.com", "chiara@example.com", "nobody@example.com")
    said = words(card)
    assert said.startswith("Exclude 2 people?")
    assert "Ben · ben@example.com Covered now: this ends it." in said
    assert "Connected with their own sign-in, which isn’t touched." in said
    assert "Nobody in Entra has the address nobody@example.com." in said
    assert titles(card)[-2:] == ["Exclude", "Cancel"]
    assert (room.store.rows, room.ended) == ({}, [])


async def test_who_is_covered_is_ended_and_who_connected_themselves_is_not(room: Room) -> None:
    room.covered(BEN.object_id)
    room.covered(CHIARA, own=True)
    asked = button_of(await room.asks("ben@example.com", "chiara@example.com"), ExcludePeople)
    card = await room.handler.excluding(turn(), replace(asked, reason="INC0012345"))
    assert "2 people are excluded now." in words(card)
    assert "For 1 person I’m clearing what I set." in words(card)
    assert "Reason: INC0012345" in words(card)
    assert room.ended == [(BEN.object_id, 7)]
    assert room.store.rows[CHIARA] == Exclusion(
        CHIARA, "Chiara", "chiara@example.com", ADMIN, NOW, "INC0012345"
    )
    assert room.audit.acts[-2:] == [
        ("exclude", "user:ben@example.com"),
        ("exclude", "user:chiara@example.com"),
    ]
    assert room.audit.records[-1].reason == "INC0012345"


async def test_one_may_exclude_oneself(room: Room) -> None:
    card = await room.asks("ada@example.com")
    assert "That’s you." in words(card)
    await room.handler.excluding(turn(), button_of(card, ExcludePeople))
    assert list(room.store.rows) == [ADA.object_id]


async def test_two_addresses_of_one_person_are_one_person(room: Room) -> None:
    room.entra[1] = replace(ENTRA[1], addresses=("ben@example.com", "b@example.com"))
    card = await room.asks("b@example.com", "ben@example.com")
    assert words(card).startswith("Exclude 1 person?")


async def test_of_several_nobody_is_taken(room: Room) -> None:
    room.entra[1] = replace(ENTRA[1], addresses=("ada@example.com",))
    card = await room.asks("ada@example.com")
    assert "Nothing was changed." in words(card)
    assert "Several people in Entra have the address ada@example.com." in words(card)


async def test_a_second_admin_or_click_changes_nothing_more(room: Room) -> None:
    asked = button_of(await room.asks("ben@example.com"), ExcludePeople)
    await room.handler.excluding(turn(), asked)
    again = await room.handler.excluding(turn(BEN), asked)
    assert "1 person was excluded already." in words(again)
    assert room.store.rows[BEN.object_id].by == ADMIN
    assert [kind for kind, _ in room.audit.acts].count("exclude") == 1
    card = await room.asks("ben@example.com")
    assert "There’s nobody to exclude." in words(card)
    assert "Excluded already." in words(card)


@pytest.mark.parametrize("error", [RetryLater("graph_unreachable"), AdminMustAct("never_given")])
async def test_where_entra_says_nothing_nobody_is_found_and_that_is_said(
    room: Room, error: Exception
) -> None:
    room.error = error
    assert "I can’t look anyone up in Entra right now." in words(await room.asks("a@b.example"))


async def test_what_was_confirmed_is_done_though_entra_says_nothing(room: Room) -> None:
    asked = button_of(await room.asks("ben@example.com"), ExcludePeople)
    room.error = RetryLater("graph_unreachable")
    await room.handler.excluding(turn(), asked)
    assert room.store.rows[BEN.object_id].name == "Ben"  # of the matching
    room.entra = []
    await room.handler.excluding(turn(), ExcludePeople((CHIARA,)))
    assert room.store.rows[CHIARA] == Exclusion(CHIARA, "", "", ADMIN, NOW)
    assert room.audit.acts[-1] == ("exclude", f"user:{CHIARA}")


async def test_a_reason_that_is_too_long_excludes_nobody(room: Room) -> None:
    with pytest.raises(BadInput):
        await room.handler.excluding(turn(), ExcludePeople((CHIARA,), "x" * 900))
    assert room.store.rows == {}


async def test_there_is_an_end_to_it(room: Room) -> None:
    room.store.full = True
    card = await room.handler.excluding(turn(), ExcludePeople((CHIARA,)))
    assert "Nothing was changed." in words(card)
    assert room.ended == []


async def test_an_account_that_is_left_out_anyway_is_said_to_be(room: Room) -> None:
    room.entra[1] = replace(ENTRA[1], enabled=False)
    assert "Their account is disabled in Entra" in words(await room.asks("ben@example.com"))


# -- including


async def test_including_asks_and_says_that_nobody_is_started(room: Room) -> None:
    await room.handler.excluding(turn(), ExcludePeople((BEN.object_id, CHIARA)))
    card = await room.handler.include(
        turn(), Include(("Ben@Example.com", "ada@example.com", "x@example.com"))
    )
    assert words(card).startswith("Include 1 person again?")
    assert "Ada · ada@example.com Not excluded." in words(card)
    assert "Nobody in Entra has the address x@example.com." in words(card)
    assert titles(card)[-2:] == ["Include", "Cancel"]
    asked = button_of(card, IncludePeople)
    done = await room.handler.including(turn(), asked)
    assert "1 person is no longer excluded." in words(done)
    assert list(room.store.rows) == [CHIARA]
    assert room.audit.acts[-1] == ("include", "user:ben@example.com")
    assert "None of them was excluded any more." in words(
        await room.handler.including(turn(), asked)
    )


async def test_who_left_entra_can_still_be_included(room: Room) -> None:
    await room.handler.excluding(turn(), ExcludePeople((BEN.object_id,)))
    room.entra, room.error = [], AdminMustAct("organisation_withdrawn")
    card = await room.handler.include(turn(), Include(("ben@example.com", "ada@example.com")))
    assert button_of(card, IncludePeople).object_ids == (BEN.object_id,)
    assert "ada@example.com" in words(card)
    card = await room.handler.include(turn(), Include(("ada@example.com",)))
    assert "I can’t look anyone up" in words(card)


# -- the lists


async def test_the_list_says_why_by_whom_and_when_page_by_page(room: Room) -> None:
    for number in range(23):
        oid = f"00000000-0000-4000-8000-{number:012d}"
        row = Exclusion(oid, f"Nia {number}", f"n{number}@example.com", ADMIN, NOW - HOUR, "INC1")
        room.store.rows[oid] = row
    first = await room.handler.listed(turn(), Excluded())
    assert "Admins have excluded 23 people." in words(first)
    assert "Nia 0 · n0@example.com INC1 · Ada" in words(first)
    assert "Page 1 of 3." in words(first)
    assert "Next page" in titles(first)
    assert "Previous page" not in titles(first)
    last = await room.handler.listed(turn(), ListExcluded(99))
    assert "Page 3 of 3." in words(last)
    assert "Nia 22" in words(last)
    assert "Next page" not in titles(last)
    assert room.audit.acts == [("look-up", "excluded")] * 2


async def test_who_is_left_out_by_their_account_is_listed_with_the_reason(room: Room) -> None:
    room.left_out = [
        (user(CHIARA, "Guest", external=True), Uncovered.EXTERNAL),
        (user(BEN.object_id, "Gone", enabled=False), Uncovered.DISABLED),
    ]
    card = await room.handler.listed(turn(), Excluded())
    assert "Admins have excluded nobody." in words(card)
    assert "2 people are left out because of their account" in words(card)
    assert "1 disabled in Entra and 1 guest." in words(card)
    card = await room.handler.listed(turn(), ListExcluded(automatic=True))
    assert words(card).index("Gone") < words(card).index("Guest")
    assert "Their account is disabled in Entra" in words(card)


async def test_a_damaged_row_is_listed_by_its_id(room: Room) -> None:
    room.store.rows[CHIARA] = Exclusion(CHIARA, "", "", Actor("", ""), 0)
    assert CHIARA in words(await room.handler.listed(turn(), Excluded()))


async def test_the_list_is_had_as_a_file_by_a_link_of_the_admin_s_own(room: Room) -> None:
    assert "Download…" not in titles(await room.handler.listed(turn(), Excluded()))
    await room.handler.excluding(turn(), ExcludePeople((BEN.object_id,)))
    assert "Download…" in titles(await room.handler.listed(turn(), Excluded()))
    # Who is left out by their account is in the list of everybody.
    assert "Download…" not in titles(
        await room.handler.listed(turn(), ListExcluded(automatic=True))
    )
    card = await room.handler.download(turn(), DownloadExcluded())
    assert link_in(card).endswith(ADA.object_id)
    room.allowed = False
    card = await room.handler.download(turn(), DownloadExcluded())
    assert "Open the download" not in titles(card)


async def test_all_of_it_counts_as_looking_people_up(room: Room) -> None:
    room.allowed = False
    for card in (
        await room.asks("ben@example.com"),
        await room.handler.include(turn(), Include(("ben@example.com",))),
        await room.handler.listed(turn(), Excluded()),
    ):
        assert "many people in the last minute" in words(card)
    assert room.audit.acts == []
