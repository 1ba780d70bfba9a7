"""Drives the chat client in a browser the way a person does: types, mentions, clicks, reads."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from playwright.async_api import Error as BrowserError
from playwright.async_api import FloatRect, ViewportSize, expect
from playwright.async_api import TimeoutError as BrowserTimeout

from tests.doubles.outside import UNASKED
from tests.e2e.portraits import KEPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, Locator, Page, Route

Place = Literal["Personal Chat", "Group Chat", "General", "Lounge"]
"""The conversations in the client's sidebar; the last two are channels of one team."""

_CHANNELS = ("General", "Lounge")
LIMIT = 30_000
"""Milliseconds for anything to appear, on a busy machine."""
_COMPOSER = "[data-lexical-editor=true]"
# The largest part of the page that holds a composer but not the list of conversations.
_PANE = (
    "xpath=(//*[@data-lexical-editor='true'])[last()]"
    "/ancestor::*[not(.//*[@role='treeitem'])][last()]"
)
_CARD = ".ac-adaptiveCard"
_TALL: ViewportSize = {"width": 1280, "height": 1500}  # the longest card fits
_STORY: ViewportSize = {"width": 1040, "height": 1500}  # without much empty ground
_UNASKED = re.compile("|".join(map(re.escape, UNASKED)))
_AUTHOR = 36  # CSS pixels that author and time take above a card
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


async def only_this_machine(context: BrowserContext) -> None:
    """Refuse every request that would leave this machine (the client asks a CDN for fonts)."""

    def leaves(url: str) -> bool:
        return urlsplit(url).hostname not in _LOOPBACK

    async def refuse(route: Route) -> None:
        with contextlib.suppress(BrowserError):  # a page that closes takes its requests with it
            await route.abort()

    await context.route(leaves, refuse)


