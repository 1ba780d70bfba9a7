"""The way to a list in the browser: only the admin who asked in the chat gets it, and once.

    chat   *Download* -> a link with a ticket (256 bits, stored as a hash, 10 minutes)
    GET    /list     says whose list it is; consumes nothing. The browser gets a cookie
    POST   /list     gives the link to this browser alone, and goes to Microsoft: who is it?
    GET    /callback (bot.sign_in.flow hands it over) compares the account, and answers with the
                     file; the link has ended

Nothing is asked of Microsoft but who signs in, so that an admin who shows no presence can do it.
A forwarded link is harmless: only the account that asked for it can finish.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from bot.sign_in.requests import PATH, Cookies, form_of, is_ahead, is_same_origin, ticket_of
from domain.errors import AdminMustAct, RetryLater
from domain.link import BadRow
from domain.roles import By
from sync.connect.vault import Vault, VaultError
from sync.microsoft.authorization import FLOWS, Authorization
from sync.microsoft.login_errors import SignInRefused
from sync.redis import keys
from wording.download import NoList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.sign_in.pages import Pages
    from bot.teams.activity import Person
    from domain.roles import Standing
    from sync.redis.connection import Client

LIST: Final = f"{PATH}/list"
FLOW: Final = "list"
"""What rows are sealed for."""
FILE: Final = "zoom-people.csv"

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Downloads:
    """The handlers, and what makes links for them.

    A row is a hash: `person` (tenant and object id), `name`, then `browser` (the hash of its
    secret), `flow` (sealed) and `done`. `standing` says whether somebody is still an admin; `made`
    records it and gives the file.
    """

    public_url: str
    authorization: Authorization
    redis: Client
    vault: Vault
    pages: Pages
    standing: Callable[[Person], Awaitable[Standing]]
    made: Callable[[Person], Awaitable[bytes]]
    person_of: Callable[[str, str, str], Person]
    new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        self.public_url = self.public_url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}".lower()
        self.cookies = Cookies(self.public_url)

    def routes(self) -> list[web.RouteDef]:
        """For the application's route table."""
        return [
            web.get(LIST, self._answered(self.show)),  # and HEAD
            web.post(LIST, self._answered(self.start)),
        ]

    async def new_link(self, person: Person) -> str:
        """Make a link for an admin, who was found to be one just now."""
        ticket = self.new_secret()
        row = keys.download(_state(ticket))
        facts = {"tenant": person.tenant_id, "person": person.object_id, "name": person.name}
        await self.redis.hset(row, mapping=facts)
        await self.redis.expire(row, keys.DOWNLOAD_TTL)
        return f"{self.public_url}{LIST}?{urlencode({'ticket': ticket})}"

    async def show(self, request: web.Request) -> web.Response:
        """Answer GET and HEAD on the page. Changes nothing."""
        ticket = ticket_of(request.query)
        if ticket is None:
            return self._refuse(NoList.INCOMPLETE)
        browser = self.cookies.browser(request)
        row = await self._row(_state(ticket))
        refused = _over(row, browser)
        if refused is not None:
            return self._refuse(refused)
        response = self.pages.list_start(row["name"], ticket)
        self.cookies.keep_browser(response, browser or self.new_secret())
        return response

    async def start(self, request: web.Request) -> web.Response:
        """Answer the page's button: give the link to this browser; to Microsoft."""
        if not is_same_origin(request, self.origin):
            return self._refuse(NoList.INCOMPLETE)
        ticket = ticket_of(await form_of(request))
        if ticket is None:
            return self._refuse(NoList.INCOMPLETE)
        state, browser = _state(ticket), self.cookies.browser(request) or self.new_secret()
        refused = _over(await self._row(state), browser)
        if refused is not None:
            return self._refuse(refused)
        try:
            begun = await self.authorization.begin(
                state=state,
                choose_account=self.cookies.asks_which_account(request),
                only_who=True,
            )
        except RetryLater as error:
            return self._refuse(NoList.UNREACHABLE, error.code)
        except AdminMustAct as error:
            return self._refuse(NoList.OUR_FAULT, str(error))
        key = keys.download(state)
        await self.redis.hsetnx(key, "browser", _hash(browser))
        await self.redis.hsetnx(key, "flow", self.vault.seal(state, FLOW, FLOWS.dump(begun)))
        await self.redis.expire(key, keys.DOWNLOAD_TTL, xx=True)
        row = await self._row(state)  # another browser, or a second click, may have been first
        refused = _over(row, browser)
        if refused is not None:
            return self._refuse(refused)
        flow = self._flow(state, row)
        if flow is None:
            return self._refuse(NoList.EXPIRED)
        response = self.pages.redirect(flow.auth_uri)
        self.cookies.keep_browser(response, browser)
        return response

    async def finish(self, request: web.Request, params: Mapping[str, str]) -> web.Response | None:
        """Answer the browser that comes back from Microsoft; None: it was about something else."""
        state = params["state"]
        row = await self._row(state)
        if not row:
            return None
        if is_ahead(request):
            return self.pages.not_ahead()
        browser = self.cookies.browser(request)
        refused = NoList.OTHER_BROWSER if browser is None else _over(row, browser)
        flow = self._flow(state, row)
        if refused is not None or flow is None:
            return self._refuse(refused or NoList.EXPIRED)
        try:
            who = await self.authorization.identify(flow, params)
        except SignInRefused as error:
            return self._refuse(NoList.REFUSED, error.detail)
        except RetryLater as error:
            return self._refuse(NoList.UNREACHABLE, error.code)
        except AdminMustAct as error:
            return self._refuse(NoList.OUR_FAULT, str(error))
        if (who.tenant_id, who.object_id) != (row["tenant"], row["person"]):
            response = self._refuse(NoList.WRONG_ACCOUNT)
            self.cookies.ask_which_account(response, ask=True)
            return response
        person = self.person_of(row["tenant"], row["person"], row["name"])
        standing = await self.standing(person)
        if not By.ENTRA_ADMIN.lets(standing.role, by_zoom=standing.by_zoom):
            return self._refuse(NoList.NOT_ADMIN)
        if not await self.redis.hsetnx(keys.download(state), "done", "1"):
            return self._refuse(NoList.USED)
        body = await self.made(person)
        log.info("list_downloaded", by=person.object_id, bytes=len(body))
        return self.pages.file(FILE, body)

    async def _row(self, state: str) -> dict[str, str]:
        row: dict[str, str] = await self.redis.hgetall(keys.download(state))
        return row if row.keys() >= {"tenant", "person", "name"} else {}

    def _flow(self, state: str, row: Mapping[str, str]) -> Any:
        try:
            return FLOWS.load(self.vault.open(state, FLOW, row["flow"]))
        except (KeyError, VaultError, BadRow):
            return None

    def _refuse(self, why: NoList, detail: str = "") -> web.Response:
        log.info("list_refused", reason=why, detail=detail)
        return self.pages.no_list(why)

    def _answered(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answered(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except web.HTTPException:  # a form that is too large, or none at all
                return self._refuse(NoList.INCOMPLETE)
            except Exception:
                log.exception("list_failed", path=request.path)
                return self.pages.no_list(NoList.OUR_FAULT)

        return answered


def _over(row: Mapping[str, str], browser: str | None) -> NoList | None:
    """Why a link is not gone on with; None: it is."""
    if not row:
        return NoList.EXPIRED
    if "done" in row:
        return NoList.USED
    if "browser" in row and (browser is None or row["browser"] != _hash(browser)):
        return NoList.OTHER_BROWSER
    return None


def _state(ticket: str) -> str:
    """The `state` of a link's sign-in: always the same, so that the button may be pressed twice."""
    digest = hashlib.sha256(f"list\n{ticket}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
