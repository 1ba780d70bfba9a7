"""Shows cards as Teams colours them (`sandbox.renderer`), and finds what can't be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.pages import STATIC
from sandbox.renderer import SCRIPT, host_config

if TYPE_CHECKING:
    from playwright.async_api import Page

    from sandbox.renderer import Theme

_FAULTS = Path(__file__).resolve().with_name("card_faults.js")


class CardPage:
    """A page of cards in one theme."""

    def __init__(self, page: Page, theme: Theme) -> None:
        self.page = page
        self._theme = theme

    @classmethod
    async def open(cls, page: Page, theme: Theme) -> CardPage:
        await page.set_content(f'<!doctype html><main id="cards" class="cards {theme}"></main>')
        await page.add_style_tag(path=STATIC / "cards.css")
        await page.add_style_tag(content="body { margin: 0 } .cards { border-radius: 0 }")
        for script in (SCRIPT, STATIC / "card.js", _FAULTS):
            await page.add_script_tag(path=script)
        return cls(page, theme)

    async def show(self, name: str, card: dict[str, Any], width: int) -> list[str]:
        """Add a card, `width` CSS pixels wide; what the renderer complains of."""
        said: list[str] = await self.page.evaluate(
            """([name, card, config, width]) => {
                const [place, said] = placed(name, card, config, width);
                document.getElementById("cards").append(place);
                return said;
            }""",
            [name, card, host_config(self._theme), width],
        )
        return said

    async def faults(self) -> list[str]:
        """What sticks out, is cut off, or is hard to read."""
        found: list[str] = await self.page.evaluate("faults()")
        return found

    async def screenshot(self, path: Path) -> None:
        await self.page.screenshot(path=path, full_page=True)


def load(path: Path) -> dict[str, Any]:
    """A golden card."""
    card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return card
