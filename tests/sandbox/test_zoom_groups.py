from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from sandbox.people import GROUPS, ZOOM_ACCOUNT_ID
from tests.sandbox.support import ADA, BEN, FARID, world_of

if TYPE_CHECKING:
    from tests.sandbox.support import Client


async def get(client: Client, path: str) -> tuple[int, dict[str, object]]:
    grant = {"grant_type": "account_credentials", "account_id": ZOOM_ACCOUNT_ID}
    basic = {"Authorization": aiohttp.encode_basic_auth("zoom-client", "zoom-secret")}
    async with client.post("/oauth/token", data=grant, headers=basic) as answer:
        bearer = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
    async with client.get(f"/v2{path}", headers=bearer) as answer:
        return answer.status, await answer.json()


async def test_people_move_between_groups_and_zoom_tells(client: Client) -> None:
    world = world_of(client)
    world.webhooks.url = "http://127.0.0.1:9/nobody-listens"
    world.set_groups(BEN, ["Sales", "Customer Care"])
    ids = {group.name: group.group_id for group in GROUPS}
    _, ben = await get(client, f"/users/{world.people[BEN].person.zoom_id}")
    assert ben["group_ids"] == [ids["Sales"], ids["Customer Care"]]
    sent = [json.loads(delivery.body) for delivery in world.webhooks.log]
    assert [(event["event"], event["payload"]["object"]["id"]) for event in sent] == [
        ("group.member_deleted", ids["Sales Team North"]),
        ("group.member_added", ids["Customer Care"]),
    ]


async def test_impossible_moves_are_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="no Zoom account"):
        world_of(client).set_groups(FARID, ["Sales"])
    with pytest.raises(ValueError, match="no Zoom group"):
        world_of(client).set_groups(BEN, ["Nobody"])


async def test_admins_have_the_role_that_edits_account_settings(client: Client) -> None:
    world = world_of(client)
    _, listed = await get(client, "/roles")
    assert listed["total_records"] == 2
    for oid, may in ((ADA, True), (BEN, False)):
        _, user = await get(client, f"/users/{world.people[oid].person.zoom_id}")
        status, role = await get(client, f"/roles/{user['role_id']}")
        assert status == 200
        assert isinstance(role["privileges"], list)
        assert ("AccountSetting:Edit" in role["privileges"]) == may
        assert role["name"] == user["role_name"]
    assert (await get(client, "/roles/77"))[0] == 404
