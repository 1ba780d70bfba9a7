"""Finding people by what was typed of their names."""

from __future__ import annotations

import pytest

from domain.directory import INACTIVE, DirectoryUser
from domain.people_names import likeness, nearest

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "name", "near"),
    [
        ("ben okafor", "Ben Okafor", 0),
        ("Okafor, Ben", "Ben Okafor", 1),
        ("ben", "Ben Okafor", 1),
        ("be oka", "Ben Okafor", 2),
        ("grosse", "Dorothea Größe", 1),
        ("dorothea grö", "Dorothea Größe", 2),
        ("CHIARA O’BRIEN", "Chiara O'Brien", 0),
        ("en", "Ben Okafor", None),
        ("", "Ben Okafor", None),
        (" . ", "Ben Okafor", None),
    ],
)
def test_how_near_a_name_is(typed: str, name: str, near: int | None) -> None:
    assert likeness(name, typed) == near


def test_who_bears_the_name_comes_alone_and_deactivated_people_last() -> None:
    def user(name: str, number: int, status: str = "active") -> DirectoryUser:
        return DirectoryUser(f"z{number}", f"{number}@example.com", name, status)

    people = [user("Ben", 1), user("Ben Okafor", 2), user("Benno", 3), user("ben", 4, INACTIVE)]
    assert [u.zoom_id for u in nearest(people, "BEN")] == ["z1", "z4"]
    assert [u.zoom_id for u in nearest(people, "benn")] == ["z3"]
    assert [u.zoom_id for u in nearest(people, "be")] == ["z1", "z2", "z3", "z4"]
    assert nearest(people, "Chiara") == []
