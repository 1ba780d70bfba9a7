"""What processes of an earlier release can't read, and since when this code can. Pure.

Each change of what is stored or of what buttons carry has a number, the data version. What is newer
than the last release is declared here, and is written once every process that runs can read it
(sync.upgrade.data_version); a unit test finds what was forgotten (tests/upgrade/test_records.py).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from domain.matching import FoundBy, Uncovered
from domain.organisation import Answer, Consent, Why
from domain.policy import AuthorisedBy, Authoriser
from domain.presence import Style

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

T = TypeVar("T")

DATA_VERSION: Final = 2
"""The newest that this code can read. Rises by 1 with each release that declares something here; 1
is release 0.2.0."""
READS_FROM: Final = 1
"""The oldest that this code can read. Rises when a release has rewritten all older rows."""


@dataclass(frozen=True, slots=True)
class Newer(Generic[T]):
    """What is read from the data version `since` on. Until all do, `until` is written instead."""

    since: int
    until: T


NEWER_MEMBERS: Final[Mapping[Enum, Newer[Any]]] = {
    # Until then it can't be chosen, and nobody's style is changed (bot.handlers.personal).
    Style.QUIET: Newer(since=2, until=Style.MIRROR),
    # Nobody is started before (sync.organisation.starting).
    AuthorisedBy.ORGANISATION: Newer(since=2, until=AuthorisedBy.PERSON),
    Authoriser.ASK: Newer(since=2, until=Authoriser.PERSON),
    Authoriser.INFORM: Newer(since=2, until=Authoriser.PERSON),
    # Only in rows that are newer themselves.
    **{it: Newer(since=2, until=it) for it in (*Why, *FoundBy, *Uncovered)},
    **{
        it: Newer(since=2, until=it) for it in (*Why, *Answer)
    },  # only in rows that are newer themselves
}
"""Members of stored enums. Keep an entry for as long as READS_FROM is below its `since`."""
NEWER_NAMES: Final[Mapping[str, int]] = {
    # Older processes pass these over, and their cards say less: they may be written at once.
    "ProgressCard.not_now": 2,
    "ProgressCard.they_notice": 2,
    "ProgressCard.reason": 2,
    "settings.listed": 2,
    # On cards only where the organisation authorises it: not before everyone knows that.
    "organisation.start": 2,
    "settings.informed": 2,
    "organisation.not_for_me": 2,
    # Has its default where an older process could read it: nothing of it is written till then.
    "Form.authoriser": 2,
    "Form.share": 2,
    "Form.only": 2,
    "PersonState.authorised_by": 2,
    "PersonState.own_until_ms": 2,  # only beside it
    # Older processes leave them as they are; what was seen before a write counts for nothing.
    "PersonState.sight": 2,
    "PersonState.lesson": 2,
    # Older processes leave it as it is: for a while some states seem to have begun earlier.
    "PersonState.since_ms": 2,
    # Older processes count nothing, and look at no such key.
    "pb:{lasting}:<week>": 2,
    # Older processes leave it as it is, and count nothing.
    "PersonState.planned_as": 2,
    # Of whom the organisation authorised only.
    "PersonState.session_app": 2,
    "PersonState.former": 2,
    "PersonState.former_app": 2,
    # Older processes know nobody who could have said it: they may be written at once.
    "pb:{NN}:optout:<mark>": 2,
    "pb:{optouts}:zoom:<hash>": 2,
    "pb:{optouts}:all": 2,
    "pb:{optouts}:key": 2,
    "pb:{optouts}:read": 2,
    # Nobody is told, or counted, before everyone knows of it (sync.organisation.coverage).
    "pb:{NN}:announced:<oid>": 2,
    "pb:{coverage}:wave": 2,
    "pb:{coverage}:counts": 2,
    # Older processes start nobody, so they need not know who is not to be started.
    "pb:{organisation}:excluded": 2,
    "pb:{organisation}:excluded:changes": 2,
    "pb:{organisation}:excluded:undo": 2,
    # Their card is shown only once everyone knows them (bot.handlers.settings.organisation).
    "settings.organisation": 2,
    "settings.authorise": 2,
    "settings.authorise_end": 2,
    # A kind of key of its own, at which they don't look.
    "pb:{organisation}:consent": 2,
    "pb:{organisation}:link": 2,
    "pb:consent:<key>": 2,
    "pb:consent:<key>:try": 2,
    "pb:consent:told:<hash>": 2,
    "ConsentLink.tenant_id": 2,
    "ConsentLink.object_id": 2,
    "ConsentLink.mri": 2,
    "ConsentLink.name": 2,
    "ConsentLink.conversation": 2,
    "ConsentLink.card_id": 2,
    "ConsentLink.until_ms": 2,
    "Tried.answer": 2,
    "Tried.at_ms": 2,
    "Try.link_key": 2,
    "Try.browser": 2,
    "Try.answer": 2,
    **dict.fromkeys((f"Consent.{each.name}" for each in fields(Consent)), 2),
    # How often people were looked up: older processes would not erase it with a person.
    "pb:{NN}:lookups:<oid>": 2,
    "pb:{NN}:lookups:<oid>:<day>": 2,
    "pb:{lookups}:since": 2,
    # Why settings are changed: neither asked for nor taken before.
    "ApplyChange.reason": 2,
    "ApplyForm.reason": 2,
    "ApplySwitch.reason": 2,
    "ConfirmChange.reason": 2,
    "PickForChange.reason": 2,
    # Older processes match nobody.
    "pb:{match}:<reading>:<part>": 2,
    "pb:{match}:aliases": 2,
    "pb:{match}:by-hand": 2,
    "pb:{match}:current": 2,
    "pb:{match}:state": 2,
    "pb:{match}:undo": 2,
    # Whom an older process erases, is dropped within hours (sync.readback.reader.CHECKED).
    "pb:{NN}:watched": 2,
    # Kinds of keys of their own, at which older processes don't look.
    "pb:identify:<hash>": 2,
    "pb:{identify}:begun": 2,
    "pb:{NN}:role:<oid>": 2,
    # Kinds of keys of their own; nobody is sent a digest before everyone knows its buttons.
    "pb:{digest}:all": 2,
    "pb:{digest}:<oid>:known": 2,
    "Digest.zone": 2,
    "Digest.since_ms": 2,
    "Digest.day": 2,
    "Digest.salt": 2,
    "Digest.not_before_ms": 2,
    "Counted.trouble": 2,
    "Counted.unmatched": 2,
    "settings.digest": 2,
    "settings.digest_turn": 2,
    "settings.digest_news": 2,
    # Their cards are shown only once everyone knows them (bot.handlers.wire).
    "match.mine": 2,
    "match.not_mine": 2,
    "settings.alias": 2,
    "settings.aliases": 2,
    "settings.ask_remove_alias": 2,
    "settings.exclude": 2,
    "settings.excluded": 2,
    "settings.include": 2,
    "settings.confirm_match": 2,
    "settings.confirm_matches": 2,
    "settings.download": 2,
    "settings.download_excluded": 2,
    "settings.match": 2,
    "settings.match_again": 2,
    "settings.remove_alias": 2,
    "settings.take_back_match": 2,
    "settings.unmatched": 2,
}
"""Since when there are fields of rows and of buttons (`Rollout.failed`), kinds of keys (as
sync.redis.keys names them) and buttons (`pause.start`). Until everyone knows them they are left
out. A button never carries a field that stands here while it has its default."""
