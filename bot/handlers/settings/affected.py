"""Whom an edit of the settings touches, in words: what every question about one says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.form import Step, after_verifying
from domain.policy import Authoriser
from domain.policy_edits import Authorise, Narrow, SaveForm, Stop, form_of
from wording.edits import stops_for
from wording.organisation import NOBODY_MATCHED, NOT_AUTHORISED_YET, prospects
from wording.policy import shifting, touched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.handlers.ports import Policies, ZoomDirectory
    from domain.coverage import Prospect
    from domain.form import LevelForm
    from domain.policy import Level, Policy
    from domain.policy_edits import Edit
    from sync.settings.changes import Preview


@dataclass(frozen=True, slots=True)
class Affected:
    """Says it.

    `prospect` counts for whom a level could start without a sign-in with a policy; None: nobody was
    matched yet. `authorised`: whether the organisation authorises the app now.
    """

    policies: Policies
    directory: ZoomDirectory
    prospect: Callable[[Policy, Level], Awaitable[Prospect | None]]
    authorised: Callable[[], bool]

    async def in_words(self, edit: Edit, preview: Preview) -> str | None:
        """Who is affected; None where people can't be counted, without Zoom's list of people."""
        effect, after = preview.effect, preview.after
        counted = effect.now or effect.shifts
        if not counted and await self.directory.view() is None:
            return None
        said = touched(effect, edit.level, after)
        if isinstance(edit, Stop):
            return " ".join(filter(None, (stops_for(effect), shifting(effect))))
        authoriser = form_of(after, edit.level).authoriser
        if not isinstance(edit, Authorise | Narrow) or authoriser is Authoriser.PERSON:
            starts = effect.starts or effect.starts_later
            return f"{said} {NOT_AUTHORISED_YET}" if starts and not self.authorised() else said
        prospect = await self.prospect(after, edit.level)
        said = NOBODY_MATCHED if prospect is None else prospects(prospect)
        if effect.shifts:
            said = f"{said} {shifting(effect)}"
        return said if self.authorised() else f"{said} {NOT_AUTHORISED_YET}"

    async def by_switch(self, level: Level, entered: LevelForm) -> str | None:
        """Whom a switch touches, where it is saved at once; None: it is not saved yet."""
        if after_verifying(entered) is Step.NEXT:
            return None
        preview = await self.policies.preview(SaveForm(level, entered))
        if preview.before == preview.after:
            return None
        return touched(preview.effect, level, preview.after)
