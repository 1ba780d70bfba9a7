"""Rows are read back as they were written, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pytest

from domain.link import BadRow
from sync.redis.rows import Rows

pytestmark = pytest.mark.unit


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    on: bool
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: Inner
    size: int = 0


LAX, WHOLE = Rows(Outer), Rows(Outer, whole=True)
ROW = Outer("Zoé", Inner(on=True), 3)


@pytest.mark.parametrize("rows", [LAX, WHOLE])
def test_what_is_written_is_read_back(rows: Rows[Outer]) -> None:
    assert rows.load(rows.dump(ROW)) == ROW
    assert "Zoé" in rows.dump(ROW)
    assert rows.load_if_good(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        '{"name": "x"}',
        '{"name": 5, "inner": {"on": true, "colour": "red"}, "size": 3}',
        '{"name": "x", "inner": {"on": "true", "colour": "red"}, "size": 3}',
        '{"name": "x", "inner": {"on": 1, "colour": "red"}, "size": 3}',
        '{"name": "x", "inner": {"on": true, "colour": "blue"}, "size": 3}',
        '{"name": "x", "inner": {"on": true, "colour": "red"}, "size": "3"}',
        '{"name": "\\ud800", "inner": {"on": true, "colour": "red"}, "size": 3}',
    ],
)
def test_damage_is_refused(text: str) -> None:
    for rows in (LAX, WHOLE):
        assert rows.load_if_good(text) is None
        with pytest.raises(BadRow, match="Outer"):
            rows.load(text)


def test_a_later_field_is_passed_over_and_a_missing_one_is_its_default_or_damage() -> None:
    text = '{"name": "x", "inner": {"on": true, "colour": "red", "new": []}, "size": 3, "new": 1}'
    assert LAX.load(text) == WHOLE.load(text) == Outer("x", Inner(on=True), 3)
    for text in ('{"name": "x", "inner": {"on": true}, "size": 3}', '{"name": "x", "inner": {}}'):
        assert WHOLE.load_if_good(text) is None
    assert LAX.load('{"name": "x", "inner": {"on": true}}') == Outer("x", Inner(on=True))
