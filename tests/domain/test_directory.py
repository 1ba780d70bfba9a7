"""What one reading of Zoom says against the one before, and when it is not believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.directory import (
    BELIEVED_AFTER_MS,
    Directory,
    DirectoryGroup,
    DirectoryHealth,
    DirectoryUser,
    MembershipChange,
    changes,
    objection,
)
from domain.link import BadRow
from sync.directory.store import CHANGES, GROUPS, USERS
from wording.directory import explain

pytestmark = pytest.mark.unit

NONE: frozenset[str] = frozenset()


def user(number: int, *groups: str, address: str = "") -> DirectoryUser:
    address = address or f"u{number}@example.com"
    return DirectoryUser(f"z{number}", address, f"User {number}", group_ids=frozenset(groups))


def reading(*users: DirectoryUser, groups: int = 3) -> Directory:
    names = [f"g{number}" for number in range(groups)]
    return Directory(
        {user.zoom_id: user for user in users},
        {name: DirectoryGroup(name, name.upper()) for name in names},
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.frozensets(texts)
people = st.lists(
    st.builds(
        DirectoryUser,
        zoom_id=st.sampled_from([f"z{number}" for number in range(12)]),
        address=st.sampled_from([f"u{number}@example.com" for number in range(12)]),
        name=texts,
        group_ids=st.frozensets(st.sampled_from(["g0", "g1", "g2"])),
    ),
    unique_by=lambda user: user.zoom_id,
)
readings = people.map(lambda users: reading(*users))


def test_who_moved_who_came_and_who_vanished_are_told() -> None:
    old = reading(user(1, "g0"), user(2, "g0"), user(3, "g1"), user(4))
    new = reading(user(1, "g0"), user(2, "g1"), user(4), user(5, "g2"), user(6))
    assert changes(old, new) == [
        MembershipChange("z2", ("u2@example.com",), frozenset({"g0"}), frozenset({"g1"})),
        MembershipChange("z5", ("u5@example.com",), NONE, frozenset({"g2"})),
        MembershipChange("z3", ("u3@example.com",), frozenset({"g1"}), NONE, vanished=True),
    ]


def test_a_new_address_is_told_with_the_old_one() -> None:
    old, new = reading(user(1, "g0")), reading(user(1, "g0", address="new@example.com"))
    assert [change.addresses for change in changes(old, new)] == [
        ("u1@example.com", "new@example.com")
    ]


def test_a_group_that_is_gone_changes_its_members() -> None:
    old, new = reading(user(1, "g2")), reading(user(1), groups=2)
    assert [(c.before, c.after) for c in changes(old, new)] == [(frozenset({"g2"}), NONE)]


@given(readings)
def test_the_same_reading_changes_nobody_and_is_believed(one: Directory) -> None:
    assert changes(one, one) == []
    assert (objection(one, one) is None) == bool(one.users)


@given(readings, readings)
def test_everybody_whose_groups_differ_is_told_once(old: Directory, new: Directory) -> None:
    told = changes(old, new)
    assert len({change.zoom_id for change in told}) == len(told)
    differing = {
        zoom_id
        for zoom_id in old.users.keys() | new.users.keys()
        if getattr(old.users.get(zoom_id), "group_ids", NONE)
        != getattr(new.users.get(zoom_id), "group_ids", NONE)
    }
    assert differing <= {change.zoom_id for change in told}
    for change in told:
        assert change.vanished == (change.zoom_id not in new.users)


@given(readings)
def test_the_first_reading_changes_those_who_are_in_groups(first: Directory) -> None:
    in_groups = {user.zoom_id for user in first.users.values() if user.group_ids}
    assert {change.zoom_id for change in changes(None, first)} == in_groups


def crowd(count: int, *groups: str) -> list[DirectoryUser]:
    return [user(number, *groups) for number in range(count)]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (reading(*crowd(5)), reading(), "empty"),
        (reading(*crowd(100)), reading(*crowd(66)), "users_lost"),
        (reading(*crowd(100)), reading(*crowd(67)), None),
        (reading(*crowd(9)), reading(*crowd(3)), "users_lost"),
        (reading(*crowd(6)), reading(*crowd(1)), None),  # five of six: a small account
        (reading(*crowd(9), groups=30), reading(*crowd(9), groups=10), "groups_lost"),
        (reading(*crowd(9), groups=30), reading(*crowd(9), groups=25), None),
        (reading(*crowd(30, "g0", "g1")), reading(*crowd(30, "g0")), "memberships_lost"),
        (reading(*crowd(30, "g0")), reading(*crowd(30)), "memberships_lost"),
        # The group itself was deleted: that its members lost it is no surprise.
        (reading(*crowd(30, "g2"), groups=3), reading(*crowd(30), groups=2), None),
        (reading(), reading(*crowd(3)), None),
    ],
)
def test_a_sudden_loss_is_not_believed(old: Directory, new: Directory, why: str | None) -> None:
    assert objection(old, new) == why


def test_without_an_earlier_reading_only_an_empty_one_is_refused() -> None:
    assert objection(None, reading()) == "empty"
    assert objection(None, reading(user(1))) is None


def test_what_zoom_says_for_a_day_is_believed_unless_it_is_nothing() -> None:
    old, new = reading(*crowd(100)), reading(*crowd(10))
    assert objection(old, new, doubted_ms=BELIEVED_AFTER_MS - 1) == "users_lost"
    assert objection(old, new, doubted_ms=BELIEVED_AFTER_MS) is None
    assert objection(old, reading(), doubted_ms=BELIEVED_AFTER_MS) == "empty"


@given(
    st.builds(
        DirectoryUser,
        zoom_id=texts,
        address=texts,
        name=texts,
        status=texts,
        group_ids=ids,
    )
)
def test_users_survive_storing(one: DirectoryUser) -> None:
    assert USERS.load(USERS.dump(one)) == one


@given(texts, st.integers(0, 10**6))
def test_groups_survive_storing(name: str, members: int) -> None:
    one = DirectoryGroup("g", name, members)
    assert GROUPS.load(GROUPS.dump(one)) == one


@given(st.lists(texts), ids, ids, st.booleans())
def test_changes_survive_storing(
    addresses: list[str], before: frozenset[str], after: frozenset[str], vanished: bool
) -> None:
    one = MembershipChange("z", tuple(addresses), before, after, vanished=vanished)
    assert CHANGES.load(CHANGES.dump(one)) == one


@pytest.mark.parametrize("text", ["", "x", "5", "[]", '["a"]', "[1,2,3,4,[5]]", "[" * 100_000])
def test_damaged_rows_are_refused(text: str) -> None:
    for rows in (USERS, GROUPS, CHANGES):
        with pytest.raises(BadRow):
            rows.load(text)


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (DirectoryHealth(configured=False, now_ms=0), "ZOOM_CLIENT_SECRET"),
        (DirectoryHealth(True, 0), "for the first time"),
        (DirectoryHealth(True, 0, reason="zoom_rights"), "yet: Zoom doesn’t let"),
        (
            DirectoryHealth(True, 0, reason="zoom_token_refused"),
            "Server-to-Server app is active",
        ),
        (DirectoryHealth(True, 0, reason="zoom_intercepted"), "most likely a firewall or a proxy"),
        (DirectoryHealth(True, 5, read_ms=1), "were last read just now."),
        (DirectoryHealth(True, HOUR, read_ms=0), "were last read 1 hour ago."),
        (DirectoryHealth(True, 49 * HOUR, read_ms=0, reason="empty"), "2 days ago. The last try"),
        (DirectoryHealth(True, HOUR, read_ms=0, reason="anything"), "I’ll try again."),
    ],
)
def test_an_admin_reads_how_the_list_is_doing(health: DirectoryHealth, words: str) -> None:
    assert words in explain(health)
