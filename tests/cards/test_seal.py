"""Buttons: what we signed comes back, and nothing else does."""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import fields
from typing import Annotated, Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

import cards
from cards.build import button, card, refreshing
from cards.click import CLICKS, BadClick, BadInput, Click, click, missing, packed, unpacked
from cards.person import clicks as person
from cards.seal import RESERVED, Seal
from cards.settings import clicks as settings
from cards.settings.parts import search_field
from domain.form import LevelForm
from domain.policy import Authoriser, Form, Level
from domain.policy_edits import Enable, OneLine, Stop
from domain.presence import LEVEL_STYLES, Style
from domain.roles import By
from tests.doubles.policies import conditions, forms, group_ids

pytestmark = pytest.mark.unit

SEAL = Seal(b"0123456789abcdef-a test secret")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
card_ids = st.text("abcXYZ019-_", min_size=1, max_size=64)
levels = st.just(Level()) | st.builds(Level, group_ids)
edits: st.SearchStrategy[Any] = st.one_of(
    *(
        st.builds(
            kind,
            **{
                field.name: {
                    "level": st.just(Level()) if kind is Stop else levels,
                    "priority": st.integers(1, 9999),
                    "style": st.sampled_from(LEVEL_STYLES),
                    "authoriser": st.sampled_from(Authoriser),
                    "share": st.integers(1, 100),
                    "only": conditions,
                }[field.name]
                for field in fields(kind)
                if field.name != "act"
            },
        )
        for kind in get_args(OneLine)
    )
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "version": st.integers(0, 2**40),
    "at_ms": st.integers(0, 2**41),
    "edit": edits,
    "level": levels,
    "shown": st.builds(LevelForm, forms, st.booleans(), st.integers(0, 99)),
    "submitted": st.builds(LevelForm, forms, st.booleans(), st.integers(0, 99)),
    "inputs": st.just({}),
    "page": st.integers(0, 1000),
    "people": st.integers(0, 1000),
    "object_ids": st.lists(st.uuids().map(str), min_size=1, max_size=9).map(tuple),
    "automatic": st.booleans(),
    "on": st.booleans(),
    "person": st.uuids().map(str),
    "old": st.text(min_size=3, max_size=60),
    "new": st.text(min_size=3, max_size=60),
    "minutes": st.integers(0, 1000),
    "began_ms": st.integers(0, 2**50),
    "until_ms": st.none() | st.integers(0, 2**50),
    "style": st.none() | st.sampled_from(Style),
    "search": st.text(max_size=100),
    "cursor": st.text(max_size=64),
    "sentence": st.text(max_size=200),
    "code": st.text(max_size=40),
    "doing": st.sampled_from(["clearing", "updating"]),
}
_IDS = st.text(min_size=1, max_size=60)


def value_of(kind: type[Click], name: str) -> st.SearchStrategy[Any]:
    """Values that a field may have."""
    if name in _VALUES:
        return _VALUES[name]
    hint: Any = get_type_hints(kind, include_extras=True)[name]
    said = getattr(hint, "__metadata__", ())
    limits = [limit for field in said if isinstance(field, FieldInfo) for limit in field.metadata]
    if not limits:
        return _IDS
    limited: Any = Annotated[(hint.__origin__, *limits)]
    return st.from_type(limited)


for module in pkgutil.walk_packages(cards.__path__, "cards."):
    importlib.import_module(module.name)  # every button is known then
clicks: st.SearchStrategy[Any] = st.sampled_from(sorted(CLICKS.values(), key=str)).flatmap(
    lambda kind: st.builds(
        kind,
        **{f.name: value_of(kind, f.name) for f in fields(kind)},  # type: ignore[arg-type]
    )
)


def on_the_wire(asked: Click, card_id: str = "c") -> dict[str, Any]:
    """What a client sends back when nothing was entered."""
    sealed = SEAL.sealed({"type": "AdaptiveCard", "body": [button(asked, "Press")]}, card_id)
    data: dict[str, Any] = json.loads(json.dumps(sealed["body"][0]["data"]))
    return data


@given(clicks, card_ids)
def test_every_click_comes_back_as_it_was(asked: Click, card_id: str) -> None:
    data = on_the_wire(asked, card_id)
    for beside in (asked.verb, ""):
        assert SEAL.opened(beside, data) == (asked, card_id)


@given(clicks, card_ids, st.sampled_from(sorted(RESERVED)), anything)
def test_no_single_field_can_be_replaced(
    asked: Click, card_id: str, field: str, other: object
) -> None:
    data = on_the_wire(asked, card_id)
    same = json.dumps(other, sort_keys=True) == json.dumps(data[field], sort_keys=True)
    data[field] = other
    if not same:
        with pytest.raises(BadClick):
            SEAL.opened("", data)


