"""Who may change settings, by the clock (all ways: tests/product/test_settings_admins.py)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from bot.admins import ADDRESSES_S, BELIEVED_S, REFUSED_S, Admins
from bot.teams.activity import Person
from domain.errors import AuthorizeAgain, RetryLater, Trouble
from domain.link import Link
from domain.person import PersonState
from domain.policy import AuthorisedBy
from domain.roles import Role, Standing

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"


@dataclass
class World:
    """Links, roles and time, as a test sets them."""

    now: float = 1000.0
    links: dict[str, tuple[Link, PersonState]] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    zoom: bool = False
    failure: Exception | None = None
    zoom_failure: Exception | None = None
    zoom_address: str = "ben@example.com"
    addresses: tuple[str, ...] = ("ben@example.com",)
    addresses_failure: Exception | None = None
    looked: int = 0
    asked: int = 0
    asked_for_proof: int = 0
    proofs: dict[str, Role] = field(default_factory=dict)
    externals: set[str] = field(default_factory=set)

    async def external(self, object_id: str) -> bool:
        return object_id in self.externals

    async def link_of(self, object_id: str) -> tuple[Link, PersonState] | None:
        return self.links.get(object_id)

    async def app_roles(self, object_id: str, generation: int) -> frozenset[str]:
        assert (object_id, generation) == (BEN, self.links[BEN][1].generation)
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.roles

    async def zoom_editor(self, user: str) -> str | None:
        assert user == "zBen"
        if self.zoom_failure is not None:
            raise self.zoom_failure
        return self.zoom_address if self.zoom else None

    async def addresses_now(self, state: PersonState) -> tuple[str, ...]:
        assert state is self.links[BEN][1]
        self.looked += 1
        if self.addresses_failure is not None:
            raise self.addresses_failure
        return self.addresses

    async def proven(self, object_id: str) -> Role | None:
        self.asked_for_proof += 1
        return self.proofs.get(object_id)

    def connect(self, *addresses: str, generation: int = 1, zoom_id: str | None = "zBen") -> None:
        link = Link(BEN, "tenant", "Ben", addresses or ("ben@example.com",), 1, zoom_id)
        self.links[BEN] = (link, PersonState(BEN, generation=generation, zoom_id="zBen"))

    def admins(self, *, zoom: bool = False) -> Admins:
        return Admins(
            named=frozenset({ADA}),
            known=self,
            external=self.external,
            app_roles=self.app_roles,
            addresses_now=self.addresses_now,
            zoom_editor=self.zoom_editor if zoom else None,
            proven=self.proven,
            now=lambda: self.now,
        )


def person(object_id: str) -> Person:
    return Person("tenant", object_id, f"29:{object_id}", "Somebody")


async def is_admin(admins: Admins, who: Person) -> bool:
    return (await admins.standing(who)).role is Role.ADMIN


async def test_by_default_nobody_is_an_admin() -> None:
    world = World()
    admins = world.admins(zoom=True)
    assert not await is_admin(admins, person(BEN))
    world.connect()
    assert not await is_admin(admins, person(BEN))


async def test_whom_the_operator_names_is_one_without_being_connected() -> None:
    assert await is_admin(World().admins(), person(ADA))


async def test_an_app_role_that_was_withdrawn_ends_after_fifteen_minutes() -> None:
    world = World(roles=frozenset({"PresenceAdmin"}))
    world.connect()
    admins = world.admins()
    assert await is_admin(admins, person(BEN))
    world.roles = frozenset()
    world.now += BELIEVED_S - 1
    assert await is_admin(admins, person(BEN))
    world.now += 1
    assert not await is_admin(admins, person(BEN))
    assert BELIEVED_S == 15 * 60


async def test_being_believed_is_not_prolonged_by_asking() -> None:
    world = World(roles=frozenset({"PresenceAdmin"}))
    world.connect()
    admins = world.admins()
    for _ in range(15):
        assert await is_admin(admins, person(BEN))
        world.now += 60
    world.roles = frozenset()
    assert not await is_admin(admins, person(BEN))


async def test_a_role_that_was_just_given_counts_within_a_minute() -> None:
    world = World()
    world.connect()
    admins = world.admins()
    assert not await is_admin(admins, person(BEN))
    world.roles = frozenset({"PresenceAdmin"})
    assert not await is_admin(admins, person(BEN))
    assert world.asked == 1  # Microsoft is not asked for every message of everybody
    world.now += REFUSED_S
    assert await is_admin(admins, person(BEN))


@pytest.mark.parametrize("failure", [RetryLater("login_unreachable"), AuthorizeAgain("revoked")])
async def test_not_finding_out_means_no_and_is_not_remembered(failure: Exception) -> None:
    world = World(roles=frozenset({"PresenceAdmin"}), failure=failure)
    world.connect()
    admins = world.admins()
    assert not await is_admin(admins, person(BEN))
    world.failure = None
    assert await is_admin(admins, person(BEN))
    world.now += BELIEVED_S
    world.failure = failure
    assert not await is_admin(admins, person(BEN))


async def test_another_link_is_asked_about_anew() -> None:
    world = World(roles=frozenset({"PresenceAdmin"}))
    world.connect(generation=1)
    admins = world.admins()
    assert await is_admin(admins, person(BEN))
    world.roles = frozenset()
    world.connect(generation=2)
    assert not await is_admin(admins, person(BEN))
    world.links.clear()
    assert not await is_admin(admins, person(BEN))


async def test_a_zoom_role_counts_where_allowed_and_is_asked_every_time() -> None:
    world = World(zoom=True)
    world.connect()
    assert not await is_admin(world.admins(), person(BEN))
    admins = world.admins(zoom=True)
    assert await is_admin(admins, person(BEN))
    world.zoom = False
    assert not await is_admin(admins, person(BEN))
    world.zoom, world.zoom_failure = True, RetryLater("zoom_busy")
    assert not await is_admin(admins, person(BEN))


async def test_a_zoom_role_counts_though_microsoft_does_not_answer() -> None:
    world = World(zoom=True, failure=RetryLater("login_unreachable"))
    world.connect()
    assert await is_admin(world.admins(zoom=True), person(BEN))


async def test_a_zoom_role_counts_only_while_both_sides_say_that_it_is_theirs() -> None:
    """However long ago they connected: Zoom users and addresses are handed over."""
    world = World(zoom=True)
    world.connect()
    admins = world.admins(zoom=True)
    assert await is_admin(admins, person(BEN))
    world.zoom_address = "somebody.else@example.com"  # Zoom gave their user to another
    assert not await is_admin(admins, person(BEN))
    world.zoom_address = "ben@example.com"
    world.addresses = ("b.okafor@example.com",)  # Microsoft gave their address to another
    assert await is_admin(admins, person(BEN)), "asked within the minute"
    world.now += ADDRESSES_S
    assert not await is_admin(admins, person(BEN))
    world.addresses, world.zoom_address = ("b@example.com",), "b@example.com"
    world.now += ADDRESSES_S
    assert await is_admin(admins, person(BEN)), "renamed on both sides"


async def test_a_zoom_role_needs_a_known_zoom_user_and_an_answer_of_microsofts() -> None:
    world = World(zoom=True)
    world.connect(zoom_id=None)
    assert not await is_admin(world.admins(zoom=True), person(BEN))
    world.connect()
    world.addresses_failure = RetryLater("graph_error")
    assert not await is_admin(world.admins(zoom=True), person(BEN))


async def test_microsoft_is_asked_for_addresses_once_a_minute_and_only_where_it_matters() -> None:
    world = World()
    world.connect()
    admins = world.admins(zoom=True)
    assert not await is_admin(admins, person(BEN))
    assert world.looked == 0
    world.zoom = True
    for _ in range(5):
        assert await is_admin(admins, person(BEN))
    assert world.looked == 1


async def test_whoever_is_external_is_never_an_admin_whatever_names_them() -> None:
    world = World(roles=frozenset({"PresenceAdmin"}), zoom=True)
    world.connect()
    admins = Admins(
        named=frozenset({ADA, BEN}),
        known=world,
        external=world.external,
        app_roles=world.app_roles,
        addresses_now=world.addresses_now,
        zoom_editor=world.zoom_editor,
        proven=world.proven,
        now=lambda: world.now,
    )
    for who in (ADA, BEN):  # ADA is not connected
        assert await is_admin(admins, person(who))
        world.externals.add(who)
        assert not await is_admin(admins, person(who))
        assert await admins.external(who)


@pytest.mark.parametrize(
    ("given", "role"),
    [
        ({"PresenceHelpdesk"}, Role.HELPDESK),
        ({"PresenceHelpdesk", "PresenceAdmin"}, Role.ADMIN),
        ({"presencehelpdesk", "Helpdesk", "PresenceHelpdesk "}, None),
    ],
)
async def test_app_roles_are_known_by_their_exact_values(
    given: set[str], role: Role | None
) -> None:
    world = World(roles=frozenset(given))
    world.connect()
    assert await world.admins().standing(person(BEN)) == Standing(role)


async def test_a_helpdesk_role_is_asked_about_anew_each_minute() -> None:
    """It may have been withdrawn, or become an admin's."""
    world = World(roles=frozenset({"PresenceHelpdesk"}))
    world.connect()
    admins = world.admins()
    for role in (Role.HELPDESK, Role.ADMIN):
        assert await admins.standing(person(BEN)) == Standing(role)
        world.now += REFUSED_S - 1
        world.roles = frozenset({"PresenceAdmin"})
        assert await admins.standing(person(BEN)) == Standing(role)
        world.now += 1
    world.now += BELIEVED_S
    world.roles = frozenset()
    assert await admins.standing(person(BEN)) == Standing()


