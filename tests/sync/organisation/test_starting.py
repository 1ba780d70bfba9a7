"""Who may start without a sign-in: the organisation says so, and nothing speaks against it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.condition import Condition
from domain.errors import AdminMustAct, RetryLater
from domain.matching import EntraUser
from domain.policy import Authoriser, AuthorizeWith, Form, ManagedGroup, Policy
from sync.organisation.matches import Kept
from sync.organisation.starting import NotStarted, Starting
from tests.doubles.people import ADA

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

pytestmark = pytest.mark.unit

ASK = Form(integration=True, authoriser=Authoriser.ASK)
EACH = Form(integration=True)
USER = EntraUser(ADA, "Ada", ("ada@example.com",), enabled=True, external=False, teams=True)


class World:
    """Everything around, by hand; `asked` is what was asked of Microsoft."""

    def __init__(self) -> None:
        self.policy = Policy(ASK)
        self.user_now: EntraUser | Exception | None = USER
        self.refusal: Exception | None = None
        self.groups: frozenset[str] = frozenset()
        self.written = True
        self.zoom_id: str | None = None
        self.asked: list[str] = []
        self.excluded: set[str] = set()
        self.done: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        itself: Any = self
        self.starting = Starting(
            users=self,
            matches=self,
            linking=itself,
            opt_outs=itself,
            exclusions=self,
            leave=self.leave,
            authorised=self.authorised,
            policy=lambda: self.policy,
            may_write=self.may_write,
            groups_of=self.groups_of,
            started=self.started,
        )

    async def has(self, object_id: str) -> bool:
        return object_id in self.excluded

    async def user(self, object_id: str) -> EntraUser | None:
        self.asked.append(object_id)
        if isinstance(self.user_now, Exception):
            raise self.user_now
        return self.user_now

    async def of_person(self, object_id: str) -> Kept | None:
        return None if self.zoom_id is None else Kept(USER, self.zoom_id)

    async def authorised(self) -> str:
        if self.refusal is not None:
            raise self.refusal
        return "token"

    async def may_write(self, member: Enum) -> bool:
        return self.written

    async def groups_of(self, zoom_id: str | None, addresses: tuple[str, ...]) -> frozenset[str]:
        assert addresses == USER.addresses
        assert zoom_id == self.zoom_id
        return self.groups

    # What is done where they may

    async def leave(self, object_id: str) -> None:
        self.done.append("leave")

    async def started(self, object_id: str) -> None:
        self.done.append("started")

    async def mark(self, object_id: str) -> str:
        return "mark"

    async def lift(self, object_id: str, zoom_id: str | None) -> None:
        self.done.append("lift")

    async def zoom_user(self, addresses: tuple[str, ...]) -> None:
        return None

    async def start(self, *_: object, ask: bool) -> tuple[str, None]:
        self.done.append("start")
        self.meanwhile()
        return "link", None

    async def may(self) -> bool:
        return await self.starting.startable(ADA) is not None


async def test_whoever_is_in_scope_may() -> None:
    world = World()
    found = await world.starting.startable(ADA)
    assert found is not None
    assert found.user is USER
    assert found.verdict.style == "busy only"


@pytest.mark.parametrize(
    "user",
    [
        None,
        replace(USER, enabled=False),
        replace(USER, external=True),
        replace(USER, resource=True),
        replace(USER, teams=False),
        replace(USER, addresses=()),
        AdminMustAct("graph_403"),
    ],
)
async def test_nobody_who_is_left_out_may(user: EntraUser | Exception | None) -> None:
    world = World()
    world.user_now = user
    assert not await world.may()
    with pytest.raises(NotStarted):
        await world.starting.start(ADA, "tenant")


async def test_who_is_matched_is_found_by_that() -> None:
    world = World()
    world.zoom_id = "zAda"
    found = await world.starting.startable(ADA)
    assert found is not None
    assert found.zoom_id == "zAda"


async def test_what_can_t_be_seen_leaves_nobody_out() -> None:
    world = World()
    world.user_now = EntraUser(ADA, "Ada", USER.addresses)
    assert await world.may()


@pytest.mark.parametrize(
    "form",
    [
        EACH,
        replace(ASK, integration=False),
        replace(ASK, presence_write=False),
        replace(ASK, authorize_with=AuthorizeWith.EWS),
    ],
)
async def test_the_deciding_level_must_say_so(form: Form) -> None:
    world = World()
    world.policy = Policy(ASK, (ManagedGroup("sales", "Sales", 1, form),))
    assert await world.may()
    world.groups = frozenset({"sales"})
    assert not await world.may()


async def test_where_no_level_says_so_microsoft_is_not_asked() -> None:
    world = World()
    world.policy = Policy(EACH, (ManagedGroup("sales", "Sales", 1, EACH),))
    assert not await world.may()
    assert world.asked == []


async def test_without_consent_or_with_older_processes_nobody_may() -> None:
    world = World()
    world.refusal = AdminMustAct("organisation_withdrawn")
    assert not await world.may()
    world.refusal, world.written = None, False
    assert not await world.may()
    assert world.asked == []


async def test_no_answer_is_not_a_no() -> None:
    world = World()
    world.refusal = RetryLater("login_unreachable")
    with pytest.raises(RetryLater):
        await world.may()


async def test_nobody_who_is_excluded_may_whatever_they_say() -> None:
    world = World()
    world.excluded = {ADA}
    assert not await world.may()
    with pytest.raises(NotStarted):
        await world.starting.start(ADA, "tenant")
    assert (world.asked, world.done) == ([], [])


async def test_who_is_excluded_while_they_start_is_ended_again() -> None:
    world = World()
    world.meanwhile = lambda: world.excluded.add(ADA)
    with pytest.raises(NotStarted):
        await world.starting.start(ADA, "tenant")
    assert world.done == ["lift", "start", "leave"]


async def test_whoever_says_start_is_not_limited_by_the_share() -> None:
    world = World()
    world.policy = Policy(replace(ASK, share=1))
    await world.starting.start(ADA, "tenant")
    assert world.done == ["lift", "start", "started"]


async def test_a_condition_leaves_out_whom_entra_says_nothing_of() -> None:
    world = World()
    world.policy = Policy(replace(ASK, only=Condition("country", "Sweden")))
    assert not await world.may()
    world.user_now = replace(USER, properties={"country": "Norway"})
    assert not await world.may()
    world.user_now = replace(USER, properties={"country": "sweden"})
    assert await world.may()
