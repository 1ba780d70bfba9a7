"""A group is found by what people type, and never guessed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.directory import DirectoryGroup
from domain.group_names import MOST_ALIKE, GroupMatches, find_groups

pytestmark = pytest.mark.unit

NAMES = (
    "Sales",
    "Sales Team North",
    "Pre-Sales",
    "O'Brien's Desk",
    "Customer Care",
    "Vertrieb Süd",
    "Größe",
    "営業部",
    "فريق المبيعات",
    "🚀 Launch",
    "İstanbul",
)


def groups(*names: str) -> list[DirectoryGroup]:
    return [DirectoryGroup(f"id-{number}", name) for number, name in enumerate(names)]


def find(text: str, *names: str) -> GroupMatches:
    return find_groups(groups(*(names or NAMES)), text)


def exact(text: str, *names: str) -> str | None:
    found = find(text, *names).exact
    return None if found is None else found.name


def nearest(text: str, *names: str) -> list[str]:
    return [group.name for group in find(text, *names).nearest]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sales", "Sales"),
        ("SALES", "Sales"),
        ("  sales   team\tnorth ", "Sales Team North"),
        ("o’brien’s desk", "O'Brien's Desk"),
        ("vertrieb sud", "Vertrieb Süd"),
        ("Vertrieb Su\u0308d", "Vertrieb Süd"),
        ("GRÖSSE", "Größe"),
        ("営業部", "営業部"),
        ("فريق المبيعات", "فريق المبيعات"),
        ("🚀 launch", "🚀 Launch"),
        ("istanbul", "İstanbul"),
        ("Ｓａｌｅｓ", "Sales"),
    ],
)
def test_case_accents_quotes_and_spacing_do_not_matter(text: str, name: str) -> None:
    assert exact(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sales", "Sales\u200b"),
        ("sales team", "\ufeffSales\u00ad Team\u200e"),
        ("می‌خواهم", "میخواهم"),
        ("🎉", "🎉\ufe0f"),
        ("❤️", "❤"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
    ],
)
def test_what_nobody_sees_does_not_matter(text: str, name: str) -> None:
    assert exact(text, name, "Another") == name


def test_the_same_to_the_letter_wins_over_the_same_but_for_case_or_accents() -> None:
    assert exact("Cafe", "CAFE", "Cafe", "Café") == "Cafe"
    assert exact("café", "CAFE", "Cafe", "Café") == "Café"


def test_two_of_the_same_name_are_not_guessed_between() -> None:
    assert exact("sales", "Sales", "SALES") is None
    assert nearest("sales", "Sales", "SALES") == ["SALES", "Sales"]
    assert exact("Sales", "Sales", "Sales") is None


def test_part_of_a_name_is_no_name() -> None:
    assert exact("sale") is None
    assert nearest("sale") == ["Sales", "Sales Team North", "Pre-Sales"]


def test_beginnings_come_before_words_before_middles_before_likeness() -> None:
    found = nearest("care", "Healthcare", "Customer Care", "Care Team", "Cart", "Finance")
    assert found == ["Care Team", "Customer Care", "Healthcare", "Cart"]


def test_a_slip_of_the_finger_finds_the_group() -> None:
    assert nearest("Custmer Caer")[0] == "Customer Care"
    assert nearest("xqz") == []


def test_an_empty_text_lists_all_by_name() -> None:
    found = find("", "b", "C", "a")
    assert found.exact is None
    assert [group.name for group in found.nearest] == ["a", "b", "C"]


def test_the_number_of_all_candidates_is_told() -> None:
    found = find_groups(groups(*(f"Team {n}" for n in range(300))), "team", limit=5)
    assert (len(found.nearest), found.total) == (5, 300)


@given(st.lists(st.text(max_size=30), unique=True, max_size=8), st.data())
def test_a_group_is_found_by_its_own_name(names: list[str], data: st.DataObject) -> None:
    if not (usable := [name for name in names if name.strip()]):
        return
    name = data.draw(st.sampled_from(usable))
    assert exact(name, *names) == name


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    find(text)


def test_names_that_are_only_alike_are_not_looked_for_where_one_is_the_same() -> None:
    assert nearest("sales", "Sales", "Seles") == ["Sales"]
    assert nearest("sales", "Sales", "SALES", "Seles") == ["SALES", "Sales"]
    assert nearest("salez", "Sales", "Seles") == ["Sales", "Seles"]


def test_among_thousands_a_slip_of_the_finger_finds_the_group_in_time() -> None:
    def took(number: int) -> float:
        many = groups(*(f"Department {n} of the Très Grand Office" for n in range(number)))
        times = []
        for _ in range(3):
            began = time.process_time()
            found = find_groups(many, "department 77 of the tres grand offcie")
            times.append(time.process_time() - began)
            assert found.nearest[0].name == "Department 77 of the Très Grand Office"
            assert found.total <= MOST_ALIKE
        return min(times)

    # What takes the longest is done for some of them only.
    assert took(4000) < 20 * took(400) + 0.01
