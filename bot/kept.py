"""Frozen dataclasses that Redis keeps as JSON."""

from typing import Any, ClassVar, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError


class Kept:
    """A frozen dataclass that is written as text and read back, checked by its types.

    What a newer version of the program has added is passed over; what it may leave out has a
    default. Its module does without `from __future__ import annotations`: pydantic reads the types
    at run time.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True)

    def dump(self) -> str:
        """Write it for `load`."""
        return _adapter(type(self)).dump_json(self).decode()

    @classmethod
    def load(cls, text: str | None) -> Self | None:
        """Read it back; None for anything else."""
        try:
            row: Self = _adapter(cls).validate_json(text or "")
        except ValidationError:
            return None
        return row


_ADAPTERS: dict[type[Kept], TypeAdapter[Any]] = {}


def _adapter(kind: type[Kept]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
