"""Makes the pictures of the documentation from the screenshots that the tests of this folder keep.

make e2e && .venv/bin/python -m tests.e2e.make_pictures [NAME ...]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = _ROOT / "build" / "screenshots"
PICTURES = _ROOT / "docs" / "pictures"
KEPT = {
    "card-connect": "chat-connect",
    "card-status": "chat-status",
    "card-status-own": "chat-status-own",
    "card-settings": "settings-centre",
    "card-settings-form": "settings-form",
    "card-settings-confirm": "settings-confirm",
    "card-settings-verify": "settings-verify",
    "card-settings-enabled": "settings-enabled",
    "card-settings-overtaken": "settings-overtaken",
    "card-settings-pick": "settings-pick",
    "card-settings-user": "settings-user",
    "card-settings-history": "settings-history",
    "card-style-locked": "style-locked",
    "cards-in-dark": "cards-in-dark",
    "sign-in-start-light": "sign-in-start",
    "panel-light": "panel-light",
    "panel-dark": "panel-dark",
}
"""Screenshots that are shown as they are, and the names of the pictures."""

_GROUND, _FRAME = "#e6e8f1", "#c9cddc"
_MARGIN, _RADIUS = 36, 14
_CORNER = 12
"""What the panel's cards have of rounded corners and shadow; the frame here has its own."""


def framed(picture: Image.Image) -> Image.Image:
    """Round the corners off and draw a fine line around."""
    shape = Image.new("L", picture.size)
    box = (0, 0, picture.width - 1, picture.height - 1)
    ImageDraw.Draw(shape).rounded_rectangle(box, _RADIUS, fill=255)
    whole = Image.new("RGB", picture.size, _GROUND)
    whole.paste(picture, mask=shape)
    ImageDraw.Draw(whole).rounded_rectangle(box, _RADIUS, outline=_FRAME, width=2)
    return whole


def as_tall(picture: Image.Image, height: int) -> Image.Image:
    """Add ground of its own above and below."""
    grown = Image.new("RGB", (picture.width, height), picture.getpixel((picture.width // 2, 4)))
    grown.paste(picture, (0, (height - picture.height) // 2))
    return grown


def side_by_side(*given: Image.Image) -> Image.Image:
    """Put pictures next to each other."""
    height = max(p.height for p in given)
    pictures = [as_tall(p.convert("RGB"), height) for p in given]
    width = sum(p.width + _MARGIN for p in pictures) + _MARGIN
    canvas = Image.new("RGB", (width, pictures[0].height + 2 * _MARGIN), _GROUND)
    left = _MARGIN
    for picture in pictures:
        canvas.paste(framed(picture), (left, _MARGIN))
        left += picture.width + _MARGIN
    return canvas


def keep(picture: Image.Image, name: str) -> None:
    """Save with 256 colours, which is plenty for screens and a third of the size."""
    reduced = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(PICTURES / f"{name}.png", optimize=True)


def main(names: Sequence[str]) -> None:
    """Make those that are named, or all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for screenshot, name in KEPT.items():
        if not names or name in names:
            keep(Image.open(SCREENSHOTS / f"{screenshot}.png"), name)
    if not names or "hero" in names:
        chat, panel = (Image.open(SCREENSHOTS / f"story-{name}.png") for name in ("chat", "panel"))
        inside = panel.crop((_CORNER, _CORNER, panel.width - _CORNER, panel.height - _CORNER))
        keep(
            side_by_side(chat, ImageOps.expand(inside.convert("RGB"), 2 * _CORNER, "white")), "hero"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
