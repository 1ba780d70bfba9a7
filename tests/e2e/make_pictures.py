"""Makes the pictures of the documentation from the screenshots that the tests of this folder keep.

.venv/bin/python -m pytest tests/e2e && .venv/bin/python -m tests.e2e.make_pictures
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

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

_BARS = (336, 50)
"""Width and height of the chat client's own bars, left of and above the conversation."""
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
    """Make them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for screenshot, name in KEPT.items():
        keep(Image.open(SCREENSHOTS / f"{screenshot}.png"), name)
    client = Image.open(SCREENSHOTS / "story-chat.png")
    chat = client.crop((*_BARS, *client.size))
    panel = Image.open(SCREENSHOTS / "story-panel.png")
    keep(side_by_side(chat, panel), "hero")


if __name__ == "__main__":
    main()
