"""The browser's way to the organisation's consent, and back.

    chat   *Authorise* -> an address with a ticket (256 bits, stored as a hash, 7 days)
    GET    /organisation/start   says who asks and for what; consumes nothing. The browser gets a
                                 cookie
    POST   /organisation/start   goes to Microsoft, with a state that is this browser's alone
    GET    /organisation         back from Microsoft: needs that cookie

The address may be sent on, and several people may try it: each browser has a state of its own. What
Microsoft's page sends back is never believed. It says whether to look; the app's own token says
what is allowed. Whoever leaves the page without consenting ends nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from bot.consent.store import ConsentLink, Tried
from bot.sign_in.requests import (
    CONSENT_CALLBACK,
    Cookies,
    answer_of,
    form_of,
    is_ahead,
    is_same_origin,
    ticket_of,
)
from bot.teams.activity import Person
from domain.organisation import Answer
from domain.organisation import answer_of as meaning_of
from sync.organisation.refusals import refusal_of
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE
from wording.consent import WHY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.consent.store import ConsentLinks, LinkRow
    from bot.request import Turn
    from bot.sign_in.pages import Pages
    from domain.organisation import Consent

    Handler = Callable[[web.Request], Awaitable[web.Response]]

START: Final = f"{CONSENT_CALLBACK}/start"
BROWSER: Final = "consent-browser"
ANSWER: Final = ("state", "admin_consent", "tenant", "scope", "error", "error_description")
"""What Microsoft may send back ("Admin consent on the Microsoft identity platform")."""
PAUSES: Final = (0.0, 2.0, 3.0, 5.0)
"""Seconds before each look while somebody waits for the page: Entra takes a moment."""

log = structlog.get_logger(__name__)


class Looks(Protocol):
    """Whether the organisation authorises the app (sync.organisation.consent)."""

    async def look(self) -> Consent:
        """Ask Microsoft now."""

    async def expect(self) -> None:
        """Go on looking, for minutes."""


@dataclass(kw_only=True)
class ConsentFlow:
    """The three handlers, and what makes addresses for them.

    `address` gives Microsoft's page for a state and where to come back to. `may_ask` says whether
    somebody is (still) an admin who may ask for consent; None: not known now. `settled` lets the
    chat follow; its errors do not reach the page. `now_ms` is the clock that all processes share.
    """

    public_url: str
    tenant_id: str
    address: Callable[[str, str], str]
    links: ConsentLinks
    consents: Looks
    may_ask: Callable[[Person], Awaitable[bool | None]]
    settled: Callable[[LinkRow, Consent | None], Awaitable[None]]
    pages: Pages
    now_ms: Callable[[], Awaitable[int]]
    new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    pauses: Sequence[float] = PAUSES
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        self.public_url = self.public_url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}".lower()
        self.cookies = Cookies(self.public_url, browser=BROWSER, life=keys.CONSENT_TRY_TTL)

    def routes(self) -> list[web.RouteDef]:
        """For the application's route table."""
        return [
            web.get(START, self._answered(self.show_start)),  # and HEAD
            web.post(START, self._answered(self.start)),
            web.get(CONSENT_CALLBACK, self._answered(self.finish), allow_head=False),
        ]

    async def new_address(self, turn: Turn) -> tuple[str, int]:
        """Make an address for a turn's admin, which their card follows; until when (epoch ms)."""
        who, ticket = turn.person, self.new_secret()
        until_ms = await self.now_ms() + keys.CONSENT_LINK_TTL * 1000
        await self.links.begin(
            _key(ticket),
            ConsentLink(
                who.tenant_id, who.object_id, who.mri, who.name, turn.at, turn.card_id, until_ms
            ),
        )
        log.info("consent_address_made", by=who.object_id)
        return f"{self.public_url}{START}?{urlencode({'ticket': ticket})}", until_ms

    async def show_start(self, request: web.Request) -> web.Response:
        """Answer GET and HEAD on the start page. Changes nothing."""
        ticket = ticket_of(request.query)
        if ticket is None:
            return self._refuse(Answer.INCOMPLETE)
        row = await self._open(_key(ticket))
        if isinstance(row, web.Response):
            return row
        response = self.pages.ask_for_consent(_link(row).name, ticket)
        self.cookies.keep_browser(response, self.cookies.browser(request) or self.new_secret())
        return response

    async def start(self, request: web.Request) -> web.Response:
        """Answer the button of the start page: to Microsoft, with a state of this browser's."""
        if not is_same_origin(request, self.origin):
            return self._refuse(Answer.FOREIGN_FORM)
        ticket = ticket_of(await form_of(request))
        if ticket is None:
            return self._refuse(Answer.INCOMPLETE)
        row = await self._open(_key(ticket))
        if isinstance(row, web.Response):
            return row
        browser = self.cookies.browser(request) or self.new_secret()
        state = _state(ticket, browser)
        await self.links.leave_with(_key(state), row.key, _key(browser))
        log.info("consent_begun", by=_link(row).object_id)
        target = self.address(state, f"{self.public_url}{CONSENT_CALLBACK}")
        response = self.pages.redirect(target)
        self.cookies.keep_browser(response, browser)
        return response

    async def finish(self, request: web.Request) -> web.Response:
        """Answer the browser that comes back from Microsoft."""
        if is_ahead(request):
            return self.pages.not_ahead()
        params = answer_of(request.query, ANSWER)
        if params is None:
            return self._refuse(Answer.INCOMPLETE)
        state, browser = _key(params["state"]), self.cookies.browser(request)
        tried = await self.links.tried(state)
        if tried is None:
            return self._refuse(Answer.FORGED)
        if browser is None or tried.browser != _key(browser):
            return self._refuse(Answer.OTHER_BROWSER)
        if tried.answer is not None:  # the page is loaded again
            return self.pages.consent(tried.answer)
        row = await self.links.read(tried.link_key)
        if row is None:
            return self._refuse(Answer.EXPIRED)
        consent = None
        if "error" in params:
            answer, detail = refusal_of(params)
        elif params.get("tenant", self.tenant_id).lower() != self.tenant_id.lower():
            answer, detail = Answer.WRONG_TENANT, ""
        else:
            consent = await self._look()
            answer, detail = meaning_of(consent), consent.why or ""
        log.info("consent_answered", answer=answer, detail=detail)
        if answer not in _OPEN:
            await self.links.finish(state, tried, answer)
        if answer is not Answer.AUTHORISED:
            await self.links.note(row, Tried(answer, await self.now_ms()))
        await self._settle(row.key, consent)
        why = consent.why if consent is not None and answer is Answer.WORKED_NOT else None
        return self.pages.consent(answer, *(() if why is None else (WHY[why].what,)))

    async def _look(self) -> Consent:
        """Ask Microsoft, as often as somebody who looks at the page may wait."""
        consent = None
        for pause in self.pauses:
            if pause:
                await self.sleep(pause)
            consent = await self.consents.look()
            if meaning_of(consent) is not Answer.NOT_YET:
                return consent
        await self.consents.expect()
        if consent is None:
            return await self.consents.look()
        return consent

    async def _settle(self, key: str, consent: Consent | None) -> None:
        try:
            row = await self.links.read(key)
            if row is not None:
                await self.settled(row, consent)
        except Exception as error:  # noqa: BLE001 - the page is what the person is looking at
            log.error("consent_not_told", **_what(error))

    async def _open(self, key: str) -> LinkRow | web.Response:
        """An address to go on with, or the answer in its place."""
        row = await self.links.read(key)
        if row is None:
            return self._refuse(Answer.EXPIRED)
        if row.over is not None or row.link is None:
            return self._refuse(row.over or Answer.ENDED)
        link = row.link
        if await self.now_ms() >= link.until_ms:
            return self._refuse(Answer.EXPIRED)
        asker = Person(link.tenant_id, link.object_id, link.mri, link.name)
        may = await self.may_ask(asker)
        if may is None:
            return self._refuse(Answer.OUR_FAULT, "admin_not_known")
        return row if may else self._refuse(Answer.NOT_ADMIN)

    def _refuse(self, answer: Answer, detail: str = "") -> web.Response:
        log.info("consent_refused", reason=answer, detail=detail)
        return self.pages.consent(answer)

    def _answered(self, handler: Handler) -> Handler:
        """Wrap a handler so that trouble, too, is answered with a page of ours."""

        async def answered(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except web.HTTPException:  # a form that is too large, or none at all
                return self._refuse(Answer.INCOMPLETE)
            except Exception as error:  # noqa: BLE001 - somebody is looking at the page
                log.error("consent_failed", **_what(error), path=request.path)
                return self.pages.consent(Answer.OUR_FAULT)

        return answered


_OPEN: Final = frozenset({Answer.NOT_YET, Answer.WORKED_NOT})
"""To load the page again is to look again."""


def _what(error: Exception) -> dict[str, object]:
    """The fields that tell a failure: Redis being away is one line, a bug is shown whole."""
    if isinstance(error, REDIS_TROUBLE):
        return {"error": type(error).__name__}
    return {"exc_info": error}


def _link(row: LinkRow) -> ConsentLink:
    assert row.link is not None  # noqa: S101 - `_open` gives no other
    return row.link


def _state(ticket: str, browser: str) -> str:
    """A browser's own `state` for an address: the same when the button is pressed twice."""
    digest = hashlib.sha256(f"consent\n{ticket}\n{browser}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(secret: str) -> str:
    """What is stored in place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
