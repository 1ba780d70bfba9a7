"""Connecting in the browser, end to end: our pages, the real MSAL, a stand-in for Microsoft."""

import asyncio
import hashlib
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
import trustme
from aiohttp import web
from cryptography.fernet import Fernet
from yarl import URL

from bot.sign_in.attempt import ATTEMPTS, TTL, Attempt, Outcome
from bot.sign_in.flow import SignIn
from bot.sign_in.pages import Pages
from bot.sign_in.store import SignInRow
from bot.teams.activity import ConversationReference
from domain.refusal import Refusal
from sync.connect.linking import SignInOver
from sync.connect.vault import Vault
from sync.microsoft.authorization import Authorization, Grant
from tests.doubles.entra import ADA, BEN, CLIENT, SECRET, TENANT, Entra, running_entra
from wording.refusals import REFUSALS

CA = trustme.CA()
CONNECTED = Outcome(True, "Connected", ("Your Zoom presence now shows in Microsoft 365.",))
ATTEMPT = Attempt(
    tenant_id=TENANT,
    object_id=ADA,
    name="Ada Lindqvist",
    conversation=ConversationReference(
        "https://smba.trafficmanager.net/emea/", "a:1", "28:bot", "msteams", TENANT
    ),
    card_id="card-1",
)


@dataclass
class Shelf:
    """Attempts in memory, with their time to live (see bot.sign_in.store)."""

    now: float = 0.0
    rows: dict[str, tuple[float, SignInRow]] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    broken: bool = False

    async def begin(self, object_id: str, key: str, attempt: str) -> None:
        await self.over(object_id, "replaced")
        self.rows[key] = (self.now + TTL, SignInRow(attempt=attempt))
        self.live[object_id] = key

    async def read(self, key: str) -> SignInRow | None:
        if self.broken:
            raise ConnectionError("the store is down")
        ends, row = self.rows.get(key, (0.0, None))
        return row if self.now < ends else None

    async def bind(self, key: str, browser: str) -> str | None:
        row = await self.read(key)
        if row is not None and row.over is None and row.browser is None:
            self.rows[key] = (self.now + TTL, replace(row, browser=browser))
        return await self.first(key, "browser", browser)

    async def keep_flow(self, key: str, flow: str) -> str | None:
        return await self.first(key, "flow", flow)

    async def first(self, key: str, name: str, value: str) -> str | None:
        row = await self.read(key)
        if row is None or row.over is not None:
            return None
        there = str(getattr(row, name) or value)
        self.rows[key] = (self.rows[key][0], replace(row, **{name: there}))
        return there

    async def take(self, key: str) -> Callable[[], Awaitable[None]] | None:
        async def let_go() -> None:
            self.taken.discard(key)

        first = key not in self.taken
        self.taken.add(key)
        return let_go if first else None

    async def finish(self, key: str, result: str) -> bool:
        if await self.first(key, "result", result) != result:
            return False
        ends, row = self.rows[key]
        self.rows[key] = (ends, replace(row, attempt=None, flow=None))
        return True

    async def is_live(self, object_id: str, key: str) -> bool:
        return self.live.get(object_id) == key

    async def end(self, object_id: str) -> bool:
        return await self.over(object_id, "ended")

    async def over(self, object_id: str, why: str) -> bool:
        key = self.live.pop(object_id, "")
        row = await self.read(key)
        if row is None or row.result is not None:
            return False
        self.rows[key] = (self.rows[key][0], SignInRow(over=why))
        return True


@dataclass
class House:
    """The sign-in served on a port, and what it told the rest of the product."""

    url: str
    entra: Entra
    shelf: Shelf
    sign_in: SignIn
    granted: list[tuple[Attempt, Grant]]
    refused: list[tuple[Attempt, Refusal]]
    counted: list[str]
    outcome: Outcome | Exception = CONNECTED
    chat_is_down: bool = False
    meanwhile: Callable[[], Awaitable[None]] = field(default=lambda: asyncio.sleep(0))
    """What happens while Microsoft has answered and the link is being made."""

    async def link(self, attempt: Attempt = ATTEMPT) -> str:
        return await self.sign_in.new_ticket(attempt)


