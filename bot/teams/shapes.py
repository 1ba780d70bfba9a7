"""Parts of decoded JSON that a client sent: any shape is read, nothing raises. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def object_at(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object at a key; an empty one where there is none."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def objects_at(parent: Mapping[str, Any], key: str, most: int) -> list[Mapping[str, Any]]:
    """The objects among the first `most` items of the list at a key."""
    value = parent.get(key)
    items = islice(value, most) if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]


def text_at(parent: Mapping[str, Any], key: str) -> str:
    """The text at a key; empty where there is none."""
    value = parent.get(key)
    return value if isinstance(value, str) else ""
