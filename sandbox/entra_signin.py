"""The part of Entra that a person sees: choose an account, read what the app wants, accept.

Nothing is remembered between the pages but the address itself, which every step checks again. A
consent, once given, is remembered, and the question is not asked a second time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web

from sandbox.entra import check_tenant
from sandbox.identity import APP_NAME, CODE_LIFE, EntraError, Grant, split_scopes
from sandbox.pages import initials, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.people import SandboxPerson
    from sandbox.world import World

SCOPE_TEXTS: Final = {
    "Presence.ReadWrite": (
        "Read and write your presence information",
        "The app can see your Teams presence and set it for you.",
    ),
    "Presence.Read": ("Read your presence information", "The app can see your Teams presence."),
    "Presence.Read.All": (
        "Read presence information of all users",
        "The app can see everyone's Teams presence.",
    ),
    "User.Read": ("Sign you in and read your profile", "The app can see your name and address."),
    "offline_access": (
        "Maintain access to data you have given it access to",
        "The app keeps working while you are away, until you or an admin withdraw this.",
    ),
}
"""What Microsoft's consent page says about each permission."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A valid authorization request."""

    redirect_uri: str
    response_mode: str
    state: str | None
    nonce: str | None
    challenge: str | None
    scopes: tuple[str, ...]
    prompt: str
    login_hint: str
    client_info: bool


