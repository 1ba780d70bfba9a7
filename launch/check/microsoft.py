"""The Microsoft side as the app's own credentials show it: tenant, secret, redirect address, bot.

What Entra's numbers mean is its documentation's ("Microsoft Entra authentication and authorization
error codes"); what the Bot Connector answers is that of Teams ("Status codes from bot
conversational APIs").
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bot.teams.signing_keys import KeysUnavailable, SigningKeys
from domain.errors import AdminMustAct, OutsideError
from domain.loopback import is_loopback
from launch.check.findings import Check, Fault, Found, Once, failed, ok, unseen, warning
from launch.check.visit import host_of
from launch.outside import BOT_SCOPE, redirect_address
from service.setting_values import NATIONAL_CLOUDS
from sync.answers import MICROSOFTS_SIGNS, json_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launch.check.visit import Answer, Visit
    from sync.microsoft.authorization import Authorization

REGISTRATION: Final = ("MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppTenantId")
SECOND_NAMES: Final = {
    "MicrosoftAppId": "ORGANISATION_CLIENT_ID",
    "MicrosoftAppPassword": "ORGANISATION_CLIENT_SECRET",
    "your app": "your second app",
}
"""What is said of the second registration in place of what is said of the first."""
NOBODY: Final = "presence-bridge-check"
"""A conversation that does not exist."""
TEAMS: Final = "https://smba.trafficmanager.net/teams"

_CREDENTIALS = "Entra > App registrations > your app > Certificates & secrets"
_TENANT_PAGE = "Copy “Directory (tenant) ID” from Entra > App registrations > your app > Overview."
_NO_APP = failed(
    "This organisation has no app with the id in MicrosoftAppId.",
    "Compare “Application (client) ID” and “Directory (tenant) ID” in Entra > App registrations > "
    "your app > Overview with MicrosoftAppId and MicrosoftAppTenantId.",
)
_NO_TENANT = failed("There is no organisation with the id in MicrosoftAppTenantId.", _TENANT_PAGE)

_MEANINGS: Final[dict[int, Found]] = {
    90002: _NO_TENANT,
    900021: _NO_TENANT,
    900023: _NO_TENANT,
    700016: _NO_APP,
    700011: _NO_APP,
    7000229: failed(
        "The app is registered, but has no service principal in this organisation.",
        "Create it: az ad sp create --id with the id in MicrosoftAppId, or open Entra > App "
        "registrations > your app > Managed application in local directory.",
    ),
    7000215: failed(
        "MicrosoftAppPassword is not a secret of this app.",
        f"Create a new one in {_CREDENTIALS} and copy its *value* (not its id).",
    ),
    7000222: failed(
        "The secret in MicrosoftAppPassword has expired.",
        f"Create a new one in {_CREDENTIALS}, set MicrosoftAppPassword, and restart.",
    ),
    7000112: failed(
        "The app is switched off in Entra.",
        "Entra > Enterprise applications > your app > Properties: “Enabled for users to sign in”.",
    ),
    7000218: failed(
        "Entra treats this app as one without a secret (a public client).",
        "Entra > App registrations > your app > Authentication: add the redirect address under "
        "“Web”, and set “Allow public client flows” to No.",
    ),
    53003: failed(
        "A Conditional Access policy blocks the app from here.",
        "Entra > Protection > Conditional Access: allow this workload identity from here.",
    ),
}
_NUMBER = re.compile(r"AADSTS(\d{4,8})")
_NO_REDIRECT = frozenset({50011, 500113, 900971})
_NO_TOKEN: Final = {
    "login_unreachable": "can't be reached at {}",
    "login_intercepted": "didn't answer: something else answered in place of {}",
}
_ADMIN_TOLD = "See docs/operate.md and the app's sign-in logs in Entra."


def microsoft_checks(visit: Visit, app_token: Once[str]) -> Sequence[Check]:
    """The checks of this part. `app_token` is the app's own token for Graph."""
    return (
        Check("entra-tenant", "Entra tenant", lambda: _tenant(visit), REGISTRATION[2:]),
        Check("entra-secret", "Entra secret", lambda: _secret(visit, app_token), REGISTRATION),
        Check(
            "entra-redirect",
            "Entra redirect address",
            lambda: _redirect(visit),
            (REGISTRATION[0], REGISTRATION[2], "PUBLIC_URL"),
        ),
        Check("graph", "Microsoft Graph", lambda: _graph(visit)),
        Check("bot", "Bot registration", lambda: _bot(visit), REGISTRATION),
        Check("bot-keys", "Bot signing keys", lambda: _keys(visit)),
    )


