"""A file of people to exclude: whatever a spreadsheet made of it is read, or refused whole."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.link import fold_address
from sync.organisation import csv_file, exclusion_file
from sync.organisation.csv_file import BadFile, is_address
from sync.organisation.exclusion_file import Named, named
from sync.organisation.exclusions import Exclusion
from sync.settings.audit import Actor

pytestmark = pytest.mark.unit

OID = "0a000000-0000-4000-8000-00000000000b"
BY = Actor("admin", "Ada")


def addresses(raw: bytes) -> list[str]:
    return [line.address or line.object_id for line in named(raw)]


def excluded(name: str, address: str, reason: str = "", oid: str = OID) -> Exclusion:
    return Exclusion(oid, name, address, BY, 1_760_000_000_000, reason)


def file_of(*rows: Exclusion) -> bytes:
    return "".join(exclusion_file.written(rows)).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"address\nada@example.com\nben@example.com\n",
        b"address\r\nada@example.com\r\nben@example.com",
        b"address\rada@example.com\rben@example.com\r",
        b"\xef\xbb\xbfaddress\nada@example.com\nben@example.com\n",
        "address\r\nada@example.com\r\nben@example.com\r\n".encode("utf-16"),
        b"\xfe\xff" + "address\nada@example.com\nben@example.com\n".encode("utf-16-be"),
        b"Address;Reason\nada@example.com;one, two, three\nben@example.com;\n",
        b"address;reason\rada@example.com;a,b,c\rben@example.com;d,e,f\r",
        b"reason\tADDRESS\n\tada@example.com\nwhy\tben@example.com\n",
        b'"address","reason"\n"ada@example.com","a ""quoted"" reason"\n"ben@example.com",""\n',
        b'"address","reason"\n"ada@example.com","two\nlines"\n"ben@example.com",""\n',
        b"name,address,more\nAda,ada@example.com,\n,,\nBen,ben@example.com,\n,,\n",
        b"\naddress\n\nada@example.com\n   \nben@example.com\n\n",
        b"address\n'ada@example.com\n  ben@example.com  \n",
    ],
    ids=[
        *("lf", "crlf", "cr", "bom", "utf-16", "utf-16-be", "semicolons", "cr-semicolons", "tabs"),
        *("quoted", "line-in-a-cell", "rows-of-nothing", "empty-lines", "apostrophe-and-spaces"),
    ],
)
def test_whatever_a_spreadsheet_writes_is_read(raw: bytes) -> None:
    assert addresses(raw) == ["ada@example.com", "ben@example.com"]


def test_reasons_and_ids_are_read_where_they_are() -> None:
    raw = f"entra_id,reason,address\n{OID.upper()},INC1,\n,  ,ben@example.com\n".encode()
    assert named(raw) == [Named(2, "", OID, "INC1"), Named(3, "ben@example.com", "", "")]


def test_somebody_who_is_named_twice_counts_once_and_first() -> None:
    raw = (
        "address,entra_id,reason\nBen@Example.com,,first\nben@example.com,,second\n"
        f"ben@bücher.example,,third\nben@xn--bcher-kva.example,,fourth\n,{OID},fifth\n"
        f",{OID.upper()},sixth\n"
    ).encode()
    assert [(line.line, line.reason) for line in named(raw)] == [
        (2, "first"),
        (4, "third"),
        (6, "fifth"),
    ]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "needs the column address once"),
        (b"\xef\xbb\xbf", "needs the column address once"),
        (b"\n\n , \n", "needs the column address once"),
        (b"name\nada@example.com\n", "needs the column address once"),
        (b"address,address\na@b.c,a@b.c\n", "needs the column address once"),
        (b"address,reason,Reason\na@b.c,,\n", "has the column reason more than once"),
        (b"address\n", "names nobody"),
        (b"address,reason\n,\n,\n", "names nobody"),
        (b"address\nada\n", "Line 2: address is no address"),
        (b"address\na@b@c\n", "Line 2: address is no address"),
        (b"address\n@example.com\n", "Line 2: address is no address"),
        (b"address\nada@\n", "Line 2: address is no address"),
        (b'address\n"ada@exa\nmple.com"\n', "Line 3: address is no address"),
        (b"address\nada @example.com\n", "Line 2: address is no address"),
        ("address\nada\u200b@example.com\n".encode(), "Line 2: address is no address"),
        (b"address\nada@example.com\x07\n", "Line 2: address is no address"),
        (b"address,entra_id\n,nobody\n", "Line 2 names nobody"),
        (b"address,reason\na@b.c,x,y\n", "Line 2 has 3 cells in place of 2"),
        (b"address,reason\na@b.c\n", "Line 2 has 1 cells in place of 2"),
        (b"address\n" + b"a" * 330 + b"@b.c\n", "Line 2: address is no address"),
        (b"address,reason\na@b.c," + b"x" * 100_000 + b"\n", "the reason has more than"),
        (b"address\n" + b"x" * 200_000 + b"\n", "can't be read as CSV"),
        (b'address\n"never closed\n', "can't be read as CSV"),
        ("address\nrené@example.com\n".encode("latin-1"), "no text in UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", "no text"),
        (bytes(range(256)), "no text"),
        ("address\nada@example.com\n".encode("utf-16-le"), "no text"),
    ],
)
def test_what_can_t_be_used_is_refused_with_its_line(raw: bytes, problem: str) -> None:
    with pytest.raises(BadFile) as bad:
        named(raw)
    assert any(problem in said for said in bad.value.problems), bad.value.problems


def test_one_wrong_line_refuses_the_whole_file_and_all_are_said() -> None:
    raw = b"address\nada@example.com\nnobody\nben@example.com\n@\n"
    with pytest.raises(BadFile) as bad:
        named(raw)
    assert [said.split(":")[0] for said in bad.value.problems] == ["Line 3", "Line 5"]


def test_too_many_lines_and_too_large_a_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "MOST_ROWS", 3)
    monkeypatch.setattr(csv_file, "MOST_BYTES", 200)
    with pytest.raises(BadFile, match="more than 3 lines"):
        named(b"address\n" + b"".join(b"a%d@b.c\n" % number for number in range(4)))
    with pytest.raises(BadFile, match="larger than"):
        named(b"address\n" + b"x" * 200)


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
mailboxes = st.from_regex(r"[A-Za-z0-9.=+_'-]{1,12}@[a-z0-9ü-]{1,10}\.(example|de)", fullmatch=True)


@given(
    st.lists(st.tuples(names, mailboxes, names), max_size=12), st.sampled_from(["utf-8", "utf-16"])
)
def test_a_download_comes_back_as_it_was(people: list[tuple[str, str, str]], encoding: str) -> None:
    rows = [excluded(name, address, reason[:20]) for name, address, reason in people]
    text = "".join(exclusion_file.written(rows))
    raw = text.encode() if encoding == "utf-8" else text.removeprefix("\ufeff").encode(encoding)
    for cells in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
        assert all(cell[:1] not in {*"=+-@", "\t", "\r"} for cell in cells), "no formula"
    if not rows:
        with pytest.raises(BadFile, match="names nobody"):
            named(raw)
        return
    assert {fold_address(line.address) for line in named(raw)} == {
        fold_address(row.address) for row in rows
    }


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_read_or_refused(raw: bytes) -> None:
    for some in (raw, b"address\n" + raw, b"address;reason\n" + raw):
        found = None
        with contextlib.suppress(BadFile):
            found = named(some)
        assert found is None or found
        for line in found or ():
            assert is_address(line.address)


@given(st.text(max_size=60))
def test_an_address_is_one_word(text: str) -> None:
    if is_address(text):
        assert len(text.split()) == 1
        assert text.isprintable() or not text.isascii()
        assert all(text.partition("@")[::2])
