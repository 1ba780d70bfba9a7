"""Bytes that are no text, wherever a stranger can put them: an answer of 4xx, never a traceback.

The fixture's product must end without a traceback, and every page of ours is tried.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from tests.doubles.outside import Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(serve: Product) -> Product:
    """As a process of its own."""
    return serve


SECRET = b"A" * 43
START, CALLBACK = b"/auth/microsoft/start", b"/auth/microsoft/callback"
PAGES = (START, CALLBACK, b"/", b"/privacy", b"/terms", b"/livez", b"/readyz", b"/metrics")
POSTS = (START, CALLBACK, b"/zoom/webhook", b"/api/messages")
NAMES = (
    *(b"Cookie", b"Origin", b"Sec-Fetch-Site", b"Sec-Purpose", b"Content-Type", b"Accept"),
    *(b"Authorization", b"X-Forwarded-For", b"Forwarded", b"User-Agent", b"Host", b"Via"),
    *(b"x-zm-signature", b"x-zm-request-timestamp"),
)
ODD = (b"\xff\xfe", b"\xed\xa0\x80", b"\xc3\x28", b"%ff%fe", b"=;=;\x80", b"\x01", b"")
COOKIES = (
    b"__Secure-sign-in-browser=\xff\xfe",
    b"__Secure-sign-in-\xff=\xfe",
    b"__Secure-sign-in-browser=" + b"\xff" * 43,
    b"__Secure-sign-in-browser=" + SECRET + b"; __Secure-sign-in-choose-account=\xff",
    b'__Secure-sign-in-browser="\\377\\376"',
)
FORM = b"application/x-www-form-urlencoded"


async def raw(
    product: Product, line: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b""
) -> tuple[int, bytes]:
    """Send a request as bytes; status and answer."""
    host, port = product.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        names = {name.lower() for name, _ in headers}
        sent = [(b"Connection", b"close"), (b"Content-Length", str(len(body)).encode()), *headers]
        if b"host" not in names:
            sent.append((b"Host", b"bot.example.com"))
        head = b"".join(name + b": " + value + b"\r\n" for name, value in sent)
        writer.write(line + b" HTTP/1.1\r\n" + head + b"\r\n" + body)
        await writer.drain()
        async with asyncio.timeout(20):
            answer = await reader.read()
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1]), answer


def none_failed(answers: list[tuple[int, bytes]]) -> None:
    for status, answer in answers:
        assert status < 500, answer[:300]
        assert b"Traceback" not in answer


@pytest.mark.parametrize("path", PAGES, ids=bytes.decode)
async def test_odd_headers_on_every_page(product: Product, path: bytes) -> None:
    tries = [[(name, odd)] for name in NAMES for odd in ODD] + [[(b"Cookie", c)] for c in COOKIES]
    none_failed([await raw(product, b"GET " + path, headers) for headers in tries])


@pytest.mark.parametrize("path", POSTS, ids=bytes.decode)
async def test_odd_headers_with_a_body(product: Product, path: bytes) -> None:
    body = b"ticket=" + SECRET + b"&state=" + SECRET + b"&code=x"
    for name in NAMES:
        for odd in ODD:
            headers = [(name, odd)]
            if name != b"Content-Type":
                headers.append((b"Content-Type", FORM))
            none_failed([await raw(product, b"POST " + path, headers, body)])


@pytest.mark.parametrize("path", [*PAGES, *POSTS[2:]], ids=bytes.decode)
@pytest.mark.parametrize(
    "query",
    [
        b"?ticket=\xff\xfe",
        b"?ticket=%ff%fe",
        b"?state=" + SECRET + b"&code=%ff%fe&error=%ed%a0%80",
        b"?state=" + SECRET + b"&code=\xff",
        b"?%ff=%fe&\xff=\xfe",
        b"?state=" + SECRET + b"&error=x&error_description=%00%ff",
    ],
    ids=range(6),
)
async def test_odd_queries_on_every_page(product: Product, path: bytes, query: bytes) -> None:
    none_failed([await raw(product, b"GET " + path + query, [])])


@pytest.mark.parametrize("cookie", COOKIES, ids=range(len(COOKIES)))
async def test_an_odd_cookie_on_the_way_back_is_400_and_one_line(
    product: Product, cookie: bytes
) -> None:
    before = len(product.command.output)
    line = b"GET " + CALLBACK + b"?code=x&state=" + SECRET
    status, answer = await raw(product, line, [(b"Cookie", cookie)])
    well_formed = b"=" + SECRET in cookie
    assert status == (410 if well_formed else 400)
    assert b"Presence Bridge" in answer
    await product.command.event("sign_in_refused")
    lines = [text for text in product.command.output[before:] if "sign_in" in text]
    assert len(lines) == 1


@pytest.mark.parametrize("path", POSTS[:2], ids=bytes.decode)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"\xff\xfe=\xff"),
        (FORM, b"ticket=%ff%fe&state=" + SECRET + b"&code=%ff"),
        (FORM, b"state=" + SECRET + b"&error=x&error_description=%ed%a0%80"),
        (FORM, b"state=" + SECRET + b"&error=x&error_description=a%00b"),
        *(
            (FORM + b"; charset=" + charset, b"state=" + SECRET + b"&code=x&ticket=" + SECRET)
            for charset in (
                *(b"undefined", b"idna", b"punycode", b"utf-16", b"utf-7", b"unicode_escape"),
                *(b"zlib", b"rot13", b"nonsense", b"\xff\xfe", b"utf-8\x00", b"surrogatepass", b""),
            )
        ),
        (FORM + b"; boundary=\xff", b"x=y"),
        (b"\xff\xfe", b"x=y"),
    ],
    ids=range(19),
)
async def test_odd_forms_are_refused(
    product: Product, path: bytes, kind: bytes, body: bytes
) -> None:
    status, answer = await raw(product, b"POST " + path, [(b"Content-Type", kind)], body)
    assert status in {303, 400, 410, 415}, answer[:200]
    assert status != 303 or path == CALLBACK
