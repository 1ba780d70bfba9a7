"""Who is it? A sign-in that asks for nothing else, for what only one person may have or do.

    chat   a link with a ticket (256 bits, stored as a hash, 10 minutes), for that person
    GET    /list, /excluded, /role   says what it is for; consumes nothing. The browser gets a
                             cookie
    POST   /list, /excluded, /role   gives the link to this browser alone, and goes to Microsoft
    POST   /not-for-me       the same without a link: whoever signs in
    GET    /callback         (bot.sign_in.flow hands it over) needs that cookie; compares the
                             account, and answers
    POST   /not-for-me/confirm   needs the cookie, and a token that only the page before it had

Microsoft is asked for no rights and gives no token that is kept: people who show no presence can
do it, too. Each counts for 10 minutes and once; the same browser sees what came of it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from bot.identify import proofs
from bot.identify.store import Asked, IdentifyRow, IdentifyStore
from bot.sign_in.attempt import RESULTS, Outcome
from bot.sign_in.requests import (
    PATH,
    Cookies,
    form_of,
    is_ahead,
    is_same_origin,
    secret_of,
    ticket_of,
)
from domain.errors import AdminMustAct, OutsideError, RetryLater
from domain.link import BadRow
from domain.refusal import Refusal
from sync.connect.vault import VaultError
from sync.microsoft.authorization import FLOWS, IDENTITIES
from sync.microsoft.login_errors import SignInRefused
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE
from wording.identify import NotKnown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.sign_in.pages import Pages
    from sync.connect.vault import Vault
    from sync.microsoft.authorization import Authorization
    from sync.microsoft.id_token import Identity
    from wording.identify import For

    Handler = Callable[[web.Request], Awaitable[web.Response]]

FLOW, WHO, SAID = "identify-flow", "identify-who", "identify-said"
"""What rows are sealed for."""
CONFIRM: Final = "confirm"

log = structlog.get_logger(__name__)


class Refused(Exception):
    """Nothing comes of it."""

    def __init__(self, why: NotKnown, detail: str = "", *, ask_account: bool = False) -> None:
        super().__init__(why)
        self.why, self.detail, self.ask_account = why, detail, ask_account


@dataclass(frozen=True, slots=True)
class Confirming:
    """What the form of a page must send back."""

    action: str
    state: str
    token: str


class Purpose(Protocol):
    """What somebody says who they are for. Methods may raise Refused."""

    @property
    def name(self) -> For:
        """Which one."""

    @property
    def confirms(self) -> bool:
        """Whether there is no link, and something to confirm once it is known who it is."""

    def start(self, asked: Asked, ticket: str) -> web.Response:
        """The page behind a link."""

    async def known(
        self, asked: Asked, who: Identity, confirming: Confirming
    ) -> web.Response | Outcome:
        """It is known who it is: what they get, or what to confirm, or what came of it."""

    async def confirmed(self, who: Identity) -> Outcome:
        """They confirmed it."""


@dataclass(kw_only=True)
class Identifying:
    """The handlers, and what makes links for them. `now_ms` is the clock that processes share."""

    public_url: str
    tenant_id: str
    authorization: Authorization
    rows: IdentifyStore
    vault: Vault
    pages: Pages
    now_ms: Callable[[], Awaitable[int]]
    purposes: Mapping[For, Purpose]
    new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        self.public_url = self.public_url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}".lower()
        self.cookies = Cookies(self.public_url)

    def routes(self) -> list[web.RouteDef]:
        """For the application's route table."""
        routes = []
        for purpose in self.purposes.values():
            path = f"{PATH}/{purpose.name}"
            if purpose.confirms:
                confirm = self._answered(purpose, self.confirm)
                routes += [
                    web.post(path, self._answered(purpose, self.begin)),
                    web.post(f"{path}/{CONFIRM}", confirm),
                ]
            else:
                routes += [
                    web.get(path, self._answered(purpose, self.show)),  # and HEAD
                    web.post(path, self._answered(purpose, self.start)),
                ]
        return routes

    async def new_link(self, asked: Asked) -> str:
        """Make a link for somebody in the chat; its `until_ms` is set here."""
        ticket = self.new_secret()
        await self.rows.begin(proofs.state(ticket), await self._from_now(asked))
        return f"{self.public_url}{PATH}/{asked.purpose}?{urlencode({'ticket': ticket})}"

    async def show(self, purpose: Purpose, request: web.Request) -> web.Response:
        """Answer GET and HEAD on a start page. Changes nothing."""
        ticket = ticket_of(request.query)
        if ticket is None:
            raise Refused(NotKnown.INCOMPLETE)
        browser = self.cookies.browser(request)
        row = await self._open(purpose, proofs.state(ticket), browser)
        response = purpose.start(row.asked, ticket)
        self.cookies.keep_browser(response, browser or self.new_secret())
        return response

    async def start(self, purpose: Purpose, request: web.Request) -> web.Response:
        """Answer a start page's button: give the link to this browser; to Microsoft."""
        if not is_same_origin(request, self.origin):
            raise Refused(NotKnown.FOREIGN_FORM)
        ticket = ticket_of(await form_of(request))
        if ticket is None:
            raise Refused(NotKnown.INCOMPLETE)
        state, browser = proofs.state(ticket), self.cookies.browser(request) or self.new_secret()
        await self._open(purpose, state, browser)
        return await self._leave(
            purpose, state, browser, choose=self.cookies.asks_which_account(request)
        )

    async def begin(self, purpose: Purpose, request: web.Request) -> web.Response:
        """Answer the button of a page that anybody may open: to Microsoft."""
        if not is_same_origin(request, self.origin):
            raise Refused(NotKnown.FOREIGN_FORM)
        await form_of(request)
        if not await self.rows.may_begin():
            raise Refused(NotKnown.BUSY)
        state, browser = self.new_secret(), self.cookies.browser(request) or self.new_secret()
        await self.rows.begin(state, await self._from_now(Asked(purpose.name, 0)))
        # Who sits at this browser may be another than who signed in here last.
        return await self._leave(purpose, state, browser, choose=True)

    async def _leave(
        self, purpose: Purpose, state: str, browser: str, *, choose: bool
    ) -> web.Response:
        try:
            begun = await self.authorization.begin(
                state=state, choose_account=choose, only_who=True
            )
        except RetryLater as error:
            raise Refused(NotKnown.UNREACHABLE, error.code) from error
        except AdminMustAct as error:
            raise Refused(NotKnown.OUR_FAULT, str(error)) from error
        await self.rows.keep(state, "browser", proofs.browser_of(browser))
        await self.rows.keep(state, "flow", self.vault.seal(state, FLOW, FLOWS.dump(begun)))
        # Another browser, or a second click, may have been first.
        row = await self._open(purpose, state, browser)
        try:
            flow = FLOWS.load(self.vault.open(state, FLOW, row.flow or ""))
        except (VaultError, BadRow):
            raise Refused(NotKnown.EXPIRED) from None
        response = self.pages.redirect(flow.auth_uri)
        self.cookies.keep_browser(response, browser)
        return response

    async def finish(self, request: web.Request, params: Mapping[str, str]) -> web.Response | None:
        """Answer the browser that comes back from Microsoft; None: it was about something else."""
        try:
            row = await self.rows.read(params["state"])
        except REDIS_TROUBLE as error:
            log.error("identify_failed", error=type(error).__name__)
            return self.pages.away()
        purpose = None if row is None else self.purposes.get(row.asked.purpose)  # type: ignore[call-overload]
        if purpose is None:
            return None
        if is_ahead(request):
            return self.pages.not_ahead()

        async def answer(purpose: Purpose, request: web.Request) -> web.Response:
            return await self._finish(purpose, request, params)

        return await self._answered(purpose, answer)(request)

    async def _finish(
        self, purpose: Purpose, request: web.Request, params: Mapping[str, str]
    ) -> web.Response:
        state, browser = params["state"], self.cookies.browser(request)
        if browser is None:
            raise Refused(NotKnown.OTHER_BROWSER)
        row = await self._open(purpose, state, browser, again=True)
        said = self._said(state, row)
        if said is not None:
            return self.pages.outcome(said)
        who = self._who(state, row) or await self._identify(state, row, params)
        if purpose.confirms:
            await self.rows.keep(state, "who", self.vault.seal(state, WHO, IDENTITIES.dump(who)))
        elif not await self.rows.keep(state, "used", "1"):
            raise Refused(NotKnown.USED)
        token = proofs.token(state, browser)
        confirming = Confirming(f"{self.public_url}{PATH}/{purpose.name}/{CONFIRM}", state, token)
        answer = await purpose.known(row.asked, who, confirming)
        return await self._keep(state, answer) if isinstance(answer, Outcome) else answer

    async def confirm(self, purpose: Purpose, request: web.Request) -> web.Response:
        """Answer the button of a page that was shown to who signed in."""
        if not is_same_origin(request, self.origin):
            raise Refused(NotKnown.FOREIGN_FORM)
        form = await form_of(request)
        state, token = secret_of(form, "state"), secret_of(form, "token")
        browser = self.cookies.browser(request)
        if state is None or token is None:
            raise Refused(NotKnown.INCOMPLETE)
        if browser is None:
            raise Refused(NotKnown.OTHER_BROWSER)
        row = await self._open(purpose, state, browser, again=True)
        if not hmac.compare_digest(token, proofs.token(state, browser)):
            raise Refused(NotKnown.FOREIGN_FORM, "token")
        said = self._said(state, row)
        if said is not None:
            return self.pages.outcome(said)
        who = self._who(state, row)
        if who is None:
            raise Refused(NotKnown.NOT_SIGNED_IN)
        if not await self.rows.keep(state, "used", "1"):
            raise Refused(NotKnown.UNDER_WAY)
        try:
            outcome = await purpose.confirmed(who)
        except BaseException:
            await self.rows.lose(state, "used")  # another click may try again
            raise
        return await self._keep(state, outcome)

    async def _identify(self, state: str, row: IdentifyRow, params: Mapping[str, str]) -> Identity:
        """Ask Microsoft who it is, and see that it is somebody who may."""
        try:
            flow = FLOWS.load(self.vault.open(state, FLOW, row.flow or ""))
        except (VaultError, BadRow):
            raise Refused(NotKnown.EXPIRED) from None
        try:
            who = await self.authorization.identify(flow, params)
        except SignInRefused as error:
            # A second request with the same code, while the first was answered?
            again = await self.rows.read(state)
            known = None if again is None else self._who(state, again)
            if known is not None:
                return known
            raise Refused(_MEANS.get(error.reason, NotKnown.REFUSED), error.detail) from error
        except RetryLater as error:
            raise Refused(NotKnown.UNREACHABLE, error.code) from error
        except AdminMustAct as error:
            raise Refused(NotKnown.OUR_FAULT, str(error)) from error
        asked = row.asked
        wanted = (asked.tenant_id, asked.object_id)
        if asked.object_id and (who.tenant_id, who.object_id) != wanted:
            raise Refused(NotKnown.WRONG_ACCOUNT, ask_account=True)
        if who.external or who.tenant_id != self.tenant_id.lower():
            raise Refused(NotKnown.OUTSIDER, ask_account=True)
        return who

    async def _open(
        self, purpose: Purpose, state: str, browser: str | None, *, again: bool = False
    ) -> IdentifyRow:
        """One to go on with. `again`: of what was used, it is shown what came of it."""
        row = await self.rows.read(state)
        if row is None or row.asked.purpose != purpose.name:
            raise Refused(NotKnown.EXPIRED)
        theirs = None if browser is None else proofs.browser_of(browser)
        if (row.browser is not None or again) and row.browser != theirs:
            raise Refused(NotKnown.OTHER_BROWSER)
        if row.said is not None and again:
            return row
        if row.used:
            raise Refused(NotKnown.UNDER_WAY if purpose.confirms else NotKnown.USED)
        if await self.now_ms() >= row.asked.until_ms:
            raise Refused(NotKnown.EXPIRED)
        return row

    async def _keep(self, state: str, outcome: Outcome) -> web.Response:
        sealed = self.vault.seal(state, SAID, RESULTS.dump_json(outcome).decode())
        try:
            await self.rows.keep(state, "said", sealed)
        except REDIS_TROUBLE as error:  # what was done is done, and the page says so this once
            log.error("identify_failed", error=type(error).__name__)
        return self.pages.outcome(outcome)

    def _said(self, state: str, row: IdentifyRow) -> Outcome | None:
        try:
            opened = None if row.said is None else self.vault.open(state, SAID, row.said)
            said = None if opened is None else RESULTS.validate_json(opened)
        except (VaultError, ValueError):
            raise Refused(NotKnown.USED) from None
        return said if isinstance(said, Outcome) else None

    def _who(self, state: str, row: IdentifyRow) -> Identity | None:
        try:
            opened = None if row.who is None else self.vault.open(state, WHO, row.who)
            return None if opened is None else IDENTITIES.load(opened)
        except (VaultError, BadRow):
            raise Refused(NotKnown.EXPIRED) from None

    async def _from_now(self, asked: Asked) -> Asked:
        until = await self.now_ms() + keys.IDENTIFY_TTL * 1000
        return Asked(
            asked.purpose,
            until,
            asked.tenant_id,
            asked.object_id,
            asked.name,
            asked.conversation,
            asked.card_id,
        )

    def _answered(
        self,
        purpose: Purpose,
        handler: Callable[[Purpose, web.Request], Awaitable[web.Response]],
    ) -> Handler:
        """Wrap a handler so that trouble, too, is answered with a page of ours."""

        async def answered(request: web.Request) -> web.Response:
            try:
                return await handler(purpose, request)
            except Refused as refused:
                why, detail = refused.why, refused.detail
                log.info("identify_refused", purpose=purpose.name, reason=why, detail=detail)
                response = self.pages.not_known(purpose.name, why)
                if refused.ask_account:
                    self.cookies.ask_which_account(response, ask=True)
                return response
            except web.HTTPException:  # a form that is too large, or none at all
                return self.pages.not_known(purpose.name, NotKnown.INCOMPLETE)
            except REDIS_TROUBLE as error:
                log.error("identify_failed", error=type(error).__name__)
            except OutsideError as error:
                log.error("identify_failed", purpose=purpose.name, error=str(error))
            except Exception:
                log.exception("identify_failed", purpose=purpose.name, path=request.path)
            return self.pages.not_known(purpose.name, NotKnown.OUR_FAULT)

        return answered


_MEANS: Final = {
    Refusal.DECLINED: NotKnown.CANCELLED,
    Refusal.ACCOUNT_UNKNOWN: NotKnown.OUTSIDER,
}
"""Of what the login service says; anything else is REFUSED."""
