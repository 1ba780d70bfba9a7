"""Shows cards as Teams colours them, in light and dark, with Microsoft's JavaScript renderer.

The local chat client has no dark theme. The renderer is an npm package, fetched when it is wanted
(version and hash in `sandbox/renderer/package-lock.json`). It knows the open schema only, so charts
appear as their fallback. The colours are Microsoft's own: AdaptiveCards repository,
samples/HostConfig, microsoft-teams-light.json and -dark.json, but for the dark theme's boxes, which
are pale there and dark in Teams (Fluent UI, teamsDarkTheme, status and brand backgrounds). Frames
and buttons around are ours (`static/cards.css`), as hosts style those themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from sandbox import npm

Theme = Literal["light", "dark"]

FOLDER: Final = Path(__file__).resolve().with_suffix("")
SCRIPT: Final = FOLDER / "node_modules/adaptivecards/dist/adaptivecards.min.js"

_GROUNDS: Final[dict[Theme, dict[str, str]]] = {
    "light": {"default": "#ffffff", "emphasis": "#f9f8f7"},
    "dark": {"default": "#2d2c2c", "emphasis": "#292828"},
}
_TINTS: Final[dict[Theme, dict[str, str]]] = {
    "light": {
        "accent": "#c7def9",
        "good": "#ccffcc",
        "attention": "#ffc5b2",
        "warning": "#ffe2b2",
    },
    "dark": {
        "accent": "#2f2f4a",
        "good": "#052505",
        "attention": "#3b0509",
        "warning": "#4a1e04",
    },
}

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


async def install() -> None:
    """Fetch the pinned version, unless it is there. Raises `npm.Unavailable`."""
    await npm.install(FOLDER, SCRIPT)


def host_config(theme: Theme) -> dict[str, Any]:
    """Teams' look of a theme, as the renderer takes it."""
    plain = {name: _shades(*pair) for name, pair in _COLOURS[theme].items()}
    grounds = _GROUNDS[theme] | _TINTS[theme]
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
            name: {"backgroundColor": ground, "foregroundColors": plain}
            for name, ground in grounds.items()
        },
        "textBlock": {"headingLevel": 2},
        "actions": {
            "maxActions": 6,
            "buttonSpacing": 8,
            "actionsOrientation": "Horizontal",
            "actionAlignment": "Left",
        },
    }


def _shades(default: str, subtle: str) -> dict[str, str]:
    return {"default": default, "subtle": subtle}
