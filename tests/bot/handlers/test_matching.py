"""Who in Zoom is whom in Entra, for admins: previewed, recorded, and confirmed by somebody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bot.grammar.matching import DomainAlias, MatchByHand, Unmatched
from bot.handlers.settings.aliases import AliasHandler
from bot.handlers.settings.by_hand import ByHandHandler
from bot.handlers.settings.matching import MatchingViews
from bot.teams.activity import Person
from cards.click import BadInput
from cards.settings.match_clicks import (
    AddAlias,
    ConfirmAllGiven,
    ConfirmGiven,
    ConfirmMine,
    DownloadList,
    GiveZoomUser,
    MatchAgain,
    RefuseMine,
    RemoveAlias,
    ShowUnmatched,
    TakeBackGiven,
)
from domain.directory import Directory, DirectoryUser
from domain.errors import RetryLater
from domain.matching import EntraUser, FoundBy, Match, Uncovered, match
from sync.directory.store import DirectoryStore
from sync.organisation.by_hand import OPERATOR, Given, HandStore
from sync.organisation.entra import EntraReading
from sync.organisation.matches import MatchStore, Result
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import Actor
from tests.doubles.entra_directory import person_id
from tests.doubles.memory import ADA, BEN, TENANT, History, turn
from tests.doubles.outside import link_in, titles, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cards.build import Card
    from sync.redis.connection import Client

DOROTHEA = Person(TENANT, person_id(4), "29:dorothea", "Dorothea")
HOSTILE = "=HYPERLINK(1) **x** <at>"


def zoom(number: int, address: str, name: str = "") -> DirectoryUser:
    return DirectoryUser(f"z{number}", address, name or f"Zoom {number}")


@dataclass
class EntraInMemory:
    users: list[EntraUser] = field(default_factory=list)
    away: bool = False

    async def read(self, addresses: Collection[str], ids: Iterable[str] = ()) -> EntraReading:
        if self.away:
            raise RetryLater("graph_unreachable")
        wanted = set(ids)
        return EntraReading(
            {
                user.object_id: user
                for user in self.users
                if user.object_id in wanted or not set(addresses).isdisjoint(user.addresses)
            }
        )


class Room:
    """Ada and Dorothea are admins; Ben is whom it is about."""

    def __init__(self, redis: Client) -> None:
        scripts = Scripts(redis)
        self.redis, self.audit, self.entra = redis, History(), EntraInMemory()
        self.directory = DirectoryStore(redis, scripts, configured=True)
        self.store, self.by_hand_rows = MatchStore(redis, scripts), HandStore(redis)
        self.allowed = True
        self.told: list[tuple[str, Card]] = []
        self.views = MatchingViews(self.directory, self.store, self.audit, self.may, self.new_link)
        self.aliases = AliasHandler(
            self.directory, self.store, self.by_hand_rows, self.entra, self.audit
        )
        self.by_hand = ByHandHandler(
            *(self.directory, self.store, self.by_hand_rows, self.entra, self.audit, self.may),
            self.tell,
            self.views.line_about,
        )

    async def may(self, _: str) -> bool:
        return self.allowed

    async def new_link(self, person: Person) -> str:
        return f"https://bridge.example.com/{person.object_id}"

    async def tell(self, object_id: str, card: Card) -> None:
        self.told.append((object_id, card))

    async def matched(self, *users: DirectoryUser) -> dict[str, Match]:
        """Zoom's list is these, and they are matched with Entra as it is."""
        assert await self.directory.claim("t", 60_000) == 0
        assert await self.directory.swap("t", Directory({it.zoom_id: it for it in users}), [])
        found = match(users, self.entra.users, {})
        assert await self.store.claim("t", 60_000) == 0
        people = {user.object_id: user for user in self.entra.users}
        assert await self.store.swap("t", Result(found, people, "", full=True))
        return found

    async def requested(self) -> bool:
        """Whether a new matching was requested since this was asked."""
        return bool(await self.redis.hdel(keys.MATCHES_STATE, "requested"))


@pytest.fixture
def room(redis: Client) -> Room:
    return Room(redis)


BEN_IN_ENTRA = EntraUser(BEN.object_id, "Ben Okafor", ("ben@example.com",))


# -- who isn't matched ----------------------------------------------


async def test_before_anything_was_matched_it_says_so(room: Room) -> None:
    assert "haven’t been matched yet" in words(await room.views.unmatched(turn(), Unmatched()))


