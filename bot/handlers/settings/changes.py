"""Changing settings: one-line commands and the form of Zoom's article.

Every button names the version of the settings that its card was made from. A click on a card that
was overtaken changes nothing: it shows how things are now, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.grammar.said import Account, Group, Groups, History
from bot.handlers.settings.entered import entered_reason, submitted_form
from bot.handlers.settings.guard import GroupsUnavailable, actor
from bot.handlers.settings.progress import PROGRESS, ProgressCard
from cards.build import refreshing
from cards.person.help import unclear
from cards.settings import change as settings_change
from cards.settings import clicks
from cards.settings import form as settings_form
from cards.settings import lists as list_cards
from cards.settings.organisation import not_by_zoom
from cards.settings.parts import REASON
from domain.effect import begins_full, has_full, switches
from domain.form import Step, after_verifying, next_step
from domain.group_names import fold_name
from domain.policy import ACCOUNT
from domain.policy_edits import (
    GroupInherits,
    SaveForm,
    authoriser_after,
    authorises_otherwise,
    form_of,
    group_of,
    level_form,
    newer_fields,
)
from sync.settings.changes import Preview
from sync.settings.rows import ACCOUNT as ACCOUNT_SCOPE
from sync.settings.store import Conflict
from wording.directory import no_group
from wording.edits import effect_title, noticed_since, overtaken, saved_sentence, state_sentence
from wording.figures import ago
from wording.policy import differences, not_now, touched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from enum import Enum

    from bot.grammar.commands import PerhapsSettings
    from bot.handlers.ports import Policies
    from bot.handlers.settings.affected import Affected
    from bot.handlers.settings.guard import ZoomGroups
    from bot.request import Turn
    from cards.build import Card
    from cards.click import Click
    from domain.form import LevelForm
    from domain.policy import Level
    from domain.policy_edits import Edit, OneLine
    from sync.settings.audit import AuditLog

_OPENS: Final[Mapping[type, tuple[str, Click]]] = {
    Account: ("Account", clicks.OpenAccount()),
    Groups: ("Groups", clicks.ListGroups()),
    History: ("History", clicks.ShowHistory()),
}
"""Buttons for what may be meant and changes nothing."""
REASONS: Final = "ApplyChange.reason"
"""The name (domain.newer) that everyone knows once reasons can be taken."""


@dataclass(frozen=True, slots=True)
class SettingsChanges:
    """Confirms, saves, and shows what came of it. The guard has made sure of the admin.

    `invitable` counts those of a group (empty: everyone) whom an admin may invite; `now_ms` is the
    clock that all processes share (epoch ms). `everyone_knows` says of a name (domain.newer)
    whether every process that runs can read it: reasons are neither asked for nor taken before.
    `may_write`: see DataVersions.
    """

    policies: Policies
    groups: ZoomGroups
    audit: AuditLog
    affected: Affected
    invitable: Callable[[str, str], Awaitable[int]]
    now_ms: Callable[[], Awaitable[int]]
    everyone_knows: Callable[[str], bool]
    may_write: Callable[[Enum], Awaitable[bool]]

    # -- one line -----------------------------------------------------------------------------

    async def confirm(
        self, turn: Turn, edit: OneLine, reason: str = "", *, notice: str | None = None
    ) -> Card:
        """Say what an edit does and whom it touches, and have it confirmed."""
        if not await self._may_be_written(edit):
            return settings_change.not_yet(edit.level)
        asked = self._asked(reason)
        if reason and asked is None:
            return settings_change.no_reason_yet()
        try:
            preview = await self.policies.preview(edit)
        except GroupInherits:
            return settings_change.inherits(edit)
        if preview.before == preview.after:
            return settings_change.unchanged(edit.level, sentence=state_sentence(edit))
        if turn.by_zoom and authorises_otherwise(preview.before, preview.after):
            return not_by_zoom()
        card = settings_change.confirm(
            edit,
            version=preview.before.version,
            touched=await self.affected.in_words(edit, preview),
            style=form_of(preview.after, edit.level).style,
            full=begins_full(preview.before, preview.after, preview.effect, edit.level),
            ends=bool(preview.effect.ends),
            notice=notice,
            reason=asked,
            own=preview.effect.own,
        )
        return refreshing(card, clicks.ConfirmChange(edit, reason), [turn.person.mri])

    async def _may_be_written(self, edit: Edit) -> bool:
        """Whether every process that runs can read what an edit stores."""
        if not all(map(self.everyone_knows, newer_fields(edit))):
            return False
        return await self.may_write(authoriser_after(edit))

    def _asked(self, reason: str) -> str | None:
        """A reason as cards ask for it, holding what was said so far; None: they don't ask yet."""
        return reason if self.everyone_knows(REASONS) else None

    async def confirm_again(self, turn: Turn, click: clicks.ConfirmChange) -> Card:
        """Put a question anew, as things are now."""
        return await self.confirm(turn, await self._of_known(click.edit), click.reason)

    async def confirm_picked(self, turn: Turn, click: clicks.PickForChange) -> Card:
        """Go on with an edit whose group was picked in a list."""
        level = await self.groups.level(click.group)
        return await self.confirm(turn, replace(click.edit, level=level), click.reason)

    async def apply(self, turn: Turn, click: clicks.ApplyChange) -> Card:
        """Carry out what was confirmed."""
        edit, reason = await self._of_known(click.edit), entered_reason(click.reason)
        try:
            card = await self._save(turn, edit, click.version, reason)
        except GroupInherits:
            return settings_change.inherits(edit)
        if card is not None:
            return card
        notice = await self._overtaken(turn, click.version)
        return await self.confirm(turn, edit, reason, notice=notice)

    async def _of_known(self, edit: OneLine) -> OneLine:
        return replace(edit, level=await self.groups.known(edit.level))

    async def cancel(self, _: Turn, __: clicks.CancelChange) -> Card:
        """Change nothing."""
        return settings_change.cancelled()

    # -- which group ---------------------------------------------------------------------------

    async def group(self, turn: Turn, said: Group) -> Card:
        """Answer `settings group …`: a group is found by its name, and never guessed."""
        level, edit = await self.groups.called(said.name), said.edit
        if level is None:
            level, edit = await self.groups.called(said.or_name), None
        if level is None and said.meant is not None:
            meant = await self.groups.called(said.meant.name)
            if meant is not None and said.meant.edit is not None:
                edit = replace(said.meant.edit, level=meant)
                return self._perhaps(edit, said.meant.reason, what=no_group(said.name))
        if level is None:
            return await self._pick(said.name, said.edit, said.reason)
        if edit is None:
            return await self.form(turn, level)
        return await self.confirm(turn, replace(edit, level=level), said.reason)

    async def perhaps(self, turn: Turn, said: PerhapsSettings) -> Card:
        """Show the form of the group whose name was said, or what may be meant instead."""
        try:
            level = await self.groups.called(said.name)
        except GroupsUnavailable:
            level = None
        if level is not None:
            return await self.form(turn, level)
        meant = said.meant
        if isinstance(meant, Account) and meant.edit is not None:
            return self._perhaps(meant.edit, meant.reason, what=said.what)
        if isinstance(meant, Group) and meant.edit is not None:
            level = await self.groups.called(meant.name)
            if level is None:
                return await self._pick(meant.name, meant.edit, meant.reason)
            edit = replace(meant.edit, level=level)
            return self._perhaps(edit, meant.reason, what=said.what)
        offer = None if meant is None else _OPENS.get(type(meant))
        return unclear(what=said.what, hint=said.hint, offer=offer)

    def _perhaps(self, edit: OneLine, reason: str, *, what: str) -> Card:
        if reason and self._asked(reason) is None:
            return settings_change.no_reason_yet()
        return settings_change.perhaps(edit, what=what, reason=reason)

    async def _pick(self, wanted: str, edit: OneLine | None, reason: str = "") -> Card:
        """Have a group chosen among those whose names are near."""
        if reason and self._asked(reason) is None:
            return settings_change.no_reason_yet()
        matches = (await self.groups.view()).find_groups(wanted, limit=60)
        same = [g for g in matches.nearest if fold_name(g.name) == fold_name(wanted)]
        return list_cards.pick_group(
            [list_cards.GroupRow(g.group_id, g.name, g.members) for g in matches.nearest],
            wanted=wanted,
            ambiguous=len(same) > 1,
            total=matches.total,
            edit=edit,
            reason=reason,
        )

    # -- the form -----------------------------------------------------------------------------

    async def account(self, turn: Turn, said: Account | clicks.OpenAccount) -> Card:
        """Answer `settings account …`, and the button that opens its form."""
        if isinstance(said, Account) and said.edit is not None:
            return await self.confirm(turn, said.edit, said.reason)
        return await self.form(turn, ACCOUNT)

    async def open_group(self, turn: Turn, click: clicks.OpenGroup) -> Card:
        """Show a group's form."""
        return await self.form(turn, await self.groups.level(click.group))

    async def form(
        self,
        turn: Turn,
        level: Level,
        entered: LevelForm | None = None,
        reason: str = "",
        *,
        version: int | None = None,
        notice: str | None = None,
    ) -> Card:
        """Show a level's form, or what was entered in it."""
        policy = await self.policies.policy()
        now = level_form(policy, level)
        managed = group_of(policy, level.group_id) is not None
        return settings_form.form(
            level,
            entered or now,
            version=policy.version if version is None else version,
            unsaved=entered is not None and entered != now,
            notice=notice,
            members=await self.groups.members(level, policy),
            account=None if level.is_account else policy.account,
            places=len(policy.groups) + (0 if managed else 1),
            reason=self._asked(reason),
        )

    async def submit(self, turn: Turn, click: clicks.SubmitForm) -> Card:
        """Take the submitted form: verify a switch, show more fields, or save."""
        level = await self.groups.known(click.level)
        submitted = submitted_form(click.shown, click.inputs)
        reason = entered_reason(click.inputs.get(REASON, ""))
        step = next_step(click.shown, submitted)
        if step is Step.VERIFY:
            whom, why = await self.affected.by_switch(level, submitted), self._asked(reason)
            return settings_form.verify(
                level, submitted, version=click.version, touched=whom, reason=why
            )
        return await self._take(turn, level, submitted, click.version, reason, step)

    async def verified(self, turn: Turn, click: clicks.ApplySwitch) -> Card:
        """The verification question was answered with Enable or Disable."""
        level, step = await self.groups.known(click.level), after_verifying(click.submitted)
        reason = entered_reason(click.reason)
        return await self._take(turn, level, click.submitted, click.version, reason, step)

    async def save_form(self, turn: Turn, click: clicks.ApplyForm) -> Card:
        """Save a form whose admin was told what the style `full` may do."""
        level, reason = await self.groups.known(click.level), entered_reason(click.reason)
        return await self._take(turn, level, click.submitted, click.version, reason, warned=True)

    async def _take(
        self,
        turn: Turn,
        level: Level,
        entered: LevelForm,
        version: int,
        reason: str,
        step: Step = Step.SAVE,
        *,
        warned: bool = False,
    ) -> Card:
        """Show the fields that a form needs next, or save it; `full` only to those `warned`."""
        if step is Step.NEXT:
            return await self.form(turn, level, entered, reason, version=version)
        policy = await self.policies.policy()
        if policy.version == version:
            before, edit = level_form(policy, level), SaveForm(level, entered)
            after = edit.apply(policy)
            if after == policy:
                return settings_change.unchanged(level, sentence=state_sentence(edit))
            if not warned and has_full(after):
                effect = (await self.policies.preview(edit)).effect
                if begins_full(policy, after, effect, level):
                    whom, why = touched(effect, level, after), self._asked(reason)
                    return settings_form.confirm_full(
                        level, entered, version=version, touched=whom, reason=why
                    )
            card = await self._save(turn, edit, version, reason, differences(before, entered))
            if card is not None:
                return card
        notice = await self._overtaken(turn, version)
        return await self.form(turn, level, reason=reason, notice=notice)

    # -- both ---------------------------------------------------------------------------------

    async def _save(
        self,
        turn: Turn,
        edit: Edit,
        version: int,
        reason: str,
        details: tuple[tuple[str, str, str], ...] = (),
    ) -> Card | None:
        """Save an edit and show what comes of it; None: somebody else was first."""
        if not await self._may_be_written(edit):
            return settings_change.not_yet(edit.level)
        if turn.by_zoom:
            policy = await self.policies.policy()
            if authorises_otherwise(policy, edit.apply(policy)):
                return not_by_zoom()
        by = turn.person

        def shown(change: Preview) -> ProgressCard:
            before, after, effect = change.before, change.after, change.effect
            off = effect.off or effect.ends or switches(before, after, edit.level) is False
            return ProgressCard(
                turn.at,
                turn.card_id,
                edit.level,
                saved_sentence(edit, after),
                "clearing" if off else "updating",
                by.object_id,
                by.mri,
                effect_title(edit, before, after, effect),
                not_now(effect, edit.level, after),
                noticed_since(edit, before, after, effect),
                reason,
            )

        done = await self.policies.make(
            edit,
            expected=version,
            by=actor(turn),
            show=lambda change: PROGRESS.dump(shown(change)),
            reason=reason,
        )
        if isinstance(done, Conflict):
            return None
        follows = shown(Preview(done.before, done.policy, done.effect))
        if done.rollout is not None:
            return follows.card(done.rollout.rollout_id, done=0, total=done.rollout.total)
        return follows.result(
            details=details, invitable=await self.invitable(edit.level.group_id, by.object_id)
        )

    async def progress(self, turn: Turn, click: clicks.ShowRollout) -> Card:
        """Show how far an edit is carried out, or that it is in force."""
        level = await self.groups.known(click.level)
        known = await self.policies.under_way(click.rollout_id)
        if known is None:
            return settings_change.result(
                level, sentence=click.sentence, title=click.title, doing=click.doing
            )
        rollout, left = known
        by = turn.person
        shown = PROGRESS.load_if_good(rollout.show) or ProgressCard(
            *(turn.at, turn.card_id, level, click.sentence),
            *(click.doing, by.object_id, by.mri, click.title),
        )
        done = min(rollout.total - left, rollout.total - 1)  # the end is shown by whoever is there
        return shown.card(click.rollout_id, done=done, total=rollout.total, failed=rollout.failed)

    async def _overtaken(self, turn: Turn, version: int) -> str:
        """Say who was first."""
        record = await self.audit.last_change(since=version)
        if record is None:
            return overtaken()
        mine = record.by.actor_id == turn.person.object_id
        return overtaken(
            "You" if mine else record.by.name,
            "the account" if record.scope == ACCOUNT_SCOPE else record.scope_name,
            ago(record.at_ms, await self.now_ms(), turn.inbound.time_zone),
        )
