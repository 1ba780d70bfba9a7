"""Pictures of a page as people with different screens see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

NARROW = 360  # CSS pixels: a small telephone


async def portraits(page: Page, folder: Path, name: str) -> None:
    """Keep `<name>-light.png`, `-dark.png` and `-narrow.png`; nothing may stick out sideways."""
    wide = page.viewport_size
    assert wide is not None
    try:
        for scheme in ("dark", "light"):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.evaluate("scrollTo(0, 0)")
            await page.screenshot(path=folder / f"{name}-{scheme}.png")
        await page.set_viewport_size({"width": NARROW, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") == NARROW
        await page.screenshot(path=folder / f"{name}-narrow.png", full_page=True)
    finally:
        await page.set_viewport_size(wide)
