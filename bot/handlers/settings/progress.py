"""The card that follows a change of settings until it is carried out for everyone."""

from dataclasses import dataclass
from typing import Final

from bot.teams.activity import ConversationReference
from cards.build import Card, refreshing
from cards.settings import change as settings_change
from cards.settings.change import Doing
from cards.settings.clicks import ShowRollout
from domain.policy import Level
from sync.redis.rows import Rows


@dataclass(frozen=True, slots=True)
class ProgressCard:
    """What the card needs: where it is, what was decided, for whom, and by whom.

    `by` is the admin's object id, `mri` their id in the channel (empty: not known). `title` is the
    effect, `not_now` says whom it does not touch now, `they_notice` what the others notice,
    `reason` why it was done.
    """

    where: ConversationReference
    card_id: str
    level: Level
    sentence: str
    doing: Doing
    by: str
    mri: str = ""
    title: str = "Saved"
    not_now: str = ""
    they_notice: str = ""
    reason: str = ""

    def card(
        self, rollout_id: str, *, done: int, total: int, failed: int = 0, invitable: int = 0
    ) -> Card:
        """The card with `done` of `total` people carried out, for `failed` of them in vain.

        Until the end it asks for itself anew where the client can: should an edit of ours get lost,
        it does not stand still. At the end it offers to invite those who are `invitable`.
        """
        if done >= total:
            return self.result(done=total - failed, failed=failed, invitable=invitable)
        card = settings_change.progress(
            sentence=self.sentence,
            title=self.title,
            doing=self.doing,
            done=done,
            total=total,
            failed=failed,
            reason=self.reason,
        )
        if not self.mri:
            return card
        again = ShowRollout(rollout_id, self.level, self.sentence, self.title, self.doing)
        return refreshing(card, again, [self.mri])

    def result(
        self,
        *,
        done: int = 0,
        failed: int = 0,
        invitable: int = 0,
        details: tuple[tuple[str, str, str], ...] = (),
    ) -> Card:
        """The card at the end, for `done` people; `details` are the changed fields."""
        return settings_change.result(
            self.level,
            sentence=self.sentence,
            title=self.title,
            doing=self.doing,
            done=done,
            failed=failed,
            invitable=invitable,
            details=details,
            not_now=self.not_now,
            they_notice=self.they_notice,
            reason=self.reason,
        )


PROGRESS: Final = Rows(ProgressCard)
