"""Who somebody is, asked through Microsoft's SDK against a real server."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from domain.errors import AdminMustAct, AuthorizeAgain, OutsideError, RetryLater
from sync.engine.ports import Profile
from sync.microsoft.profile import read_profile

ADA = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
    "id": "00000000-0000-4000-8000-00000000000A",
    "displayName": "Ada Größe",
    "userPrincipalName": "Ada@Example.com",
    "mail": "ada.g@example.com",
}


@dataclass
class Graph:
    """`/me` alone."""

    base: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json"
    knows_types: bool = True
    person: dict[str, Any] = field(default_factory=lambda: dict(ADA))
    requests: list[web.Request] = field(default_factory=list)
    stall: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def me(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if self.stall:
            await self.released.wait()
        if "userType" in request.query["$select"] and not self.knows_types:
            error = {"error": {"code": "BadRequest", "message": "Could not find a property"}}
            return web.json_response(error, status=400)
        if self.text is not None:
            return web.Response(text=self.text, content_type=self.content_type, status=self.status)
        if self.status != 200:
            error = {"error": {"code": "Whatever", "message": ""}}
            return web.json_response(error, status=self.status, headers=self.headers)
        return web.json_response(self.person)


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    double = Graph()
    app = web.Application()
    app.router.add_get("/v1.0/me", double.me)
    async with TestServer(app) as server:
        double.base = str(server.make_url("")).rstrip("/")
        yield double
        double.released.set()


async def read(graph: Graph, *, time_limit: float = 10) -> Profile:
    return await read_profile(
        "ada's token",
        graph_url=graph.base,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # it is asked without TLS
        time_limit=time_limit,
    )


async def test_the_profile_of_the_tokens_person_is_read(graph: Graph) -> None:
    assert await read(graph) == Profile(
        object_id="00000000-0000-4000-8000-00000000000a",
        name="Ada Größe",
        upn="Ada@Example.com",
        mail="ada.g@example.com",
    )
    [request] = graph.requests
    assert request.headers["Authorization"] == "Bearer ada's token"
    assert request.query["$select"] == ("id,displayName,userPrincipalName,mail,userType,identities")


OWN = {"signInType": "userPrincipalName", "issuer": "example.com", "issuerAssignedId": "a@b"}


@pytest.mark.parametrize(
    ("facts", "external"),
    [
        ({}, False),
        ({"userType": "Member", "identities": [OWN]}, False),
        ({"userType": None, "identities": None}, False),
        ({"userType": 5, "identities": "all"}, False),
        ({"identities": [None, 5, {}, {"signInType": 5, "issuer": None}]}, False),
        ({"userType": "Guest"}, True),
        ({"userType": "guest", "identities": [OWN]}, True),
        ({"userPrincipalName": "ada_home.example#EXT#@example.com"}, True),
        ({"identities": [OWN, {"signInType": "federated", "issuer": "ExternalAzureAD"}]}, True),
        ({"identities": [{"signInType": "federated", "issuer": "google.com"}]}, True),
        ({"identities": [{"signInType": "Federated", "issuer": None}]}, True),
        ({"identities": [{"issuer": "MicrosoftAccount"}]}, True),
        ({"identities": [{"signInType": "federated", "issuer": "mail"}]}, True),
    ],
)
async def test_microsoft_tells_who_is_of_another_organisation(
    graph: Graph, facts: dict[str, Any], *, external: bool
) -> None:
    graph.person |= facts
    assert (await read(graph)).external is external


async def test_a_graph_that_does_not_know_a_field_is_asked_without_it(graph: Graph) -> None:
    graph.knows_types = False
    assert (await read(graph)).upn == "Ada@Example.com"
    assert [request.query["$select"].count(",") for request in graph.requests] == [5, 3]


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 407, 451, 511])
async def test_a_page_is_not_taken_for_graphs_answer(graph: Graph, status: int) -> None:
    graph.text, graph.content_type, graph.status = "<html>Blocked</html>", "text/html", status
    with pytest.raises(RetryLater, match=f"graph_intercepted: {status}"):
        await read(graph)
    assert len(graph.requests) == 1


async def test_nothing_more_is_imported_while_somebody_waits(graph: Graph) -> None:
    """The SDK's own model of a user imports a thousand modules when it reads the first one."""
    program = (
        "import asyncio, ssl, sys\n"
        "from sync.microsoft.profile import read_profile\n"
        "before = set(sys.modules)\n"
        "context = ssl.create_default_context()\n"
        f"reading = read_profile('token', graph_url={graph.base!r}, verify=context)\n"
        "print(asyncio.run(reading).upn)\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", program, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    upn, imported = out.decode().splitlines()
    assert upn == "Ada@Example.com"
    assert [name for name in imported.split() if name.startswith("msgraph")] == []
    assert len(imported.split()) < 50, imported


async def test_who_connects_first_waits_for_nothing_that_is_made_once(graph: Graph) -> None:
    program = (
        "import asyncio, sys\n"
        "from sync.microsoft.profiles import Profiles\n"
        "async def main():\n"
        f"    profiles = Profiles({graph.base!r}, None)\n"
        "    await profiles.warm_up()\n"
        "    before = set(sys.modules)\n"
        "    print((await profiles.read('token')).upn)\n"
        "    print(*sorted(set(sys.modules) - before))\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", program, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode().splitlines() == ["Ada@Example.com", ""]
    assert len(graph.requests) == 1


async def test_somebody_without_mail_or_name_is_known_by_their_sign_in_name(graph: Graph) -> None:
    graph.person |= {"mail": None, "displayName": None}
    profile = await read(graph)
    assert (profile.mail, profile.name) == (None, "Ada@Example.com")


async def test_long_texts_are_cut(graph: Graph) -> None:
    graph.person |= {"mail": "m" * 999, "displayName": "n" * 999}
    profile = await read(graph)
    assert (len(profile.mail or ""), len(profile.name)) == (320, 256)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, AuthorizeAgain, "graph_401"),
        (403, AdminMustAct, "graph_403"),
        (404, RetryLater, "graph_error"),
        (429, RetryLater, "graph_error"),
        (500, RetryLater, "graph_error"),
        (503, RetryLater, "graph_error"),
    ],
)
async def test_each_failure_is_named_by_who_must_act_and_not_tried_again(
    graph: Graph, status: int, error: type[OutsideError], code: str
) -> None:
    graph.status, graph.headers = status, {"Retry-After": "1"}
    with pytest.raises(OutsideError) as caught:
        await read(graph)
    assert (type(caught.value), caught.value.code) == (error, code)
    assert len(graph.requests) == 1


@pytest.mark.parametrize("missing", ["id", "userPrincipalName"])
async def test_a_profile_without_a_name_is_asked_for_later(graph: Graph, missing: str) -> None:
    del graph.person[missing]
    with pytest.raises(RetryLater, match="graph_answer"):
        await read(graph)


@pytest.mark.parametrize("text", ["", "no json", "[]", "5", '{"id": [5]}', '"text"', "null"])
@pytest.mark.parametrize("content_type", ["application/json", "text/html", "text/plain"])
@pytest.mark.parametrize("status", [200, 503])
async def test_an_answer_that_makes_no_sense_is_asked_for_later(
    graph: Graph, text: str, content_type: str, status: int
) -> None:
    graph.text, graph.content_type, graph.status = text, content_type, status
    with pytest.raises(RetryLater):
        await read(graph)


async def test_a_slow_server_is_given_up_in_time(graph: Graph) -> None:
    graph.stall = True
    with pytest.raises(RetryLater, match="graph_unreachable"):
        await read(graph, time_limit=0.1)


async def test_a_server_that_is_not_there_is_temporary(graph: Graph, unused_tcp_port: int) -> None:
    graph.base = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(RetryLater, match="graph_unreachable"):
        await read(graph)
