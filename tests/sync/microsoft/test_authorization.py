"""Signing in and refreshing, with the real MSAL against a stand-in for the login service."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import trustme

from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater
from domain.link import BadRow
from domain.refusal import Refusal
from sync.microsoft.authorization import FLOWS, Authorization, Grant
from sync.microsoft.login_errors import SignInRefused
from sync.microsoft.login_http import TIMEOUT, LoginHttp
from tests.doubles.entra import ADA, CLIENT, SECRET, TENANT, Entra, running_entra

REDIRECT = "https://bot.example.com/auth/microsoft/callback"
SCOPES = ["Presence.ReadWrite", "Presence.Read", "User.Read"]
STATE = "state-of-the-tests"
BOT_SCOPE = "https://api.botframework.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"

CA = trustme.CA()

Make = Callable[..., Authorization]


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(params=["https", "http"])
async def entra(request: pytest.FixtureRequest, tls: ssl.SSLContext) -> AsyncIterator[Entra]:
    async with running_entra(tls if request.param == "https" else None) as double:
        double.redirect_uri = REDIRECT
        yield double


@pytest.fixture
async def plain_entra() -> AsyncIterator[Entra]:
    async with running_entra() as double:
        double.redirect_uri = REDIRECT
        yield double


@pytest.fixture
def make(ca_bundle: str) -> Iterator[Make]:
    made: list[Authorization] = []

    def authorization(base: str, **changed: str) -> Authorization:
        settings = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "tenant_id": TENANT,
            "login_url": base,
            "redirect_uri": REDIRECT,
            "verify": ca_bundle,
        }
        made.append(Authorization(scopes=SCOPES, **(settings | changed)))  # type: ignore[arg-type]
        return made[-1]

    yield authorization
    for one in made:
        one.close()


async def browse(auth_uri: str) -> dict[str, str]:
    """Go where the browser goes and give what it would bring back to us."""
    trust = ssl.create_default_context(cadata=CA.cert_pem.bytes().decode())
    async with (
        aiohttp.ClientSession() as session,
        session.get(auth_uri, allow_redirects=False, ssl=trust) as answer,
    ):
        assert answer.status == 302, await answer.text()
        back = urlsplit(answer.headers["Location"])
        return {key: values[0] for key, values in parse_qs(back.query).items()}


async def connect(authorization: Authorization) -> Grant:
    flow = await authorization.begin(state=STATE)
    return await authorization.finish(flow, await browse(flow.auth_uri))


async def refused(authorization: Authorization) -> SignInRefused:
    with pytest.raises(SignInRefused) as caught:
        await connect(authorization)
    return caught.value


async def test_a_person_signs_in(entra: Entra, make: Make) -> None:
    grant = await connect(make(entra.base))

    assert grant.identity.object_id == ADA
    assert grant.identity.tenant_id == TENANT
    assert grant.identity.upn == "ada@example.com"
    assert grant.identity.name == "Ada Lindqvist"
    assert grant.scopes == {"Presence.ReadWrite", "Presence.Read", "User.Read"}
    assert json.loads(grant.cache)["RefreshToken"]
    assert grant.cache not in repr(grant)


async def test_the_browser_is_sent_to_the_scheme_and_host_of_the_login_service(
    entra: Entra, make: Make
) -> None:
    authorization = make(entra.base)
    flow = await authorization.begin(state=STATE)
    assert flow.auth_uri.startswith(f"{entra.base}/{TENANT}/oauth2/v2.0/authorize?")
    assert authorization.login_origin == entra.base
    query = {key: values[0] for key, values in parse_qs(urlsplit(flow.auth_uri).query).items()}
    assert query["response_mode"] == "query"
    assert query["state"] == STATE
    assert "prompt" not in query

    again = await authorization.begin(state=STATE, choose_account=True)
    assert "prompt=select_account" in again.auth_uri


async def test_a_flow_survives_being_stored_and_shows_no_secret(entra: Entra, make: Make) -> None:
    authorization = make(entra.base)
    flow = await authorization.begin(state=STATE)
    stored = FLOWS.load(FLOWS.dump(flow))
    assert stored == flow
    assert str(flow.data["code_verifier"]) not in repr(flow)
    grant = await authorization.finish(stored, await browse(stored.auth_uri))
    assert grant.identity.object_id == ADA


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"auth_uri": 1, "data": {}}', '{"data": {}}'])
def test_a_damaged_flow_is_a_bad_row(text: str) -> None:
    with pytest.raises(BadRow):
        FLOWS.load(text)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_a_stand_in_may_call_itself_by_another_name_of_this_machine(
    plain_entra: Entra, make: Make, name: str
) -> None:
    port = urlsplit(plain_entra.base).port
    base = f"http://{name}:{port}/{TENANT}/oauth2/v2.0"
    plain_entra.endpoints = {
        "token_endpoint": f"{base}/token",
        "authorization_endpoint": f"{base}/authorize",
    }
    assert (await connect(make(plain_entra.base))).identity.object_id == ADA


async def test_a_token_endpoint_on_another_host_is_never_spoken_to_in_plain_http(
    plain_entra: Entra, make: Make
) -> None:
    plain_entra.endpoints = {"token_endpoint": f"http://login.example.com/{TENANT}/token"}
    with pytest.raises(AdminMustAct, match="login_metadata"):
        await make(plain_entra.base).begin(state=STATE)


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.com",
        "http://10.0.0.1:8080",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "login.microsoftonline.com",
        "https://",
        "https://user@login.example.com",
        "https://login.example.com/?tenant=x",
        "http://127.0.0.1:port",
    ],
)
def test_an_unsafe_login_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|Port"):
        LoginHttp(url)


async def test_an_unknown_certificate_is_not_trusted(
    tls: ssl.SSLContext, tmp_path: Path, make: Make
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    async with running_entra(tls) as double:
        with pytest.raises(RetryLater, match="login_tls"):
            await make(double.base, verify=str(other)).begin(state=STATE)


# --- answers that give no tokens


async def test_a_forged_state_is_refused_and_sends_nothing(entra: Entra, make: Make) -> None:
    authorization = make(entra.base)
    flow = await authorization.begin(state=STATE)
    answer = await browse(flow.auth_uri)
    for forged in ({**answer, "state": "other"}, {"code": answer["code"]}):
        with pytest.raises(SignInRefused, match="state"):
            await authorization.finish(flow, forged)
    assert entra.grants == []


@pytest.mark.parametrize("params", [{}, {"code": ""}])
async def test_an_answer_with_neither_code_nor_error_is_refused(
    plain_entra: Entra, make: Make, params: dict[str, str]
) -> None:
    authorization = make(plain_entra.base)
    flow = await authorization.begin(state=STATE)
    with pytest.raises(SignInRefused) as caught:
        await authorization.finish(flow, params | {"state": STATE})
    assert caught.value.reason is Refusal.WRONG_RESPONSE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            {
                "error": "access_denied",
                "error_subcode": "cancel",
                "error_description": "AADSTS65004: User declined to consent to access the app.",
            },
            Refusal.DECLINED,
        ),
        ({"error": "access_denied"}, Refusal.DECLINED),
        (
            {"error": "access_denied", "error_description": "AADSTS90094: An admin must consent"},
            Refusal.ADMIN_APPROVAL_NEEDED,
        ),
        (
            {"error": "consent_required", "error_description": "AADSTS65001: no consent"},
            Refusal.ADMIN_APPROVAL_NEEDED,
        ),
        (
            {"error": "access_denied", "error_description": "AADSTS50105: not assigned"},
            Refusal.ADMIN_APPROVAL_NEEDED,
        ),
        (
            {"error": "access_denied", "error_description": "AADSTS53003: blocked"},
            Refusal.BLOCKED_BY_POLICY,
        ),
        ({"error": "<script>alert(1)</script>"}, Refusal.UNKNOWN),
    ],
)
async def test_what_microsoft_brings_back_is_understood(
    plain_entra: Entra, make: Make, error: dict[str, str], reason: Refusal
) -> None:
    plain_entra.redirect_error = error
    caught = await refused(make(plain_entra.base))
    assert caught.reason is reason
    assert "<" not in str(caught)
    assert plain_entra.grants == []


@pytest.mark.parametrize(
    ("number", "error", "reason"),
    [
        (54005, "invalid_grant", Refusal.EXPIRED),
        (70008, "invalid_grant", Refusal.EXPIRED),
        (53003, "invalid_grant", Refusal.BLOCKED_BY_POLICY),
        (65001, "invalid_grant", Refusal.ADMIN_APPROVAL_NEEDED),
        (501481, "invalid_grant", Refusal.WRONG_RESPONSE),
        (1, "something_new", Refusal.UNKNOWN),
    ],
)
async def test_what_the_token_endpoint_says_is_understood(
    plain_entra: Entra, make: Make, number: int, error: str, reason: Refusal
) -> None:
    plain_entra.token_error = (400, {"error": error, "error_codes": [number]}, {})
    assert (await refused(make(plain_entra.base))).reason is reason


async def test_a_code_works_once(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    flow = await authorization.begin(state=STATE)
    answer = await browse(flow.auth_uri)
    await authorization.finish(flow, answer)
    with pytest.raises(SignInRefused) as caught:
        await authorization.finish(flow, answer)
    assert caught.value.reason is Refusal.EXPIRED


async def test_a_code_of_another_flow_fails_at_pkce(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    mine = await authorization.begin(state=STATE)
    theirs = await authorization.begin(state=STATE)
    with pytest.raises(SignInRefused) as caught:
        await authorization.finish(mine, await browse(theirs.auth_uri))
    assert caught.value.reason is Refusal.WRONG_RESPONSE


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "replayed"},
        {"aud": "ffffffff-bbbb-4ccc-8ddd-eeeeeeeeeeee"},
        {"aud": [CLIENT, "another"]},
        {"oid": None},
        {"oid": "not-a-guid"},
        {"tid": ""},
        {"tid": TENANT + "\n"},
    ],
)
async def test_an_id_token_that_is_not_for_us_is_refused(
    plain_entra: Entra, make: Make, claims: dict[str, object]
) -> None:
    plain_entra.claims = claims
    assert (await refused(make(plain_entra.base))).reason is Refusal.WRONG_RESPONSE


async def test_ids_are_compared_in_lower_case_and_odd_names_do_no_harm(
    plain_entra: Entra, make: Make
) -> None:
    plain_entra.claims = {
        "oid": ADA.upper(),
        "tid": TENANT.upper(),
        "name": None,
        "preferred_username": 7,
    }
    identity = (await connect(make(plain_entra.base))).identity
    assert (identity.object_id, identity.tenant_id) == (ADA, TENANT)
    assert (identity.name, identity.upn) == ("", "")


@pytest.mark.parametrize(
    ("claims", "external"),
    [
        ({}, False),
        ({"acct": 0}, False),
        ({"acct": "0"}, False),
        ({"idp": ""}, False),
        ({"idp": 7}, False),
        ({"iss": "https://sts.example/x", "idp": "https://sts.example/x"}, False),
        ({"idp": f"https://sts.windows.net/{TENANT.upper()}/"}, False),
        ({"acct": 1}, True),
        ({"acct": "1"}, True),
        ({"idp": f"https://sts.windows.net/{ADA}/"}, True),
        ({"idp": "live.com"}, True),
        ({"idp": "mail"}, True),
    ],
)
async def test_an_id_token_tells_who_is_of_another_organisation(
    plain_entra: Entra, make: Make, claims: dict[str, object], *, external: bool
) -> None:
    plain_entra.claims = {**claims, "roles": ["PresenceAdmin"]}
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    assert grant.identity.external is external
    token, _ = await authorization.refresh(grant.cache, force=True)
    assert token.roles == (set() if external else {"PresenceAdmin"})


async def test_half_characters_in_names_do_no_harm(plain_entra: Entra, make: Make) -> None:
    plain_entra.claims = {"name": "A\ud800da", "preferred_username": "ada\udc00@example.com"}
    identity = (await connect(make(plain_entra.base))).identity
    assert (identity.name, identity.upn) == ("A?da", "ada?@example.com")


async def test_a_damaged_id_token_is_refused(plain_entra: Entra, make: Make) -> None:
    plain_entra.token_error = (
        200,
        {"access_token": "x", "expires_in": 3600, "id_token": "no.dots here", "client_info": "e30"},
        {},
    )
    assert (await refused(make(plain_entra.base))).reason is Refusal.WRONG_RESPONSE


@pytest.mark.parametrize("granted", ["User.Read", "", "Presence.Read User.Read"])
async def test_without_the_right_to_write_presence_it_is_refused(
    plain_entra: Entra, make: Make, granted: str
) -> None:
    plain_entra.granted = granted
    assert (await refused(make(plain_entra.base))).reason is Refusal.MISSING_SCOPES


async def test_without_a_refresh_token_it_is_refused(plain_entra: Entra, make: Make) -> None:
    plain_entra.gives_refresh_token = False
    assert (await refused(make(plain_entra.base))).reason is Refusal.MISSING_SCOPES


async def test_scopes_may_come_back_with_the_address_of_the_resource(
    plain_entra: Entra, make: Make
) -> None:
    plain_entra.granted = "https://graph.microsoft.us/presence.readwrite openid"
    assert (await connect(make(plain_entra.base))).scopes == {"presence.readwrite", "openid"}


# --- trouble that is not the person's


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (503, "<html>busy</html>", "login_busy"),
        (429, {"error": "temporarily_unavailable"}, "login_busy"),
        (400, {"error": "temporarily_unavailable"}, "login_busy"),
        (403, "<html>a proxy's page</html>", "login_intercepted"),
        (407, "", "login_intercepted"),
        (401, "denied", "login_intercepted"),
        (451, "<html>blocked</html>", "login_intercepted"),
        (511, "<html>sign in to this network</html>", "login_intercepted"),
        (200, "<html>a captive portal</html>", "login_intercepted"),
        (200, "[]", "login_garbled"),
        (200, {}, "login_garbled"),
        (307, "", "login_intercepted"),
    ],
)
async def test_temporary_trouble_is_retried_and_never_blamed_on_the_person(
    plain_entra: Entra, make: Make, status: int, body: object, code: str
) -> None:
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    headers = {"Location": "http://127.0.0.1:9/steal"} if status == 307 else {}
    plain_entra.token_error = (status, body, headers)  # type: ignore[assignment]
    with pytest.raises(RetryLater) as caught:
        await authorization.refresh(grant.cache, force=True)
    assert caught.value.code == code
    assert SECRET not in str(caught.value)


async def test_the_time_that_microsoft_asks_for_is_passed_on(
    plain_entra: Entra, make: Make
) -> None:
    plain_entra.token_error = (429, "{}", {"Retry-After": "17"})
    with pytest.raises(RetryLater) as caught:
        await make(plain_entra.base).app_token(BOT_SCOPE)
    assert caught.value.after == 17


async def test_a_login_service_that_is_down_is_retried(make: Make) -> None:
    async with running_entra() as double:
        base = double.base
    with pytest.raises(RetryLater, match="login_unreachable"):
        await make(base).begin(state=STATE)


async def test_after_an_error_the_next_call_asks_again_at_once(
    plain_entra: Entra, make: Make
) -> None:
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    plain_entra.token_error = (503, "", {"Retry-After": "300"})
    with pytest.raises(RetryLater):
        await authorization.refresh(grant.cache, force=True)
    plain_entra.token_error = (400, {"error": "invalid_grant"}, {})
    with pytest.raises(AuthorizeAgain):
        await authorization.refresh(grant.cache, force=True)
    plain_entra.token_error = None
    token, _ = await authorization.refresh(grant.cache, force=True)
    assert token.token.startswith(ADA)
    assert plain_entra.count("refresh_token") == 3


async def test_a_wrong_secret_is_the_admins_matter(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base, client_secret="expired")
    flow = await authorization.begin(state=STATE)
    with pytest.raises(AdminMustAct, match="invalid_client AADSTS7000215"):
        await authorization.finish(flow, await browse(flow.auth_uri))
    with pytest.raises(AdminMustAct):
        await authorization.app_token(BOT_SCOPE)


async def test_a_wrong_tenant_is_the_admins_matter(plain_entra: Entra, make: Make) -> None:
    with pytest.raises(AdminMustAct, match="login_metadata"):
        await make(plain_entra.base, tenant_id="nobody").begin(state=STATE)


# --- refreshing


async def test_a_valid_token_is_given_without_asking(entra: Entra, make: Make) -> None:
    authorization = make(entra.base)
    grant = await connect(authorization)
    token, changed = await authorization.refresh(grant.cache)
    assert token.token.startswith(ADA)
    assert changed is None
    assert entra.count("refresh_token") == 0


async def test_an_old_token_is_renewed_and_the_cache_changes(entra: Entra, make: Make) -> None:
    entra.lifetime = 200  # less than the five minutes at which MSAL renews
    authorization = make(entra.base)
    grant = await connect(authorization)
    entra.lifetime = 3600
    token, changed = await authorization.refresh(grant.cache)
    assert changed is not None
    assert entra.count("refresh_token") == 1
    same, unchanged = await authorization.refresh(changed)
    assert (same.token, unchanged) == (token.token, None)
    assert token.token not in repr(token)


async def test_force_asks_even_if_the_token_looks_valid(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    first, _ = await authorization.refresh(grant.cache)
    second, changed = await authorization.refresh(grant.cache, force=True)
    assert second.token != first.token
    assert changed is not None


async def test_a_token_due_for_early_renewal_is_kept_while_the_service_is_busy(
    plain_entra: Entra, make: Make
) -> None:
    plain_entra.refresh_in = -1
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    plain_entra.token_error = (503, "", {})
    token, _ = await authorization.refresh(grant.cache)
    assert token.token.startswith(ADA)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "invalid_grant", "error_codes": [50173], "suberror": "bad_token"}, "revoked"),
        ({"error": "invalid_grant", "error_codes": [700082]}, "unused_too_long"),
        ({"error": "invalid_grant", "error_codes": [53003]}, "blocked_by_policy"),
        ({"error": "interaction_required", "error_codes": [50079]}, "more_needed"),
        ({"error": "invalid_grant", "suberror": "consent_required"}, "consent_missing"),
    ],
)
async def test_a_dead_authorisation_asks_the_person_again(
    plain_entra: Entra, make: Make, body: dict[str, object], code: str
) -> None:
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    plain_entra.token_error = (400, body, {})
    with pytest.raises(AuthorizeAgain) as caught:
        await authorization.refresh(grant.cache, force=True)
    assert caught.value.code == code


async def test_a_revoked_person_is_asked_again(entra: Entra, make: Make) -> None:
    authorization = make(entra.base)
    grant = await connect(authorization)
    entra.revoked = True
    with pytest.raises(AuthorizeAgain, match="revoked"):
        await authorization.refresh(grant.cache, force=True)


async def test_a_withdrawn_scope_asks_the_person_again(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    grant = await connect(authorization)
    plain_entra.granted = "User.Read"
    with pytest.raises(AuthorizeAgain, match="scope_withdrawn"):
        await authorization.refresh(grant.cache, force=True)


@pytest.mark.parametrize(
    ("cache", "code"),
    [("not json", "tokens_damaged"), ("[]", "tokens_damaged"), ("{}", "tokens_missing")],
)
async def test_a_damaged_cache_asks_the_person_again(
    plain_entra: Entra, make: Make, cache: str, code: str
) -> None:
    with pytest.raises(AuthorizeAgain, match=code):
        await make(plain_entra.base).refresh(cache)


# --- our own token


async def test_twenty_callers_share_one_app_token(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    tokens = await asyncio.gather(*(authorization.app_token(BOT_SCOPE) for _ in range(20)))
    assert len({token.token for token in tokens}) == 1
    assert plain_entra.grants == ["client_credentials"]


async def test_a_refused_app_token_is_renewed_once_for_all(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    old = await authorization.app_token(BOT_SCOPE)
    new = await asyncio.gather(
        *(authorization.app_token(BOT_SCOPE, refresh=True) for _ in range(20))
    )
    assert {token.token for token in new} != {old.token}
    assert plain_entra.count("client_credentials") == 2


async def test_a_new_token_for_one_resource_leaves_that_of_another(
    plain_entra: Entra, make: Make
) -> None:
    authorization = make(plain_entra.base)
    bot = await authorization.app_token(BOT_SCOPE)
    graph = await authorization.graph_token(GRAPH_SCOPE)
    assert (await authorization.graph_token(GRAPH_SCOPE, refresh=True)).token != graph.token
    assert (await authorization.app_token(BOT_SCOPE)).token == bot.token
    assert plain_entra.count("client_credentials") == 3


async def test_a_token_for_graph_says_what_we_may(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    assert (await authorization.graph_token(GRAPH_SCOPE)).roles == set()
    plain_entra.app_roles = ["Presence.ReadWrite.All"]
    assert (await authorization.graph_token(GRAPH_SCOPE)).roles == set()  # the one that is kept
    fresh = await authorization.graph_token(GRAPH_SCOPE, refresh=True)
    assert fresh.roles == {"Presence.ReadWrite.All"}


async def test_a_dead_grant_of_our_own_is_the_admins_matter(plain_entra: Entra, make: Make) -> None:
    plain_entra.token_error = (400, {"error": "invalid_grant"}, {})
    with pytest.raises(AdminMustAct, match="invalid_grant"):
        await make(plain_entra.base).app_token(BOT_SCOPE)


# --- manners on the wire


async def test_metadata_is_read_once_and_no_cookie_is_kept(entra: Entra, make: Make) -> None:
    authorization = make(entra.base)
    grant = await connect(authorization)
    await authorization.refresh(grant.cache, force=True)
    await authorization.app_token(BOT_SCOPE)
    assert entra.metadata_reads == 1
    assert entra.cookies_received == []


async def test_a_metadata_error_is_not_remembered(plain_entra: Entra, make: Make) -> None:
    authorization = make(plain_entra.base)
    plain_entra.metadata_error = (500, "")
    with pytest.raises(RetryLater):
        await authorization.begin(state=STATE)
    plain_entra.metadata_error = None
    await authorization.begin(state=STATE)


async def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    plain_entra: Entra, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    await make(plain_entra.base).app_token(BOT_SCOPE)


async def test_a_slow_login_service_does_not_hold_up_the_loop(
    plain_entra: Entra, make: Make
) -> None:
    # The stand-in runs on this very loop: if MSAL ran on it too, this would never end.
    async with asyncio.timeout(sum(TIMEOUT)):
        await make(plain_entra.base).app_token(BOT_SCOPE)
