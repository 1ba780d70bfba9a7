"""Changing settings: one-line commands and the form of Zoom's article.

Every button names the version of the settings that its card was made from. A click on a card that
was overtaken changes nothing: it shows how things are now, and says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.handlers.settings.progress import ProgressCard
from cards.build import refreshing
from cards.click import BadClick, BadInput
from cards.settings import change as settings_change
from cards.settings import form as settings_form
from cards.settings.clicks import ConfirmChange
from domain.form import (
    BadEntry,
    Field,
    Step,
    after_verifying,
    applicable_fields,
    next_step,
    read_value,
)
from domain.policy import ACCOUNT
from domain.policy_edits import (
    Disable,
    GroupInherits,
    SaveForm,
    form_of,
    group_of,
    level_form,
)
from sync.settings.audit import Actor
from sync.settings.rows import ACCOUNT as ACCOUNT_SCOPE
from sync.settings.store import Conflict
from wording.edits import overtaken, state_sentence
from wording.figures import clock_time, people
from wording.policy import differences, not_usable, touched, value_of_words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import tzinfo

    from bot.grammar.settings import Account
    from bot.handlers.settings.guard import Groups
    from bot.invite.invitees import Invitees
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.settings.change import Doing
    from cards.settings.clicks import (
        ApplyChange,
        ApplySwitch,
        CancelChange,
        OpenAccount,
        OpenGroup,
        PickForChange,
        ShowRollout,
        SubmitForm,
    )
    from domain.form import LevelForm
    from domain.policy import Level, Policy
    from domain.policy_edits import Edit, OneLine
    from sync.directory.store import DirectoryStore
    from sync.settings.audit import AuditLog
    from sync.settings.changes import Done, PolicyDesk

HOUR_MS = 3_600_000


class SettingsChanges:
    """Asks, saves, and shows what came of it. Whoever calls has made sure of the admin."""

    def __init__(
        self,
        desk: PolicyDesk,
        directory: DirectoryStore,
        groups: Groups,
        invitees: Invitees,
        audit: AuditLog,
        now_ms: Callable[[], Awaitable[int]],
    ) -> None:
        """`now_ms` is the clock that all processes share (epoch ms)."""
        self._desk = desk
        self._directory = directory
        self._groups = groups
        self._invitees = invitees
        self._audit = audit
        self._now_ms = now_ms

    # -- one line -----------------------------------------------------------------------------

    async def ask(self, turn: Turn, edit: OneLine, *, notice: str | None = None) -> Card:
        """Say what an edit does and whom it touches, and ask."""
        try:
            preview = await self._desk.preview(edit)
        except GroupInherits:
            return settings_change.inherits(edit)
        if preview.before == preview.after:
            return settings_change.unchanged(edit.level, sentence=state_sentence(edit))
        known = await self._directory.view() is not None
        card = settings_change.confirm(
            edit,
            version=preview.before.version,
            touched=touched(preview.effect, edit.level, preview.after)
            if known or preview.effect.now
            else None,
            style=form_of(preview.after, edit.level).style,
            notice=notice,
        )
        return refreshing(card, ConfirmChange(edit), [turn.person.mri])

    async def ask_again(self, turn: Turn, click: ConfirmChange) -> Card:
        """The same for a button."""
        return await self.ask(turn, await self._at_known(click.edit))

    async def ask_picked(self, turn: Turn, click: PickForChange) -> Card:
        """The same for a group that was chosen."""
        level = await self._groups.level(click.group)
        return await self.ask(turn, replace(click.edit, level=level))

    async def apply(self, turn: Turn, click: ApplyChange) -> Card:
        """Carry out what was confirmed."""
        edit = await self._at_known(click.edit)
        doing: Doing = "clearing" if isinstance(edit, Disable) else "updating"
        shown = _progress_card(turn, edit, doing)
        try:
            done = await self._make(shown, edit, click.version, turn.person.name)
        except GroupInherits:
            return settings_change.inherits(edit)
        if isinstance(done, Conflict):
            return await self.ask(turn, edit, notice=await self._overtaken(turn, click.version))
        return await self._result(turn, shown, done)

    async def _at_known(self, edit: OneLine) -> OneLine:
        return replace(edit, level=await self._groups.known(edit.level))

    async def cancel(self, _: Turn, __: CancelChange) -> Card:
        """They changed their mind."""
        return settings_change.cancelled()

    # -- the form -----------------------------------------------------------------------------

    async def account(self, turn: Turn, said: Account) -> Card:
        """Answer `settings account …`."""
        if said.edit is not None:
            return await self.ask(turn, said.edit)
        return await self.form(turn, ACCOUNT)

    async def open_account(self, turn: Turn, _: OpenAccount) -> Card:
        """Show the account's form."""
        return await self.form(turn, ACCOUNT)

    async def open_group(self, turn: Turn, click: OpenGroup) -> Card:
        """Show a group's form."""
        return await self.form(turn, await self._groups.level(click.group))

    async def form(
        self,
        turn: Turn,
        level: Level,
        entered: LevelForm | None = None,
        *,
        version: int | None = None,
        notice: str | None = None,
    ) -> Card:
        """Show a level's form, or what was entered in it."""
        policy = await self._desk.policy()
        now = level_form(policy, level)
        return settings_form.form(
            level,
            entered or now,
            version=policy.version if version is None else version,
            unsaved=entered is not None and entered != now,
            notice=notice,
            members=await self._members(level),
            account=None if level.is_account else policy.account,
            places=_places(policy, level),
        )

    async def submit(self, turn: Turn, click: SubmitForm) -> Card:
        """Take the submitted form: ask, show more fields, or save."""
        level = await self._groups.known(click.level)
        submitted = submitted_form(click.shown, click.inputs)
        step = next_step(click.shown, submitted)
        if step is Step.VERIFY:
            return settings_form.verify(
                level,
                submitted,
                version=click.version,
                touched=await self._touched(level, submitted),
            )
        if step is Step.NEXT:
            return await self.form(turn, level, submitted, version=click.version)
        return await self._store(turn, level, submitted, click.version)

    async def verified(self, turn: Turn, click: ApplySwitch) -> Card:
        """The verification question was answered with Enable or Disable."""
        level = await self._groups.known(click.level)
        if after_verifying(click.submitted) is Step.NEXT:
            return await self.form(turn, level, click.submitted, version=click.version)
        return await self._store(turn, level, click.submitted, click.version)

    async def _store(self, turn: Turn, level: Level, entered: LevelForm, version: int) -> Card:
        policy = await self._desk.policy()
        if policy.version != version:
            return await self.form(turn, level, notice=await self._overtaken(turn, version))
        before, edit = level_form(policy, level), SaveForm(level, entered)
        if edit.apply(policy) == policy:
            return settings_change.unchanged(level, sentence=state_sentence(edit))
        updating = entered.form.integration or not entered.manages
        shown = _progress_card(turn, edit, "updating" if updating else "clearing")
        done = await self._make(shown, edit, version, turn.person.name)
        if isinstance(done, Conflict):
            return await self.form(turn, level, notice=await self._overtaken(turn, version))
        return await self._result(turn, shown, done, differences(before, entered))

    async def _touched(self, level: Level, entered: LevelForm) -> str | None:
        """Whom a switch touches that is saved at once; None: nothing is saved yet."""
        if after_verifying(entered) is Step.NEXT:
            return None
        preview = await self._desk.preview(SaveForm(level, entered))
        if preview.before == preview.after:
            return None
        return touched(preview.effect, level, preview.after)

    # -- both ---------------------------------------------------------------------------------

    async def _make(
        self, shown: ProgressCard, edit: Edit, version: int, name: str
    ) -> Done | Conflict:
        by = Actor(shown.by, name)
        return await self._desk.make(edit, expected=version, by=by, show=shown.dump())

    async def _result(
        self,
        turn: Turn,
        shown: ProgressCard,
        done: Done,
        details: tuple[tuple[str, str, str], ...] = (),
    ) -> Card:
        rollout = done.rollout
        if rollout is not None:
            return shown.card(rollout.rollout_id, done=0, total=rollout.total)
        return settings_change.result(
            shown.level,
            sentence=shown.sentence,
            doing=shown.doing,
            details=details,
            invitable=await self._invitees.count(shown.level.group_id, turn.person.object_id),
        )

    async def progress(self, turn: Turn, click: ShowRollout) -> Card:
        """How far an edit is that a card shows, or that it is in force."""
        level = await self._groups.known(click.level)
        known = await self._desk.under_way(click.rollout_id)
        if known is None:
            return settings_change.result(level, sentence=click.sentence)
        rollout, left = known
        by = turn.person
        shown = ProgressCard.load(rollout.show) or ProgressCard(
            turn.at, turn.card_id, level, click.sentence, "updating", by.object_id, by.mri
        )
        done = min(rollout.total - left, rollout.total - 1)  # the end is shown by whoever is there
        return shown.card(click.rollout_id, done=done, total=rollout.total, failed=rollout.failed)

    async def _overtaken(self, turn: Turn, version: int) -> str:
        """Who was first, in a sentence."""
        record = await self._audit.last_change(since=version)
        if record is None:
            return overtaken()
        mine = record.by.actor_id == turn.person.object_id
        now_ms, here = await self._now_ms(), turn.inbound.time_zone
        return overtaken(
            "You" if mine else record.by.name,
            "the account" if record.scope == ACCOUNT_SCOPE else record.scope_name,
            _ago(record.at_ms, now_ms, here),
        )

    async def _members(self, level: Level) -> str | None:
        view = None if level.is_account else await self._directory.view()
        group = None if view is None else view.groups.get(level.group_id)
        return None if group is None else f"It has {people(group.members)} in Zoom."


