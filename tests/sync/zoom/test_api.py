"""Zoom's API over HTTP: tokens, one user, and what becomes of every failure."""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from domain.errors import AdminMustAct, OutsideError, PersonGone, Refused, RetryLater
from domain.presence import ZoomPresence
from sync.engine.ports import ZoomUser
from sync.zoom.api import NEW_SCOPES_AFTER, ZoomApi
from sync.zoom.tokens import RENEW_EARLY

ADA = {"id": "zAda", "email": "Ada@Example.com", "type": 2}


@dataclass
class Zoom:
    """Server-to-Server OAuth and one user. `answers` come before what it would say by itself."""

    lives: float = 3600
    status: str = "In_Meeting"
    answers: deque[web.Response] = field(default_factory=deque)
    token_answers: deque[web.Response] = field(default_factory=deque)
    issued: int = 0
    valid: set[str] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)

    async def token(self, request: web.Request) -> web.Response:
        if self.token_answers:
            return self.token_answers.popleft()
        basic = "Basic " + base64.b64encode(b"client:secret").decode()
        form = await request.post()
        if request.headers.get("Authorization") != basic or dict(form) != {
            "grant_type": "account_credentials",
            "account_id": "account",
        }:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.issued += 1
        token = f"token-{self.issued}"
        self.valid.add(token)
        return web.json_response({"access_token": token, "expires_in": self.lives})

    async def user(self, request: web.Request) -> web.Response:
        self.paths.append(request.raw_path)
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.valid:
            return web.json_response({"code": 124, "message": "Invalid access token."}, status=401)
        if self.answers:
            return self.answers.popleft()
        if request.match_info["user"].lower() not in {"zada", "ada@example.com"}:
            return web.json_response({"code": 1001, "message": "User does not exist."}, status=404)
        presence = request.path.endswith("/presence_status")
        return web.json_response({"status": self.status} if presence else ADA)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def zoom() -> Zoom:
    return Zoom()


@pytest.fixture
async def server(zoom: Zoom) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_post("/oauth/token", zoom.token)
    app.router.add_get("/v2/users/{user}", zoom.user)
    app.router.add_get("/v2/users/{user}/presence_status", zoom.user)
    running = TestServer(app)
    await running.start_server()
    yield running
    await running.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client_of(
    session: aiohttp.ClientSession, base: str, clock: Clock, *, secret: str = "secret"
) -> ZoomApi:
    return ZoomApi(
        session,
        oauth_url=base,
        api_url=base,
        account_id="account",
        client_id="client",
        client_secret=secret,
        now=clock,
        time_limit=aiohttp.ClientTimeout(total=5),
    )


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


@pytest.fixture
def api(session: aiohttp.ClientSession, server: TestServer, clock: Clock) -> ZoomApi:
    return client_of(session, str(server.make_url("")).rstrip("/"), clock)


# -- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "presence"),
    [
        ("Available", ZoomPresence.AVAILABLE),
        ("In_A_Zoom_Meeting", ZoomPresence.IN_MEETING),
        ("On_A_Call", ZoomPresence.ON_PHONE_CALL),
        ("Do_No_Disturb", ZoomPresence.DO_NOT_DISTURB),
        ("Something_New", None),
    ],
)
async def test_the_presence_of_a_user_is_read(
    zoom: Zoom, api: ZoomApi, status: str, presence: ZoomPresence | None
) -> None:
    zoom.status = status
    assert await api.presence_of("zAda") is presence
    assert zoom.paths == ["/v2/users/zAda/presence_status"]


async def test_a_user_is_found_by_address(api: ZoomApi) -> None:
    assert await api.find_user("ada@example.com") == ZoomUser("zAda", "Ada@Example.com")
    assert await api.find_user("nobody@example.com") is None


async def test_a_user_who_does_not_exist_is_gone(api: ZoomApi) -> None:
    with pytest.raises(PersonGone):
        await api.presence_of("nobody@example.com")


async def test_a_name_cannot_lead_to_another_address(zoom: Zoom, api: ZoomApi) -> None:
    with pytest.raises(PersonGone):
        await api.presence_of("../../accounts/x?y=#z")
    assert zoom.paths == ["/v2/users/..%2F..%2Faccounts%2Fx%3Fy=%23z/presence_status"]


