"""The Zoom side: credentials, the scopes of the app, Zoom's log of what it could not deliver."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import aiohttp

from launch.check.findings import Check, Fault, Found, Once, and_, failed, ok, unseen
from launch.check.visit import host_of
from launch.outside import ZOOM_LISTS_PER_SECOND
from service.setting_rules import ZOOM_API_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launch.check.visit import Answer, Visit
    from service.settings import Settings

SCOPES: Final = (
    *("user:read:list_users", "user:read:user", "user:read:presence_status"),
    *("group:read:list_groups", "group:read:group", "group:read:list_members"),
)
"""What is read in any case, as the granular scopes are called (each with `:admin`)."""
PRO_PER_SECOND: Final = 20
BUSINESS_PER_SECOND: Final = 60
"""Requests of medium weight, for all apps of an account (Zoom documentation, "Rate limits")."""
ROLE_SCOPE: Final = "role:read:role"
LOG_SCOPE: Final = "marketplace_app:read"
_CLASSIC: Final = ("user:read", "group:read", "role:read")
"""What a classic scope of the same beginning allows, whatever follows (Zoom, "OAuth scopes")."""
_PAGE: Final = "Zoom App Marketplace > Manage > your Server-to-Server OAuth app"
_TOKEN_SIGNS: Final = ("error", "reason", "code")


@dataclass(frozen=True, slots=True)
class ZoomToken:
    """A token, and the scopes that it has; None: Zoom did not say."""

    token: str = field(repr=False)
    scopes: frozenset[str] | None


def zoom_checks(visit: Visit, token: Once[ZoomToken]) -> Sequence[Check]:
    """The checks of this part."""
    if not visit.settings.zoom_api_configured:
        return [Check("zoom", "Zoom credentials", _not_used)]
    checks = [
        Check("zoom", "Zoom credentials", lambda: _credentials(token)),
        Check("zoom-scopes", "Zoom scopes", lambda: _scopes(visit, token)),
        Check("zoom-api", "Zoom API", lambda: _api(visit, token)),
        Check("zoom-pace", "Zoom's pace", lambda: _pace(visit.settings)),
    ]
    if visit.settings.zoom_app_id is not None:
        checks.append(Check("zoom-log", "Zoom webhook log", lambda: _log(visit, token)))
    return checks


async def _not_used() -> Found:
    return ok(f"not used ({and_(ZOOM_API_NAMES)} are not set): presence is only known from events")


async def zoom_token(visit: Visit) -> ZoomToken:
    """A token of the Server-to-Server app. Raises Fault."""
    settings = visit.settings
    answer = await visit.ask(
        "POST",
        f"{settings.zoom_oauth_url}/oauth/token",
        service="Zoom",
        signs=_TOKEN_SIGNS,
        headers={
            "Authorization": aiohttp.encode_basic_auth(
                settings.zoom_client_id or "",
                settings.zoom_client_secret.get_secret_value()
                if settings.zoom_client_secret
                else "",
            )
        },
        data={"grant_type": "account_credentials", "account_id": settings.zoom_account_id or ""},
    )
    token, scope = answer.body.get("access_token"), answer.body.get("scope")
    if answer.status == 200 and isinstance(token, str):
        return ZoomToken(token, frozenset(scope.split()) if isinstance(scope, str) else None)
    raise Fault(_no_token(answer))


def _no_token(answer: Answer) -> Found:
    said = str(answer.body.get("reason") or answer.body.get("error") or "")[:100]
    if answer.body.get("error") == "invalid_client":
        return failed(
            "Zoom doesn't accept ZOOM_CLIENT_ID with ZOOM_CLIENT_SECRET.",
            f"Copy both again from {_PAGE} > App credentials.",
        )
    if answer.status in {400, 401, 403}:
        return failed(
            f"Zoom gave no token ({said or f'HTTP {answer.status}'}).",
            f"Compare ZOOM_ACCOUNT_ID with {_PAGE} > App credentials. The app must be of the kind "
            "Server-to-Server OAuth, and activated.",
        )
    return failed(f"Zoom gave no token (HTTP {answer.status}).", "Run this again later.")


async def _credentials(token: Once[ZoomToken]) -> Found:
    await token.get()
    return ok("the app's credentials are accepted")


def lacking_scopes(settings: Settings, granted: frozenset[str]) -> list[str]:
    """The scopes that the settings need and a token lacks, as Zoom's page calls them."""
    needed = list(SCOPES)
    if settings.admin_zoom_role == "on":
        needed.append(ROLE_SCOPE)
    if settings.zoom_app_id is not None:
        needed.append(LOG_SCOPE)
    return [f"{scope}:admin" for scope in needed if not _allows(granted, scope)]


