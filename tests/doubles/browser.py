"""A person's browser without script: cookies, redirects followed one by one, and forms.

It believes in public addresses (https://bot.example.com). `reach` says where one really is, as a
reverse proxy does; the Host header and the cookies are those of the public address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Self

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

MOST_REDIRECTS = 8


@dataclass(frozen=True)
class Page:
    """What the browser shows, and by which redirects it got there (status and address)."""

    status: int
    url: URL
    text: str
    headers: dict[str, str]
    via: tuple[tuple[int, URL], ...] = ()

    @cached_property
    def _parsed(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.text)
        return reader

    @property
    def words(self) -> str:
        """The text that people read."""
        return " ".join(self._parsed.words)

    @property
    def form(self) -> Form:
        """The page's form. Raises LookupError."""
        form = self._parsed.form
        if form is None:
            raise LookupError(f"no form on {self.url}: {self.words}")
        return form


@dataclass
class Form:
    """A form: where it leads, its hidden fields, and the name=value pairs of its buttons."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.form: Form | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"style", "script", "svg"}:
            self._silent += 1
        elif tag == "form":
            self.form = Form(given.get("action", ""))
        elif self.form is not None and tag == "input" and given.get("type") == "hidden":
            self.form.hidden[given["name"]] = given.get("value", "")
        elif self.form is not None and tag == "button" and "name" in given:
            self.form.buttons.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "svg"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += data.split()


class Browser:
    """One browser profile. A second one has no cookies of the first."""

    def __init__(self, reach: Callable[[URL], URL], trust: ssl.SSLContext) -> None:
        self._reach = reach
        self.cookies = aiohttp.CookieJar(unsafe=True)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), cookie_jar=aiohttp.DummyCookieJar()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def open(self, address: str | URL, *, method: str = "GET") -> Page:
        """Open an address and follow it to the end."""
        return await self._follow(method, URL(address), None)

    async def submit(self, page: Page, *, follow: bool = True, **chosen: str) -> Page:
        """Press a button of the page's form; `chosen` is the button's name and value."""
        form = page.form
        if chosen and form.buttons:
            assert set(chosen.items()) <= set(form.buttons), f"{chosen} is not among {form.buttons}"
        target = page.url.join(URL(form.action))
        return await self._follow("POST", target, form.hidden | chosen, follow=follow)

    async def _follow(
        self, method: str, url: URL, data: dict[str, str] | None, *, follow: bool = True
    ) -> Page:
        via: list[tuple[int, URL]] = []
        for _ in range(MOST_REDIRECTS):
            page = await self._once(method, url, data)
            location = page.headers.get("Location")
            if location is None or not follow:
                return Page(page.status, page.url, page.text, page.headers, tuple(via))
            via.append((page.status, url))
            method, data, url = "GET", None, url.join(URL(location, encoded=True))
        raise AssertionError(f"redirected for ever: {via}")

    async def _once(self, method: str, url: URL, data: dict[str, str] | None) -> Page:
        headers = {"Host": url.host_port_subcomponent or ""}
        if method == "POST":
            # As browsers do on pages that send no referrer (Fetch standard, Origin header).
            headers |= {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        sent = self.cookies.filter_cookies(url)
        if sent:
            headers["Cookie"] = "; ".join(f"{c.key}={c.value}" for c in sent.values())
        async with self._session.request(
            method, self._reach(url), data=data, headers=headers, allow_redirects=False
        ) as answer:
            self.cookies.update_cookies(answer.cookies, url)
            return Page(answer.status, url, await answer.text(), dict(answer.headers))