@dataclass(frozen=True)
class Seen:
    """A page as the browser shows it."""

    status: int
    url: URL
    text: str
    headers: dict[str, str]

    @property
    def words(self) -> str:
        return " ".join(unescape(re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", self.text)).split())


class Browser:
    """Follows redirects, keeps cookies, submits the one form of a page, as people's browsers do."""

    def __init__(self) -> None:
        trust = ssl.create_default_context(cadata=CA.cert_pem.bytes().decode())
        self.session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(ssl=trust)
        )

    async def get(self, url: str, **kwargs: object) -> Seen:
        return await self.request("GET", url, **kwargs)

    async def request(self, method: str, url: str, **kwargs: object) -> Seen:
        async with self.session.request(method, url, **kwargs) as answer:  # type: ignore[arg-type]
            return Seen(answer.status, answer.url, await answer.text(), dict(answer.headers))

    async def press(self, page: Seen, **kwargs: object) -> Seen:
        """Press the button of the start page."""
        action = re.search(r'<form method="post" action="([^"]+)"', page.text)
        ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
        assert action is not None
        assert ticket is not None
        target = str(page.url.with_query(None).join(URL(action[1])))
        return await self.request("POST", target, data={"ticket": ticket[1]}, **kwargs)

    async def connect(self, link: str) -> Seen:
        return await self.press(await self.get(link))

    async def way_back(self, link: str) -> str:
        """Sign in at Microsoft, but stop before the address it sends the browser to."""
        page = await self.press(await self.get(link), allow_redirects=False)
        at_microsoft = await self.get(page.headers["Location"], allow_redirects=False)
        return at_microsoft.headers["Location"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    await browser.session.close()


@asynccontextmanager
async def stranger() -> AsyncIterator[Browser]:
    """Another browser."""
    browser = Browser()
    try:
        yield browser
    finally:
        await browser.session.close()


def tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("127.0.0.1").configure_cert(context)
    return context


@asynccontextmanager
async def serving(
    tmp_path: Path, *, tls: bool = False, local: bool = False
) -> AsyncIterator[House]:
    bundle = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(bundle))
    context = tls_context() if tls else None
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"{'https' if tls else 'http'}://127.0.0.1:{listening.getsockname()[1]}"
    async with running_entra(context) as entra:
        entra.redirect_uri = f"{url}/auth/microsoft/callback"
        authorization = Authorization(
            client_id=CLIENT,
            client_secret=SECRET,
            tenant_id=TENANT,
            login_url=entra.base,
            scopes=["Presence.ReadWrite", "Presence.Read", "User.Read"],
            redirect_uri=entra.redirect_uri,
            verify=str(bundle),
        )
        shelf = Shelf()

        async def on_grant(attempt: Attempt, grant: Grant, key: str) -> Outcome:
            await house.meanwhile()
            if not await shelf.is_live(attempt.object_id, key):
                raise SignInOver
            del shelf.live[attempt.object_id]
            house.granted.append((attempt, grant))
            if isinstance(house.outcome, Exception):
                raise house.outcome
            return house.outcome

        async def on_refusal(attempt: Attempt, reason: Refusal) -> None:
            house.refused.append((attempt, reason))
            if house.chat_is_down:
                raise ConnectionError("no chat")

        counted: list[str] = []
        sign_in = SignIn(
            public_url=url,
            authorization=authorization,
            attempts=shelf,
            vault=Vault([Fernet.generate_key().decode()]),
            on_grant=on_grant,
            on_refusal=on_refusal,
            on_outcome=counted.append,
            pages=Pages(
                public_url=url,
                login_origin=authorization.login_origin,
                contact="it-help@example.com",
                chat="https://teams.example.com/chat",
                local=local,
            ),
            patience=5,
        )
        house = House(url, entra, shelf, sign_in, [], [], counted)
        app = web.Application()
        app.add_routes([*sign_in.routes(), *sign_in.pages.routes()])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, listening, ssl_context=context).start()
        try:
            yield house
        finally:
            await runner.cleanup()
            authorization.close()


@pytest.fixture(name="house")
async def house_on_http(tmp_path: Path) -> AsyncIterator[House]:
    async with serving(tmp_path) as house:
        yield house


def says(page: Seen, reason: Refusal) -> bool:
    explanation = REFUSALS[reason]
    return page.status == explanation.status and all(
        sentence in page.words
        for sentence in (explanation.title, explanation.happened, explanation.next_step)
    )


# --- the whole way


