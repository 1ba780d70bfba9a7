"""Whether presence is synchronised for a person, in which style, and why. Pure.

The account and each managed group hold the form of Zoom's article. Presence is synchronised exactly
when the form that decides says: the calendar and contacts integration is on, the default service is
Office 365, it authorises with the Graph API, and the Presence permission is Write. Nothing else
turns it on.

Rule 1  A locked account decides for everyone.
Rule 2  Otherwise the first of a person's managed groups in priority order decides (1 is highest),
        locked or not; a lower group never matters.
Rule 3  Without a managed group the account decides.
Rule 4  A lock of the deciding level also fixes the style; otherwise a person may choose their own.
        Only people may choose `quiet`; under a lock it does not count, like any style of their own.
Rule 5  A person may always pause, locked or not.
Rule 6  Who is shown by the organisation's authorisation (AuthorisedBy) has `busy only`, whatever
        style their level has: an app's Available may show somebody at work who is not. Other styles
        are their own choice. Once their level asks each person, nothing is shown of them.

The sentences for a verdict are in `wording.policy`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from domain.condition import Condition  # noqa: TC001 - rows are read by their types
from domain.presence import LevelStyle, Style
from domain.share import EVERYBODY, check_share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Service(StrEnum):
    """Default calendar and contact service."""

    GOOGLE = "google"
    EXCHANGE = "exchange"
    OFFICE_365 = "office365"


class AuthorizeWith(StrEnum):
    """How Office 365 is authorised."""

    EWS = "ews"
    GRAPH_API = "graph"


class Authoriser(StrEnum):
    """Who says yes to showing somebody's presence: a field of a level."""

    PERSON = "person"  # each person, at Microsoft
    ASK = "ask"  # the organisation; each person says Start
    INFORM = "inform"  # the organisation; it starts some working days after they were told


class AuthorisedBy(StrEnum):
    """By whose authorisation Microsoft is told of a connected person. Values are stored."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Form:
    """The article's form, as the account or a managed group holds it.

    `calendar` and `contacts` are kept because the article's form has them; this app never asks
    Microsoft for those rights. `locked`: lower levels can't deviate. `share`: so many of a hundred
    people are started after notice (domain.share). `only`: the organisation's authorisation counts
    only for those of whom Entra says this. Raises ValueError.
    """

    integration: bool
    service: Service = Service.OFFICE_365
    authorize_with: AuthorizeWith = AuthorizeWith.GRAPH_API
    presence_write: bool = True
    calendar: bool = False
    contacts: bool = False
    locked: bool = False
    style: LevelStyle = Style.MIRROR
    authoriser: Authoriser = Authoriser.PERSON
    share: int = EVERYBODY
    only: Condition | None = None

    def __post_init__(self) -> None:
        check_share(self.share)

    def stopped_by(self) -> Reason | None:
        """Return the first field that keeps presence off, in the form's own order; None: on."""
        if not self.integration:
            return Reason.INTEGRATION_OFF
        if self.service is not Service.OFFICE_365:
            return Reason.OTHER_SERVICE
        if self.authorize_with is not AuthorizeWith.GRAPH_API:
            return Reason.NOT_GRAPH
        if not self.presence_write:
            return Reason.NO_PRESENCE_WRITE
        return None


@dataclass(frozen=True, slots=True)
class Level:
    """What has settings: the account (both fields empty), or a Zoom group."""

    group_id: str = ""
    name: str = ""

    @property
    def is_account(self) -> bool:
        """Whether this is the account."""
        return not self.group_id


ACCOUNT = Level()
SOME_GROUP = Level("?")
"""A group that is still to be chosen: nothing is ever stored of it."""


@dataclass(frozen=True, slots=True)
class ManagedGroup:
    """A Zoom group that manages its own form. `priority` 1 is highest; no two are equal."""

    group_id: str
    name: str
    priority: int
    form: Form


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything admins decided. `version` rises with every change."""

    account: Form
    groups: tuple[ManagedGroup, ...] = ()
    version: int = 0


FOREVER = 2**53
"""A pause without an end."""
LONGEST_PAUSE = 30 * 24 * 60
"""Minutes. Whoever wants to pause longer pauses without an end."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What a person decided for themselves. `paused_until_ms`: epoch ms, or FOREVER."""

    style: Style | None = None
    paused_until_ms: int | None = None