@pytest.mark.parametrize("body", ["", "[]", "no json", '{"id": 5, "email": "x"}', '{"id": ""}'])
async def test_an_answer_that_makes_no_sense_is_asked_for_later(
    zoom: Zoom, api: ZoomApi, body: str
) -> None:
    zoom.answers.append(web.Response(text=body, content_type="application/json"))
    with pytest.raises(RetryLater, match="zoom_answer"):
        await api.find_user("ada@example.com")


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"status": 5}'])
async def test_a_presence_that_makes_no_sense_is_unknown(
    zoom: Zoom, api: ZoomApi, body: str
) -> None:
    zoom.answers.append(web.Response(text=body, content_type="application/json"))
    assert await api.presence_of("zAda") is None


async def test_an_endless_answer_is_not_read(zoom: Zoom, api: ZoomApi) -> None:
    zoom.answers.append(web.Response(body=b" " * (2 << 20)))
    with pytest.raises(RetryLater, match="zoom_answer"):
        await api.find_user("ada@example.com")


# -- tokens --------------------------------------------------------------------------------------


async def test_a_token_serves_until_shortly_before_its_end(
    zoom: Zoom, api: ZoomApi, clock: Clock
) -> None:
    await api.presence_of("zAda")
    clock.now += zoom.lives - RENEW_EARLY - 1
    await api.presence_of("zAda")
    assert zoom.issued == 1
    clock.now += 2
    await api.presence_of("zAda")
    assert zoom.issued == 2


async def test_many_at_once_share_one_token(zoom: Zoom, api: ZoomApi) -> None:
    await asyncio.gather(*(api.presence_of("zAda") for _ in range(20)))
    assert zoom.issued == 1
    zoom.valid.clear()
    await asyncio.gather(*(api.presence_of("zAda") for _ in range(20)))
    assert zoom.issued == 2


async def test_a_refused_token_is_replaced_once(zoom: Zoom, api: ZoomApi) -> None:
    await api.presence_of("zAda")
    zoom.valid.clear()
    assert await api.presence_of("zAda") is ZoomPresence.IN_MEETING
    assert (zoom.issued, len(zoom.paths)) == (2, 3)


async def test_a_token_that_is_always_refused_is_an_admins_matter(zoom: Zoom, api: ZoomApi) -> None:
    zoom.answers.extend(web.Response(status=401) for _ in range(2))
    with pytest.raises(AdminMustAct, match="zoom_token_refused"):
        await api.presence_of("zAda")
    assert (len(zoom.paths), zoom.issued) == (2, 2)


async def test_wrong_credentials_are_an_admins_matter_and_stay_secret(
    session: aiohttp.ClientSession, server: TestServer, clock: Clock
) -> None:
    base = str(server.make_url("")).rstrip("/")
    api = client_of(session, base, clock, secret="wrong-secret")
    with pytest.raises(AdminMustAct) as caught:
        await api.presence_of("zAda")
    assert caught.value.code == "zoom_credentials"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ({"status": 400, "text": '{"error": "x"}'}, AdminMustAct, "zoom_credentials"),
        ({"status": 400, "text": '{"reason": "x"}'}, AdminMustAct, "zoom_credentials"),
        ({"status": 400, "text": "{}"}, RetryLater, "zoom_intercepted"),
        ({"status": 403, "text": '{"message": "Forbidden"}'}, RetryLater, "zoom_intercepted"),
        ({"status": 503}, RetryLater, "zoom_error"),
        ({"status": 429}, RetryLater, "zoom_busy"),
        ({"text": "{}"}, RetryLater, "zoom_answer"),
        ({"text": '{"access_token": "x", "expires_in": "soon"}'}, RetryLater, "zoom_answer"),
        ({"text": "no json"}, RetryLater, "zoom_answer"),
    ],
)
async def test_a_token_that_is_not_to_be_had_has_a_reason(
    zoom: Zoom,
    api: ZoomApi,
    clock: Clock,
    answer: dict[str, Any],
    error: type[OutsideError],
    code: str,
) -> None:
    zoom.token_answers.append(web.Response(**answer))
    with pytest.raises(error) as caught:
        await api.presence_of("zAda")
    assert type(caught.value) is error
    assert caught.value.code == code
    clock.now += 30
    assert await api.presence_of("zAda") is ZoomPresence.IN_MEETING


