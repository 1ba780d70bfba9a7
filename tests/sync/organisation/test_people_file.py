"""The list as a file: no cell is run by a spreadsheet, and what comes back is whole or refused."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.matching import FoundBy, Uncovered
from sync.organisation import csv_file
from sync.organisation.csv_file import BadFile, plain_cell, safe_cell
from sync.organisation.people_file import COLUMNS, Correction, PersonRow, corrections, written

pytestmark = pytest.mark.unit

ADA = PersonRow(
    *("Ada Ünïcode 山田 👩‍🚀", "ada@zoom.example", "zAda", None, FoundBy.ALIAS),
    *("Ada", "ada@example.com", "00000000-0000-4000-8000-000000000001"),
)
BEN = PersonRow("Ben", "ben@zoom.example", "zBen", Uncovered.SEVERAL, who="a@b.c, d@e.f")


def file_of(*rows: PersonRow) -> bytes:
    return "".join(written(rows)).encode()


def edited(raw: bytes, zoom_id: str, address: str) -> bytes:
    """The file after an admin has filled in a cell."""
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    for row in rows:
        if row[2] == zoom_id:
            row[-1] = address
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＠x",
        "  =1",
        "'=1",
        "'",
        "=\x00",
    ],
)
def test_a_formula_becomes_text(cell: str) -> None:
    safe = safe_cell(cell)
    assert safe.startswith("'")
    assert plain_cell(safe) == csv_file._BREAKS.sub(" ", cell).strip()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_no_cell_begins_like_a_formula_or_breaks_its_line(cell: str) -> None:
    safe = safe_cell(cell)
    assert safe[:1] not in {*"=+-@", "\t", "\r", "\n"}
    assert len(safe.splitlines()) <= 1 or not set(safe) & set("\r\n\t")
    assert plain_cell(safe) == csv_file._BREAKS.sub(" ", cell)[: csv_file.LONGEST_CELL].strip()


@given(st.text(st.sampled_from("=+-@;'\" ax"), max_size=12))
@example("x;=HYPERLINK(A1)")
@example('x; "=1+1')
def test_no_cell_is_a_formula_where_a_semicolon_begins_the_next(name: str) -> None:
    """As Excel reads it where a comma is the decimal sign."""
    raw = file_of(PersonRow(name, "a@b.c", "z1"), BEN).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(raw), delimiter=";"):
        assert not [cell for cell in row if cell.strip(' "')[:1] in set("=+-@")]
    assert plain_cell(safe_cell(name)) == name.strip()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=6))
def test_the_file_is_read_as_it_was_written(names: list[str]) -> None:
    raw = file_of(*(PersonRow(name, "a@b.c", f"z{n}") for n, name in enumerate(names)))
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), strict=True))
    assert rows[0] == list(COLUMNS)
    assert [row[0] for row in rows[1:]] == [safe_cell(name) for name in names]
    assert corrections(raw) == []


def test_a_list_says_who_why_and_nothing_else() -> None:
    head, ada, ben = csv.reader(io.StringIO(file_of(ADA, BEN).decode("utf-8-sig")))
    assert dict(zip(head, ada, strict=True))["found"] == "by a domain alias"
    assert dict(zip(head, ben, strict=True))["reason"] == (
        "Several people in Entra have this address: a@b.c, d@e.f"
    )
    assert not {"presence", "status", "opted_out"} & set(head)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda raw: raw,
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: raw.replace(b",", b";"),
        lambda raw: raw.replace(b",", b"\t"),
        lambda raw: raw + b"\r\n\r\n",
        lambda raw: raw.rstrip(),
        lambda raw: raw.replace(b"match_with", b"Match_With "),
    ],
)
def test_spreadsheets_may_save_it_as_they_like(spelled: object) -> None:
    plain = PersonRow("Ada", "ada@zoom.example", "zAda", Uncovered.NOBODY)
    raw = edited(file_of(plain), "zAda", " Ada@example.com ")
    assert callable(spelled)
    assert corrections(spelled(raw)) == [Correction(2, "zAda", "Ada@example.com")]


HEAD = b"zoom_id,match_with\r\n"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "column zoom_id"),
        (b"zoom_id,zoom_address\r\nz1,a@b.c\r\n", "column match_with"),
        (b"zoom_id,match_with,match_with\r\n", "column match_with"),
        (HEAD + b"z1\r\n", "Line 2 has 1 cells in place of 2"),
        (HEAD + b"z1,a@b.c,more\r\n", "Line 2 has 3 cells"),
        (HEAD + b"z1,a@b.c\r\nz1,d@e.f\r\n", "Lines 2 and 3 are about the same Zoom user"),
        (HEAD + b"z1,a@b.c\r\nz2,A@b.c\r\n", "Lines 2 and 3 are about the same person"),
        (HEAD + b"z1,nobody\r\n", "Line 2: match_with is no address"),
        (HEAD + b",a@b.c\r\n", "Line 2 names no Zoom user"),
        (HEAD + b'z1,"a@b.c', "can't be read as CSV"),
        (HEAD + b"z1,\xff\xfe\r\n", "no text in UTF-8"),
        (HEAD + b"z1,a\0@b.c\r\n", "no text"),
        (b"PK\x03\x04 a workbook", "column zoom_id"),
        (HEAD + b"z1," + b"x" * 400 + b"@b.c\r\n", "match_with is no address"),
    ],
    ids=lambda it: str(it)[:40],
)
def test_what_is_wrong_with_a_file_is_said_and_nothing_of_it_is_used(
    raw: bytes, problem: str
) -> None:
    with pytest.raises(BadFile) as bad:
        corrections(raw)
    assert any(problem in sentence for sentence in bad.value.problems)


def test_a_huge_file_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "MOST_BYTES", 10)
    with pytest.raises(BadFile, match="larger"):
        corrections(HEAD)
    monkeypatch.undo()
    monkeypatch.setattr(csv_file, "MOST_ROWS", 5)
    with pytest.raises(BadFile, match="more than 5 lines"):
        corrections(HEAD + b"z1,\r\n" * 10)


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_refused(raw: bytes) -> None:
    for content in (raw, HEAD + raw):
        with contextlib.suppress(BadFile):
            corrections(content)
