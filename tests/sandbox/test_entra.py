"""Entra's refusals, seen on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.people import APP_ID, TENANT_ID
from tests.sandbox.support import (
    ADA,
    AUTHORIZE,
    BEN,
    REDIRECT,
    SECRET,
    TOKEN,
    VERIFIER,
    answered,
    ask_token,
    authorize_url,
    sign_in,
    world_of,
)

if TYPE_CHECKING:
    from tests.sandbox.support import Client


async def redeem(client: Client, code: str, **changes: str) -> tuple[str, int]:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    _, body = await ask_token(client, **fields)
    return body["error"], body["error_codes"][0]


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": "someone else"}, "AADSTS700016"),
        ({"redirect_uri": "https://evil.example.com/"}, "AADSTS50011"),
        ({"redirect_uri": REDIRECT + "/"}, "AADSTS50011"),
    ],
)
async def test_a_request_of_unknown_origin_is_never_sent_back(
    client: Client, changes: dict[str, str], number: str
) -> None:
    async with client.get(authorize_url(**changes), allow_redirects=False) as answer:
        assert answer.status == 400
        assert number in await answer.text()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "openid Mail.Read"}, "invalid_client"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_wrong_request_goes_back_to_the_app(
    client: Client, changes: dict[str, str | None], error: str
) -> None:
    async with client.get(authorize_url(**changes), allow_redirects=False) as answer:
        assert answer.status == 302
        assert f"error={error}&" in answer.headers["Location"]
        assert "state=the+state" in answer.headers["Location"]


async def test_other_tenants_do_not_exist_here(client: Client) -> None:
    other = "/common/v2.0/.well-known/openid-configuration"
    async with client.get(other) as answer:
        assert (await answer.json())["error"] == "invalid_tenant"


async def test_metadata_follows_the_address_it_is_asked_at(client: Client) -> None:
    path = f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    headers = {"Host": "login.example.com", "X-Forwarded-Proto": "https"}
    async with client.get(path, headers=headers) as answer:
        metadata = await answer.json()
    assert metadata["token_endpoint"] == f"https://login.example.com{TOKEN}"
    assert metadata["authorization_endpoint"] == f"https://login.example.com{AUTHORIZE}"


async def test_the_suggested_person_comes_first(client: Client) -> None:
    async with client.get(authorize_url(login_hint="BEN@example.com")) as answer:
        text = await answer.text()
    assert text.index(BEN) < text.index(ADA)
    assert text.count("autofocus") == 1


async def test_the_consent_page_lists_what_is_asked(client: Client) -> None:
    async with client.post(authorize_url(), data={"person": ADA}) as answer:
        text = await answer.text()
    assert "Read and write your presence information" in text
    assert "Maintain access to data" in text
    assert "of all users" not in text


async def test_form_post_carries_the_answer_in_a_form(client: Client) -> None:
    url = authorize_url(response_mode="form_post", state='"><script>')
    async with client.post(url, data={"person": ADA, "decision": "accept"}) as answer:
        text = await answer.text()
    assert f'action="{REDIRECT}"' in text
    assert 'name="code"' in text
    assert "><script>" not in text


async def test_more_rights_need_a_new_consent(client: Client) -> None:
    await sign_in(client, scope="openid offline_access User.Read")
    url = authorize_url(scope="openid offline_access User.Read Presence.Read")
    async with client.post(url, data={"person": ADA}) as answer:
        assert "Permissions requested" in await answer.text()


async def test_an_old_code_is_refused(client: Client) -> None:
    back = await answered(client, authorize_url())
    world_of(client).clock.advance(301)
    assert await redeem(client, back["code"]) == ("invalid_grant", 70008)


async def test_a_code_belongs_to_its_redirect_address(client: Client) -> None:
    back = await answered(client, authorize_url())
    outcome = await redeem(client, back["code"], redirect_uri="https://bot.example.com/")
    assert outcome == ("invalid_grant", 500112)


async def test_a_missing_verifier_is_refused(client: Client) -> None:
    back = await answered(client, authorize_url())
    assert await redeem(client, back["code"], code_verifier="") == ("invalid_grant", 501481)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "someone else"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "https://graph.microsoft.com/User.Read"}, 400, "invalid_scope"),
    ],
)
async def test_wrong_clients_and_grants_are_refused(
    client: Client, changes: dict[str, str], status: int, error: str
) -> None:
    fields = {
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
        **changes,
    }
    got, body = await ask_token(client, **fields)
    assert (got, body["error"]) == (status, error)
    assert body["error_description"].startswith("AADSTS")
    assert SECRET not in str(body)


async def test_the_secret_may_come_in_a_basic_header(client: Client) -> None:
    fields = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    header = aiohttp.encode_basic_auth(APP_ID, "a+secret%2Fwith%2Bsigns")
    async with client.post(TOKEN, data=fields, headers={"Authorization": header}) as answer:
        assert answer.status == 200


async def test_qualified_scopes_are_echoed_as_qualified(client: Client) -> None:
    tokens = await sign_in(client)
    _, body = await ask_token(
        client,
        grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
        scope="openid https://graph.microsoft.com/User.Read",
    )
    assert body["scope"] == "openid profile email https://graph.microsoft.com/User.Read"


async def test_a_refresh_token_dies_after_ninety_days(client: Client) -> None:
    tokens = await sign_in(client)
    world_of(client).clock.advance(90 * 86_400)
    _, body = await ask_token(
        client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert body["error_codes"] == [700082]


async def test_without_offline_access_there_is_no_refresh_token(client: Client) -> None:
    tokens = await sign_in(client, scope="openid User.Read")
    assert "refresh_token" not in tokens
    assert not world_of(client).identity.connected(ADA)


async def test_a_fault_makes_the_token_endpoint_unavailable(client: Client) -> None:
    world_of(client).faults.entra.append(Fault(FaultKind.UNAVAILABLE, retry_after=7))
    async with client.post(TOKEN, data={}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
    async with client.post(TOKEN, data={}) as answer:
        assert answer.status == 400