class _Refused(Exception):
    """The request is wrong; `response` says so, to the person or to the app."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


class SignInPages:
    """The authorization endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """GET shows the first page; POST is every answer a person gives."""
        path = "/{tenant}/oauth2/v2.0/authorize"
        guard = self._world.faults.entra.guard
        return [
            web.get(path, guard(self.show, self.faulty)),
            web.post(path, guard(self.answer, self.faulty)),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Choose an account."""
        try:
            sign_in = self._check(request)
        except _Refused as refused:
            return refused.response
        if sign_in.prompt == "none":
            error = EntraError(
                "login_required",
                50058,
                "A silent sign-in request was sent but no user is signed in.",
            )
            return self._back(sign_in, _error_fields(error, sign_in.state))
        return self.choose(request, sign_in.login_hint)

    async def answer(self, request: web.Request) -> web.Response:
        """A person chose an account, or answered the question for consent."""
        try:
            sign_in = self._check(request)
        except _Refused as refused:
            return refused.response
        fields = await request.post()
        state = self._world.people.get(str(fields.get("person", "")))
        if state is None:
            return self.choose(request, sign_in.login_hint)
        person, oid = state.person, state.person.object_id
        decision = str(fields.get("decision", ""))
        if decision in {"cancel", "leave"}:
            return self._back(sign_in, _error_fields(_refusal(decision), sign_in.state))
        identity = self._world.identity
        missing = identity.missing(oid, sign_in.scopes)
        if missing and identity.standing[oid].admin_approval:
            return self._page("approval.html", request, person)
        asks = missing or sign_in.prompt == "consent"
        if asks and decision != "accept":
            scopes = [SCOPE_TEXTS[s] for s in SCOPE_TEXTS if s in sign_in.scopes]
            return self._page("consent.html", request, person, scopes=scopes)
        identity.accept(oid, sign_in.scopes)
        self._world.changed()
        return self._accepted(sign_in, oid)

    def _check(self, request: web.Request) -> SignIn:
        """Read the address. Raises _Refused; the app hears of it only at its own addresses."""
        query = request.query
        redirect_uri = query.get("redirect_uri", "")
        try:
            self.check_app(request, redirect_uri)
        except EntraError as error:
            raise _Refused(error_page(error)) from None
        mode = "form_post" if query.get("response_mode") == "form_post" else "query"
        try:
            return _read(query, redirect_uri, mode)
        except EntraError as error:
            fields = _error_fields(error, query.get("state"))
            raise _Refused(_redirect(redirect_uri, mode, fields)) from None

    def check_app(self, request: web.Request, redirect_uri: str) -> None:
        """Raises EntraError unless tenant, app and address are ours."""
        check_tenant(self._world, request)
        config, client_id = self._world.config, request.query.get("client_id", "")
        if self._world.secret_of(client_id) is None:
            raise EntraError(
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id[:100]}' was not found in the directory.",
            )
        first = client_id == config.client_id
        if redirect_uri not in (config.redirect_uris if first else config.second_redirect_uris):
            raise EntraError(
                "invalid_request",
                50011,
                f"The redirect URI '{redirect_uri[:200]}' specified in the request does not match "
                f"the redirect URIs configured for the application '{client_id}'.",
            )

    def choose(self, request: web.Request, login_hint: str = "") -> web.Response:
        """The page on which a person chooses their account."""
        hint = login_hint.casefold()
        people = [state.person for state in self._world.people.values()]
        people.sort(key=lambda p: hint not in _names(p))  # stable: the hinted one comes first
        return page(
            "signin.html",
            app=APP_NAME,
            action=request.path_qs,
            people=[
                {
                    "id": p.object_id,
                    "name": p.name,
                    "upn": p.upn,
                    "initials": initials(p.name),
                    "hinted": hint in _names(p),
                }
                for p in people
            ],
        )

    def _page(
        self, template: str, request: web.Request, person: SandboxPerson, **values: Any
    ) -> web.Response:
        return page(template, **self.account(request, person), **values)

    @staticmethod
    def account(request: web.Request, person: SandboxPerson) -> dict[str, Any]:
        """What a page shows of who answers it, and where the answer goes."""
        return {
            "app": APP_NAME,
            "action": request.path_qs,
            "id": person.object_id,
            "name": person.name,
            "upn": person.upn,
            "initials": initials(person.name),
        }

    def _accepted(self, sign_in: SignIn, oid: str) -> web.Response:
        grant = Grant(
            oid,
            sign_in.redirect_uri,
            sign_in.scopes,
            sign_in.nonce,
            sign_in.challenge,
            self._world.clock.now() + CODE_LIFE,
        )
        fields = {"code": self._world.identity.issue_code(grant)}
        if sign_in.client_info:
            fields["client_info"] = self._world.identity.client_info(oid)
        if sign_in.state is not None:
            fields["state"] = sign_in.state
        fields["session_state"] = secrets.token_hex(16)
        return self._back(sign_in, fields)

    def _back(self, sign_in: SignIn, fields: dict[str, str]) -> web.Response:
        return _redirect(sign_in.redirect_uri, sign_in.response_mode, fields)

    def faulty(self, _request: web.Request, status: int, headers: dict[str, str]) -> web.Response:
        """The page of a fault on order."""
        error = EntraError("temporarily_unavailable", 90033, "A transient error has occurred.")
        answer = error_page(error, status)
        answer.headers.update(headers)
        return answer


def _read(query: Mapping[str, str], redirect_uri: str, mode: str) -> SignIn:
    if query.get("response_type") != "code":
        raise EntraError(
            "unsupported_response_type", 700054, "response_type must be 'code' for this app."
        )
    if query.get("response_mode", "query") not in {"query", "form_post"}:
        raise EntraError("invalid_request", 90014, "The response_mode is not supported.")
    challenge = query.get("code_challenge")
    if challenge is not None and (
        query.get("code_challenge_method") != "S256" or len(challenge) != 43
    ):
        raise EntraError("invalid_request", 501491, "The code_challenge must be an S256 one.")
    return SignIn(
        redirect_uri=redirect_uri,
        response_mode=mode,
        state=query.get("state"),
        nonce=query.get("nonce"),
        challenge=challenge,
        scopes=split_scopes(query.get("scope", "")),
        prompt=query.get("prompt", ""),
        login_hint=query.get("login_hint", ""),
        client_info=query.get("client_info") == "1",
    )


def _names(person: SandboxPerson) -> set[str]:
    return {person.upn.casefold(), person.mail.casefold(), person.object_id}


def _refusal(decision: str) -> EntraError:
    if decision == "leave":
        return EntraError(
            "access_denied",
            90094,
            "An administrator of the tenant has set a policy that prevents you from granting the "
            "permissions that the app is requesting.",
        )
    return EntraError("access_denied", 65004, "User declined to consent to access the app.")


def _error_fields(error: EntraError, state: str | None) -> dict[str, str]:
    fields = {"error": error.error, "error_description": str(error)}
    if error.error == "access_denied":
        fields["error_subcode"] = "cancel"
    if state is not None:
        fields["state"] = state
    return fields


def _redirect(redirect_uri: str, mode: str, fields: dict[str, str]) -> web.Response:
    if mode == "form_post":
        return page("form_post.html", action=redirect_uri, fields=fields)
    parts = urlsplit(redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    location = urlunsplit(parts._replace(query=query))
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def error_page(error: EntraError, status: int = 400) -> web.Response:
    """Entra's own page for what the app does not hear of."""
    return page("signin_error.html", status=status, app=APP_NAME, text=str(error))
