"""The overview, the groups and the history: counted by the rules, and shown page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.grammar.said import Centre, Groups
from bot.grammar.said import History as HistoryCommand
from bot.handlers.settings.guard import GroupsUnavailable, ZoomGroups
from bot.handlers.settings.views import SettingsViews
from cards.settings.clicks import ListGroups, SearchGroups
from cards.settings.paging import PAGE_SIZE
from domain.agreement import Agreement, Fit, ReadbackHealth
from domain.clock import MINUTE
from domain.directory import INACTIVE, DirectoryGroup, DirectoryUser
from domain.errors import Trouble
from domain.history import CHANGE
from domain.person import Held
from domain.policy import Form, ManagedGroup, Policy
from domain.presence import IN_A_CALL
from sync.settings.audit import INSTALLATION, Actor, Entry
from tests.doubles.memory import (
    ADA,
    BEN,
    NOW,
    History,
    Presence,
    Settings,
    ZoomDirectory,
    now_ms,
    turn,
)
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from datetime import tzinfo

    from cards.build import Element

pytestmark = pytest.mark.unit

ON, OFF = Form(integration=True), Form(integration=False)
HELD = Held(IN_A_CALL, NOW - MINUTE, NOW + MINUTE)
BY = Actor(ADA.object_id, "Ada")


class Room:
    """Presence sync is on for the account, and off for Sales."""

    def __init__(self) -> None:
        self.engine, self.directory, self.audit = Presence(), ZoomDirectory(), History()
        self.engine.policy = Policy(ON, (ManagedGroup("g", "Sales", 1, OFF),), 3)
        self.feed_for: list[int] = []
        self.storm: Element | None = None
        self.health = ReadbackHealth("not_permitted", never_allowed=True)
        self.handler = SettingsViews(
            Settings(self.engine),
            ZoomGroups(self.directory, ()),
            self.audit,
            now_ms,
            self.invitable,
            self.banner,
            self.feed,
            self.read_back,
            lambda _: True,
        )

    async def invitable(self, group_id: str, inviter: str) -> int:
        assert (group_id, inviter) == ("", ADA.object_id)
        return 12

    async def banner(self) -> Element | None:
        return self.storm

    async def feed(self, _: tzinfo, connected: int) -> str:
        self.feed_for.append(connected)
        return "Zoom’s events come in."

    async def read_back(self) -> ReadbackHealth:
        return self.health

    def has_groups(self, count: int) -> None:
        self.directory.groups = tuple(
            DirectoryGroup(f"g{number}", f"Group {number:03}") for number in range(count)
        )


@pytest.fixture
def room() -> Room:
    return Room()


async def test_only_whom_presence_sync_covers_is_counted(room: Room) -> None:
    room.directory.users = (
        DirectoryUser("z1", "a@example.com", "A"),
        DirectoryUser("z2", "b@example.com", "B", status=INACTIVE),
        DirectoryUser("z3", "c@example.com", "C", group_ids=frozenset({"g"})),
    )
    room.engine.connect(ADA, held=HELD)
    room.engine.connect(BEN, held=HELD, group_ids=frozenset({"g"}))
    policy = await room.handler.policies.policy()
    numbers = await room.handler._numbers(policy, ADA.object_id)
    assert (numbers.covered, numbers.connected, numbers.active) == (1, 1, 1)
    assert (numbers.trouble, numbers.invitable) == (0, 12)
    assert numbers.off == 1, "Ben is connected, but it is off for his group"
    shown = words(await room.handler.overview(turn(), Centre()))
    assert "Presence sync is on for 1 person. 1 of them is connected." in shown
    assert "1 more person is connected, but presence sync is off for them." in shown


async def test_how_many_are_shown_right_is_said_of_everybody_together(room: Room) -> None:
    shown = words(await room.handler.overview(turn(), Centre()))
    assert "Microsoft isn’t read back, so I can’t say how many people are shown right." in shown
    found = Agreement(60_000, 100, 80, {Fit.RIGHT: 70, Fit.FALSE_BUSY: 2})
    room.health = ReadbackHealth("", look_age_seconds=2.0, agreement=found)
    shown = words(await room.handler.overview(turn(), Centre()))
    assert "97.2% of 72 people." in shown
    assert "2.7% still Busy when it’s over." in shown


async def test_who_is_in_trouble_is_not_called_active(room: Room) -> None:
    room.engine.connect(ADA, held=HELD, trouble=Trouble.REFUSED)
    room.engine.connect(BEN, trouble=Trouble.LATER)
    numbers = await room.handler._numbers(room.engine.policy, ADA.object_id)
    assert (numbers.connected, numbers.active, numbers.trouble) == (2, 0, 2)
    assert numbers.parked == {Trouble.REFUSED: 1}, "what is tried again is not parked"


async def test_a_session_that_has_ended_is_not_active(room: Room) -> None:
    room.engine.connect(ADA, held=HELD._replace(until_ms=NOW))
    assert (await room.handler._numbers(room.engine.policy, ADA.object_id)).active == 0


async def test_nobody_knows_how_many_before_the_list_was_read(room: Room) -> None:
    room.directory.read = False
    assert (await room.handler._numbers(room.engine.policy, ADA.object_id)).covered is None
    assert await room.handler.overview(turn(), Centre()), "the account works without"


async def test_the_overview_says_how_the_feed_is_for_those_connected(room: Room) -> None:
    room.engine.connect(ADA)
    card = await room.handler.overview(turn(), Centre())
    assert "Zoom’s events come in." in words(card)
    assert room.feed_for == [1]
    assert card["refresh"]["userIds"] == [ADA.mri]


async def test_groups_are_shown_page_by_page_and_none_beyond_the_last(room: Room) -> None:
    room.has_groups(PAGE_SIZE + 2)
    first = words(await room.handler.search(turn(), Groups()))
    last = words(await room.handler.search(turn(), ListGroups(page=1)))
    assert "Group 000" in first
    assert f"Group {PAGE_SIZE + 1:03}" in last
    assert words(await room.handler.search(turn(), ListGroups(page=99))) == last


async def test_a_search_that_finds_nothing_has_one_page(room: Room) -> None:
    room.has_groups(3)
    card = await room.handler.search(turn(), SearchGroups("nothing like it"))
    assert "Group" not in " ".join(titles(card))
    assert words(card) == words(
        await room.handler.search(turn(), ListGroups("nothing like it", page=7))
    )


async def test_groups_that_are_not_known_are_the_guard_s_to_explain(room: Room) -> None:
    room.directory.read = False
    with pytest.raises(GroupsUnavailable):
        await room.handler.search(turn(), Groups())


async def test_the_history_says_who_did_what(room: Room) -> None:
    room.audit.changed(BEN, version=3)
    await room.audit.looked_up(BY, "ben@example.com")
    await room.audit.revived_all(BY, people=3)
    await room.audit.invited(BY, "account", "account", people=1)
    said = words(await room.handler.history(turn(), HistoryCommand()))
    for what in ("Ben", "looked up", "tried 3 people again", "invited 1 person"):
        assert what in said


async def test_the_history_names_what_changed(room: Room) -> None:
    fields: dict[str, Any] = {"integration": True, "priority": 2, "a_later_field": "x"}
    records: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = [
        (None, {"integration": True}),
        (fields, fields | {"priority": 1, "a_later_field": "y"}),
        (fields, None),
    ]
    for old, new in records:
        await room.audit._add(Entry(CHANGE, BY, "group:g", "Sales", old, new))
    await room.audit._add(Entry(CHANGE, INSTALLATION, "account", "account", None, {}))
    said = words(await room.handler.history(turn(), HistoryCommand()))
    for what in ("inherits", "A later field", "2", "new"):
        assert what in said
