"""Who in Entra is whom in Zoom: by addresses, domain aliases and mappings by hand. Pure.

Nothing is guessed. Rules, in this order; what one decides, no later one changes:

1.  A mapping by hand counts once the person or an admin, other than its maker, confirmed it.
2.  Zoom's address equals an address of exactly one Entra user: their principal name, their mail or
    a proxy address (`domain.link.fold_address` says what is equal).
3.  The same with the domain that an alias gives (mergers), then with the alias of that, and so on.

Whoever would have two Zoom users by one rule, or has one by an earlier rule, gets none of them.
Who is matched may still be left out (`Uncovered.leaves_out`); what can't be seen leaves nobody out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from domain.link import fold_address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from domain.directory import DirectoryUser


@dataclass(frozen=True, slots=True)
class EntraUser:
    """What is known of a user of Entra. None: the application may not see it.

    `addresses` are folded, the principal name first. `resource`: a room, a shared device or a line
    of Teams Phone, by its licence (RESOURCE_LICENCES). `teams`: has a plan of Teams that works.
    `properties` are those of PROPERTIES that are filled in, as Entra writes them.
    """

    object_id: str
    name: str
    addresses: tuple[str, ...]
    enabled: bool | None = None
    external: bool | None = None
    resource: bool | None = None
    teams: bool | None = None
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The one to call them by; empty where Entra names none."""
        return self.addresses[0] if self.addresses else ""


PROPERTIES: Final = (
    *("country", "companyName", "department", "employeeType"),
    *(f"extensionAttribute{number}" for number in range(1, 16)),
)
"""What conditions may ask for, by Graph's names ("user resource type")."""

RESOURCE_LICENCES: Final = frozenset(
    {
        "6070a4c8-34c6-4937-8dfb-39bbc6397a60",  # Teams Rooms Standard
        "6af4b3d6-14bb-4a2a-960c-6c902aad34f3",  # Teams Rooms Basic
        "50509a35-f0bd-4c5e-89ac-22f0e16a00f8",  # Teams Rooms Basic without Audio Conferencing
        "4cde982a-ede4-4409-9ae6-b003453c8ea6",  # Teams Rooms Pro
        "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff",  # Teams Shared Devices
        "440eaaa8-b3e0-484b-a8be-62870b9ba70a",  # Teams Phone Resource Account
    }
)
"""Licences (skuId) that only rooms, devices and lines have (Microsoft, "Product names and service
plan identifiers for licensing"). What kind a mailbox is stands in Exchange, which this app may not
read: the accounts of shared mailboxes and rooms without such a licence are disabled as Microsoft
makes them, and have no plan of Teams, so one of the other reasons leaves them out."""

TEAMS_SERVICE: Final = "teamspaceapi"
"""`service` of Teams among `assignedPlans`, folded; "TeamspaceAPI/NA001" is the same."""
WORKING_PLANS: Final = frozenset({"enabled", "warning"})
"""`capabilityStatus` of plans that can be used (Graph, "assignedPlan resource type"), folded."""


def has_teams(plans: Iterable[tuple[str, str]]) -> bool:
    """Whether one of these plans, pairs of service and status, is a plan of Teams that works."""
    return any(
        service.partition("/")[0].strip().lower() == TEAMS_SERVICE
        and status.strip().lower() in WORKING_PLANS
        for service, status in plans
    )


def is_resource(licences: Iterable[str]) -> bool:
    """Whether one of these licences (skuId) is of rooms, devices or lines."""
    return not RESOURCE_LICENCES.isdisjoint(licence.strip().lower() for licence in licences)


class Uncovered(StrEnum):
    """Uncovered somebody of Zoom isn't covered. Values are stored, and stand in the CSV."""

    NOBODY = "nobody"  # Entra has nobody with the address
    SEVERAL = "several"  # Entra has several, or several are mapped to them by hand
    TWO_ZOOM = "two-zoom"  # the person has, or would have, another Zoom user
    GONE = "gone"  # mapped by hand to somebody whom Entra doesn't have any more
    DISABLED = "disabled"
    EXTERNAL = "external"
    RESOURCE = "resource"
    NO_TEAMS = "no-teams"

    @property
    def leaves_out(self) -> bool:
        """Whether it is known who they are, and that they are nobody to write for."""
        return self in _LEAVES_OUT


MATCHED: Final = "matched"
"""Beside the values of `Uncovered` where results are counted."""
_LEAVES_OUT = frozenset(
    {Uncovered.DISABLED, Uncovered.EXTERNAL, Uncovered.RESOURCE, Uncovered.NO_TEAMS}
)


class FoundBy(StrEnum):
    """Which rule found them. Values are stored."""

    HAND = "hand"
    ADDRESS = "address"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a Zoom user.

    `why` is None for who is matched, and not left out. `object_id` is whom it is about where that
    is one person: who is matched or left out, or whom TWO_ZOOM would have. `by` is the rule that
    decided. `others` are in the way: object ids for SEVERAL, Zoom ids for TWO_ZOOM.
    """

    zoom_id: str
    object_id: str | None = None
    by: FoundBy | None = None
    why: Uncovered | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByHand:
    """A mapping by hand.

    `made_by` is an admin (or an operator), `confirmed_by` the person or an admin, by object id;
    None: nobody yet.
    """

    object_id: str
    zoom_id: str
    made_by: str
    confirmed_by: str | None = None

    @property
    def counts(self) -> bool:
        """Whether somebody else than its maker has confirmed it.

        Also where the maker is the person: whose Zoom user they take is not theirs alone to say.
        """
        return bool(self.confirmed_by) and self.confirmed_by != self.made_by


def excluded(user: EntraUser) -> Uncovered | None:
    """Uncovered nothing is ever written for somebody under the organisation's authorisation."""
    if user.enabled is False:
        return Uncovered.DISABLED
    if user.external:
        return Uncovered.EXTERNAL
    if user.resource:
        return Uncovered.RESOURCE
    return Uncovered.NO_TEAMS if user.teams is False else None