async def test_a_token_service_that_says_when_is_not_asked_before(
    zoom: Zoom, api: ZoomApi, clock: Clock
) -> None:
    zoom.token_answers.append(web.Response(status=429, headers={"Retry-After": "60"}))
    for _ in range(3):
        with pytest.raises(RetryLater, match="zoom_busy"):
            await api.presence_of("zAda")
        clock.now += 19
    assert zoom.issued == 0
    clock.now += 3
    assert await api.presence_of("zAda") is ZoomPresence.IN_MEETING


# -- failures ------------------------------------------------------------------------------------


RIGHTS = (AdminMustAct, "zoom_rights")
TOKEN = (AdminMustAct, "zoom_token_refused")
BETWEEN = (RetryLater, "zoom_intercepted")
ERROR = (RetryLater, "zoom_error")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"code": 300, "message": "bad"}, (Refused, "zoom_refused")),
        (400, {"code": 4711, "message": "scopes"}, (AdminMustAct, "zoom_rights")),
        (400, {"code": 104, "message": "no client"}, (AdminMustAct, "zoom_rights")),
        (400, {"code": 5, "message": "…, does not contain scopes:[a:b]"}, RIGHTS),
        (400, {"code": 124, "message": "Invalid access token."}, TOKEN),
        (403, {"code": 200, "message": "No permission."}, RIGHTS),
        (400, {"code": 1001, "message": "no such user"}, (PersonGone, "zoom_user_unknown")),
        (400, {"code": 1010, "message": "not of this account"}, (PersonGone, "zoom_user_unknown")),
        (400, {"code": "1010", "message": ""}, (PersonGone, "zoom_user_unknown")),
        (400, {"code": [1], "message": None}, (Refused, "zoom_refused")),
        (400, {"code": 124, "message": "Access token is expired."}, TOKEN),
        (400, {"code": 201, "message": "expired"}, TOKEN),
        (400, {"code": 200, "message": "Only available for Paid account: x"}, RIGHTS),
        (404, {"code": 200, "message": "x"}, (PersonGone, "zoom_user_unknown")),
        (403, {"code": 1, "message": "x"}, RIGHTS),
        (404, {"code": 2300, "message": "This API endpoint is not recognized: /x"}, ERROR),
        (400, {"message": "Bad Request"}, BETWEEN),  # gateways speak JSON too
        (401, {"message": "Unauthorized"}, BETWEEN),
        (403, {"message": "Forbidden"}, BETWEEN),
        (404, {"message": "no Route matched with those values"}, BETWEEN),
        (404, {"error": {"code": 1001}}, BETWEEN),
        (403, {}, BETWEEN),
        (404, {}, BETWEEN),
        (500, {}, (RetryLater, "zoom_error")),
        (503, {}, (RetryLater, "zoom_error")),
    ],
)
async def test_each_failure_is_named_by_who_must_act(
    zoom: Zoom,
    api: ZoomApi,
    status: int,
    body: dict[str, Any],
    expected: tuple[type[OutsideError], str],
) -> None:
    zoom.answers.extend(web.json_response(body, status=status) for _ in range(2))
    with pytest.raises(OutsideError) as caught:
        await api.presence_of("zAda")
    assert (type(caught.value), caught.value.code) == expected


@pytest.mark.parametrize(
    ("header", "after"),
    [
        *[("7", 7.0), ("3.5", 3.5), ("99999999999", 3600.0)],
        *[(none, 30.0) for none in ("", "tomorrow", "-1")],
        *[(at_once, 1.0) for at_once in ("0", "0.2", "2020-01-01T00:00:00Z")],
    ],
)
async def test_a_busy_zoom_says_when_to_come_back(
    zoom: Zoom, api: ZoomApi, header: str, after: float
) -> None:
    zoom.answers.append(web.Response(status=429, headers={"Retry-After": header}))
    with pytest.raises(RetryLater) as caught:
        await api.presence_of("zAda")
    assert (caught.value.code, caught.value.after) == ("zoom_busy", after)