@pytest.mark.parametrize("tls", [True, False])
async def test_a_person_connects(tmp_path: Path, browser: Browser, tls: bool) -> None:
    async with serving(tmp_path, tls=tls) as house:
        page = await browser.connect(await house.link())
    assert page.status == 200
    assert "Connected" in page.words
    assert "You can close this page." in page.words
    [(attempt, grant)] = house.granted
    assert attempt == ATTEMPT
    assert grant.identity.object_id == ADA
    assert house.counted == ["started", "connected"]
    assert house.refused == []


async def test_a_form_post_answer_leads_to_the_same_end(house: House, browser: Browser) -> None:
    back = urlsplit(await browser.way_back(await house.link()))
    target = f"{house.url}/auth/microsoft/callback"
    fields = {key: values[0] for key, values in parse_qs(back.query).items()}
    stranger = Browser()  # a cross-site POST carries no Lax cookies
    try:
        bounced = await stranger.request(
            "POST",
            target,
            data=fields | {"unknown": "x", "error_description": "x" * 3000},
            allow_redirects=False,
        )
    finally:
        await stranger.session.close()
    assert bounced.status == 303
    assert bounced.headers["Location"].startswith(target + "?")
    assert "unknown" not in bounced.headers["Location"]
    page = await browser.get(bounced.headers["Location"])
    assert "Connected" in page.words


async def test_the_product_decides_what_a_grant_leads_to(house: House, browser: Browser) -> None:
    house.outcome = Outcome(False, "No Zoom user found", ("Zoom has nobody at ada@example.com.",))
    page = await browser.connect(await house.link())
    assert page.status == 200
    assert "Zoom has nobody at ada@example.com." in page.words
    assert "You can close this page" not in page.words
    assert house.counted == ["started", "failed"]


async def test_when_the_product_fails_the_person_still_gets_an_answer(
    house: House, browser: Browser
) -> None:
    house.outcome = ConnectionError("the store is down")
    page = await browser.connect(await house.link())
    assert says(page, Refusal.OUR_FAULT)
    assert house.refused == [(ATTEMPT, Refusal.OUR_FAULT)]


# --- the link


async def test_opening_the_link_many_times_uses_up_nothing(house: House, browser: Browser) -> None:
    link = await house.link()
    for method in ("GET", "HEAD") * 5:
        page = await browser.request(method, link)
        assert page.status == 200
    assert house.entra.paths == []
    assert "Connected" in (await browser.connect(link)).words


async def test_the_start_page_says_who_connects_and_works_without_script(
    house: House, browser: Browser
) -> None:
    page = await browser.get(await house.link())
    assert "Connect Ada Lindqvist" in page.words
    assert "Reads your mail, calendar, chats or files" in page.words
    assert "Overrides a status you set yourself" in page.words
    assert "<script" not in page.text
    assert '<html lang="en">' in page.text
    assert "Local mode" not in page.words


async def test_a_link_is_for_one_browser(house: House, browser: Browser) -> None:
    link = await house.link()
    async with stranger() as other:
        elsewhere = await other.get(link)
        start = await browser.get(link)
        await browser.press(start)
        assert says(await other.press(elsewhere), Refusal.USED)
        assert says(await other.get(link), Refusal.USED)
    assert len(house.granted) == 1


async def test_of_many_browsers_that_press_at_once_one_gets_through(house: House) -> None:
    link = await house.link()
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(stranger()) for _ in range(6)]
        starts = [await one.get(link) for one in browsers]
        pages = await asyncio.gather(
            *(
                one.press(start, allow_redirects=False)
                for one, start in zip(browsers, starts, strict=True)
            )
        )
    assert sorted(page.status for page in pages) == [303] + [410] * 5
    assert house.counted.count("started") == 1


async def test_continue_pressed_many_times_goes_on_in_the_same_browser(
    house: House, browser: Browser
) -> None:
    start = await browser.get(await house.link())
    pages = await asyncio.gather(*(browser.press(start, allow_redirects=False) for _ in range(5)))
    [target] = {page.headers["Location"] for page in pages}
    assert {page.status for page in pages} == {303}
    assert house.counted == ["started"]
    assert "Connected" in (await browser.get(target)).words
    assert len(house.granted) == 1


async def test_continue_pressed_twice_without_the_first_cookie(
    house: House, browser: Browser
) -> None:
    """Some clients open the form only: then the first answer brings the cookie."""
    start = await browser.get(await house.link())
    browser.session.cookie_jar.clear()
    assert (await browser.press(start, allow_redirects=False)).status == 303
    assert "Connected" in (await browser.press(start)).words


