"""Pictures of a page as people with different screens see it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator, Page

NARROW = 360  # CSS pixels: a small telephone
KEPT = bool(os.environ.get("PICTURES"))
"""Whether pictures are kept (`make e2e`): to draw them takes a third of the time."""


async def picture(shown: Page | Locator, path: Path, **options: Any) -> None:
    """Keep a picture of a page, or of a part of it."""
    if KEPT:
        await shown.screenshot(path=path, **options)


async def portraits(page: Page, folder: Path, name: str) -> None:
    """Keep `<name>-light.png`, `-dark.png` and `-narrow.png`; nothing may stick out sideways."""
    wide = page.viewport_size
    assert wide is not None
    try:
        for scheme in ("dark", "light") if KEPT else ():
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.evaluate("scrollTo(0, 0)")
            await picture(page, folder / f"{name}-{scheme}.png")
        await page.set_viewport_size({"width": NARROW, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") == NARROW
        await picture(page, folder / f"{name}-narrow.png", full_page=True)
    finally:
        await page.set_viewport_size(wide)
