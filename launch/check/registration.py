"""The app's registration as Entra's directory has it: the secret's end, consent, assignment, kind.

Graph shows it to who may read applications (application permission Application.Read.All, or an
admin's own token). The app needs no such right for its work, and mostly has none: then these lines
say so, and where to look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from domain.clock import DAY
from domain.roles import APP_ROLES
from launch.check.findings import Check, Fault, Found, Once, and_, failed, ok, unseen, warning
from launch.check.microsoft import REGISTRATION
from launch.outside import redirect_address
from sync.answers import MICROSOFTS_SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launch.check.visit import Visit

SOON_DAYS: Final = 30
"""A secret or certificate that ends within so many days is a warning."""
PERMISSIONS: Final = {
    "Presence.ReadWrite": "8d3c54a7-cf58-4773-bf81-c0cd6ad522bb",
    "Presence.Read": "76bc735e-aecd-4a1d-8b4c-2b915deabb79",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
}
"""The delegated permissions of Graph, by their ids ("Microsoft Graph permissions reference")."""
GRAPH_APP: Final = "00000003-0000-0000-c000-000000000000"
TOKEN_NAME: Final = "ENTRA_TOKEN"  # noqa: S105 - the name of a variable
HOW_TO_SEE: Final = (
    f'Or let this command read it: {TOKEN_NAME}="$(az account get-access-token --resource-type '
    'ms-graph --query accessToken -o tsv)" python app.py check'
)
_SELF_CONSENT: Final = "managepermissiongrantsforself."
APP: Final = "Entra > App registrations > your app"
_ROLES: Final = f"{APP} > App roles"
ENTERPRISE: Final = "Entra > Enterprise applications > your app"


@dataclass(frozen=True, slots=True)
class Registration:
    """The directory's objects. `application` is the registration, `principal` its presence here."""

    application: dict[str, Any]
    principal: dict[str, Any]
    grants: list[dict[str, Any]]

    @property
    def for_all(self) -> set[str]:
        """The delegated permissions that an admin granted for everyone."""
        return {
            scope
            for grant in self.grants
            if grant.get("consentType") == "AllPrincipals"
            for scope in str(grant.get("scope", "")).split()
        }

    @property
    def declared(self) -> set[str]:
        """The ids of the delegated permissions of Graph that the registration lists."""
        return _listed(self, "Scope")


def own_rights_declared(registration: Registration) -> frozenset[str]:
    """The ids of the application permissions of Graph that the registration lists."""
    return frozenset(_listed(registration, "Role"))


def _listed(registration: Registration, kind: str) -> set[str]:
    return {
        str(access.get("id", "")).lower()
        for resource in _rows(registration.application, "requiredResourceAccess")
        if resource.get("resourceAppId") == GRAPH_APP
        for access in _rows(resource, "resourceAccess")
        if access.get("type") == kind
    }


Look = Callable[["Visit", Registration], Awaitable[Found]]


def registration_checks(visit: Visit, registration: Once[Registration]) -> Sequence[Check]:
    """The checks of this part."""

    def check(name: str, title: str, look: Look, where: str) -> Check:
        async def run() -> Found:
            try:
                found = await registration.get()
            except NotReadable as error:
                return unseen(f"{error} {where}", HOW_TO_SEE)
            except Exception as error:
                raise Fault(unseen("Not tested: the registration couldn't be read.")) from error
            return await look(visit, found)

        return Check(name, title, run, REGISTRATION)

    return (
        check(
            "entra-secret-end",
            "Entra secret expiry",
            _secret_end,
            f"See when the secret ends in {APP} > Certificates & secrets.",
        ),
        check(
            "entra-kind",
            "Entra app type",
            _kind,
            f"{APP} > Authentication must say “this organizational directory only” and list the "
            "redirect address under Web.",
        ),
        check(
            "entra-consent",
            "Entra consent",
            _consent,
            f"See {APP} > API permissions; people consent for themselves unless your policy "
            "forbids it.",
        ),
        check(
            "entra-assignment",
            "Entra assignment",
            _assignment,
            f"See {ENTERPRISE} > Properties > “Assignment required”.",
        ),
        check("entra-roles", "Entra app roles", _app_roles, f"See {_ROLES}."),
    )


class NotReadable(Exception):
    """Graph does not show the registration to whom we ask as."""


