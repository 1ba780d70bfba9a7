"""What the chat client really does, measured with a bot that knows nothing but the protocol.

Ours relies on each of these; a version of the client that behaves otherwise shows here first.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Error as BrowserError

from sandbox.people import PEOPLE, TENANT_ID
from sandbox.playground import BOT_ID, Playground, playground
from tests.e2e.chat_driver import new_chat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.e2e.chat_driver import Chat
    from tests.e2e.conftest import OpenChat

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA = PEOPLE[0]
PERSONAL = f"a:personal-{ADA.object_id}"
Activity = dict[str, Any]
ENABLE: Activity = {"type": "Action.Execute", "title": "Enable", "verb": "on", "data": {"v": 1}}
CARD_KIND = "application/vnd.microsoft.card.adaptive"


def card(text: str, *buttons: Activity) -> Activity:
    """A card with a line of text and buttons."""
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "TextBlock", "text": text, "wrap": True}],
        "actions": list(buttons),
    }


def message(content: Activity | str) -> Activity:
    """A message activity with a text or a card."""
    if isinstance(content, str):
        return {"type": "message", "text": content}
    attachment = {"contentType": CARD_KIND, "content": content}
    return {"type": "message", "attachments": [attachment]}


ANSWER: Activity = {
    "statusCode": 200,
    "type": CARD_KIND,
    "value": card("Answered the click", ENABLE),
}


class StubBot:
    """Records what arrives. Answers messages with a card, and clicks with `answer_to_click`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.received: list[Activity] = []
        self.endpoint = ""
        self.answer_to_click = ANSWER
        self._session = session
        self._arrived = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        activity = await request.json()
        answer = web.Response()
        if activity["type"] == "message":
            page = {"type": "Action.OpenUrl", "title": "Page", "url": f"{self.endpoint}/page"}
            heard = card(f"Heard {activity['text']}", ENABLE, page)
            await self.post(activity, message(heard))
        elif activity["type"] == "invoke":
            answer = web.json_response(self.answer_to_click)
        async with self._arrived:
            self.received.append(activity)
            self._arrived.notify_all()
        return answer

    async def page(self, _request: web.Request) -> web.Response:
        return web.Response(text="<h1>A page of the bot</h1>", content_type="text/html")

    async def next(self, kind: str, *, number: int = 1) -> Activity:
        """Return the `number`th activity of that type, as soon as it has come."""

        def found() -> list[Activity]:
            return [activity for activity in self.received if activity["type"] == kind]

        async with self._arrived, asyncio.timeout(10):
            await self._arrived.wait_for(lambda: len(found()) >= number)
        return found()[number - 1]

    async def post(self, to: Activity, content: Activity) -> str:
        """Send to the conversation of an activity; return the new message's id."""
        status, body = await self.call(
            "POST", to["serviceUrl"], f"/{to['conversation']['id']}/activities", content
        )
        assert status == 201
        return str(body["id"])

    async def call(
        self, method: str, service_url: str, path: str, content: Activity
    ) -> tuple[int, Activity]:
        """Call the connector below `/v3/conversations`."""
        url = f"{service_url}/v3/conversations{path}"
        async with self._session.request(method, url, json=content) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def running_client(
    bot: StubBot, folder: Path, channel: str = "msteams"
) -> AsyncIterator[Playground]:
    async with playground(
        endpoint=bot.endpoint, person=ADA, data_dir=folder, port=0, channel=channel
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_bot(chat_client: None) -> AsyncIterator[StubBot]:
    async with aiohttp.ClientSession() as session:
        bot = StubBot(session)
        app = web.Application()
        app.router.add_post("/api/messages", bot.handle)
        app.router.add_get("/api/messages/page", bot.page)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            bot.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
            yield bot
        finally:
            await runner.cleanup()


@pytest.fixture
def bot(shared_bot: StubBot) -> StubBot:
    """A bot that has heard nothing yet."""
    shared_bot.received.clear()
    shared_bot.answer_to_click = ANSWER
    return shared_bot


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(
    shared_bot: StubBot, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Playground]:
    async with running_client(shared_bot, tmp_path_factory.mktemp("client")) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_chat(
    shared_bot: StubBot, client: Playground, browser: Browser, screenshots: Path
) -> AsyncIterator[Chat]:
    async with new_chat(browser, screenshots) as chat:
        await chat.open(client.url)
        await shared_bot.next("conversationUpdate")
        yield chat


@pytest_asyncio.fixture(loop_scope="session")
async def chat(shared_chat: Chat, bot: StubBot) -> Chat:
    """The personal chat. The page stays open from test to test: it takes seconds to load."""
    await shared_chat.go_to("Personal Chat")
    return shared_chat


async def test_opening_the_client_installs_the_bot_each_time_under_new_activity_ids(
    open_chat: OpenChat, bot: StubBot, client: Playground
) -> None:
    await open_chat(client.url)
    await bot.next("conversationUpdate")

    first, second = bot.received
    assert (first["type"], first["action"]) == ("installationUpdate", "add")
    assert second["type"] == "conversationUpdate"
    assert [member["id"] for member in second["membersAdded"]] == [f"29:{ADA.object_id}", BOT_ID]
    for activity in (first, second):
        assert activity["from"] == {"id": f"29:{ADA.object_id}", "aadObjectId": ADA.object_id}
        assert activity["channelData"]["tenant"] == {"id": TENANT_ID}
        assert activity["conversation"] == {
            "id": PERSONAL,
            "conversationType": "personal",
            "tenantId": TENANT_ID,
        }
        assert activity["serviceUrl"] == client.service_url

    await open_chat(client.url)
    await bot.next("conversationUpdate", number=2)
    assert len({activity["id"] for activity in bot.received}) == 4
    assert {activity["conversation"]["id"] for activity in bot.received} == {PERSONAL}


async def test_card_is_replaced_by_the_answer_to_a_click_and_later_by_an_edit(
    chat: Chat, bot: StubBot, client: Playground
) -> None:
    await chat.say("/settings group O'Brien")
    said = await bot.next("message")
    assert said["text"] == "/settings group O'Brien"
    assert said["from"]["name"] == ADA.name
    assert said["locale"] == "en-US"
    assert said["localTimezone"]

    await chat.last_card("Heard /settings")
    await chat.screenshot("playground-card", card_only=True)
    page = await chat.open_link("Page")
    assert await page.inner_text("body") == "A page of the bot"
    await page.close()

    await chat.click("Enable")
    await chat.last_card("Answered the click")
    click = await bot.next("invoke")
    assert click["name"] == "adaptiveCard/action"
    assert click["value"] == {"action": ENABLE}
    assert click["from"]["aadObjectId"] == ADA.object_id

    where = f"/{PERSONAL}/activities/{click['replyToId']}"
    edited = message(card("Edited later", ENABLE))
    assert (await bot.call("PUT", client.service_url, where, edited))[0] == 200
    await chat.last_card("Edited later")
    await chat.click("Enable")
    await chat.last_card("Answered the click")
    again = await bot.next("invoke", number=2)
    assert again["replyToId"] == click["replyToId"]


async def test_note_in_answer_to_a_click_is_shown_below_the_unchanged_card(
    chat: Chat, bot: StubBot
) -> None:
    await chat.say("note")
    await chat.last_card("Heard note")

    kind = "application/vnd.microsoft.activity.message"
    bot.answer_to_click = {"statusCode": 200, "type": kind, "value": "Only a note"}
    await chat.click("Enable")
    await chat.wait_for_text("Only a note")
    await chat.last_card("Heard note")

    refusal = {"code": "BadRequest", "message": "You may not do this"}
    kind = "application/vnd.microsoft.error"
    bot.answer_to_click = {"statusCode": 400, "type": kind, "value": refusal}
    await chat.click("Enable")
    await chat.wait_for_text("You may not do this")
    await chat.last_card("Heard note")


async def test_groups_address_the_bot_by_mention_and_lead_to_the_personal_chat(
    chat: Chat, bot: StubBot, client: Playground
) -> None:
    await chat.go_to("Group Chat")
    await chat.mention("status")
    await chat.last_card("status")

    said = await bot.next("message")
    assert said["text"] == "<at>Presence Bridge</at> status"
    assert said["entities"][0] == {
        "type": "mention",
        "mentioned": {"id": BOT_ID, "name": "Presence Bridge"},
        "text": "<at>Presence Bridge</at>",
    }
    assert said["conversation"]["conversationType"] == "groupChat"
    assert said["conversation"]["isGroup"] is True

    # What a bot does to continue in private: the 1:1 chat exists, and the text waits there.
    wanted = {
        "bot": {"id": BOT_ID},
        "members": [{"id": said["from"]["id"]}],
        "isGroup": False,
        "tenantId": TENANT_ID,
        "channelData": {"tenant": {"id": TENANT_ID}},
    }
    created = await bot.call("POST", client.service_url, "", wanted)
    assert created == (201, {"id": PERSONAL})
    said["conversation"]["id"] = PERSONAL
    await bot.post(said, message("Let us talk here"))
    await chat.go_to("Personal Chat")
    await chat.wait_for_text("Let us talk here")


async def test_each_post_in_a_channel_is_a_conversation_below_the_channel(
    chat: Chat, bot: StubBot
) -> None:
    await chat.go_to("General")
    await chat.mention("one")
    await chat.last_card("one")
    await chat.mention("two")
    await chat.last_card("two")
    await chat.screenshot("playground-channel")

    first, second = await bot.next("message"), await bot.next("message", number=2)
    channel = first["channelData"]["channel"]["id"]
    assert first["conversation"]["conversationType"] == "channel"
    assert first["conversation"]["id"].startswith(f"{channel};messageid=")
    assert first["conversation"]["id"] != second["conversation"]["id"]

    await chat.click("Enable")  # in the newest post, which is on top
    click = await bot.next("invoke")
    assert click["conversation"]["id"] == second["conversation"]["id"]
    await chat.last_card("Answered the click")


async def test_removal_of_the_app_is_told(chat: Chat, bot: StubBot) -> None:
    await chat.uninstall()

    removed = await bot.next("installationUpdate")
    assert removed["action"] == "remove"
    assert removed["from"]["aadObjectId"] == ADA.object_id
    assert removed["conversation"]["id"] == PERSONAL


async def test_conversation_survives_a_restart_and_its_messages_do_not(
    bot: StubBot, tmp_path: Path
) -> None:
    place: Activity = {"conversation": {"id": PERSONAL}}
    async with running_client(bot, tmp_path) as client:
        place["serviceUrl"] = client.service_url
        old = await bot.post(place, message(card("Before")))
    async with running_client(bot, tmp_path) as client:
        place["serviceUrl"] = client.service_url
        await bot.post(place, message(card("After")))
        status, body = await bot.call(
            "PUT", client.service_url, f"/{PERSONAL}/activities/{old}", message(card("Edited"))
        )
        assert (status, body["error"]["code"]) == (404, "ActivityNotFoundInConversation")
        status, body = await bot.call(
            "POST", client.service_url, "/unknown/activities", message("Hello")
        )
        assert (status, body["error"]["code"]) == (404, "ConversationNotFound")


async def test_emulator_channel_skips_the_installation_and_still_executes_actions(
    open_chat: OpenChat, bot: StubBot, tmp_path: Path
) -> None:
    async with running_client(bot, tmp_path, channel="emulator") as client:
        chat = await open_chat(client.url)
        await chat.say("hi")
        await chat.last_card("Heard hi")
        await chat.click("Enable")
        await chat.last_card("Answered the click")

    assert [activity["type"] for activity in bot.received] == [
        "conversationUpdate",
        "message",
        "invoke",
    ]
    assert {activity["channelId"] for activity in bot.received} == {"emulator"}


async def test_driver_tells_what_it_saw_instead_and_stays_on_this_machine(
    open_chat: OpenChat, client: Playground
) -> None:
    chat = await open_chat(client.url)
    await chat.say("hi")
    await chat.last_card("Heard hi")

    with pytest.raises(AssertionError, match=r"(?s)'Bye' did not appear.*Heard hi"):
        await chat.wait_for_text("Bye", limit=100)
    with pytest.raises(AssertionError, match=r"(?s)'Bye' in the newest card.*Heard hi"):
        await chat.last_card("Bye", limit=100)
    with pytest.raises(BrowserError, match="ERR_FAILED"):
        await chat.page.goto("http://192.0.2.1/")