async def test_those_who_arent_matched_are_listed_with_the_reason_and_recorded(room: Room) -> None:
    room.entra.users = [
        BEN_IN_ENTRA,
        EntraUser(person_id(7), "Shared", ("info@example.com",), enabled=False),
        EntraUser(person_id(8), "One", ("one@example.com", "twins@example.com")),
        EntraUser(person_id(9), "Two", ("two@example.com", "twins@example.com")),
    ]
    await room.matched(
        zoom(1, "ben@example.com"),
        zoom(2, "nobody@old.example", HOSTILE),
        zoom(3, "info@example.com"),
        zoom(4, "twins@example.com"),
    )
    said = words(await room.views.unmatched(turn(), Unmatched()))
    assert "1 of 4 people in Zoom is matched. 2 can’t be matched. 1 is left out." in said
    assert "Nobody in Entra has this address." in said
    assert "one@example.com and two@example.com" in said
    assert "disabled in Entra" in said
    assert "ben@example.com" not in said
    assert room.audit.acts == [("look-up", "unmatched")]


async def test_of_ten_thousand_some_are_shown_and_all_are_counted(room: Room) -> None:
    await room.matched(*(zoom(n, f"u{n}@old.example", f"Ünïcode {n} 👩‍🚀") for n in range(10_000)))
    card = await room.views.unmatched(turn(), ShowUnmatched())
    assert "10,000 can’t be matched." in words(card)
    assert "and 9,992 more" in words(card)


async def test_who_looks_too_often_sees_nobody(room: Room) -> None:
    await room.matched(zoom(1, "nobody@example.com"))
    room.allowed = False
    for card in (
        await room.views.unmatched(turn(), Unmatched()),
        await room.views.again(turn(), MatchAgain()),
        await room.by_hand.match(turn(), MatchByHand("ben@example.com")),
    ):
        assert "nobody@example.com" not in words(card)
    assert room.audit.acts == []


async def test_matching_again_is_only_requested(room: Room) -> None:
    await room.matched(zoom(1, "nobody@example.com"))
    said = words(await room.views.again(turn(), MatchAgain()))
    assert "matching everyone again" in said
    assert await room.requested()


async def test_why_it_could_not_be_matched_is_said(room: Room) -> None:
    await room.store.claim("t", 60_000)
    await room.store.finish("t", next_ms=1, not_before_ms=1, reason="organisation_never_given")
    said = words(await room.views.unmatched(turn(), Unmatched()))
    assert "hasn’t authorised this app yet" in said


async def test_how_one_is_matched_is_said_in_a_line(room: Room) -> None:
    room.entra.users = [BEN_IN_ENTRA]
    await room.matched(zoom(1, "ben@example.com"), zoom(2, "nobody@example.com"))
    line = room.views.line_about
    assert await line("z1", None) == "Matched with ben@example.com by their address."
    assert await line(None, BEN.object_id) == "Matched with ben@example.com by their address."
    assert await line("z2", None) == "Nobody in Entra has this address."
    assert await line("z9", None) == ""
    assert await line(None, ADA.object_id) == ""


async def test_the_list_is_had_by_a_link_of_the_admin_s_own(room: Room) -> None:
    card = await room.views.download(turn(), DownloadList())
    assert link_in(card).endswith(ADA.object_id)
    room.allowed = False
    card = await room.views.download(turn(), DownloadList())
    assert "Open the download" not in titles(card)


# -- domain aliases ----------------------------------------------


async def test_an_alias_is_previewed_then_kept_recorded_and_matched(room: Room) -> None:
    room.entra.users = [
        BEN_IN_ENTRA,
        EntraUser(person_id(7), "Cem", ("cem@example.com",)),
        EntraUser(person_id(8), "Off", ("off@example.com",), enabled=False),
    ]
    await room.matched(
        zoom(1, "ben@example.com"),
        zoom(2, "cem@old.example"),
        zoom(3, "off@old.example"),
        zoom(4, "ben@old.example"),  # who has another Zoom user already
        zoom(5, "gone@old.example"),
    )
    card = await room.aliases.alias(turn(), DomainAlias("old.example", "example.com"))
    said = words(card)
    assert "4 people in Zoom have an address at old.example; 4 can’t be matched." in said
    assert "With the alias 1 of them would be, at example.com." in said
    assert titles(card) == ["Add alias", "Cancel"]
    assert await room.by_hand_rows.aliases() == {}
    card = await room.aliases.add(turn(), AddAlias("old.example", "example.com"))
    assert "Saved." in words(card)
    assert room.audit.acts == [("match", "alias:old.example")]
    assert await room.requested()
    again = await room.aliases.alias(turn(), DomainAlias("old.example", "example.com"))
    assert "already there" in words(again)
    await room.aliases.remove(turn(), RemoveAlias("old.example"))


async def test_of_many_only_some_are_looked_up_for_the_preview_which_says_so(room: Room) -> None:
    await room.matched(*(zoom(n, f"u{n}@old.example") for n in range(400)))
    card = await room.aliases.alias(turn(), DomainAlias("old.example", "example.com"))
    assert "Of the first 150 I looked at, 0 would be" in words(card)