async def read_registration(
    visit: Visit, app_token: Once[str], app_id: str | None = None
) -> Registration:
    """Read it, or that of another app. Raises NotReadable, Fault."""
    token = visit.entra_token or await app_token.for_others()
    app_id = app_id or visit.settings.microsoft_app_id
    application = await _get(
        visit,
        token,
        f"applications(appId='{app_id}')?$select=signInAudience,web,spa,publicClient,"
        "passwordCredentials,requiredResourceAccess,appRoles",
    )
    principal = await _get(
        visit,
        token,
        f"servicePrincipals(appId='{app_id}')?$select=id,accountEnabled,appRoleAssignmentRequired",
    )
    grants = await _get(
        visit, token, f"oauth2PermissionGrants?$filter=clientId eq '{principal.get('id', '')}'"
    )
    return Registration(application, principal, _rows(grants, "value"))


async def _get(visit: Visit, token: str, path: str) -> dict[str, Any]:
    answer = await visit.ask(
        "GET",
        f"{visit.settings.graph_url}/v1.0/{path}",
        service="Microsoft Graph",
        signs=MICROSOFTS_SIGNS,
        headers={"Authorization": f"Bearer {token}"},
    )
    if answer.status == 200:
        return answer.body
    if answer.status == 401 and visit.entra_token:
        raise NotReadable(f"It can't be checked: Graph refuses the token in {TOKEN_NAME}.")
    if answer.status in {401, 403}:
        raise NotReadable(
            "It can't be checked from here: the app isn't allowed to read its own registration."
        )
    if answer.status == 404:
        raise NotReadable(
            f"It can't be checked: the organisation of {TOKEN_NAME} has no such app."
            if visit.entra_token
            else "It can't be checked: Graph doesn't know the app."
        )
    raise NotReadable(f"It can't be checked: Graph answered HTTP {answer.status}.")


async def _secret_end(visit: Visit, registration: Registration) -> Found:
    """The credential is found by its hint, which is what the secret begins with."""
    secret = visit.settings.microsoft_app_password.get_secret_value()
    ends = [
        moment
        for row in _rows(registration.application, "passwordCredentials")
        if row.get("hint") == secret[:3] and (moment := _moment(row.get("endDateTime")))
    ]
    if not ends:
        return failed(
            "MicrosoftAppPassword isn't one of the app's secrets: none begins like it.",
            f"Create a new one in {APP} > Certificates & secrets, and copy its value.",
        )
    return ends_at(
        "The secret",
        max(ends),
        visit.now(),
        f"Make a new one in {APP} > Certificates & secrets, set MicrosoftAppPassword, and restart.",
    )


