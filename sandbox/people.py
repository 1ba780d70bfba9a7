"""Who lives in the sandbox: two admins, one of the helpdesk, ordinary people, and Zoom groups.

Fixed ids, so that the chat client's configuration, the stand-ins and the tests agree.
"""

from __future__ import annotations

from dataclasses import dataclass

TENANT_ID = "11111111-2222-4333-8444-555555555555"
APP_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
"""The app registration: the bot's Microsoft app id, and the client that signs people in."""

HELPDESK = "PresenceHelpdesk"
"""The app role of who may look people up."""

ZOOM_ACCOUNT_ID = "sandbox-zoom-account"
ZOOM_APP_ID = "sandbox-zoom-app"


@dataclass(frozen=True, slots=True)
class SandboxPerson:
    """One person as Entra and Zoom know them. `zoom_email` is None for those without Zoom.

    `user_type` is Member or Guest; `home` is the issuer of an identity from elsewhere. `app_roles`
    are assigned to them in Entra.
    """

    object_id: str
    name: str
    upn: str
    mail: str
    zoom_id: str
    zoom_email: str | None
    groups: tuple[str, ...] = ()
    admin: bool = False
    app_roles: tuple[str, ...] = ()
    user_type: str = "Member"
    home: str | None = None

    @property
    def helpdesk(self) -> bool:
        """Whether they are of the helpdesk: the app reads that of them once they are connected."""
        return HELPDESK in self.app_roles


PEOPLE: tuple[SandboxPerson, ...] = (
    SandboxPerson(
        "00000000-0000-4000-8000-000000000001",
        "Ada Lindqvist",
        "ada@example.com",
        "ada@example.com",
        "zAda0000000000000001",
        "ada@example.com",
        ("Management",),
        admin=True,
    ),
    SandboxPerson(
        "00000000-0000-4000-8000-000000000002",
        "Ben Okafor",
        "ben@example.com",
        "ben.okafor@example.com",
        "zBen0000000000000002",
        "ben.okafor@example.com",
        ("Sales", "Sales Team North"),
    ),
    SandboxPerson(
        "00000000-0000-4000-8000-000000000003",
        "Chiara O'Brien",
        "chiara@example.com",
        "chiara@example.com",
        "zChiara0000000000003",
        "Chiara@Example.com",  # Zoom keeps the case people typed
        ("Sales", "O'Brien's Desk"),
    ),
    SandboxPerson(
        "00000000-0000-4000-8000-000000000004",
        "Dorothea Größe",
        "dorothea@example.com",
        "dorothea@example.com",
        "zDorothea00000000004",
        "dorothea@example.com",
        ("Customer Care",),
        admin=True,
    ),
    SandboxPerson(
        "00000000-0000-4000-8000-000000000005",
        "Emeka 山田",
        "emeka@example.com",
        "emeka@example.com",
        "zEmeka00000000000005",
        "emeka@example.com",
        app_roles=(HELPDESK,),
    ),
    SandboxPerson(
        "00000000-0000-4000-8000-000000000006",
        "Farid NoZoom",
        "farid@example.com",
        "farid@example.com",
        "",
        None,  # not a Zoom user: connecting must explain it
    ),
)


@dataclass(frozen=True, slots=True)
class SandboxGroup:
    """A Zoom group. Members come from `SandboxPerson.groups`."""

    group_id: str
    name: str


GROUPS: tuple[SandboxGroup, ...] = (
    SandboxGroup("zgManagement", "Management"),
    SandboxGroup("zgSales", "Sales"),
    SandboxGroup("zgSalesNorth", "Sales Team North"),
    SandboxGroup("zgObrien", "O'Brien's Desk"),
    SandboxGroup("zgCare", "Customer Care"),
)