@given(clicks, st.sampled_from(sorted(RESERVED)))
def test_no_single_field_can_be_left_out(asked: Click, field: str) -> None:
    data = on_the_wire(asked)
    del data[field]
    with pytest.raises(BadClick):
        SEAL.opened("", data)


@given(clicks, st.text(max_size=10), anything)
def test_nothing_that_is_carried_can_be_added_changed_or_removed(
    asked: Click, name: str, value: object
) -> None:
    data = on_the_wire(asked)
    before = json.dumps(data["args"], sort_keys=True)
    data["args"][name] = value
    if json.dumps(data["args"], sort_keys=True) != before:
        with pytest.raises(BadClick):
            SEAL.opened("", data)


@given(st.integers(0, 31), st.sampled_from("0123456789abcdefABCDEF é"))
def test_every_character_of_the_signature_counts(position: int, character: str) -> None:
    data = on_the_wire(person.RunTest())
    signature = data["sig"]
    data["sig"] = signature[:position] + character + signature[position + 1 :]
    if data["sig"] != signature:
        with pytest.raises(BadClick, match="wrong signature"):
            SEAL.opened("", data)


@pytest.mark.parametrize("after", [True, "1", 1.0])
def test_values_that_python_calls_equal_are_different(after: object) -> None:
    data = on_the_wire(settings.ListGroups("", 1))
    data["args"]["page"] = after
    with pytest.raises(BadClick):
        SEAL.opened("", data)


def test_version_true_is_not_version_1() -> None:
    data = on_the_wire(person.RunTest()) | {"v": True}
    with pytest.raises(BadClick, match="version"):
        SEAL.opened("", data)


def test_the_verb_beside_the_data_must_be_the_signed_one() -> None:
    data = on_the_wire(person.ConfirmDisconnect())
    with pytest.raises(BadClick, match="contradicts"):
        SEAL.opened("disconnect.now", data)


@pytest.mark.parametrize("verb", ["", "nonsense", "CONNECT.START", None, 7, ["connect.start"]])
def test_only_our_verbs_exist(verb: object) -> None:
    with pytest.raises(BadClick):
        SEAL.opened("", on_the_wire(person.StartConnect()) | {"verb": verb})


def test_another_installation_s_buttons_are_refused() -> None:
    other = Seal(b"another secret, 16+ bytes")
    with pytest.raises(BadClick, match="wrong signature"):
        other.opened("", on_the_wire(person.StartConnect()))


def test_what_is_entered_never_replaces_what_the_button_carries() -> None:
    data = on_the_wire(settings.OpenGroup("g1")) | {"group-c": "g2", "group": "g3"}
    assert SEAL.opened("", data)[0] == settings.OpenGroup("g1")


def test_what_is_entered_counts_where_the_button_carries_nothing() -> None:
    data = on_the_wire(settings.OpenGroup())
    assert SEAL.opened("", data | {"group-c": "g2"})[0] == settings.OpenGroup("g2")
    for entered in ({}, {"group-c": " "}, {"group-d": "g2"}):
        asked, _ = SEAL.opened("", data | entered)
        assert "Choose one in the list" in (missing(asked) or "")
    with pytest.raises(BadClick):
        SEAL.opened("", data | {"group-c": "x" * 129})


def test_inputs_of_a_form_are_text_and_only_those_of_its_card() -> None:
    asked = settings.SubmitForm(Level(), 3, LevelForm(Form(integration=True)))
    data = on_the_wire(asked) | {
        "locked-c": True,
        "priority-c": 3,
        "service-c": "google",
        "service-other": "exchange",
        "msteams": {"type": "invoke"},
        "none-c": None,
    }
    opened, _ = SEAL.opened("", data)
    assert isinstance(opened, settings.SubmitForm)
    assert opened.inputs == {"locked": "true", "priority": "3", "service": "google"}


@pytest.mark.parametrize(
    "inputs",
    [{"note": "x" * 1001}, {"n" * 65: "x"}, {f"n{i}-c": "x" for i in range(33)}],
    ids=["long value", "long name", "too many"],
)
def test_oversize_inputs_are_refused(inputs: dict[str, str]) -> None:
    with pytest.raises(BadClick, match="input"):
        SEAL.opened("", on_the_wire(person.StartConnect()) | inputs)


def test_who_enters_too_much_is_told_so() -> None:
    with pytest.raises(BadInput, match="too long to be read"):
        SEAL.opened("", on_the_wire(person.StartConnect()) | {"note-c": "x" * 1001})
    forged = on_the_wire(person.StartConnect()) | {"note-c": "x" * 1001, "sig": "0" * 32}
    with pytest.raises(BadClick, match="signature"):
        SEAL.opened("", forged)


