"""Changing settings: one-line commands and the form of Zoom's article.

Every button names the version of the settings that its card was made from. A click on a card that
was overtaken changes nothing: it shows how things are now, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.handlers.settings.level import (
    draft_of_level,
    edit_of_change,
    edit_of_draft,
    stored,
    touched_by,
)
from bot.handlers.settings.progress import ProgressCard
from cards.build import refreshing
from cards.payload import BadInput, BadPayload, Verb
from cards.settings import change as settings_change
from cards.settings import form as settings_form
from cards.settings import refused as settings_refused
from cards.settings.change import change_args
from cards.settings.groups import picked_group
from cards.settings_draft import (
    Step,
    after_verifying,
    differences,
    draft_of,
    next_step,
    read_inputs,
)
from cards.settings_words import ACCOUNT, Act, Change, Target, Touched, people
from domain.policy_edits import group_of
from sync.settings.audit import Actor
from sync.settings.rows import ACCOUNT as ACCOUNT_SCOPE
from sync.settings.store import Conflict
from wording.times import clock_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import tzinfo

    from bot.invite.invitees import Invitees
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.payload import Arg, Click, Payloads
    from cards.settings.change import Doing
    from cards.settings_draft import Draft
    from domain.policy import Policy
    from sync.directory.store import DirectoryStore
    from sync.settings.audit import AuditLog
    from sync.settings.changes import Done, Edit, PolicyDesk

HOUR_MS = 3_600_000


_GROUPS_ONLY = frozenset({Verb.SETTINGS_GROUP, Verb.SETTINGS_CHANGE})
"""Buttons by which a group is picked: without a choice they are about nothing, not the account.
Only a question about the account that refreshes itself says that it is about it."""


class SettingsChanges:
    """Asks, saves, and shows what came of it. Whoever calls has made sure of the admin."""

    def __init__(
        self,
        payloads: Payloads,
        desk: PolicyDesk,
        directory: DirectoryStore,
        invitees: Invitees,
        audit: AuditLog,
        now_ms: Callable[[], Awaitable[int]],
    ) -> None:
        """`now_ms` is the clock that all processes share (epoch ms)."""
        self._payloads = payloads
        self._desk = desk
        self._directory = directory
        self._invitees = invitees
        self._audit = audit
        self._now_ms = now_ms

    # -- one line -----------------------------------------------------------------------------

    async def ask(
        self, turn: Turn, target: Target, change: Change, *, notice: str | None = None
    ) -> Card:
        """Say what a change does and whom it touches, and ask."""
        policy = await self._desk.policy()
        edit = edit_of_change(policy, target, change)
        if edit is None:
            return settings_refused.inherits(self._payloads, turn.card_id, target, change)
        try:
            preview = await self._desk.preview(edit)
        except KeyError:  # it was let go of between the two readings
            return settings_refused.inherits(self._payloads, turn.card_id, target, change)
        if preview.before == preview.after:
            return settings_change.unchanged(
                self._payloads,
                turn.card_id,
                target,
                sentence=settings_change.state_sentence(target, change),
            )
        form, _ = stored(preview.after, target)
        known = await self._directory.view() is not None
        touched = touched_by(preview.after, target, preview.effect)
        card = settings_change.confirm(
            self._payloads,
            turn.card_id,
            target,
            change,
            version=preview.before.version,
            touched=touched if known or touched.now else None,
            style=form.style.value,
            notice=notice,
        )
        again: dict[str, Arg] = {"account": target.is_account, **change_args(target, change)}
        who = [turn.person.mri]
        return refreshing(card, self._payloads, turn.card_id, Verb.SETTINGS_CHANGE, who, **again)

    async def apply(self, turn: Turn, target: Target, change: Change) -> Card:
        """Carry out what was confirmed."""
        version = _version(turn)
        policy = await self._desk.policy()
        edit = edit_of_change(policy, target, change)
        if edit is None:
            return settings_refused.inherits(self._payloads, turn.card_id, target, change)
        sentence = settings_change.state_sentence(target, change)
        doing: Doing = "clearing" if change.act is Act.DISABLE else "updating"
        shown = _progress_card(turn, target, sentence, doing)
        done = await self._make(shown, edit, version, turn.person.name)
        if isinstance(done, Conflict):
            return await self.ask(turn, target, change, notice=await self._overtaken(turn))
        return await self._result(turn, shown, done)

    # -- the form -----------------------------------------------------------------------------

    async def form(
        self,
        turn: Turn,
        target: Target,
        draft: Draft | None = None,
        *,
        version: int | None = None,
        notice: str | None = None,
    ) -> Card:
        """Show a level's form, or a draft of it."""
        policy = await self._desk.policy()
        now = draft_of_level(policy, target)
        return settings_form.form(
            self._payloads,
            turn.card_id,
            target,
            draft or now,
            version=policy.version if version is None else version,
            unsaved=draft is not None and draft != now,
            notice=notice,
            members=await self._members(target),
            account=None if target.is_account else draft_of_level(policy, ACCOUNT),
            places=_places(policy, target),
        )

    async def save(self, turn: Turn, target: Target) -> Card:
        """Take the submitted form: ask, show more fields, or save."""
        click = _click(turn)
        shown = draft_of(click.args)
        submitted = read_inputs(click, shown)
        step = next_step(shown, submitted)
        if step is Step.VERIFY:
            return settings_form.verify(
                self._payloads,
                turn.card_id,
                target,
                submitted,
                version=_version(turn),
                touched=await self._touched(target, submitted),
            )
        if step is Step.NEXT:
            return await self.form(turn, target, submitted, version=_version(turn))
        return await self._store(turn, target, submitted)

    async def verified(self, turn: Turn, target: Target) -> Card:
        """The verification question was answered with Enable or Disable."""
        draft = draft_of(_click(turn).args)
        if after_verifying(draft) is Step.NEXT:
            return await self.form(turn, target, draft, version=_version(turn))
        return await self._store(turn, target, draft)

    async def _store(self, turn: Turn, target: Target, draft: Draft) -> Card:
        policy, version = await self._desk.policy(), _version(turn)
        if policy.version != version:
            return await self.form(turn, target, notice=await self._overtaken(turn))
        before = draft_of_level(policy, target)
        edit = edit_of_draft(policy, target, draft)
        if edit is None:
            return settings_change.unchanged(
                self._payloads, turn.card_id, target, sentence=_saved_sentence(target)
            )
        sentence = _saved_sentence(target)
        doing: Doing = "updating" if draft.integration or not draft.manages else "clearing"
        shown = _progress_card(turn, target, sentence, doing)
        done = await self._make(shown, edit, version, turn.person.name)
        if isinstance(done, Conflict):
            return await self.form(turn, target, notice=await self._overtaken(turn))
        details = tuple(
            (changed.label, changed.before, changed.after) for changed in differences(before, draft)
        )
        return await self._result(turn, shown, done, details)

    async def _touched(self, target: Target, draft: Draft) -> Touched | None:
        """Whom a switch touches that is saved at once; None: nothing is saved yet."""
        if after_verifying(draft) is Step.NEXT:
            return None
        edit = edit_of_draft(await self._desk.policy(), target, draft)
        if edit is None:
            return None
        preview = await self._desk.preview(edit)
        return touched_by(preview.after, target, preview.effect)

    # -- both ---------------------------------------------------------------------------------

    async def _make(
        self, shown: ProgressCard, edit: Edit, version: int, name: str
    ) -> Done | Conflict:
        by = Actor(shown.by, name)
        try:
            return await self._desk.make(edit, expected=version, by=by, show=shown.dump())
        except KeyError:  # the group was let go of meanwhile
            return Conflict(await self._desk.policy())

    async def _result(
        self,
        turn: Turn,
        shown: ProgressCard,
        done: Done,
        details: tuple[tuple[str, str, str], ...] = (),
    ) -> Card:
        rollout = done.rollout
        if rollout is not None:
            return shown.card(self._payloads, rollout.rollout_id, done=0, total=rollout.total)
        return settings_change.result(
            self._payloads,
            turn.card_id,
            shown.target,
            sentence=shown.sentence,
            doing=shown.doing,
            details=details,
            invitable=await self._invitees.count(shown.target.group_id, turn.person.object_id),
        )

    async def progress(self, turn: Turn, target: Target) -> Card:
        """How far a change is that a card shows, or that it is in force."""
        args = _click(turn).args
        rollout_id, sentence = args.get("rollout"), args.get("sentence")
        if not isinstance(rollout_id, str) or not isinstance(sentence, str):
            raise BadPayload("progress of nothing")
        known = await self._desk.under_way(rollout_id)
        if known is None:
            return settings_change.result(self._payloads, turn.card_id, target, sentence=sentence)
        rollout, left = known
        shown = _progress_card(turn, target, sentence, "updating")
        shown = ProgressCard.load(rollout.show) or shown
        done = min(rollout.total - left, rollout.total - 1)  # the end is shown by whoever is there
        return shown.card(
            self._payloads, rollout_id, done=done, total=rollout.total, failed=rollout.failed
        )

    async def _overtaken(self, turn: Turn) -> str:
        """Who was first, in a sentence."""
        record = await self._audit.last_change(since=_version(turn))
        if record is None:
            return settings_change.overtaken()
        mine = record.by.actor_id == turn.person.object_id
        now_ms, here = await self._now_ms(), turn.inbound.time_zone
        return settings_change.overtaken(
            "You" if mine else record.by.name,
            "the account" if record.scope == ACCOUNT_SCOPE else record.scope_name,
            _ago(record.at_ms, now_ms, here),
        )

    async def _members(self, target: Target) -> str | None:
        view = await self._directory.view()
        if view is None:
            return None
        if target.is_account:
            return None
        group = view.groups.get(target.group_id)
        return None if group is None else f"It has {people(group.members)} in Zoom."


