"""The Zoom side: credentials, scopes, the log of deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.people import ZOOM_APP_ID
from tests.launch.check.conftest import says

if TYPE_CHECKING:
    from tests.launch.check.conftest import Doctor

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITH_LOG = {"ZOOM_APP_ID": ZOOM_APP_ID}
ALL = ("zoom", "zoom-scopes", "zoom-api", "zoom-pace", "zoom-log")


async def test_all_is_well(doctor: Doctor) -> None:
    found = await doctor.findings(*ALL, ADMIN_ZOOM_ROLE="on", **WITH_LOG)
    assert list(found) == list(ALL)
    for one in found.values():
        says(one, "ok")


async def test_without_it_events_are_enough(doctor: Doctor) -> None:
    found = await doctor.findings(*ALL, ZOOM_CLIENT_ID=None, ZOOM_CLIENT_SECRET=None)
    assert list(found) == ["zoom"]
    says(found["zoom"], "ok", "only known from events")


async def test_wrong_credentials(doctor: Doctor) -> None:
    found = await doctor.findings(*ALL, ZOOM_CLIENT_SECRET="wrong-zoom-secret-3391")
    says(found["zoom"], "failed", "doesn't accept ZOOM_CLIENT_ID with ZOOM_CLIENT_SECRET")
    says(found["zoom-scopes"], "unseen", "Not tested: Zoom's token failed")
    assert "3391" not in str(found)


async def test_a_wrong_account(doctor: Doctor) -> None:
    found = await doctor.found("zoom", ZOOM_ACCOUNT_ID="another-account")
    says(found, "failed", "Bad Request", "ZOOM_ACCOUNT_ID", "activated")


async def test_scopes_that_are_missing_are_named(doctor: Doctor) -> None:
    doctor.around.world.zoom_scopes = (
        "user:read:list_users:admin user:read:user:admin group:read:admin"
    )
    found = await doctor.found("zoom-scopes", ADMIN_ZOOM_ROLE="on", **WITH_LOG)
    says(
        found,
        "failed",
        "Missing: user:read:presence_status:admin, role:read:role:admin, "
        "marketplace_app:read:admin.",
    )


async def test_classic_scopes_will_do(doctor: Doctor) -> None:
    doctor.around.world.zoom_scopes = (
        "user:read:admin group:read:admin role:read:admin marketplace_app:read:admin"
    )
    says(await doctor.found("zoom-scopes", ADMIN_ZOOM_ROLE="on", **WITH_LOG), "ok")


async def test_scopes_that_zoom_does_not_tell(doctor: Doctor) -> None:
    doctor.around.world.zoom_scopes = None
    says(await doctor.found("zoom-scopes"), "unseen", "doesn't say which scopes", "Scopes")


async def test_a_log_that_may_not_be_read(doctor: Doctor) -> None:
    doctor.around.world.webhooks.log_readable = False
    found = await doctor.found("zoom-log", **WITH_LOG)
    doctor.around.world.webhooks.log_readable = True
    says(found, "failed", "does not contain scopes", "marketplace_app:read:admin")


async def test_a_log_of_another_app(doctor: Doctor) -> None:
    says(await doctor.found("zoom-log", ZOOM_APP_ID="elsewhere"), "failed", "ZOOM_APP_ID")


async def test_a_token_that_another_process_ended_is_no_fault(doctor: Doctor) -> None:
    doctor.around.world.faults.zoom.append(Fault(FaultKind.UNAUTHORIZED))
    # The first request is the token's.
    says(await doctor.found("zoom-api"), "unseen", "Not tested")
    says(await doctor.found("zoom-api"), "ok")


async def test_an_api_that_fails(doctor: Doctor) -> None:
    found = await doctor.found("zoom-api", ZOOM_API_URL=f"{doctor.around.http}/elsewhere")
    says(found, "failed", "HTTP 404", ".env.example has the usual ones")


async def test_the_pace_is_said_and_what_it_takes(doctor: Doctor) -> None:
    says(await doctor.found("zoom-pace"), "ok", "at most 20 times a second, 10 of them")
    says(await doctor.found("zoom-pace", ZOOM_PER_SECOND="4"), "ok", "at most 8 times a second")
    fast = await doctor.found("zoom-pace", ZOOM_PER_SECOND="50")
    says(fast, "unseen", "at most 60 times a second", "Business and above", "ZOOM_PER_SECOND to 10")
