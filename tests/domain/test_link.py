"""Links are read back as they were written, and damage is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.link import Link, addresses_of, fold_address
from sync.engine.link_store import LINKS, read_link

pytestmark = pytest.mark.unit

ADA = "00000000-0000-4000-8000-000000000001"
LINK = Link(ADA, "tenant", "Ada Lindqvist", ("ada@example.com",), 1_700_000_000_000)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    st.builds(
        Link,
        st.uuids().map(str),
        text,
        text,
        st.lists(text, max_size=3).map(tuple),
        st.integers(0, 10**14),
        st.none() | text,
        st.none() | text,
    )
)
def test_a_link_is_read_back_as_it_was_written(link: Link) -> None:
    assert read_link(link.object_id, LINKS.dump(link)) == link


@pytest.mark.parametrize(
    "damage",
    [
        {"object_id": None},
        {"object_id": "not a guid"},
        {"object_id": ADA + "\n"},
        {"object_id": ADA.replace("0", "A")},
        {"tenant_id": 5},
        {"name": ["Ada"]},
        {"addresses": "ada@example.com"},
        {"addresses": [1]},
        {"addresses": None},
        {"connected_ms": "yesterday"},
        {"connected_ms": float("inf")},
        {"connected_ms": True},
        {"zoom_id": 7},
        {"zoom_email": {}},
    ],
    ids=str,
)
def test_a_damaged_link_is_refused(damage: dict[str, object]) -> None:
    assert read_link(ADA, json.dumps(json.loads(LINKS.dump(LINK)) | damage)) is None


@pytest.mark.parametrize("name", ["object_id", "addresses", "connected_ms", "zoom_id"])
def test_a_link_with_a_missing_field_is_refused(name: str) -> None:
    row = json.loads(LINKS.dump(LINK))
    del row[name]
    assert read_link(ADA, json.dumps(row)) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | text, st.lists) | text)
def test_anything_else_is_refused(value: object) -> None:
    assert read_link(ADA, json.dumps(value)) is None


@pytest.mark.parametrize("damaged", ["", "{", "[" * 100_000, "\ufeff{}"])
def test_what_is_not_json_is_refused(damaged: str) -> None:
    assert read_link(ADA, damaged) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Chiara@Example.com", "chiara@example.com"),
        (" ada@example.com\t", "ada@example.com"),
        ("GRÖßE@example.com", "größe@example.com"),
        ("ΑΣ@example.com", "ας@example.com".replace("ς", "σ")),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ADA@bücher.Example"),
        ("ada@STRAẞE.example", "ada@straße.example"),
    ],
)
def test_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert fold_address(one) == fold_address(other)
    assert fold_address(fold_address(one)) == fold_address(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("straße@example.com", "strasse@example.com"),
        ("ada@straße.example", "ada@strasse.example"),
        ("ﬁnn@example.com", "finn@example.com"),
        ("ada@ﬁnn.example", "ada@finn.example"),
        ("\u212aim@example.com", "kim@example.com"),
        ("ada@\u212aim.example", "ada@kim.example"),
        ("\u212bsa@example.com", "åsa@example.com"),
        ("ada．b@example.com", "ada.b@example.com"),
        ("ａda@example.com", "ada@example.com"),
        ("İpek@example.com", "ipek@example.com"),
        ("ıpek@example.com", "ipek@example.com"),
        ("ſam@example.com", "sam@example.com"),
        ("ada@example.com", "ada@example.com."),
    ],
)
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    assert fold_address(one) != fold_address(other)


@given(st.text())
def test_any_text_can_be_compared(address: str) -> None:
    folded = fold_address(address)
    assert fold_address(folded) == folded


def test_addresses_are_distinct_usable_and_in_order() -> None:
    assert addresses_of("Ada@x.com", None, "", "no-at-sign", "ada@X.com", "b@x.com") == (
        "ada@x.com",
        "b@x.com",
    )
    assert addresses_of("a" * 315 + "@x.com", "a@" + "b" * 400) == ()
