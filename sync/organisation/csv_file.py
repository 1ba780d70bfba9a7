"""Files for spreadsheets (CSV), written and read back with suspicion. Pure.

No cell is ever a formula: spreadsheets run what begins with =, +, - or @ (OWASP, "CSV injection").
That gets an apostrophe in front, which is taken away again when the file comes back. It does also
behind a semicolon: where a comma is the decimal sign, Excel begins a cell there.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_BYTES: Final = 100 << 20
MOST_ROWS: Final = 500_000
LONGEST_CELL: Final = 500
LONGEST_ADDRESS: Final = 320
MOST_PROBLEMS: Final = 20
"""So many are said one by one."""
_BEGINS = r"((?:^|;)[\s\"]*)"
_FORMULA = re.compile(_BEGINS + r"(?=['=+\-@＝＋－＠])")
_MARKED = re.compile(_BEGINS + "'")
_LINE_END = re.compile(r"[\r\n]")
_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class BadFile(Exception):
    """The file can't be used, and nothing of it is. `problems` are whole sentences."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0])
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: by the number of its line, the cells of the columns that were wanted.

    `problems` are sentences about lines that have too many cells, or too few.
    """

    lines: dict[int, tuple[str, ...]]
    problems: list[str]


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet runs, on one line."""
    plain = _BREAKS.sub(" ", text)[:LONGEST_CELL].strip()
    return _FORMULA.sub(r"\1'", plain)


def plain_cell(cell: str) -> str:
    """What was written as a safe cell."""
    return _MARKED.sub(r"\1", cell.strip())


def written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The file, line by line. It begins with a mark by which Excel knows UTF-8."""
    line = _Line()
    writer = csv.writer(line, lineterminator="\r\n")
    writer.writerow(columns)
    yield "\ufeff" + line.text
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        yield line.text


class _Line:
    """What a writer last wrote: it writes a line at a time."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def read(raw: bytes, wanted: Sequence[str], *, perhaps: Sequence[str] = ()) -> Table:
    """Read the columns `wanted`, then those that are there `perhaps` (empty where they aren't).

    The first line names the columns, in any case and order. Raises BadFile.
    """
    if len(raw) > MOST_BYTES:
        raise BadFile([f"The file is larger than {MOST_BYTES >> 20} MB."])
    try:
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeError:
        raise BadFile(["The file is no text in UTF-8. Save it as “CSV UTF-8”."]) from None
    if "\0" in text:
        raise BadFile(["The file is no text."])
    head = _LINE_END.split(text, maxsplit=1)[0]
    separator = max(",;\t", key=head.count)
    try:
        lines = list(_lines(text, separator))
    except csv.Error as error:
        raise BadFile([f"The file can't be read as CSV: {error}."]) from None
    return _table(lines, wanted, perhaps)


def is_address(text: str) -> bool:
    """Whether a cell looks like an e-mail address: no spaces, nor what can't be seen."""
    if not 3 <= len(text) <= LONGEST_ADDRESS or _NOT_IN_ADDRESSES.search(text):
        return False
    name, _, domain = text.partition("@")
    return bool(name and domain) and "@" not in domain


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for cells in reader:
        if any(cell.strip() for cell in cells):  # spreadsheets leave rows of nothing
            yield reader.line_num, cells
        if reader.line_num > MOST_ROWS:
            raise BadFile([f"The file has more than {MOST_ROWS:,} lines."])


def _table(
    lines: Sequence[tuple[int, list[str]]], wanted: Sequence[str], perhaps: Sequence[str]
) -> Table:
    names = [plain_cell(cell).lower() for cell in lines[0][1]] if lines else []
    missing = [name for name in wanted if names.count(name) != 1]
    if missing:
        raise BadFile([f"The first line needs the column {name} once." for name in missing])
    twice = [name for name in perhaps if names.count(name) > 1]
    if twice:
        raise BadFile([f"The first line has the column {name} more than once." for name in twice])
    places = [names.index(name) if name in names else None for name in (*wanted, *perhaps)]
    table = Table({}, [])
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            table.problems.append(f"Line {line} has {len(cells)} cells in place of {len(names)}.")
        else:
            table.lines[line] = tuple(
                "" if place is None else plain_cell(cells[place]) for place in places
            )
    return table
