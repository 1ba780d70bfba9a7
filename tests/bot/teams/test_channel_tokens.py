"""Who is believed: real tokens, on the wire, against the real endpoint."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from aiohttp import ClientSession

from bot.teams.inbound_auth import InboundAuth
from bot.teams.service_hosts import ServiceHosts
from tests.doubles.bot_server import Turns, production, served
from tests.doubles.teams import KEY_ID, TeamsDouble, as_jwk, signing_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ADA = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
async def teams() -> AsyncIterator[TeamsDouble]:
    async with TeamsDouble() as double:
        double.jwks.append(as_jwk(signing_key("small", 1024), "small", ["msteams"]))
        double.jwks.append(as_jwk(signing_key("other"), "unendorsed", None))
        yield double


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
async def url(teams: TeamsDouble, turns: Turns) -> AsyncIterator[str]:
    async with production(teams) as (channel, _), served(channel, turns) as address:
        yield address


async def post(url: str, activity: dict[str, Any], authorization: str | None) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with (
        ClientSession() as session,
        session.post(url, json=activity, headers=headers) as response,
    ):
        assert (response.status == 401) == ("WWW-Authenticate" in response.headers)
        return response.status


async def test_a_token_of_the_bot_framework_is_believed(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    activity = teams.says(teams.person(ADA), "connect")
    assert await post(url, activity, f"Bearer {teams.token()}") == 200
    assert [turn.text for turn in turns.seen] == ["connect"]


@pytest.mark.parametrize("skew", [-299, 299])
async def test_clocks_may_differ_by_almost_five_minutes(
    teams: TeamsDouble, url: str, skew: int
) -> None:
    now = int(time.time()) + skew
    token = teams.token(nbf=now, iat=now, exp=now + 1)
    assert await post(url, teams.says(teams.person(ADA), "hi"), f"Bearer {token}") == 200


async def test_a_trailing_slash_of_the_service_url_does_not_matter(
    teams: TeamsDouble, url: str
) -> None:
    token = teams.token(serviceurl=teams.service_url.rstrip("/"))
    assert await post(url, teams.says(teams.person(ADA), "hi"), f"bearer {token}") == 200


def _unsigned(teams: TeamsDouble) -> str:
    claims = jwt.decode(teams.token(), options={"verify_signature": False})
    return jwt.encode(claims, "", "none", headers={"kid": KEY_ID})


def _signature_of_another_token(teams: TeamsDouble) -> str:
    first, second = teams.token().split("."), teams.token(extra="x").split(".")
    return ".".join([*first[:2], second[2]])


def _unendorsed(teams: TeamsDouble) -> str:
    return teams.token(key=signing_key("other"), headers={"kid": "unendorsed"})


def _bearer(**changes: Any) -> Callable[[TeamsDouble], str]:
    return lambda teams: f"Bearer {teams.token(**changes)}"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda _: None, id="none"),
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda _: "Bearer", id="only the scheme"),
        pytest.param(lambda _: "Bearer ", id="no token"),
        pytest.param(lambda teams: teams.token(), id="no scheme"),
        pytest.param(lambda teams: f"Basic {teams.token()}", id="another scheme"),
        pytest.param(lambda _: "Bearer garbage", id="garbage"),
        pytest.param(lambda _: "Bearer ..", id="dots"),
        pytest.param(lambda _: "Bearer W10.W10.W10", id="header is an array"),
        pytest.param(lambda _: f"Bearer {'W1tb' * 1000}.e30.e30", id="header nested deeply"),
        pytest.param(lambda _: "Bearer 😀.ä.ö", id="not ASCII"),
        pytest.param(lambda teams: f"Bearer {_unsigned(teams)}", id="alg none"),
        pytest.param(_bearer(key="secret" * 8, algorithm="HS256"), id="alg HS256"),
        pytest.param(_bearer(algorithm="RS512"), id="alg RS512"),
        pytest.param(_bearer(exp=int(time.time()) - 400), id="expired"),
        pytest.param(_bearer(without=["exp"]), id="no exp"),
        pytest.param(_bearer(exp="soon"), id="exp is no time"),
        pytest.param(_bearer(nbf=int(time.time()) + 86_400), id="not yet valid"),
        pytest.param(_bearer(aud="00000000-0000-4000-8000-00000000ffff"), id="wrong aud"),
        pytest.param(_bearer(without=["aud"]), id="no aud"),
        pytest.param(_bearer(iss="https://sts.windows.net/x/"), id="wrong iss"),
        pytest.param(_bearer(without=["iss"]), id="no iss"),
        pytest.param(_bearer(headers={"kid": "nobody"}), id="unknown kid"),
        pytest.param(_bearer(headers={"kid": ""}), id="empty kid"),
        pytest.param(
            lambda teams: f"Bearer {teams.token(key=signing_key('other'))}",
            id="signed by another key",
        ),
        pytest.param(
            lambda teams: f"Bearer {_signature_of_another_token(teams)}", id="bad signature"
        ),
        pytest.param(_bearer(serviceurl="https://smba.trafficmanager.net/x/"), id="other service"),
        pytest.param(_bearer(without=["serviceurl"]), id="no service"),
        pytest.param(_bearer(serviceurl=["x"]), id="service is a list"),
        pytest.param(lambda teams: f"Bearer {_unendorsed(teams)}", id="not endorsed"),
    ],
)
async def test_every_bad_token_is_401_and_nothing_happens(
    teams: TeamsDouble, turns: Turns, url: str, header: Callable[[TeamsDouble], str | None]
) -> None:
    activity = teams.says(teams.person(ADA), "connect")
    assert await post(url, activity, header(teams)) == 401
    assert turns.seen == []


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")  # PyJWT, when the test signs
async def test_a_key_that_is_too_small_is_not_believed(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    token = teams.token(key=signing_key("small"), headers={"kid": "small"})
    assert await post(url, teams.says(teams.person(ADA), "hi"), f"Bearer {token}") == 401
    assert turns.seen == []


@pytest.mark.parametrize("field", ["serviceUrl", "channelId"])
@pytest.mark.parametrize("value", [None, "", 7, {}])
async def test_an_activity_without_service_or_channel_is_401(
    teams: TeamsDouble, turns: Turns, url: str, field: str, value: object
) -> None:
    activity = teams.says(teams.person(ADA), "hi") | {field: value}
    assert await post(url, activity, f"Bearer {teams.token()}") == 401
    assert turns.seen == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"channelId": "slack"}, 401),  # the key is not endorsed for it
        ({"channelId": "webchat"}, 403),  # endorsed, but its people prove nothing about themselves
        ({"channelData": {"tenant": {"id": "99999999-2222-4333-8444-555555555555"}}}, 403),
        ({"channelData": {}, "conversation": {"id": "a:1"}}, 403),
        ({"channelData": {"tenant": {"id": "contoso"}}}, 403),
    ],
)
async def test_another_channel_or_tenant_changes_nothing(
    teams: TeamsDouble, turns: Turns, url: str, changes: dict[str, Any], status: int
) -> None:
    activity = teams.says(teams.person(ADA), "hi") | changes
    assert await post(url, activity, f"Bearer {teams.token()}") == status
    assert turns.seen == []


async def test_a_service_that_is_not_on_the_list_is_refused_even_with_a_good_token(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    elsewhere = "https://evil.example.com/"
    activity = teams.says(teams.person(ADA), "hi") | {"serviceUrl": elsewhere}
    token = teams.token(serviceurl=elsewhere)
    assert await post(url, activity, f"Bearer {token}") == 403
    assert turns.seen == []


async def test_without_keys_the_channel_is_asked_to_come_again(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    teams.metadata_status = 500
    activity = teams.says(teams.person(ADA), "hi")
    headers = {"Authorization": f"Bearer {teams.token()}"}
    async with (
        ClientSession() as session,
        session.post(url, json=activity, headers=headers) as response,
    ):
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1
    assert turns.seen == []


async def test_many_first_requests_fetch_the_keys_once(teams: TeamsDouble, url: str) -> None:
    ada = teams.person(ADA)
    answers = await asyncio.gather(*(teams.deliver(url, teams.says(ada, "hi")) for _ in range(10)))
    assert {status for status, _ in answers} == {200}
    assert teams.metadata_requests == 1


def test_an_empty_app_id_never_means_that_everybody_is_welcome() -> None:
    with pytest.raises(ValueError, match="app id"):
        InboundAuth("", keys=None)  # type: ignore[arg-type]  # refused before keys matter


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://smba.trafficmanager.net/amer/11111111-2222-4333-8444-555555555555/", True),
        ("https://SMBA.trafficmanager.net/emea", True),
        ("https://smba.infra.gov.teams.microsoft.us/teams", True),
        ("https://webchat.botframework.com/", True),
        ("https://bot.example.com:8443/x", True),
        ("https://[::1]:90/", True),
        ("http://127.0.0.1:9000/", True),
        ("http://127.0.0.1:9001/", False),
        ("http://bot.example.com/", False),
        ("http://smba.trafficmanager.net/", False),
        ("https://smba.trafficmanager.net:444/", False),
        ("https://smba.trafficmanager.net.evil.com/", False),
        ("https://smba.trafficmanager.net@evil.com/", False),
        ("https://evil.com/smba.trafficmanager.net", False),
        ("https://evil.com\\@smba.trafficmanager.net/", False),
        ("https://evil.trafficmanager.net/", False),
        ("https://evilbotframework.com/", False),
        ("https://smba.trafficmanager.net/?x", False),
        ("ftp://smba.trafficmanager.net/", False),
        ("https://localhost/", False),
        ("https://smba.trafficmanager.net/\r\nx", False),
        ("https://[::1/", False),
        ("https://x:99999999/", False),
        ("smba.trafficmanager.net", False),
        ("", False),
    ],
)
def test_only_allowed_service_addresses_are_used(address: str, *, allowed: bool) -> None:
    hosts = ServiceHosts([" Bot.example.com ", "[::1]:90", "127.0.0.1:9000"])
    assert hosts.allows(address) is allowed


@pytest.mark.parametrize("entry", ["", "a b", "https://x", "x/y", "user@x", "x:port", "x?y"])
def test_an_extra_host_that_is_none_is_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match="host"):
        ServiceHosts([entry])


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("http://localhost:56150/_connector", True),
        ("http://127.8.9.1:3000", True),
        ("https://[::1]/x", True),
        ("http://localhost.evil.com/", False),
        ("http://10.0.0.1/", False),
        ("http://0.0.0.0/", False),
        ("https://smba.trafficmanager.net/", False),
    ],
)
def test_local_mode_sends_to_this_machine_only(address: str, *, allowed: bool) -> None:
    assert ServiceHosts(loopback_only=True).allows(address) is allowed
