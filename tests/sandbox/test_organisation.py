"""The organisation's consent in the stand-in: the page, the tokens, and what Graph lets them do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest

from sandbox.own_rights import ROLES, Trouble
from sandbox.people import APP_ID, TENANT_ID
from sandbox.server import build_sandbox
from sandbox.state_file import restore, snapshot
from sandbox.world import World
from tests.sandbox.support import (
    ADA,
    BEN,
    REDIRECT,
    TOKEN,
    ask_token,
    bearer,
    config,
    sign_in,
    still_clock,
    world_of,
)

if TYPE_CHECKING:
    from pytest_aiohttp.plugin import AiohttpClient

    from tests.sandbox.support import Client

PAGE = f"/{TENANT_ID}/v2.0/adminconsent"
SCOPE = "https://graph.microsoft.com/.default"
PRESENCE = {"sessionId": APP_ID, "availability": "Busy", "activity": "InACall"}
BOTH = ["Presence.ReadWrite.All", "User.Read.All"]


def page(**changes: str) -> str:
    query = {"client_id": APP_ID, "scope": SCOPE, "redirect_uri": REDIRECT, "state": "the state"}
    return f"{PAGE}?{urlencode(query | changes)}"


async def decided(client: Client, oid: str, decision: str, url: str = "") -> dict[str, str]:
    fields = {"person": oid, "decision": decision}
    async with client.post(url or page(), data=fields, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        location = answer.headers["Location"]
    assert location.startswith(REDIRECT + "?")
    return dict(parse_qsl(urlsplit(location).query))


async def own_token(client: Client) -> dict[str, Any]:
    status, tokens = await ask_token(client, grant_type="client_credentials", scope=SCOPE)
    assert status == 200, tokens
    return tokens


def roles(tokens: dict[str, Any]) -> list[str] | None:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert "scp" not in claims
    assert "oid" not in claims
    found: list[str] | None = claims.get("roles")
    return found


async def set_presence(client: Client, tokens: dict[str, Any], oid: str = BEN) -> int:
    path = f"/v1.0/users/{oid}/presence/setPresence"
    async with client.post(path, json=PRESENCE, headers=bearer(tokens)) as answer:
        return answer.status


async def see_presence(client: Client, tokens: dict[str, Any], oid: str = BEN) -> int:
    async with client.get(f"/v1.0/users/{oid}/presence", headers=bearer(tokens)) as answer:
        return answer.status


async def call(client: Client, body: Any) -> int:
    async with client.post("/sandbox/api/organisation", json=body) as answer:
        return answer.status


async def test_an_admin_consents_and_the_app_writes_for_anybody(client: Client) -> None:
    before = await own_token(client)
    assert roles(before) is None
    assert await set_presence(client, before) == 403

    async with client.get(page()) as answer:
        assert "Ada Lindqvist" in await answer.text()
    async with client.post(page(), data={"person": ADA}) as answer:
        text = await answer.text()
    assert "presence information for all users" in text
    assert "all users&#39; full profiles" in text

    back = await decided(client, ADA, "accept")
    assert back == {
        "admin_consent": "True",
        "tenant": TENANT_ID,
        "scope": SCOPE,
        "state": "the state",
    }
    after = await own_token(client)
    assert roles(after) == BOTH
    assert await set_presence(client, after) == 200
    assert await see_presence(client, after) == 200
    assert world_of(client).shown(BEN).activity == "InACall"
    assert await set_presence(client, before) == 403  # what a token may was decided with it


async def test_declining_grants_nothing(client: Client) -> None:
    back = await decided(client, ADA, "cancel")
    assert back["error"] == "access_denied"
    assert "AADSTS65004" in back["error_description"]
    assert back["state"] == "the state"
    assert roles(await own_token(client)) is None


async def test_who_may_not_consent_gets_no_further(client: Client) -> None:
    for decision in ("", "accept"):
        async with client.post(page(), data={"person": BEN, "decision": decision}) as answer:
            assert "Need admin approval" in await answer.text()
    back = await decided(client, BEN, "leave")
    assert "AADSTS90094" in back["error_description"]
    assert roles(await own_token(client)) is None


@pytest.mark.parametrize(
    ("url", "number"),
    [
        (page(client_id="cccccccc-bbbb-4ccc-8ddd-eeeeeeeeeeee"), 700016),
        (page(redirect_uri="https://elsewhere.example.com/"), 50011),
        (page(scope="https://graph.microsoft.com/Presence.ReadWrite.All"), 70011),
        (page().replace(TENANT_ID, "99999999-2222-4333-8444-555555555555"), 90002),
    ],
)
async def test_a_wrong_request_is_shown_and_not_sent_back(
    client: Client, url: str, number: int
) -> None:
    for method in (client.get, client.post):
        async with method(url, allow_redirects=False) as answer:
            assert answer.status == 400
            assert f"AADSTS{number}" in await answer.text()


async def test_new_permissions_reach_tokens_later(client: Client) -> None:
    world = world_of(client)
    assert await call(client, {"delay": 60}) == 200
    await decided(client, ADA, "accept")
    world.clock.advance(59)
    assert roles(await own_token(client)) is None
    world.clock.advance(1)
    assert roles(await own_token(client)) == BOTH


async def test_a_withdrawal_is_in_the_next_token(client: Client) -> None:
    assert await call(client, {"granted": BOTH}) == 200
    old = await own_token(client)
    assert await call(client, {"granted": ["User.Read.All"]}) == 200
    new = await own_token(client)
    assert roles(new) == ["User.Read.All"]
    assert await set_presence(client, old) == 200  # until it ends, as with Microsoft
    assert await set_presence(client, new) == 403


async def test_to_see_presence_a_right_is_needed_too(client: Client) -> None:
    assert await call(client, {"granted": ["User.Read.All"]}) == 200
    assert await see_presence(client, await own_token(client)) == 403
    assert await call(client, {"granted": ["Presence.Read.All"]}) == 200
    tokens = await own_token(client)
    assert await see_presence(client, tokens) == 200
    assert await set_presence(client, tokens) == 403


async def test_there_is_no_me_for_the_app(client: Client) -> None:
    assert await call(client, {"granted": BOTH}) == 200
    path = "/v1.0/me/presence/setPresence"
    async with client.post(path, json=PRESENCE, headers=bearer(await own_token(client))) as answer:
        assert answer.status == 400


async def test_an_app_role_gives_a_person_nothing(client: Client) -> None:
    assert await call(client, {"granted": BOTH}) == 200
    assert await set_presence(client, await sign_in(client, ADA), BEN) == 403


@pytest.mark.parametrize(
    ("trouble", "number", "people_too"),
    [("disabled", 7000112, True), ("expired", 7000222, True), ("blocked", 53003, False)],
)
async def test_what_stops_the_apps_tokens(
    client: Client, trouble: str, number: int, people_too: bool
) -> None:
    tokens = await sign_in(client)
    assert await call(client, {"granted": BOTH, "trouble": trouble}) == 200
    _, body = await ask_token(client, grant_type="client_credentials", scope=SCOPE)
    assert body["error_codes"] == [number]
    status, _ = await ask_token(
        client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert (status != 200) is people_too
    assert await call(client, {"trouble": None}) == 200
    assert roles(await own_token(client)) == BOTH


async def test_no_other_resource_gets_the_roles(client: Client) -> None:
    assert await call(client, {"granted": BOTH}) == 200
    body = {
        "client_id": APP_ID,
        "client_secret": config().client_secret,
        "grant_type": "client_credentials",
        "scope": "https://api.botframework.com/.default",
    }
    async with client.post(TOKEN, data=body) as answer:
        assert roles(await answer.json()) is None


@pytest.mark.parametrize(
    "body",
    [
        {"granted": ["Everything.ReadWrite.All"]},
        {"granted": "User.Read.All"},
        {"declared": [7]},
        {"delay": -1},
        {"delay": "soon"},
        {"trouble": "broken"},
        {"else": 1},
    ],
)
async def test_bad_calls_change_nothing(client: Client, body: dict[str, Any]) -> None:
    before = snapshot(world_of(client))
    assert await call(client, body) == 400
    assert snapshot(world_of(client)) == before


async def test_the_panel_shows_what_is_granted(client: Client) -> None:
    assert await call(client, {"declared": ["Mail.Read"], "granted": BOTH, "delay": 60}) == 200
    async with client.get("/sandbox/api/state") as answer:
        shown = (await answer.json())["organisation"]
    assert shown == {
        "declared": ["Mail.Read"],
        "granted": BOTH,
        "in_tokens": [],  # not before the delay is over
        "delay": 60,
        "trouble": None,
    }
    async with client.get("/") as answer:
        text = await answer.text()
    assert all(f'data-testid="right-{name}"' in text for name in ROLES)


def test_consent_survives_a_restart() -> None:
    world = World(config(), still_clock())
    world.clock.advance(1000)
    world.own_rights.delay = 30
    world.own_rights.hold(BOTH, world.clock.now())
    world.own_rights.trouble = Trouble.BLOCKED
    again = World(config(), still_clock())
    restore(again, snapshot(world))
    assert again.own_rights.trouble is Trouble.BLOCKED
    assert again.own_rights.roles(again.clock.now()) == []
    assert again.own_rights.roles(again.clock.now() + 30) == BOTH


def test_the_state_of_an_earlier_release_is_read() -> None:
    world = World(config(), still_clock())
    saved = json.loads(snapshot(world))
    del saved["own_rights"]
    world.own_rights.hold(BOTH, 0)
    restore(world, json.dumps(saved))
    assert list(world.own_rights.granted) == BOTH


SECOND_APP = "00000000-0000-4000-8000-00000000a992"
BACK = "https://bot.example.com/auth/microsoft/organisation"


@pytest.fixture
async def both(aiohttp_client: AiohttpClient) -> Client:
    """A sandbox with two registrations."""
    second = config(
        second_client_id=SECOND_APP,
        second_client_secret="second-secret",
        second_redirect_uris=(BACK,),
    )
    return await aiohttp_client(build_sandbox(second, clock=still_clock()))


async def test_a_second_registration_has_its_own_secret_rights_and_sessions(both: Client) -> None:
    world, client = world_of(both), both
    world.second_rights.hold(BOTH, 0)
    own = {"client_id": SECOND_APP, "client_secret": "second-secret"}
    ask = {"grant_type": "client_credentials", "scope": SCOPE}
    status, tokens = await ask_token(client, **ask, **own)
    assert status == 200, tokens
    assert roles(tokens) == BOTH
    assert roles(await own_token(client)) is None, "the first has none of it"
    status, refused = await ask_token(client, **ask, client_id=SECOND_APP)
    assert (status, refused["error"]) == (401, "invalid_client"), "not with the first one's secret"
    status, refused = await ask_token(
        client, grant_type="refresh_token", refresh_token="1.x", **own
    )
    assert (status, refused["error"]) == (400, "invalid_grant")
    url = f"/v1.0/users/{BEN}/presence/setPresence"
    for session, expected in (APP_ID, 400), (SECOND_APP, 200):
        body = PRESENCE | {"sessionId": session}
        async with client.post(url, json=body, headers=bearer(tokens)) as answer:
            assert answer.status == expected, await answer.text()
    assert set(world.people[BEN].sessions) == {SECOND_APP}


async def test_consent_to_the_second_registration_is_its_own(both: Client) -> None:
    world, client = world_of(both), both
    url = page(client_id=SECOND_APP, redirect_uri=BACK)
    fields = {"person": ADA, "decision": "accept"}
    async with client.post(url, data=fields, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
    assert set(world.second_rights.granted) == set(BOTH)
    assert world.own_rights.granted == {}
    assert world.registration.granted_for_all == []
    async with client.post(page(client_id=SECOND_APP), data=fields) as answer:
        assert "does not match" in await answer.text(), "the first one's address"
