"""What an admin can do to the policy: each edit is a value that applies itself. Pure.

The same object is what a card asks about, what is previewed, saved and recorded. Priorities stay
1, 2, 3 … whatever is done. Only the store raises the version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from domain.condition import Condition  # noqa: TC001 - clicks are read by their types
from domain.form import LevelForm
from domain.policy import ACCOUNT, Authoriser, AuthorizeWith, Level, ManagedGroup, Service
from domain.presence import LevelStyle  # noqa: TC001 - as above
from domain.share import EVERYBODY, check_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.policy import Form, Policy


class GroupInherits(Exception):
    """The edit makes no sense for a group that inherits. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Enable:
    """Turn presence sync on: the article's whole path at once."""

    level: Level
    act: Literal["enable"] = "enable"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it."""
        form = replace(
            form_of(policy, self.level),
            integration=True,
            service=Service.OFFICE_365,
            authorize_with=AuthorizeWith.GRAPH_API,
            presence_write=True,
        )
        return with_form(policy, self.level, form)


@dataclass(frozen=True, slots=True)
class Disable:
    """Turn the integration off; the form's other choices are kept."""

    level: Level
    act: Literal["disable"] = "disable"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it."""
        form = replace(form_of(policy, self.level), integration=False)
        return with_form(policy, self.level, form)


@dataclass(frozen=True, slots=True)
class Inherit:
    """Let a group inherit from the account again; those below it move up."""

    level: Level
    act: Literal["inherit"] = "inherit"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it; unchanged when the group inherits already."""
        return without_group(policy, self.level.group_id)


@dataclass(frozen=True, slots=True)
class Lock:
    """Keep lower levels from choosing otherwise."""

    level: Level
    act: Literal["lock"] = "lock"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        return _own_form(policy, self.level, locked=True)


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let lower levels choose again."""

    level: Level
    act: Literal["unlock"] = "unlock"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        return _own_form(policy, self.level, locked=False)


@dataclass(frozen=True, slots=True)
class Move:
    """Give a managed group a priority: 1 is highest, beyond the end is the end."""

    level: Level
    priority: int
    act: Literal["priority"] = "priority"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        if group_of(policy, self.level.group_id) is None:
            raise GroupInherits
        return with_priority(policy, self.level.group_id, self.priority)


@dataclass(frozen=True, slots=True)
class ChooseStyle:
    """Set a level's style."""

    level: Level
    style: LevelStyle
    act: Literal["style"] = "style"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        return _own_form(policy, self.level, style=self.style)


@dataclass(frozen=True, slots=True)
class Authorise:
    """Say who authorises it for a level: each person, or the organisation."""

    level: Level
    authoriser: Authoriser
    act: Literal["authorise"] = "authorise"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        return _own_form(policy, self.level, authoriser=self.authoriser)


@dataclass(frozen=True, slots=True)
class ChooseShare:
    """Limit who is started after notice to so many of a hundred people.

    Raises ValueError for what is no share (domain.share).
    """

    level: Level
    share: int
    act: Literal["percent"] = "percent"

    def __post_init__(self) -> None:
        check_share(self.share)

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        return _own_form(policy, self.level, share=self.share)


@dataclass(frozen=True, slots=True)
class Stop:
    """End the organisation's authorisation at every level at once: people authorise themselves.

    Raises ValueError for another level than the account.
    """

    level: Level = ACCOUNT
    act: Literal["stop"] = "stop"

    def __post_init__(self) -> None:
        if not self.level.is_account:
            raise ValueError("it ends at every level, not at one")

    def apply(self, policy: Policy) -> Policy:
        """The policy after it; unchanged where no level has the organisation authorise."""
        groups = tuple(
            replace(group, form=replace(group.form, authoriser=Authoriser.PERSON))
            for group in policy.groups
        )
        account = replace(policy.account, authoriser=Authoriser.PERSON)
        return replace(policy, account=account, groups=groups)


