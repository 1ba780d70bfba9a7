"""Signing people in with Microsoft, and keeping their tokens fresh: MSAL, off the event loop.

Authorization code flow with PKCE and nonce for a confidential client. MSAL's objects are made
anew for every call, each with the token cache of one person only, and run in threads of their own,
so that a slow login service delays nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater
from domain.refusal import Refusal
from sync.microsoft.app_roles import roles_of
from sync.microsoft.id_token import Identity, identity_of, roles_in
from sync.microsoft.login_errors import SignInRefused, refusal_of, trouble_of
from sync.microsoft.login_http import THREADS, LoginHttp
from sync.microsoft.scopes import allows_presence, short_names
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import msal

Result = TypeVar("Result")

DEFAULT_LIFE = 600
"""Seconds a token is trusted whose answer does not say how long it is valid; MSAL does likewise."""

TOLERATED = (RetryLater,)
"""On these, MSAL gives a token that is merely due for early renewal once more."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed. `cache` holds their tokens: seal it before storing it.

    `scopes` are short names, without the resource's address, as Microsoft granted them.
    """

    identity: Identity
    cache: str = field(repr=False)
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token; `expires_at` in epoch seconds.

    `roles` are the person's roles in our app (Entra "app roles"), as an ID token that came with
    this very answer says; empty when none came.
    """

    token: str = field(repr=False)
    expires_at: float
    roles: frozenset[str] = frozenset()


