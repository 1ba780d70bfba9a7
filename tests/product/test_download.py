"""The list of people as a file: the admin who asked gets it, once, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.people import OTHERS
from tests.doubles.inside import ADA, BEN, DOROTHEA, office, said_by
from tests.doubles.outside import PUBLIC, link_in, sign_in
from tests.product.test_matching import ADMINS, FULL, WRITE, matched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = '=HYPERLINK("https://evil.example"),\n\'+1'


@pytest_asyncio.fixture(loop_scope="module")
async def place(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    others = (replace(OTHERS[0], name=HOSTILE), *OTHERS[1:])
    before, town.world.config = town.world.config, replace(town.world.config, others=others)
    async with office(town, tmp_path, rights=(WRITE, FULL), ADMIN_OBJECT_IDS=ADMINS) as running:
        await matched(running)
        yield running
    town.world.config = before


async def asked(place: Office) -> str:
    """Ada presses Download; the link that she gets."""
    chat = place.chat(ADA)
    card = await chat.clicks("Download…", await chat.says("settings unmatched"))
    assert "works once, for 10 minutes, and only for you" in said_by(card)
    return link_in(card)


async def test_the_admin_who_asked_gets_a_file_that_no_spreadsheet_runs(place: Office) -> None:
    link = await asked(place)
    async with place.around.browser() as browser:
        page = await sign_in(browser, link, ADA)
        rows = list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"))))
        assert len(rows) == 15
        by_address = {row["zoom_address"]: row for row in rows}
        assert by_address["ida@old.example"]["zoom_name"].startswith("'=HYPERLINK")
        assert by_address["twins@example.com"]["reason"].endswith(
            "twin.one@example.com, twin.two@example.com"
        )
        assert by_address["zed@sales.example"]["entra_address"] == "zed.ali@example.com"
        assert by_address["zed@sales.example"]["result"] == "matched"
        assert all(cell[:1] not in "=+-@" for row in rows for cell in row.values() if cell)
        again = await browser.open(page.url)  # the last address, loaded again
        assert "This link was used" in again.words
        assert "This link was used" in (await browser.open(link)).words
    history = said_by((await place.chat(ADA).says("settings history")).card)
    assert "the list of people and their matches: looked up" in history


async def test_it_asks_microsoft_for_nothing_but_who_it_is(place: Office) -> None:
    async with place.around.browser() as browser:
        await sign_in(browser, await asked(place), ADA)
    assert place.world.identity.standing[ADA.object_id].consent == set()
    assert "Connected" not in said_by((await place.chat(ADA).says("status")).card)


async def test_a_forwarded_link_is_of_no_use(place: Office) -> None:
    link = await asked(place)
    async with place.around.browser() as theirs:
        assert "That’s another account" in (await sign_in(theirs, link, DOROTHEA)).words
    async with place.around.browser() as browser:
        assert "Another browser went first" in (await browser.open(link)).words


async def test_who_is_no_admin_any_more_gets_nothing(place: Office) -> None:
    place.app_roles(BEN, "PresenceAdmin")
    await place.connect(BEN)
    chat = place.chat(BEN)
    link = link_in(await chat.clicks("Download…", await chat.says("settings unmatched")))
    place.app_roles(BEN)
    await chat.says("disconnect")
    await chat.clicks("Disconnect", chat.received[-1])
    async with place.around.browser() as browser:
        assert "The list is for admins" in (await sign_in(browser, link, BEN)).words


@pytest.mark.parametrize(
    "path", ["", "?ticket=", "?ticket=short", "?ticket=" + "A" * 43, "?ticket=a&ticket=b"]
)
async def test_an_address_that_was_not_given_out_leads_nowhere(place: Office, path: str) -> None:
    async with place.around.browser() as browser:
        page = await browser.open(f"{PUBLIC}/auth/microsoft/list{path}")
        assert page.status in {400, 410}
        assert "press Download to get a new link" in page.words