async def test_a_zoom_that_is_not_there_is_temporary(
    session: aiohttp.ClientSession, unused_tcp_port: int, clock: Clock
) -> None:
    api = client_of(session, f"http://127.0.0.1:{unused_tcp_port}", clock)
    with pytest.raises(RetryLater, match="zoom_unreachable"):
        await api.presence_of("zAda")


# -- who Zoom does not know ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 1010),
        (400, 300),
        (400, 1001),
        (400, 1120),
        (404, 1001),
        (404, 1120),
        (409, 5),
        (422, 0),
    ],
)
async def test_an_address_that_zoom_refuses_is_nobodys(
    zoom: Zoom, api: ZoomApi, status: int, code: int
) -> None:
    refused = {"code": code, "message": "User not found on this account: ada"}
    zoom.answers.append(web.json_response(refused, status=status))
    assert await api.find_user("ada@example.com") is None
    assert await api.find_user("ada@example.com") is not None


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"code": 124, "message": "Access token is expired."}, TOKEN),
        (400, {"code": 200, "message": "Only available for Paid account: x"}, RIGHTS),
        (404, {"code": 2300, "message": "This API endpoint is not recognized: /x"}, ERROR),
        (400, {"message": "Bad Request"}, BETWEEN),
        (404, {"message": "no Route matched with those values"}, BETWEEN),
    ],
)
async def test_what_is_not_about_the_address_does_not_make_it_nobodys(
    zoom: Zoom,
    api: ZoomApi,
    status: int,
    body: dict[str, Any],
    expected: tuple[type[OutsideError], str],
) -> None:
    zoom.answers.extend(web.json_response(body, status=status) for _ in range(2))
    with pytest.raises(OutsideError) as caught:
        await api.find_user("ada@example.com")
    assert (type(caught.value), caught.value.code) == expected


async def test_an_id_that_zoom_refuses_says_nothing_of_its_user(zoom: Zoom, api: ZoomApi) -> None:
    zoom.answers.append(web.json_response({"code": 300, "message": "bad"}, status=400))
    with pytest.raises(Refused, match="zoom_refused: 400 300"):
        await api.find_user("zAda")
    assert await api.find_user("zAda") == ZoomUser("zAda", "Ada@Example.com")
    assert await api.find_user("zGone") is None


# -- something in between ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 407, 451, 511])
async def test_a_page_is_not_taken_for_zooms_answer(zoom: Zoom, api: ZoomApi, status: int) -> None:
    for asked, answers in enumerate((zoom.token_answers, zoom.answers)):
        answers.append(
            web.Response(text="<html>Blocked</html>", content_type="text/html", status=status)
        )
        with pytest.raises(RetryLater) as caught:
            await api.presence_of("zAda")
        assert (caught.value.code, caught.value.detail) == ("zoom_intercepted", str(status))
        assert len(zoom.paths) == asked


async def test_a_token_service_that_is_not_there_says_nothing_about_a_person(
    zoom: Zoom, api: ZoomApi
) -> None:
    zoom.token_answers.append(web.json_response({"code": 1001}, status=404))
    with pytest.raises(RetryLater, match="zoom_error: token 404"):
        await api.find_user("ada@example.com")


# -- scopes that were added ----------------------------------------------------------------------


async def test_scopes_that_an_admin_adds_work_soon_and_without_a_token_for_every_call(
    zoom: Zoom, api: ZoomApi, clock: Clock
) -> None:
    def lacks() -> web.Response:
        said = "Invalid access token, does not contain scopes:[user:read:user:admin]."
        return web.json_response({"code": 4711, "message": said}, status=400)

    for _ in range(3):
        zoom.answers.append(lacks())
        with pytest.raises(AdminMustAct, match="zoom_rights: user:read:user:admin"):
            await api.presence_of("zAda")
    assert zoom.issued == 1
    clock.now += NEW_SCOPES_AFTER + 1
    zoom.answers.append(lacks())
    assert await api.presence_of("zAda") is ZoomPresence.IN_MEETING
    assert zoom.issued == 2
