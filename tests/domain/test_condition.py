"""A condition is a fence: whoever is not known to be inside is outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.condition import LONGEST_VALUE, Condition, fits, property_called
from domain.matching import PROPERTIES

pytestmark = pytest.mark.unit

SWEDEN = Condition("country", "Sweden")


@pytest.mark.parametrize("said", ["Sweden", "SWEDEN", " sweden ", "Ｓｗｅｄｅｎ"])
def test_letters_width_and_spaces_make_no_difference(said: str) -> None:
    assert SWEDEN.holds({"country": said})
    assert Condition("department", "Human  Resources").holds({"department": "human resources"})


@pytest.mark.parametrize("known", [{}, {"country": ""}, {"country": "Norway"}, {"city": "Sweden"}])
def test_what_is_not_known_is_outside(known: dict[str, str]) -> None:
    assert not SWEDEN.holds(known)
    assert fits(None, known)
    assert not fits(SWEDEN, known)


@given(st.sampled_from(PROPERTIES), st.text(max_size=20))
def test_nothing_that_is_empty_is_ever_asked_for(name: str, value: str) -> None:
    if value.strip():
        assert not Condition(name, value).holds({})
        assert Condition(name, value).holds({name: value})
    else:
        with pytest.raises(ValueError, match="value"):
            Condition(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("city", "Lund"), ("", "x"), ("country", ""), ("country", " "), ("country", "x" * 101)],
)
def test_what_is_no_condition_can_t_be_held(name: str, value: str) -> None:
    assert len("x" * 101) > LONGEST_VALUE
    with pytest.raises(ValueError, match="propert"):
        Condition(name, value)


def test_properties_are_called_as_people_call_them() -> None:
    assert property_called("Company") == "companyName"
    assert property_called("EXTENSIONATTRIBUTE15") == "extensionAttribute15"
    assert property_called("extensionAttribute16") is None
    assert property_called("club") is None
