"""A condition on what Entra says of people, which narrows a level. Pure.

What Entra doesn't say, or the app may not see, fulfils no condition: it is a fence, so whoever is
not known to be inside is outside.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.matching import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_VALUE: Final = 100
"""Characters. Entra's properties may have up to 1024, but nobody types those."""


@dataclass(frozen=True, slots=True)
class Condition:
    """That a property (one of PROPERTIES) has a value, in any case, width and spacing.

    Raises ValueError for another property, and for a value that is empty or too long.
    """

    name: str
    value: str

    def __post_init__(self) -> None:
        if self.name not in PROPERTIES:
            raise ValueError("no property that conditions may ask for")
        if not _folded(self.value) or len(self.value) > LONGEST_VALUE:
            raise ValueError("no value that a property may have")

    def holds(self, properties: Mapping[str, str]) -> bool:
        """Whether it holds for somebody of whom Entra says this."""
        return _folded(properties.get(self.name, "")) == _folded(self.value)


def fits(condition: Condition | None, properties: Mapping[str, str]) -> bool:
    """Whether somebody is inside; None: there is no condition, so everybody is."""
    return condition is None or condition.holds(properties)


def property_called(said: str) -> str | None:
    """The property that is meant by a word, in any case (`company` too); None: there is none."""
    meant = {"company": "companyname", "employee": "employeetype"}.get(said.lower(), said.lower())
    return next((name for name in PROPERTIES if name.lower() == meant), None)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
