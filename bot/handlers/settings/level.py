"""Between the policy's words and the cards' words: forms, drafts, acts. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cards.settings_draft import Draft
from cards.settings_words import ACCOUNT, Act, Change, Target, Touched
from domain.policy import AuthorizeWith, Form, Service
from domain.policy_edits import group_of
from domain.presence import Style
from sync.settings.changes import Edit, Inherit, Move, SetForm

if TYPE_CHECKING:
    from domain.policy import ManagedGroup, Policy
    from sync.settings.rollout import Effect

NEEDS_OWN_FORM = frozenset({Act.LOCK, Act.UNLOCK, Act.PRIORITY, Act.STYLE})
"""What makes no sense for a group that inherits."""


def draft_of_form(form: Form, *, manages: bool = True, priority: int = 0) -> Draft:
    """A stored form as the cards hold it."""
    return Draft(
        integration=form.integration,
        service=form.service.value,
        authorize_with=form.authorize_with.value,
        presence_write=form.presence_write,
        calendar=form.calendar,
        contacts=form.contacts,
        locked=form.locked,
        style=form.style.value,
        manages=manages,
        priority=priority,
    )


def form_of_draft(draft: Draft) -> Form:
    """A form as it is stored. The draft's words were checked when it was read."""
    return Form(
        integration=draft.integration,
        service=Service(draft.service),
        authorize_with=AuthorizeWith(draft.authorize_with),
        presence_write=draft.presence_write,
        calendar=draft.calendar,
        contacts=draft.contacts,
        locked=draft.locked,
        style=Style(draft.style),
    )


def stored(policy: Policy, target: Target) -> tuple[Form, ManagedGroup | None]:
    """The form that a level has, or would begin with when it inherits."""
    if target.is_account:
        return policy.account, None
    group = group_of(policy, target.group_id)
    if group is not None:
        return group.form, group
    return replace(policy.account, locked=False), None


def draft_of_level(policy: Policy, target: Target) -> Draft:
    """A level's form as the cards hold it."""
    form, group = stored(policy, target)
    if target.is_account:
        return draft_of_form(form)
    place = len(policy.groups) + 1 if group is None else group.priority
    return draft_of_form(form, manages=group is not None, priority=place)


def edit_of_change(policy: Policy, target: Target, change: Change) -> Edit | None:
    """The edit that a one-line change asks for; None: the group inherits, so it makes no sense."""
    form, group = stored(policy, target)
    if not target.is_account and group is None and change.act in NEEDS_OWN_FORM:
        return None
    group_id = None if target.is_account else target.group_id
    match change.act:
        case Act.ENABLE:  # the article's whole path at once
            form = replace(
                form,
                integration=True,
                service=Service.OFFICE_365,
                authorize_with=AuthorizeWith.GRAPH_API,
                presence_write=True,
            )
        case Act.DISABLE:  # the other choices are kept
            form = replace(form, integration=False)
        case Act.LOCK | Act.UNLOCK:
            form = replace(form, locked=change.act is Act.LOCK)
        case Act.STYLE:
            form = replace(form, style=Style(change.value))
        case Act.INHERIT:
            return Inherit(target.group_id)
        case Act.PRIORITY:
            return Move(target.group_id, int(change.value))
    return SetForm(form, group_id, target.name)


def edit_of_draft(policy: Policy, target: Target, draft: Draft) -> Edit | None:
    """The edit that turns a level into a submitted form; None: nothing changed."""
    form = form_of_draft(draft)
    if target.is_account:
        return None if form == policy.account else SetForm(form)
    _, group = stored(policy, target)
    if not draft.manages:
        return None if group is None else Inherit(target.group_id)
    place = len(policy.groups) + 1 if group is None else group.priority
    priority = None if draft.priority == place else draft.priority
    if group is not None and group.form == form:
        return None if priority is None else Move(target.group_id, priority)
    return SetForm(form, target.group_id, target.name, priority)


def touched_by(policy: Policy, target: Target, effect: Effect) -> Touched:
    """Whom an edit touches, as the cards count them."""
    now, later, elsewhere = len(effect.now), effect.later, effect.elsewhere
    if policy.account.locked:
        return Touched(now, later, elsewhere, "the locked account")
    if target == ACCOUNT:
        return Touched(now, later, elsewhere, "their own group")
    return Touched(now, later, elsewhere, "a higher group")
