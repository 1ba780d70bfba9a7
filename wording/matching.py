"""Who of Zoom is whom in Entra, and why some are nobody: the words for admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.matching import MATCHED, FoundBy, Uncovered
from wording.figures import people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class UncoveredWords:
    """A reason in words.

    `counted` follows a number of people (`one` the number 1, where that differs), `what` says it of
    somebody, `to_do` what an admin can do.
    """

    counted: str
    what: str
    to_do: str
    one: str = ""


UNCOVERED: Final[Mapping[Uncovered, UncoveredWords]] = {
    Uncovered.NOBODY: UncoveredWords(
        "not found in Entra",
        "Nobody in Entra has this address",
        "Correct the address in Zoom or Entra, add a domain alias, or match them by hand.",
    ),
    Uncovered.SEVERAL: UncoveredWords(
        "found more than once in Entra",
        "Several people in Entra have this address",
        "Say which one it is: settings match, and both addresses.",
    ),
    Uncovered.TWO_ZOOM: UncoveredWords(
        "with a second Zoom user",
        "Their account in Entra has another Zoom user too",
        "Say which one is theirs: settings match, and both addresses.",
    ),
    Uncovered.GONE: UncoveredWords(
        "matched by hand to someone who left",
        "They were matched by hand to someone who is no longer in Entra",
        "Match them with someone else, or take the match back.",
    ),
    Uncovered.DISABLED: UncoveredWords(
        "disabled in Entra",
        "Their account is disabled in Entra, as those of shared mailboxes and rooms are",
        "Nothing, unless the account should be enabled.",
    ),
    Uncovered.EXTERNAL: UncoveredWords(
        "guests",
        "Their account belongs to a guest or to another organisation",
        "Nothing: guests are never covered.",
        one="guest",
    ),
    Uncovered.RESOURCE: UncoveredWords(
        "rooms, devices or phone lines",
        "Their licence is for a room, a shared device or a phone line",
        "Nothing: only people are covered.",
        one="room, device or phone line",
    ),
    Uncovered.NO_TEAMS: UncoveredWords(
        "without Teams",
        "They have no plan that includes Teams",
        "Give them a licence with Teams.",
    ),
}

FOUND: Final[Mapping[FoundBy, str]] = {
    FoundBy.ADDRESS: "by their address",
    FoundBy.ALIAS: "by a domain alias",
    FoundBy.HAND: "by hand",
}

ONLY_BASIC: Final = (
    "This app may only see names, user principal names and mail (User.ReadBasic.All), so other "
    "addresses aren’t compared, and disabled accounts and guests can’t be told apart. Grant it "
    "User.Read.All to change that."
)

_TROUBLES: Final[Mapping[str, str]] = {
    "organisation_never_given": (
        "Your organisation hasn’t authorised this app yet, so nobody can be matched."
    ),
    "organisation_withdrawn": (
        "Your organisation has withdrawn its authorisation, so nobody can be matched again."
    ),
    "organisation_too_few_rights": "This app doesn’t have the rights to see who is in Entra.",
    "graph_users_403": "This app isn’t allowed to see who is in Entra: grant it User.Read.All.",
    "matches_lost": (
        "At the last look, a third of the matched people were no longer in Entra. I’ll wait a "
        "day before I believe that."
    ),
    "zoom_directory_missing": "Zoom’s list of people hasn’t been read yet.",
}
_OTHER: Final = "I can’t read Entra right now. I’ll try again."


def state(
    *, read_ms: int | None, reason: str | None, full: bool, at: Callable[[int], str]
) -> list[str]:
    """How the matching is doing, in sentences. `at` says a time (epoch ms) as people do."""
    said = []
    if reason is not None:
        said.append(_TROUBLES.get(reason, _OTHER))
    if read_ms is not None:
        said.append(f"People were last matched at {at(read_ms)}.")
        if not full:
            said.append(ONLY_BASIC)
    elif reason is None:
        said.append("People haven’t been matched yet. That takes a minute; ask again then.")
    return said


def summary(counts: Mapping[str, int]) -> str:
    """How many of Zoom's people are matched, can't be, or are left out."""
    total = sum(counts.values())
    matched = counts.get(MATCHED, 0)
    left_out = sum(counts.get(why, 0) for why in Uncovered if why.leaves_out)
    unmatched = total - matched - left_out
    verb = "is" if matched == 1 else "are"
    said = f"{matched:,} of {people(total)} in Zoom {verb} matched."
    if unmatched:
        said += f" {unmatched:,} can’t be matched."
    if left_out:
        said += f" {left_out:,} {'is' if left_out == 1 else 'are'} left out."
    return said


def counted(counts: Mapping[str, int]) -> list[tuple[int, str]]:
    """The counts by reason, in the order of UNCOVERED, without what nobody has."""
    return [
        (count, words.one or words.counted if count == 1 else words.counted)
        for why, words in UNCOVERED.items()
        if (count := counts.get(why, 0)) > 0
    ]


def alias_effect(
    *, having: int, unmatched: int, looked_at: int, would: int, old: str, new: str
) -> str:
    """What an alias would do: of `looked_at` of the `unmatched`, `would` be matched."""
    if not having:
        return f"Nobody in Zoom has an address at {old} now. It counts for people who join later."
    said = f"{people(having)} in Zoom {'has' if having == 1 else 'have'} an address at {old}; "
    if not unmatched:
        return f"{said}they’re all known already, so nothing changes."
    said += f"{unmatched:,} can’t be matched. "
    if looked_at < unmatched:
        return f"{said}Of the first {looked_at:,} I looked at, {would:,} would be, at {new}."
    return f"{said}With the alias {would:,} of them would be, at {new}."


def removal_effect(*, by_alias: int) -> str:
    """What taking an alias away would do to those who are matched by one."""
    if not by_alias:
        return "It doesn’t match anyone right now."
    return f"Up to {people(by_alias)} would no longer be matched."


def names(those: Sequence[str]) -> str:
    """Several people in a row: “Ada, Ben and Cem”."""
    if len(those) < 2:
        return "".join(those)
    return f"{', '.join(those[:-1])} and {those[-1]}"
