"""Shows cards as Teams colours them (`sandbox.renderer`), and finds what can't be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.pages import STATIC
from sandbox.renderer import SCRIPT, host_config
from tests.e2e.portraits import picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.async_api import Locator, Page

    from cards.build import Card
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

    async def show(self, cards: Sequence[tuple[str, Card]], width: int) -> list[tuple[str, str]]:
        """Show these cards alone, `width` CSS pixels wide; by name, what the renderer says."""
        said: list[list[str]] = await self.page.evaluate(
            """([cards, config, width]) => {
                const shown = cards.map(([name, card]) => placed(name, card, config, width));
                document.getElementById("cards").replaceChildren(...shown.map(([place]) => place));
                return shown.map(([, said]) => said);
            }""",
            [list(cards), host_config(self._theme), width],
        )
        return [(name, line) for (name, _), some in zip(cards, said, strict=True) for line in some]

    def card(self, name: str) -> Locator:
        """One of the cards that are shown."""
        return self.page.locator(".place", has=self.page.get_by_text(name, exact=True))

    async def fold(self, width: int) -> None:
        """Make the cards that are shown `width` CSS pixels wide."""
        await self.page.evaluate(
            """(width) => {
                for (const place of document.querySelectorAll(".place"))
                    place.style.width = `${width}px`;
            }""",
            width,
        )

    async def faults(self) -> list[str]:
        """What sticks out, is cut off, or is hard to read."""
        found: list[str] = await self.page.evaluate("faults()")
        return found

    async def screenshot(self, path: Path) -> None:
        await picture(self.page, path, full_page=True)


def load(path: Path) -> Card:
    """A golden card."""
    card: Card = json.loads(path.read_text("utf-8"))
    return card
