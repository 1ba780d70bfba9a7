"""Excluding in bulk: an admin's download, and an operator's file, previewed and taken back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, office, said_by
from tests.doubles.outside import link_in, sign_in
from tests.doubles.product import run
from tests.product.test_exclusions import CALL, RIGHTS, confirmed, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def org(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    """An organisation that has consented; Chiara had connected before, Ben started by it."""
    async with office(town, tmp_path, rights=RIGHTS) as place:
        await place.connect(CHIARA)
        await confirmed(place, "settings account authorise ask")
        await started(place, BEN)
        place.world.set_zoom(CHIARA.object_id, ZoomPresence.IN_MEETING)
        await place.product.told(CHIARA, CALL)
        yield place


async def command(org: Office, folder: Path, *arguments: str) -> tuple[int, str]:
    return await run(*arguments, environ=org.around.environ(), folder=folder)


async def excluded(org: Office) -> dict[str, str]:
    """Whom admins excluded, by address, and why."""
    rows = await org.beside.organisation.exclusions.everybody()
    return {row.address: row.reason for row in rows}


async def test_a_file_excludes_and_is_taken_back(org: Office, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        f"Address;Reason\n{BEN.upn};works council\n{CHIARA.upn};\n{BEN.upn.upper()};twice\n"
        "nobody@example.com;\n"
    )
    code, said = await command(org, tmp_path, "exclude", str(file))
    assert code == 0, said
    assert "2 people would be excluded." in said
    assert "Covered now: 1 person." in said
    assert "Connected with their own sign-in, which isn't touched: 1 person." in said
    assert "nobody@example.com" in said
    assert await excluded(org) == {}

    code, said = await command(org, tmp_path, "exclude", str(file), "--save", "--reason", "INC7")
    assert code == 0, said
    assert await excluded(org) == {BEN.upn: "works council", CHIARA.upn: "INC7"}
    await org.product.told(BEN, None)
    assert org.around.told(CHIARA) == CALL
    code, said = await command(org, tmp_path, "exclude", str(file), "--save")
    assert "2 people excluded already" in said

    code, said = await command(org, tmp_path, "include", "--undo")
    assert code == 1
    assert "The last file excluded people" in said
    code, said = await command(org, tmp_path, "exclude", "--undo")
    assert (code, await excluded(org)) == (0, {}), said
    assert (await command(org, tmp_path, "exclude", "--undo"))[0] == 1
    _, said = await command(org, tmp_path, "audit")
    assert "Operator (operator)  exclude  a file of people: 2 people" in said
    assert "Operator (operator)  include  a file of people: 2 people" in said


async def test_an_admin_s_download_comes_back_as_a_file_to_include(
    org: Office, tmp_path: Path
) -> None:
    chat = org.chat(ADA)
    await chat.clicks("Exclude", await chat.says(f"settings exclude {BEN.upn} because =1+1"))
    link = link_in(await chat.clicks("Download…", await chat.says("settings excluded")))
    async with org.around.browser() as theirs:
        assert "That’s another account" in (await sign_in(theirs, link, CHIARA)).words
    link = link_in(await chat.clicks("Download…", await chat.says("settings excluded")))
    async with org.around.browser() as browser:
        page = await sign_in(browser, link, ADA)
        assert "This link was used" in (await browser.open(link)).words
    [row] = csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff")))
    assert (row["address"], row["reason"], row["by"]) == (BEN.upn, "'=1+1", ADA.name)
    history = said_by((await chat.says("settings history")).card)
    assert "the list of who is excluded: looked up" in history

    file = tmp_path / "list.csv"
    file.write_text(page.text)
    code, said = await command(org, tmp_path, "include", str(file))
    assert "1 person would be included again." in said
    assert list(await excluded(org)) == [BEN.upn]
    code, said = await command(org, tmp_path, "include", str(file), "--save")
    assert (code, await excluded(org)) == (0, {}), said
    code, said = await command(org, tmp_path, "include", "--undo")
    assert (code, await excluded(org)) == (0, {BEN.upn: "=1+1"}), said


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("name\nBen", "needs the column address once"),
        ("address\nben", "Line 2: address is no address"),
        ("address,reason\n,why", "Line 2 names nobody"),
        (f"address,reason\n{BEN.upn},{'x' * 300}", "Line 2: the reason has more than 200"),
    ],
)
async def test_a_file_with_a_wrong_line_excludes_nobody(
    org: Office, tmp_path: Path, lines: str, problem: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"{lines}\n")
    code, said = await command(org, tmp_path, "exclude", str(file), "--save")
    assert code == 1
    assert problem in said
    assert "Nothing was changed" in said
    assert await org.redis.exists(keys.EXCLUDED) == 0
