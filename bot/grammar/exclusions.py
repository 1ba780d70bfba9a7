"""The words of `settings` about who is excluded. Pure.

settings exclude ADDRESS … [because REASON]
settings include ADDRESS …
settings excluded
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.grammar.acts import spoken_reason
from bot.grammar.addresses import addresses_in
from bot.grammar.words import ForEntraAdmins, NotUnderstood, shortened, without_courtesies
from domain.link import fold_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_AT_ONCE: Final = 20
"""People in one message: so many fit on the card that asks."""


@dataclass(frozen=True, slots=True)
class Exclude(ForEntraAdmins):
    """`settings exclude`: whoever has these addresses (as typed), and why."""

    addresses: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Include(ForEntraAdmins):
    """`settings include`: whoever has these addresses is excluded no longer."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excluded(ForEntraAdmins):
    """`settings excluded`: who is."""


Exclusion = Exclude | Include | Excluded


def _exclude(rest: str) -> Exclude:
    words, reason = spoken_reason(rest.split())
    return Exclude(_addresses(words, "exclude"), reason)


def _include(rest: str) -> Include:
    words, _ = spoken_reason(rest.split())
    return Include(_addresses(words, "include"))


def _excluded(rest: str) -> Excluded:
    if without_courtesies(rest.split()):
        raise NotUnderstood(
            "The list of excluded people takes no further words.",
            "Say settings excluded. To exclude somebody, say settings exclude ada@example.com.",
        )
    return Excluded()


def _addresses(words: Sequence[str], verb: str) -> tuple[str, ...]:
    """All of the addresses, each once. Nothing is passed over: raises NotUnderstood."""
    found, left = addresses_in(words)
    each = dict[str, str]()
    for address in found:
        each.setdefault(fold_address(address), address)
    if left:
        raise NotUnderstood(f"“{shortened(left, 40)}” isn’t an e-mail address.", _hint(verb))
    if not each:
        raise NotUnderstood(f"Whom should I {verb}?", _hint(verb))
    if len(each) > MOST_AT_ONCE:
        raise NotUnderstood(
            f"These are {len(each):,} addresses. I can {verb} {MOST_AT_ONCE} people at a time.",
            "Send them in several messages.",
        )
    return tuple(each.values())


def _hint(verb: str) -> str:
    return f"Say their e-mail addresses, for example settings {verb} ada@example.com."


TOPICS: Final[dict[str, Callable[[str], Exclusion]]] = {
    "exclude": _exclude,
    "include": _include,
    "excluded": _excluded,
    "exclusions": _excluded,
}