async def test_an_alias_is_taken_away_after_a_question(room: Room) -> None:
    await room.aliases.add(turn(), AddAlias("old.example", "example.com"))
    card = await room.aliases.alias(turn(), DomainAlias("old.example", remove=True))
    assert titles(card) == ["Remove alias", "Cancel"]
    await room.requested()
    await room.aliases.remove(turn(), RemoveAlias("old.example"))
    assert await room.by_hand_rows.aliases() == {}
    assert await room.requested()
    assert "already gone" in words(await room.aliases.remove(turn(), RemoveAlias("old.example")))
    assert "no such alias" in words(
        await room.aliases.alias(turn(), DomainAlias("old.example", remove=True))
    )


async def test_without_entra_there_is_no_preview_and_no_button(room: Room) -> None:
    await room.matched(zoom(1, "u@old.example"))
    room.entra.away = True
    card = await room.aliases.alias(turn(), DomainAlias("old.example", "example.com"))
    assert "Add alias" not in titles(card)
    assert "Nothing was changed" in words(card)


# -- by hand ----------------------------------------------


async def given(room: Room) -> int:
    """Ada says that the Zoom user z2 is Ben's; when."""
    room.entra.users = [BEN_IN_ENTRA]
    await room.matched(zoom(1, "ben@example.com"), zoom(2, "b.o@zoom.example"))
    card = await room.by_hand.match(turn(), MatchByHand("Ben@example.com", "B.O@zoom.example"))
    assert titles(card) == ["Match them", "Cancel"]
    assert await room.by_hand_rows.everything() == {}
    await room.by_hand.give(turn(), GiveZoomUser(BEN.object_id, "z2"))
    made = await room.by_hand_rows.of_person(BEN.object_id)
    assert made is not None
    assert not made.mapping().counts
    return made.at_ms


async def counts(room: Room) -> bool:
    made = await room.by_hand_rows.of_person(BEN.object_id)
    return made is not None and made.mapping().counts


async def test_a_mapping_is_asked_of_the_person_and_counts_once_they_confirm(room: Room) -> None:
    at_ms = await given(room)
    [(asked, card)] = room.told
    assert asked == BEN.object_id
    assert titles(card) == ["Confirm", "It’s not mine"]
    assert "Ada" in words(card)
    assert not await room.requested()  # nothing counts yet
    await room.by_hand.mine(turn(BEN), ConfirmMine(at_ms))
    assert await counts(room)
    assert await room.requested()
    assert [scope for kind, scope in room.audit.acts if kind == "match"] == [
        "user:ben@example.com",
        "user:ben@example.com",
    ]
    await room.by_hand.take_back(turn(), TakeBackGiven(BEN.object_id, at_ms))


async def test_a_second_admin_confirms_it_and_the_first_one_can_t(room: Room) -> None:
    at_ms = await given(room)
    with pytest.raises(BadInput, match="someone else"):
        await room.by_hand.confirm(turn(), ConfirmGiven(BEN.object_id, at_ms))
    mine = await room.by_hand.match(turn(), MatchByHand("ben@example.com", "b.o@zoom.example"))
    assert "Confirm" not in titles(mine)
    theirs = await room.by_hand.match(
        turn(DOROTHEA), MatchByHand("ben@example.com", "b.o@zoom.example")
    )
    assert "Confirm" in titles(theirs)
    await room.by_hand.confirm(turn(DOROTHEA), ConfirmGiven(BEN.object_id, at_ms))
    assert await counts(room)
    await room.by_hand.take_back(turn(), TakeBackGiven(BEN.object_id, at_ms))


async def test_who_says_that_it_is_not_theirs_ends_it(room: Room) -> None:
    at_ms = await given(room)
    await room.by_hand.not_mine(turn(BEN), RefuseMine(at_ms))
    assert await room.by_hand_rows.everything() == {}
    assert "is over" in words(await room.by_hand.mine(turn(BEN), ConfirmMine(at_ms)))


async def test_nobody_answers_for_somebody_else(room: Room) -> None:
    at_ms = await given(room)
    for card in (
        await room.by_hand.mine(turn(DOROTHEA), ConfirmMine(at_ms)),
        await room.by_hand.not_mine(turn(DOROTHEA), RefuseMine(at_ms)),
    ):
        assert "is over" in words(card)
    assert not await counts(room)
    await room.by_hand.take_back(turn(), TakeBackGiven(BEN.object_id, at_ms))


