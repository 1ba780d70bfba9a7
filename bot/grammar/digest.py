"""The words of `settings` about the morning digest. Pure.

settings digest [on|off|now]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bot.grammar.words import ForAdmins, NotUnderstood, bare, shortened, without_courtesies

if TYPE_CHECKING:
    from collections.abc import Callable

Wanted = Literal["", "on", "off", "now"]


@dataclass(frozen=True, slots=True)
class MorningDigest(ForAdmins):
    """`settings digest`: whether it comes, turning it on or off, or what is new now."""

    wanted: Wanted = ""


_WORDS: Final[dict[str, Wanted]] = {
    **dict.fromkeys(("on", "enable", "start", "turn on", "switch on", "yes"), "on"),
    **dict.fromkeys(("off", "disable", "stop", "end", "turn off", "switch off", "no"), "off"),
    **dict.fromkeys(("now", "show", "today"), "now"),
}


def _digest(rest: str) -> MorningDigest:
    words = rest.split()
    said = " ".join(map(bare, words))
    if said != "now":  # a courtesy elsewhere
        words = without_courtesies(words)
        said = " ".join(map(bare, words))
    if not said:
        return MorningDigest()
    wanted = _WORDS.get(said)
    if wanted is None:
        raise NotUnderstood(
            f"I don’t know “{shortened(' '.join(words), 40)}” for the digest.",
            "Say settings digest on, settings digest off, or settings digest now.",
        )
    return MorningDigest(wanted)


TOPICS: Final[dict[str, Callable[[str], MorningDigest]]] = {"digest": _digest}
