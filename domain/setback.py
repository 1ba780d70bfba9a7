"""What a failure means for one person: who waits, how long, and when it is given up. Pure.

Rule 1  A pause of the whole tenant (429) is nobody's failure: it is waited out.
Rule 2  What only the person can mend (authorisation) stops at once; what only an admin can mend is
        tried again every quarter of an hour. It is nobody's authorisation that Microsoft forbids
        something (403): no sign-in mends that (Rule 4).
Rule 3  A failure of Microsoft itself is tried again, later and later. It parks somebody only after
        many tries, and only if Microsoft worked for others meanwhile: an outage parks nobody.
Rule 4  "Unknown", "wrong" and "forbidden" are believed after a few tries: repeating them rarely
        helps.
A parked person is tried again when something new comes: an event, an admin, the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.clock import MINUTE
from domain.errors import RetryLater, TenantPaused, Trouble

if TYPE_CHECKING:
    from domain.errors import OutsideError
    from domain.person import PersonState

FIRST_RETRY_MS = 2_000
LONGEST_RETRY_MS = 5 * MINUTE
RETRY_JITTER = 0.1
"""Retries come earlier by up to this much, so that who failed together is not tried together."""
ADMIN_RETRY_MS = 15 * MINUTE
MOST_TRIES = 12
"""Failures in a row after which somebody is parked (Rule 3): about half an hour of trying."""
MOST_REFUSALS = 3
"""Refusals in a row after which somebody is parked (Rule 4)."""
DEFAULT_PAUSE_S = 30.0
"""How long everybody waits after a 429 that does not say how long: Graph's own window."""


@dataclass(frozen=True, slots=True)
class Setback:
    """The consequence of a failure. `due_ms`: the next try (None: nothing is tried by itself)."""

    trouble: Trouble
    since_ms: int
    tries: int
    due_ms: int | None


def setback(
    error: OutsideError,
    state: PersonState,
    now_ms: int,
    *,
    works_for_others_ms: float,
    chance: float,
) -> Setback:
    """Decide. Microsoft last worked for anybody `works_for_others_ms` ago; `chance` in [0, 1)."""
    kind = error.trouble
    goes_on = state.trouble is not None and state.tries > 0 and state.trouble_ms is not None
    since = state.trouble_ms if goes_on and state.trouble_ms is not None else now_ms
    tries = state.tries
    if isinstance(error, TenantPaused):
        return Setback(kind, since, tries, now_ms + int((error.after or DEFAULT_PAUSE_S) * 1000))
    if kind is Trouble.ADMIN:
        return Setback(kind, since, tries, now_ms + ADMIN_RETRY_MS)
    if kind is Trouble.AUTHORIZE:
        return Setback(kind, now_ms, tries, None)
    tries += 1
    if kind is not Trouble.LATER and tries >= MOST_REFUSALS:
        return Setback(kind, since, tries, None)
    if tries >= MOST_TRIES and works_for_others_ms < now_ms - since:
        return Setback(Trouble.FAILING, since, tries, None)
    after = (error.after or 0) * 1000 if isinstance(error, RetryLater) else 0
    longest = min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** min(tries - 1, 10))
    wait = max(after, longest * (1 - RETRY_JITTER * chance))
    return Setback(Trouble.LATER, since, tries, now_ms + int(wait))