async def test_an_admin_does_not_give_themselves_somebody_s_zoom_user(room: Room) -> None:
    room.entra.users = [EntraUser(ADA.object_id, "Ada", ("ada@example.com",))]
    await room.matched(zoom(2, "b.o@zoom.example"))
    await room.by_hand.give(turn(), GiveZoomUser(ADA.object_id, "z2"))
    made = await room.by_hand_rows.of_person(ADA.object_id)
    assert made is not None
    said = words(await room.by_hand.mine(turn(), ConfirmMine(made.at_ms)))
    assert "another admin needs to confirm it" in said
    assert not made.mapping().counts
    await room.by_hand.take_back(turn(), TakeBackGiven(ADA.object_id, made.at_ms))


async def test_an_old_button_changes_nothing(room: Room) -> None:
    at_ms = await given(room)
    for act in (
        room.by_hand.confirm(turn(DOROTHEA), ConfirmGiven(BEN.object_id, at_ms - 1)),
        room.by_hand.take_back(turn(), TakeBackGiven(BEN.object_id, at_ms - 1)),
        room.by_hand.give(turn(), GiveZoomUser(BEN.object_id, "z9")),
    ):
        with pytest.raises(BadInput):
            await act
    assert await room.by_hand_rows.of_person(BEN.object_id) is not None
    await room.by_hand.take_back(turn(), TakeBackGiven(BEN.object_id, at_ms))


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (MatchByHand("nobody@example.com", "b.o@zoom.example"), "Nobody in Entra"),
        (MatchByHand("ben@example.com", "nobody@zoom.example"), "Nobody in Zoom"),
        (MatchByHand("twins@example.com", "b.o@zoom.example"), "Several people in Entra"),
        (MatchByHand("ben@example.com"), "They aren’t matched by hand."),
    ],
    ids=str,
)
async def test_who_is_not_found_or_not_alone_is_not_guessed(
    room: Room, said: MatchByHand, answer: str
) -> None:
    room.entra.users = [
        BEN_IN_ENTRA,
        EntraUser(person_id(8), "One", ("one@example.com", "twins@example.com")),
        EntraUser(person_id(9), "Two", ("two@example.com", "twins@example.com")),
    ]
    await room.matched(zoom(2, "b.o@zoom.example"))
    card = await room.by_hand.match(turn(), said)
    assert answer in words(card)
    assert "Match them" not in titles(card)


async def test_a_principal_name_says_which_of_several_it_is(room: Room) -> None:
    room.entra.users = [
        EntraUser(person_id(8), "One", ("one@example.com", "twins@example.com")),
        EntraUser(person_id(9), "Two", ("twins@example.com",)),
    ]
    await room.matched(zoom(2, "b.o@zoom.example"))
    card = await room.by_hand.match(turn(), MatchByHand("twins@example.com", "b.o@zoom.example"))
    assert "Two" in words(card)


async def test_who_was_matched_before_is_said(room: Room) -> None:
    room.entra.users = [BEN_IN_ENTRA, EntraUser(person_id(9), "Two", ("b.o@zoom.example",))]
    found = await room.matched(zoom(2, "b.o@zoom.example"))
    assert found["z2"] == Match("z2", person_id(9), FoundBy.ADDRESS)
    card = await room.by_hand.match(turn(), MatchByHand("ben@example.com", "b.o@zoom.example"))
    assert "Matched with b.o@zoom.example by their address." in words(card)
    assert Uncovered.NOBODY not in {it.why for it in found.values()}


async def test_what_a_file_said_is_confirmed_at_once_by_an_admin_who_has_seen_how_many(
    room: Room,
) -> None:
    def row(number: int, by: Actor = OPERATOR) -> Given:
        address, zoom_address = f"p{number}@x.y", f"z{number}@x.y"
        return Given(person_id(number), address, f"z{number}", zoom_address, by, number)

    ada = Actor(ADA.object_id, "Ada")
    await room.by_hand_rows.replace([*(row(n) for n in range(20)), row(20, ada)])
    card = await room.by_hand.match(turn(), MatchByHand())
    assert "21 people matched by hand are waiting to be confirmed." in words(card)
    assert "You made 1 of them yourself" in words(card)
    assert "Confirm 20" in titles(card)
    await room.by_hand_rows.give(row(21))
    asked = await room.by_hand.confirm_all(turn(), ConfirmAllGiven(20, 19))
    assert "Confirm 21" in titles(asked)
    assert not await room.requested()
    await room.by_hand.confirm_all(turn(), ConfirmAllGiven(21, 21))
    rows = (await room.by_hand_rows.everything()).values()
    assert [it.by for it in rows if not it.mapping().counts] == [ada]
    assert await room.requested()
    left = await room.by_hand.match(turn(), MatchByHand())
    assert "1 person matched by hand is waiting" in words(left)
    await room.redis.delete(keys.BY_HAND)