NOTHING_CHOSEN = Personal()


class Reason(StrEnum):
    """Why the verdict is what it is: exactly one for each verdict."""

    ON = "on"
    PAUSED = "paused"
    INTEGRATION_OFF = "integration_off"
    OTHER_SERVICE = "other_service"
    NOT_GRAPH = "not_graph"
    NO_PRESENCE_WRITE = "no_presence_write"
    EACH_PERSON = "each_person"  # the organisation authorised it, and their level no longer says so


def relies_on_organisation(policy: Policy) -> bool:
    """Whether at any level the organisation authorises."""
    forms = (policy.account, *(group.form for group in policy.groups))
    return any(form.authoriser is not Authoriser.PERSON for form in forms)


class Verdict(NamedTuple):
    """The outcome for one person.

    `group` is the managed group that decides, None for the account. `locked`: the deciding level is
    locked. `own_style`: the style is the person's own choice; `level_style` is what the level has.
    `paused_until_ms` is set while PAUSED. `authoriser` is who says yes on the deciding level, `by`
    who did, `share` and `only` for which people it may start.
    """

    on: bool
    reason: Reason
    style: Style = Style.MIRROR
    group: ManagedGroup | None = None
    locked: bool = False
    own_style: bool = False
    level_style: LevelStyle = Style.MIRROR
    paused_until_ms: int | None = None
    authoriser: Authoriser = Authoriser.PERSON
    by: AuthorisedBy = AuthorisedBy.PERSON
    share: int = EVERYBODY
    only: Condition | None = None

    @property
    def resumes_ms(self) -> int | None:
        """When a pause ends by itself (epoch ms); None when it does not, or there is none."""
        return None if self.paused_until_ms == FOREVER else self.paused_until_ms


def deciding_group(policy: Policy, group_ids: Collection[str]) -> ManagedGroup | None:
    """Return the managed group that decides for a member of these groups; None: the account."""
    if policy.account.locked or not policy.groups:
        return None
    mine = [group for group in policy.groups if group.group_id in group_ids]
    return min(mine, key=lambda group: group.priority, default=None)


def deciders(
    policy: Policy, people: Iterable[Collection[str]]
) -> list[tuple[ManagedGroup | None, int]]:
    """For how many of these people (each by their groups) which level decides.

    The most first, equal ones by priority; None is the account. Those without anybody are left out.
    """
    counts = Counter(deciding_group(policy, group_ids) for group_ids in people)

    def place(row: tuple[ManagedGroup | None, int]) -> tuple[int, float]:
        return -row[1], float("inf") if row[0] is None else row[0].priority

    return sorted(counts.items(), key=place)


def resolve(
    policy: Policy,
    group_ids: Collection[str] = frozenset(),
    personal: Personal = NOTHING_CHOSEN,
    *,
    by: AuthorisedBy = AuthorisedBy.PERSON,
    now_ms: int = 0,
) -> Verdict:
    """Decide for one person, a member of the Zoom groups `group_ids`, at `now_ms` (epoch ms)."""
    group = deciding_group(policy, group_ids)
    form = policy.account if group is None else group.form
    organisation = by is AuthorisedBy.ORGANISATION
    level_style = Style.BUSY_ONLY if organisation else form.style
    own = personal.style is not None and not form.locked
    style = personal.style if own and personal.style is not None else level_style
    stopped = form.stopped_by()
    if stopped is None and organisation and form.authoriser is Authoriser.PERSON:
        stopped = Reason.EACH_PERSON
    paused_until = personal.paused_until_ms
    paused = stopped is None and paused_until is not None and paused_until > now_ms
    reason = Reason.PAUSED if paused else stopped or Reason.ON
    return Verdict(
        on=reason is Reason.ON,
        reason=reason,
        style=style,
        group=group,
        locked=form.locked,
        own_style=own,
        level_style=level_style,
        paused_until_ms=paused_until if paused else None,
        authoriser=form.authoriser,
        by=by,
        share=form.share,
        only=form.only,
    )
