"""What is asked, in which order, and what to do elsewhere before it can be answered.

Where things are clicked is said by the documentation of Entra, Azure and Zoom (2026); the commands
are those of the Azure CLI and of Microsoft's Teams CLI (`teams app create`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.sign_in.requests import CALLBACK, CONSENT_CALLBACK
from launch.check.registration import GRAPH_APP, PERMISSIONS
from launch.check.zoom import LOG_SCOPE, ROLE_SCOPE, SCOPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Command:
    """A command to copy: it stands on one line of its own."""

    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A value that is asked for. `optional`: Enter leaves it out."""

    name: str
    ask: str
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Some questions, what to do before, and the checks that try the answers.

    `how` gets what is known so far. Where `all_or_none`, leaving the first one out leaves out all.
    """

    title: str
    how: Callable[[Mapping[str, str]], Sequence[str | Command]]
    questions: Sequence[Question] = ()
    checks: Sequence[str] = ()
    all_or_none: bool = False


LATER: Final = ("public-address", "public-headers", "teams-messages", "zoom-events")
"""Checks that need a running `serve`."""


def _address(_: Mapping[str, str]) -> Sequence[str | Command]:
    return (
        "Teams, Zoom and people's browsers reach the bot at an https address. It belongs to a "
        "reverse proxy or tunnel that passes every path on to this machine, port 3978. Its "
        "certificate must be one that every browser trusts.",
    )


def _register(known: Mapping[str, str]) -> Sequence[str | Command]:
    address = known.get("PUBLIC_URL", "https://YOUR-ADDRESS")
    return (
        "The bot needs an app registration in Entra and a bot registration. The short way creates "
        "both, without an Azure subscription (it needs Node.js, and signs you in):",
        Command("npx @microsoft/teams.cli login"),
        Command(
            'npx @microsoft/teams.cli app create --name "Presence Bridge" --endpoint '
            f"{address}/api/messages"
        ),
        "It prints CLIENT_ID, CLIENT_SECRET and TENANT_ID. You are asked for them next.",
        "By hand: Entra admin centre > App registrations > New registration: name Presence Bridge, "
        "“Accounts in this organizational directory only”. Then Certificates & secrets > New "
        "client secret: copy its *value*. Then Azure portal > Create > Azure Bot: type Single "
        "Tenant, “Use existing app registration”, and in it Configuration > Messaging endpoint "
        f"{address}/api/messages, Channels > Microsoft Teams.",
    )


def _sign_in(known: Mapping[str, str]) -> Sequence[str | Command]:
    app = known.get("MicrosoftAppId", "YOUR-APP-ID")
    home = known.get("PUBLIC_URL", "https://YOUR-ADDRESS")
    redirect, consent = f"{home}{CALLBACK}", f"{home}{CONSENT_CALLBACK}"
    access = " ".join(f"{number}=Scope" for number in PERMISSIONS.values())
    return (
        "People sign in with the same app registration. Add in Entra > App registrations > your "
        f"app > Authentication > Add a platform > Web: {redirect} and {consent} (the second one is "
        "for an organisation that authorises once for everybody).",
        f"And in API permissions > Add > Microsoft Graph > Delegated: {', '.join(PERMISSIONS)}.",
        "With the Azure CLI:",
        Command(
            f"az ad app update --id {app} --sign-in-audience AzureADMyOrg --web-redirect-uris "
            f"{redirect} {consent}"
        ),
        Command(
            f"az ad app permission add --id {app} --api {GRAPH_APP} --api-permissions {access}"
        ),
        "People consent for themselves when they connect. If your policy forbids that, grant it "
        "once for everyone:",
        Command(f"az ad app permission admin-consent --id {app}"),
    )


def _store(_: Mapping[str, str]) -> Sequence[str | Command]:
    return (
        "A single process needs no Redis from you: it runs its own, and keeps its data in .data. "
        "Press Enter for that. For several processes, give the address of a Redis (6.2 or newer) "
        "or Valkey that keeps its data on disk (appendonly yes) and evicts nothing "
        "(maxmemory-policy noeviction).",
    )


def _zoom(_: Mapping[str, str]) -> Sequence[str | Command]:
    scopes = ", ".join(f"{scope}:admin" for scope in SCOPES)
    return (
        "Zoom App Marketplace > Develop > Build App > Server-to-Server OAuth App. App credentials "
        "shows the account id, client id and client secret. Scopes:",
        Command(scopes),
        f"(Add {ROLE_SCOPE}:admin if Zoom's admins may change settings in the chat, and "
        f"{LOG_SCOPE}:admin to read what Zoom couldn't deliver.) Activate the app.",
        "Without these three values, presence is only known from events, and settings only work "
        "for the whole account. Press Enter to leave them out.",
    )


def _events(known: Mapping[str, str]) -> Sequence[str | Command]:
    address = known.get("PUBLIC_URL", "https://YOUR-ADDRESS")
    return (
        "In the same app: Features > Access. The secret token is there. Add an event "
        f"subscription with the endpoint {address}/zoom/webhook and the events: User > User's "
        "presence status has been updated, User has been deleted, deactivated, updated; Group > "
        "created, updated, deleted, member added, member removed.",
        "Zoom validates the endpoint when you save it, so save once serve is running.",
    )


def _admins(_: Mapping[str, str]) -> Sequence[str | Command]:
    return (
        "Who may change settings in the chat from the first day: Entra object ids, separated by "
        "commas. Yours is in Entra > Users > you, or:",
        Command("az ad signed-in-user show --query id -o tsv"),
        "Press Enter to leave it out. People with the app role PresenceAdmin are admins anyway, "
        "and people with PresenceHelpdesk can look someone up. Create these roles in Entra > "
        "App registrations > your app > App roles, and assign them in Enterprise applications > "
        "your app > Users and groups.",
    )


STEPS: Final = (
    Step(
        "The public address",
        _address,
        (Question("PUBLIC_URL", "Public address (https://…)"),),
        ("public-certificate",),
    ),
    Step(
        "The bot's registration",
        _register,
        (
            Question("MicrosoftAppTenantId", "Directory (tenant) id"),
            Question("MicrosoftAppId", "Application (client) id"),
            Question("MicrosoftAppPassword", "Client secret (its value)", secret=True),
        ),
        ("entra-tenant", "entra-secret", "bot", "bot-keys", "graph"),
    ),
    Step(
        "Signing people in",
        _sign_in,
        (),
        (
            *("entra-redirect", "entra-secret-end", "entra-kind", "entra-consent"),
            *("entra-assignment", "entra-roles"),
        ),
    ),
    Step(
        "Where data is kept",
        _store,
        (Question("REDIS_URL", "Redis address", secret=True, optional=True),),
        ("redis", "redis-tls", "redis-durable", "redis-memory", "keys"),
    ),
    Step(
        "Asking Zoom",
        _zoom,
        (
            Question("ZOOM_ACCOUNT_ID", "Zoom account id", optional=True),
            Question("ZOOM_CLIENT_ID", "Zoom client id"),
            Question("ZOOM_CLIENT_SECRET", "Zoom client secret", secret=True),
        ),
        ("zoom", "zoom-scopes", "zoom-api"),
        all_or_none=True,
    ),
    Step(
        "Zoom's events",
        _events,
        (Question("ZOOM_WEBHOOK_SECRET", "Secret token", secret=True),),
    ),
    Step(
        "Admins",
        _admins,
        (Question("ADMIN_OBJECT_IDS", "Object ids of admins", optional=True),),
    ),
)

NEXT: Final = (
    "1. Start it: python app.py serve",
    "2. Zoom app > Features > Access > Event subscription: Validate, then Save.",
    "3. Teams admin centre > Teams apps > Manage apps > Upload new app: the package.",
    "4. Zoom web portal > Account Settings > Mail & Calendar: remove the permission for Presence, "
    "or both would write.",
    "5. Run python app.py check to see whether everything works.",
)
