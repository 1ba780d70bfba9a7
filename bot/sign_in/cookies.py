"""The cookies of the sign-in pages: narrow, short-lived, and never believed to be well formed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.sign_in.attempt import TTL
from bot.sign_in.requests import SECRET

if TYPE_CHECKING:
    from aiohttp import web

PATH = "/auth/microsoft"

BROWSER = "sign-in-browser"
BROWSER_TTL = 2 * TTL
"""One for all attempts of a browser, so that two tabs do not take each other's away."""

CHOOSE = "sign-in-choose-account"
CHOOSE_TTL = 3600
"""Seconds for which Microsoft is asked to ask which account to use."""


class Cookies:
    """Reads and sets them for a product at `public_url`."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._https = parts.scheme == "https"
        self._path = parts.path.rstrip("/") + PATH

    def browser(self, request: web.Request) -> str | None:
        """The secret of this browser, if it has one of ours."""
        value = request.cookies.get(self._name(BROWSER))
        return value if value is not None and SECRET.fullmatch(value) else None

    def keep_browser(self, response: web.Response, secret: str) -> None:
        """Give the browser its secret, or renew it."""
        self._set(response, BROWSER, secret, BROWSER_TTL)

    def asks_which_account(self, request: web.Request) -> bool:
        """Whether another account than the chat's signed in last."""
        return self._name(CHOOSE) in request.cookies

    def ask_which_account(self, response: web.Response, *, ask: bool) -> None:
        """Have the next sign-in ask which account to use, or not any more."""
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
