"""Redis away while somebody comes back from Microsoft: nothing is used up, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from redis.exceptions import ConnectionError as RedisAway

from bot.identify.flow import Identifying
from bot.sign_in.pages import Pages
from sync.connect.vault import Vault
from wording.identify import For

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient
    from pytest_aiohttp.plugin import AiohttpClient

PUBLIC = "https://bot.example.com"
STATE = "A" * 43


class Away:
    """A store whose Redis is away, and a purpose that nobody gets to."""

    name, confirms = For.NOT_FOR_ME, True

    async def read(self, state: str) -> None:
        raise RedisAway

    async def may_begin(self) -> bool:
        raise RedisAway


@pytest.fixture(name="client")
async def made_client(aiohttp_client: AiohttpClient) -> TestClient[web.Request, web.Application]:
    away: Any = Away()
    pages = Pages(public_url=PUBLIC, login_origin="https://login.example.com")

    async def now_ms() -> int:
        return 0

    flow = Identifying(
        public_url=PUBLIC,
        tenant_id="tenant",
        authorization=away,
        rows=away,
        vault=Vault([Fernet.generate_key().decode()]),
        pages=pages,
        now_ms=now_ms,
        purposes={For.NOT_FOR_ME: away},
    )

    async def callback(request: web.Request) -> web.Response:
        answer = await flow.finish(request, {"state": STATE, "code": "code"})
        assert isinstance(answer, web.Response)
        return answer

    app = web.Application()
    app.add_routes([web.get("/callback", callback), *flow.routes()])
    return await aiohttp_client(app)


async def test_who_comes_back_then_may_load_the_page_again(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client.get("/callback") as answer:
        assert answer.status == 503
        assert "then load this page again" in await answer.text()


@pytest.mark.parametrize("path", ["not-for-me", "not-for-me/confirm"])
async def test_who_presses_a_button_then_is_promised_nothing(
    client: TestClient[web.Request, web.Application], path: str
) -> None:
    cookie = {"Cookie": f"__Secure-sign-in-browser={STATE}"}
    form = {"state": STATE, "token": STATE}
    async with client.post(f"/auth/microsoft/{path}", data=form, headers=cookie) as answer:
        assert answer.status == 500
        assert "I can’t say whether your choice was kept" in await answer.text()


async def test_another_site_presses_nothing(
    client: TestClient[web.Request, web.Application],
) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in ("not-for-me", "not-for-me/confirm"):
        async with client.post(f"/auth/microsoft/{path}", headers=headers) as answer:
            assert answer.status == 403
            assert "Nothing has happened." in await answer.text()
