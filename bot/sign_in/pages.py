"""The web pages: while somebody connects, a few to read, and one for addresses that don't exist.

They work without script.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from markupsafe import Markup

from bot.sign_in.requests import NOT_FOR_ME
from domain.organisation import NEEDED
from wording.about import ABOUT, NOT_FOUND
from wording.consent import ANSWERS, RIGHTS, WHO_MAY
from wording.identify import AWAY, AWAY_STEP, LISTS, NEXT_STEPS, For, words_of
from wording.organisation import SHOWN_UNASKED
from wording.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from bot.identify.flow import Confirming
    from bot.sign_in.attempt import Attempt, Outcome
    from domain.organisation import Answer
    from domain.refusal import Refusal
    from wording.identify import NotKnown

PAGES = Path(__file__).parent / "templates"
READS: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
Match = tuple[web.UrlMappingMatchInfo | None, set[str]]


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - `warm_up`

    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    """Renders pages and sets the headers that all of them need.

    `login_origin` is where the form leads after us. `contact` is an e-mail or web address for
    questions, `chat` the address of the bot's chat; what is None is left out of the pages.
    `local` adds a banner that nothing is real.
    """

    def __init__(
        self,
        *,
        public_url: str,
        login_origin: str,
        contact: str | None = None,
        chat: str | None = None,
        local: bool = False,
    ) -> None:
        self._public_url = public_url.rstrip("/")
        css = (PAGES / "style.css").read_text(encoding="utf-8")
        self._on_each = {
            # The file is ours; escaping would break the hash that allows it.
            "css": Markup(css),  # noqa: S704
            "local": local,
            "public_url": self._public_url,
            "again": "",
            "contact": _link(contact) if contact else None,
            "chat": chat,
        }
        style = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
        # Browsers hold every redirect after the form to form-action, and a federated organisation
        # signs in at a host of its own: hence all of https, not only the login service's host.
        targets = "'self' https:" + (f" {login_origin}" if login_origin.startswith("http:") else "")
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{style}'; form-action {targets}; "
                "base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        }

    def warm_up(self) -> None:
        """Compile every page now: who opens the first of each does not wait for that."""
        for name in _templates().list_templates(extensions=["html"]):
            _templates().get_template(name)

    def start(self, attempt: Attempt, ticket: str) -> web.Response:
        """Say who is about to connect, and to what; one button."""
        return self._page("start.html", 200, attempt=attempt, ticket=ticket)

    def outcome(self, outcome: Outcome) -> web.Response:
        """Say how it went after Microsoft agreed."""
        return self._page(
            "message.html",
            200,
            tone="good" if outcome.ok else "attention",
            title=outcome.title,
            sentences=outcome.sentences,
            next_step="You can close this page." if outcome.ok else "",
        )

    def ask_for_consent(self, name: str, ticket: str) -> web.Response:
        """Say what an organisation is asked to authorise, and by whom (`name`); one button."""
        return self._page(
            "organisation.html",
            200,
            name=name,
            ticket=ticket,
            rights=[(right, RIGHTS[right]) for right in NEEDED],
            who_may=WHO_MAY,
        )

    def consent(self, answer: Answer, *facts: str) -> web.Response:
        """Say what came of it; `facts` are sentences about this very case."""
        words = ANSWERS[answer]
        return self._page(
            "message.html",
            words.status,
            tone="good" if words.good else "attention",
            title=words.title,
            sentences=(words.happened, *facts),
            next_step=words.next_step,
        )

    def list_start(self, purpose: For, name: str, ticket: str) -> web.Response:
        """Say whose list is about to be downloaded, and which; one button."""
        return self._page(
            "list.html",
            200,
            name=name,
            ticket=ticket,
            lead=LISTS[purpose],
            action=purpose.value,
        )

    def role_start(self, name: str, ticket: str) -> web.Response:
        """Say whose role Microsoft is asked about; one button."""
        return self._page("role.html", 200, name=name, ticket=ticket)

    def what_holds(
        self, name: str, title: str, sentences: Sequence[str], confirming: Confirming | None
    ) -> web.Response:
        """Say what holds for somebody, and let them say no (None: they have)."""
        return self._page(
            "what-holds.html",
            200,
            name=name,
            title=title,
            sentences=sentences,
            confirming=confirming,
        )

    def not_known(self, purpose: For, why: NotKnown) -> web.Response:
        """Say why nothing came of it that somebody said who they are."""
        words = words_of(purpose, why)
        return self._page(
            "message.html",
            words.status,
            tone="attention",
            title=words.title,
            sentences=(words.happened,),
            next_step=NEXT_STEPS[purpose],
            again=f"{self._public_url}{NOT_FOR_ME}" if purpose is For.NOT_FOR_ME else "",
        )

    def away(self) -> web.Response:
        """Say that Redis can't be reached; nothing was used up."""
        return self._page(
            "message.html",
            AWAY.status,
            tone="attention",
            title=AWAY.title,
            sentences=(AWAY.happened,),
            next_step=AWAY_STEP,
        )

    def file(self, name: str, body: bytes) -> web.Response:
        """A file to be kept, never shown: nothing in it is run by the browser."""
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(
            body=body, content_type="text/csv", charset="utf-8", headers=self._headers | headers
        )

    def routes(self) -> list[web.AbstractRouteDef]:
        """The pages to read, for the application's route table."""

        async def page(request: web.Request) -> web.Response:
            title, lead, sections = ABOUT[request.path]
            return self._page("document.html", 200, title=title, lead=lead, sections=sections)

        async def privacy(_: web.Request) -> web.Response:
            title, lead, sections = ABOUT["/privacy"]
            return self._page(
                "document.html",
                200,
                title=title,
                lead=lead,
                sections=sections,
                again=f"{self._public_url}{NOT_FOR_ME}",
            )

        async def not_for_me(_: web.Request) -> web.Response:
            return self._page("not-for-me.html", 200, what_is_shown=SHOWN_UNASKED)

        handlers = dict.fromkeys(ABOUT, page) | {"/privacy": privacy, NOT_FOR_ME: not_for_me}
        return [*(web.get(path, handler) for path, handler in handlers.items()), _Elsewhere(self)]

    def not_found(self) -> web.Response:
        """Say that nothing is at this address."""
        title, happened, next_step = NOT_FOUND
        return self._page(
            "message.html",
            404,
            tone="attention",
            title=title,
            sentences=(happened,),
            next_step=next_step,
        )

    def refusal(self, reason: Refusal, *facts: str) -> web.Response:
        """Say why it did not work, then `facts` about this very case, and the next step."""
        explanation = REFUSALS[reason]
        return self._page(
            "message.html",
            explanation.status,
            tone="attention",
            title=explanation.title,
            sentences=(explanation.happened, *facts),
            next_step=explanation.next_step,
        )

    def not_ahead(self) -> web.Response:
        """Turn away a browser that only fetches ahead: it asks again when somebody goes there."""
        return web.Response(status=503, headers=self._headers)

    def redirect(self, target: str) -> web.Response:
        """Send the browser on with a GET."""
        return web.Response(status=303, headers=self._headers | {"Location": target})

    def _page(self, template: str, status: int, **values: object) -> web.Response:
        text = _templates().get_template(template).render(self._on_each | values)
        return web.Response(
            status=status, text=text, content_type="text/html", headers=self._headers
        )


class _Elsewhere(web.AbstractRouteDef, web.DynamicResource):
    """Every address that no route has, for browsers only: machines get the plain 404 or 405."""

    def __init__(self, pages: Pages) -> None:
        super().__init__("/{anything:.*}")
        self._pages = pages
        self._router: web.UrlDispatcher | None = None

    def register(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        """Add it to the route table."""
        self._router = router
        router.register_resource(self)
        return [self.add_route(method, self._answer) for method in sorted(READS)]

    async def resolve(self, request: web.Request) -> Match:
        """Match what a person may have typed or clicked, unless the address has another method."""
        html = "text/html" in request.headers.get(hdrs.ACCEPT, "")
        if request.method not in READS or not html or self._router is None:
            return None, set()
        for resource in self._router.resources():
            if resource is not self and (await resource.resolve(request))[1]:
                return None, set()
        return await super().resolve(request)

    async def _answer(self, _: web.Request) -> web.Response:
        return self._pages.not_found()


def _link(contact: str) -> tuple[str, str]:
    """Where a contact's link leads, and its words: the e-mail address, or the host."""
    if urlsplit(contact).scheme in {"http", "https"}:
        return contact, urlsplit(contact).netloc
    return f"mailto:{quote(contact, safe='@')}", contact
