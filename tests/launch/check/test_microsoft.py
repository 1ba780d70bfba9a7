"""The Microsoft side: tenant, secret, redirect address, the bot's registration."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from launch.check.command import look
from sandbox.faults import Fault, FaultKind
from sandbox.identity import EntraError
from service import settings as setup
from tests.doubles.outside import APP_SECRET
from tests.launch.check.conftest import says

if TYPE_CHECKING:
    from tests.launch.check.conftest import Doctor

pytestmark = pytest.mark.asyncio(loop_scope="module")

ELSE = str(uuid.UUID(int=7))
CONTENT = ("entra-tenant", "entra-secret", "entra-redirect", "graph", "bot", "bot-keys")


async def test_all_is_well(doctor: Doctor) -> None:
    found = await doctor.findings(*CONTENT)
    assert list(found) == list(CONTENT)
    for one in found.values():
        says(one, "ok")


async def test_a_tenant_that_does_not_exist(doctor: Doctor) -> None:
    found = await doctor.findings(*CONTENT, MicrosoftAppTenantId=ELSE)
    says(found["entra-tenant"], "failed", "no organisation", "Directory (tenant) ID")
    says(found["entra-secret"], "failed", "no organisation")
    says(found["graph"], "ok")


async def test_an_app_of_another_organisation(doctor: Doctor) -> None:
    found = await doctor.findings(*CONTENT, MicrosoftAppId=ELSE)
    says(found["entra-tenant"], "ok")
    for check in ("entra-secret", "entra-redirect", "bot"):
        says(found[check], "failed", "no app with the id in MicrosoftAppId")


async def test_a_wrong_secret_is_named_and_never_shown(doctor: Doctor) -> None:
    found = await doctor.findings(*CONTENT, MicrosoftAppPassword="wrong-secret-8812-abc")
    for check in ("entra-secret", "bot"):
        says(found[check], "failed", "not a secret of this app", "copy its *value*")
    says(found["entra-redirect"], "ok")
    assert all("8812" not in f"{one.text}{one.remedy}" for one in found.values())


async def test_a_secrets_id_in_place_of_its_value(doctor: Doctor) -> None:
    found = await doctor.found("entra-secret", MicrosoftAppPassword=str(uuid.uuid4()))
    says(found, "failed", "is the id of a secret", "*value*")


@pytest.mark.parametrize(
    ("number", "error", "part"),
    [
        (7000222, "invalid_client", "has expired"),
        (7000112, "unauthorized_client", "switched off"),
        (7000229, "unauthorized_client", "no service principal"),
        (7000218, "invalid_client", "public client"),
        (53003, "access_denied", "Conditional Access"),
        (7009999, "invalid_client", "AADSTS7009999"),
    ],
)
async def test_what_entra_says_in_place_of_a_token(
    doctor: Doctor, number: int, error: str, part: str
) -> None:
    doctor.around.world.registration.no_token = EntraError(error, number, "x")
    says(await doctor.found("entra-secret"), "failed", part)


async def test_a_redirect_address_that_is_missing(doctor: Doctor) -> None:
    found = await doctor.found("entra-redirect", PUBLIC_URL="https://new.example.com")
    says(found, "failed", "https://new.example.com/auth/microsoft/callback", "Web")


async def test_a_page_that_says_nothing_is_not_guessed_about(doctor: Doctor) -> None:
    doctor.around.world.faults.entra.append(Fault(FaultKind.UNAVAILABLE))
    says(await doctor.found("entra-redirect"), "unseen", "can't be checked", "Compare it")


async def test_a_bot_that_is_not_registered(doctor: Doctor) -> None:
    doctor.around.teams.members_refused = (401, "BotNotRegistered")
    found = await doctor.found("bot")
    says(found, "failed", "No bot is registered", "app create", "/api/messages")


async def test_a_bot_that_is_registered_as_another_kind(doctor: Doctor) -> None:
    doctor.around.teams.members_refused = (401, "Unauthorized")
    says(await doctor.found("bot"), "failed", "another kind", "Single Tenant")


async def test_a_bot_that_an_admin_has_blocked(doctor: Doctor) -> None:
    doctor.around.teams.members_refused = (403, "BotDisabledByAdmin")
    says(await doctor.found("bot"), "warning", "blocked", "Manage apps")


async def test_teams_that_is_busy_proves_nothing(doctor: Doctor) -> None:
    doctor.around.teams.members_refused = (503, "ServiceUnavailable")
    says(await doctor.found("bot"), "unseen", "HTTP 503")


async def test_no_teams_for_other_clouds(doctor: Doctor) -> None:
    found = await doctor.found(
        "bot", BOT_SERVICE_HOSTS=None, GRAPH_URL="https://graph.microsoft.us"
    )
    says(found, "unseen", "in this cloud", "Azure Bot")


async def test_a_firewalls_page_is_no_answer(doctor: Doctor) -> None:
    doctor.around.world.faults.graph.append(Fault(FaultKind.INTERCEPTED))
    found = await doctor.found("graph")
    says(found, "failed", "Something else answered in place of Microsoft Graph")


async def test_an_address_that_nobody_has(doctor: Doctor) -> None:
    found = await doctor.findings(
        "graph",
        "bot-keys",
        GRAPH_URL="http://127.0.0.1:1",
        BOT_OPENID_METADATA_URL="http://127.0.0.1:1",
    )
    for one in found.values():
        says(one, "failed", "127.0.0.1:1 can't be connected to: connection refused")


async def test_keys_that_are_somewhere_else(doctor: Doctor) -> None:
    found = await doctor.found("bot-keys", BOT_OPENID_METADATA_URL=f"{doctor.around.http}/nothing")
    says(found, "failed", "BOT_OPENID_METADATA_URL")


async def test_what_is_not_set_is_not_tested_and_hides_nothing(doctor: Doctor) -> None:
    found = await doctor.findings(MicrosoftAppPassword=None, MicrosoftAppId="no-guid")
    says(found["settings"], "failed", "Correct it there")
    says(found["entra-secret"], "unseen", "MicrosoftAppId and MicrosoftAppPassword are not set")
    says(found["entra-tenant"], "ok")
    assert APP_SECRET not in str(found)


async def test_a_secret_that_a_service_repeats_is_hidden(doctor: Doctor) -> None:
    doctor.around.world.registration.no_token = EntraError("invalid_client", 7000215, APP_SECRET)
    examined = setup.examine(
        doctor.around.environ(
            MICROSOFT_LOGIN_URL=doctor.around.http, PUBLIC_URL=f"https://{APP_SECRET}.invalid"
        )
    )
    findings = await look(examined, only=["entra-secret", "entra-redirect", "public-certificate"])
    assert APP_SECRET not in str(findings)
    assert "[hidden]" in str(findings)
