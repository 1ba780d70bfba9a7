"""One private authority, named in any of the usual variables, is trusted by every client."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import certifi
import pytest
import requests
import trustme
from aiohttp import web

from service.tls import BUNDLE_NAME, TrustError, client_context, requests_verify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


@asynccontextmanager
async def https_server(authority: trustme.CA) -> AsyncIterator[str]:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        yield f"https://localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def aiohttp_trusts(url: str, environ: Mapping[str, str]) -> bool:
    connector = aiohttp.TCPConnector(ssl=client_context(environ))
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            async with session.get(url) as answer:
                return await answer.text() == "hello"
        except aiohttp.ClientConnectorCertificateError:
            return False


async def requests_trusts(url: str, environ: Mapping[str, str], folder: Path) -> bool:
    verify = requests_verify(environ, folder)

    def get() -> bool:
        try:
            return requests.get(url, verify=verify, timeout=5).text == "hello"
        except requests.exceptions.SSLError:
            return False

    return await asyncio.to_thread(get)


def pem(authority: trustme.CA, path: Path) -> str:
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def hashed_folder(authority: trustme.CA, folder: Path) -> str:
    """A folder as `openssl rehash` makes it."""
    folder.mkdir()
    file = pem(authority, folder / "authority.pem")
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", file], capture_output=True, check=True
    ).stdout.decode()
    (folder / "authority.pem").rename(folder / f"{name.strip()}.0")
    return str(folder)


@pytest.mark.parametrize(
    "variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
)
async def test_an_authority_named_in_one_variable_is_trusted_by_both(
    variable: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    named = (
        hashed_folder(authority, tmp_path / "authorities")
        if variable == "SSL_CERT_DIR"
        else pem(authority, tmp_path / "authority.pem")
    )
    async with https_server(authority) as url:
        assert not await aiohttp_trusts(url, {})
        assert not await requests_trusts(url, {}, tmp_path)
        assert await aiohttp_trusts(url, {variable: named})
        assert await requests_trusts(url, {variable: named}, tmp_path)


async def test_two_authorities_in_two_variables_are_both_trusted_by_both(tmp_path: Path) -> None:
    one, two = trustme.CA(), trustme.CA()
    environ = {
        "SSL_CERT_FILE": pem(one, tmp_path / "one.pem"),
        "REQUESTS_CA_BUNDLE": pem(two, tmp_path / "two.pem"),
    }
    for authority in (one, two):
        async with https_server(authority) as url:
            assert await aiohttp_trusts(url, environ)
            assert await requests_trusts(url, environ, tmp_path)


def test_without_variables_each_keeps_its_own_rule(tmp_path: Path) -> None:
    assert requests_verify({}, tmp_path) is True
    assert client_context({}).verify_mode is ssl.CERT_REQUIRED
    assert client_context({}).check_hostname is True
    assert list(tmp_path.iterdir()) == []


def test_requests_bundle_replaces_and_openssls_file_is_added_to_certifi(tmp_path: Path) -> None:
    file = pem(trustme.CA(), tmp_path / "authority.pem")
    assert requests_verify({"REQUESTS_CA_BUNDLE": file, "CURL_CA_BUNDLE": "x"}, tmp_path) == file
    bundle = requests_verify({"SSL_CERT_FILE": file}, tmp_path / "new")
    assert bundle == str(tmp_path / "new" / BUNDLE_NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    before = context.cert_store_stats()["x509_ca"]
    context.load_verify_locations(bundle)
    assert context.cert_store_stats()["x509_ca"] == before + 1


def test_a_private_key_beside_the_certificate_is_not_copied(tmp_path: Path) -> None:
    authority = trustme.CA()
    file = tmp_path / "both.pem"
    file.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    requests_verify({"SSL_CERT_FILE": str(file)}, tmp_path)
    assert b"PRIVATE KEY" not in (tmp_path / BUNDLE_NAME).read_bytes()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_file_that_is_missing_or_empty_is_named(variable: str, tmp_path: Path) -> None:
    missing = {variable: str(tmp_path / "missing.pem")}
    with pytest.raises(TrustError, match=f"{variable} names .*missing.pem, which does not exist"):
        client_context(missing)
    with pytest.raises(TrustError, match="does not exist"):
        requests_verify(missing, tmp_path)
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(TrustError, match=f"{variable} names .*no usable certificate"):
        client_context({variable: str(tmp_path / "empty.pem")})


def test_an_openssl_file_without_certificates_is_named_for_requests_too(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(TrustError, match="no usable certificate"):
        requests_verify({"SSL_CERT_FILE": str(tmp_path / "empty.pem")}, tmp_path)


def test_folders_that_do_not_exist_are_passed_over(tmp_path: Path) -> None:
    environ = {"SSL_CERT_DIR": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}
    assert client_context(environ).verify_mode is ssl.CERT_REQUIRED
    assert requests_verify(environ, tmp_path) is True
