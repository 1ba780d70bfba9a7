"""Who is excluded from the organisation's authorisation, in words for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wording.figures import people
from wording.matching import counted, names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WHAT_IT_MEANS: Final = (
    "The organisation’s authorisation no longer counts for them. It ends for those it covers now, "
    "and can’t start for the others. Their own sign-in isn’t touched: people who connected "
    "themselves stay connected, and anyone can still connect."
)
WHAT_INCLUDING_MEANS: Final = (
    "Their level decides again. That alone starts nobody: they’re told first, like everyone else, "
    "and Not for me still counts."
)
COVERED_NOW: Final = "Covered now: this ends it."
COVERED_AND_OWN: Final = (
    "Covered now: this ends it, and they carry on with their own sign-in, which I still keep."
)
OWN_SIGN_IN: Final = "Connected with their own sign-in, which isn’t touched."
ALREADY: Final = "Excluded already."
THAT_IS_YOU: Final = "That’s you."
NOT_EXCLUDED: Final = "Not excluded."


def not_found(addresses: Sequence[str]) -> str:
    """Nobody in Entra has these addresses (ready to show)."""
    return f"Nobody in Entra has the address {names(addresses)}."


def several(addresses: Sequence[str]) -> str:
    """Of these addresses (ready to show) several people in Entra have each."""
    return (
        f"Several people in Entra have the address {names(addresses)}. Say their user principal "
        "name instead."
    )


def done(count: int, before: int) -> str:
    """How many are excluded now, and how many were `before`."""
    said = f"{people(count)} {'is' if count == 1 else 'are'} excluded now." if count else ""
    if before:
        said += f" {people(before)} {'was' if before == 1 else 'were'} excluded already."
    return said.strip()


def ending(count: int) -> str:
    """What is done for those who were covered; empty where nobody was."""
    if not count:
        return ""
    return f"For {people(count)} I’m clearing what I set. That takes a moment."


def included(count: int) -> str:
    """How many are no longer excluded."""
    if not count:
        return "None of them was excluded any more."
    return f"{people(count)} {'is' if count == 1 else 'are'} no longer excluded."


def by_admins(count: int) -> str:
    """How many admins excluded."""
    if not count:
        return "Admins have excluded nobody."
    return f"Admins have excluded {people(count)}."


def by_themselves(counts: Mapping[str, int]) -> str:
    """How many Entra's data leaves out, and why. `counts` are results of matching."""
    left_out = counted(counts)
    total = sum(count for count, _ in left_out)
    if not total:
        return "Nobody who is matched is left out because of their account in Entra."
    why = names([f"{count:,} {words}" for count, words in left_out])
    return (
        f"{people(total)} {'is' if total == 1 else 'are'} left out because of their account: {why}."
    )


# -- for operators ---------------------------------------------------------------------------------


def would_exclude(count: int, *, before: int, covered: int, own: int, kept: int) -> list[str]:
    """What a file would do: how many are new, were excluded `before`, and what ends for whom.

    `own`: connected by a sign-in of their own; `kept`: so many of those `covered` still have one.
    """
    said = [f"{people(count)} would be excluded."]
    if covered:
        said.append(f"Covered now: {people(covered)}. It ends for them.")
    if kept:
        said.append(
            f"Of these, {people(kept)} carry on with their own sign-in, which is still kept."
        )
    if own:
        said.append(f"Connected with their own sign-in, which isn't touched: {people(own)}.")
    if before:
        said.append(f"Excluded already: {people(before)}.")
    return [*said, "Nothing is saved without --save."]


def by_file(count: int, *, verb: str) -> list[str]:
    """What a file did with `verb` (exclude or include), and how it is taken back."""
    what = "excluded" if verb == "exclude" else "no longer excluded. That alone starts nobody"
    return [f"Saved: {people(count)} {what}.", f"`python app.py {verb} --undo` takes it back."]


def clears(count: int) -> list[str]:
    """What is done for those who were covered."""
    return [f"Covered until now: {people(count)}. The running app ends it."] if count else []
