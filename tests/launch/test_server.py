"""What strangers may do to a port, on real sockets: every route of every port has these rules."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from launch.connection import Connection
from launch.lifetime import running
from launch.server import READ_AT_ONCE, Rules, most_connections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SOON = Rules(keep_alive=0.2, head_within=0.2, body_within=0.2, read_within=0.1, linger=0.05)
PATIENT = Rules(keep_alive=60, head_within=60, body_within=60, linger=0.05)
ROUTES = ("/livez", "/form", "/webhook", "/nowhere")


class Inside:
    """An application; `may_answer` holds slow answers back, each of which releases `working`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.may_answer = asyncio.Event()
        self.working = asyncio.Semaphore(0)
        self.app = web.Application(client_max_size=1000)
        self.app.add_routes(
            [
                web.get("/livez", self.livez),
                web.post("/form", self.form),
                web.post("/webhook", self.webhook),
                web.post("/slow", self.slow),
                web.get("/large", self.large),
                web.get("/broken", self.broken),
            ]
        )

    async def livez(self, _: web.Request) -> web.Response:
        return web.Response(text="alive")

    async def form(self, request: web.Request) -> web.Response:
        await request.post()
        return web.Response(text="form")

    async def webhook(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(text="webhook")

    async def slow(self, request: web.Request) -> web.Response:
        await request.read()
        self.working.release()
        await self.may_answer.wait()
        return web.Response(text="slow")

    async def large(self, _: web.Request) -> web.Response:
        return web.Response(body=b"x" * 30_000_000)

    async def broken(self, _: web.Request) -> web.Response:
        raise RuntimeError("hunter2")


class Client:
    """A socket, and what comes back on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def sends(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """Status and head of the next answer; its body is read."""
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self.reader.readexactly(int(length or 0))
        return int(head.split()[1]), head

    async def ends(self) -> bytes:
        """What comes until the other side closes."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


class Port:
    """A served application."""

    def __init__(self, number: int, stack: contextlib.AsyncExitStack) -> None:
        self.number = number
        self._stack = stack

    async def client(self, data: bytes = b"") -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.number))
        self._stack.callback(client.writer.close)
        if data:
            await client.sends(data)
        return client

    async def asked(self, data: bytes) -> tuple[int, bytes]:
        return await (await self.client(data)).answer()


@pytest.fixture
def inside() -> Inside:
    return Inside()


@contextlib.asynccontextmanager
async def serving(inside: Inside, rules: Rules) -> AsyncIterator[Port]:
    async with (
        running(inside.app, "127.0.0.1", 0, rules) as port,
        contextlib.AsyncExitStack() as stack,
    ):
        yield Port(port, stack)


