"""How findings look: a table in a terminal, one line each where something else reads them, JSON.

No colour says anything that a word does not say too.
"""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from launch.check.findings import State
from launch.terminal import say
from service.redaction import visible, visible_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from launch.check.findings import Finding

SHAPE: Final = 1
"""The version of the JSON: raised when something in it goes or means something else."""
_WORDS: Final = {
    State.OK: ("ok", "green"),
    State.WARNING: ("warning", "yellow"),
    State.FAILED: ("FAILED", "bold red"),
    State.UNSEEN: ("not seen", "cyan"),
}
_NAMES: Final = 28
_LONGEST_LINE: Final = 110


def all_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed. Warnings, and what can't be seen from here, are no failures."""
    return all(one.found.state is not State.FAILED for one in findings)


def show(findings: Sequence[Finding], *, of: Sequence[Finding] | None = None) -> None:
    """Print them: a table in a terminal, plain lines elsewhere. The last line counts all (`of`)."""
    if sys.stdout.isatty():
        console = Console(highlight=False)
        console.print(table(findings, console.width))
        console.print(_summary(of or findings))
    else:
        say(*plain(findings), _summary(of or findings))


def waiting() -> AbstractContextManager[object]:
    """Show in a terminal that something goes on while the block runs; nothing is left of it."""
    if not sys.stdout.isatty():
        return contextlib.nullcontext()
    return Console(highlight=False).status("Checking ...")


def plain(findings: Sequence[Finding]) -> list[str]:
    """A line for each, and below it what to do."""
    lines = []
    for one, remedy in zip(findings, _remedies(findings), strict=True):
        word, _ = _WORDS[one.found.state]
        lines.append(f"{word:<9}{one.title}: {one.found.text}")
        if remedy:
            lines.append(f"{'':<9}-> {remedy}")
    return lines


def as_json(findings: Sequence[Finding], *, version: str, now: float) -> str:
    """The same as one JSON object (docs/operate.md describes it). `now` is epoch seconds."""
    return visible_json(
        json.dumps(
            {
                "shape": SHAPE,
                "version": version,
                "checked_at": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
                "ok": all_well(findings),
                "counts": {
                    state.value: sum(one.found.state is state for one in findings)
                    for state in State
                },
                "findings": [
                    {
                        "check": one.check,
                        "title": one.title,
                        "state": one.found.state.value,
                        "text": one.found.text,
                        "remedy": one.found.remedy or None,
                        "seconds": round(one.seconds, 2),
                    }
                    for one in findings
                ],
            },
            ensure_ascii=False,
        )
    )


def table(findings: Sequence[Finding], width: int) -> Table:
    """The findings as a table for a terminal of so many columns."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.width = min(width, _LONGEST_LINE)
    names = min(_NAMES, max((len(one.title) for one in findings), default=0))
    table.add_column(width=max(len(word) for word, _ in _WORDS.values()), no_wrap=True)
    table.add_column(width=names)
    table.add_column(ratio=1, overflow="fold")
    for one, remedy in zip(findings, _remedies(findings), strict=True):
        word, style = _WORDS[one.found.state]
        text = Text(visible(one.found.text))
        if remedy:
            text.append(f"\n-> {visible(remedy)}", style="dim")
        table.add_row(Text(word, style=style), Text(one.title), text)
    return table


def _remedies(findings: Sequence[Finding]) -> list[str]:
    """What to do about each; lines that follow each other with the same remedy share it."""
    told = [one.found.remedy for one in findings]
    return [
        "" if remedy == after else remedy
        for remedy, after in zip(told, [*told[1:], ""], strict=True)
    ]


def _summary(findings: Sequence[Finding]) -> str:
    counts = {state: sum(one.found.state is state for one in findings) for state in State}
    said = [
        f"{counts[state]} {word}"
        for state, word in (
            (State.FAILED, "failed"),
            (State.WARNING, "to look at"),
            (State.UNSEEN, "could not be checked"),
        )
        if counts[state]
    ]
    good = f"{counts[State.OK]} of {len(findings)} well"
    return f"{good}; {', '.join(said)}." if said else f"All {len(findings)} well."
