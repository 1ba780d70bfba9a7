"""The app's registration, where it may be read: the secret's end, app type, consent, assignment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from launch.check.registration import PERMISSIONS as LOOKED_FOR
from sandbox.registration import PERMISSIONS
from service import settings as setup
from tests.launch.check.conftest import says

if TYPE_CHECKING:
    from sandbox.registration import Registration
    from tests.launch.check.conftest import Doctor

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ("entra-secret-end", "entra-kind", "entra-consent", "entra-assignment", "entra-roles")


@pytest.fixture
def entra(doctor: Doctor) -> Registration:
    """The registration, which an admin's token shows."""
    doctor.admin()
    return doctor.around.world.registration


async def test_all_is_well(doctor: Doctor, entra: Registration) -> None:
    found = await doctor.findings(*ALL)
    parts = (
        "1 January 2099",
        "under Web",
        "consent for themselves",
        "not required",
        "none: admins",
    )
    for check, part in zip(ALL, parts, strict=True):
        says(found[check], "ok", part)


async def test_without_the_right_it_says_so_and_where_to_look(doctor: Doctor) -> None:
    for one in (await doctor.findings(*ALL)).values():
        says(one, "unseen", "isn't allowed to read its own registration", "Entra", "ENTRA_TOKEN=")


async def test_an_app_that_was_given_the_right_sees_it(doctor: Doctor) -> None:
    doctor.around.world.registration.readable_by_app = True
    for one in (await doctor.findings(*ALL)).values():
        says(one, "ok")


async def test_a_token_that_graph_refuses(doctor: Doctor) -> None:
    doctor.entra_token = "no-token-at-all-4471"
    found = await doctor.findings(*ALL)
    says(found["entra-consent"], "unseen", "refuses the token in ENTRA_TOKEN")
    assert "4471" not in str(found)


@pytest.mark.parametrize(
    ("days", "state", "part"),
    [(-2, "failed", "ended on"), (0.2, "warning", "ends today"), (1.5, "warning", "in 1 day"),
     (29.5, "warning", "in 29 days"), (31, "ok", "good until")],
)  # fmt: skip
async def test_a_secret_that_ends(
    doctor: Doctor, entra: Registration, days: float, state: str, part: str
) -> None:
    entra.ends = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    says(await doctor.found("entra-secret-end"), state, part)


async def test_a_secret_that_is_not_listed(doctor: Doctor, entra: Registration) -> None:
    entra.ends = None
    says(await doctor.found("entra-secret-end"), "failed", "isn't one of the app's secrets")


@pytest.mark.parametrize(("kind", "name"), [("spa", "Single-page"), ("publicClient", "Mobile")])
async def test_a_redirect_address_of_another_kind(
    doctor: Doctor, entra: Registration, kind: str, name: str
) -> None:
    entra.redirect_kind = kind
    says(await doctor.found("entra-kind"), "failed", name, "under Web")


async def test_a_redirect_address_that_is_missing(doctor: Doctor, entra: Registration) -> None:
    found = await doctor.found("entra-kind", PUBLIC_URL="https://new.example.com")
    says(found, "failed", "https://new.example.com/auth/microsoft/callback is missing")


async def test_an_app_for_everybody(doctor: Doctor, entra: Registration) -> None:
    entra.audience = "AzureADMultipleOrgs"
    says(await doctor.found("entra-kind"), "warning", "from outside", "AzureADMultipleOrgs")


async def test_a_permission_that_is_missing(doctor: Doctor, entra: Registration) -> None:
    entra.declared = ["User.Read"]
    found = await doctor.found("entra-consent")
    says(found, "failed", "lacks Presence.ReadWrite and Presence.Read", "Delegated")


async def test_consent_that_is_missing(doctor: Doctor, entra: Registration) -> None:
    entra.people_may_consent = False
    says(await doctor.found("entra-consent"), "failed", "no admin has", "/adminconsent?client_id=")


async def test_consent_for_a_part(doctor: Doctor, entra: Registration) -> None:
    entra.granted_for_all = ["User.Read", "Presence.Read"]
    says(await doctor.found("entra-consent"), "failed", "except Presence.ReadWrite")


async def test_consent_for_everyone(doctor: Doctor, entra: Registration) -> None:
    entra.granted_for_all, entra.people_may_consent = list(PERMISSIONS), False
    says(await doctor.found("entra-consent"), "ok", "granted for everyone")


async def test_a_policy_that_can_not_be_read(doctor: Doctor, entra: Registration) -> None:
    entra.policy_readable = False
    says(
        await doctor.found("entra-consent"), "unseen", "can't be checked", "Consent and permissions"
    )


async def test_assignment_is_required(doctor: Doctor, entra: Registration) -> None:
    entra.assignment_required = True
    says(await doctor.found("entra-assignment"), "failed", "nobody can connect")
    entra.granted_for_all = list(PERMISSIONS)
    says(await doctor.found("entra-assignment"), "warning", "only people who are assigned")


async def test_an_app_that_is_switched_off(doctor: Doctor, entra: Registration) -> None:
    entra.enabled = False
    says(await doctor.found("entra-assignment"), "failed", "switched off")


async def test_what_is_asked_of_people_is_what_is_looked_for(doctor: Doctor) -> None:
    settings = setup.examine(doctor.around.environ()).settings
    assert set(LOOKED_FOR) == set(settings.graph_scopes)
    assert dict(PERMISSIONS) == LOOKED_FOR


def role(value: str, *, on: bool = True, members: tuple[str, ...] = ("User",)) -> dict[str, Any]:
    return {"value": value, "isEnabled": on, "allowedMemberTypes": list(members)}


@pytest.mark.parametrize(
    ("roles", "state", "part"),
    [
        (
            [role("PresenceAdmin"), role("PresenceHelpdesk")],
            "ok",
            "PresenceAdmin, PresenceHelpdesk",
        ),
        ([role("PresenceAdmin"), role("Other")], "ok", "PresenceAdmin, no PresenceHelpdesk"),
        ([role("PresenceHelpdesk", on=False)], "warning", "PresenceHelpdesk is switched off"),
        ([role("PresenceHelpdesk", members=("Application",))], "warning", "be given to people"),
        ([role("presenceHelpDesk ")], "warning", "has no effect"),
        (["no role", {"value": None}], "ok", "none: admins"),
    ],
)
async def test_roles_of_admins_and_of_the_helpdesk(
    doctor: Doctor, entra: Registration, roles: list[Any], state: str, part: str
) -> None:
    entra.app_roles = roles
    says(await doctor.found("entra-roles"), state, part)
