from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.people import GROUPS, PEOPLE, ZOOM_ACCOUNT_ID
from sandbox.zoom_states import ZoomPresence
from tests.sandbox.support import ADA, world_of

if TYPE_CHECKING:
    from tests.sandbox.support import Client

GRANT = {"grant_type": "account_credentials", "account_id": ZOOM_ACCOUNT_ID}
BASIC = {"Authorization": aiohttp.encode_basic_auth("zoom-client", "zoom-secret")}
ZOOM_PEOPLE = [person for person in PEOPLE if person.zoom_email]


async def token(client: Client) -> dict[str, str]:
    async with client.post("/oauth/token", data=GRANT, headers=BASIC) as answer:
        assert answer.status == 200
        body = await answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    return {"Authorization": f"Bearer {body['access_token']}"}


async def get(client: Client, headers: dict[str, str], path: str) -> tuple[int, Any]:
    async with client.get(f"/v2{path}", headers=headers) as answer:
        return answer.status, await answer.json()


async def test_the_grant_may_stand_in_the_address(client: Client) -> None:
    async with client.post("/oauth/token", params=GRANT, headers=BASIC) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("changes", "header", "error"),
    [
        ({"grant_type": "client_credentials"}, BASIC, "unsupported_grant_type"),
        ({"account_id": "another"}, BASIC, "invalid_request"),
        ({}, {}, "invalid_client"),
        ({}, {"Authorization": "Basic ???"}, "invalid_client"),
        ({}, {"Authorization": aiohttp.encode_basic_auth("zoom-client", "no")}, "invalid_client"),
    ],
)
async def test_wrong_grants_are_refused(
    client: Client, changes: dict[str, str], header: dict[str, str], error: str
) -> None:
    async with client.post("/oauth/token", data=GRANT | changes, headers=header) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, error)


async def test_calls_need_a_token_that_is_still_good(client: Client) -> None:
    assert (await get(client, {}, "/users"))[1]["code"] == 124
    headers = await token(client)
    world_of(client).clock.advance(3600)
    assert (await get(client, headers, "/users"))[0] == 401


async def test_users_come_in_pages(client: Client) -> None:
    headers, found, following = await token(client), [], ""
    while True:
        path = f"/users?status=active&page_size=2&next_page_token={following}"
        status, body = await get(client, headers, path)
        assert status == 200
        assert body["total_records"] == len(ZOOM_PEOPLE)
        found += [user["email"] for user in body["users"]]
        if not (following := body["next_page_token"]):
            break
    assert found == [person.zoom_email for person in ZOOM_PEOPLE]


async def test_page_tokens_live_for_fifteen_minutes(client: Client) -> None:
    headers = await token(client)
    _, body = await get(client, headers, "/users?page_size=1")
    world_of(client).clock.advance(900)
    path = f"/users?page_size=1&next_page_token={body['next_page_token']}"
    assert (await get(client, headers, path))[0] == 400


@pytest.mark.parametrize("query", ["page_size=0", "page_size=301", "page_size=x", "status=odd"])
async def test_wrong_listings_are_refused(client: Client, query: str) -> None:
    assert (await get(client, await token(client), f"/users?{query}"))[0] == 400


async def test_people_are_found_by_id_and_by_email_in_any_case(client: Client) -> None:
    headers = await token(client)
    by_id = await get(client, headers, "/users/zChiara0000000000003")
    by_email = await get(client, headers, "/users/chiara@example.com")
    assert by_id == by_email
    assert by_id[1]["email"] == "Chiara@Example.com"
    assert by_id[1]["group_ids"] == ["zgSales", "zgObrien"]


async def test_people_without_zoom_are_not_found(client: Client) -> None:
    status, body = await get(client, await token(client), "/users/farid@example.com")
    assert (status, body["code"]) == (404, 1001)


@pytest.mark.parametrize(
    ("presence", "spelling"),
    [
        (ZoomPresence.IN_MEETING, "In_A_Zoom_Meeting"),
        (ZoomPresence.ON_PHONE_CALL, "On_A_Call"),
        (ZoomPresence.DO_NOT_DISTURB, "Do_Not_Disturb"),
        (ZoomPresence.IN_CALENDAR_EVENT, "In_Calendar_Event"),
        (ZoomPresence.OFFLINE, "Offline"),
    ],
)
async def test_presence_is_spelled_as_the_rest_api_does(
    client: Client, presence: ZoomPresence, spelling: str
) -> None:
    world_of(client).set_zoom(ADA, presence)
    headers = await token(client)
    _, body = await get(client, headers, "/users/ada@example.com/presence_status")
    assert body == {"status": spelling}


async def test_groups_and_their_members(client: Client) -> None:
    headers = await token(client)
    _, body = await get(client, headers, "/groups")
    assert body["total_records"] == len(GROUPS)
    assert {"id": "zgSales", "name": "Sales", "total_members": 2} in body["groups"]
    assert (await get(client, headers, "/groups/zgSales"))[1]["name"] == "Sales"
    _, members = await get(client, headers, "/groups/zgSales/members?page_size=1")
    assert [m["email"] for m in members["members"]] == ["ben.okafor@example.com"]
    assert members["next_page_token"]
    assert (await get(client, headers, "/groups/nowhere/members"))[1]["code"] == 4130


async def test_faults_answer_in_zooms_words(client: Client) -> None:
    headers = await token(client)
    world_of(client).faults.zoom.append(Fault(FaultKind.THROTTLED))
    status, body = await get(client, headers, "/users")
    assert (status, body["code"]) == (429, 429)
    assert (await get(client, headers, "/users"))[0] == 200
