from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.coverage import Covered, Mark
from sandbox.people import PEOPLE
from sandbox.server import build_sandbox
from sandbox.zoom_states import ZoomPresence
from tests.sandbox.support import ADA, BEN, FARID, config, sign_in, world_of

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from pytest_aiohttp.plugin import AiohttpClient

    from tests.sandbox.support import Client

API = "/sandbox/api"


async def call(client: Client, path: str, body: Any, **headers: str) -> int:
    async with client.post(f"{API}/{path}", json=body, headers=headers) as answer:
        return answer.status


async def person(client: Client, oid: str) -> dict[str, Any]:
    async with client.get(f"{API}/state") as answer:
        people: list[dict[str, Any]] = (await answer.json())["people"]
    return next(p for p in people if p["id"] == oid)


async def next_state(events: ClientResponse) -> dict[str, Any]:
    async with asyncio.timeout(10):
        async for line in events.content:
            if line.startswith(b"data: "):
                state: dict[str, Any] = json.loads(line[6:])
                return state
    raise AssertionError("the stream ended")


async def test_every_person_has_a_card_with_every_button(client: Client) -> None:
    async with client.get("/") as answer:
        assert answer.status == 200
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        text = await answer.text()
    for resident in PEOPLE:
        oid = resident.object_id
        assert f'data-testid="person-{oid}"' in text
        assert f'data-testid="shown-{oid}"' in text
        for client_state in ("closed", "active", "idle", "call", "presenting"):
            assert f'data-testid="teams-{oid}-{client_state}"' in text
        for presence in ZoomPresence:
            has_zoom = resident.zoom_email is not None
            assert (f'data-testid="zoom-{oid}-{presence}"' in text) == has_zoom
    assert "O&#39;Brien" in text


async def test_names_are_text_and_never_markup(aiohttp_client: AiohttpClient) -> None:
    mallory = replace(PEOPLE[0], name='<img src=x onerror="alert(1)">')
    client = await aiohttp_client(build_sandbox(config(people=[mallory])))
    async with client.get("/") as answer:
        assert "<img" not in await answer.text()


@pytest.mark.parametrize("file", ["panel.css", "panel.js", "signin.css", "form_post.js"])
async def test_static_files_are_served(client: Client, file: str) -> None:
    async with client.get(f"/sandbox/static/{file}") as answer:
        assert answer.status == 200


async def test_a_change_reaches_the_stream(client: Client) -> None:
    async with client.get("/sandbox/events") as events:
        assert events.content_type == "text/event-stream"
        before = await next_state(events)
        assert before["people"][0]["shown"]["words"] == "Offline"
        assert await call(client, f"people/{ADA}/teams", {"client": "call"}) == 200
        after = await next_state(events)
        assert after["people"][0]["shown"]["words"] == "In a call"
        assert after["people"][0]["shown"]["activity"] == "InACall"
        assert after["people"][0]["shown"]["silent"] is False
        assert await call(client, f"people/{ADA}/teams", {"client": "presenting"}) == 200
        assert (await next_state(events))["people"][0]["shown"]["silent"] is True


async def test_who_is_covered_by_what_is_asked_of_the_product(client: Client) -> None:
    async with client.get("/") as answer:
        assert 'data-testid="coverage"' not in await answer.text(), "nobody says it here"
    says = [Covered(ADA, "Ada", "ada@example.com", Mark.COVERED, "By their own sign-in")]
    told: list[list[Covered] | None] = [says]

    async def coverage() -> list[Covered] | None:
        return told[0]

    world_of(client).coverage = coverage
    async with client.get("/") as answer:
        text = await answer.text()
    assert 'data-testid="coverage"' in text
    assert f'data-testid="covered-{ADA}"' in text
    async with client.get("/sandbox/events") as events:
        [ada] = (await next_state(events))["coverage"]
        assert (ada["mark"], ada["words"], ada["more"]) == ("covered", "By their own sign-in", "")
        told[0] = [replace(says[0], mark=Mark.OUT, words="Ending")]
        [ada] = (await next_state(events))["coverage"]
        assert ada["words"] == "Ending", "nothing in the sandbox has changed, and it is shown"
        told[0] = None
        assert (await next_state(events))["coverage"] is None


