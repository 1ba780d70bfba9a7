"""Whether a Zoom user's role lets them edit account settings. The default is no.

Zoom's article demands "an admin with the privilege to edit account settings": the privilege
`AccountSetting:Edit` (Zoom documentation, "Privileges and Role Management") of the user's role. A
role may hold a privilege for some groups only (`privilege_scopes`); that is not the account. The
list of a user's permissions does not tell the two apart, so the role itself is read.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from cachetools import TTLCache

from domain.directory import ACTIVE
from domain.errors import OutsideError
from domain.link import fold_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.zoom.api import ZoomApi

log = structlog.get_logger()

PRIVILEGE = "AccountSetting:Edit"
FRESH_SECONDS = 300.0
"""A right that was withdrawn in Zoom ends here after at most twice this."""
_MOST = 1000


class ZoomRoles:
    """The look-up. `monotonic` gives seconds."""

    def __init__(self, api: ZoomApi, *, monotonic: Callable[[], float]) -> None:
        self._api = api
        self._users = TTLCache[str, tuple[str, str] | None](_MOST, FRESH_SECONDS, timer=monotonic)
        self._roles = TTLCache[str, bool](_MOST, FRESH_SECONDS, timer=monotonic)

    async def account_editor(self, user: str) -> str | None:
        """The folded address that Zoom has of a user (id) who may edit account settings.

        None: they may not, or there was no answer that is clear.
        """
        try:
            known = await self._role_of(user)
            return known[1] if known is not None and await self._may(known[0]) else None
        except OutsideError as error:
            log.warning("zoom_role_unknown", reason=str(error))
            return None

    async def _role_of(self, user: str) -> tuple[str, str] | None:
        """Role and folded address of an active user."""
        with contextlib.suppress(KeyError):
            return self._users[user]
        answer = await self._api.get(f"/v2/users/{quote(user, safe='')}")
        role, email = answer.get("role_id"), answer.get("email")
        known = None
        if answer.get("status") == ACTIVE and isinstance(role, str) and isinstance(email, str):
            known = (role, fold_address(email[:320])) if role and email else None
        self._users[user] = known
        return known

    async def _may(self, role: str) -> bool:
        with contextlib.suppress(KeyError):
            return self._roles[role]
        answer = await self._api.get(f"/v2/roles/{quote(role, safe='')}")
        privileges, scopes = answer.get("privileges"), answer.get("privilege_scopes") or []
        may = (
            isinstance(privileges, list)
            and PRIVILEGE in privileges
            and isinstance(scopes, list)
            and all(isinstance(scope, dict) for scope in scopes)
            and all(scope.get("permission_id") != PRIVILEGE for scope in scopes)
        )
        self._roles[role] = may
        return may
