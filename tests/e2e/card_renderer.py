"""Shows cards as Teams colours them, in light and dark, with Microsoft's JavaScript renderer.

The local chat client has no dark theme. The renderer knows the open schema only, so charts appear
as their fallback. The colours are Microsoft's own (AdaptiveCards repository, samples/HostConfig,
microsoft-teams-light.json and -dark.json); the frames and buttons around are ours, as hosts style
those themselves.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from playwright.async_api import Page

Theme = Literal["light", "dark"]

_FOLDER = Path(__file__).resolve().parent / "renderer"
_SCRIPT = _FOLDER / "node_modules/adaptivecards/dist/adaptivecards.min.js"
_INSTALL_LIMIT = 180.0

_GROUNDS: Final[dict[Theme, dict[str, str]]] = {
    "light": {"default": "#ffffff", "emphasis": "#f9f8f7"},
    "dark": {"default": "#2d2c2c", "emphasis": "#292828"},
}
_TINTS: Final = {
    "accent": "#c7def9",
    "good": "#ccffcc",
    "attention": "#ffc5b2",
    "warning": "#ffe2b2",
}
"""The same in both themes: the text on them is dark."""

_COLOURS: Final[dict[Theme, dict[str, tuple[str, str]]]] = {
    "light": {
        "default": ("#252424", "#bf252424"),
        "accent": ("#6264a7", "#8b8cc7"),
        "good": ("#92c353", "#e592c353"),
        "warning": ("#f8d22a", "#e5f8d22a"),
        "attention": ("#c4314b", "#e5c4314b"),
    },
    "dark": {
        "default": ("#ffffff", "#bfffffff"),
        "accent": ("#a6a7dc", "#8b8cc7"),
        "good": ("#92c353", "#e592c353"),
        "warning": ("#f8d22a", "#e5f8d22a"),
        "attention": ("#d74654", "#e5d74654"),
    },
}
_ON_TINT: Final[dict[Theme, tuple[str, str]]] = {
    "light": ("#252424", "#bf252424"),
    "dark": ("#201f1f", "#2d2c2c"),
}


class RendererUnavailable(Exception):
    """The renderer can't be had on this machine; the text says what is missing."""


async def install() -> None:
    """Fetch the pinned version, unless it is there. Raises RendererUnavailable."""
    if _SCRIPT.exists():
        return
    if shutil.which("npm") is None:
        raise RendererUnavailable("npm is not on the PATH")
    npm = await asyncio.create_subprocess_exec(
        *("npm", "ci", "--prefix", str(_FOLDER)),
        cwd=_FOLDER,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(npm.communicate(), _INSTALL_LIMIT)
    except TimeoutError:
        npm.kill()
        await npm.wait()
        raise RendererUnavailable(f"npm took longer than {_INSTALL_LIMIT:.0f} s") from None
    if npm.returncode != 0:
        raise RendererUnavailable(output.decode(errors="replace")[-500:])


class CardPage:
    """A page of cards in one theme."""

    def __init__(self, page: Page, theme: Theme) -> None:
        self.page = page
        self._theme = theme

    @classmethod
    async def open(cls, page: Page, theme: Theme) -> CardPage:
        await page.set_content((_FOLDER / "page.html").read_text("utf-8"))
        await page.add_script_tag(path=_SCRIPT)
        await page.evaluate("theme => { document.body.className = theme }", theme)
        return cls(page, theme)

    async def show(self, name: str, card: dict[str, Any], width: int) -> list[str]:
        """Add a card, `width` CSS pixels wide; what the renderer complains of."""
        said: list[str] = await self.page.evaluate(
            "([name, card, config, width]) => show(name, card, config, width)",
            [name, card, host_config(self._theme), width],
        )
        return said

    async def faults(self) -> list[str]:
        """What sticks out, is cut off, or is hard to read."""
        found: list[str] = await self.page.evaluate("faults()")
        return found

    async def screenshot(self, path: Path) -> None:
        await self.page.screenshot(path=path, full_page=True)


def host_config(theme: Theme) -> dict[str, Any]:
    """Teams' look of a theme, as the renderer takes it."""
    plain = {name: _shades(*pair) for name, pair in _COLOURS[theme].items()}
    tinted = plain | {"default": _shades(*_ON_TINT[theme])}
    grounds = {name: (ground, plain) for name, ground in _GROUNDS[theme].items()}
    grounds |= {name: (tint, tinted) for name, tint in _TINTS.items()}
    sizes = {"small": 12, "default": 14, "medium": 14, "large": 18, "extraLarge": 24}
    return {
        "supportsInteractivity": True,
        "spacing": {
            "small": 8,
            "default": 12,
            "medium": 16,
            "large": 20,
            "extraLarge": 24,
            "padding": 16,
        },
        "fontFamily": "'Segoe UI', 'Noto Sans', sans-serif",
        "fontSizes": sizes,
        "fontWeights": {"lighter": 200, "default": 400, "bolder": 600},
        "containerStyles": {
            name: {"backgroundColor": ground, "foregroundColors": colours}
            for name, (ground, colours) in grounds.items()
        },
        "actions": {
            "maxActions": 6,
            "buttonSpacing": 8,
            "actionsOrientation": "Horizontal",
            "actionAlignment": "Left",
        },
    }


def _shades(default: str, subtle: str) -> dict[str, str]:
    return {"default": default, "subtle": subtle}


def load(path: Path) -> dict[str, Any]:
    """A golden card."""
    card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return card