def submitted_form(shown: LevelForm, inputs: Mapping[str, str]) -> LevelForm:
    """The form of `shown` after what was entered.

    A field that the client left out or sent empty stays as it was: some clients do so where nothing
    was touched. Raises BadInput for values that the form does not offer, BadClick for fields that
    it did not show.
    """
    applicable = applicable_fields(shown)
    for field in Field:
        said = inputs.get(field, "")
        if not said.strip():
            continue
        if field not in applicable:
            raise BadClick("a field that was not offered")
        try:
            shown = shown.with_value(field, read_value(field, value_of_words(field, said)))
        except BadEntry as error:
            raise BadInput(not_usable(error.field)) from None
    return shown


def _ago(at_ms: int, now_ms: int, here: tzinfo) -> str:
    """When it was, as a part of a sentence: people know the last hour by its minutes."""
    past = now_ms - at_ms
    if past >= HOUR_MS:
        return f"at {clock_time(at_ms, now_ms, here)}"
    minutes = past // 60_000
    if minutes < 1:
        return "a moment ago"
    return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"


def _progress_card(turn: Turn, edit: Edit, doing: Doing) -> ProgressCard:
    by, sentence = turn.person, state_sentence(edit)
    return ProgressCard(turn.at, turn.card_id, edit.level, sentence, doing, by.object_id, by.mri)


def _places(policy: Policy, level: Level) -> int:
    managed = group_of(policy, level.group_id) is not None
    return len(policy.groups) + (0 if managed else 1)
