"""What the organisation allows the app itself: the rights in its own token, and what is declared.

What is granted stands in the token. What the registration declares, and so what a consent would
cover, is seen only with the right to read it (launch.check.registration).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import AdminMustAct
from domain.organisation import (
    CHECKED_WITH,
    NEEDED,
    Matching,
    Right,
    beyond,
    matching,
    may_write,
    missing,
)
from launch.check.findings import Check, Fault, Found, Once, and_, ok, unseen, warning
from launch.check.microsoft import REGISTRATION, is_registered
from launch.check.registration import APP, ENTERPRISE, NotReadable, own_rights_declared
from launch.outside import consent_address
from service.setting_rules import SECOND
from sync.microsoft.app_roles import roles_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launch.check.registration import Registration
    from launch.check.visit import Visit

RIGHTS: Final = {
    Right.WRITE: "83cded22-8297-4ff6-a7fa-e97e9545a259",
    Right.READ: "a70e0c2d-e793-494c-94c4-118fa0a67f42",
    Right.USERS: "df021288-bdef-4463-88db-98f22de89214",
    Right.USERS_BASIC: "97235f07-e226-4f63-ace3-39588e11d3a1",
}
"""The application permissions of Graph, by their ids ("Microsoft Graph permissions reference")."""
_NAMES: Final = {number: str(right) for right, number in RIGHTS.items()} | {
    "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30": "Application.Read.All",
}
_NOT_USED: Final = "not authorised: people connect one by one"
_TAKE_AWAY: Final = (
    f"Take it off {APP} > API permissions, and revoke it in {ENTERPRISE} > Permissions: consent "
    "for the organisation covers everything that is listed."
)


def organisation_checks(
    visit: Visit, token: Once[str], registration: Once[Registration], people_s: Once[str]
) -> Sequence[Check]:
    """The checks of this part. `token` is the organisation's own token for Graph.

    `people_s`: that of the registration with which people sign in; it may be another one, and then
    `registration` is not that one either.
    """
    second = visit.settings.organisation_client_id
    needs = (REGISTRATION[2], *SECOND) if second else REGISTRATION

    async def rights(of: Once[str] = token) -> frozenset[str]:
        try:
            return roles_of(await of.for_others(), visit.settings.microsoft_app_tenant_id)
        except AdminMustAct as error:
            raise Fault(
                unseen(f"The rights in the app's token can't be read ({error.code}).")
            ) from error

    async def granted() -> Found:
        return granted_found(await rights())

    async def declared() -> Found:
        try:
            found = await registration.get()
        except NotReadable as error:
            return unseen(f"{error} {APP} > API permissions shows what consent would cover.")
        except Exception as error:
            raise Fault(unseen("Not tested: the registration couldn't be read.")) from error
        return declared_found(own_rights_declared(found))

    async def redirect() -> Found:
        address = consent_address(visit.settings)
        known = await is_registered(visit, address, second or visit.settings.microsoft_app_id)
        if known is None:
            return unseen(f"Whether {address} is registered can't be checked.")
        if known:
            return ok(f"{address} is registered")
        remedy = (
            f"Add exactly this address in {APP} > Authentication > Web. Microsoft returns to it "
            "from the page that “settings organisation” gives."
        )
        if may_write(await rights()):
            return warning(f"{address} is not registered. It is needed to consent again.", remedy)
        return ok(f"{address} is not registered; it is only needed to consent in the browser")

    async def alone() -> Found:
        if not may_write(await rights()):
            return ok(_NOT_USED)
        return unseen(
            "Whether another installation also uses this app can't be checked from here. Two would "
            "overwrite each other's presence.",
            "Give each installation (test, production) its own registration.",
        )

    async def apart() -> Found:
        if not second:
            return ok("none: MicrosoftAppId also acts for the organisation, if it consents")
        await token.get()
        kept = sorted(await rights(people_s) - {CHECKED_WITH})
        if kept:
            return warning(
                f"MicrosoftAppId is granted {and_(kept)}, too, which the second app is for.",
                f"Take it off {APP} > API permissions, and revoke it in {ENTERPRISE} > "
                "Permissions: each app then has only its own rights.",
            )
        return ok("ORGANISATION_CLIENT_ID's credentials are accepted; only it acts for everyone")

    return (
        Check("organisation-app", "Second registration", apart, needs),
        Check("organisation-rights", "Organisation's rights", granted, needs),
        Check("organisation-declared", "Rights to consent to", declared, needs),
        Check(
            "organisation-redirect",
            "Consent redirect address",
            redirect,
            (needs[0], REGISTRATION[2], "PUBLIC_URL"),
        ),
        Check("organisation-alone", "One installation", alone, needs),
    )


def granted_found(rights: frozenset[str]) -> Found:
    """How it is with the rights in the app's own token."""
    more = beyond(rights)
    if more:
        return warning(f"More is granted than the app needs: {and_(more)}.", _TAKE_AWAY)
    if not rights:
        return ok(_NOT_USED)
    if not may_write(rights):
        return warning(
            f"{Right.WRITE} is not granted, so the organisation's authorisation doesn't work.",
            f"{APP} > API permissions > Add > Microsoft Graph > Application: "
            f"{and_([str(right) for right in missing(rights)])}. Then say “settings organisation” "
            "in the chat to have it consented to.",
        )
    if matching(rights) is not Matching.FULL:
        return warning(
            f"{Right.USERS} is not granted: disabled accounts and guests can't be recognised"
            + (", and nobody is matched." if matching(rights) is Matching.NONE else "."),
            f"{APP} > API permissions > Add > Microsoft Graph > Application: {Right.USERS}.",
        )
    return ok(f"{and_([str(right) for right in NEEDED])} are granted")


def declared_found(numbers: frozenset[str]) -> Found:
    """How it is with what the registration declares (ids), which is what consent would cover."""
    names = sorted(_NAMES.get(number, f"permission {number}") for number in numbers)
    if not names:
        return ok("none: consent would not allow the app to do anything on its own")
    more = beyond(names)
    if more:
        return warning(f"Consent would cover more than the app needs: {and_(more)}.", _TAKE_AWAY)
    lacking = missing(names)
    if lacking:
        return warning(
            f"{and_([str(right) for right in lacking])} would not be consented to.",
            f"{APP} > API permissions > Add > Microsoft Graph > Application.",
        )
    return ok(f"{and_(names)}, and nothing else")