@dataclass(frozen=True, slots=True)
class Narrow:
    """Let the organisation's authorisation count only for some people of a level; None: for all."""

    level: Level
    only: Condition | None = None
    act: Literal["only"] = "only"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it. Raises GroupInherits."""
        return _own_form(policy, self.level, only=self.only)


@dataclass(frozen=True, slots=True)
class SaveForm:
    """Make a level what was entered in its form."""

    level: Level
    entered: LevelForm
    act: Literal["form"] = "form"

    def apply(self, policy: Policy) -> Policy:
        """The policy after it; unchanged when the level is so already."""
        level, entered = self.level, self.entered
        if level.is_account:
            return replace(policy, account=entered.form)
        if not entered.manages:
            return without_group(policy, level.group_id)
        known = group_of(policy, level.group_id)
        if known is None or known.form != entered.form:
            policy = with_form(policy, level, entered.form)
        if entered.priority == place_of(policy, level):
            return policy
        return with_priority(policy, level.group_id, entered.priority)


OneLine = (
    Enable
    | Disable
    | Inherit
    | Lock
    | Unlock
    | Move
    | ChooseStyle
    | Authorise
    | ChooseShare
    | Narrow
    | Stop
)
"""What can be said in one line, such as `settings group Sales enable`."""

Edit = OneLine | SaveForm


def group_of(policy: Policy, group_id: str) -> ManagedGroup | None:
    """Return the managed group of this id; None: it inherits."""
    return next((group for group in policy.groups if group.group_id == group_id), None)


def form_of(policy: Policy, level: Level) -> Form:
    """The form that a level has, or would begin with when it inherits."""
    if level.is_account:
        return policy.account
    group = group_of(policy, level.group_id)
    return replace(policy.account, locked=False) if group is None else group.form


def form_in_force(policy: Policy, level: Level) -> Form:
    """The form that decides for the members of a level who are in no other managed group."""
    group = None if policy.account.locked else group_of(policy, level.group_id)
    return policy.account if group is None else group.form


def authoriser_after(edit: Edit) -> Authoriser:
    """Who authorises by an edit; PERSON where it doesn't say."""
    match edit:
        case Authorise(_, authoriser):
            return authoriser
        case SaveForm(_, entered) if entered.manages:
            return entered.form.authoriser
        case _:
            return Authoriser.PERSON


def authorises_otherwise(before: Policy, after: Policy) -> bool:
    """Whether, between the two, any level changes what the organisation authorises there."""
    groups = {group.group_id for group in (*before.groups, *after.groups)}
    return any(
        _authorised(form_of(before, level)) != _authorised(form_of(after, level))
        for level in map(Level, ("", *groups))
    )


def _authorised(form: Form) -> tuple[object, ...]:
    return form.authoriser, form.share, form.only


def newer_fields(edit: Edit) -> tuple[str, ...]:
    """The fields (domain.newer) to which an edit gives another value than their default."""
    match edit:
        case ChooseShare(_, share) if share != EVERYBODY:
            return ("Form.share",)
        case Narrow(_, only) if only is not None:
            return ("Form.only",)
        case Stop():
            return ("Form.authoriser",)
        case _:
            return ()


def place_of(policy: Policy, level: Level) -> int:
    """A group's priority, or the one it would begin with; 0 for the account."""
    if level.is_account:
        return 0
    group = group_of(policy, level.group_id)
    return len(policy.groups) + 1 if group is None else group.priority


def level_form(policy: Policy, level: Level) -> LevelForm:
    """A level's form as its card shows it."""
    managed = level.is_account or group_of(policy, level.group_id) is not None
    return LevelForm(form_of(policy, level), manages=managed, priority=place_of(policy, level))


def with_form(policy: Policy, level: Level, form: Form) -> Policy:
    """Set a level's form. A group that inherited becomes managed, below all others."""
    if level.is_account:
        return replace(policy, account=form)
    changed = ManagedGroup(level.group_id, level.name, place_of(policy, level), form)
    rest = [group for group in policy.groups if group.group_id != level.group_id]
    return replace(policy, groups=renumbered([*rest, changed]))


def without_group(policy: Policy, group_id: str) -> Policy:
    """Let a group inherit; those below move up. Nothing happens to one that inherits already."""
    return replace(policy, groups=renumbered(g for g in policy.groups if g.group_id != group_id))


def with_priority(policy: Policy, group_id: str, priority: int) -> Policy:
    """Move a managed group; beyond the end is the end. Raises KeyError when it inherits."""
    moved = group_of(policy, group_id)
    if moved is None:
        raise KeyError(group_id)
    rest = [group for group in sorted(policy.groups, key=_place) if group is not moved]
    rest.insert(max(0, priority - 1), moved)
    return replace(policy, groups=_numbered(rest))


def with_zoom_names(policy: Policy, names: Mapping[str, str]) -> Policy:
    """Follow Zoom, whose groups are these (id -> name): rename, and let go of deleted ones."""
    kept = (
        replace(group, name=names[group.group_id])
        for group in policy.groups
        if group.group_id in names
    )
    return replace(policy, groups=renumbered(kept))


def renumbered(groups: Iterable[ManagedGroup]) -> tuple[ManagedGroup, ...]:
    """Close the gaps between priorities and part equal ones (by id)."""
    return _numbered(sorted(groups, key=_place))


def _place(group: ManagedGroup) -> tuple[int, str]:
    return group.priority, group.group_id


def _numbered(groups: Iterable[ManagedGroup]) -> tuple[ManagedGroup, ...]:
    return tuple(replace(group, priority=place) for place, group in enumerate(groups, start=1))


def _own_form(policy: Policy, level: Level, **changes: Any) -> Policy:
    """Change fields of the account's or a managed group's form. Raises GroupInherits."""
    if not level.is_account and group_of(policy, level.group_id) is None:
        raise GroupInherits
    return with_form(policy, level, replace(form_of(policy, level), **changes))