def ends_at(what: str, end: datetime, now: float, remedy: str) -> Found:
    """How it is with something that ends at a moment. `now` is epoch seconds."""
    days = int((end.timestamp() - now) * 1000 // DAY)
    day = f"{end.astimezone(UTC):%d %B %Y}".lstrip("0")
    if days < 0:
        return failed(f"{what} ended on {day}.", remedy)
    if days < SOON_DAYS:
        left = "today" if days == 0 else f"in {days} day{'' if days == 1 else 's'}"
        return warning(f"{what} ends {left}, on {day}.", remedy)
    return ok(f"{what[0].lower()}{what[1:]} is good until {day}")


async def _kind(visit: Visit, registration: Registration) -> Found:
    app, address = registration.application, redirect_address(visit.settings)
    web = _addresses(app, "web")
    if address not in web:
        for kind, name in (("spa", "Single-page application"), ("publicClient", "Mobile")):
            if address in _addresses(app, kind):
                return failed(
                    f"The redirect address is registered as “{name}”.",
                    f"{APP} > Authentication: remove it there, and add it under Web.",
                )
        return failed(
            f"The redirect address {address} is missing.",
            f"Add exactly this address in {APP} > Authentication > Web.",
        )
    if app.get("signInAudience") != "AzureADMyOrg":
        return warning(
            f"The app accepts accounts from outside ({app.get('signInAudience')}).",
            f"{APP} > Authentication > Supported account types: this organizational directory "
            "only. People from outside are refused in any case.",
        )
    return ok("one organisation; the redirect address is under Web")


async def _consent(visit: Visit, registration: Registration) -> Found:
    settings = visit.settings
    grant = (
        f"Grant it for everyone: {settings.microsoft_login_url}/{settings.microsoft_app_tenant_id}"
        f"/adminconsent?client_id={settings.microsoft_app_id}"
    )
    lower = {scope.lower() for scope in registration.for_all}
    lacking = [name for name in PERMISSIONS if name.lower() not in lower]
    if not lacking:
        return ok("granted for everyone")
    missing = [name for name in lacking if PERMISSIONS[name] not in registration.declared]
    if missing:
        return failed(
            f"The registration lacks {and_(missing)}.",
            f"{APP} > API permissions > Add > Microsoft Graph > Delegated: {and_(missing)}.",
        )
    if registration.for_all:
        return failed(f"Granted for everyone, except {and_(lacking)}.", grant)
    allowed = await _people_may_consent(visit)
    if allowed is None:
        return unseen(
            "No admin has granted it for everyone. Whether people may consent for themselves can't "
            "be checked.",
            f"See Entra > Enterprise applications > Consent and permissions. {grant}",
        )
    if not allowed:
        return failed(
            "People can't consent for themselves, and no admin has consented for everyone.", grant
        )
    return ok("people consent for themselves when they connect")


async def _people_may_consent(visit: Visit) -> bool | None:
    """Whether the organisation lets people consent to apps; None: it can't be seen."""
    token = visit.entra_token
    if token is None:
        token = (
            await visit.authorization.app_token(f"{visit.settings.graph_resource}/.default")
        ).token
    try:
        policy = await _get(visit, token, "policies/authorizationPolicy")
    except (NotReadable, Fault):
        return None
    role = policy.get("defaultUserRolePermissions")
    assigned = role.get("permissionGrantPoliciesAssigned") if isinstance(role, dict) else None
    if not isinstance(assigned, list):
        return None
    return any(str(name).lower().startswith(_SELF_CONSENT) for name in assigned)


async def _assignment(_: Visit, registration: Registration) -> Found:
    if registration.principal.get("accountEnabled") is False:
        return failed(
            "The app is switched off for sign-ins.",
            f"{ENTERPRISE} > Properties > “Enabled for users to sign in”: Yes.",
        )
    if registration.principal.get("appRoleAssignmentRequired") is not True:
        return ok("not required: everyone in the organisation may connect")
    needed = {name.lower() for name in PERMISSIONS}
    if not needed <= {scope.lower() for scope in registration.for_all}:
        return failed(
            "Assignment is required, so people can't consent for themselves, and no admin has for "
            "everyone: nobody can connect.",
            f"Grant admin consent ({APP} > API permissions), or set “Assignment required” to No.",
        )
    return warning(
        "Assignment is required: only people who are assigned can connect.",
        f"Assign them or their groups in {ENTERPRISE} > Users and groups, or set it to No.",
    )


async def _app_roles(_: Visit, registration: Registration) -> Found:
    """The roles of admins and of the helpdesk are optional; one that is there must be of use."""
    rows = {str(row.get("value")): row for row in _rows(registration.application, "appRoles")}
    there = [name for name in APP_ROLES if name in rows]
    for name in there:
        if rows[name].get("isEnabled") is not True:
            return warning(f"The app role {name} is switched off.", f"Enable it in {_ROLES}.")
        if "User" not in _texts(rows[name], "allowedMemberTypes"):
            return warning(
                f"The app role {name} can't be given to people.",
                f"{_ROLES}: create it again with “Users/Groups” as allowed member types.",
            )
    known = {name.lower(): name for name in APP_ROLES}
    for value in rows:
        meant = known.get(value.strip().lower(), value)
        if meant != value and meant not in there:
            return warning(
                f"The app role “{value}” has no effect.",
                f"{_ROLES}: its value must be exactly {meant}.",
            )
    if not there:
        return ok("none: admins are the people named in the settings, and there is no helpdesk")
    missing = [f"no {name}" for name in APP_ROLES if name not in there]
    return ok(", ".join([*there, *missing]))


def _rows(of: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = of.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _addresses(app: dict[str, Any], kind: str) -> list[str]:
    part = app.get(kind)
    found = part.get("redirectUris") if isinstance(part, dict) else None
    return [str(address) for address in found] if isinstance(found, list) else []


def _texts(row: dict[str, Any], name: str) -> list[str]:
    texts = row.get(name)
    return [str(text) for text in texts] if isinstance(texts, list) else []


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
