"""Buttons: what we signed comes back, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.payload import RESERVED, BadPayload, Payloads, Verb

PAYLOADS = Payloads(b"0123456789abcdef-a test secret")

card_ids = st.text("abcXYZ019-_", min_size=1, max_size=64)
arg_names = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True).filter(
    lambda name: name not in {"verb", "card_id", "self"}
)
integers = st.integers(-(2**53) + 1, 2**53 - 1)
values = st.text(max_size=50) | integers | st.booleans()
arguments = st.dictionaries(arg_names, values, max_size=6)
verbs = st.sampled_from(Verb)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def over_the_wire(data: object) -> dict[str, Any]:
    received: dict[str, Any] = json.loads(json.dumps(data))
    return received


@given(verbs, card_ids, arguments)
def test_what_was_packed_comes_back_with_its_types(
    verb: Verb, card_id: str, args: dict[str, Any]
) -> None:
    data = over_the_wire(PAYLOADS.pack(verb, card_id, **args))
    for verb_beside_the_data in (verb.value, ""):
        click = PAYLOADS.unpack(verb_beside_the_data, data)
        assert (click.verb, click.card_id, click.args, click.inputs) == (verb, card_id, args, {})
        assert {name: type(value) for name, value in click.args.items()} == {
            name: type(value) for name, value in args.items()
        }


@given(verbs, card_ids, arguments, st.sampled_from(sorted(RESERVED)), anything)
def test_no_single_field_can_be_replaced(
    verb: Verb, card_id: str, args: dict[str, Any], field: str, other: object
) -> None:
    data = over_the_wire(PAYLOADS.pack(verb, card_id, **args))
    same = json.dumps(other, sort_keys=True) == json.dumps(data[field], sort_keys=True)
    data[field] = other
    if not same:
        with pytest.raises(BadPayload):
            PAYLOADS.unpack("", data)


@given(verbs, card_ids, arguments, st.sampled_from(sorted(RESERVED)))
def test_no_single_field_can_be_left_out(
    verb: Verb, card_id: str, args: dict[str, Any], field: str
) -> None:
    data = over_the_wire(PAYLOADS.pack(verb, card_id, **args))
    del data[field]
    with pytest.raises(BadPayload):
        PAYLOADS.unpack("", data)


@given(arguments, arg_names, values)
def test_no_argument_can_be_added_changed_or_removed(
    args: dict[str, Any], name: str, value: str | int | bool
) -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.TEST_RUN, "c", **args))
    if name in args:
        del data["args"][name]
    else:
        data["args"][name] = value
    with pytest.raises(BadPayload):
        PAYLOADS.unpack("", data)


@given(st.integers(0, 31), st.sampled_from("0123456789abcdefABCDEF é"))
def test_every_character_of_the_signature_counts(position: int, character: str) -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.TEST_RUN, "c"))
    signature = data["sig"]
    data["sig"] = signature[:position] + character + signature[position + 1 :]
    if data["sig"] != signature:
        with pytest.raises(BadPayload, match="wrong signature"):
            PAYLOADS.unpack("", data)


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, "1"), (1, 1.0)])
def test_values_that_python_calls_equal_are_different(before: int, after: object) -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.TEST_RUN, "c", version=before))
    data["args"]["version"] = after
    with pytest.raises(BadPayload):
        PAYLOADS.unpack("", data)


def test_version_true_is_not_version_1() -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.TEST_RUN, "c"))
    data["v"] = True
    with pytest.raises(BadPayload, match="version"):
        PAYLOADS.unpack("", data)


def test_the_verb_beside_the_data_must_be_the_signed_one() -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.DISCONNECT_ASK, "c"))
    with pytest.raises(BadPayload, match="contradicts"):
        PAYLOADS.unpack("disconnect.confirm", data)


@pytest.mark.parametrize("verb", ["", "nonsense", "CONNECT.START", None, 7, ["connect.start"]])
def test_only_our_verbs_exist(verb: object) -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.CONNECT_START, "c"))
    data["verb"] = verb
    with pytest.raises(BadPayload, match="unknown verb"):
        PAYLOADS.unpack("", data)


def test_another_installation_s_buttons_are_refused() -> None:
    data = over_the_wire(Payloads(b"another secret, 16+ bytes").pack(Verb.CONNECT_START, "c"))
    with pytest.raises(BadPayload, match="wrong signature"):
        PAYLOADS.unpack("", data)


def test_inputs_are_text_and_never_arguments() -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.CONNECT_START, "c", group="g1"))
    data |= {
        "group": "g2",
        "note": "x" * 1000,
        "yes": True,
        "count": 3,
        "msteams": {"type": "invoke"},
        "none": None,
    }
    click = PAYLOADS.unpack("", data)
    assert click.args == {"group": "g1"}
    assert click.inputs == {"group": "g2", "note": "x" * 1000, "yes": "true", "count": "3"}


@pytest.mark.parametrize(
    "inputs",
    [{"note": "x" * 1001}, {"n" * 65: "x"}, {f"n{i}": "x" for i in range(33)}],
    ids=["long value", "long name", "too many"],
)
def test_oversize_inputs_are_refused(inputs: dict[str, str]) -> None:
    data = over_the_wire(PAYLOADS.pack(Verb.CONNECT_START, "c")) | inputs
    with pytest.raises(BadPayload, match="input"):
        PAYLOADS.unpack("", data)


@pytest.mark.parametrize(
    ("card_id", "args"),
    [
        ("", {}),
        ("a b", {}),
        ("c" * 65, {}),
        ("c", {"text": "x" * 513}),
        ("c", {"number": 2**53}),
        ("c", {"Upper": 1}),
        ("c", {f"n{i}": i for i in range(17)}),
    ],
)
def test_a_button_that_breaks_the_limits_is_never_made(card_id: str, args: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"argument|card id|number"):
        PAYLOADS.pack(Verb.CONNECT_START, card_id, **args)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Payloads(b"short")


@given(st.dictionaries(st.text(max_size=10), anything, max_size=6))
def test_garbage_is_refused_and_nothing_else_happens(data: dict[str, object]) -> None:
    with pytest.raises(BadPayload):
        PAYLOADS.unpack("connect.start", data)