async def test_back_from_microsoft_and_again(house: House, browser: Browser) -> None:
    link = await house.link()
    first = await browser.way_back(link)
    again = await browser.way_back(link)  # the same start page, opened anew
    assert "Connected" in (await browser.get(again)).words
    assert "Connected" in (await browser.get(first)).words
    assert "Connected" in (await browser.get(link)).words
    assert len(house.granted) == 1
    assert house.counted == ["started", "connected"]


async def test_back_and_again_works_for_twenty_minutes_at_most(
    house: House, browser: Browser
) -> None:
    link = await house.link()
    start = await browser.get(link)
    house.shelf.now += TTL - 1
    await browser.press(start, allow_redirects=False)
    house.shelf.now += TTL - 1
    assert (await browser.press(start, allow_redirects=False)).status == 303
    house.shelf.now += 1
    assert says(await browser.press(start), Refusal.EXPIRED)


async def test_opening_the_page_does_not_give_the_link_to_a_browser(
    house: House, browser: Browser
) -> None:
    link = await house.link()
    async with stranger() as scanner:
        assert (await scanner.get(link)).status == 200
    assert "Connected" in (await browser.connect(link)).words


async def test_a_link_that_is_replaced_while_continue_is_pressed(
    house: House, browser: Browser
) -> None:
    start = await browser.get(await house.link())
    bind = house.shelf.bind

    async def too_late(key: str, browser: str) -> str | None:
        await house.link()
        return await bind(key, browser)

    house.shelf.bind = too_late  # type: ignore[method-assign]
    assert says(await browser.press(start), Refusal.REPLACED)


async def test_only_the_newest_link_works(house: House, browser: Browser) -> None:
    older = await house.link()
    start = await browser.get(older)
    newest = await house.link()
    assert says(await browser.get(older), Refusal.REPLACED)
    assert says(await browser.press(start), Refusal.REPLACED)
    assert "Connected" in (await browser.connect(newest)).words


async def test_links_of_others_are_not_touched(house: House, browser: Browser) -> None:
    mine = await house.link()
    await house.link(replace(ATTEMPT, object_id=BEN))
    assert "Connected" in (await browser.connect(mine)).words


async def test_what_ends_the_attempt_ends_it_at_microsoft_too(
    house: House, browser: Browser
) -> None:
    link = await house.link()
    back = await browser.way_back(link)
    assert await house.sign_in.end(ADA)
    assert not await house.sign_in.end(ADA)
    for address in (back, link):
        assert says(await browser.get(address), Refusal.ENDED)
    assert house.entra.grants == []
    assert (house.granted, house.refused) == ([], [])
    assert ATTEMPT.name not in repr(house.shelf.rows)


async def test_what_ends_while_microsoft_answers_connects_nobody(
    house: House, browser: Browser
) -> None:
    async def removed() -> None:
        await house.sign_in.end(ADA)

    house.meanwhile = removed
    page = await browser.connect(await house.link())
    assert says(page, Refusal.ENDED)
    assert (house.granted, house.refused) == ([], [])
    assert says(await browser.get(str(page.url)), Refusal.ENDED)


async def test_a_newer_link_wins_over_one_that_microsoft_answers(
    house: House, browser: Browser
) -> None:
    async def asked_again() -> None:
        await house.link()

    house.meanwhile = asked_again
    assert says(await browser.connect(await house.link()), Refusal.REPLACED)
    assert house.granted == []


