"""Who is no admin is refused; of two admins at once one wins, and the other is told who."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.teams.activity import Person
from launch.application import application
from launch.lifetime import running
from sandbox.people import APP_ID, PEOPLE, TENANT_ID
from sandbox.playground import playground
from sandbox.server import SandboxConfig, build_sandbox
from service import settings as setup
from tests.doubles.outside import titles
from tests.doubles.redis import RedisServer
from tests.doubles.teams import TeamsDouble
from tests.e2e.chat_driver import new_chat
from tests.e2e.product import Ports, running_product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA, BEN = PEOPLE[0], PEOPLE[1]


@pytest.mark.usefixtures("chat_client")
@pytest.mark.long
async def test_who_is_no_admin_is_refused_and_told_whom_to_ask(
    browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with (
        running_product(tmp_path, person="ben") as product,
        new_chat(browser, screenshots) as chat,
    ):
        await chat.open(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        for said in ("settings", "settings group Sales enable", "settings user ada@example.com"):
            card = await chat.ask(said, "Settings are for admins")
            await expect(card).to_contain_text("Nothing was changed.")
            await expect(card.get_by_role("button")).to_have_text(["Status"])
        await chat.screenshot("card-settings-refused", card_only=True)


@pytest.mark.usefixtures("chat_client")
@pytest.mark.long
async def test_of_two_admins_at_once_one_wins_and_the_other_is_told_who(
    browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    ports = Ports.free()
    address = f"http://127.0.0.1:{ports.bot}/api/messages"
    async with (
        two_admins(tmp_path, ports),
        TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams,
        new_chat(browser, screenshots) as chat,
    ):
        await chat.open(f"http://127.0.0.1:{ports.chat}/")
        await chat.last_card("Welcome to Presence Bridge")
        card = await chat.ask("settings account disable", "Disable presence sync for the account?")

        other = teams.person(BEN.object_id, BEN.name)
        await teams.deliver(address, teams.says(other, "settings account style busy only"))
        question = teams.messages[-1]
        assert titles(question.card) == ["Use busy only", "Cancel"]
        assert question.card is not None
        click = teams.presses(other, question.card, "Use busy only", on=question)
        await teams.deliver(address, click)

        await card.get_by_role("button", name="Disable", exact=True).click()
        await expect(card).to_contain_text(
            "Ben Okafor changed the settings for the account a moment ago, so nothing was saved. "
            "This is how it looks now."
        )
        await chat.screenshot("card-settings-overtaken", card_only=True)
        await card.get_by_role("button", name="Disable", exact=True).click()
        await expect(card).to_contain_text("Presence sync is disabled for the account.")
        card = await chat.ask("settings history")
        await expect(card).to_contain_text("Style: mirror → busy only")
        await expect(card).to_contain_text("Ben Okafor")
        await chat.screenshot("card-settings-history", card_only=True)


@asynccontextmanager
async def two_admins(folder: Path, ports: Ports) -> AsyncIterator[None]:
    """Local mode as `launch.local` puts it together, but Ben is an admin as well as Ada."""
    panel = f"http://127.0.0.1:{ports.panel}"
    settings = setup.local(
        {"PORT": str(ports.bot), "DATA_DIR": str(folder)},
        sandbox_url=panel,
        app_id=APP_ID,
        tenant_id=TENANT_ID,
        admin_object_ids=[ADA.object_id, BEN.object_id],
    )
    assert settings.zoom_client_secret is not None
    sandbox = build_sandbox(
        SandboxConfig(
            tenant_id=TENANT_ID,
            client_id=APP_ID,
            client_secret=settings.microsoft_app_password.get_secret_value(),
            redirect_uris=(
                f"{settings.public_url}/auth/microsoft/callback",
                f"{settings.public_url}/auth/microsoft/organisation",
            ),
            zoom_webhook_url=f"{settings.public_url}/zoom/webhook",
            zoom_webhook_secret=settings.zoom_webhook_secret.get_secret_value(),
            zoom_account_id=settings.zoom_account_id or "",
            zoom_client_id=settings.zoom_client_id or "",
            zoom_client_secret=settings.zoom_client_secret.get_secret_value(),
        )
    )
    ada = Person(TENANT_ID, ADA.object_id, f"29:{ADA.object_id}", ADA.name)
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(RedisServer())
        await stack.enter_async_context(running(sandbox, "127.0.0.1", ports.panel))
        app = await application(settings, redis.url, local_person=ada)
        await stack.enter_async_context(running(app, "127.0.0.1", ports.bot))
        endpoint = f"{settings.public_url}/api/messages"
        await stack.enter_async_context(
            playground(endpoint=endpoint, person=ADA, data_dir=folder / "chat", port=ports.chat)
        )
        yield
