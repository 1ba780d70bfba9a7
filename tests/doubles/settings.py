"""Admins, saves and what is left of them, for tests of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.form import HIGHEST_PRIORITY, LevelForm
from domain.policy import ACCOUNT, Form, Level
from domain.policy_edits import SaveForm, place_of
from sync.settings.audit import Actor
from sync.settings.store import Saved

if TYPE_CHECKING:
    from domain.policy import Policy
    from sync.settings.audit import AuditLog, AuditRecord
    from sync.settings.store import SettingsStore

ADA = Actor("00000000-0000-4000-8000-000000000001", "Ada Lindqvist")
BEN = Actor("00000000-0000-4000-8000-000000000002", "Ben Okafor")
ON = Form(integration=True)
OFF = Form(integration=False)


def of_account(form: Form) -> SaveForm:
    """The account's form is saved as this."""
    return SaveForm(ACCOUNT, LevelForm(form))


def of_group(
    group_id: str, form: Form, *, name: str = "", policy: Policy | None = None
) -> SaveForm:
    """A group's form is saved as this; it keeps its place in a policy, or goes to the end."""
    level = Level(group_id, name or group_id.title())
    place = HIGHEST_PRIORITY if policy is None else place_of(policy, level)
    return SaveForm(level, LevelForm(form, priority=place))


async def history(audit: AuditLog) -> list[AuditRecord]:
    """Everything, oldest first."""
    return [record async for record in audit.everything()]


async def manage(store: SettingsStore, *names: str) -> Policy:
    """Ada lets these groups manage their own, in this order; each is on."""
    policy = await store.read()
    for name in names:
        outcome = await store.save(of_group(name, ON), expected=policy.version, by=ADA)
        assert isinstance(outcome, Saved)
        policy = outcome.policy
    return policy
