"""Why a test that a person ran did not reach Microsoft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Trouble
from domain.person import TEST_MINUTES
from domain.policy import Reason
from wording.ended import ended
from wording.policy import verdict_words
from wording.status import ASK_FOR_IT
from wording.trouble import TROUBLES, of_an_admin, parked_for, reason_of

if TYPE_CHECKING:
    from domain.explanation import Explanation


def why_test_failed(known: Explanation) -> tuple[str, str] | None:
    """Why a test was not told or accepted, and the next step; None: it was, or may yet be."""
    state = known.state
    if not known.verdict.on:
        paused = known.verdict.reason is Reason.PAUSED
        step = "Say resume, then test again." if paused else ASK_FOR_IT
        return verdict_words(known.verdict), step
    if state.trouble == Trouble.AUTHORIZE:
        why = ended(state.trouble_code)
        return f"Your authorisation ended. {why.told}", why.next_step
    if state.trouble is None:
        return None
    why_not = f"{reason_of(state.trouble_code)}."
    parked = parked_for(state.trouble)
    if parked is not None:
        return why_not, TROUBLES[parked].next_step
    if admins := of_an_admin(state.trouble_code):
        return why_not, admins.next_step
    if state.trouble == Trouble.ADMIN:
        at_fault = f"The app’s settings need fixing ({state.trouble_code})."
        return f"{why_not} {at_fault}", "Tell your admin: only they can fix it."
    return (
        f"{why_not} I’m still trying.",
        f"Wait a minute and test again. A test ends after {TEST_MINUTES} minutes.",
    )
