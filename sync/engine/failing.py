"""What is kept, and said to operators, of somebody whose reconciliation the outside has failed.

Used by sync.engine.reconcile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain.errors import TenantPaused, Trouble
from domain.organisation import why_of
from domain.person import Patch
from domain.setback import setback

if TYPE_CHECKING:
    from domain.errors import OutsideError
    from domain.setback import Setback
    from sync.engine.lease import Reconciliation

log = structlog.get_logger()


def keep_failure(
    run: Reconciliation, error: OutsideError, *, works_for_others_ms: float, chance: float
) -> int | None:
    """Keep what ails the person; when they are tried again (epoch ms), None: not on its own.

    `works_for_others_ms`, `chance`: as in `domain.setback.setback`.
    """
    run.failed(error)
    state, now = run.state, run.now()
    after = setback(error, state, now, works_for_others_ms=works_for_others_ms, chance=chance)
    _say(state.object_id, error, after)
    # A pause of the whole tenant was no answer to them.
    answered = not isinstance(error, TenantPaused)
    run.change(Patch.failed(after, error.code, now if answered else None))
    if after.trouble is not Trouble.LATER:
        run.settled()
    if after.trouble.parks:
        run.planned(None)
    return after.due_ms


def _say(oid: str, error: OutsideError, after: Setback) -> None:
    if after.trouble is Trouble.AUTHORIZE:
        log.warning("person_must_authorize_again", person=oid, reason=error.code)
    elif after.trouble is Trouble.ADMIN and why_of(error.code) is not None:
        log.warning("person_not_authorised", person=oid, reason=error.code)
    elif after.trouble is Trouble.ADMIN:
        log.error("admin_must_act", person=oid, reason=str(error))
    elif after.trouble is Trouble.LATER:
        log.warning("person_later", person=oid, reason=str(error), tries=after.tries)
    else:
        log.error("person_parked", person=oid, reason=after.trouble, detail=str(error))
