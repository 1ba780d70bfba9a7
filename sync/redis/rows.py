"""Rows of Redis: frozen dataclasses as JSON, read back strictly."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.link import BadRow

Row = TypeVar("Row")


class Rows(Generic[Row]):
    """How rows of a kind are written and read: each value has its field's own type, or is damage.

    Fields that this version does not know are passed over: a later one may have written them. A
    field that is not there has its default; `whole`: then the row is damaged.
    """

    def __init__(self, kind: type[Row], *, whole: bool = False) -> None:
        self._kind = kind
        self._whole = whole
        _KINDS.append(self)

    @cached_property
    def adapter(self) -> TypeAdapter[Row]:
        """What does both; made when it is first wanted, which takes milliseconds."""
        return TypeAdapter(self._kind)

    def dump(self, row: Row) -> str:
        """Write a row."""
        return self.adapter.dump_json(row).decode()

    def load(self, text: str) -> Row:
        """Read a row back. Raises BadRow."""
        try:
            row = self.adapter.validate_json(text, strict=True)
        except ValidationError as error:
            raise BadRow(self._kind.__name__) from error
        if self._whole and not _has(json.loads(text), json.loads(self.dump(row))):
            raise BadRow(self._kind.__name__)
        return row

    def load_if_good(self, text: str | None) -> Row | None:
        """Read a row back; None: there is none, or it is damaged."""
        try:
            return None if text is None else self.load(text)
        except BadRow:
            return None


_KINDS: list[Rows[Any]] = []


def warm_up() -> None:
    """Make every adapter now, so that nobody waits for one."""
    for rows in _KINDS:
        rows.adapter  # noqa: B018 - it is kept


def _has(row: Any, written: Any) -> bool:
    """Whether all that would be written is there."""
    if not isinstance(written, dict):
        return True
    return all(name in row and _has(row[name], written[name]) for name in written)
