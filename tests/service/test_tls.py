"""One private authority, named in any of the usual variables, is trusted by every client."""

from __future__ import annotations

import asyncio
import socket
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

from service.tls import (
    BUNDLE_NAME,
    TrustError,
    client_context,
    read_authorities,
    requests_verify,
)

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


@pytest.mark.parametrize("key_log", [None, "keys.log"])
def test_with_an_authority_all_else_is_as_python_has_it(
    key_log: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if key_log:
        monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / key_log))
    else:
        monkeypatch.delenv("SSLKEYLOGFILE", raising=False)
    default = ssl.create_default_context()
    named = client_context({"REQUESTS_CA_BUNDLE": pem(trustme.CA(), tmp_path / "authority.pem")})
    read = {"sslsocket_class", "sslobject_class", "sni_callback", "num_tickets", "protocol"}
    settings = [name for name, of in vars(ssl.SSLContext).items() if isinstance(of, property)]
    settings += [n for n in dir(ssl.SSLContext) if n in {"check_hostname", "verify_flags"} | read]
    assert {"options", "minimum_version", "verify_mode", "check_hostname"} <= set(settings)
    for name in [*settings, "keylog_filename", "post_handshake_auth", "security_level"]:
        assert getattr(named, name) == getattr(default, name), name
    assert named.get_ciphers() == default.get_ciphers()


def test_the_systems_authorities_are_read_when_they_are_needed(tmp_path: Path) -> None:
    file = pem(trustme.CA(), tmp_path / "authority.pem")
    every = ssl.create_default_context()
    every.load_verify_locations(file)
    for use in (
        read_authorities,
        lambda context: context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x"),
        lambda context: context.wrap_socket(
            socket.socket(), server_hostname="x", do_handshake_on_connect=False
        ).close(),
    ):
        context = client_context({"REQUESTS_CA_BUNDLE": file})
        assert context.cert_store_stats()["x509"] == 1
        for _ in range(2):
            use(context)
            assert context.cert_store_stats() == every.cert_store_stats()
    read_authorities(None)
    read_authorities(every)


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
