"""The web pages as people with different screens, keyboards and printers meet them; axe at zero."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from bot.identify.flow import Confirming
from bot.sign_in.attempt import Attempt, Outcome
from bot.sign_in.pages import Pages
from bot.teams.activity import ConversationReference
from domain.organisation import Answer
from domain.refusal import Refusal
from sandbox.coverage import Covered, Mark
from sandbox.npm import Unavailable, install
from sandbox.people import PEOPLE
from sandbox.server import WORLD, build_sandbox
from tests.e2e.chat_driver import only_this_machine
from tests.sandbox.support import authorize_url, config
from tests.sandbox.test_organisation import page as consent_page
from wording.identify import BY_ORGANISATION, For, NotKnown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

AXE = Path(__file__).with_name("axe") / "node_modules/axe-core/axe.min.js"
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that a dark screen can break; the others see no colours."""
NARROW = 320
CHAT = "https://teams.example.com/l/chat"
ATTEMPT = Attempt(
    tenant_id="tenant",
    object_id="ada",
    name="Ada Lindqvist",
    conversation=ConversationReference("https://x.example/", "a:1", "28:bot", "msteams", "tenant"),
    card_id="card",
)
OURS = (
    *("start", "connected", "refused", "", "privacy", "terms", "no/such/page"),
    *("organisation", "organisation-done", "organisation-refused"),
    *("not-for-me", "what-holds", "role", "not-known"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[TestServer]:
    """Our pages, and the sandbox's under their own addresses."""
    pages = Pages(
        public_url="http://127.0.0.1",
        login_origin="https://login.example.com",
        contact="https://help.example.com/sp?id=presence",
        chat=CHAT,
        local=True,
    )

    async def start(_: web.Request) -> web.Response:
        return pages.start(ATTEMPT, "ticket")

    async def connected(_: web.Request) -> web.Response:
        return pages.outcome(Outcome(True, "Connected", ("It works.",)))

    async def refused(_: web.Request) -> web.Response:
        return pages.refusal(Refusal.WRONG_ACCOUNT, "You signed in as ben@example.com.")

    async def organisation(_: web.Request) -> web.Response:
        return pages.ask_for_consent("Ada Lindqvist", "ticket")

    async def organisation_done(_: web.Request) -> web.Response:
        return pages.consent(Answer.AUTHORISED)

    async def organisation_refused(_: web.Request) -> web.Response:
        return pages.consent(Answer.WORKED_NOT, "The app is switched off in Entra.")

    async def what_holds(_: web.Request) -> web.Response:
        confirming = Confirming("http://127.0.0.1/auth/microsoft/not-for-me/confirm", "s", "t")
        return pages.what_holds("Ben Okafor", BY_ORGANISATION[0], BY_ORGANISATION[1:], confirming)

    async def role(_: web.Request) -> web.Response:
        return pages.role_start("Ben Okafor", "ticket")

    async def not_known(_: web.Request) -> web.Response:
        return pages.not_known(For.NOT_FOR_ME, NotKnown.OUTSIDER)

    app = web.Application()
    handlers = {"start": start, "connected": connected, "refused": refused}
    handlers |= {
        "organisation": organisation,
        "organisation-done": organisation_done,
        "organisation-refused": organisation_refused,
    }
    handlers |= {"what-holds": what_holds, "role": role, "not-known": not_known}
    app.add_routes([web.get(f"/{path}", handler) for path, handler in handlers.items()])
    app.add_routes(pages.routes())
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    # Our policy forbids scripts, which is what axe is.
    context = await browser.new_context(bypass_csp=True)
    await only_this_machine(context)
    yield await context.new_page()
    await context.close()


async def complaints(page: Page) -> list[str]:
    """What axe finds, in both schemes, and what sticks out on a small telephone."""
    try:
        await install(AXE.parents[2], AXE)
    except Unavailable as error:
        pytest.skip(f"no axe: {error}")
    found: list[str] = []
    await page.add_script_tag(path=AXE)
    for scheme in ("light", "dark"):
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",  # colours on their way are nobody's design
        )
        for width in (1000, NARROW):
            await page.set_viewport_size({"width": width, "height": 800})
            said = await page.evaluate(
                """(only) => axe.run({resultTypes: ["violations"], ...only}).then(done =>
                    done.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html).join(" ")}`))""",
                {} if scheme == "light" else {"runOnly": OF_COLOURS},
            )
            found += [f"{page.url} {scheme} {width}: {line}" for line in said]
            if await page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{page.url} {width}: sticks out sideways")
    return found


@pytest.mark.long
async def test_axe_finds_nothing_on_our_pages(page: Page, site: TestServer) -> None:
    found: list[str] = []
    for path in OURS:
        await page.goto(str(site.make_url(f"/{path}")))
        found += await complaints(page)
    assert found == []


async def everybody() -> list[Covered]:
    """Each of the marks beside somebody, and the longest words."""
    more = "Ada Lindqvist: INC0012345, on parental leave until the summer"
    return [
        Covered(person.object_id, person.name, person.mail, mark, f"It is {mark}", more)
        for person, mark in zip(PEOPLE, Mark, strict=False)
    ]


@pytest.mark.long
async def test_axe_finds_nothing_on_the_sandboxs_pages(page: Page) -> None:
    away = config(chat_url="http://127.0.0.1:9/", bot_endpoint="http://127.0.0.1:9/")
    sandbox = build_sandbox(away)
    sandbox[WORLD].coverage = everybody
    async with TestServer(sandbox) as server:
        found: list[str] = []
        await page.goto(str(server.make_url("/")))
        await page.get_by_test_id("coverage").locator("summary").press("Enter")
        await expect(page.get_by_role("row", name=PEOPLE[0].mail)).to_be_visible()
        found += await complaints(page)
        for path in (
            "/",
            "/cards",
            authorize_url(),
            authorize_url(redirect_uri="https://else.example"),
            consent_page(),
        ):
            await page.goto(str(server.make_url(path)))
            found += await complaints(page)
        await page.goto("about:blank")
    assert found == []


async def test_a_keyboard_reaches_everything_and_shows_where_it_is(
    page: Page, site: TestServer
) -> None:
    await page.goto(str(site.make_url("/refused")))
    reached = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus-visible")
        await expect(focused).to_have_css("outline-style", "solid")
        reached.append(await focused.inner_text())
    assert reached == ["Back to Teams", "Privacy", "Terms of use", "help.example.com"]


async def test_on_paper_is_what_there_is_to_read(page: Page, site: TestServer) -> None:
    await page.goto(str(site.make_url("/privacy")))
    await page.emulate_media(media="print", color_scheme="dark")
    for furniture in ("Local mode:", "Back to Teams", "Terms of use"):
        await expect(page.get_by_text(furniture)).to_be_hidden()
    for kept in (page.get_by_role("heading", name="Privacy"), page.get_by_text("Questions?")):
        await expect(kept).to_be_visible()
    body = page.locator("body")
    await expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    await expect(body).to_have_css("color", "rgb(0, 0, 0)")