def request(
    path: str, body: bytes = b"", method: str = "POST", *, length: int | None = None, **more: str
) -> bytes:
    """A request; `more` are headers."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    if (body or length is not None) and "Transfer_Encoding" not in more:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


LIVEZ = request("/livez", method="GET")


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(bytes(1_000_000))),
        ("GZIP", b"not gzip"),
        ("deflate", zlib.compress(bytes(1_000_000))),
        ("br", b"x"),
        ("zstd", b"x"),
        ("identity", b"x"),
        ("gzip, gzip", b"x"),
        ("", b"x"),
        ("gzip", b""),
    ],
)
async def test_a_packed_body_is_415_on_every_route_and_never_unpacked(
    inside: Inside, path: str, encoding: str, body: bytes
) -> None:
    async with serving(inside, PATIENT) as port:
        for method in ("POST", "GET", "OPTIONS"):
            packed = request(path, body, method, Content_Encoding=encoding)
            status, head = await port.asked(packed)
            assert status == 415
            assert b"Accept-Encoding: identity\r\n" in head
        assert (await port.asked(LIVEZ))[0] == 200
    assert inside.bodies == []


async def test_nobody_is_invited_to_send_a_packed_body(inside: Inside) -> None:
    async with serving(inside, PATIENT) as port:
        expects = request("/webhook", length=9, Expect="100-continue", Content_Encoding="gzip")
        assert (await port.asked(expects))[0] == 415
        invited = await port.client(request("/webhook", length=2, Expect="100-continue"))
        assert (await invited.answer())[0] == 100
        await invited.sends(b"{}")
        assert (await invited.answer())[0] == 200


@pytest.mark.parametrize("expects", ["", "tea", "100-continu\udce5\udcc8le", "\udcff"])
async def test_nothing_else_can_be_expected(inside: Inside, expects: str) -> None:
    asks = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: "
    async with serving(inside, PATIENT) as port:
        sent = asks + expects.encode("utf-8", "surrogateescape") + b"\r\n\r\n{}"
        assert (await port.asked(sent))[0] == 417


@pytest.mark.parametrize("path", ROUTES)
async def test_a_long_content_type_is_415_and_never_taken_apart(inside: Inside, path: str) -> None:
    async with serving(inside, PATIENT) as port:
        for kind in ("a/b" + ";c=d" * 1900, 'a/b;c="' + '\\"' * 3900, "a" * 257):
            assert (await port.asked(request(path, b"x", Content_Type=kind)))[0] == 415
        longest = f"multipart/form-data; boundary={'x' * 70}; charset=utf-8"  # RFC 2046, 5.1.1
        asked = request("/webhook", b"x", Content_Type=longest)
        assert (await port.asked(asked))[0] == 200


async def test_nobody_s_bytes_are_all_read_at_once(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    class Counting(Connection):
        def data_received(self, data: bytes) -> None:
            read.append(len(data))
            super().data_received(data)

    monkeypatch.setattr("launch.server.Connection", Counting)
    tiny = b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"
    async with serving(inside, PATIENT) as port:
        assert (await port.asked(request("/webhook", tiny, Transfer_Encoding="chunked")))[0] == 413
    assert max(read) <= READ_AT_ONCE


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"P",
        b"POST /webhook HTTP/1.1\r\n",
        b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20,
    ],
    ids=range(5),
)
async def test_a_head_that_does_not_come_ends_the_connection(inside: Inside, head: bytes) -> None:
    async with serving(inside, replace(SOON, keep_alive=60)) as port:
        assert await (await port.client(head)).ends() == b""


@pytest.mark.parametrize("before", [b"", LIVEZ, request("/webhook", b"x"), LIVEZ * 3])
async def test_a_head_that_grows_and_grows_is_431(inside: Inside, before: bytes) -> None:
    async with serving(inside, PATIENT) as port:
        client = await port.client(before)
        for _ in range(before.count(b"HTTP/1.1")):
            assert (await client.answer())[0] == 200
        await client.sends(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        for number in range(60):
            with contextlib.suppress(ConnectionError):
                await client.sends(f"X-{number}: {'y' * 1000}\r\n".encode())
        assert (await client.answer())[0] == 431
        assert await client.ends() == b""


async def test_a_body_that_comes_after_its_answer_lifts_no_limit(inside: Inside) -> None:
    async with serving(inside, replace(PATIENT, linger=5)) as port:
        client = await port.client()
        for _ in range(2):
            await client.sends(request("/livez", method="GET", length=2))
            assert (await client.answer())[0] == 200
            await client.sends(b"{}")
            await client.sends(LIVEZ)
            assert (await client.answer())[0] == 200
        await client.sends(request("/livez", method="GET", length=2))
        assert (await client.answer())[0] == 200
        await client.sends(b"{}")
        await client.sends(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        for number in range(60):
            with contextlib.suppress(ConnectionError):
                await client.sends(f"X-{number}: {'y' * 1000}\r\n".encode())
        assert (await client.answer())[0] == 431
        assert await client.ends() == b""


async def test_bodies_do_not_count_as_heads(inside: Inside) -> None:
    inside.app._client_max_size = 10_000_000
    async with serving(inside, PATIENT) as port:
        client = await port.client()
        for size in (500_000, 3, 2_000_000):
            await client.sends(request("/webhook", length=size))
            for start in range(0, size, 100_000):
                await client.sends(bytes(min(100_000, size - start)))
            assert (await client.answer())[0] == 200
        assert [len(body) for body in inside.bodies] == [500_000, 3, 2_000_000]
        await client.sends(request("/webhook", bytes(300_000)) * 2)
        for _ in range(2):
            assert (await client.answer())[0] == 200


@pytest.mark.parametrize("path", ["/form", "/webhook"])
@pytest.mark.parametrize(
    "half",
    [
        request("/", b"a=b", length=9),
        request("/", length=9),
        request("/", b"3\r\na=b\r\n", Transfer_Encoding="chunked"),
        request("/", b"9\r\na=", Transfer_Encoding="chunked"),
    ],
    ids=range(4),
)
async def test_a_body_that_does_not_come_is_408(inside: Inside, path: str, half: bytes) -> None:
    sent = half.replace(b"POST / ", f"POST {path} ".encode()).replace(
        b"Host: x", b"Host: x\r\nContent-Type: application/x-www-form-urlencoded"
    )
    async with serving(inside, SOON) as port:
        client = await port.client(sent)
        assert (await client.answer())[0] == 408
        await client.ends()


async def test_a_body_that_trickles_has_no_more_time(inside: Inside) -> None:
    async with serving(inside, SOON) as port:
        client = await port.client(request("/webhook", length=900))
        answered = asyncio.create_task(client.answer())
        while not answered.done():
            await client.sends(b"x")
            await asyncio.wait([answered], timeout=0.02)
        assert (await answered)[0] == 408


async def test_a_body_without_end_is_413_and_ends(inside: Inside) -> None:
    async with serving(inside, PATIENT) as port:
        client = await port.client(request("/webhook", Transfer_Encoding="chunked"))

        async def without_end() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    await client.sends(b"400\r\n" + b"x" * 0x400 + b"\r\n")

        sending = asyncio.create_task(without_end())
        assert (await client.answer())[0] == 413
        await client.ends()
        await sending


async def test_a_body_that_nobody_wants_ends_with_the_answer(inside: Inside) -> None:
    async with serving(inside, PATIENT) as port:
        for path, status in (("/livez", 200), ("/nowhere", 404)):
            client = await port.client(request(path, b"{", "GET", length=1000))
            assert (await client.answer())[0] == status
            await client.ends()


async def test_a_broken_body_is_400(inside: Inside) -> None:
    async with serving(inside, PATIENT) as port:
        client = await port.client(
            request("/webhook", b"3\r\nabc\r\n", Transfer_Encoding="chunked")
        )
        await client.sends(b"zz\r\n")
        assert (await client.answer())[0] == 400
        await client.ends()


async def test_work_that_has_its_body_takes_its_time(inside: Inside) -> None:
    async with serving(inside, SOON) as port:
        client = await port.client(request("/slow", length=2))
        await client.sends(b"{}")
        late = await port.client(request("/webhook", b"{", length=2))
        assert (await late.answer())[0] == 408  # by now the first one's time is over as well
        inside.may_answer.set()
        assert (await client.answer())[0] == 200


async def test_an_idle_connection_ends_but_not_at_once(inside: Inside) -> None:
    async with serving(inside, replace(SOON, head_within=60)) as port:
        client = await port.client(LIVEZ)
        assert (await client.answer())[0] == 200
        await client.sends(LIVEZ)
        assert (await client.answer())[0] == 200
        await client.sends(b"GET /livez HTTP/1.1\r\n")  # half of a later head
        assert await client.ends() == b""


async def test_an_answer_that_nobody_reads_ends(inside: Inside) -> None:
    async with serving(inside, replace(SOON, keep_alive=60)) as port:
        client = await port.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a real one has it
        await client.sends(request("/large", method="GET"))
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):  # as soon as it is cut
                while True:
                    await client.sends(b"x")
                    await asyncio.sleep(0.02)


async def test_who_reads_slowly_gets_the_whole_answer(inside: Inside) -> None:
    async with serving(inside, replace(PATIENT, read_within=0.3)) as port:
        client = await port.client(request("/large", method="GET"))
        await client.reader.readuntil(b"\r\n\r\n")
        left = 30_000_000
        while left:
            got = await client.reader.read(left)
            assert got, f"cut {left} bytes before the end"
            left -= len(got)
            await asyncio.sleep(0.005)


async def test_nobody_takes_the_last_connection(inside: Inside) -> None:
    with capture_logs() as lines:
        await _crowded(inside)
    assert [(line["event"], line["most"]) for line in lines] == [("connections_full", 20)]


async def _crowded(inside: Inside) -> None:
    async with serving(inside, replace(PATIENT, most=20)) as port:
        for data in (b"", b"GET /livez HTTP/1.1\r\n", request("/webhook", b"{", length=9), LIVEZ):
            held = [await port.client(data) for _ in range(30)]
            for _ in range(3):
                assert (await port.asked(LIVEZ))[0] == 200
            await held[0].ends()  # who has waited longest went


async def test_who_is_served_is_not_the_one_who_goes(inside: Inside) -> None:
    async with serving(inside, replace(PATIENT, most=5, grace=0)) as port:
        served = await port.client(request("/slow", b"{}"))
        await inside.working.acquire()
        idle = await port.client(LIVEZ)
        assert (await idle.answer())[0] == 200
        silent = [await port.client() for _ in range(10)]
        for client in silent[:5]:
            assert await client.ends() == b""
        await idle.sends(LIVEZ)  # whoever never asked for anything went first
        assert (await idle.answer())[0] == 200
        inside.may_answer.set()
        assert (await served.answer())[0] == 200


async def test_who_came_just_now_is_not_the_one_who_goes(inside: Inside) -> None:
    async with serving(inside, replace(PATIENT, most=32, grace=60)) as port:
        for data in (LIVEZ, request("/webhook", b"{", length=9)):
            for _ in range(32):
                await port.client(data)
            # All at once: they are taken in before anything of them is read.
            newcomers = await asyncio.gather(*(port.client(LIVEZ) for _ in range(4)))
            assert [(await client.answer())[0] for client in newcomers] == [200] * 4


async def test_when_all_are_served_one_more_is_turned_away(inside: Inside) -> None:
    async with serving(inside, replace(PATIENT, most=2)) as port:
        served = [await port.client(request("/slow", b"{}")) for _ in range(2)]
        for _ in served:
            await inside.working.acquire()
        assert await (await port.client(LIVEZ)).ends() == b""
        inside.may_answer.set()
        for client in served:
            assert (await client.answer())[0] == 200


async def test_nobody_can_make_closing_last(inside: Inside) -> None:
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        async with running(inside.app, "127.0.0.1", 0, PATIENT) as number:
            port = Port(number, stack)
            served = await port.client(request("/slow", b"{}"))
            await inside.working.acquire()
            half = await port.client(request("/webhook", b"{", length=9))
            deaf = await port.client()
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a real one has it
            await deaf.sends(request("/large", method="GET"))
            assert (await port.asked(LIVEZ))[0] == 200
            loop.call_later(1.5, inside.may_answer.set)
            began = loop.time()
        assert loop.time() - began < 5  # and not the ten seconds of what is in hand
        assert (await served.answer())[0] == 200
        await half.ends()


@pytest.mark.parametrize(
    ("files", "most"), [(256, 128), (1024, 640), (65_536, 10_000), (-1, 10_000), (10, 8)]
)
def test_connections_leave_room_for_our_own_files(
    monkeypatch: pytest.MonkeyPatch, files: int, most: int
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (files, files))
    assert most_connections() == most
    assert most + 2 * Rules(most=most).at_once <= files or files in {-1, 10}


@pytest.mark.parametrize(
    "raw",
    [
        LIVEZ,
        request("/nowhere", method="GET"),
        request("/webhook", b"x", Content_Encoding="gzip"),
        request("/webhook", b"x" * 2000),
        request("/broken", method="GET"),
        request("/livez", method="DELETE"),
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 70 + b"\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
        request("/livez", method="CONNECT"),
    ],
    ids=range(11),
)
async def test_no_answer_says_what_runs_here(raw: bytes) -> None:
    for https in (True, False):
        async with serving(Inside(), replace(PATIENT, https=https)) as port:
            status, head = await port.asked(raw)
            assert 200 <= status < 600
            assert b"\r\nserver:" not in head.lower()
            assert b"aiohttp" not in head
            assert (b"\r\nStrict-Transport-Security: max-age=" in head) is https


async def test_an_upgrade_is_an_ordinary_request(inside: Inside) -> None:
    upgrade = b"Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA=="
    async with serving(inside, SOON) as port:
        for path, status in (("/livez", 200), ("/nowhere", 404)):
            asked = request(path, method="GET").replace(b"Host: x", upgrade)
            client = await port.client(asked + b"\x81\x85xxxx")
            assert (await client.answer())[0] == status
            await client.ends()


async def test_requests_that_come_at_once_are_answered_in_turn(inside: Inside) -> None:
    async with serving(inside, PATIENT) as port:
        client = await port.client(LIVEZ * 50 + request("/webhook", b"x", Content_Encoding="gzip"))
        for _ in range(50):
            assert (await client.answer())[0] == 200
        assert (await client.answer())[0] == 415
