"""Rows of Redis: frozen dataclasses as JSON, read back strictly."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.link import BadRow

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = TypeVar("Row")


class Rows(Generic[Row]):
    """How rows of a kind are written and read: each value has its field's own type, or is damage.

    Fields that this version does not know are passed over: a later one may have written them. A
    field that is not there has its default; `whole`: then the row is damaged. Fields that are named
    in `newer` (domain.newer) are left out while they have theirs: an earlier release wants it so.
    """

    def __init__(
        self, kind: type[Row], *, whole: bool = False, newer: Mapping[str, object] | None = None
    ) -> None:
        self._kind = kind
        self._whole = whole
        self._newer = newer or {}
        _KINDS.append(self)

    @cached_property
    def adapter(self) -> TypeAdapter[Row]:
        """What does both; made when it is first wanted, which takes milliseconds."""
        return TypeAdapter(self._kind)

    def dump(self, row: Row) -> str:
        """Write a row."""
        if not self._newer:
            return self.adapter.dump_json(row).decode()
        values = self.adapter.dump_python(row, mode="json")
        return json.dumps(_without(values, self._newer), separators=(",", ":"), ensure_ascii=False)

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


def _without(values: Any, newer: Mapping[str, object]) -> Any:
    """The same without fields that have these values, in rows within rows too."""
    if not isinstance(values, dict):
        return values
    return {
        name: _without(value, newer)
        for name, value in values.items()
        if name not in newer or newer[name] != value
    }


def _has(row: Any, written: Any) -> bool:
    """Whether all that would be written is there."""
    if not isinstance(written, dict):
        return True
    return all(name in row and _has(row[name], written[name]) for name in written)
