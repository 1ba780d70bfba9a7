"""The list of people as a file, and the file that comes back with corrections (CSV). Pure.

No cell is ever a formula: spreadsheets run what begins with =, +, - or @ (OWASP, "CSV injection").
Such a cell gets an apostrophe in front, which is taken away again when the file comes back.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wording.matching import FOUND, UNCOVERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from domain.matching import FoundBy, Uncovered

COLUMNS: Final = (
    *("zoom_name", "zoom_address", "zoom_id", "result", "reason"),
    *("entra_name", "entra_address", "entra_id", "found", "match_with"),
)
ZOOM_ID, MATCH_WITH = "zoom_id", "match_with"
"""What of a file that comes back is read; an empty `match_with` changes nothing."""
MOST_BYTES: Final = 100 << 20
MOST_ROWS: Final = 500_000
LONGEST_CELL: Final = 500
MOST_PROBLEMS: Final = 20
_FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


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


class BadFile(Exception):
    """The file can't be used, and nothing of it is. `problems` are whole sentences."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0])
        self.problems = tuple(problems)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet runs, on one line."""
    plain = _BREAKS.sub(" ", text)[:LONGEST_CELL].strip()
    return f"'{plain}" if _FORMULA.match(plain) or plain.startswith("'") else plain


def plain_cell(cell: str) -> str:
    """What was written as a safe cell."""
    text = cell.strip()
    return text[1:] if text.startswith("'") else text


def written(rows: Iterable[PersonRow]) -> Iterator[str]:
    """The file, line by line. It begins with a mark by which Excel knows UTF-8."""
    yield "\ufeff" + _line(COLUMNS)
    for row in rows:
        if row.why is None:
            result, reason = "matched", ""
        else:
            result = "left out" if row.why.leaves_out else "not matched"
            reason = UNCOVERED[row.why].what + (f": {row.who}" if row.who else "")
        cells = (
            *(row.name, row.address, row.zoom_id, result, reason),
            *(row.entra_name, row.entra_address, row.entra_id),
            *("" if row.found is None else FOUND[row.found], ""),
        )
        yield _line([safe_cell(cell) for cell in cells])


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def corrections(raw: bytes) -> list[Correction]:
    """What a file that came back asks for. Raises BadFile, whatever is wrong with it."""
    if len(raw) > MOST_BYTES:
        raise BadFile([f"The file is larger than {MOST_BYTES >> 20} MB."])
    try:
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeError:
        raise BadFile(["The file is no text in UTF-8. Save it as “CSV UTF-8”."]) from None
    if "\0" in text:
        raise BadFile(["The file is no text."])
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    try:
        lines = list(_lines(text, separator))
    except csv.Error as error:
        raise BadFile([f"The file can't be read as CSV: {error}."]) from None
    return _read(lines)


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for cells in reader:
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield reader.line_num, cells
        if reader.line_num > MOST_ROWS:
            raise BadFile([f"The file has more than {MOST_ROWS:,} lines."])


def _read(lines: Sequence[tuple[int, list[str]]]) -> list[Correction]:
    names = [plain_cell(cell).lower() for cell in lines[0][1]] if lines else []
    missing = [name for name in (ZOOM_ID, MATCH_WITH) if names.count(name) != 1]
    if missing:
        raise BadFile([f"The first line needs the column {name} once." for name in missing])
    zoom, address = names.index(ZOOM_ID), names.index(MATCH_WITH)
    found: dict[str, Correction] = {}
    people: dict[str, int] = {}
    problems = []
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            problems.append(f"Line {line} has {len(cells)} cells in place of {len(names)}.")
            continue
        asked = Correction(line, plain_cell(cells[zoom]), plain_cell(cells[address]))
        if not asked.address:
            continue
        if not asked.zoom_id or len(asked.zoom_id) > 128:
            problems.append(f"Line {line} names no Zoom user.")
        elif not 3 <= len(asked.address) <= 320 or asked.address.count("@") != 1:
            problems.append(f"Line {line}: match_with is no address.")
        elif asked.zoom_id in found:
            first = found[asked.zoom_id].line
            problems.append(f"Lines {first} and {line} are about the same Zoom user.")
        elif asked.address.lower() in people:
            first = people[asked.address.lower()]
            problems.append(f"Lines {first} and {line} are about the same person.")
        else:
            found[asked.zoom_id], people[asked.address.lower()] = asked, line
    if problems:
        raise BadFile(problems)
    return list(found.values())
