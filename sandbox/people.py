"""Who lives in the sandbox: two admins, one of the helpdesk, ordinary people, and Zoom groups.

Fixed ids, so that the chat client's configuration, the stand-ins and the tests agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TENANT_ID = "11111111-2222-4333-8444-555555555555"
APP_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
"""The app registration: the bot's Microsoft app id, and the client that signs people in."""

HELPDESK = "PresenceHelpdesk"
"""The app role of who may look people up."""

OFFICE_E3, TEAMS_ROOM = (
    "05e9a617-0261-4cee-bb44-138d3ef5d965",
    "6af4b3d6-14bb-4a2a-960c-6c902aad34f3",
)
"""Licences, as Microsoft numbers them."""

ZOOM_ACCOUNT_ID = "sandbox-zoom-account"
ZOOM_APP_ID = "sandbox-zoom-app"


@dataclass(frozen=True, slots=True)
class SandboxPerson:
    """One person as Entra and Zoom know them. `zoom_email` is None for those without Zoom.

    `user_type` is Member or Guest; `home` is the issuer of an identity from elsewhere. `app_roles`
    are assigned to them in Entra. `proxies` are more addresses of their mailbox; `teams`: a plan of
    Teams is assigned to them; `licence` is the id of what they have (skuId).
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
    proxies: tuple[str, ...] = ()
    enabled: bool = True
    teams: bool = True
    licence: str = OFFICE_E3
    country: str = "Germany"

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


def _other(number: int, name: str, upn: str, zoom: str | None, **facts: Any) -> SandboxPerson:
    oid = f"00000000-0000-4000-8000-0000000001{number:02d}"
    return SandboxPerson(
        oid, name, upn, facts.pop("mail", upn), f"zOther{number:02d}", zoom, **facts
    )


OTHERS: tuple[SandboxPerson, ...] = (
    _other(1, "Ida Merger", "ida@example.com", "ida@old.example"),  # an alias finds her
    _other(
        2, "Zed Ali", "zed.ali@example.com", "zed@sales.example", proxies=("zed@sales.example",)
    ),
    _other(3, "Info desk", "info@example.com", "info@example.com", enabled=False, teams=False),
    _other(4, "Room 4", "room4@example.com", "room4@example.com", licence=TEAMS_ROOM),
    _other(
        *(5, "Gus Guest", "gus_home.example#EXT#@example.com", "gus@home.example"),
        mail="gus@home.example",
        user_type="Guest",
        home="ExternalAzureAD",
    ),
    _other(6, "Nora NoTeams", "nora@example.com", "nora@example.com", teams=False),
    _other(7, "Twin One", "twin.one@example.com", None, mail="twins@example.com"),
    _other(8, "Twin Two", "twin.two@example.com", None, mail="twins@example.com"),
    _other(9, "The Twins", "", "twins@example.com"),
    _other(10, "Kim Lee", "kim.lee@example.com", None),
    _other(11, "Kim (phone)", "", "kim@nick.example"),  # whom somebody has to map by hand
    _other(12, "Tove Two", "tove@example.com", "tove@example.com", proxies=("t@example.com",)),
    _other(13, "Tove (old)", "", "t@example.com"),
)
"""Who is known to Entra or Zoom, and has neither a chat nor a presence here. Without a `upn` they
are in Zoom alone, without `zoom_email` in Entra alone."""
