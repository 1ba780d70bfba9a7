"""Who is covered by what, for the sandbox's panel: asked of the product, said in its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.coverage import Standing, standing
from domain.errors import OutsideError
from domain.policy import AuthorisedBy
from sandbox.coverage import Covered, Mark
from sync.redis.connection import REDIS_TROUBLE
from wording import covered as words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core import Core
    from domain.matching import Match
    from domain.person import PersonState
    from sandbox.people import SandboxPerson
    from sync.organisation.exclusions import Exclusion
    from sync.organisation.standings import Known

_READ = ("authorised_by", "own_until_ms", "leaving")
_WAITS = frozenset({Standing.TO_TELL, Standing.ASKED, Standing.WAITING, Standing.COVERED})


async def who_is_covered(core: Core, cast: Sequence[SandboxPerson]) -> list[Covered] | None:
    """How it stands with each of them; None where Redis doesn't tell."""
    try:
        return await _look(core, cast)
    except (OutsideError, *REDIS_TROUBLE):
        return None


async def _look(core: Core, cast: Sequence[SandboxPerson]) -> list[Covered]:
    people, matches = core.engine.people, core.organisation.matching.store
    in_entra = [somebody for somebody in cast if somebody.upn]
    ids = [somebody.object_id for somebody in in_entra]
    rows = {row.object_id: row for row in await people.rows(ids, *_READ)}
    kept = list((await matches.people(ids)).values())
    known = {each.object_id: each for each in await core.covering.covering.standings.of(kept)}
    said_no = await core.covering.opt_outs.among(
        {somebody.object_id: somebody.zoom_id or None for somebody in in_entra}
    )
    out = {row.object_id: row for row in await core.organisation.exclusions.of(ids)}
    found, now_ms = [], await people.now_ms()
    for somebody in cast:
        oid, zoom = somebody.object_id, somebody.zoom_email
        match = None if zoom is None else await matches.of_zoom(somebody.zoom_id)
        mark, said = _of(
            rows.get(oid), known.get(oid), match, out.get(oid), core, now_ms, no=oid in said_no
        )
        if said is words.NOT_MATCHED and zoom is None:
            said = words.NO_ZOOM
        address = somebody.mail or zoom or ""
        found.append(Covered(oid, somebody.name, address, mark, said.words, said.more))
    return found


def _of(
    row: PersonState | None,
    known: Known | None,
    match: Match | None,
    excluded: Exclusion | None,
    core: Core,
    now_ms: int,
    *,
    no: bool,
) -> tuple[Mark, words.Said]:
    """How it stands with somebody; NOT_MATCHED where nothing is known of them."""
    candidate = None if known is None else known.by(core.settings.cache.current())
    if row is not None and row.leaving:
        return Mark.OUT, words.ENDING
    if row is not None and row.authorised_by is AuthorisedBy.PERSON:
        return Mark.COVERED, words.own(told=candidate, now_ms=now_ms)
    if row is not None and candidate is not None:
        shown = candidate.verdict.on
        said = words.by_organisation(candidate, own_until_ms=row.own_until_ms)
        return Mark.COVERED if shown else Mark.OUT, said
    if row is not None:  # they said Start and were never matched
        return Mark.COVERED, words.Said("By the organisation, on request: they chose Start")
    if no:
        return Mark.OUT, words.Said("Chose Not for me")
    if excluded is not None:
        return Mark.OUT, words.excluded(excluded.by.name, excluded.reason)
    if match is not None and match.why is not None:
        return Mark.OUT, words.unmatched(match.why)
    if candidate is None:
        return Mark.OUT, words.NOT_MATCHED if match is None else words.ANOTHER_HAS_IT
    stands = standing(candidate, now_ms)
    return Mark.WAITS if stands in _WAITS else Mark.OUT, words.not_connected(stands, candidate)