def test_a_button_leaves_out_what_processes_of_the_last_release_refuse() -> None:
    edit = Enable(Level("zgSales"))
    asked = settings.ConfirmChange(edit, "INC0012345")
    assert "reason" not in on_the_wire(settings.ConfirmChange(edit))["args"]
    assert SEAL.opened("", on_the_wire(asked))[0] == asked


@pytest.mark.parametrize("card_id", ["", "a b", "c" * 65])
def test_a_card_without_a_good_id_never_goes_out(card_id: str) -> None:
    with pytest.raises(ValueError, match="card id"):
        SEAL.sealed(card("x"), card_id)


def test_a_button_that_carries_too_much_never_goes_out() -> None:
    asked = settings.ShowRollout("r", Level(), "x" * 5000)
    with pytest.raises(ValueError, match="too much"):
        on_the_wire(asked)


def test_the_way_out_signs_every_button_and_the_refresh_and_leaves_the_card_alone() -> None:
    made = refreshing(
        card("x", search_field("search", "Find", value=""), button(person.ShowHelp(), "Help")),
        person.ShowStatus(),
        ["29:a"],
    )
    before = repr(made)
    sealed = SEAL.sealed(made, "card-9")
    assert repr(made) == before
    field, pressed = sealed["body"]
    assert field["id"] == "search-card-9"
    assert pressed["data"] == pressed["fallback"]["data"]
    assert "click" not in json.dumps(sealed)
    assert SEAL.opened("help.show", pressed["data"]) == (person.ShowHelp(), "card-9")
    again = sealed["refresh"]["action"]
    assert SEAL.opened(again["verb"], again["data"]) == (person.ShowStatus(), "card-9")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Seal(b"short")


@given(st.dictionaries(st.text(max_size=10), anything, max_size=6))
def test_garbage_is_refused_and_nothing_else_happens(data: dict[str, object]) -> None:
    with pytest.raises(BadClick):
        SEAL.opened("connect.start", data)


# -- clicks by themselves -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLICKS.values(), ids=list(CLICKS))
def test_every_click_says_what_it_does_and_is_for_admins_if_it_is_about_settings(
    kind: type[Click],
) -> None:
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")  # which dataclasses make by themselves
    assert (kind.by is not By.ANYBODY) == kind.verb.startswith("settings.")


def test_two_clicks_cannot_have_one_verb() -> None:
    with pytest.raises(ValueError, match=r"help\.show"):

        @click("help.show")
        class Twin(Click):
            """The same again."""


@pytest.mark.parametrize(
    "edit",
    [
        {},
        {"act": "enable"},
        {"act": "explode", "level": {}},
        {"act": "style", "level": {}, "style": "fancy"},
        {"act": "style", "level": {}},
        {"act": "priority", "level": {}, "priority": "many"},
        {"act": "priority", "level": {}},
        {"act": True, "level": {}},
        {"act": "enable", "level": 7},
    ],
)
def test_an_edit_that_no_button_of_ours_carries_is_refused(edit: object) -> None:
    with pytest.raises(BadClick):
        unpacked("settings.apply", {"version": 1, "edit": edit}, {})


@pytest.mark.parametrize(
    "carried",
    [
        {},
        {"version": -1},
        {"version": 1, "level": {}, "submitted": {}},
        {"version": 1, "level": {}, "submitted": {"form": {"integration": "perhaps"}}},
    ],
)
def test_a_form_of_another_version_is_refused(carried: dict[str, Any]) -> None:
    with pytest.raises(BadClick):
        unpacked("settings.switch", carried, {})


@pytest.mark.parametrize(
    ("verb", "carried"),
    [
        ("settings.groups", {"page": -1}),
        ("settings.groups", {"page": 100_000}),
        ("settings.groups", {"search": 1}),
        ("settings.history", {"cursor": "x" * 65}),
        ("settings.storm", {"code": "x"}),
        ("settings.storm", {"code": "x" * 41, "began_ms": 1}),
        ("settings.storm", {"code": "x", "began_ms": None}),
        ("pause.start", {"minutes": -1}),
        ("pause.start", {"minutes": 43_201}),
        ("pause.start", {"minutes": "long"}),
        ("style.choose", {"style": "fancy"}),
        ("help.show", {"more": 1}),
    ],
)
def test_a_button_of_another_version_is_refused(verb: str, carried: dict[str, Any]) -> None:
    with pytest.raises(BadClick):
        unpacked(verb, carried, {})


def test_a_level_travels_without_its_name() -> None:
    asked = settings.ConfirmInvite(Level("g", "A very long name"))
    assert packed(asked) == {"level": {"group_id": "g", "name": ""}}