def is_about_account(click: Click) -> bool:
    """Whether a button about a level is about the account; otherwise it is about a group."""
    if click.verb in _GROUPS_ONLY:
        return click.args.get("account") is True
    return click.args.get("group") == ""


def target_of(click: Click, names: dict[str, str]) -> Target:
    """The level that a button is about. `names` are the names of Zoom's groups by id.

    The id is the client's word, and Zoom's groups come and go: raises BadInput for one that Zoom
    does not have.
    """
    if is_about_account(click):
        return ACCOUNT
    group_id = picked_group(click)
    if group_id not in names:
        raise BadInput(
            "Zoom’s list has no such group any more, so nothing was changed. "
            "Say settings groups to see those that it has."
        )
    return Target(group_id, names[group_id])


def _click(turn: Turn) -> Click:
    if turn.click is None:
        raise BadPayload("not a button")
    return turn.click


def _version(turn: Turn) -> int:
    version = _click(turn).args.get("version")
    if type(version) is not int:
        raise BadPayload("a card without a version")
    return version


def _ago(at_ms: int, now_ms: int, here: tzinfo) -> str:
    """When it was, as a part of a sentence: people know the last hour by its minutes."""
    past = now_ms - at_ms
    if past >= HOUR_MS:
        return f"at {clock_time(at_ms, now_ms, here)}"
    minutes = past // 60_000
    if minutes < 1:
        return "a moment ago"
    return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"


def _progress_card(turn: Turn, target: Target, sentence: str, doing: Doing) -> ProgressCard:
    by = turn.person
    return ProgressCard(turn.at, turn.card_id, target, sentence, doing, by.object_id, by.mri)


def _places(policy: Policy, target: Target) -> int:
    managed = group_of(policy, target.group_id) is not None
    return len(policy.groups) + (0 if managed else 1)


def _saved_sentence(target: Target) -> str:
    where = target.words()
    return f"The settings of {where} are saved."