def _allows(granted: frozenset[str], scope: str) -> bool:
    classic = next((name for name in _CLASSIC if scope.startswith(name)), scope)
    return bool(granted & {f"{name}:{level}" for name in (scope, classic) for level in _LEVELS})


_LEVELS: Final = ("admin", "master")


async def _scopes(visit: Visit, token: Once[ZoomToken]) -> Found:
    granted = (await token.for_others()).scopes
    if granted is None:
        return unseen("Zoom doesn't say which scopes the app has.", f"See {_PAGE} > Scopes.")
    if lacking := lacking_scopes(visit.settings, granted):
        return failed(
            f"Missing: {', '.join(lacking)}.",
            f"Add them in {_PAGE} > Scopes, and activate the app again.",
        )
    return ok("all that are needed")


async def _api(visit: Visit, token: Once[ZoomToken]) -> Found:
    answer = await _get(visit, token, "/v2/users", page_size=1)
    if answer.status == 200:
        return ok("people can be read")
    return _refused(answer, "Zoom's users can't be read")


async def _pace(settings: Settings) -> Found:
    about_people = settings.zoom_per_second
    together = about_people + min(about_people, ZOOM_LISTS_PER_SECOND)
    said = f"asked at most {together:g} times a second, {about_people:g} of them about presence"
    if together <= PRO_PER_SECOND:
        return ok(said)
    return unseen(
        f"Zoom is {said}: more than the {PRO_PER_SECOND} that it allows a Pro account.",
        "Which plan the account has can't be seen from here. Business and above may ask "
        f"{BUSINESS_PER_SECOND} times a second, all apps of the account together. Otherwise lower "
        "ZOOM_PER_SECOND to 10.",
    )


async def _log(visit: Visit, token: Once[ZoomToken]) -> Found:
    now = visit.now()
    answer = await _get(
        visit,
        token,
        f"/v2/marketplace/apps/{quote(visit.settings.zoom_app_id or '', safe='')}/webhook_logs",
        page_size=1,
        type=2,
        **{"from": _moment(now - 60), "to": _moment(now)},
    )
    if answer.status == 200:
        return ok("events that Zoom couldn't deliver can be read")
    if answer.status == 404:
        return failed(
            "Zoom has no app with the id in ZOOM_APP_ID.",
            "It is the last part of the app's address in Zoom's App Marketplace. If in doubt, "
            "leave it out: Zoom is then asked about everyone after an outage.",
        )
    return _refused(answer, "Zoom's log of deliveries can't be read")


def _refused(answer: Answer, what: str) -> Found:
    said = str(answer.body.get("message", ""))[:200]
    if "scopes" in said:
        return failed(f"{what}: {said}", f"Add the scope in {_PAGE} > Scopes.")
    return failed(
        f"{what} (HTTP {answer.status}{f': {said}' if said else ''}).",
        "Compare ZOOM_API_URL with .env.example, and check Zoom's status page.",
    )


async def _get(visit: Visit, token: Once[ZoomToken], path: str, **query: str | int) -> Answer:
    address = f"{visit.settings.zoom_api_url}{path}"

    async def ask(bearer: str) -> Answer:
        return await visit.ask(
            "GET",
            address,
            service=host_of(address),
            signs=("code",),
            params=query,
            headers={"Authorization": f"Bearer {bearer}"},
        )

    answer = await ask((await token.for_others()).token)
    if answer.status == 401:  # a running process has got a token of its own since: that ended ours
        answer = await ask((await zoom_token(visit)).token)
    return answer


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
