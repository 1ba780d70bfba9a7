"""How reading back stands, as the control centre says it: for everybody together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from domain.agreement import FEWEST, Fit
from wording.figures import people

if TYPE_CHECKING:
    from domain.agreement import Agreement, ReadbackHealth

SWITCHED_OFF: Final = (
    "Microsoft isn’t read back, because READBACK_PER_SECOND is 0. So I can’t say how many people "
    "are shown right."
)
NOT_ALLOWED: Final = (
    "Microsoft isn’t read back, so I can’t say how many people are shown right. I need your "
    "organisation’s authorisation for that: say settings organisation."
)
TOO_FEW: Final = (
    f"How many people are shown right is only said for {FEWEST} people or more. With fewer, it "
    "would say something about each of them."
)
NOBODY: Final = "There was nobody to look at just now, so I can’t say how many are shown right."
_BECAUSE: Final = {
    "graph_403": "Microsoft no longer lets me",
    "graph_throttled": "Microsoft has asked this app to wait",
    "late": "Microsoft answers too slowly",
    "no_reader": "none of this app’s processes is looking",
}
_NO_ANSWER: Final = "Microsoft gave no usable answer"


@dataclass(frozen=True, slots=True)
class ReadbackView:
    """What the overview says: how many are shown right, and as what the others (empty: nobody).

    `sentence`: in place of both, where it isn't known. `small`: what it was counted of. `lost`: it
    was read back, and isn't any more.
    """

    right: str = ""
    others: str = ""
    sentence: str = ""
    small: str = ""
    lost: bool = False


def readback_view(health: ReadbackHealth) -> ReadbackView:
    """Whether Microsoft is read back, and how many people are shown as they should be."""
    found = health.agreement
    if health.switched_off:
        return ReadbackView(sentence=SWITCHED_OFF)
    if health.never_allowed:
        return ReadbackView(sentence=NOT_ALLOWED)
    if health.why_not:
        last = _last_answer(health.look_age_seconds)
        because = _BECAUSE.get(health.why_not, f"{_NO_ANSWER} ({health.why_not})")
        return ReadbackView(
            sentence=f"Microsoft isn’t read back right now: {because}. So I can’t say how many "
            f"people are shown right.{last and f' {last}'}",
            lost=True,
        )
    if found is None:
        return ReadbackView(sentence="I’ve just begun to read back what Microsoft shows.")
    if not found.looked:
        return ReadbackView(sentence=f"Microsoft is read back. {NOBODY}")
    small = f"{_looked(found)} {_last_answer(health.look_age_seconds)}".rstrip()
    if found.share is None:
        return ReadbackView(sentence=TOO_FEW, small=small)
    good, bad = _kinds(found, right=True), _kinds(found, right=False)
    return ReadbackView(
        right=f"{percent(found.share)} of {people(found.counted)}{good and f' ({good})'}.",
        others=bad and f"{bad}.",
        small=small,
    )


def fit_words(fit: Fit) -> str:
    """How people are shown, after a share of them."""
    match fit:
        case Fit.RIGHT:
            return "with nothing to add"
        case Fit.LABEL:
            return "with another label"
        case Fit.OWN:
            return "with a status of their own"
        case Fit.MISSING_AVAILABLE:
            return "Away, idle or offline instead of Available"
        case Fit.MISSING_BUSY:
            return "not Busy when they should be"
        case Fit.FALSE_BUSY:
            return "still Busy when it’s over"
        case Fit.FALSE_AVAILABLE:
            return "still Available when they’re away"
        case _:
            assert_never(fit)


def percent(share: float) -> str:
    """A share in percent, to a tenth. 100% is everybody, and 0% nobody."""
    if 0 < share < 0.001:
        return "under 0.1%"
    return f"{math.floor(share * 1000 + 1e-9) / 10:g}%"


def _kinds(found: Agreement, *, right: bool) -> str:
    """The kinds that there are, with their shares."""
    return ", ".join(
        f"{percent(share)} {fit_words(fit)}"
        for fit, share in found.shares.items()
        if share and fit is not Fit.RIGHT and fit.as_it_should is right
    )


def _looked(found: Agreement) -> str:
    seconds = found.within_ms // 1000
    within = "in the last minute" if seconds == 60 else f"in the last {seconds} seconds"
    said = f"Looked at {within}: {found.looked:,} of {people(found.people)} connected"
    if found.not_looked is None:
        return f"{said}."
    return f"{said} ({percent(found.not_looked)} weren’t)."


def _last_answer(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 120:
        return f"Microsoft last answered {_count(int(seconds), 'second')} ago."
    return f"Microsoft last answered {_count(int(seconds // 60), 'minute')} ago."


def _count(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
