"""HTML for the sandbox's own pages: local templates, everything escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import jinja2
from aiohttp import web

STATIC: Final = Path(__file__).parent / "static"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, *, status: int = 200, **values: object) -> web.Response:
    """Render a template."""
    text = _templates().get_template(template).render(values)
    return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    words = name.split()
    return "".join(
        word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)
    ).upper()