MOST_OTHERS = 5
"""Of those in the way so many are kept."""
LONGEST_DOMAIN: Final = 100
"""Of an alias; DNS allows 253, which nobody has, and a button has no room for two of."""
_DOMAIN = re.compile(r"(?!-)[^\s@<>\"'()\[\]:;,/\\]{1,253}\.[^\s@<>\"'()\[\]:;,/\\.]{2,63}")


def fold_domain(text: str) -> str | None:
    """The folded form of a mail domain, with or without its @; None: it is none."""
    name = text.strip().removeprefix("@").rstrip(".")
    if len(name) > LONGEST_DOMAIN or not _DOMAIN.fullmatch(name):
        return None
    if ".." in name or name.startswith("."):
        return None
    return fold_address(f"a@{name}").partition("@")[2]


def aliased(address: str, aliases: Mapping[str, str]) -> list[str]:
    """What else an address may be, nearest first. `aliases` are folded domains: old to new.

    Chains are followed (a merger after a merger); a circle ends where it began.
    """
    local, _, domain = address.rpartition("@")
    found, seen = [], {domain}
    while (domain := aliases.get(domain, "")) and domain not in seen:
        seen.add(domain)
        found.append(f"{local}@{domain}")
    return found


def wanted(zoom: Iterable[DirectoryUser], aliases: Mapping[str, str]) -> set[str]:
    """Every address under which Entra may know one of these Zoom users."""
    found = set[str]()
    for user in zoom:
        found.add(user.address)
        if aliases:
            found.update(aliased(user.address, aliases))
    return found


def match(
    zoom: Sequence[DirectoryUser],
    entra: Iterable[EntraUser],
    aliases: Mapping[str, str],
    by_hand: Iterable[ByHand] = (),
) -> dict[str, Match]:
    """What becomes of each of these Zoom users, by Zoom id. The order of nothing matters.

    `entra` holds everybody who may be one of them (`wanted`), and those mapped by hand; more do no
    harm, and the same user may come twice. `aliases` are folded domains: old to new.
    """
    rules = _Rules(zoom, entra, wanted(zoom, aliases))
    rules.by_hand([mapping for mapping in by_hand if mapping.counts])
    rules.by_address({user.zoom_id: user.address for user in zoom}, FoundBy.ADDRESS)
    more = {user.zoom_id: aliased(user.address, aliases) for user in zoom} if aliases else {}
    for depth in range(max(map(len, more.values()), default=0)):
        there = {zoom_id: names[depth] for zoom_id, names in more.items() if len(names) > depth}
        rules.by_address(there, FoundBy.ALIAS)
    for user in zoom:
        rules.found.setdefault(user.zoom_id, Match(user.zoom_id, why=Uncovered.NOBODY))
    return rules.found


class _Rules:
    """One matching under way. `found` is what was decided, by Zoom id."""

    def __init__(
        self, zoom: Iterable[DirectoryUser], entra: Iterable[EntraUser], addresses: Collection[str]
    ) -> None:
        self.found: dict[str, Match] = {}
        self._in_scope = {user.zoom_id for user in zoom}
        self._users: dict[str, EntraUser] = {}
        self._having: dict[str, set[str]] = {}
        self._rivals: dict[str, set[str]] = {}  # a person -> the Zoom users who claimed them
        for user in entra:
            self._users[user.object_id] = user
            for address in user.addresses:
                if address in addresses:
                    self._having.setdefault(address, set()).add(user.object_id)

    def by_hand(self, mappings: Iterable[ByHand]) -> None:
        """Rule 1. Zoom users who are not in scope have their person all the same."""
        claims: dict[str, set[str]] = {}
        for mapping in mappings:
            claims.setdefault(mapping.zoom_id, set()).add(mapping.object_id)
        for zoom_id, people in claims.items():
            if zoom_id in self._in_scope and people.isdisjoint(self._users):
                self.found[zoom_id] = Match(zoom_id, by=FoundBy.HAND, why=Uncovered.GONE)
            for person in people:
                self._rivals.setdefault(person, set()).add(zoom_id)
        self._decide(claims, FoundBy.HAND)

    def by_address(self, addresses: Mapping[str, str], by: FoundBy) -> None:
        """Rules 2 and 3, for those who are not decided yet."""
        having = self._having
        self._decide(
            {
                zoom_id: having[address]
                for zoom_id, address in addresses.items()
                if zoom_id not in self.found and address in having
            },
            by,
        )

    def _decide(self, claims: Mapping[str, Collection[str]], by: FoundBy) -> None:
        mine: dict[str, list[str]] = {}
        for zoom_id, people in claims.items():
            if len(people) == 1:
                mine.setdefault(next(iter(people)), []).append(zoom_id)
            elif zoom_id in self._in_scope:
                others = tuple(sorted(people)[:MOST_OTHERS])
                self.found[zoom_id] = Match(zoom_id, by=by, why=Uncovered.SEVERAL, others=others)
        for person, zoom_ids in mine.items():
            rivals = self._rivals.setdefault(person, set())
            rivals.update(zoom_ids)
            user = self._users.get(person)
            for zoom_id in zoom_ids:
                if user is None or zoom_id not in self._in_scope:
                    continue
                others = tuple(sorted(rivals - {zoom_id})[:MOST_OTHERS])
                why = Uncovered.TWO_ZOOM if others else excluded(user)
                self.found[zoom_id] = Match(zoom_id, person, by, why, others)