async def test_who_is_of_the_helpdesk_and_perhaps_an_admin_is_not_sure() -> None:
    world = World(roles=frozenset({"PresenceHelpdesk"}), zoom=True)
    world.connect()
    world.zoom_failure = RetryLater("zoom_busy")
    assert await world.admins(zoom=True).standing(person(BEN)) == Standing(
        Role.HELPDESK, sure=False
    )
    world.zoom_failure = None
    by_zoom = await world.admins(zoom=True).standing(person(BEN))
    assert by_zoom == Standing(Role.ADMIN, by_zoom=True)


async def test_a_guest_is_never_of_the_helpdesk() -> None:
    world = World(roles=frozenset({"PresenceHelpdesk"}), externals={BEN})
    world.connect()
    assert await world.admins().standing(person(BEN)) == Standing()


async def test_who_is_not_connected_may_have_proved_a_role() -> None:
    world = World()
    admins = world.admins(zoom=True)
    assert await admins.may_prove(BEN)
    assert await admins.standing(person(BEN)) == Standing()
    world.proofs[BEN] = Role.HELPDESK
    assert await admins.standing(person(BEN)) == Standing(Role.HELPDESK)
    world.proofs[BEN] = Role.ADMIN
    assert await admins.standing(person(BEN)) == Standing(Role.ADMIN)
    world.externals.add(BEN)
    assert await admins.standing(person(BEN)) == Standing()


