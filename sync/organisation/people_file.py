"""The list of people as a file, and the file that comes back with corrections. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sync.organisation import csv_file
from sync.organisation.csv_file import BadFile, is_address
from wording.matching import FOUND, UNCOVERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from domain.matching import FoundBy, Uncovered

COLUMNS: Final = (
    *("zoom_name", "zoom_address", "zoom_id", "result", "reason"),
    *("entra_name", "entra_address", "entra_id", "found", "match_with"),
)
ZOOM_ID, MATCH_WITH = "zoom_id", "match_with"
"""What of a file that comes back is read; an empty `match_with` changes nothing."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A Zoom user in the list, and whom they are matched with, if anybody."""

    name: str
    address: str
    zoom_id: str
    why: Uncovered | None = None
    found: FoundBy | None = None
    entra_name: str = ""
    entra_address: str = ""
    entra_id: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a line of a file asks for: this Zoom user is theirs whose address that is."""

    line: int
    zoom_id: str
    address: str


def written(rows: Iterable[PersonRow]) -> Iterator[str]:
    """The file, line by line."""
    return csv_file.written(COLUMNS, map(_cells, rows))


def _cells(row: PersonRow) -> tuple[str, ...]:
    if row.why is None:
        result, reason = "matched", ""
    else:
        result = "left out" if row.why.leaves_out else "not matched"
        reason = UNCOVERED[row.why].what + (f": {row.who}" if row.who else "")
    return (
        *(row.name, row.address, row.zoom_id, result, reason),
        *(row.entra_name, row.entra_address, row.entra_id),
        *("" if row.found is None else FOUND[row.found], ""),
    )


def corrections(raw: bytes) -> list[Correction]:
    """What a file that came back asks for. Raises BadFile, whatever is wrong with it."""
    table = csv_file.read(raw, (ZOOM_ID, MATCH_WITH))
    found: dict[str, Correction] = {}
    people: dict[str, int] = {}
    problems = table.problems
    for line, (zoom_id, address) in table.lines.items():
        if not address:
            continue
        if not zoom_id or len(zoom_id) > 128:
            problems.append(f"Line {line} names no Zoom user.")
        elif not is_address(address):
            problems.append(f"Line {line}: match_with is no address.")
        elif zoom_id in found:
            first = found[zoom_id].line
            problems.append(f"Lines {first} and {line} are about the same Zoom user.")
        elif address.lower() in people:
            first = people[address.lower()]
            problems.append(f"Lines {first} and {line} are about the same person.")
        else:
            found[zoom_id], people[address.lower()] = Correction(line, zoom_id, address), line
    if problems:
        raise BadFile(problems)
    return list(found.values())
