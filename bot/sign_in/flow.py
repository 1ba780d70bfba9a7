"""Connecting with Microsoft in the browser: the start page, and the way back from Microsoft.

    chat   `connect` -> a link with a ticket (256 bits, stored as a hash, 10 minutes)
    GET    /start     says who connects and what will be possible; consumes nothing, because mail
                      and chat scanners open links. The browser gets a cookie
    POST   /start     gives the attempt to this browser alone, and goes to Microsoft
    GET    /callback  needs that cookie; redeems the code once, compares the account
    POST   /callback  for form_post answers: a cross-site POST carries no Lax cookie, so it turns
                      into the GET

The browser that goes on with an attempt may do everything again (a button pressed twice, Back, a
page loaded again): it goes on, or sees how it went. Another browser gets nothing. A person has one
live attempt; a newer link, *Cancel*, `disconnect` and the removal of the app end it, wherever the
person is with it. A forwarded link is harmless: only the account that typed `connect` can finish.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from bot.sign_in.attempt import (
    ATTEMPTS,
    RESULTS,
    Attempt,
    Attempts,
    Outcome,
    Refused,
    Result,
)
from bot.sign_in.requests import (
    CALLBACK,
    PATH,
    Cookies,
    answer_of,
    form_of,
    is_ahead,
    is_same_origin,
    ticket_of,
)
from domain.errors import AdminMustAct, RetryLater
from domain.link import BadRow
from domain.refusal import Refusal
from sync.connect.linking import SignInOver
from sync.connect.vault import Vault, VaultError
from sync.microsoft.authorization import FLOWS, Authorization, Grant, SignInFlow
from sync.microsoft.login_errors import SignInRefused
from sync.redis.connection import REDIS_TROUBLE
from wording.refusals import REFUSALS, wrong_account

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sign_in.pages import Pages
    from bot.sign_in.store import SignInRow

    Handler = Callable[[web.Request], Awaitable[web.Response]]

START = f"{PATH}/start"

FLOW, RESULT = "flow", "result"
"""What rows are sealed for."""

PATIENCE, LOOK_EVERY = 15.0, 0.1
"""Seconds to wait for another request that finishes the same attempt, and between two looks."""

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class SignIn:
    """The four handlers and what makes links for them.

    `on_grant` stores what a person granted and says what the page shall say; it raises SignInOver
    when the attempt (named by the key it is given) may not connect anybody any more. `on_refusal`
    lets the chat say why it did not work; its errors do not reach the page. `on_outcome` counts:
    started, connected, declined, wrong_account, expired, admin_needed, failed.
    """

    public_url: str
    authorization: Authorization
    attempts: Attempts
    vault: Vault
    on_grant: Callable[[Attempt, Grant, str], Awaitable[Outcome]]
    on_refusal: Callable[[Attempt, Refusal], Awaitable[None]]
    on_outcome: Callable[[str], None]
    pages: Pages
    new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    patience: float = PATIENCE
    elsewhere: Callable[[web.Request, dict[str, str]], Awaitable[web.Response | None]] | None = None
    """Answers those who come back from Microsoft for something else (bot.identify.flow)."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        self.public_url = self.public_url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}".lower()
        self.cookies = Cookies(self.public_url)

    def routes(self) -> list[web.RouteDef]:
        """For the application's route table."""
        return [
            web.get(START, self._answered(self.show_start)),  # and HEAD
            web.post(START, self._answered(self.start)),
            web.get(CALLBACK, self._answered(self.finish), allow_head=False),
            web.post(CALLBACK, self._answered(self.bounce)),
        ]

    async def new_ticket(self, attempt: Attempt) -> str:
        """Make a link for this attempt: the address of its start page. Earlier ones end."""
        ticket = self.new_secret()
        await self.attempts.begin(attempt.object_id, _key(_state(ticket)), ATTEMPTS.dump(attempt))
        return f"{self.public_url}{START}?{urlencode({'ticket': ticket})}"

    async def end(self, object_id: str) -> bool:
        """End the person's attempt, also while they are at Microsoft. False: there was none."""
        return await self.attempts.end(object_id)

    async def show_start(self, request: web.Request) -> web.Response:
        """Answer GET and HEAD on the start page. Changes nothing."""
        ticket = ticket_of(request.query)
        if ticket is None:
            return self._refuse(Refusal.INCOMPLETE)
        browser = self.cookies.browser(request)
        found = await self._find(_key(_state(ticket)), browser, Refusal.USED)
        if isinstance(found, web.Response):
            return found
        response = self.pages.start(found[0], ticket)
        self.cookies.keep_browser(response, browser or self.new_secret())
        return response

    async def start(self, request: web.Request) -> web.Response:
        """Answer the button of the start page: give the attempt to this browser; to Microsoft."""
        if not is_same_origin(request, self.origin):
            return self._refuse(Refusal.FOREIGN_FORM)
        ticket = ticket_of(await form_of(request))
        if ticket is None:
            return self._refuse(Refusal.INCOMPLETE)
        state, browser = _state(ticket), self.cookies.browser(request)
        key = _key(state)
        found = await self._find(key, browser, Refusal.USED)
        if isinstance(found, web.Response):
            return found
        attempt, sealed = found[0], found[1].flow
        browser = browser or self.new_secret()
        if sealed is None:
            try:
                # Before the browser is bound: if Microsoft is down, the link goes on working.
                begun = await self.authorization.begin(
                    state=state,
                    choose_account=self.cookies.asks_which_account(request),
                )
            except RetryLater as error:
                return self._refuse(Refusal.MICROSOFT_UNREACHABLE_YET, attempt, error.code)
            except AdminMustAct as error:
                return self._refuse(Refusal.NOT_SET_UP, attempt, str(error))
            if await self.attempts.bind(key, _key(browser)) != _key(browser):
                # Another browser was first, or the chat ended it, while Microsoft was asked.
                gone = await self.attempts.read(key)
                return self._said(key, gone, browser, Refusal.USED) or self._refuse(Refusal.EXPIRED)
            ours = self.vault.seal(key, FLOW, FLOWS.dump(begun))
            # The first of two at once: both then go to the same place.
            sealed = await self.attempts.keep_flow(key, ours)
            if sealed == ours:
                self.on_outcome("started")
                log.info("sign_in_started", object_id=attempt.object_id)
        flow = self._flow(key, sealed)
        if flow is None:
            return self._refuse(Refusal.EXPIRED)
        response = self.pages.redirect(flow.auth_uri)
        self.cookies.keep_browser(response, browser)
        return response

    async def bounce(self, request: web.Request) -> web.Response:
        """Turn Microsoft's cross-site POST into a GET of our own, which carries our cookie."""
        params = answer_of(await form_of(request))
        if params is None:
            return self._refuse(Refusal.INCOMPLETE)
        params.pop("client_info", None)
        if "error_description" in params:  # only its number is read, and addresses have limits
            params["error_description"] = params["error_description"][:300]
        return self.pages.redirect(f"{self.public_url}{CALLBACK}?{urlencode(params)}")

    async def finish(self, request: web.Request) -> web.Response:
        """Answer the browser that comes back from Microsoft."""
        if is_ahead(request):
            return self.pages.not_ahead()
        params = answer_of(request.query)
        if params is None:
            return self._refuse(Refusal.INCOMPLETE)
        if self.elsewhere is not None:
            other = await self.elsewhere(request, params)
            if other is not None:
                return other
        key, browser = _key(params["state"]), self.cookies.browser(request)
        if browser is None:
            return self._refuse(Refusal.OTHER_BROWSER)
        found = await self._find(key, browser, Refusal.OTHER_BROWSER)
        if isinstance(found, web.Response):
            return found
        attempt, flow = found[0], self._flow(key, found[1].flow)
        if flow is None:
            return self._refuse(Refusal.EXPIRED)
        let_go = await self.attempts.take(key)
        if let_go is None:
            return await self._wait(key, browser)
        if not await self.attempts.is_live(attempt.object_id, key):
            # Connected by a process that died before it could say so.
            return self._refuse(Refusal.USED, attempt)
        try:
            grant = await self.authorization.finish(flow, params)
        except SignInRefused as refused:
            return await self._tell(key, attempt, Refused(refused.reason), refused.detail)
        except RetryLater as error:
            # Not over: the code may be good, and whoever loads the page again goes on.
            await let_go()
            unreachable = Refused(Refusal.MICROSOFT_UNREACHABLE)
            return await self._say(attempt, unreachable, str(error))
        except AdminMustAct as error:
            return await self._tell(key, attempt, Refused(Refusal.NOT_SET_UP), str(error))
        return await self._connect(key, attempt, grant)

    async def _connect(self, key: str, attempt: Attempt, grant: Grant) -> web.Response:
        """Make the connection, if the account is the chat's."""
        who = grant.identity
        if (who.object_id, who.tenant_id) != (attempt.object_id, attempt.tenant_id):
            facts = wrong_account(who.upn or who.name, attempt.name)
            wrong = Refused(Refusal.WRONG_ACCOUNT, facts)
            response = await self._tell(key, attempt, wrong)
            self.cookies.ask_which_account(response, ask=True)
            return response
        try:
            outcome = await self.on_grant(attempt, grant, key)
        except SignInOver:
            return self._over(await self.attempts.read(key), attempt)
        except Exception as error:  # noqa: BLE001 - the person must not be left without an answer
            log.error("sign_in_failed", **_what(error), object_id=attempt.object_id)
            return await self._tell(key, attempt, Refused(Refusal.OUR_FAULT))
        self.on_outcome("connected" if outcome.ok else "failed")
        log.info("sign_in_finished", object_id=attempt.object_id, ok=outcome.ok)
        await self._keep(key, outcome)
        response = self.pages.outcome(outcome)
        self.cookies.ask_which_account(response, ask=False)
        return response

    async def _tell(
        self, key: str, attempt: Attempt, refused: Refused, detail: str = ""
    ) -> web.Response:
        """Refuse on the page and in the chat; in the chat only if it does not say more by now."""
        if not await self._keep(key, refused):
            return self._over(await self.attempts.read(key), attempt)
        return await self._say(attempt, refused, detail)

    async def _say(self, attempt: Attempt, refused: Refused, detail: str) -> web.Response:
        try:
            await self.on_refusal(attempt, refused.reason)
        except Exception as error:  # noqa: BLE001 - the page is what the person is looking at
            log.error("sign_in_refusal_not_told", **_what(error), object_id=attempt.object_id)
        return self._refuse(refused.reason, attempt, detail, *refused.facts)

    async def _keep(self, key: str, result: Result) -> bool:
        """Keep how it went, for when the page is loaded again. False: it was over before."""
        sealed = self.vault.seal(key, RESULT, RESULTS.dump_json(result).decode())
        try:
            return await self.attempts.finish(key, sealed)
        except REDIS_TROUBLE as error:  # what was done is done, and the page says so this once
            log.error("sign_in_failed", error=type(error).__name__)
            return True

    async def _wait(self, key: str, browser: str) -> web.Response:
        """See what comes of another request that finishes the attempt just now."""
        deadline = asyncio.get_running_loop().time() + self.patience
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(LOOK_EVERY)
            row = await self.attempts.read(key)
            said = self._said(key, row, browser, Refusal.OTHER_BROWSER)
            if said is not None:
                return said
        return self.pages.refusal(Refusal.UNDER_WAY)

    async def _find(
        self, key: str, browser: str | None, foreign: Refusal
    ) -> tuple[Attempt, SignInRow] | web.Response:
        """An attempt to go on with, or the answer in its place (see `_said`)."""
        row = await self.attempts.read(key)
        said = self._said(key, row, browser, foreign)
        attempt = None if row is None else ATTEMPTS.load_if_good(row.attempt)
        if said is not None or attempt is None or row is None:
            return said or self._refuse(Refusal.EXPIRED)
        return attempt, row

    def _said(
        self, key: str, row: SignInRow | None, browser: str | None, foreign: Refusal
    ) -> web.Response | None:
        """The answer for an attempt that nothing more is done with; None: go on with it.

        `foreign` is the reason for a browser to which it does not belong.
        """
        if row is None:
            return self._refuse(Refusal.EXPIRED)
        if row.over is not None:
            return self._over(row)
        if row.browser is not None and (browser is None or row.browser != _key(browser)):
            return self._refuse(foreign)
        if row.result is None:
            return None
        try:
            result = RESULTS.validate_json(self.vault.open(key, RESULT, row.result))
        except (VaultError, ValueError):  # the keys or the format changed under way
            return self._refuse(Refusal.USED)
        if isinstance(result, Outcome):
            return self.pages.outcome(result)
        return self.pages.refusal(result.reason, *result.facts)

    def _over(self, row: SignInRow | None, attempt: Attempt | None = None) -> web.Response:
        """The answer where the chat, or a newer link, has ended the attempt."""
        replaced = row is not None and row.over == Refusal.REPLACED
        return self._refuse(Refusal.REPLACED if replaced else Refusal.ENDED, attempt)

    def _flow(self, key: str, sealed: str | None) -> SignInFlow | None:
        try:
            return None if sealed is None else FLOWS.load(self.vault.open(key, FLOW, sealed))
        except (VaultError, BadRow):  # the keys or the format changed under way
            return None

    def _refuse(
        self,
        reason: Refusal,
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
        self.on_outcome(REFUSALS[reason].meter)
        return self.pages.refusal(reason, *facts)

    def _answered(self, handler: Handler) -> Handler:
        """Wrap a handler so that trouble, too, is answered with a page of ours."""

        async def answered(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except web.HTTPException:  # a form that is too large, or none at all
                return self._refuse(Refusal.INCOMPLETE)
            except Exception as error:  # noqa: BLE001 - the person is looking at the page
                log.error("sign_in_failed", **_what(error), path=request.path)
                return self._refuse(Refusal.OUR_FAULT)

        return answered


def _what(error: Exception) -> dict[str, Any]:
    """The fields that tell a failure: Redis being away is one line, a bug is shown whole."""
    if isinstance(error, REDIS_TROUBLE):
        return {"error": type(error).__name__}
    return {"exc_info": error}


def _state(ticket: str) -> str:
    """The `state` of a ticket's sign-in: always the same, so that Continue may be pressed twice."""
    digest = hashlib.sha256(f"state\n{ticket}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(secret: str) -> str:
    """What is stored in place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
