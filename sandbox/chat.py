"""The chat, watched on its way: what was said last in cards, and a page that shows them.

The chat client and the bot reach each other through here, so that the panel can show the newest
cards in dark and narrow, which the chat client can't. Nothing is changed on the way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from sandbox import npm, renderer
from sandbox.pages import page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox.world import World

CONNECTOR: Final = "/sandbox/chat/connector"
"""What the bot takes for the chat client's service address."""
ENDPOINT: Final = "/sandbox/chat/bot"
"""What the chat client takes for the bot's address."""

KEPT: Final = 12
_CARD: Final = "application/vnd.microsoft.card.adaptive"
_PASSED_ON: Final = (hdrs.CONTENT_TYPE, hdrs.AUTHORIZATION)


class ChatRelay:
    """Passes messages on between bot and chat client, and keeps the newest cards.

    `bot` and `client` are the addresses of the bot's endpoint and of the client's connector.
    """

    def __init__(self, world: World, *, bot: str, client: str) -> None:
        self._world = world
        self._bot = bot
        self._client = client
        self._session: aiohttp.ClientSession | None = None
        self.cards: dict[str, dict[str, Any]] = {}
        """By activity id, the newest last."""

    async def running(self) -> AsyncIterator[None]:
        """While messages are passed on."""
        async with aiohttp.ClientSession() as self._session:
            yield

    async def to_bot(self, request: web.Request) -> web.Response:
        """From the client to the bot; the answer to a click may hold a card."""
        body = await request.read()
        answer = await self._passed(request, self._bot, body)
        said, replied = _parsed(body), _parsed(answer.body)
        if replied.get("type") == _CARD and isinstance(said.get("replyToId"), str):
            self._keep(said["replyToId"], replied.get("value"))
        return answer

    async def to_client(self, request: web.Request) -> web.Response:
        """From the bot to the client."""
        path = request.rel_url.raw_path.removeprefix(CONNECTOR)
        body = await request.read()
        answer = await self._passed(request, f"{self._client}{path}", body)
        if answer.status >= 300:
            return answer
        last = request.match_info["path"].rpartition("/")[2]
        if request.method == hdrs.METH_DELETE:
            if self.cards.pop(last, None) is not None:
                self._world.changed()
            return answer
        known = request.method == hdrs.METH_PUT
        name = last if known else str(_parsed(answer.body).get("id", ""))
        for attachment in _parsed(body).get("attachments") or ():
            if isinstance(attachment, dict) and attachment.get("contentType") == _CARD:
                self._keep(name, attachment.get("content"))
        return answer

    async def page(self, _: web.Request) -> web.Response:
        """Answer with the page of cards; the renderer is fetched when it is wanted first."""
        missing = ""
        try:
            await renderer.install()
        except npm.Unavailable as error:
            missing = str(error)
        return page("cards.html", missing=missing)

    async def newest(self, _: web.Request) -> web.Response:
        """Answer with the cards, the newest first, and how each theme looks."""
        looks = {theme: renderer.host_config(theme) for theme in ("light", "dark")}
        cards = [{"id": name, "card": card} for name, card in reversed(self.cards.items())]
        return web.json_response(
            {"cards": cards, "looks": looks}, headers={"Cache-Control": "no-store"}
        )

    async def script(self, _: web.Request) -> web.FileResponse:
        """Answer with the renderer."""
        if not renderer.SCRIPT.exists():
            raise web.HTTPNotFound
        return web.FileResponse(renderer.SCRIPT)

    async def _passed(self, request: web.Request, target: str, body: bytes) -> web.Response:
        if self._session is None:
            raise RuntimeError("not running")
        headers = {n: request.headers[n] for n in _PASSED_ON if n in request.headers}
        url = f"{target}?{request.query_string}" if request.query_string else target
        try:
            async with self._session.request(
                request.method, URL(url, encoded=True), data=body, headers=headers
            ) as answer:
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    headers={n: answer.headers[n] for n in _PASSED_ON if n in answer.headers},
                )
        except aiohttp.ClientConnectionError:
            raise web.HTTPBadGateway from None

    def _keep(self, name: str, card: object) -> None:
        if not isinstance(card, dict):
            return
        self.cards.pop(name, None)
        self.cards[name] = card
        while len(self.cards) > KEPT:
            del self.cards[next(iter(self.cards))]
        self._world.changed()


def _parsed(body: object) -> dict[str, Any]:
    """A JSON object; anything else counts as an empty one."""
    try:
        found = json.loads(body) if isinstance(body, bytes) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
