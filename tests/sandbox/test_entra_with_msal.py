"""The real MSAL, over TLS, against the stand-in."""

from __future__ import annotations

import asyncio
import html
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import jwt
import msal
import pytest
import requests
import trustme
from aiohttp.test_utils import TestServer
from yarl import URL

from sandbox.own_rights import Trouble
from sandbox.people import APP_ID, TENANT_ID
from sandbox.server import WORLD, build_sandbox
from tests.sandbox.support import ADA, BEN, REDIRECT, SECRET, config, still_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.world import World

SCOPES = ["User.Read", "Presence.Read", "Presence.ReadWrite"]


@dataclass
class Setting:
    """An app that uses MSAL, a browser, and the world behind them."""

    world: World
    msal: Any
    browser: aiohttp.ClientSession
    base: URL

    async def flow(self) -> dict[str, Any]:
        return await asyncio.to_thread(
            self.msal.initiate_auth_code_flow,
            SCOPES,
            redirect_uri=REDIRECT,
            response_mode="form_post",
        )

    async def decide(
        self, flow: dict[str, Any], oid: str = ADA, decision: str = "accept"
    ) -> dict[str, str]:
        async with self.browser.post(
            URL(flow["auth_uri"], encoded=True),
            data={"person": oid, "decision": decision},
        ) as answer:
            text = await answer.text()
        assert f'action="{REDIRECT}"' in text, text
        fields = re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)">', text)
        return {name: html.unescape(value) for name, value in fields}

    async def redeem(self, flow: dict[str, Any], back: dict[str, str]) -> dict[str, Any]:
        return await asyncio.to_thread(self.msal.acquire_token_by_auth_code_flow, flow, back)

    async def refresh(self) -> dict[str, Any]:
        (account,) = self.msal.get_accounts()
        return await asyncio.to_thread(
            self.msal.acquire_token_silent_with_error, SCOPES, account, force_refresh=True
        )


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    authority = trustme.CA()
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_tls)
    browser_tls = ssl.create_default_context()
    authority.configure_trust(browser_tls)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)

    app = build_sandbox(config(), clock=still_clock())
    with requests.Session() as http:
        http.trust_env = False
        http.verify = str(ca_file)
        server = TestServer(app, scheme="https", host="localhost")
        await server.start_server(ssl=server_tls)
        base = URL(f"https://localhost:{server.port}")
        connector = aiohttp.TCPConnector(ssl=browser_tls)
        async with aiohttp.ClientSession(connector=connector) as browser:
            try:
                client = await asyncio.to_thread(
                    msal.ConfidentialClientApplication,
                    APP_ID,
                    client_credential=SECRET,
                    authority=f"{base}/{TENANT_ID}",
                    instance_discovery=False,
                    http_client=http,
                )
                yield Setting(app[WORLD], client, browser, base)
            finally:
                await server.close()


async def test_a_person_signs_in(setting: Setting) -> None:
    flow = await setting.flow()
    tokens = await setting.redeem(flow, await setting.decide(flow))
    assert tokens["id_token_claims"]["oid"] == ADA
    assert tokens["id_token_claims"]["tid"] == TENANT_ID
    assert tokens["id_token_claims"]["nonce"]
    assert set(tokens["scope"].split()) == {*SCOPES, "openid", "profile", "email"}
    assert tokens["expires_in"] == 3600
    assert setting.world.identity.connected(ADA)
    (account,) = setting.msal.get_accounts()
    assert account["home_account_id"] == f"{ADA}.{TENANT_ID}"


