"""Makes the pictures of the documentation from the screenshots that the tests of this folder keep.

.venv/bin/python -m pytest tests/e2e && .venv/bin/python -m tests.e2e.make_pictures
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

_ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = _ROOT / "build" / "screenshots"
PICTURES = _ROOT / "docs" / "pictures"
PANE = (336, 50, 1280, 900)
"""The conversation, without the chat client's own bars."""
KEPT = {
    "chat-connect": PANE,
    "chat-status-own": PANE,
    "sign-in-start-light": None,
    "panel-light": None,
    "panel-dark": None,
}
_GROUND, _FRAME = "#e6e8f1", "#c9cddc"
_MARGIN, _RADIUS = 36, 14


def framed(picture: Image.Image) -> Image.Image:
    """Round the corners off and draw a fine line around."""
    shape = Image.new("L", picture.size)
    box = (0, 0, picture.width - 1, picture.height - 1)
    ImageDraw.Draw(shape).rounded_rectangle(box, _RADIUS, fill=255)
    whole = Image.new("RGB", picture.size, _GROUND)
    whole.paste(picture, mask=shape)
    ImageDraw.Draw(whole).rounded_rectangle(box, _RADIUS, outline=_FRAME, width=2)
    return whole


def side_by_side(*pictures: Image.Image) -> Image.Image:
    """Put pictures of one height next to each other."""
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


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, box in KEPT.items():
        picture = Image.open(SCREENSHOTS / f"{name}.png")
        keep(picture.crop(box) if box else picture, name)
    chat = Image.open(SCREENSHOTS / "story-chat.png").crop(PANE)
    panel = Image.open(SCREENSHOTS / "story-panel.png")
    keep(side_by_side(chat, panel), "hero")


if __name__ == "__main__":
    main()
