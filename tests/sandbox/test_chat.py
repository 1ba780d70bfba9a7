"""The chat is passed on unchanged, and the panel shows its newest cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox import renderer
from sandbox.chat import CONNECTOR, ENDPOINT, KEPT
from sandbox.server import build_sandbox
from tests.sandbox.support import config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pytest_aiohttp.plugin import AiohttpClient

    from tests.sandbox.support import Client

CARD = "application/vnd.microsoft.card.adaptive"
TALK = f"{CONNECTOR}/v3/conversations/a%2F1%3F/activities"


def card(text: str) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": text}]}


def message(text: str) -> dict[str, Any]:
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card(text)}]}


class Ends:
    """The chat client and the bot, behind the sandbox."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, Any, str | None]] = []
        self.bot_says: dict[str, Any] = {}
        self.status = 201

    async def client(self, request: web.Request) -> web.Response:
        await self._hear(request)
        return web.json_response({"id": f"m{len(self.heard)}"}, status=self.status)

    async def bot(self, request: web.Request) -> web.Response:
        await self._hear(request)
        return web.json_response(self.bot_says)

    async def _hear(self, request: web.Request) -> None:
        body = await request.json() if request.can_read_body else None
        asked = request.headers.get("Authorization")
        self.heard.append((request.method, request.raw_path, body, asked))


@pytest.fixture(name="ends")
async def made_ends() -> AsyncIterator[tuple[Ends, TestServer]]:
    ends, app = Ends(), web.Application()
    app.add_routes([web.post("/api/messages", ends.bot), web.route("*", "/{p:.*}", ends.client)])
    server = TestServer(app)
    await server.start_server()
    yield ends, server
    await server.close()


@pytest.fixture(name="panel")
async def made_panel(ends: tuple[Ends, TestServer], aiohttp_client: AiohttpClient) -> Client:
    base = str(ends[1].make_url("/"))
    return await aiohttp_client(
        build_sandbox(config(chat_url=base, bot_endpoint=f"{base}api/messages"))
    )


async def shown(panel: Client) -> list[str]:
    async with panel.get("/sandbox/api/cards") as answer:
        found = await answer.json()
    assert set(found["looks"]) == {"light", "dark"}
    return [entry["card"]["body"][0]["text"] for entry in found["cards"]]


async def test_what_the_bot_says_is_passed_on_and_its_cards_are_kept(
    panel: Client, ends: tuple[Ends, TestServer]
) -> None:
    headers = {"Authorization": "Bearer x"}
    for text in ("one", "two"):
        async with panel.post(TALK, json=message(text), headers=headers) as answer:
            assert (answer.status, await answer.json()) == (201, {"id": f"m{len(ends[0].heard)}"})
    path = "/_connector/v3/conversations/a%2F1%3F/activities"
    assert ends[0].heard[0] == ("POST", path, message("one"), "Bearer x")
    assert await shown(panel) == ["two", "one"]

    async with panel.put(f"{TALK}/m1", json=message("one, edited")):
        assert await shown(panel) == ["one, edited", "two"]
    async with panel.delete(f"{TALK}/m2"):
        assert await shown(panel) == ["one, edited"]


async def test_a_card_that_answers_a_click_replaces_the_clicked_one(
    panel: Client, ends: tuple[Ends, TestServer]
) -> None:
    await panel.post(TALK, json=message("before"))
    ends[0].bot_says = {"statusCode": 200, "type": CARD, "value": card("after")}
    async with panel.post(ENDPOINT, json={"type": "invoke", "replyToId": "m1"}) as answer:
        assert (await answer.json()) == ends[0].bot_says
    assert ends[0].heard[-1][:2] == ("POST", "/api/messages")
    assert await shown(panel) == ["after"]


async def test_what_was_refused_is_not_shown_and_old_cards_go(
    panel: Client, ends: tuple[Ends, TestServer]
) -> None:
    ends[0].status = 429
    async with panel.post(TALK, json=message("refused")) as answer:
        assert answer.status == 429
    ends[0].status = 200
    for number in range(KEPT + 1):
        await panel.post(TALK, json=message(str(number)))
    assert await shown(panel) == [str(n) for n in range(KEPT, 0, -1)]


async def test_without_a_client_it_says_so_as_a_gateway(aiohttp_client: AiohttpClient) -> None:
    nowhere = config(chat_url="http://127.0.0.1:9/", bot_endpoint="http://127.0.0.1:9/x")
    panel = await aiohttp_client(build_sandbox(nowhere))
    async with panel.post(TALK, json={}) as answer:
        assert answer.status == 502


async def test_the_page_has_the_switches_or_says_what_is_missing(
    panel: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "renderer.js"
    monkeypatch.setattr(renderer, "SCRIPT", script)
    monkeypatch.setattr("shutil.which", lambda _: None)
    async with panel.get("/cards") as answer:
        assert "npm is not on the PATH" in await answer.text()
    script.write_text("ready")
    async with panel.get("/cards") as answer:
        text = await answer.text()
    assert all(f'data-theme="{theme}"' in text for theme in ("light", "dark"))
    assert all(f'data-width="{width}"' in text for width in (448, 320))
    async with panel.get("/sandbox/renderer.js") as answer:
        assert await answer.text() == "ready"
    async with panel.get("/cards", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


async def test_the_panel_leads_there_only_with_a_chat_client(panel: Client, client: Client) -> None:
    async with panel.get("/") as answer:
        assert 'href="/cards"' in await answer.text()
    async with client.get("/") as answer:
        assert 'href="/cards"' not in await answer.text()
