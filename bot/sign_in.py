"""Connecting with Microsoft in the browser: the start page, and the way back from Microsoft.

    chat   `connect` -> a link with a ticket (256 bits, stored as a hash, 10 minutes, works once)
    GET    /start     says who connects and what will be possible; consumes nothing, because mail
                      and chat scanners open links
    POST   /start     takes the ticket, binds this browser with a cookie, goes to Microsoft
    GET    /callback  needs that cookie; takes the flow, redeems the code, compares the account
    POST   /callback  for form_post answers: a cross-site POST carries no Lax cookie, so it turns
                      into the GET

A forwarded link is harmless: only the account that typed `connect` can finish it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from bot.sign_in_attempt import TTL, Attempt, Attempts, Outcome
from bot.sign_in_pages import Pages
from bot.sign_in_refusals import EXPLANATIONS, RefusalReason
from sync.errors import AdminMustAct, RetryLater
from sync.microsoft.authorization import Authorization, Grant, SignInFlow
from sync.microsoft.login_errors import SignInRefused
from sync.store.connection import REDIS_TROUBLE
from sync.store.vault import Vault, VaultError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from multidict import MultiMapping

    Handler = Callable[[web.Request], Awaitable[web.Response]]

START = "/auth/microsoft/start"
CALLBACK = "/auth/microsoft/callback"
COOKIES = "/auth/microsoft"

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
"""A ticket, state or cookie of ours: 256 bits."""

PURPOSE = "flow"
MOST_BYTES = 16 * 1024
MOST_LENGTH = 4096
"""Of a form, and of one parameter. Codes of Entra have about 2,000 characters."""

ANSWER = (
    "code",
    "state",
    "error",
    "error_description",
    "error_subcode",
    "session_state",
    "client_info",
)
"""What Microsoft may send back (OAuth 2.0 section 4.1.2, and its own additions)."""

CHOOSE = "sign-in-choose-account"
CHOOSE_TTL = 3600

log = structlog.get_logger(__name__)


class SignIn:
    """The four handlers and what makes links for them.

    `on_grant` stores what a person granted and says what the page shall say. `on_refusal` lets the
    chat say why it did not work; its errors do not reach the page. `on_outcome` counts: started,
    connected, declined, wrong_account, expired, admin_needed, failed.
    """

    def __init__(
        self,
        *,
        public_url: str,
        authorization: Authorization,
        attempts: Attempts,
        vault: Vault,
        on_grant: Callable[[Attempt, Grant], Awaitable[Outcome]],
        on_refusal: Callable[[Attempt, RefusalReason], Awaitable[None]],
        on_outcome: Callable[[str], None] = lambda _: None,
        local: bool = False,
        new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        parts = urlsplit(public_url)
        self._public_url = public_url.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}".lower()
        self._https = parts.scheme == "https"
        self._cookie_path = parts.path.rstrip("/") + COOKIES
        self._authorization = authorization
        self._attempts = attempts
        self._vault = vault
        self._on_grant = on_grant
        self._on_refusal = on_refusal
        self._on_outcome = on_outcome
        self._new_secret = new_secret
        self._pages = Pages(login_origin=authorization.login_origin, local=local)

    def routes(self) -> list[web.RouteDef]:
        """For the application's route table."""
        return [
            web.get(START, self._answered(self.show_start)),  # and HEAD
            web.post(START, self._answered(self.start)),
            web.get(CALLBACK, self._answered(self.finish), allow_head=False),
            web.post(CALLBACK, self._answered(self.bounce)),
        ]

    async def new_ticket(self, attempt: Attempt) -> str:
        """Make a link for this attempt: the address of its start page."""
        ticket = self._new_secret()
        await self._attempts.put_ticket(_hash(ticket), attempt.to_json(), TTL)
        await self._attempts.put_ticket(_hash("card", attempt.card_id), _hash(ticket), TTL)
        return f"{self._public_url}{START}?{urlencode({'ticket': ticket})}"

    async def revoke(self, card_id: str) -> None:
        """End the link that a card carries, if it was not followed yet."""
        ticket_hash = await self._attempts.take_ticket(_hash("card", card_id))
        if ticket_hash is not None:
            await self._attempts.take_ticket(ticket_hash)

    async def show_start(self, request: web.Request) -> web.Response:
        """Answer GET and HEAD on the start page. Changes nothing."""
        ticket = _one_secret(request.query, "ticket")
        if ticket is None:
            return self._refuse(RefusalReason.INCOMPLETE)
        attempt = _attempt(await self._attempts.peek_ticket(_hash(ticket)))
        if attempt is None:
            return self._refuse(await self._why_gone(ticket))
        return self._pages.start(attempt, ticket)

    async def start(self, request: web.Request) -> web.Response:
        """Answer the button of the start page: spend the ticket and go to Microsoft."""
        if not self._same_origin(request):
            return self._refuse(RefusalReason.FOREIGN_FORM)
        ticket = _one_secret(await _form(request), "ticket")
        if ticket is None:
            return self._refuse(RefusalReason.INCOMPLETE)
        attempt = _attempt(await self._attempts.peek_ticket(_hash(ticket)))
        if attempt is None:
            return self._refuse(await self._why_gone(ticket))
        state, browser = self._new_secret(), self._new_secret()
        try:
            # Before the ticket is spent: if Microsoft is down, the link goes on working.
            flow = await self._authorization.begin(
                state=state,
                login_hint=attempt.login_hint,
                choose_account=self._cookie(CHOOSE) in request.cookies,
            )
        except RetryLater as error:
            return self._refuse(RefusalReason.MICROSOFT_UNREACHABLE_YET, attempt, error.code)
        except AdminMustAct as error:
            return self._refuse(RefusalReason.NOT_SET_UP, attempt, str(error))
        if await self._attempts.take_ticket(_hash(ticket)) is None:
            return self._refuse(await self._why_gone(ticket))
        await self._mark_used(ticket)
        key = _hash(state, browser)
        row = json.dumps({"attempt": attempt.to_json(), "flow": flow.to_json()})
        await self._attempts.put_flow(key, self._vault.seal(key, PURPOSE, row), TTL)
        self._on_outcome("started")
        log.info("sign_in_started", object_id=attempt.object_id)
        response = self._pages.redirect(flow.auth_uri)
        self._set_cookie(response, _browser_cookie(state), browser, TTL)
        return response

    async def bounce(self, request: web.Request) -> web.Response:
        """Turn Microsoft's cross-site POST into a GET of our own, which carries our cookie."""
        params = _answer(await _form(request))
        if params is None:
            return self._refuse(RefusalReason.INCOMPLETE)
        params.pop("client_info", None)
        if "error_description" in params:  # only its number is read, and addresses have limits
            params["error_description"] = params["error_description"][:300]
        return self._pages.redirect(f"{self._public_url}{CALLBACK}?{urlencode(params)}")

    async def finish(self, request: web.Request) -> web.Response:
        """Answer the browser that comes back from Microsoft."""
        params = _answer(request.query)
        if params is None:
            return self._refuse(RefusalReason.INCOMPLETE)
        state = params["state"]
        name = _browser_cookie(state)
        browser = request.cookies.get(self._cookie(name), "")
        # The key holds both: without the right cookie not even the flow is spent.
        key = _hash(state, browser)
        sealed = await self._attempts.take_flow(key) if browser else None
        if sealed is None:
            gone = await self._why_gone(state)
            if gone is RefusalReason.EXPIRED and not browser:
                gone = RefusalReason.OTHER_BROWSER
            return self._refuse(gone)
        await self._mark_used(state)
        try:
            row = json.loads(self._vault.open(key, PURPOSE, sealed))
            attempt, flow = Attempt.from_json(row["attempt"]), SignInFlow.from_json(row["flow"])
        except (VaultError, ValueError):  # the keys or the format changed under way
            return self._refuse(RefusalReason.EXPIRED)
        response = await self._redeem(attempt, flow, params)
        self._set_cookie(response, name, "", 0)
        return response

    async def _redeem(
        self, attempt: Attempt, flow: SignInFlow, params: Mapping[str, str]
    ) -> web.Response:
        try:
            grant = await self._authorization.finish(flow, params)
        except SignInRefused as refused:
            return await self._tell(attempt, RefusalReason(refused.reason.value), refused.detail)
        except RetryLater as error:
            return await self._tell(attempt, RefusalReason.MICROSOFT_UNREACHABLE, str(error))
        except AdminMustAct as error:
            return await self._tell(attempt, RefusalReason.NOT_SET_UP, str(error))
        who = grant.identity
        if (who.object_id, who.tenant_id) != (attempt.object_id, attempt.tenant_id):
            used = who.upn or who.name or "somebody else"
            expected = attempt.login_hint or attempt.name
            facts = (f"You signed in as {used}.", f"This chat belongs to {expected}.")
            response = await self._tell(attempt, RefusalReason.WRONG_ACCOUNT, "", *facts)
            self._set_cookie(response, CHOOSE, "1", CHOOSE_TTL)
            return response
        try:
            outcome = await self._on_grant(attempt, grant)
        except Exception as error:  # noqa: BLE001 - the person must not be left without an answer
            log.error("sign_in_failed", **_what(error), object_id=attempt.object_id)
            return await self._tell(attempt, RefusalReason.OUR_FAULT)
        self._on_outcome("connected" if outcome.ok else "failed")
        log.info("sign_in_finished", object_id=attempt.object_id, ok=outcome.ok)
        response = self._pages.outcome(outcome)
        self._set_cookie(response, CHOOSE, "", 0)
        return response

    async def _tell(
        self, attempt: Attempt, reason: RefusalReason, detail: str = "", *facts: str
    ) -> web.Response:
        """Refuse on the page and in the chat."""
        try:
            await self._on_refusal(attempt, reason)
        except Exception as error:  # noqa: BLE001 - the page is what the person is looking at
            log.error("sign_in_refusal_not_told", **_what(error), object_id=attempt.object_id)
        return self._refuse(reason, attempt, detail, *facts)

    def _refuse(
        self,
        reason: RefusalReason,
        attempt: Attempt | None = None,
        detail: str = "",
        *facts: str,
    ) -> web.Response:
        log.info(
            "sign_in_refused",
            reason=reason.value,
            detail=detail,
            object_id=attempt.object_id if attempt else None,
        )
        self._on_outcome(EXPLANATIONS[reason].meter)
        return self._pages.refusal(reason, *facts)

    def _answered(self, handler: Handler) -> Handler:
        """Wrap a handler so that trouble, too, is answered with a page of ours."""

        async def answered(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except web.HTTPException:  # a form that is too large, or none at all
                return self._refuse(RefusalReason.INCOMPLETE)
            except Exception as error:  # noqa: BLE001 - the person is looking at the page
                log.error("sign_in_failed", **_what(error), path=request.path)
                return self._refuse(RefusalReason.OUR_FAULT)

        return answered

    async def _why_gone(self, secret: str) -> RefusalReason:
        used = await self._attempts.peek_ticket(_hash("used", secret))
        return RefusalReason.EXPIRED if used is None else RefusalReason.USED

    async def _mark_used(self, secret: str) -> None:
        await self._attempts.put_ticket(_hash("used", secret), "used", TTL)

    def _same_origin(self, request: web.Request) -> bool:
        """Whether our own page sent this form, as far as the browser tells.

        Origin is "null" even then, because our pages send no referrer (Fetch standard, "append a
        request Origin header"); Sec-Fetch-Site is exact where browsers send it.
        """
        origin = request.headers.get("Origin", "null").lower()
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        return origin in {"null", self._origin} and site in {"same-origin", "none"}

    def _cookie(self, name: str) -> str:
        # __Host- would ask for Path=/, and other pages need not see these.
        return f"__Secure-{name}" if self._https else name

    def _set_cookie(self, response: web.Response, name: str, value: str, life: int) -> None:
        """Set a cookie for `life` seconds; 0 removes it."""
        response.set_cookie(
            self._cookie(name),
            value,
            max_age=life,
            path=self._cookie_path,
            httponly=True,
            samesite="Lax",
            secure=self._https,
        )


def _what(error: Exception) -> dict[str, Any]:
    """The fields that tell a failure: Redis being away is one line, a bug is shown whole."""
    if isinstance(error, REDIS_TROUBLE):
        return {"error": type(error).__name__}
    return {"exc_info": error}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _browser_cookie(state: str) -> str:
    # One per sign-in, so that two tabs do not take each other's cookie away.
    return f"sign-in-{_hash(state)[:16]}"


def _attempt(text: str | None) -> Attempt | None:
    try:
        return None if text is None else Attempt.from_json(text)
    except ValueError:  # written by another version of this program
        return None


def _one_secret(values: MultiMapping[object], name: str) -> str | None:
    match values.getall(name, []):
        case [str(value)] if SECRET.fullmatch(value):
            return value
    return None


def _answer(values: MultiMapping[object]) -> dict[str, str] | None:
    """Microsoft's answer, known names only; None if it cannot be one."""
    answer = {}
    for name in ANSWER:
        match values.getall(name, []):
            case []:
                continue
            case [str(value)] if len(value) <= MOST_LENGTH:
                answer[name] = value
            case _:
                return None
    return answer if SECRET.fullmatch(answer.get("state", "")) else None


async def _form(request: web.Request) -> MultiMapping[object]:
    """Read a small, plain form. Raises web.HTTPException for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        return await request.clone(client_max_size=MOST_BYTES).post()
    except (UnicodeDecodeError, LookupError, ConnectionResetError):
        # Bytes, or a charset, that nobody knows; or nobody is there any more.
        raise web.HTTPBadRequest from None
