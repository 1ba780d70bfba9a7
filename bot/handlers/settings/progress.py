"""The card that follows a change of settings until it is carried out for everyone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.desk import dump_reference, load_reference
from cards.build import refreshing
from cards.settings import change as settings_change
from cards.settings.clicks import ShowRollout
from domain.policy import Level

if TYPE_CHECKING:
    from bot.teams.activity import Card, ConversationReference
    from cards.settings.change import Doing

_DOING: tuple[Doing, ...] = ("updating", "clearing")


@dataclass(frozen=True, slots=True)
class ProgressCard:
    """What the card needs: where it is, what was decided, for whom, and by whom.

    `by` is the admin's object id, `mri` their id in the channel (empty: not known).
    """

    where: ConversationReference
    card_id: str
    level: Level
    sentence: str
    doing: Doing
    by: str
    mri: str = ""

    def card(
        self,
        rollout_id: str,
        *,
        done: int,
        total: int,
        failed: int = 0,
        invitable: int = 0,
    ) -> Card:
        """The card with `done` of `total` people carried out, for `failed` of them in vain.

        Until the end it asks for itself anew where the client can: should an edit of ours get lost,
        it does not stand still. At the end it offers to invite those who are `invitable`.
        """
        if done >= total:
            return settings_change.result(
                self.level,
                sentence=self.sentence,
                doing=self.doing,
                done=total - failed,
                failed=failed,
                invitable=invitable,
            )
        card = settings_change.progress(
            sentence=self.sentence,
            doing=self.doing,
            done=done,
            total=total,
            failed=failed,
        )
        if not self.mri:
            return card
        return refreshing(card, ShowRollout(rollout_id, self.level, self.sentence), [self.mri])

    def dump(self) -> str:
        """Write it as text."""
        return json.dumps(
            {
                "where": dump_reference(self.where),
                "card": self.card_id,
                "group": self.level.group_id,
                "name": self.level.name,
                "sentence": self.sentence,
                "doing": self.doing,
                "by": self.by,
                "mri": self.mri,
            }
        )

    @classmethod
    def load(cls, text: str) -> ProgressCard | None:
        """Read it back; None for anything else."""
        try:
            row = json.loads(text)
            where = load_reference(row["where"])
            doing = next(word for word in _DOING if word == row["doing"])
            level = Level(str(row["group"]), str(row["name"]))
            card_id, sentence, by = str(row["card"]), str(row["sentence"]), str(row["by"])
            mri = str(row.get("mri", ""))
        except (ValueError, KeyError, TypeError, StopIteration):
            return None
        return None if where is None else cls(where, card_id, level, sentence, doing, by, mri)
