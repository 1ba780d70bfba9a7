"""What browsers send to the sign-in pages, read with suspicion, and the cookies that they keep.

Header values may hold any bytes (aiohttp hands them over as surrogates), forms any encoding: only
what looks exactly like ours is let through. The cookies are narrow and short-lived.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from bot.sign_in.attempt import TTL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multidict import MultiMapping

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
"""A ticket, state or cookie of ours: 256 bits."""

MOST_BYTES = 16 * 1024
MOST_LENGTH = 4096
"""Of a form, and of one parameter. Codes of Entra have about 2,000 characters."""

ANSWER = (
    "code",
    "state",
    "error",
    "error_description",
    "error_subcode",
    "session_state",
    "client_info",
)
"""What Microsoft may send back (OAuth 2.0 section 4.1.2, and its own additions)."""

_AHEAD = (
    ("Sec-Purpose", "prefetch"),
    ("Purpose", "prefetch"),
    ("X-Moz", "prefetch"),
    ("X-Purpose", "preview"),
)
"""How browsers say that they only fetch ahead (Fetch standard, and what came before it)."""

PATH = "/auth/microsoft"
NOT_FOR_ME = "/not-for-me"
"""Where people say no without the app."""
CALLBACK = f"{PATH}/callback"
"""Where Microsoft sends people back to, at the product's address."""

CONSENT_CALLBACK = f"{PATH}/organisation"
"""Where it sends back whoever was asked to consent for the organisation (bot.consent.flow)."""

BROWSER = "sign-in-browser"
BROWSER_TTL = 2 * TTL
"""One for all attempts of a browser, so that two tabs do not take each other's away."""

CHOOSE = "sign-in-choose-account"
CHOOSE_TTL = 3600
"""Seconds for which Microsoft offers a choice of accounts."""


def ticket_of(values: MultiMapping[object]) -> str | None:
    """The one ticket, if it is a secret of ours."""
    return secret_of(values, "ticket")


def secret_of(values: MultiMapping[object], name: str) -> str | None:
    """The one value of this name, if it may be a secret of ours."""
    match values.getall(name, []):
        case [str(value)] if SECRET.fullmatch(value):
            return value
    return None


def answer_of(values: MultiMapping[object], names: Sequence[str] = ANSWER) -> dict[str, str] | None:
    """Microsoft's answer, known `names` only; None if it cannot be one."""
    answer = {}
    for name in names:
        match values.getall(name, []):
            case []:
                continue
            case [str(value)] if len(value) <= MOST_LENGTH and _is_text(value):
                answer[name] = value
            case _:
                return None
    return answer if SECRET.fullmatch(answer.get("state", "")) else None


async def form_of(request: web.Request) -> MultiMapping[object]:
    """Read a small, plain form. Raises web.HTTPException for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        if (request.charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise web.HTTPUnsupportedMediaType  # browsers send none: forms are what the page is
        return await request.clone(client_max_size=MOST_BYTES).post()
    except (ValueError, LookupError, ConnectionResetError):
        # Bytes that are no text, or a charset that is none; or nobody is there any more.
        raise web.HTTPBadRequest from None


def is_same_origin(request: web.Request, origin: str) -> bool:
    """Whether our own page (at `origin`, lower case) sent this form, as far as the browser tells.

    Origin is "null" even then, because our pages send no referrer (Fetch standard, "append a
    request Origin header"); Sec-Fetch-Site is exact where browsers send it.
    """
    said = request.headers.get("Origin", "null").lower()
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return said in {"null", origin} and site in {"same-origin", "none"}


def is_ahead(request: web.Request) -> bool:
    """Whether nobody asked for the page yet: the browser fetches it in case."""
    return any(word in request.headers.get(name, "").lower() for name, word in _AHEAD)


def _is_text(value: str) -> bool:
    """Whether it can be written down: no halves of characters, as odd bytes become."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


class Cookies:
    """Reads and sets them for a product at `public_url`.

    `browser` names the one that tells browsers apart, and `life` is how long (seconds) it lives.
    """

    def __init__(self, public_url: str, *, browser: str = BROWSER, life: int = BROWSER_TTL) -> None:
        self._browser, self._life = browser, life
        parts = urlsplit(public_url)
        self._https = parts.scheme == "https"
        self._path = parts.path.rstrip("/") + PATH

    def browser(self, request: web.Request) -> str | None:
        """The secret of this browser, if it has one of ours."""
        value = request.cookies.get(self._name(self._browser))
        return value if value is not None and SECRET.fullmatch(value) else None

    def keep_browser(self, response: web.Response, secret: str) -> None:
        """Give the browser its secret, or renew it."""
        self._set(response, self._browser, secret, self._life)

    def asks_which_account(self, request: web.Request) -> bool:
        """Whether another account than the chat's signed in last."""
        return self._name(CHOOSE) in request.cookies

    def ask_which_account(self, response: web.Response, *, ask: bool) -> None:
        """Let the next sign-in offer a choice of accounts, or not any more."""
        self._set(response, CHOOSE, "1" if ask else "", CHOOSE_TTL if ask else 0)

    def _name(self, name: str) -> str:
        # __Host- would ask for Path=/, and other pages need not see these.
        return f"__Secure-{name}" if self._https else name

    def _set(self, response: web.Response, name: str, value: str, life: int) -> None:
        """Set a cookie for `life` seconds; 0 removes it."""
        response.set_cookie(
            self._name(name),
            value,
            max_age=life,
            path=self._path,
            httponly=True,
            samesite="Lax",
            secure=self._https,
        )