async def test_a_refusal_that_comes_after_the_end_is_not_told_in_the_chat(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    house.entra.token_error = (400, {"error": "invalid_grant", "error_codes": [53003]}, {})
    finish = house.shelf.finish

    async def too_late(key: str, result: str) -> bool:
        await house.sign_in.end(ADA)
        return await finish(key, result)

    house.shelf.finish = too_late  # type: ignore[method-assign]
    assert says(await browser.get(back), Refusal.ENDED)
    assert house.refused == []


async def test_a_link_expires(house: House, browser: Browser) -> None:
    link = await house.link()
    start = await browser.get(link)
    house.shelf.now += TTL
    assert says(await browser.get(link), Refusal.EXPIRED)
    assert says(await browser.press(start), Refusal.EXPIRED)
    assert house.counted == ["expired", "expired"]


async def test_a_sign_in_at_microsoft_may_take_ten_minutes(house: House, browser: Browser) -> None:
    back = await browser.way_back(await house.link())
    house.shelf.now += TTL
    assert says(await browser.get(back), Refusal.EXPIRED)
    assert house.entra.grants == []


async def test_neither_ticket_nor_flow_is_stored_readable(house: House, browser: Browser) -> None:
    link = await house.link()
    ticket = parse_qs(urlsplit(link).query)["ticket"][0]
    back = await browser.way_back(link)
    state = parse_qs(urlsplit(back).query)["state"][0]
    stored = repr(house.shelf.rows)
    for secret in (ticket, state, "code_verifier", "nonce"):
        assert secret not in stored


@pytest.mark.parametrize(
    "query", ["", "?ticket=", "?ticket=short", "?ticket=" + "a" * 44, "?ticket=a%00b", "?other=1"]
)
async def test_a_damaged_link_is_explained(house: House, browser: Browser, query: str) -> None:
    page = await browser.get(f"{house.url}/auth/microsoft/start{query}")
    assert says(page, Refusal.INCOMPLETE)


async def test_two_tickets_at_once_are_not_a_link(house: House, browser: Browser) -> None:
    link = await house.link()
    ticket = urlsplit(link).query
    assert says(await browser.get(f"{link}&{ticket}"), Refusal.INCOMPLETE)


async def test_a_stored_attempt_of_another_version_is_an_expired_link(
    house: House, browser: Browser
) -> None:
    link = await house.link()
    for key in house.shelf.rows:
        house.shelf.rows[key] = (TTL, SignInRow(attempt='{"version": 9}'))
    assert says(await browser.get(link), Refusal.EXPIRED)


# --- whose browser, whose account


async def test_another_browser_cannot_finish_and_uses_up_nothing(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    other = Browser()
    try:
        assert says(await other.get(back), Refusal.OTHER_BROWSER)
    finally:
        await other.session.close()
    assert house.entra.grants == []
    assert "Connected" in (await browser.get(back)).words


async def test_a_forged_cookie_cannot_finish_and_uses_up_nothing(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    name = next(cookie.key for cookie in browser.session.cookie_jar)
    async with stranger() as other:
        page = await other.get(back, cookies={name: "A" * 43})
    assert says(page, Refusal.OTHER_BROWSER)
    assert "Connected" in (await browser.get(back)).words


async def test_a_forged_state_leads_nowhere(house: House, browser: Browser) -> None:
    back = URL(await browser.way_back(await house.link()))
    forged = back.update_query(state="A" * 43)
    assert says(await browser.get(str(forged)), Refusal.EXPIRED)
    assert house.entra.grants == []


async def test_two_people_sign_in_in_one_browser(house: House, browser: Browser) -> None:
    first = await browser.way_back(await house.link())
    house.entra.object_id = BEN
    second = await browser.way_back(await house.link(replace(ATTEMPT, object_id=BEN)))
    assert "Connected" in (await browser.get(second)).words
    house.entra.object_id = ADA
    assert "Connected" in (await browser.get(first)).words


async def test_loading_the_last_page_again_shows_it_again(house: House, browser: Browser) -> None:
    page = await browser.connect(await house.link())
    assert (await browser.get(str(page.url))).words == page.words
    assert len(house.granted) == 1
    assert house.counted == ["started", "connected"]
    async with stranger() as other:
        assert says(await other.get(str(page.url)), Refusal.OTHER_BROWSER)


async def test_a_refusal_is_shown_again_with_its_facts_and_told_once(
    house: House, browser: Browser
) -> None:
    house.entra.object_id, house.entra.upn = BEN, "ben@example.com"
    page = await browser.connect(await house.link())
    again = await browser.get(str(page.url))
    assert (again.status, again.words) == (page.status, page.words)
    assert "You signed in as ben@example.com." in again.words
    assert len(house.refused) == 1
    assert "ben@example.com" not in repr(house.shelf.rows)


async def test_of_many_ways_back_at_once_all_see_that_it_connected(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    pages = await asyncio.gather(*(browser.get(back) for _ in range(5)))
    assert [page.status for page in pages] == [200] * 5
    assert all("Connected" in page.words for page in pages)
    assert len(house.granted) == 1
    assert house.entra.count("authorization_code") == 1


async def test_whoever_waits_too_long_is_told_so(house: House, browser: Browser) -> None:
    back = await browser.way_back(await house.link())
    state = parse_qs(urlsplit(back).query)["state"][0]
    await house.shelf.take(hashlib.sha256(state.encode()).hexdigest())
    house.sign_in.patience = 0.2
    assert says(await browser.get(back), Refusal.UNDER_WAY)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
    ],
)
async def test_fetching_ahead_finishes_nothing(
    house: House, browser: Browser, headers: dict[str, str]
) -> None:
    back = await browser.way_back(await house.link())
    page = await browser.get(back, headers=headers)
    assert page.status == 503
    assert page.headers["Cache-Control"] == "no-store"
    assert house.entra.grants == []
    assert "Connected" in (await browser.get(back)).words


async def test_a_link_whose_person_is_connected_by_a_process_that_died(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    house.shelf.live.clear()  # connected; but nobody could keep what the page said
    assert says(await browser.get(back), Refusal.USED)
    assert house.refused == []


@pytest.mark.parametrize(
    ("object_id", "tenant_id"), [(BEN, TENANT), (ADA, BEN), (ADA.replace("1", "f"), TENANT)]
)
async def test_only_the_account_of_the_chat_may_connect(
    house: House, browser: Browser, object_id: str, tenant_id: str
) -> None:
    house.entra.object_id, house.entra.tenant_id = object_id, tenant_id
    house.entra.upn = "ben@example.com"
    page = await browser.connect(await house.link())
    assert says(page, Refusal.WRONG_ACCOUNT)
    assert "You signed in as ben@example.com." in page.words
    assert "This chat belongs to Ada Lindqvist." in page.words
    assert house.granted == []
    assert house.refused == [(ATTEMPT, Refusal.WRONG_ACCOUNT)]
    assert house.counted == ["started", "wrong_account"]


async def test_after_a_wrong_account_microsoft_asks_which_one(
    house: House, browser: Browser
) -> None:
    house.entra.object_id = BEN
    await browser.connect(await house.link())
    assert "prompt" not in house.entra.last_authorize
    house.entra.object_id = ADA
    page = await browser.connect(await house.link())
    assert house.entra.last_authorize["prompt"] == "select_account"
    assert "Connected" in page.words
    await browser.connect(await house.link())
    assert "prompt" not in house.entra.last_authorize


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_another_website_cannot_start_a_sign_in(
    house: House, browser: Browser, headers: dict[str, str]
) -> None:
    start = await browser.get(await house.link())
    page = await browser.press(start, headers=headers)
    assert says(page, Refusal.FOREIGN_FORM)
    assert "Connected" in (await browser.press(start)).words


async def test_the_form_of_our_own_page_is_accepted_as_browsers_send_it(
    house: House, browser: Browser
) -> None:
    for headers in (
        {"Origin": house.url, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null"},
    ):
        page = await browser.press(await browser.get(await house.link()), headers=headers)
        assert page.status == 200


# --- what Microsoft may say


@pytest.mark.parametrize(
    ("error", "reason", "count"),
    [
        ({"error": "access_denied", "error_subcode": "cancel"}, Refusal.DECLINED, "declined"),
        (
            {"error": "access_denied", "error_description": "AADSTS90094: admin"},
            Refusal.ADMIN_APPROVAL_NEEDED,
            "admin_needed",
        ),
        (
            {"error": "access_denied", "error_description": "AADSTS53003: policy"},
            Refusal.BLOCKED_BY_POLICY,
            "failed",
        ),
        (
            {"error": "interaction_required", "error_description": "AADSTS530003: managed"},
            Refusal.BLOCKED_BY_POLICY,
            "failed",
        ),
        (
            {"error": "temporarily_unavailable"},
            Refusal.MICROSOFT_UNREACHABLE,
            "failed",
        ),
        ({"error": "invalid_scope"}, Refusal.NOT_SET_UP, "admin_needed"),
        ({"error": "<b>new</b>"}, Refusal.UNKNOWN, "failed"),
    ],
)
async def test_each_refusal_has_its_own_words_on_the_page_and_in_the_chat(
    house: House, browser: Browser, error: dict[str, str], reason: Refusal, count: str
) -> None:
    house.entra.redirect_error = error
    page = await browser.connect(await house.link())
    assert says(page, reason)
    assert house.refused == [(ATTEMPT, reason)]
    assert house.counted == ["started", count]
    assert "<b>" not in page.text


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (530003, Refusal.BLOCKED_BY_POLICY),
        (50158, Refusal.MORE_NEEDED),
        (50055, Refusal.NEW_PASSWORD_NEEDED),
        (50057, Refusal.ACCOUNT_DISABLED),
        (50053, Refusal.ACCOUNT_LOCKED),
        (50020, Refusal.ACCOUNT_UNKNOWN),
        (70043, Refusal.SIGN_IN_TOO_OLD),
        (90033, Refusal.MICROSOFT_UNREACHABLE),
    ],
)
async def test_a_refused_code_is_not_called_an_expired_link(
    house: House, browser: Browser, number: int, reason: Refusal
) -> None:
    house.entra.token_error = (400, {"error": "invalid_grant", "error_codes": [number]}, {})
    assert says(await browser.connect(await house.link()), reason)
    assert house.refused == [(ATTEMPT, reason)]


async def test_a_missing_permission_is_explained(house: House, browser: Browser) -> None:
    house.entra.granted = "User.Read"
    assert says(await browser.connect(await house.link()), Refusal.MISSING_SCOPES)
    assert house.granted == []


async def test_a_code_that_was_redeemed_elsewhere_is_an_expired_link(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    house.entra.token_error = (400, {"error": "invalid_grant", "error_codes": [54005]}, {})
    assert says(await browser.get(back), Refusal.EXPIRED)
    assert house.counted == ["started", "expired"]


async def test_a_chat_that_cannot_be_told_does_not_break_the_page(
    house: House, browser: Browser
) -> None:
    house.chat_is_down = True
    house.entra.redirect_error = {"error": "access_denied"}
    assert says(await browser.connect(await house.link()), Refusal.DECLINED)


async def test_microsoft_being_down_at_the_start_leaves_the_link_usable(
    house: House, browser: Browser
) -> None:
    start = await browser.get(await house.link())
    house.entra.metadata_error = (503, "")
    assert says(await browser.press(start), Refusal.MICROSOFT_UNREACHABLE_YET)
    house.entra.metadata_error = None
    assert "Connected" in (await browser.press(start)).words


async def test_microsoft_being_down_at_the_end_is_told(house: House, browser: Browser) -> None:
    back = await browser.way_back(await house.link())
    house.entra.token_error = (503, "", {})
    assert says(await browser.get(back), Refusal.MICROSOFT_UNREACHABLE)
    assert house.refused == [(ATTEMPT, Refusal.MICROSOFT_UNREACHABLE)]


async def test_whoever_comes_again_when_microsoft_is_back_goes_on(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    house.entra.token_error = (503, "", {})
    assert says(await browser.get(back), Refusal.MICROSOFT_UNREACHABLE)
    async with stranger() as other:
        assert says(await other.get(back), Refusal.OTHER_BROWSER)
    house.entra.token_error = None
    assert "Connected" in (await browser.get(back)).words
    assert len(house.granted) == 1


async def test_a_registration_that_microsoft_refuses_is_the_admins_matter(
    house: House, browser: Browser
) -> None:
    start = await browser.get(await house.link())
    house.entra.metadata_error = (400, '{"error": "invalid_tenant"}')
    assert says(await browser.press(start), Refusal.NOT_SET_UP)


# --- what anybody may send


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=",
        "code=x",
        "state=%3Cscript%3E",
        "state=" + "A" * 43 + "&state=" + "A" * 43,
        "code=" + "x" * 5000 + "&state=" + "A" * 43,
        "error=x&error=y&state=" + "A" * 43,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_odd_way_back_is_explained(
    house: House, browser: Browser, method: str, query: str
) -> None:
    target = f"{house.url}/auth/microsoft/callback"
    if method == "GET":
        page = await browser.get(f"{target}?{query}")
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        page = await browser.request("POST", target, data=query, headers=form)
    assert says(page, Refusal.INCOMPLETE)


@pytest.mark.parametrize("path", ["start", "callback"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x=" + b"y" * 20_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", "multipart/form-data; boundary=x"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"x=y", "application/x-www-form-urlencoded; charset=nonsense"),
    ],
)
async def test_an_odd_form_is_explained(
    house: House, browser: Browser, path: str, body: bytes, content_type: str
) -> None:
    page = await browser.request(
        "POST",
        f"{house.url}/auth/microsoft/{path}",
        data=body,
        headers={"Content-Type": content_type},
    )
    assert says(page, Refusal.INCOMPLETE)


async def test_a_scanner_that_only_asks_for_headers_does_not_finish_a_sign_in(
    house: House, browser: Browser
) -> None:
    back = await browser.way_back(await house.link())
    assert (await browser.request("HEAD", back)).status == 405
    assert "Connected" in (await browser.get(back)).words


async def test_a_name_is_shown_as_text(house: House, browser: Browser) -> None:
    name = '<script>alert(1)</script> & "O\'Brien" {{ 7*7 }}'
    page = await browser.get(await house.link(replace(ATTEMPT, name=name)))
    assert "<script" not in page.text
    assert name in page.words

    house.entra.object_id, house.entra.upn = BEN, "<img src=x onerror=alert(1)>"
    page = await browser.connect(await house.link())
    assert "<img" not in page.text
    assert house.entra.upn in page.words


async def test_a_store_that_is_down_gives_a_page_of_ours(house: House, browser: Browser) -> None:
    link = await house.link()
    house.shelf.broken = True
    assert says(await browser.get(link), Refusal.OUR_FAULT)


# --- headers


async def test_every_page_is_closed_to_scripts_frames_caches_and_referrers(
    house: House, browser: Browser
) -> None:
    link = await house.link()
    pages = [
        await browser.get(link),
        await browser.request("HEAD", link),
        await browser.get(f"{house.url}/auth/microsoft/start"),
        await browser.press(await browser.get(link), allow_redirects=False),
        await browser.connect(await house.link()),
    ]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        f"form-action 'self' https: {house.entra.base};"
        in pages[0].headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize("tls", [True, False])
async def test_the_browser_is_bound_with_a_narrow_cookie(
    tmp_path: Path, browser: Browser, tls: bool
) -> None:
    async with serving(tmp_path, tls=tls) as house:
        page = await browser.press(await browser.get(await house.link()), allow_redirects=False)
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-sign-in-" if tls else "sign-in-")
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/auth/microsoft", f"Max-Age={2 * TTL}"):
        assert attribute in cookie
    assert ("Secure;" in cookie or cookie.endswith("Secure")) is tls


async def test_local_mode_says_so_on_every_page(tmp_path: Path, browser: Browser) -> None:
    async with serving(tmp_path, local=True) as house:
        for page in (
            await browser.get(await house.link()),
            await browser.get(f"{house.url}/auth/microsoft/callback"),
            await browser.connect(await house.link()),
        ):
            assert "Local mode: a sandbox, nothing here is real" in page.words


# --- texts and data


def test_every_refusal_is_explained_and_says_what_to_do_next() -> None:
    assert set(REFUSALS) == set(Refusal)
    for explanation in REFUSALS.values():
        for sentence in (explanation.happened, explanation.next_step):
            assert sentence.endswith(".")
        assert not re.search(r"OAuth|AADSTS|token|consent|HTTP|tenant", repr(explanation))


def test_an_attempt_survives_being_stored() -> None:
    for attempt in (ATTEMPT, replace(ATTEMPT, name="山田 \u202e \U0001f600")):
        assert ATTEMPTS.load(ATTEMPTS.dump(attempt)) == attempt


@pytest.mark.parametrize(
    "change",
    [
        {"object_id": "not-a-guid"},
        {"object_id": ADA.replace("0", "A")},
        {"tenant_id": TENANT + "\n"},
        {"name": None},
        {"conversation": {}},
        {"conversation": "x"},
    ],
)
def test_a_damaged_attempt_is_none(change: dict[str, object]) -> None:
    damaged = json.dumps(json.loads(ATTEMPTS.dump(ATTEMPT)) | change)
    assert ATTEMPTS.load_if_good(damaged) is None


def test_what_a_later_version_adds_to_an_attempt_is_passed_over() -> None:
    later = json.dumps(json.loads(ATTEMPTS.dump(ATTEMPT)) | {"surplus": 1})
    assert ATTEMPTS.load(later) == ATTEMPT


async def test_a_link_leads_to_the_public_address(house: House) -> None:
    link = await house.link()
    assert re.fullmatch(
        re.escape(house.url) + r"/auth/microsoft/start\?ticket=[A-Za-z0-9_-]{43}", link
    )
    assert urlencode({"ticket": link[-43:]}) in link