async def test_the_id_token_is_signed_by_the_published_key(setting: Setting) -> None:
    flow = await setting.flow()
    tokens = await setting.redeem(flow, await setting.decide(flow))
    async with setting.browser.get(
        setting.base / TENANT_ID / "v2.0/.well-known/openid-configuration"
    ) as answer:
        metadata = await answer.json()
    async with setting.browser.get(metadata["jwks_uri"]) as answer:
        (key,) = jwt.PyJWKSet.from_dict(await answer.json()).keys
    claims = jwt.decode(
        tokens["id_token"],
        key,
        algorithms=["RS256"],
        audience=APP_ID,
        issuer=metadata["issuer"],
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
    assert claims["preferred_username"] == "ada@example.com"


async def test_a_consent_is_remembered(setting: Setting) -> None:
    flow = await setting.flow()
    await setting.decide(flow)
    again = await setting.flow()
    tokens = await setting.redeem(again, await setting.decide(again, decision=""))
    assert tokens["id_token_claims"]["oid"] == ADA


async def test_a_person_declines(setting: Setting) -> None:
    flow = await setting.flow()
    result = await setting.redeem(flow, await setting.decide(flow, decision="cancel"))
    assert result["error"] == "access_denied"
    assert "AADSTS65004" in result["error_description"]
    assert not setting.world.identity.connected(ADA)


async def test_an_admin_has_to_approve(setting: Setting) -> None:
    setting.world.identity.standing[BEN].admin_approval = True
    flow = await setting.flow()
    async with setting.browser.post(
        URL(flow["auth_uri"], encoded=True), data={"person": BEN, "decision": "accept"}
    ) as answer:
        assert "Need admin approval" in await answer.text()
    result = await setting.redeem(flow, await setting.decide(flow, BEN, decision="leave"))
    assert result["error"] == "access_denied"
    assert "AADSTS90094" in result["error_description"]


async def test_another_verifier_is_refused(setting: Setting) -> None:
    flow = await setting.flow()
    back = await setting.decide(flow)
    result = await setting.redeem({**flow, "code_verifier": "x" * 43}, back)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [501481])


async def test_a_code_works_once(setting: Setting) -> None:
    flow = await setting.flow()
    back = await setting.decide(flow)
    await setting.redeem(flow, back)
    result = await setting.redeem(flow, back)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [54005])


async def test_refresh_tokens_rotate(setting: Setting) -> None:
    flow = await setting.flow()
    first = await setting.redeem(flow, await setting.decide(flow))
    second = await setting.refresh()
    assert second["access_token"] != first["access_token"]
    assert second["scope"] == first["scope"]


async def test_a_revoked_person_has_to_sign_in_again(setting: Setting) -> None:
    flow = await setting.flow()
    await setting.redeem(flow, await setting.decide(flow))
    setting.world.identity.revoke(ADA)
    result = await setting.refresh()
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [50173])
    assert not setting.world.identity.connected(ADA)
    again = await setting.flow()
    tokens = await setting.redeem(again, await setting.decide(again, decision=""))
    assert "access_token" in tokens


async def test_a_withdrawn_consent_stops_refreshing(setting: Setting) -> None:
    flow = await setting.flow()
    await setting.redeem(flow, await setting.decide(flow))
    setting.world.identity.withdraw(ADA)
    result = await setting.refresh()
    assert result["error"] == "invalid_grant"
    assert result["suberror"] == "consent_required"


async def test_the_app_gets_a_token_for_itself(setting: Setting) -> None:
    tokens = await asyncio.to_thread(
        setting.msal.acquire_token_for_client, ["https://api.botframework.com/.default"]
    )
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["appid"]) == ("https://api.botframework.com", APP_ID)


async def test_the_organisations_consent_is_in_tokens_of_the_app(setting: Setting) -> None:
    def ask() -> dict[str, Any]:
        got: dict[str, Any] = setting.msal.acquire_token_for_client(
            ["https://graph.microsoft.com/.default"]
        )
        return got

    setting.world.own_rights.grant(["Presence.ReadWrite.All"], setting.world.clock.now())
    tokens = await asyncio.to_thread(ask)
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["roles"], claims["tid"]) == (["Presence.ReadWrite.All"], TENANT_ID)
    assert claims["idtyp"] == "app"

    setting.world.own_rights.trouble = Trouble.DISABLED
    assert "access_token" in await asyncio.to_thread(ask)  # MSAL keeps what it has
    setting.msal.remove_tokens_for_client()
    refused = await asyncio.to_thread(ask)
    assert (refused["error"], refused["error_codes"]) == ("unauthorized_client", [7000112])
