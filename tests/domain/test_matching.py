"""Who in Entra is whom in Zoom: nothing is guessed, and no order of anything matters."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.directory import DirectoryUser
from domain.matching import (
    RESOURCE_LICENCES,
    ByHand,
    EntraUser,
    FoundBy,
    Match,
    Uncovered,
    aliased,
    excluded,
    fold_domain,
    has_teams,
    is_resource,
    match,
    wanted,
)

pytestmark = pytest.mark.unit


def zoom(number: int, address: str) -> DirectoryUser:
    return DirectoryUser(f"z{number}", address, f"Zoom {number}")


def entra(number: int, *addresses: str, **facts: bool | None) -> EntraUser:
    return replace(EntraUser(f"p{number}", f"Person {number}", addresses), **facts)  # type: ignore[arg-type]


MATCHED = [
    pytest.param(("ada@a.example",), id="by the principal name or mail"),
    pytest.param(("other@b.example", "ada@a.example"), id="by a proxy address"),
]


@pytest.mark.parametrize("addresses", MATCHED)
def test_an_address_of_exactly_one_person_matches(addresses: tuple[str, ...]) -> None:
    assert match([zoom(1, "ada@a.example")], [entra(1, *addresses)], {}) == {
        "z1": Match("z1", "p1", FoundBy.ADDRESS)
    }


def test_nobody_several_and_two_zoom_users_are_results() -> None:
    found = match(
        [zoom(n, f"{name}@a.example") for n, name in enumerate(["no", "twins", "ada", "lovelace"])],
        [
            entra(1, "one@a.example", "twins@a.example"),
            entra(2, "two@a.example", "twins@a.example"),
            entra(3, "ada@a.example", "lovelace@a.example"),
        ],
        {},
    )
    assert found == {
        "z0": Match("z0", why=Uncovered.NOBODY),
        "z1": Match("z1", by=FoundBy.ADDRESS, why=Uncovered.SEVERAL, others=("p1", "p2")),
        "z2": Match("z2", "p3", FoundBy.ADDRESS, Uncovered.TWO_ZOOM, ("z3",)),
        "z3": Match("z3", "p3", FoundBy.ADDRESS, Uncovered.TWO_ZOOM, ("z2",)),
    }


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"enabled": False}, Uncovered.DISABLED),
        ({"external": True, "enabled": True}, Uncovered.EXTERNAL),
        ({"resource": True, "teams": True}, Uncovered.RESOURCE),
        ({"teams": False}, Uncovered.NO_TEAMS),
        ({"enabled": True, "external": False, "resource": False, "teams": True}, None),
        ({}, None),  # what can't be seen leaves nobody out
    ],
    ids=str,
)
def test_who_is_left_out_is_known_all_the_same(
    facts: dict[str, bool], why: Uncovered | None
) -> None:
    user = entra(1, "ada@a.example", **facts)
    assert excluded(user) is why
    assert match([zoom(1, "ada@a.example")], [user], {})["z1"] == Match(
        "z1", "p1", FoundBy.ADDRESS, why
    )


def test_an_alias_finds_who_moved_and_a_chain_of_them_whoever_moved_twice() -> None:
    people = [entra(1, "ada@new.example"), entra(2, "bob@newest.example")]
    users = [zoom(1, "ada@old.example"), zoom(2, "bob@old.example")]
    assert {it.why for it in match(users, people, {}).values()} == {Uncovered.NOBODY}
    aliases = {"old.example": "new.example", "new.example": "newest.example"}
    found = match(users, people, aliases)
    assert [(it.object_id, it.by, it.why) for it in found.values()] == [
        ("p1", FoundBy.ALIAS, None),
        ("p2", FoundBy.ALIAS, None),
    ]


def test_who_has_the_address_itself_keeps_their_person_when_an_alias_comes() -> None:
    users = [zoom(1, "ada@new.example"), zoom(2, "ada@old.example")]
    found = match(users, [entra(1, "ada@new.example")], {"old.example": "new.example"})
    assert found["z1"] == Match("z1", "p1", FoundBy.ADDRESS)
    assert found["z2"] == Match("z2", "p1", FoundBy.ALIAS, Uncovered.TWO_ZOOM, ("z1",))


def test_aliases_in_a_circle_end() -> None:
    circle = {"a.example": "b.example", "b.example": "a.example"}
    assert aliased("x@a.example", circle) == ["x@b.example"]
    assert aliased("x@a.example", {"a.example": "a.example"}) == []


@pytest.mark.parametrize(
    ("mapping", "counts"),
    [
        (ByHand("p1", "z1", "boss"), False),
        (ByHand("p1", "z1", "boss", "boss"), False),
        (ByHand("p1", "z1", "boss", "other"), True),
        (ByHand("p1", "z1", "boss", "p1"), True),
        (ByHand("p1", "z1", "p1", "p1"), False),  # an admin takes somebody's Zoom user for theirs
        (ByHand("p1", "z1", "boss", ""), False),
    ],
    ids=str,
)
def test_a_mapping_counts_once_the_person_or_a_second_admin_confirmed(
    mapping: ByHand, counts: bool
) -> None:
    assert mapping.counts is counts
    found = match([zoom(1, "nobody@a.example")], [entra(1, "ada@a.example")], {}, [mapping])["z1"]
    assert (found.why is None) is counts


def test_a_mapping_goes_before_addresses_and_takes_the_person_from_others() -> None:
    users = [zoom(1, "ada@a.example"), zoom(2, "other@a.example")]
    people = [entra(1, "ada@a.example")]
    found = match(users, people, {}, [ByHand("p1", "z2", "boss", "p1")])
    assert found["z2"] == Match("z2", "p1", FoundBy.HAND)
    assert found["z1"] == Match("z1", "p1", FoundBy.ADDRESS, Uncovered.TWO_ZOOM, ("z2",))


def test_a_mapping_to_a_zoom_user_out_of_scope_takes_the_person_too() -> None:
    mapping = ByHand("p1", "z9", "boss", "p1")
    found = match([zoom(1, "ada@a.example")], [entra(1, "ada@a.example")], {}, [mapping])
    assert found == {"z1": Match("z1", "p1", FoundBy.ADDRESS, Uncovered.TWO_ZOOM, ("z9",))}


def test_who_is_mapped_to_somebody_gone_is_not_matched_by_address_instead() -> None:
    mapping = ByHand("p9", "z1", "boss", "other")
    found = match([zoom(1, "ada@a.example")], [entra(1, "ada@a.example")], {}, [mapping])
    assert found == {"z1": Match("z1", by=FoundBy.HAND, why=Uncovered.GONE)}


def test_mappings_that_contradict_each_other_give_nobody_anything() -> None:
    users = [zoom(1, "x@a.example"), zoom(2, "ada@a.example")]
    mappings = [ByHand("p1", "z1", "boss", "p1"), ByHand("p2", "z1", "boss", "p2")]
    found = match(users, [entra(1, "ada@a.example"), entra(2, "bob@a.example")], {}, mappings)
    assert found["z1"] == Match("z1", by=FoundBy.HAND, why=Uncovered.SEVERAL, others=("p1", "p2"))
    assert (
        found["z2"].why is Uncovered.TWO_ZOOM
    )  # nobody knows which of the two Zoom users is theirs


# -- whatever there is ----------------------------------------------------------------------------

names = st.sampled_from(["ada", "bob", "cem"])
domains = st.sampled_from(["a.example", "b.example", "c.example"])
addresses = st.builds("{}@{}".format, names, domains)
zoom_users = st.lists(
    st.builds(zoom, st.integers(1, 9), addresses), max_size=8, unique_by=lambda user: user.zoom_id
)
facts = st.fixed_dictionaries(
    {name: st.none() | st.booleans() for name in ("enabled", "external", "resource", "teams")}
)
entra_users = st.lists(
    st.builds(
        lambda number, its, seen: entra(number, *dict.fromkeys(its), **seen),
        st.integers(1, 9),
        st.lists(addresses, max_size=3),
        facts,
    ),
    max_size=8,
    unique_by=lambda user: user.object_id,
)
alias_tables = st.dictionaries(domains, domains, max_size=3)
mappings = st.lists(
    st.builds(
        ByHand,
        st.integers(1, 9).map("p{}".format),
        st.integers(1, 9).map("z{}".format),
        st.sampled_from(["boss", "other"]),
        st.sampled_from([None, "boss", "other", "p1", "p2"]),
    ),
    max_size=4,
)


def matched(found: dict[str, Match]) -> dict[str, str | None]:
    return {it.zoom_id: it.object_id for it in found.values() if it.why is None}


@given(zoom_users, entra_users, alias_tables, mappings)
def test_nobody_has_two_of_the_other_and_everybody_has_a_result(
    users: list[DirectoryUser], people: list[EntraUser], aliases: dict[str, str], by: list[ByHand]
) -> None:
    found = match(users, people, aliases, by)
    assert found.keys() == {user.zoom_id for user in users}
    assert all(zoom_id == it.zoom_id for zoom_id, it in found.items())
    pairs = matched(found)
    assert all(count == 1 for count in Counter(pairs.values()).values())
    known = {user.object_id: user for user in people}
    assert all(person in known and excluded(known[person]) is None for person in pairs.values())


@given(st.data(), zoom_users, entra_users, alias_tables, mappings)
def test_the_order_does_not_matter(
    data: st.DataObject,
    users: list[DirectoryUser],
    people: list[EntraUser],
    aliases: dict[str, str],
    by: list[ByHand],
) -> None:
    shuffled = match(
        data.draw(st.permutations(users)),
        data.draw(st.permutations([*people, *people])),
        dict(data.draw(st.permutations(list(aliases.items())))),
        data.draw(st.permutations(by)),
    )
    assert shuffled == match(users, people, aliases, by)


@given(zoom_users, entra_users, alias_tables, mappings)
def test_aliases_only_add_to_what_addresses_and_hands_have_found(
    users: list[DirectoryUser], people: list[EntraUser], aliases: dict[str, str], by: list[ByHand]
) -> None:
    without = match(users, people, {}, by)
    found = match(users, people, aliases, by)
    assert all(
        found[zoom_id] == it for zoom_id, it in without.items() if it.why is not Uncovered.NOBODY
    )


@given(zoom_users, entra_users, alias_tables, mappings)
def test_what_was_not_confirmed_changes_nothing(
    users: list[DirectoryUser], people: list[EntraUser], aliases: dict[str, str], by: list[ByHand]
) -> None:
    counting = [mapping for mapping in by if mapping.counts]
    assert match(users, people, aliases, by) == match(users, people, aliases, counting)


@given(zoom_users, entra_users, alias_tables)
def test_whoever_is_matched_was_wanted(
    users: list[DirectoryUser], people: list[EntraUser], aliases: dict[str, str]
) -> None:
    asked = wanted(users, aliases)
    kept = [user for user in people if not asked.isdisjoint(user.addresses)]
    assert match(users, kept, aliases) == match(users, people, aliases)


# -- what Entra says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plans", "teams"),
    [
        ([("TeamspaceAPI/NA001", "Enabled")], True),
        ([("exchange", "Enabled"), ("TeamspaceAPI", "Warning")], True),
        ([("TeamspaceAPI", "Deleted"), ("TeamspaceAPI", "Suspended")], False),
        ([("exchange", "Enabled")], False),
        ([], False),
    ],
    ids=str,
)
def test_a_plan_of_teams_is_told_by_its_service_and_status(
    plans: list[tuple[str, str]], teams: bool
) -> None:
    assert has_teams(plans) is teams


def test_rooms_are_told_by_their_licence() -> None:
    assert is_resource([next(iter(RESOURCE_LICENCES)).upper()])
    assert not is_resource(["05e9a617-0261-4cee-bb44-138d3ef5d965"])


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Old.Example", "old.example"),
        ("@old.example", "old.example"),
        ("old.example.", "old.example"),
        ("münchen.example", "münchen.example"),
        ("xn--mnchen-3ya.example", "münchen.example"),
        ("example", None),
        ("ada@old.example", None),
        ("", None),
        ("@", None),
        ("a..example", None),
        ("-a.example", None),
        ("=cmd|'/c calc'!a.example", None),
        ("a b.example", None),
        ("x" * 300 + ".example", None),
    ],
    ids=str,
)
def test_what_a_domain_is(text: str, folded: str | None) -> None:
    assert fold_domain(text) == folded
