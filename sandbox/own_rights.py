"""What the organisation lets the app do by itself: application permissions, and what stops it.

As an admin sees and changes it in Entra: which the registration declares, which are granted, and
whether the app's enterprise application, its secret and the policies for workloads let it have a
token at all. Entra puts what was granted into new tokens only, and not always at once (`delay`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sandbox.identity import EntraError

if TYPE_CHECKING:
    from collections.abc import Iterable

ROLES: Final = {
    "Presence.ReadWrite.All": "83cded22-8297-4ff6-a7fa-e97e9545a259",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadBasic.All": "97235f07-e226-4f63-ace3-39588e11d3a1",
    "Presence.Read.All": "a70e0c2d-e793-494c-94c4-118fa0a67f42",
    "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
}
"""Application permissions of Graph that a registration may declare here, by their ids ("Microsoft
Graph permissions reference"). The last one is more than anybody needs."""

TEXTS: Final = {
    "Presence.ReadWrite.All": (
        "Read and write presence information for all users",
        "The app can set everyone's Teams presence without anybody signed in.",
    ),
    "User.Read.All": (
        "Read all users' full profiles",
        "The app can read everyone's profile without anybody signed in.",
    ),
    "User.ReadBasic.All": (
        "Read all users' basic profiles",
        "The app can read everyone's name and address without anybody signed in.",
    ),
    "Presence.Read.All": (
        "Read presence information of all users in your organisation",
        "The app can see everyone's Teams presence without anybody signed in.",
    ),
    "Mail.Read": (
        "Read mail in all mailboxes",
        "The app can read everyone's mail without anybody signed in.",
    ),
}
"""What Microsoft's consent page says about each."""


class Trouble(StrEnum):
    """Why Entra gives the app no token, whatever was granted."""

    DISABLED = "disabled"  # "Enabled for users to sign in": No
    EXPIRED = "expired"  # the client secret
    BLOCKED = "blocked"  # Conditional Access for workload identities


@dataclass(slots=True)
class OwnRights:
    """`granted` are permissions, and from when on (sandbox time) new tokens have them."""

    declared: list[str] = field(default_factory=lambda: ["Presence.ReadWrite.All", "User.Read.All"])
    granted: dict[str, float] = field(default_factory=dict)
    delay: float = 0.0
    trouble: Trouble | None = None

    def declare(self, names: Iterable[str]) -> None:
        """An admin lists other permissions on the registration. Raises ValueError as `grant`."""
        self.declared = _known(names)

    def grant(self, names: Iterable[str], now: float) -> None:
        """An admin grants permissions. Raises ValueError for one that Graph does not have."""
        for name in _known(names):
            self.granted.setdefault(name, now + self.delay)

    def hold(self, names: Iterable[str], now: float) -> None:
        """Have an admin grant these and take all others back: new tokens lack those at once.

        Raises ValueError as `grant`.
        """
        wanted = _known(names)
        self.granted = {name: at for name, at in self.granted.items() if name in wanted}
        self.grant(wanted, now)

    def roles(self, now: float) -> list[str]:
        """What a new token has."""
        return sorted(name for name, at in self.granted.items() if at <= now)

    def refusal(self, client_id: str, grant_type: str) -> EntraError | None:
        """What Entra answers in place of a token; None: nothing stands in its way."""
        match self.trouble:
            case Trouble.DISABLED:
                return EntraError(
                    "unauthorized_client",
                    7000112,
                    f"Application '{client_id}'(Presence Bridge) is disabled.",
                    status=401,
                )
            case Trouble.EXPIRED:
                return EntraError(
                    "invalid_client",
                    7000222,
                    f"The provided client secret keys for app '{client_id}' are expired.",
                    status=401,
                )
            case Trouble.BLOCKED if grant_type == "client_credentials":
                return EntraError(
                    "invalid_grant",
                    53003,
                    "Access has been blocked by Conditional Access policies. The access policy "
                    "does not allow token issuance.",
                )
        return None


def _known(names: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in ROLES]:
        raise ValueError(f"Graph has no application permission {unknown[0]!r} here.")
    return wanted