@dataclass(eq=False, slots=True)
class _AppTokens:
    """The token of our own for one resource: one caller at a time asks for it.

    `cache` is None where none was asked for yet.
    """

    cache: msal.TokenCache | None = field(default=None, repr=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    obtained: int = 0


@dataclass(frozen=True, slots=True)
class SignInFlow:
    """A sign-in under way. `auth_uri` is where the browser goes; the rest is secret (PKCE)."""

    auth_uri: str = field(repr=False)
    data: dict[str, Any] = field(repr=False)


FLOWS: Final = Rows(SignInFlow)
"""A sign-in under way as text: seal it before storing it."""


IDENTITIES: Final = Rows(Identity)
"""Who signed in, as text: seal it before storing it."""


class Authorization:
    """Everything that we ask of the Microsoft login service. `close` it at the end.

    `login_url` is https; http only on a loopback host, for stand-ins. `scopes` are what people
    are asked for. `verify` is True or the path of a CA bundle. Nothing is sent before the first
    call. Calls raise RetryLater when the service cannot be reached or is busy, and AdminMustAct
    when our registration or its credentials are refused.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        tenant_id: str,
        login_url: str,
        scopes: Sequence[str],
        redirect_uri: str,
        verify: bool | str = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http = LoginHttp(login_url, verify=verify, clock=clock)
        self.login_origin = self._http.origin
        self._client_id = self.client_id = client_id
        self._client_secret = client_secret
        self._tenant_id = tenant_id
        self._authority = f"{self._http.authority}/{tenant_id}"
        self._scopes = list(scopes)
        self._redirect_uri = redirect_uri
        self._clock = clock
        # Not the loop's default threads: those also resolve host names for everyone else.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="login")
        self._app_tokens: defaultdict[str, _AppTokens] = defaultdict(_AppTokens)

    def close(self) -> None:
        """Stop the threads and close connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    async def warm_up(self) -> None:
        """Import MSAL now, in a thread: nobody who connects waits for it."""
        await self._in_thread(self._http.warm_up)
        await self._in_thread(_library)

    async def begin(
        self, *, state: str, choose_account: bool = False, only_who: bool = False
    ) -> SignInFlow:
        """Start a sign-in. `choose_account` makes Microsoft ask which account to use.

        `only_who`: nothing is asked for but who they are (`identify` finishes it).
        """

        def run() -> SignInFlow:
            # We ask MSAL for form_post, as it wants (it warns otherwise), and then put query in
            # its place: a form_post answer comes as a cross-site POST, without our Lax cookie.
            flow = self._msal(_library().TokenCache(), only_who=only_who).initiate_auth_code_flow(
                [] if only_who else self._scopes,
                redirect_uri=self._redirect_uri,
                state=state,
                prompt="select_account" if choose_account else None,
                response_mode="form_post",
            )
            address = urlsplit(flow.pop("auth_uri"))
            query = dict(parse_qsl(address.query)) | {"response_mode": "query"}
            auth_uri = address._replace(query=urlencode(query)).geturl()
            return SignInFlow(self._http.browser_address(auth_uri), flow)

        return await self._in_thread(run)

    async def finish(self, flow: SignInFlow, params: Mapping[str, str]) -> Grant:
        """Turn the answer that the browser brought back into tokens.

        Raises SignInRefused, besides what every call raises.
        """
        _check(flow, params)

        def run() -> Grant:
            cache = _library().SerializableTokenCache()
            result = self._redeem(self._msal(cache), flow, params)
            identity = identity_of(result.get("id_token_claims"), self._client_id)
            granted = short_names(result.get("scope"), self._scopes)
            if not allows_presence(granted) or not result.get("refresh_token"):
                raise SignInRefused(Refusal.MISSING_SCOPES)
            return Grant(identity, _serialized(cache), granted)

        return await self._in_thread(run)

    async def identify(self, flow: SignInFlow, params: Mapping[str, str]) -> Identity:
        """Who has signed in, by a flow that was begun with `only_who`. No token is kept.

        Raises what `finish` raises.
        """
        _check(flow, params)

        def run() -> Identity:
            result = self._redeem(self._msal(_library().TokenCache(), only_who=True), flow, params)
            return identity_of(result.get("id_token_claims"), self._client_id)

        return await self._in_thread(run)

    def _redeem(self, app: Any, flow: SignInFlow, params: Mapping[str, str]) -> Mapping[str, Any]:
        """What Microsoft gives for a code. Raises SignInRefused."""
        try:
            # Only these two: MSAL would also act on a client_info that anyone may write.
            answer = {"state": params["state"], "code": params["code"]}
            result: Mapping[str, Any] = app.acquire_token_by_auth_code_flow(dict(flow.data), answer)
        except (ValueError, TypeError, LookupError, RuntimeError):
            # How MSAL reports a wrong nonce and damaged tokens. The exception quotes them.
            raise SignInRefused(Refusal.WRONG_RESPONSE, "id_token") from None
        if "access_token" not in result:
            raise refusal_of(result)
        return result

    async def refresh(self, cache: str, *, force: bool = False) -> tuple[AccessToken, str | None]:
        """Give a valid access token of the person whose `Grant.cache` this is.

        Also gives the cache to store in place of the old one, None when it has not changed.
        `force` asks Microsoft even if the token at hand looks valid (Graph has refused it).
        Raises AuthorizeAgain, besides what every call raises.
        """

        def run() -> tuple[AccessToken, str | None]:
            tokens = _library().SerializableTokenCache()
            app = self._msal(tokens)
            try:
                tokens.deserialize(cache)
                accounts = app.get_accounts()
            except (ValueError, AttributeError, TypeError, KeyError):
                raise AuthorizeAgain("tokens_damaged") from None
            account = accounts[0] if accounts else None
            result = _answer_of(
                lambda: app.acquire_token_silent_with_error(
                    self._scopes, account, force_refresh=force, http_exceptions=TOLERATED
                )
            )
            if result is None:
                raise AuthorizeAgain("tokens_missing")
            token = self._access_token(result)
            if "scope" in result and not allows_presence(short_names(result["scope"], ())):
                raise AuthorizeAgain("scope_withdrawn")
            return token, _serialized(tokens) if tokens.has_state_changed else None

        return await self._in_thread(run)

    async def app_token(self, scope: str, *, refresh: bool = False) -> AccessToken:
        """Give a token of our own (client credentials), for a resource's `.default` scope.

        Kept until shortly before it expires. `refresh` gets a new one: the old one was refused, or
        may allow something else by now.
        """
        kept = self._app_tokens[scope]
        seen = kept.obtained
        async with kept.lock:
            if refresh and seen == kept.obtained:  # else another call just did it
                kept.cache = None

            def run() -> Any:
                if kept.cache is None:
                    kept.cache = _library().TokenCache()
                app = self._msal(kept.cache)
                return _answer_of(
                    lambda: app.acquire_token_for_client([scope], http_exceptions=TOLERATED)
                )

            result = await self._in_thread(run)
            try:
                token = self._access_token(result)
            except AuthorizeAgain as error:  # no person is involved: our registration is
                raise AdminMustAct(error.code, error.detail) from None
            if result.get("token_source") != "cache":
                kept.obtained += 1
            return token

    async def graph_token(self, scope: str, *, refresh: bool = False) -> AccessToken:
        """The same for Graph; `roles` are then the application permissions that it holds."""
        token = await self.app_token(scope, refresh=refresh)
        roles = await self._in_thread(lambda: roles_of(token.token, self._tenant_id))
        return replace(token, roles=roles)

    def consent_address(self, scope: str, *, state: str, redirect_uri: str) -> str:
        """Where a browser goes so that an admin consents to `scope` for the whole organisation.

        Source: Entra documentation, "Admin consent on the Microsoft identity platform".
        """
        query = {
            "client_id": self._client_id,
            "scope": scope,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        page = f"{self._authority}/v2.0/adminconsent?{urlencode(query)}"
        return self._http.browser_address(page)

    def _msal(self, cache: msal.TokenCache, *, only_who: bool = False) -> Any:
        """Make MSAL's client. Asks for the login service's metadata unless it is known."""
        try:
            return _library().ConfidentialClientApplication(
                self._client_id,
                client_credential=self._client_secret,
                authority=self._authority,
                token_cache=cache,
                http_client=self._http,
                # MSAL keeps error answers here for up to an hour and repeats them without asking.
                # When to ask again is our scheduler's decision, so it gets a fresh one each time.
                http_cache={},
                # The authority is the operator's choice; nobody else is asked whether it is real.
                instance_discovery=False,
                exclude_scopes=["offline_access"] if only_who else None,
            )
        except (ValueError, KeyError):
            raise AdminMustAct("login_metadata", "wrong tenant or login address") from None

    async def _in_thread(self, run: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def _access_token(self, result: Mapping[str, Any]) -> AccessToken:
        token = result.get("access_token")
        if not isinstance(token, str) or not token:
            raise trouble_of(result)
        expires_at = self._clock() + int(result.get("expires_in", DEFAULT_LIFE))
        return AccessToken(token, expires_at, roles_in(result.get("id_token_claims")))


def _library() -> Any:
    """MSAL, which is imported where it is first used: in one of our threads, after the start."""
    import msal  # noqa: PLC0415 - with requests it is a twentieth of all that is imported

    return msal


def _check(flow: SignInFlow, params: Mapping[str, str]) -> None:
    """Raises SignInRefused for an answer that is not this flow's, or is no code."""
    if not hmac.compare_digest(
        params.get("state", "").encode(), str(flow.data.get("state")).encode()
    ):
        raise SignInRefused(Refusal.WRONG_RESPONSE, "state")
    if "error" in params:
        raise refusal_of(params)
    if not params.get("code"):
        raise SignInRefused(Refusal.WRONG_RESPONSE, "no_code")


def _answer_of(ask: Callable[[], Any]) -> Any:
    """What MSAL makes of a token answer. It reports a malformed one with plain exceptions."""
    try:
        return ask()
    except (ValueError, TypeError, LookupError):
        raise RetryLater("login_garbled") from None


def _serialized(cache: msal.SerializableTokenCache) -> str:
    # MSAL indents its JSON; a third of it would be spaces.
    return json.dumps(json.loads(cache.serialize()), separators=(",", ":"))
