"""What the organisation allows the app: granted, missing, and more than needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.organisation import Right
from launch.check.organisation import RIGHTS
from sandbox.own_rights import ROLES, Trouble
from tests.doubles.outside import SECOND
from tests.launch.check.conftest import says

if TYPE_CHECKING:
    from tests.launch.check.conftest import Doctor

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOTH = ["Presence.ReadWrite.All", "User.Read.All"]
APART = "organisation-app"
GRANTED, DECLARED = "organisation-rights", "organisation-declared"
REDIRECT, ALONE = "organisation-redirect", "organisation-alone"


async def test_ids_are_those_of_the_stand_in() -> None:
    assert {str(right): RIGHTS[right] for right in Right}.items() <= ROLES.items()


@pytest.mark.parametrize(
    ("granted", "state", "parts"),
    [
        ([], "ok", ["people connect one by one"]),
        (BOTH, "ok", ["Presence.ReadWrite.All and User.Read.All are granted"]),
        (["Presence.ReadWrite.All"], "warning", ["nobody is matched"]),
        (
            ["Presence.ReadWrite.All", "User.ReadBasic.All"],
            "warning",
            ["disabled accounts and guests can't be recognised"],
        ),
        (["User.Read.All"], "warning", ["Presence.ReadWrite.All is not granted"]),
        ([*BOTH, "Mail.Read"], "warning", ["More is granted", "Mail.Read", "Permissions"]),
        (["Mail.Read"], "warning", ["More is granted", "Mail.Read"]),
    ],
)
async def test_what_is_granted(
    doctor: Doctor, granted: list[str], state: str, parts: list[str]
) -> None:
    doctor.around.world.own_rights.hold(granted, 0)
    says(await doctor.found(GRANTED), state, *parts)


@pytest.mark.parametrize(
    ("declared", "state", "parts"),
    [
        ([], "ok", ["consent would not allow the app"]),
        (BOTH, "ok", ["and nothing else"]),
        (["User.Read.All"], "warning", ["Presence.ReadWrite.All would not be consented to"]),
        ([*BOTH, "Mail.Read"], "warning", ["Consent would cover more", ROLES["Mail.Read"]]),
    ],
)
async def test_what_consent_would_cover(
    doctor: Doctor, declared: list[str], state: str, parts: list[str]
) -> None:
    doctor.admin()
    doctor.around.world.own_rights.declare(declared)
    says(await doctor.found(DECLARED), state, *parts)


async def test_what_is_declared_is_seen_only_with_the_right(doctor: Doctor) -> None:
    says(await doctor.found(DECLARED), "unseen", "read its own registration", "Entra")


async def test_where_microsoft_leads_back_to(doctor: Doctor) -> None:
    says(await doctor.found(REDIRECT), "ok", "/auth/microsoft/organisation is registered")
    elsewhere = "https://new.example.com"
    says(await doctor.found(REDIRECT, PUBLIC_URL=elsewhere), "ok", "only needed to consent")
    doctor.around.world.own_rights.hold(BOTH, 0)
    found = await doctor.found(REDIRECT, PUBLIC_URL=elsewhere)
    says(found, "warning", f"{elsewhere}/auth/microsoft/organisation", "Authentication")


async def test_what_can_be_seen_of_another_installation(doctor: Doctor) -> None:
    says(await doctor.found(ALONE), "ok", "not authorised")
    doctor.around.world.own_rights.hold(BOTH, 0)
    says(await doctor.found(ALONE), "unseen", "another installation", "its own registration")


@pytest.mark.parametrize("trouble", list(Trouble))
async def test_without_a_token_nothing_is_seen(doctor: Doctor, trouble: Trouble) -> None:
    doctor.around.world.own_rights.trouble = trouble
    says(await doctor.found(GRANTED), "unseen")
    secret = await doctor.found("entra-secret")
    says(secret, "failed")


async def test_the_second_registration_has_the_rights(doctor: Doctor) -> None:
    says(await doctor.found(APART), "ok", "none", "MicrosoftAppId also acts")
    world = doctor.around.world
    world.own_rights.hold(["Mail.Read"], 0)
    world.second_rights.hold(BOTH, 0)
    found = await doctor.findings(APART, GRANTED, REDIRECT, ALONE, **SECOND)
    says(found[APART], "warning", "MicrosoftAppId is granted Mail.Read, too", "revoke it")
    says(found[GRANTED], "ok", "Presence.ReadWrite.All and User.Read.All are granted")
    says(found[REDIRECT], "ok", "/auth/microsoft/organisation is registered")
    says(found[ALONE], "unseen", "another installation")
    world.own_rights.hold([], 0)
    says(await doctor.found(APART, **SECOND), "ok", "only it acts for everyone")
    world.second_rights.hold(["User.Read.All"], 0)
    says(await doctor.found(GRANTED, **SECOND), "warning", "Presence.ReadWrite.All is not granted")


async def test_what_consent_to_the_second_would_cover(doctor: Doctor) -> None:
    doctor.admin()
    doctor.around.world.own_rights.declare([])
    doctor.around.world.second_rights.declare([*BOTH, "Mail.Read"])
    says(await doctor.found(DECLARED, **SECOND), "warning", "Consent would cover more")


async def test_the_second_registration_s_own_secret_and_id(doctor: Doctor) -> None:
    wrong = {**SECOND, "ORGANISATION_CLIENT_SECRET": "not-the-secret-at-all"}
    says(await doctor.found(APART, **wrong), "failed", "ORGANISATION_CLIENT_SECRET is not a secret")
    says(await doctor.found("entra-secret", **wrong), "ok")
    unknown = {**SECOND, "ORGANISATION_CLIENT_ID": "99999999-9999-4999-8999-999999999999"}
    says(await doctor.found(APART, **unknown), "failed", "the id in ORGANISATION_CLIENT_ID")
    for name in SECOND:
        found = await doctor.findings("settings", **{**SECOND, name: None})
        says(found["settings"], "failed", f"{name} is missing")