async def test_whom_the_organisation_authorised_has_no_token_that_tells_a_role() -> None:
    world = World(failure=AuthorizeAgain("not_connected"), zoom=True)
    world.connect()
    link, state = world.links[BEN]
    world.links[BEN] = link, replace(state, authorised_by=AuthorisedBy.ORGANISATION)
    admins = world.admins(zoom=True)
    assert await admins.may_prove(BEN)
    by_zoom = Standing(Role.ADMIN, by_zoom=True)
    assert await admins.standing(person(BEN)) == replace(by_zoom, sure=True)
    world.proofs[BEN] = Role.HELPDESK  # the greater of both counts
    assert (await admins.standing(person(BEN))).role is Role.ADMIN
    world.proofs[BEN] = Role.ADMIN
    assert await admins.standing(person(BEN)) == Standing(Role.ADMIN)


async def test_of_who_is_connected_their_own_token_tells_and_nothing_else() -> None:
    world = World()
    world.connect()
    world.proofs[BEN] = Role.ADMIN
    admins = world.admins()
    assert not await admins.may_prove(BEN)
    assert await admins.standing(person(BEN)) == Standing()
    assert world.asked_for_proof == 0
    link, state = world.links[BEN]
    world.links[BEN] = link, replace(state, trouble=Trouble.AUTHORIZE)  # it works no longer
    assert await admins.may_prove(BEN)
    assert await admins.standing(person(BEN)) == Standing(Role.ADMIN)


async def test_a_role_is_told_alone_of_the_named_and_of_who_signed_in_themselves() -> None:
    world = World()
    assert [await world.admins().told_alone(oid) for oid in (ADA, BEN)] == [True, False]
    world.proofs[BEN] = Role.ADMIN
    assert not await world.admins().told_alone(BEN), "only for 15 minutes"
    world.connect()
    assert await world.admins().told_alone(BEN)
    world.links[BEN][1].authorised_by = AuthorisedBy.ORGANISATION
    assert not await world.admins().told_alone(BEN)