async def test_an_open_stream_does_not_hold_the_shutdown_up(client: Client) -> None:
    async with client.get("/sandbox/events") as events:
        await next_state(events)
        await asyncio.wait_for(client.server.close(), 5)


async def test_people_act_through_the_calls(client: Client) -> None:
    assert await call(client, f"people/{ADA}/zoom", {"presence": "Do_Not_Disturb"}) == 200
    assert await call(client, f"people/{ADA}/teams", {"client": "active"}) == 200
    assert await call(client, f"people/{ADA}/manual", {"status": "BeRightBack"}) == 200
    ada = await person(client, ADA)
    assert ada["zoom"]["presence"] == "Do_Not_Disturb"
    assert ada["shown"]["words"] == "Be right back"
    assert ada["preferred"]["by"] == "person"
    assert await call(client, f"people/{ADA}/manual", {"status": None}) == 200
    assert (await person(client, ADA))["shown"]["words"] == "Available"


async def test_sign_ins_are_shown_and_taken_away(client: Client) -> None:
    await sign_in(client)
    assert (await person(client, ADA))["connected"]
    assert await call(client, f"people/{ADA}/revoke", {}) == 200
    assert not (await person(client, ADA))["connected"]
    await sign_in(client, BEN)
    assert await call(client, f"people/{BEN}/withdraw-consent", {}) == 200
    assert (await person(client, BEN))["consent"] == []
    assert await call(client, f"people/{BEN}/consent-policy", {"admin_approval": True}) == 200
    assert (await person(client, BEN))["admin_approval"]


async def test_the_clock_and_faults_can_be_set(client: Client) -> None:
    assert await call(client, "clock", {"advance": 300}) == 200
    fault = {"service": "graph", "kind": "throttled", "times": 2, "retry_after": 1}
    assert await call(client, "faults", fault) == 200
    world = world_of(client)
    assert world.clock.offset == 300
    assert world.faults.graph.waiting()[0].times == 2
    assert await call(client, "faults", {"service": "graph", "kind": "clear"}) == 200
    assert world.faults.graph.waiting() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"people/{ADA}/zoom", {"presence": "Asleep"}),
        (f"people/{ADA}/zoom", {"presence": "Busy", "event_ts": "now"}),
        (f"people/{FARID}/zoom", {"presence": "Busy"}),
        (f"people/{ADA}/teams", {"client": None}),
        (f"people/{ADA}/manual", {}),
        (f"people/{ADA}/manual", {"status": "InACall"}),
        (f"people/{ADA}/consent-policy", {"admin_approval": "yes"}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": "1"}),
        ("clock", {"advance": True}),
        ("faults", {"service": "mail", "kind": "clear"}),
        ("faults", {"service": "graph", "kind": "odd"}),
        ("faults", {"service": "graph", "kind": "reset", "times": 0}),
        ("webhooks/send", {"event": "user.deleted"}),
        ("clock", []),
    ],
)
async def test_nonsense_is_refused(client: Client, path: str, body: Any) -> None:
    assert await call(client, path, body) == 400


async def test_strangers_are_not_found(client: Client) -> None:
    assert await call(client, "people/nobody/zoom", {"presence": "Busy"}) == 404


async def test_other_sites_cannot_press_buttons(client: Client) -> None:
    step = {"advance": 1}
    assert await call(client, "clock", step, Origin="https://evil.example.com") == 403
    assert await call(client, "clock", step, Origin="null") == 403
    assert await call(client, "clock", step, Host="evil.example.com") == 403
    assert await call(client, "clock", step, Origin="http://localhost:5000") == 200
    async with client.post(f"{API}/clock", data='{"advance": 1}') as answer:
        assert answer.status == 400
    async with client.get(f"{API}/state", headers={"Host": "evil.example.com"}) as answer:
        assert answer.status == 403
    assert world_of(client).clock.offset == 1
