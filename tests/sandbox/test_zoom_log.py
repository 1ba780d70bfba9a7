"""The stand-in's log of webhook calls: what Zoom's documentation says it tells and refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox.people import ZOOM_ACCOUNT_ID, ZOOM_APP_ID
from sandbox.zoom_states import ZoomPresence
from tests.sandbox.support import ADA, NOON, world_of

if TYPE_CHECKING:
    from tests.sandbox.support import Client

GRANT = {"grant_type": "account_credentials", "account_id": ZOOM_ACCOUNT_ID}
BASIC = {"Authorization": aiohttp.encode_basic_auth("zoom-client", "zoom-secret")}
DAY = 86_400


def moment(offset: float = 0) -> str:
    return datetime.fromtimestamp(NOON + offset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def ask(client: Client, app_id: str = ZOOM_APP_ID, **query: str) -> tuple[int, Any]:
    async with client.post("/oauth/token", data=GRANT, headers=BASIC) as answer:
        token = (await answer.json())["access_token"]
    path = f"/v2/marketplace/apps/{app_id}/webhook_logs"
    headers = {"Authorization": f"Bearer {token}"}
    async with client.get(path, params=query, headers=headers) as answer:
        return answer.status, await answer.json()


async def undelivered(client: Client, count: int) -> None:
    world = world_of(client)
    world.webhooks.url = "http://127.0.0.1:9/nobody"
    for number in range(count):
        world.set_zoom(ADA, (ZoomPresence.IN_MEETING, ZoomPresence.AWAY)[number % 2])
    await world.wait_until(lambda: len(world.webhooks.calls) >= count)


async def test_attempts_are_told_with_their_bodies(client: Client) -> None:
    await undelivered(client, 1)
    status, answer = await ask(client)
    assert status == 200
    (row,) = answer["webhook_logs"]
    assert (row["event"], row["status"]) == ("user.presence_status_updated", -1)
    assert (row["failed_reason_type"], row["retry_num"]) == (2, 0)
    assert row["request_body"] == world_of(client).webhooks.log[-1].body.decode()
    assert row["date_time"].startswith(moment()[:16])
    assert (answer["next_page_token"], answer["page_size"]) == ("", 30)
    assert "total_records" not in answer


async def test_every_repetition_has_a_row_and_success_is_left_out(client: Client) -> None:
    await undelivered(client, 1)
    world = world_of(client)
    world.clock.advance(5 * 60)
    await world.wait_until(lambda: len(world.webhooks.calls) == 2)
    _, answer = await ask(client)
    ids = {row["request_id"] for row in answer["webhook_logs"]}
    assert ([row["retry_num"] for row in answer["webhook_logs"]], len(ids)) == ([0, 1], 1)
    assert len((await ask(client, retry_num="1"))[1]["webhook_logs"]) == 1
    assert (await ask(client, type="3"))[1]["webhook_logs"] == []
    assert len((await ask(client, type="1"))[1]["webhook_logs"]) == 2
    assert (await ask(client, event="user.deleted"))[1]["webhook_logs"] == []


async def test_pages_follow_each_other(client: Client) -> None:
    await undelivered(client, 5)
    times = {"from": moment(-60), "to": moment(60)}
    _, first = await ask(client, page_size="3", **times)
    token = first["next_page_token"]
    _, second = await ask(client, page_size="3", next_page_token=token, **times)
    assert (len(first["webhook_logs"]), len(second["webhook_logs"])) == (3, 2)
    assert second["next_page_token"] == ""
    other = {"from": moment(-120), "to": moment(60)}
    assert (await ask(client, page_size="3", next_page_token=token, **other))[0] == 400


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"from": "2027-01-15"}, 404, 1503),
        ({"to": "2027-01-15T08:00:00.000Z"}, 404, 1503),
        ({"from": "2027-02-31T08:00:00Z"}, 404, 1503),
        ({"from": moment(5)}, 404, 1504),
        ({"from": moment(-5), "to": moment(-5)}, 404, 1501),
        ({"from": moment(-8 * DAY)}, 404, 1502),
        ({"from": moment(-7 * DAY), "to": moment(60)}, 404, 1502),
        ({"type": "4"}, 400, 300),
        ({"retry_num": "4"}, 400, 1506),
        ({"page_size": "301"}, 400, 300),
    ],
)
async def test_what_zoom_refuses(
    client: Client, query: dict[str, str], status: int, code: int
) -> None:
    answer = await ask(client, **query)
    assert (answer[0], answer[1]["code"]) == (status, code)


async def test_another_app_and_a_missing_scope_are_refused(client: Client) -> None:
    status, answer = await ask(client, "another")
    assert (status, answer["code"]) == (404, 1401)
    world_of(client).webhooks.log_readable = False
    status, answer = await ask(client)
    assert (status, answer["code"]) == (400, 4711)
    assert "marketplace_app:read:admin" in answer["message"]
