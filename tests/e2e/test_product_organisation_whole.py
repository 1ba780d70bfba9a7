"""From the organisation's consent to its withdrawal, with the people whom it is about.

Ada is at the chat client, as an admin and for herself; her colleagues speak through a stand-in for
Teams: the chat client has one person at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.async_api import expect
from redis.asyncio import Redis

from domain.clock import DAY
from domain.coverage import Announcement, How
from sandbox.people import APP_ID, OTHERS, PEOPLE, TENANT_ID
from sync.organisation.announcements import ANNOUNCEMENTS
from sync.redis import keys
from tests.doubles.outside import titles, words
from tests.doubles.teams import TeamsDouble
from tests.e2e.chat_driver import new_chat
from tests.e2e.portraits import KEPT, picture
from tests.e2e.product import WITHDRAWN, Panel, running_product
from tests.e2e.sign_in_driver import choose, to_accounts
from tests.e2e.test_product_matching import until_said
from tests.e2e.test_product_organisation import refreshed

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from playwright.async_api import Browser, ViewportSize

    from sandbox.people import SandboxPerson
    from tests.doubles.teams import Sent
    from tests.e2e.chat_driver import Chat
    from tests.e2e.product import Product

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA, BEN, CHIARA, DOROTHEA, EMEKA = PEOPLE[:5]
KIM = next(person for person in OTHERS if person.name == "Kim Lee")
NARROW: Final[ViewportSize] = {"width": 420, "height": 1400}


class Colleague:
    """Somebody with a chat of their own."""

    def __init__(self, teams: TeamsDouble, product: Product, person: SandboxPerson) -> None:
        self.teams, self.product = teams, product
        self.client = teams.person(person.object_id, person.name)

    async def says(self, text: str) -> Sent:
        before = len(self.teams.messages)
        await self.teams.deliver(self.product.endpoint, self.teams.says(self.client, text))
        here = self.client.conversation_id
        return next(m for m in self.teams.messages[before:] if m.conversation_id == here)

    async def clicks(self, title: str, on: Sent) -> dict[str, Any]:
        assert on.card is not None
        press = self.teams.presses(self.client, on.card, title, on=on)
        _, answer = await self.teams.deliver(self.product.endpoint, press)
        shown: dict[str, Any] = answer["value"]
        return shown

    async def is_asked(self, containing: str) -> Sent:
        """Wait for the card that comes to them on its own."""
        theirs = self.client.conversation_id

        def is_it(sent: Sent) -> bool:
            return sent.conversation_id == theirs and containing in words(sent.card)

        return await self.teams.wait_for(is_it, seconds=30)


async def confirmed(chat: Chat, said: str, question: str, button: str, done: str) -> None:
    """An admin says something, and says yes to the question."""
    card = await chat.ask(said, question)
    await card.get_by_role("button", name=button, exact=True).click()
    await expect(card).to_contain_text(done)


async def looks(chat: Chat, folder: Path, name: str) -> None:
    """Keep the newest card, and as a narrow window shows it."""
    await chat.screenshot(name, card_only=True)
    if KEPT and (wide := chat.page.viewport_size) is not None:
        await chat.page.set_viewport_size(NARROW)
        await (await chat.last_card()).screenshot(path=folder / f"{name}-narrow.png")
        await chat.page.set_viewport_size(wide)


async def days_pass(product: Product, person: SandboxPerson) -> None:
    """As if somebody had been told ten days ago: the product's clock is Redis'."""
    async with Redis(unix_socket_path=str(product.redis_socket()), decode_responses=True) as redis:
        key = keys.announced(person.object_id)
        told = ANNOUNCEMENTS.load(str(await redis.get(key)))
        assert told.how is How.INFORMED
        await redis.set(key, ANNOUNCEMENTS.dump(Announcement(told.at_ms - 10 * DAY, told.how)))


@pytest.mark.usefixtures("chat_client")
async def test_the_organisation_says_yes_and_people_decide_until_it_is_withdrawn(
    browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with (
        running_product(tmp_path, but=WITHDRAWN) as product,
        TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams,
        new_chat(browser, screenshots) as chat,
        new_chat(browser, screenshots) as elsewhere,
    ):
        panel = await Panel.open(elsewhere.page, product.panel_url, ADA)
        of = {person: Panel(panel.page, person) for person in PEOPLE}
        await chat.open(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        ben, chiara, dorothea, emeka = (
            Colleague(teams, product, person) for person in (BEN, CHIARA, DOROTHEA, EMEKA)
        )
        for colleague in (ben, chiara, emeka):
            await colleague.says("help")  # their chats are known now
        for person in (ADA, BEN, CHIARA, EMEKA):
            await of[person].zoom("In_Meeting")

        # Somebody who may consents. Nobody is shown by that.
        card = await chat.ask("settings organisation", "Not authorised.")
        await card.get_by_role("button", name="Authorise", exact=True).click()
        await expect(card).to_contain_text("Privileged Role Administrator")
        page = await chat.open_link("Open the page")
        await to_accounts(page)
        await choose(page, ADA)
        await page.get_by_test_id("admin-consent-accept").click()
        await expect(page.get_by_role("heading", name="Authorised")).to_be_visible()
        await page.close()
        await expect(card).to_contain_text("Authorised since")

        # One is excluded, and one whom nobody could match is matched by two admins.
        await confirmed(
            *(chat, f"settings exclude {EMEKA.upn} because CHG0012", "Exclude 1 person?"),
            *("Exclude", "1 person is excluded now."),
        )
        await until_said(chat, "people in Zoom are matched.")
        by_hand = f"settings match {KIM.upn} kim@nick.example"
        await confirmed(chat, by_hand, "Is this their", "Match them", "It doesn’t count yet")
        theirs = await dorothea.says(by_hand)
        assert "so it counts" in words(await dorothea.clicks("Confirm", theirs))

        # On request: three are asked, and each decides.
        await confirmed(
            *(chat, "settings account authorise ask", "Let the organisation authorise it"),
            *("Authorise on request", "the organisation authorises it, on request."),
        )
        mine = await chat.last_card("Show your Zoom meetings in Teams?", limit=30_000)
        await looks(chat, screenshots, "card-organisation-asked")
        assert await mine.get_by_role("button").all_inner_texts() == ["Start", "Not for me"]
        asked_ben = await ben.is_asked("Show your Zoom meetings in Teams?")
        asked_chiara = await chiara.is_asked("Show your Zoom meetings in Teams?")
        assert "All set." in words(await ben.clicks("Start", asked_ben))
        assert "can’t start this for you" in words(await chiara.clicks("Not for me", asked_chiara))
        await of[BEN].ours("In a call")
        await of[BEN].covered("By the organisation, on request: they chose Start.")
        await of[CHIARA].covered("Chose Not for me.")
        await of[ADA].covered("Asked, and it starts once they choose Start.")
        await of[EMEKA].covered("Excluded. Ada Lindqvist: CHG0012.")
        everybody = panel.page.get_by_test_id("coverage")
        await everybody.locator("summary").press("Enter")
        kim = everybody.get_by_role("row", name=KIM.name)
        await expect(kim).to_contain_text("In scope, not told yet")
        phone = everybody.get_by_role("row", name="Kim (phone)")
        await expect(phone).to_contain_text("Their Zoom account is matched with someone else")
        await picture(everybody, screenshots / "panel-organisation-asked.png")

        # After notice: who was only asked is told anew, and only a share of them starts.
        await confirmed(
            *(chat, "settings account authorise inform", "after notice?"),
            *("Authorise after notice", "the organisation authorises it, after notice."),
        )
        notice = await chat.last_card("Your Zoom meetings will show in Teams", limit=30_000)
        await looks(chat, screenshots, "card-organisation-notice")
        await expect(notice).to_contain_text("Removing this app from Teams doesn’t stop it")
        await expect(of[ADA].card).to_contain_text("Told, and it starts after notice. On ")
        await confirmed(
            *(chat, "settings account percent 5", "Set the share for the account to 5%?"),
            *("Use 5%", "5%"),
        )
        await days_pass(product, ADA)
        card = await chat.ask("settings account percent 100", "share for the account")
        await expect(card).to_contain_text("1 person")
        await looks(chat, screenshots, "card-organisation-percent")
        await of[ADA].ours(None)
        await chat.click("Use 100%")
        await of[ADA].ours("In a call")
        await of[ADA].covered("By the organisation, after notice.")
        await chat.last_card("Your first Zoom meeting")

        # No way but theirs undoes a no, and exclusion holds.
        for person in (CHIARA, EMEKA):
            await of[person].ours(None)
        assert titles((await emeka.says("connect")).card)[0] != "Start"

        # Stop, and clear everyone.
        card = await chat.ask("settings organisation stop", "Stop and clear everyone")
        await expect(card).to_contain_text("Who is affected: 2 people now.")
        await looks(chat, screenshots, "card-organisation-stop")
        await chat.click("Stop and clear everyone")
        for person in (ADA, BEN):
            await of[person].ours(None)
        await expect(card).to_contain_text("now off for 2 people")

        # It is used again, and its consent is withdrawn under it.
        await confirmed(
            *(chat, "settings account authorise inform", "after notice?"),
            *("Authorise after notice", "the organisation authorises it, after notice."),
        )
        await of[ADA].ours("In a call")
        withdrawn = await panel.page.request.post(
            f"{product.panel_url}sandbox/api/organisation", data={"granted": []}
        )
        assert withdrawn.ok
        card = await chat.ask("settings organisation", "Authorisation")
        await refreshed(card, "No longer authorised.")
        await chat.ask("settings", "The organisation’s authorisation has ended.")
        await looks(chat, screenshots, "card-organisation-ended")
        for person in (ADA, BEN):
            await of[person].zoom("Presenting")
        assert "In a call" in await of[ADA].card.inner_text(), "nothing more is written"
