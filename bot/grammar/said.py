"""What can be said after `settings`: one class each; who may say it stands with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.grammar.digest import MorningDigest
from bot.grammar.exclusions import Exclusion
from bot.grammar.matching import Matching
from bot.grammar.words import ForAdmins, ForEntraAdmins, ForHelpdesk

if TYPE_CHECKING:
    from domain.policy_edits import OneLine


@dataclass(frozen=True, slots=True)
class Centre(ForAdmins):
    """`settings`: the overview."""


@dataclass(frozen=True, slots=True)
class Account(ForAdmins):
    """`settings account`: its form, or an edit of it, and why."""

    edit: OneLine | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Group(ForAdmins):
    """`settings group`: the form of the group of this name, or an edit of it (of SOME_GROUP).

    `or_name` is another reading: where no group has `name`, the form of the group of that name.
    `meant` is what may be meant where no group has either. `reason` is why it is edited.
    """

    name: str
    edit: OneLine | None = None
    reason: str = ""
    or_name: str = field(default="", compare=False)
    meant: Group | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Groups(ForAdmins):
    """`settings groups`: the groups whose names hold `search` (all when empty)."""

    search: str = ""


@dataclass(frozen=True, slots=True)
class User(ForHelpdesk):
    """`settings user`: one person, by their address (as typed), or else by their name."""

    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class InvitePeople(ForAdmins):
    """`settings invite`: those of the group of this name (empty: everyone) who may be invited."""

    group: str = ""


@dataclass(frozen=True, slots=True)
class InformedPeople(ForEntraAdmins):
    """`settings informed`: those of a group (empty: the account) were told by other means."""

    group: str = ""


@dataclass(frozen=True, slots=True)
class History(ForAdmins):
    """`settings history`: who changed what."""


@dataclass(frozen=True, slots=True)
class Organisation(ForEntraAdmins):
    """`settings organisation`: what it allows the app without anybody signing in."""


Settings = (
    Centre
    | Account
    | Group
    | Groups
    | User
    | InvitePeople
    | InformedPeople
    | Organisation
    | History
    | Matching
    | Exclusion
    | MorningDigest
)
