"""Starting without a sign-in, and *Not for me*: what the chat says, and in which order it acts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.handlers.organisation import OrganisationHandler
from cards.person import connect as connect_cards
from cards.person.clicks import NotForMe, StartConnect, StartShowing
from domain.clock import MINUTE
from domain.coverage import Announcement, How
from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater, Trouble
from domain.link import Ending, Link
from domain.matching import EntraUser
from domain.policy import AuthorisedBy, Authoriser, Form, Policy, Verdict, resolve
from domain.presence import Observation, ZoomPresence
from sync.connect.linking import AddressTaken, Contested, NoZoomUser, OptedOut
from sync.engine.patience import Background
from sync.organisation.opting_out import OptingOut
from sync.organisation.starting import NotStarted, Startable
from tests.doubles.memory import ADA, NOW, Presence, turn
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.request import Turn
    from cards.build import Card
    from domain.person import PersonState

pytestmark = pytest.mark.unit

ASK = Policy(Form(integration=True, authoriser=Authoriser.ASK))
ORGANISATION = AuthorisedBy.ORGANISATION


class Room:
    """The handler, with everything below in memory; `done` is what was done, in order."""

    def __init__(self) -> None:
        self.engine = Presence()
        self.engine.policy = ASK
        self.done = self.engine.done
        self.may: bool | Exception = True
        self.failure: Exception | None = None
        self.out: set[str] = set()
        self.told = dict[str, Announcement]()
        self.handler = OrganisationHandler(
            self.engine,
            self,
            OptingOut(self.engine, self, self, self.zoom_id_of, Background(), self.left),
            Background(),
            signing_in=self,
            page="https://bridge.example.com/not-for-me",
            came_back=self.came_back,
        )

    async def of(self, people: Sequence[str]) -> dict[str, Announcement]:
        return {oid: self.told[oid] for oid in people if oid in self.told}

    async def startable(self, object_id: str) -> Startable | None:
        if isinstance(self.may, Exception):
            raise self.may
        verdict: Verdict = resolve(ASK, by=ORGANISATION)
        user = EntraUser(object_id, "Ada", ("ada@example.com",))
        return Startable(user, verdict) if self.may else None

    async def start(self, object_id: str, tenant_id: str) -> tuple[Link, Observation | None]:
        assert tenant_id == ADA.tenant_id
        if self.failure is not None:
            raise self.failure
        if not self.may:
            raise NotStarted
        self.done.append("start")
        self.engine.connect(authorised_by=ORGANISATION)
        return self.engine.people[object_id][0], Observation(ZoomPresence.IN_MEETING, NOW)

    async def zoom_id_of(self, object_id: str) -> str | None:
        return f"zoom of {object_id}"

    async def add(self, object_id: str, zoom_id: str | None) -> None:
        self.done.append(f"not for me {zoom_id}")
        self.out.add(object_id)

    async def has(self, object_id: str, zoom_id: str | None) -> bool:
        return object_id in self.out

    async def working(self, turn: Turn) -> tuple[Link, PersonState] | None:
        known = await self.engine.link_of(turn.person.object_id)
        return None if known is None or known[1].trouble == Trouble.AUTHORIZE else known

    async def offer(self, turn: Turn) -> Card:
        return connect_cards.cancelled()

    async def left(self, object_id: str) -> None:
        self.done.append("left")

    async def came_back(self, object_id: str) -> None:
        self.done.append("came back")


@pytest.fixture
def room() -> Room:
    return Room()


async def test_connect_asks_first_where_the_organisation_authorises(room: Room) -> None:
    card = await room.handler.connect(turn(), StartConnect())
    assert titles(card) == ["Start", "Not for me"]
    assert "You don’t have to sign in" in str(card)
    assert room.done == []


@pytest.mark.parametrize("may", [False, RetryLater("graph_error"), TimeoutError()])
async def test_who_can_t_start_now_may_sign_in(room: Room, may: bool | Exception) -> None:
    room.may = may
    assert titles(await room.handler.connect(turn(), StartConnect())) == ["Connect"]
    room.failure = NotStarted()
    assert titles(await room.handler.start(turn(), StartShowing())) == ["Connect"]
    assert room.done == []


async def test_who_signed_in_themselves_may_start(room: Room) -> None:
    room.engine.connect()
    assert "Started" in words(await room.handler.start(turn(), StartShowing()))


async def test_who_is_connected_is_not_asked(room: Room) -> None:
    room.engine.connect()
    assert titles(await room.handler.connect(turn(), StartConnect())) == ["Connect"]
    room.may = False
    assert titles(await room.handler.start(turn(), StartShowing())) == ["Connect"]
    assert room.done == []


async def test_whose_own_authorisation_ended_may_start(room: Room) -> None:
    room.engine.connect(trouble=Trouble.AUTHORIZE)
    assert "Start" in titles(await room.handler.connect(turn(), StartConnect()))
    assert "Started" in words(await room.handler.start(turn(), StartShowing()))


async def test_start_says_what_zoom_says_now(room: Room) -> None:
    said = words(await room.handler.start(turn(), StartShowing()))
    assert "from now on I’ll tell Microsoft 365" in said
    assert "In a meeting" in said
    assert room.done == ["start", "came back"]
    again = await room.handler.start(turn(), StartShowing())
    assert room.done == ["start", "came back"], "a second click starts nothing"
    assert titles(again) == ["Connect"]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (NoZoomUser(("ada@example.com", "a@example.com")), "Zoom has no user"),
        (AddressTaken("ada@example.com"), "Someone else is connected"),
        (Contested(), "Someone else is connecting"),
        (AdminMustAct("zoom_scopes"), "tell your admin"),
        (RetryLater("zoom_error"), "isn’t answering right now"),
        (AuthorizeAgain("graph_401"), "isn’t answering right now"),
    ],
)
async def test_what_did_not_start_says_why_and_what_to_do(
    room: Room, failure: Exception, said: str
) -> None:
    room.failure = failure
    card = await room.handler.start(turn(), StartShowing())
    assert said in words(card)
    assert titles(card) == ["Start", "Not for me"]
    assert room.done == []


async def test_not_for_me_is_kept_before_anything_else(room: Room) -> None:
    room.engine.connect(authorised_by=ORGANISATION)
    card = await room.handler.not_for_me(turn(), NotForMe())
    assert room.done == ["not for me z-Ada", "left", "disconnect"]
    assert "The presence I’d set is cleared." in words(card)
    again = await room.handler.not_for_me(turn(), NotForMe())
    assert "All right." in words(again)
    assert room.done.count("disconnect") == 1


async def test_not_for_me_without_having_started(room: Room) -> None:
    card = await room.handler.not_for_me(turn(), NotForMe())
    assert room.done == [f"not for me zoom of {ADA.object_id}"]
    assert titles(card) == ["Start after all"]
    assert "before" in words(await room.handler.connect(turn(), StartConnect()))


async def test_who_is_started_while_they_say_no_is_ended(room: Room) -> None:
    """Their Zoom user is looked up meanwhile, which takes seconds; a round goes on."""

    async def zoom_id_of(object_id: str) -> str | None:
        room.engine.connect(authorised_by=ORGANISATION)
        return None

    opting_out = replace(room.handler.opting_out, zoom_id_of=zoom_id_of)
    handler = replace(room.handler, opting_out=opting_out)
    card = await handler.not_for_me(turn(), NotForMe())
    assert "can’t start this for you" in words(card)
    assert room.done == ["not for me None", "left", "disconnect"]
    assert not await room.engine.is_connected(ADA.object_id)


async def test_who_says_no_while_they_start_is_told_that_it_counts(room: Room) -> None:
    room.failure = OptedOut()
    card = await room.handler.start(turn(), StartShowing())
    assert "can’t start this for you" in words(card)
    assert titles(card) == ["Start after all"]


@pytest.mark.parametrize("how", list(How))
async def test_disconnect_is_not_for_me_for_who_was_told(room: Room, how: How) -> None:
    assert await room.handler.not_connected(turn()) is None, "nobody has told them"
    room.engine.connect(authorised_by=AuthorisedBy.PERSON)
    [(_, state)] = room.engine.people.values()
    assert await room.handler.confirm_disconnect(turn(), state) is None
    room.told[ADA.object_id] = Announcement(NOW, how)
    asked = await room.handler.confirm_disconnect(turn(), state)
    assert asked is not None
    assert titles(asked) == ["Disconnect", "Cancel"]
    room.engine.people.clear()
    card = await room.handler.not_connected(turn())
    assert card is not None
    assert titles(card) == ["Not for me", "Cancel"]
    await room.handler.not_for_me(turn(), NotForMe())
    card = await room.handler.not_connected(turn())
    assert card is not None
    assert titles(card) == ["Start after all"]


async def test_not_for_me_does_not_end_what_they_signed_in_for(room: Room) -> None:
    room.engine.connect()
    card = await room.handler.not_for_me(turn(), NotForMe())
    assert room.done == ["not for me z-Ada"]
    assert "by your own sign-in" in words(card)


@pytest.mark.parametrize("how", ["later", "expires"])
async def test_what_is_left_has_an_end(room: Room, how: str) -> None:
    room.engine.connect(authorised_by=ORGANISATION)
    room.engine.ends = Ending("later" if how == "later" else "expires", NOW + 40 * MINUTE)
    assert "15:00" in words(await room.handler.not_for_me(turn(), NotForMe()))
