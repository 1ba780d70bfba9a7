"""Every card in light, in dark and narrow: nothing sticks out, everything can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.npm import Unavailable
from sandbox.renderer import install
from tests.cards.test_cards import GOLDEN
from tests.e2e.card_renderer import CardPage, load
from tests.e2e.chat_driver import only_this_machine

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from sandbox.renderer import Theme

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

WIDE, NARROW = 448, 320
"""CSS pixels: a card in the chat of a desktop, and on a small telephone."""
ON_A_SHEET = 12
KNOWN = {
    'Unknown element type "Chart.HorizontalBar". Fallback will be used if present.',
    'Invalid value "en" for property "lang".',
}
"""What it says of charts, as it should, and of every other `lang`, because it tests with a pattern
that remembers where it was."""
CARDS = sorted(GOLDEN.glob("*.json"))
CHARTS = {path.stem for path in CARDS if '"Chart.' in path.read_text("utf-8")}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def renderer() -> None:
    """The renderer is installed."""
    try:
        await install()
    except Unavailable as error:
        pytest.skip(f"no renderer: {error}")


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
async def test_every_card_fits_and_can_be_read(
    browser: Browser, screenshots: Path, theme: Theme
) -> None:
    context = await browser.new_context(viewport={"width": 4 * (WIDE + 16) + 32, "height": 900})
    complaints = []
    try:
        await only_this_machine(context)
        sheet = await CardPage.open(await context.new_page(), theme)
        for start in range(0, len(CARDS), ON_A_SHEET):
            cards = [(path.stem, load(path)) for path in CARDS[start : start + ON_A_SHEET]]
            said = await sheet.show(cards, WIDE)
            complaints += [f"{name}: {line}" for name, line in said if line not in KNOWN]
            for name, _ in cards:
                if name in CHARTS:  # their fallback is there
                    assert await sheet.card(name).get_by_text("active now", exact=True).count()
            for width, kind in ((WIDE, "wide"), (NARROW, "narrow")):
                await sheet.fold(width)
                complaints += [f"{kind}: {fault}" for fault in await sheet.faults()]
                name = f"cards-{theme}-{kind}-{start // ON_A_SHEET + 1:02}.png"
                await sheet.screenshot(screenshots / name)
    finally:
        await context.close()
    assert complaints == [], "\n".join(complaints)


@pytest.mark.usefixtures("renderer")
async def test_a_picture_of_dark_cards_for_the_guides(browser: Browser, screenshots: Path) -> None:
    context = await browser.new_context(viewport={"width": 3 * (WIDE + 16) + 16, "height": 100})
    try:
        await only_this_machine(context)
        sheet = await CardPage.open(await context.new_page(), "dark")
        names = ("status", "settings-disable", "settings")
        await sheet.show([("", load(GOLDEN / f"{name}.json")) for name in names], WIDE)
        assert await sheet.faults() == []
        await sheet.screenshot(screenshots / "cards-in-dark.png")
    finally:
        await context.close()
