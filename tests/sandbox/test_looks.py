"""A look at many people at once, with Graph's rules, and how the panel makes it go wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import SandboxClock
from sandbox.graph_looks import MOST_IDS
from sandbox.graph_presence import Pair, TeamsClient
from sandbox.people import APP_ID
from sandbox.server import build_sandbox
from tests.sandbox.support import ADA, BEN, FARID, ask_token, bearer, config, sign_in, world_of

if TYPE_CHECKING:
    from pytest_aiohttp.plugin import AiohttpClient

    from tests.sandbox.support import Client

URL = "/v1.0/communications/getPresencesByUserId"
STRANGER = "00000000-0000-4000-8000-0000000000ff"
CALL, OFFLINE = Pair("Busy", "InACall"), Pair("Offline", "Offline")


async def app_token(client: Client, *roles: str) -> dict[str, str]:
    world = world_of(client)
    world.own_rights.hold(roles, world.clock.now())
    scope = "https://graph.microsoft.com/.default"
    status, tokens = await ask_token(client, grant_type="client_credentials", scope=scope)
    assert status == 200
    return bearer(tokens)


async def look(client: Client, who: dict[str, str], ids: Any) -> tuple[int, Any]:
    async with client.post(URL, json={"ids": ids}, headers=who) as answer:
        return answer.status, await answer.json()


async def seen(client: Client, who: dict[str, str], *ids: str) -> dict[str, str]:
    status, body = await look(client, who, list(ids))
    assert status == 200, body
    return {row["id"]: f"{row['availability']}/{row['activity']}" for row in body["value"]}


async def panel(client: Client, path: str, body: dict[str, Any]) -> int:
    async with client.post(f"/sandbox/api/{path}", json=body) as answer:
        return answer.status


@pytest.mark.parametrize("role", ["Presence.Read.All", "Presence.ReadWrite.All"])
async def test_the_app_sees_everybody_and_strangers_are_left_out(client: Client, role: str) -> None:
    who = await app_token(client, role)
    world_of(client).set_session(ADA, APP_ID, CALL, 3600)
    found = await seen(client, who, ADA.upper(), BEN, STRANGER)
    assert found == {ADA: "Busy/InACall", BEN: "Offline/Offline"}
    assert world_of(client).quota.used() == 1


async def test_without_a_permission_there_is_nothing(client: Client) -> None:
    own = bearer(await sign_in(client))
    for who in (await app_token(client, "User.Read.All"), own):
        status, body = await look(client, who, [ADA])
        assert (status, body["error"]["message"]) == (403, "")
    assert (await look(client, {}, [ADA]))[0] == 401
    assert world_of(client).looks.count == 0


@pytest.mark.parametrize(
    "ids",
    [
        *([], None, "x", [7], ["ada"], [ADA, "}{"], [f"{{{ADA}}}"], [ADA.replace("-", "")]),
        [f"00000000-0000-4000-8000-{n:012d}" for n in range(MOST_IDS + 1)],
    ],
)
async def test_what_is_no_list_of_ids_is_refused(client: Client, ids: Any) -> None:
    who = await app_token(client, "Presence.Read.All")
    assert (await look(client, who, ids))[0] == 400
    async with client.post(URL, data=b"{", headers=who) as answer:
        assert answer.status == 400


async def test_as_many_as_it_takes(client: Client) -> None:
    who = await app_token(client, "Presence.Read.All")
    ids = [f"00000000-0000-4000-9000-{n:012d}" for n in range(MOST_IDS - 1)]
    assert await seen(client, who, *ids, ADA) == {ADA: "Offline/Offline"}


async def test_answers_may_be_old(aiohttp_client: AiohttpClient) -> None:
    moment = [1_800_000_000.0]
    clock = SandboxClock(lambda: moment[0])
    client = await aiohttp_client(build_sandbox(config(), clock=clock))
    who, world = await app_token(client, "Presence.Read.All"), world_of(client)
    assert await panel(client, "looks", {"lag": 30}) == 200
    moment[0] += 60
    world.set_teams(ADA, TeamsClient.CALL)
    assert await seen(client, who, ADA) == {ADA: "Offline/Offline"}
    moment[0] += 29
    world.set_teams(ADA, TeamsClient.ACTIVE)
    assert await seen(client, who, ADA) == {ADA: "Offline/Offline"}
    moment[0] += 1
    assert await seen(client, who, ADA) == {ADA: "Busy/InACall"}
    moment[0] += 29
    assert await seen(client, who, ADA) == {ADA: "Available/Available"}
    world.set_teams(ADA, TeamsClient.IDLE)
    assert await panel(client, "looks", {"lag": 0}) == 200
    assert await seen(client, who, ADA) == {ADA: "Away/Away"}


async def test_answers_may_be_wrong_partial_or_unreadable(client: Client) -> None:
    who, world = await app_token(client, "Presence.Read.All"), world_of(client)
    world.set_session(BEN, APP_ID, CALL, 3600)
    assert await panel(client, "looks", {"answers": "wrong"}) == 200
    assert (await seen(client, who, ADA, BEN))[BEN] == "Offline/Offline"
    assert await panel(client, "looks", {"answers": "partial"}) == 200
    assert set(await seen(client, who, ADA, BEN, FARID)) == {ADA, FARID}
    assert world.looks.looked[BEN].shown is None
    assert await panel(client, "looks", {"answers": "unreadable"}) == 200
    _, body = await look(client, who, [ADA])
    assert body["value"][0]["availability"] == 7
    assert await panel(client, "looks", {"answers": "refused"}) == 200
    status, body = await look(client, who, [ADA])
    assert (status, body["error"]["code"]) == (403, "Forbidden")
    assert await panel(client, "looks", {"answers": "true"}) == 200
    assert (await seen(client, who, BEN))[BEN] == "Busy/InACall"


@pytest.mark.parametrize(
    "body", [{"lag": -1}, {"lag": "5"}, {"lag": True}, {"lag": 1e9}, {"answers": "x"}, {"more": 1}]
)
async def test_the_panel_takes_nothing_else(client: Client, body: dict[str, Any]) -> None:
    assert await panel(client, "looks", body) == 400
    assert (world_of(client).looks.lag, world_of(client).looks.answers) == (0, "true")


async def test_microsoft_may_lose_a_session(client: Client) -> None:
    world = world_of(client)
    world.set_session(ADA, APP_ID, CALL, 3600)
    world.set_session(ADA, "another app", Pair("Away", "Away"), 3600)
    for _ in range(2):
        assert await panel(client, f"people/{ADA}/lose-session", {}) == 200
    assert world.shown(ADA) == Pair("Away", "Away")
    assert [line.what for line in world.people[ADA].journal] == ["lost the session Busy/InACall"]


async def test_the_panel_says_what_the_last_look_saw(client: Client) -> None:
    who = await app_token(client, "Presence.Read.All")
    await seen(client, who, ADA)
    async with client.get("/sandbox/api/state") as answer:
        state = json.loads(await answer.text())
    people = {person["id"]: person["looked"] for person in state["people"]}
    assert people[ADA]["seen"]["words"] == "Offline"
    assert people[BEN] is None
    assert (state["looks"]["count"], state["looks"]["at"]) == (1, people[ADA]["at"])
    async with client.get("/") as answer:
        text = await answer.text()
    for ident in (f"looked-{ADA}", f"lose-{ADA}", "lag-30", "answers-wrong"):
        assert f'data-testid="{ident}"' in text