@contextlib.asynccontextmanager
async def new_chat(browser: Browser, screenshots: Path) -> AsyncIterator[Chat]:
    """A chat in a browser profile of its own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        await only_this_machine(context)
        yield Chat(await context.new_page(), screenshots)
    finally:
        await context.close()


class Chat:
    """One person at the chat client.

    What does not appear in time is an AssertionError that shows what was there instead.
    """

    def __init__(self, page: Page, screenshots: Path) -> None:
        self.page = page
        self._screenshots = screenshots
        self._place: Place = "Personal Chat"

    async def open(self, url: str, color_scheme: Literal["light", "dark"] = "light") -> None:
        """Open the client, empty. Each time, it tells the bot anew that it was installed."""
        self._place = "Personal Chat"
        await self.page.emulate_media(color_scheme=color_scheme)
        async with self.page.expect_response(re.compile(r"/_debug/.*/installation$")):
            await self.page.goto(url)
        await self._composer.wait_for(timeout=LIMIT)
        # The log repeats what is said in the chat, and would be found instead of it.
        await self.page.get_by_title("Toggle Log Panel").click()
        await expect(self.page.get_by_text("Log Panel", exact=True)).to_be_hidden()

    async def go_to(self, place: Place) -> None:
        """Choose a conversation in the sidebar. The first visit installs the bot there."""
        entry = self.page.get_by_role("treeitem", name=re.compile(rf"(^|- ){re.escape(place)}$"))
        await entry.click(timeout=LIMIT)
        self._place = place
        await self._composer.wait_for(timeout=LIMIT)

    async def say(self, text: str) -> None:
        """Send a message. Outside the personal chat a bot hears only what mentions it."""
        await self._composer.click(timeout=LIMIT)
        await self.page.keyboard.insert_text(text)
        await self._send()

    async def ask(self, text: str, containing: str = "") -> Locator:
        """Send a message in the personal chat, and return the card that answers it.

        Unlike `last_card` after `say` it cannot take an older card for the answer, and what it
        returns stays that card when newer ones come. Where one may come unasked, say what the
        answer contains.
        """
        cards = self._pane.locator(_CARD)
        before = await cards.count()
        await self.say(text)
        await self._expect_visible(cards.nth(before), f"an answer to {text!r}", LIMIT)
        if not containing:
            return cards.nth(before)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT / 1000):
                while True:
                    for at in range(before, await cards.count()):
                        if await cards.nth(at).filter(has_text=containing).count():
                            return cards.nth(at)
                    await asyncio.sleep(0.05)
        raise await self._missing(f"{containing!r} in the answer to {text!r}", LIMIT)

    async def mention(self, text: str, name: str = "Presence Bridge") -> None:
        """Address the bot, as one does in a group chat; in a channel this starts a post."""
        await self._composer.click(timeout=LIMIT)
        await self.page.keyboard.type("@")
        await self.page.get_by_role("menuitem", name=name).click(timeout=LIMIT)
        await self.page.keyboard.insert_text(f" {text}")
        await self._send()

    async def wait_for_text(self, text: str | re.Pattern[str], limit: int = LIMIT) -> Locator:
        """Wait until the open conversation shows the text. `limit` is in milliseconds."""
        found = self._pane.get_by_text(text).last
        await self._expect_visible(found, f"{text!r}", limit)
        return found

    async def cards(self) -> int:
        """How many cards the page shows."""
        return await self.page.locator(_CARD).count()

    async def last_card(self, containing: str = "", limit: int = LIMIT) -> Locator:
        """Return the newest card, once it shows the text `containing`.

        A newer one that comes unasked and does not show it is passed over.
        """
        scope = self._pane
        if self._place in _CHANNELS:  # the newest post is on top
            has_card = self.page.locator(_CARD)
            scope = self._pane.get_by_role("group").filter(has=has_card).first
        cards = scope.locator(_CARD)
        await self._expect_visible(cards.last, "a card", limit)
        if not containing:
            return cards.last
        asked = cards.filter(has_not_text=_UNASKED).last
        wanted = cards.last.filter(has_text=containing).or_(asked.filter(has_text=containing)).last
        await self._expect_visible(wanted, f"{containing!r} in the newest card", limit)
        return wanted

    async def click(self, title: str) -> None:
        """Press a button of the newest card that has it."""
        button = await self._button(title)
        await button.click(timeout=LIMIT)

    async def open_link(self, title: str) -> Page:
        """Press a button of the newest card that opens a page, and return that page, loaded."""
        button = await self._button(title)
        async with self.page.context.expect_page() as opening:
            await button.click(timeout=LIMIT)
        page = await opening.value
        await page.wait_for_load_state()
        return page

    async def uninstall(self) -> None:
        """Tell the bot that it was removed from the open conversation."""
        await self.page.get_by_role("button", name="Mock an Activity").click(timeout=LIMIT)
        await self.page.get_by_text("Uninstall application").click(timeout=LIMIT)
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Send activity").click(timeout=LIMIT)
        await dialog.wait_for(state="hidden", timeout=LIMIT)

    async def at_rest(self) -> None:
        """Wait until the page stands still.

        The client draws every card anew with everything that happens, and forgets what is entered.
        """
        await self.page.evaluate(
            """() => new Promise(done => {
                let quiet;
                const again = () => { clearTimeout(quiet); quiet = setTimeout(end, 300); };
                const watch = new MutationObserver(again);
                const end = () => { watch.disconnect(); done(); };
                watch.observe(document.body, {subtree: true, childList: true});
                again();
            })"""
        )

    async def visible_text(self) -> str:
        """Return what the open conversation shows, without empty lines."""
        text = await self._pane.inner_text(timeout=LIMIT)
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    async def screenshot(self, name: str, *, card_only: bool = False) -> None:
        """Keep a picture of the page, or of the newest card, as `<name>.png`."""
        if not KEPT:
            return
        path = self._screenshots / f"{name}.png"
        await self.page.evaluate("document.activeElement?.blur()")
        if card_only:
            normal = self.page.viewport_size
            await self.page.set_viewport_size(_TALL)
            await (await self.last_card()).screenshot(path=path)
            if normal is not None:
                await self.page.set_viewport_size(normal)
        else:
            # A card that grew in place stays half below the fold.
            await self._pane.locator(_CARD).last.scroll_into_view_if_needed()
            await self.page.screenshot(path=path)

    async def conversation(self, name: str, since: str) -> None:
        """Keep a picture of the conversation, as `<name>.png`: whole cards from the one `since`."""
        if not KEPT:
            return
        normal = self.page.viewport_size
        await self.page.set_viewport_size(_STORY)
        await self.page.evaluate("document.activeElement?.blur()")
        cards = self._pane.locator(_CARD)
        await cards.last.scroll_into_view_if_needed()
        first = await cards.filter(has_text=since).last.bounding_box()
        last, pane = await cards.last.bounding_box(), await self._pane.bounding_box()
        assert first is not None, f"no card with {since!r}"
        assert last is not None
        assert pane is not None
        top, bottom = first["y"] - _AUTHOR, last["y"] + last["height"] + _AUTHOR
        clip = FloatRect(x=pane["x"], y=top, width=pane["width"], height=bottom - top)
        await self.page.screenshot(path=self._screenshots / f"{name}.png", clip=clip)
        if normal is not None:
            await self.page.set_viewport_size(normal)

    @property
    def _composer(self) -> Locator:
        # In a channel the first one starts a post, the others answer in a thread.
        return self.page.locator(_COMPOSER).first

    @property
    def _pane(self) -> Locator:
        return self.page.locator(_PANE)

    async def _send(self) -> None:
        try:
            async with self.page.expect_response(
                re.compile(r"/conversations/[^/]+/messages$"), timeout=LIMIT
            ):
                await self.page.keyboard.press("Enter")
        except BrowserTimeout:
            raise await self._missing("the bot's answer to the request", LIMIT) from None

    async def _button(self, title: str) -> Locator:
        within = self._pane if self._place not in _CHANNELS else await self.last_card()
        # A button that opens a link has the role `link` in some versions of the card renderer.
        button = within.get_by_role("button", name=title, exact=True).or_(
            within.get_by_role("link", name=title, exact=True)
        )
        newest = button.first if self._place in _CHANNELS else button.last
        await self._expect_visible(newest, f"the button {title!r} in a card", LIMIT)
        return newest

    async def _expect_visible(self, what: Locator, name: str, limit: int) -> None:
        try:
            await what.wait_for(state="visible", timeout=limit)
        except BrowserTimeout:
            raise await self._missing(name, limit) from None

    async def _missing(self, name: str, limit: int) -> AssertionError:
        shown = await self.visible_text()
        return AssertionError(
            f"{name} did not appear within {limit / 1000:.0f} s. {self._place} shows:\n{shown}"
        )
