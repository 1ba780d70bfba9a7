"""Graph's answers, seen on the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.graph_presence import TeamsClient
from sandbox.people import APP_ID
from sandbox.quota import Quota
from tests.sandbox.support import ADA, BEN, ask_token, bearer, sign_in, world_of

if TYPE_CHECKING:
    from tests.sandbox.support import Client

SET = {
    "sessionId": APP_ID,
    "availability": "Busy",
    "activity": "InACall",
    "expirationDuration": "PT30M",
}
PREFER = {"availability": "Busy", "activity": "Busy"}


async def post(
    client: Client, headers: dict[str, str], action: str, body: Any, who: str = f"users/{ADA}"
) -> tuple[int, str, str]:
    """Status, error code and message."""
    path = f"/v1.0/{who}/presence/{action}"
    async with client.post(path, json=body, headers=headers) as answer:
        if answer.status == 200:
            assert await answer.read() == b""
            return 200, "", ""
        error = (await answer.json())["error"]
        return answer.status, error["code"], error["message"]


async def shown(client: Client, headers: dict[str, str], who: str = "me") -> str:
    async with client.get(f"/v1.0/{who}/presence", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        body = await answer.json()
    return f"{body['availability']}/{body['activity']}"


async def test_a_session_is_set_seen_and_cleared(client: Client) -> None:
    headers = bearer(await sign_in(client))
    assert await post(client, headers, "setPresence", SET) == (200, "", "")
    assert await shown(client, headers) == "Busy/InACall"
    assert await post(client, headers, "clearPresence", {"sessionId": APP_ID}) == (200, "", "")
    assert await shown(client, headers) == "Offline/Offline"
    again = await post(client, headers, "clearPresence", {"sessionId": APP_ID})
    assert again[:2] == (404, "NotFound")


async def test_me_and_a_second_slash_mean_the_same(client: Client) -> None:
    headers = bearer(await sign_in(client))
    assert await post(client, headers, "setPresence", SET, who="me") == (200, "", "")
    assert await shown(client, headers, f"/users/{ADA.upper()}") == "Busy/InACall"


async def test_a_preferred_presence_wins_until_it_is_cleared(client: Client) -> None:
    headers = bearer(await sign_in(client))
    world_of(client).set_teams(ADA, TeamsClient.CALL)
    await post(client, headers, "setUserPreferredPresence", PREFER)
    assert await shown(client, headers) == "Busy/Busy"
    await post(client, headers, "clearUserPreferredPresence", {})
    assert await shown(client, headers) == "Busy/InACall"


async def test_time_fades_and_ends_what_was_set(client: Client) -> None:
    headers = bearer(await sign_in(client))
    available = {**SET, "availability": "Available", "activity": "Available"}
    await post(client, headers, "setPresence", available)
    world_of(client).clock.advance(300)
    assert await shown(client, headers) == "Available/AvailableInactive"
    world_of(client).clock.advance(300)
    assert await shown(client, headers) == "Away/Away"
    world_of(client).clock.advance(1200)
    assert await shown(client, headers) == "Offline/Offline"


async def test_fading_is_announced_without_anybody_asking(client: Client) -> None:
    headers = bearer(await sign_in(client))
    world = world_of(client)
    await post(client, headers, "setPresence", {**SET, "expirationDuration": "PT5M"})
    gone = asyncio.create_task(world.wait_until(lambda: not world.people[ADA].sessions))
    await asyncio.sleep(0)
    world.clock.advance(300)
    await asyncio.wait_for(gone, 5)
    assert world.people[ADA].journal[-1].what == "session Busy/InACall expired"


@pytest.mark.parametrize(
    "changes",
    [
        {"sessionId": None},
        {"sessionId": ""},
        {"sessionId": "someone-else"},
        {"availability": "Busy", "activity": "Busy"},
        {"availability": "DoNotDisturb", "activity": "DoNotDisturb"},
        {"availability": "Offline", "activity": "Offline"},
        {"availability": "busy"},
        {"activity": None},
        {"expirationDuration": "PT4M59S"},
        {"expirationDuration": "PT4H1S"},
        {"expirationDuration": "0:05:00"},
        {"expirationDuration": 300},
    ],
)
async def test_wrong_sessions_are_refused(client: Client, changes: dict[str, Any]) -> None:
    headers = bearer(await sign_in(client))
    outcome = await post(client, headers, "setPresence", {**SET, **changes})
    assert outcome[:2] == (400, "InvalidArgument")
    assert await shown(client, headers) == "Offline/Offline"


@pytest.mark.parametrize("duration", ["PT5M", "PT4H", "PT300S", None])
async def test_the_limits_themselves_are_fine(client: Client, duration: str | None) -> None:
    headers = bearer(await sign_in(client))
    body = {**SET, "expirationDuration": duration}
    assert await post(client, headers, "setPresence", body) == (200, "", "")


@pytest.mark.parametrize(
    "body",
    [
        {"availability": "Busy", "activity": "InACall"},
        {**PREFER, "expirationDuration": "P0D"},
        {**PREFER, "expirationDuration": "a week"},
    ],
)
async def test_wrong_preferred_presences_are_refused(client: Client, body: dict[str, Any]) -> None:
    headers = bearer(await sign_in(client))
    outcome = await post(client, headers, "setUserPreferredPresence", body)
    assert outcome[:2] == (400, "InvalidArgument")


async def test_unreadable_bodies_are_refused(client: Client) -> None:
    headers = bearer(await sign_in(client))
    path = "/v1.0/me/presence/setPresence"
    async with client.post(path, data=b"{", headers=headers) as answer:
        assert answer.status == 400
    headers["Content-Type"] = "application/json"
    for body in (b"{", b"[]", b"", b"\xff"):
        async with client.post(path, data=body, headers=headers) as answer:
            assert (await answer.json())["error"]["code"] == "BadRequest"
    outcome = await post(client, headers, "setPresence", {**SET, "colour": "red"})
    assert outcome[:2] == (400, "BadRequest")


async def test_a_missing_permission_is_an_empty_403(client: Client) -> None:
    headers = bearer(await sign_in(client, scope="openid User.Read"))
    assert await post(client, headers, "setPresence", SET) == (403, "Forbidden", "")
    async with client.get("/v1.0/me/presence", headers=headers) as answer:
        assert answer.status == 403


async def test_the_body_is_judged_before_the_permission(client: Client) -> None:
    headers = bearer(await sign_in(client, scope="openid User.Read"))
    outcome = await post(client, headers, "setPresence", {**SET, "sessionId": None})
    assert outcome[:2] == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("setPresence", SET),
        ("clearPresence", {"sessionId": APP_ID}),
        ("setUserPreferredPresence", PREFER),
        ("clearUserPreferredPresence", {}),
    ],
)
async def test_a_person_cannot_write_for_another(
    client: Client, action: str, body: dict[str, Any]
) -> None:
    headers = bearer(await sign_in(client))
    outcome = await post(client, headers, action, body, who=f"users/{BEN}")
    assert outcome == (403, "Forbidden", "")


@pytest.mark.parametrize("who", ["ada@example.com", "99999999-0000-4000-8000-000000000000"])
async def test_only_object_ids_of_people_are_found(client: Client, who: str) -> None:
    headers = bearer(await sign_in(client))
    outcome = await post(client, headers, "setPresence", SET, who=f"users/{who}")
    assert outcome[:2] == (404, "NotFound")


async def test_reading_others_needs_the_wider_permission(client: Client) -> None:
    headers = bearer(await sign_in(client))
    async with client.get(f"/v1.0/users/{BEN}/presence", headers=headers) as answer:
        assert answer.status == 403
    headers = bearer(await sign_in(client, scope="openid Presence.Read.All"))
    assert await shown(client, headers, f"users/{BEN}") == "Offline/Offline"


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer nonsense", "Basic YTpi"])
async def test_bad_tokens_are_401(client: Client, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with client.get("/v1.0/me", headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert (await answer.json())["error"]["code"] == "InvalidAuthenticationToken"


async def test_tokens_expire_after_an_hour(client: Client) -> None:
    headers = bearer(await sign_in(client))
    world_of(client).clock.advance(3600)
    assert (await post(client, headers, "setPresence", SET))[:2] == (
        401,
        "InvalidAuthenticationToken",
    )


async def test_tokens_for_another_service_are_401(client: Client) -> None:
    _, tokens = await ask_token(
        client, grant_type="client_credentials", scope="https://api.botframework.com/.default"
    )
    async with client.get("/v1.0/me", headers=bearer(tokens)) as answer:
        assert answer.status == 401


async def test_the_app_itself_has_no_me_and_no_rights(client: Client) -> None:
    _, tokens = await ask_token(
        client, grant_type="client_credentials", scope="https://graph.microsoft.com/.default"
    )
    assert (await post(client, bearer(tokens), "setPresence", SET, who="me"))[0] == 400
    assert (await post(client, bearer(tokens), "setPresence", SET))[0] == 403


async def test_me_answers_what_is_selected(client: Client) -> None:
    headers = bearer(await sign_in(client, BEN))
    async with client.get("/v1.0/me?$select=id,mail", headers=headers) as answer:
        body = await answer.json()
    body.pop("@odata.context")
    assert body == {"id": BEN, "mail": "ben.okafor@example.com"}
    async with client.get("/v1.0/me?$select=shoeSize", headers=headers) as answer:
        assert answer.status == 400


async def test_the_quota_is_shared_by_reads_and_writes(client: Client) -> None:
    world = world_of(client)
    world.quota = Quota(world.clock.now, limit=2, window=30)
    headers = bearer(await sign_in(client))
    await shown(client, headers)
    await post(client, headers, "setPresence", SET)
    path = "/v1.0/me/presence/setPresence"
    async with client.post(path, json=SET, headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
    world.clock.advance(30)
    await shown(client, headers)


async def test_the_real_quota_is_1500_in_30_seconds(client: Client) -> None:
    quota = world_of(client).quota
    assert (quota.limit, quota.window) == (1500, 30)


async def test_every_write_is_in_the_journal(client: Client) -> None:
    world = world_of(client)
    headers = bearer(await sign_in(client))
    world.set_manual(ADA, "Busy")
    await post(client, headers, "setPresence", SET)
    world.faults.graph.append(Fault(FaultKind.UNAVAILABLE))
    await post(client, headers, "clearPresence", {"sessionId": APP_ID})
    lines = [(line.who, line.what, line.status) for line in world.people[ADA].journal]
    assert lines == [
        ("Ada Lindqvist", "set their status to Busy/Busy", None),
        ("Presence Bridge", "setPresence Busy/InACall PT30M", 200),
        ("Presence Bridge", "clearPresence", 503),
    ]


async def test_faults_come_in_order_and_then_stop(client: Client) -> None:
    headers = bearer(await sign_in(client))
    queue = world_of(client).faults.graph
    queue.append(Fault(FaultKind.THROTTLED, times=2, retry_after=9))
    queue.append(Fault(FaultKind.UNAUTHORIZED))
    outcomes = [(await post(client, headers, "setPresence", SET))[0] for _ in range(4)]
    assert outcomes == [429, 429, 401, 200]


async def test_done_but_answered_with_429(client: Client) -> None:
    headers = bearer(await sign_in(client))
    world_of(client).faults.graph.append(Fault(FaultKind.AFTERWARDS))
    assert (await post(client, headers, "setPresence", SET))[0] == 429
    assert await shown(client, headers) == "Busy/InACall"


async def test_a_reset_connection_does_nothing(client: Client) -> None:
    headers = bearer(await sign_in(client))
    world_of(client).faults.graph.append(Fault(FaultKind.RESET))
    with pytest.raises(aiohttp.ClientError):
        await post(client, headers, "setPresence", SET)
    assert await shown(client, headers) == "Offline/Offline"


async def test_a_truncated_answer_hides_that_it_was_done(client: Client) -> None:
    headers = bearer(await sign_in(client))
    world_of(client).faults.graph.append(Fault(FaultKind.TRUNCATED))
    with pytest.raises(aiohttp.ClientError):
        await post(client, headers, "setPresence", SET)
    assert await shown(client, headers) == "Busy/InACall"


async def test_a_stalled_request_goes_on_when_released(client: Client) -> None:
    world = world_of(client)
    headers = bearer(await sign_in(client))
    world.faults.graph.append(Fault(FaultKind.STALLED))
    request = asyncio.create_task(post(client, headers, "setPresence", SET))
    await asyncio.wait_for(world.wait_until(lambda: world.faults.graph.stalled == 1), 5)
    assert world.shown(ADA).availability == "Offline"
    world.faults.graph.release()
    assert await request == (200, "", "")


async def test_unknown_paths_are_refused_like_graph_does(client: Client) -> None:
    headers = bearer(await sign_in(client))
    async with client.get("/v1.0/me/shoes", headers=headers) as answer:
        assert (await answer.json())["error"]["code"] == "BadRequest"
