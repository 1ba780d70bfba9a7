"""What every web page has, and the page for addresses that don't exist: for browsers only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.sign_in.attempt import Outcome
from bot.sign_in.pages import Pages
from domain.refusal import Refusal

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient
    from pytest_aiohttp.plugin import AiohttpClient

PUBLIC, LOGIN = "https://bot.example.com/presence", "https://login.example.com"
CHAT = "https://teams.example.com/l/chat/0/0?users=28:app"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def pages(contact: str | None = "it-help@example.com", chat: str | None = CHAT) -> Pages:
    return Pages(public_url=f"{PUBLIC}/", login_origin=LOGIN, contact=contact, chat=chat)


@pytest.fixture(name="client")
async def made_client(aiohttp_client: AiohttpClient) -> TestClient[web.Request, web.Application]:
    async def heard(_: web.Request) -> web.Response:
        return web.Response(text="heard")

    app = web.Application()
    app.add_routes([web.post("/api/messages", heard), *pages().routes()])
    return await aiohttp_client(app)


def links(page: web.Response | str) -> list[str]:
    text = page if isinstance(page, str) else page.text or ""
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*)"', text)]


@pytest.mark.parametrize("path", ["/", "/privacy", "/terms", "/nowhere"])
async def test_every_page_leads_to_privacy_terms_help_and_teams(
    client: TestClient[web.Request, web.Application], path: str
) -> None:
    async with client.get(path, headers=BROWSER) as answer:
        found = links(await answer.text())
    if path == "/privacy":
        assert found.pop(0) == f"{PUBLIC}/not-for-me"
    wanted = [CHAT, f"{PUBLIC}/privacy", f"{PUBLIC}/terms", "mailto:it-help@example.com"]
    assert found == wanted


@pytest.mark.parametrize("reason", list(Refusal))
def test_who_comes_to_an_end_gets_back_to_teams(reason: Refusal) -> None:
    assert CHAT in links(pages().refusal(reason))
    assert CHAT in links(pages().outcome(Outcome(True, "Connected", ("Done.",))))


@pytest.mark.parametrize(
    ("contact", "link", "words"),
    [
        ("o'brien+it@example.com", "mailto:o%27brien%2Bit@example.com", "o&#39;brien+it@"),
        ("https://help.example.com/sp?id=a&b=c", "https://help.example.com/sp?id=a&b=c", ">help."),
    ],
)
def test_the_organisations_own_contact_is_a_link(contact: str, link: str, words: str) -> None:
    page = pages(contact).not_found()
    assert link in links(page)
    assert words in (page.text or "")


def test_what_is_not_known_is_left_out() -> None:
    text = pages(None, None).not_found().text or ""
    assert "Questions?" not in text
    assert "Back to Teams" not in text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_browser_at_no_address_gets_a_page(
    client: TestClient[web.Request, web.Application], method: str
) -> None:
    async with client.request(method, "/a/b?c=<script>", headers=BROWSER) as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        text = await answer.text()
    assert ("There’s no page here" in text) == (method == "GET")
    assert "script" not in text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "allow"),
    [
        ("GET", "/nowhere", {}, 404, None),
        ("GET", "/nowhere", {"Accept": "application/json"}, 404, None),
        ("POST", "/nowhere", BROWSER, 404, None),
        ("GET", "/api/messages", BROWSER, 405, "POST"),
        ("GET", "/api/messages", {}, 405, "POST"),
        ("POST", "/privacy", BROWSER, 405, "GET,HEAD"),
        ("DELETE", "/", {}, 405, "GET,HEAD"),
    ],
)
async def test_everything_else_gets_the_plain_answer(
    client: TestClient[web.Request, web.Application],
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    allow: str | None,
) -> None:
    async with client.request(method, path, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (status, "text/plain")
        assert answer.headers.get("Allow") == allow
