"""What the reader makes of looks for the agreement (domain.agreement): one small number each. Pure.

What should be shown of people comes with those who are taken for a look, as a text
(sync.readback.scripts.take). Texts and words repeat: what follows from two of them is kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from domain.agreement import Agreement, Fit, fit
from domain.presence import Pair, Style, ZoomPresence, demand_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.presence import Shown

FITS: Final = tuple(Fit)
NOT_COUNTED: Final = 0
"""In the place of a kind, of whom nothing can be said. Others stand for FITS[code - 1]."""
FIRST: Final = 1 << len(FITS).bit_length()
"""Added to a kind that is wrong for the first time: it does not count (Rule 2)."""
CODES: Final = 2 * FIRST
EVERYBODY: Final = 1 << 16
"""In the place of the last four digits of an id, below which people are counted."""
PER_LOOK: Final = 170
"""Of how many people in a look at most it is read what should be shown: some 1.5 ms of Redis."""
SHORTEST_MS: Final = 60_000
"""Looks of a minute count at least; else of two rounds, so that everybody is in them."""
OLD_MS: Final = 120_000
"""Counts that are older are not shown."""

_STYLES: Final = {style.value: style for style in Style}
_PRESENCES: Final = {presence.value: presence for presence in ZoomPresence}


def window_ms(interval_ms: int) -> int:
    """Looks of how long count, where everybody is looked at within `interval_ms`."""
    return max(SHORTEST_MS, 2 * interval_ms)


def counted_of(at_once: int) -> int:
    """Below which four last digits of their ids people are counted, with so many in a look.

    Always the same ones: what is wrong counts only if it was wrong before (Rule 2). All, or a half,
    or a quarter of them, so that it rarely changes who that is.
    """
    counted = EVERYBODY
    while at_once * counted > PER_LOOK * EVERYBODY:
        counted //= 2
    return counted


def code_of(shown: Shown, wanted: str, before: int) -> int:
    """What a look says of somebody; `before`: the code of the look before."""
    code = _code(shown, wanted)
    if code == NOT_COUNTED or FITS[code - 1].as_it_should:
        return code
    was_right = before == NOT_COUNTED or (before < FIRST and FITS[before - 1].as_it_should)
    return code + FIRST if was_right else code


@lru_cache(8192)
def _code(shown: Shown, wanted: str) -> int:
    parts = wanted.split("|")
    if len(parts) != 4:
        return NOT_COUNTED
    style, presence = _STYLES.get(parts[0]), _PRESENCES.get(parts[1])
    if style is None or presence is None:
        return NOT_COUNTED
    found = fit(shown, demand_of(presence, style).session, Pair.parse(parts[2]), parts[3])
    return NOT_COUNTED if found is None else FITS.index(found) + 1


def pack(counts: Sequence[int]) -> str:
    """Counts by code, as they are stored: `kind:people`, of those that count."""
    return ",".join(
        f"{each.value}:{counts[place]}" for place, each in enumerate(FITS, start=1) if counts[place]
    )


def parse(text: str) -> dict[Fit, int]:
    """Read them back. What `pack` did not write is left out."""
    found: dict[Fit, int] = {}
    known: Mapping[str, Fit] = {each.value: each for each in Fit}
    for part in text.split(","):
        name, _, count = part.partition(":")
        if name in known and count.isascii() and count.isdecimal() and len(count) < 10:
            found[known[name]] = int(count)
    return found


def agreement(within_ms: int, people: int, looked: int, fits: str) -> Agreement:
    """What is stored of it, as a whole."""
    return Agreement(within_ms, people, looked, parse(fits))
