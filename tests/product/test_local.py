"""`local --no-chat`: the product with its stand-ins, used with the Bot Framework Emulator."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import uuid
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox.people import APP_ID, PEOPLE, TENANT_ID
from tests.doubles.browser import Browser
from tests.doubles.outside import link_in, sign_in, words
from tests.doubles.product import Command, eventually, http, reports, run, running
from tests.doubles.teams import Sent, TeamsDouble, button

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ADA = PEOPLE[0]
BOT = {"id": "bot", "name": "Bot", "role": "bot"}
USER = {"id": "6a0b3d1c-user", "name": "User", "role": "user"}


def free_ports() -> tuple[str, str]:
    """Two ports that nobody uses at this moment."""
    here = ("127.0.0.1", 0)
    with socket.create_server(here) as one, socket.create_server(here) as other:
        return str(one.getsockname()[1]), str(other.getsockname()[1])


class Local:
    """A running local mode, and the Emulator in front of it."""

    def __init__(self, command: Command, teams: TeamsDouble, url: str, sandbox: str) -> None:
        self.command = command
        self.teams = teams
        self.url = url
        self.sandbox = sandbox

    async def delivers(self, kind: str, **fields: Any) -> list[Sent]:
        """Send an activity as the Emulator shapes it; what the bot sent meanwhile."""
        activity = {
            "type": kind,
            "id": str(uuid.uuid4()),
            "channelId": "emulator",
            "serviceUrl": self.teams.service_url,
            "from": USER,
            "recipient": BOT,
            "conversation": {"id": "4f1|livechat"},
            "locale": "en-US",
            "localTimezone": "Europe/Stockholm",
        } | fields
        before = len(self.teams.messages)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/api/messages", json=activity) as answer,
        ):
            assert answer.status in {200, 202}, self.command.tail()
        return self.teams.messages[before:]

    async def says(self, text: str) -> Sent:
        """Type something; the answer."""
        [answer] = await self.delivers("message", text=text)
        return answer

    async def presses(self, title: str, on: Sent) -> Sent:
        """Press a button, which the Emulator sends as a message with a value; the last effect."""
        assert on.card is not None
        action = button(on.card, title)
        assert action["type"] == "Action.Submit"
        return (await self.delivers("message", value=action["data"], replyToId=on.activity_id))[-1]

    async def panel(self, path: str, **body: Any) -> None:
        """Press a button of the sandbox's panel."""
        url = f"{self.sandbox}/sandbox/api/people/{ADA.object_id}/{path}"
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
            assert answer.status == 200

    async def shown(self) -> str:
        """What Microsoft shows of Ada."""
        url = f"{self.sandbox}/sandbox/api/state"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            people = (await answer.json())["people"]
        [ada] = [person for person in people if person["id"] == ADA.object_id]
        return str(ada["shown"]["activity"])

    async def shows(self, activity: str) -> None:
        """Wait until Microsoft shows this."""

        async def check() -> bool:
            return await self.shown() == activity

        await eventually(check, f"Microsoft shows {activity}", log=self.command)


@contextlib.asynccontextmanager
async def local(folder: Path, ports: tuple[str, str]) -> AsyncIterator[Local]:
    """Start local mode and stop it with Ctrl-C."""
    environ = {"PORT": ports[0], "METRICS_PORT": "0", **reports()}
    environ["DATA_DIR"] = str(folder / "data")
    arguments = ("local", "--no-chat", "--sandbox-port", ports[1])
    async with (
        TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams,
        running(*arguments, environ=environ, folder=folder) as command,
    ):
        await command.line("Stop with Ctrl-C")
        url, sandbox = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
        assert f"Sandbox panel   {sandbox}/" in command.text
        assert f"Bot endpoint    {url}/api/messages" in command.text
        yield Local(command, teams, url, sandbox)
        assert await command.stop(signal.SIGINT) == 0, command.tail()
        assert "Stopping" in command.text
        command.assert_clean()


async def test_the_emulator_goes_the_whole_way_and_a_restart_keeps_it(tmp_path: Path) -> None:
    ports = free_ports()
    async with local(tmp_path, ports) as here:
        added = {"membersAdded": [BOT, USER]}
        [welcome] = await here.delivers("conversationUpdate", **added)
        assert "Local mode." in words(welcome.card)
        assert await here.delivers("conversationUpdate", membersAdded=[USER]) == []
        assert "What you can say" in words((await here.says("help")).card)

        offer = await here.presses("Connect", on=welcome)
        assert (offer.method, offer.activity_id) == ("PUT", welcome.activity_id)
        async with Browser(lambda url: url, ssl.create_default_context()) as browser:
            page = await sign_in(browser, link_in(offer.card), ADA)
        assert "Local mode: a sandbox, nothing here is real" in page.words
        assert "Connected" in page.words
        connected = here.teams.messages[-1]
        assert words(connected.card).startswith("Connected")
        await here.panel("zoom", presence="In_Meeting")
        await here.shows("InACall")
        status = await here.presses("Status", on=connected)
        assert "because Zoom has said “In a meeting”" in words(status.card)

        teams = {"channelId": "msteams"}  # as the chat client calls itself, which never refreshes
        for said in ("status", "settings"):
            [answer] = await here.delivers("message", text=said, **teams)
            assert answer.card is not None
            assert "refresh" not in answer.card

        for header in ({"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.7"}):
            json = {"Content-Type": "application/json"} | header
            url = f"{here.url}/api/messages"
            assert (await http("POST", url, data=b"{}", headers=json))[0] == 403
    async with local(tmp_path, ports) as here:
        assert await here.shown() == "InACall"
        assert "Working." in words((await here.says("status")).card)
        await here.panel("zoom", presence="Presenting")
        await here.shows("Presenting")
        question = await here.says("disconnect")
        assert "Disconnect?" in words(question.card)
        await here.presses("Disconnect", on=question)
        await here.shows("Offline")


@pytest.mark.parametrize("who", [("--as", "nobody"), ("--as", ""), ("--as",)])
async def test_who_can_sit_at_the_chat_is_listed(who: tuple[str, ...], tmp_path: Path) -> None:
    code, text = await run("local", "--no-chat", *who, environ={}, folder=tmp_path)
    assert code == 1
    assert "--as must be one of ada, ben" in text
    assert "ada and dorothea are admins." in text
    assert "On the helpdesk, once connected: emeka." in text
    assert "Traceback" not in text
