"""An admin invites somebody, whose chat client shows the one card.

The admin speaks through a stand-in for Teams: the chat client has one person at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import APP_ID, PEOPLE, TENANT_ID
from tests.doubles.invitations import offered, title_of
from tests.doubles.outside import words
from tests.doubles.redis import eventually
from tests.doubles.teams import TeamsDouble
from tests.e2e.chat_driver import new_chat
from tests.e2e.product import Ports, running_product

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from playwright.async_api import Browser

    from tests.doubles.teams import Sent

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADMIN, INVITED = PEOPLE[0], PEOPLE[1]


@pytest.mark.usefixtures("chat_client")
@pytest.mark.long
async def test_who_has_the_app_and_is_not_connected_gets_one_invitation(
    browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    ports = Ports.free()
    address = f"http://127.0.0.1:{ports.bot}/api/messages"
    async with (
        TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams,
        running_product(tmp_path, ports=ports, person="ben"),
        new_chat(browser, screenshots) as chat,
    ):
        admin = teams.person(ADMIN.object_id, ADMIN.name)
        await chat.open(f"http://127.0.0.1:{ports.chat}/")
        await chat.ask("help")

        async def settings() -> Sent:
            before = len(teams.messages)
            await teams.deliver(address, teams.says(admin, "settings"))
            return teams.messages[before]

        async def counted() -> bool:
            return offered((await settings()).card) == 1

        await eventually(counted, within=30)
        sent = await settings()

        async def press(card: dict[str, Any] | None) -> dict[str, Any]:
            assert card is not None
            _, answer = await teams.deliver(
                address, teams.presses(admin, card, title_of(1), on=sent)
            )
            shown: dict[str, Any] = answer["value"]
            return shown

        await press(await press(sent.card))
        await teams.wait_for(lambda m: "1 person was invited." in words(m.card), seconds=20)

        card = await chat.last_card()
        await expect(card).to_contain_text("Ada Lindqvist has invited you")
        await chat.screenshot("card-invitation", card_only=True)
        await chat.click("Not now")
        await expect(card).to_contain_text("I won’t ask again")
        assert offered((await settings()).card) == 0