async def app_token(visit: Visit) -> str:
    """The app's own token for Graph. Raises Fault."""
    return await _token(visit, f"{visit.settings.graph_resource}/.default")


async def organisation_token(visit: Visit) -> str:
    """The same of the second registration, where there is one. Raises Fault."""
    scope = f"{visit.settings.graph_resource}/.default"
    second = bool(visit.settings.organisation_client_id)
    return await _token(visit, scope, visit.organisation, second=second)


def _of_second(found: Found) -> Found:
    """The same about the second registration."""
    text, remedy = found.text, found.remedy
    for first, second in SECOND_NAMES.items():
        text, remedy = text.replace(first, second), remedy.replace(first, second)
    return replace(found, text=text, remedy=remedy)


async def _token(
    visit: Visit, scope: str, source: Authorization | None = None, *, second: bool = False
) -> str:
    try:
        return (await (source or visit.authorization).app_token(scope)).token
    except AdminMustAct as error:
        found = _meaning(error)
        raise Fault(_of_second(found) if second else found) from error
    except OutsideError as error:
        host = host_of(visit.settings.microsoft_login_url)
        what = _NO_TOKEN.get(error.code, "gave no token").format(host)
        raise Fault(
            failed(
                f"Entra {what} ({error.detail or error.code}).",
                f"Let this machine reach {host} without inspection or sign-in, and run this again.",
            )
        ) from error


def _meaning(error: AdminMustAct) -> Found:
    if error.code == "login_metadata":
        return _NO_TENANT
    found = _NUMBER.search(error.detail)
    number = int(found[1]) if found else 0
    return _MEANINGS.get(number) or failed(f"Entra refuses the app ({error.detail}).", _ADMIN_TOLD)


async def _tenant(visit: Visit) -> Found:
    settings = visit.settings
    tenant = settings.microsoft_app_tenant_id
    address = f"{settings.microsoft_login_url}/{tenant}/v2.0/.well-known/openid-configuration"
    answer = await visit.ask("GET", address, service="Entra", signs=MICROSOFTS_SIGNS)
    if answer.status == 200 and tenant in str(answer.body.get("issuer", "")).lower():
        return ok(f"{host_of(address)} knows it")
    return _said(answer) or failed(f"Entra answered HTTP {answer.status}.", _TENANT_PAGE)


def _said(answer: Answer) -> Found | None:
    """What an error answer's number means, if we know it."""
    return next((_MEANINGS[it] for it in _numbers(answer) if it in _MEANINGS), None)


async def _secret(visit: Visit, token: Once[str]) -> Found:
    secret = visit.settings.microsoft_app_password.get_secret_value()
    try:
        await token.get()
    except Fault as fault:
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", secret, re.IGNORECASE):
            raise Fault(
                failed(
                    "MicrosoftAppPassword is the id of a secret, not its value.",
                    "Copy the secret's *value*, which Entra shows only when the secret is made: "
                    f"{_CREDENTIALS}.",
                )
            ) from fault
        raise
    return ok("the app's credentials are accepted")


async def is_registered(visit: Visit, address: str, app_id: str) -> bool | None:
    """Whether Entra leads back to an app's address; None: it can't be seen. Raises Fault."""
    answer = await _begin(visit, address, app_id)
    if _led_back(answer, address):
        return True
    return False if set(_numbers(answer)) & _NO_REDIRECT else None


async def _begin(visit: Visit, address: str, app_id: str) -> Answer:
    """Begin a sign-in that shows no page: Entra sends back only to an address that it knows.

    With `prompt=none` it answers at once: to the address, that nobody is signed in; or on a page of
    its own, that it does not know the address (OpenID Connect Core 3.1.2.1 and 3.1.2.6).
    """
    settings = visit.settings
    return await visit.ask(
        "GET",
        f"{settings.microsoft_login_url}/{settings.microsoft_app_tenant_id}/oauth2/v2.0/authorize",
        service="Entra",
        signs=None,
        params={
            "client_id": app_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": address,
            "scope": "openid",
            "prompt": "none",
            "state": NOBODY,
            "nonce": NOBODY,
        },
    )


def _led_back(answer: Answer, address: str) -> bool:
    return 300 <= answer.status < 400 and answer.headers.get("Location", "").startswith(address)


def _numbers(answer: Answer) -> list[int]:
    return [int(number) for number in _NUMBER.findall(answer.text)]


