"""What a test in the browser needs, and the plain reason when this machine lacks it."""

from __future__ import annotations

import os
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from sandbox.people import PEOPLE
from sandbox.playground import PlaygroundUnavailable, install
from sync.redis import keys
from sync.redis.connection import connect
from tests.e2e.chat_driver import LIMIT, Chat, new_chat, only_this_machine
from tests.e2e.product import Panel, Product, running_product
from tests.order import SHARING, scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from playwright.async_api import Browser

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_HERE = Path(__file__).parent
_SCREENSHOTS = _HERE.resolve().parents[1] / "build" / "screenshots"
_ARGUMENTS = [
    # Tests run as root in containers, where Chromium's own sandbox can't start.
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    # A browser that leaves the machine alone: no updates, no sync, no proxy, no other host.
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--no-proxy-server"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

_MOST_CARDS = 8
"""With more of them, the next test begins on an empty page: the client draws every card anew with
everything that happens, which after fifty cards takes ten times as long as at first."""


class OpenChat(Protocol):
    """Opens the chat client at an address, each time as a browser of its own."""

    async def __call__(self, url: str) -> Chat: ...


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Two processes would each start a product for what is shared."""
    for item in items:
        if "product" in item.fixturenames and item.path.is_relative_to(_HERE):
            assert scope(item.nodeid) == SHARING, f"tests.order.TOGETHER lacks {item.path.name}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the product said last."""
    report = yield
    product = item.funcargs.get("product")
    if report.failed and isinstance(product, Product):
        report.sections.append(("product", "\n".join(product.output.splitlines()[-20:])))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the browser and the product after the last test here: idle, they need a lot of CPU."""
    if nextitem is not None and not nextitem.path.is_relative_to(_HERE):
        item.session._setupstate.teardown_exact(None)  # fixtures of the session, too


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium: `CHROMIUM`, or the first that is on the PATH."""
    candidates = (os.environ.get("CHROMIUM", ""), *_BROWSERS)
    for candidate in candidates:
        found = shutil.which(candidate) if candidate else None
        if found:
            return found
    pytest.skip(f"no Chromium: none of {', '.join(_BROWSERS)} is on the PATH (or set CHROMIUM)")


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder that keeps the pictures."""
    _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return _SCREENSHOTS


# All tests of this folder share one event loop and one browser; those of the product share one
# running product, too: each start takes seconds.


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chat_client(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The chat client is installed."""
    try:
        await install(tmp_path_factory.mktemp("npm") / "npm.log")
    except PlaygroundUnavailable as error:
        pytest.skip(f"no chat client: {error}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A browser without a window."""
    expect.set_options(timeout=LIMIT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_chat(
    chat_client: None, browser: Browser, screenshots: Path
) -> AsyncIterator[OpenChat]:
    """Open the chat client as a person would."""
    async with AsyncExitStack() as chats:

        async def opened(url: str) -> Chat:
            chat = await chats.enter_async_context(new_chat(browser, screenshots))
            await chat.open(url)
            return chat

        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def product(
    chat_client: None, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """A product that Ada uses; what a test needs of her it brings about itself."""
    async with running_product(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_chat(product: Product, browser: Browser, screenshots: Path) -> AsyncIterator[Chat]:
    async with new_chat(browser, screenshots) as chat:
        await chat.open(product.chat_url)
        yield chat


@pytest_asyncio.fixture(loop_scope="session")
async def chat(shared_chat: Chat, product: Product) -> AsyncIterator[Chat]:
    """Ada's personal chat. What she chooses for herself, the next test must not find."""
    if await shared_chat.cards() > _MOST_CARDS:
        await shared_chat.open(product.chat_url)
    await shared_chat.go_to("Personal Chat")
    yield shared_chat
    for page in shared_chat.page.context.pages:
        if page is not shared_chat.page:
            await page.close()
    async with connect(f"unix://{product.redis_socket()}") as redis:
        chosen = await redis.hmget(keys.person(PEOPLE[0].object_id), ["style", "paused"])
    assert chosen == [None, None], "she has chosen for herself"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_panel(product: Product, browser: Browser) -> AsyncIterator[Panel]:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900},
        reduced_motion="reduce",  # pictures must not catch a colour on its way
    )
    await only_this_machine(context)
    yield await Panel.open(await context.new_page(), product.panel_url, PEOPLE[0])
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def panel(shared_panel: Panel) -> Panel:
    """Ada on the sandbox panel: offline everywhere."""
    await shared_panel.teams("closed")
    await shared_panel.by_hand("None")
    await shared_panel.zoom("Offline")
    return shared_panel
