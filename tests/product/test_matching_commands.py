"""The operator's way: the list as CSV, a corrected one back, previewed, recorded, taken back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.people import OTHERS
from tests.doubles.inside import ADA, office, said_by
from tests.doubles.product import run
from tests.product.test_matching import ADMINS, BY_NAME, FULL, WRITE, matched, of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def place(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    before, town.world.config = town.world.config, replace(town.world.config, others=OTHERS)
    async with office(town, tmp_path, rights=(WRITE, FULL), ADMIN_OBJECT_IDS=ADMINS) as running:
        await matched(running)
        yield running
    town.world.config = before


async def command(place: Office, folder: Path, *arguments: str) -> tuple[int, str]:
    environ = place.around.environ(ADMIN_OBJECT_IDS=ADMINS)
    return await run(*arguments, environ=environ, folder=folder)


def filled_in(text: str, **answers: str) -> str:
    """The list after somebody has filled in match_with, by the Zoom address."""
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    for row in rows:
        row["match_with"] = answers.get(row["zoom_address"].partition("@")[0], "")
        writer.writerow(row)
    return out.getvalue()


async def test_the_list_goes_out_and_a_corrected_one_comes_back(
    place: Office, tmp_path: Path
) -> None:
    code, said = await command(place, tmp_path, "people")
    assert code == 0
    assert "6 of 15 people in Zoom are matched." in said
    file = tmp_path / "list.csv"
    code, _ = await command(place, tmp_path, "people", "--csv", "-o", str(file))
    assert code == 0
    assert file.stat().st_mode & 0o77 == 0
    text = file.read_text("utf-8-sig")
    file.write_text(filled_in(text, kim="kim.lee@example.com", twins="twin.one@example.com"))

    code, said = await command(place, tmp_path, "match", str(file))
    assert code == 0
    assert "kim@nick.example -> kim.lee@example.com" in said
    assert "2 people would be matched. Nothing is saved without --save." in said
    by_hand = place.beside.organisation.matching.by_hand
    assert await by_hand.everything() == {}

    code, said = await command(place, tmp_path, "match", str(file), "--save")
    assert code == 0
    chat = place.chat(ADA)
    card = await chat.says("settings match")
    assert "2 people matched by hand are waiting to be confirmed." in said_by(card.card)
    await chat.clicks("Confirm 2", card)
    await matched(place)
    assert (await of(place, "Kim (phone)")).object_id == BY_NAME["Kim Lee"].object_id
    assert (await of(place, "The Twins")).object_id == BY_NAME["Twin One"].object_id
    code, said = await command(place, tmp_path, "audit")
    assert "Operator (operator)  match  a file of matches: Matches: none -> 2" in said

    code, said = await command(place, tmp_path, "match", "--undo")
    assert (code, await by_hand.everything()) == (0, {})
    await matched(place)
    assert (await of(place, "Kim (phone)")).object_id is None
    assert (await command(place, tmp_path, "match", "--undo"))[0] == 1


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("zOther11,nobody@example.com", "Line 2: Entra has nobody with the address"),
        ("zOther11,twins@example.com", "Line 2: Entra has several people"),
        ("zNobody,kim.lee@example.com", "Line 2: Zoom has no active user"),
        (
            "zOther11,zed.ali@example.com\nzOther09,zed@sales.example",
            "Lines 2 and 3 are about the same person",
        ),
        ("zOther11,kim.lee@example.com\nzOther09", "Line 3 has 1 cells in place of 2"),
    ],
)
async def test_a_file_with_one_wrong_line_changes_nothing(
    place: Office, tmp_path: Path, lines: str, problem: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"zoom_id,match_with\n{lines}\n")
    code, said = await command(place, tmp_path, "match", str(file), "--save")
    assert code == 1
    assert problem in said
    assert "Nothing was changed" in said
    assert await place.beside.organisation.matching.by_hand.everything() == {}