async def _redirect(visit: Visit) -> Found:
    """Whether people come back from Microsoft."""
    address = redirect_address(visit.settings)
    answer = await _begin(visit, address, visit.settings.microsoft_app_id)
    if _led_back(answer, address):
        return ok(f"{address} is registered")
    if set(_numbers(answer)) & _NO_REDIRECT:
        return failed(
            f"{address} is not registered.",
            "Add exactly this address in Entra > App registrations > your app > Authentication > "
            "Add a platform > Web.",
        )
    return _said(answer) or unseen(
        f"Whether {address} is registered can't be checked: Entra showed a page (HTTP "
        f"{answer.status}).",
        "Compare it with Entra > App registrations > your app > Authentication > Web.",
    )


async def _graph(visit: Visit) -> Found:
    address = f"{visit.settings.graph_url}/v1.0/me"
    answer = await visit.ask("GET", address, service="Microsoft Graph", signs=MICROSOFTS_SIGNS)
    if answer.status in {200, 401, 403}:
        return ok("reached; it asks for a token")
    return failed(
        f"{host_of(address)} answered HTTP {answer.status}.",
        "Compare GRAPH_URL with .env.example, and look at Microsoft's service health.",
    )


async def _bot(visit: Visit) -> Found:
    """Ask the Bot Connector, as the bot, for a conversation that does not exist."""
    settings = visit.settings
    token = await _token(visit, BOT_SCOPE)
    claims = _claims(token)
    tenant = str(claims.get("tid", settings.microsoft_app_tenant_id)).lower()
    if tenant != settings.microsoft_app_tenant_id:
        return failed(
            f"The bot's token comes from another organisation ({tenant}).",
            "Register the bot as Single Tenant, in the organisation of MicrosoftAppTenantId.",
        )
    service = _connector(visit)
    if service is None:
        return unseen(
            "The bot's credentials are accepted. Whether it is registered with Teams can't be "
            "checked in this cloud.",
            "Azure portal > your Azure Bot > Configuration: app id, type Single Tenant, endpoint.",
        )
    answer = await visit.ask(
        "GET",
        f"{service}/v3/conversations/{NOBODY}/members/{NOBODY}",
        service="Teams",
        signs=("error", "message"),
        headers={"Authorization": f"Bearer {token}"},
    )
    return _registered(visit, answer)


def _registered(visit: Visit, answer: Answer) -> Found:
    error = answer.body.get("error")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    endpoint = f"{visit.settings.public_url or 'PUBLIC_URL'}/api/messages"
    if code == "BotNotRegistered":
        return failed(
            "No bot is registered with the id in MicrosoftAppId.",
            f'Register it: npx @microsoft/teams.cli app create --name "Presence Bridge" --endpoint '
            f"{endpoint}, or create an Azure Bot with this app id and the channel Microsoft Teams.",
        )
    if answer.status == 401:
        return failed(
            "Teams refuses the bot's token: the bot is registered as another kind, or for another "
            "organisation.",
            "Azure portal > your Azure Bot > Configuration: Bot Type must be Single Tenant, with "
            "the ids in MicrosoftAppId and MicrosoftAppTenantId. A Multi Tenant or managed "
            "identity bot has to be created again.",
        )
    if code == "BotDisabledByAdmin":
        return warning(
            "Teams knows the bot, but an admin has blocked it.",
            "Allow it in the Teams admin centre > Teams apps > Manage apps.",
        )
    if answer.status in {400, 403, 404}:  # of the conversation: the bot itself is known
        return ok("Teams accepts the bot's credentials and knows its registration")
    return unseen(
        f"The bot's credentials are accepted. Whether it is registered can't be checked (HTTP "
        f"{answer.status} from Teams).",
        "Run this again, or check the bot's configuration.",
    )


def _connector(visit: Visit) -> str | None:
    """The Bot Connector's address: an extra host of the settings comes before Microsoft's."""
    for host in sorted(visit.settings.service_hosts):
        plain = is_loopback(urlsplit(f"//{host}").hostname or "")
        return f"{'http' if plain else 'https'}://{host}/teams"
    national = urlsplit(visit.settings.graph_url).hostname in NATIONAL_CLOUDS
    return None if national else TEAMS


def _claims(token: str) -> dict[str, Any]:
    """What a token says, unchecked; {} where it can't be read."""
    try:
        body = token.split(".")[1]
        return json_object(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}


async def _keys(visit: Visit) -> Found:
    address = visit.settings.bot_openid_metadata_url
    await visit.ask("GET", address, service="the Bot Framework", signs=None)
    keys = SigningKeys(visit.session, address)
    try:
        await keys.refresh()
    except KeysUnavailable:
        return failed(
            f"{host_of(address)} answers, but not with the keys that sign Teams messages.",
            "Compare BOT_OPENID_METADATA_URL with .env.example.",
        )
    finally:
        await keys.aclose()
    return ok("the keys that sign Teams messages can be fetched")
