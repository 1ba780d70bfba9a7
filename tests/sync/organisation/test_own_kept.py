"""Who had connected by a sign-in: told, covered, and how long their own authorisation is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.clock import MINUTE
from domain.coverage import OWN_KEPT_MS, How
from domain.matching import Uncovered
from domain.person import Patch, verdict_of
from domain.plan import Lane
from domain.policy import AuthorisedBy, Authoriser, Form, Personal, Policy
from domain.presence import Style
from sync.engine.link_store import Left
from sync.organisation.own_kept import OwnKept
from sync.redis import keys
from tests.doubles.town import EACH, INFORM, LONG_AGO

if TYPE_CHECKING:
    from tests.doubles.town import Town


async def test_who_connected_themselves_is_told_and_goes_on_until_then(town: Town) -> None:
    ada, ben = await town.populate(2)
    await town.bridge.connect(ada)
    town.bridge.decisions.policy = EACH
    await town.round()
    assert town.told == []
    town.bridge.decisions.policy = INFORM
    await town.round()
    assert sorted(town.told) == [(ada, Authoriser.INFORM), (ben, Authoriser.INFORM)]
    assert town.told_own == [ada]
    await town.round()
    assert len(town.told) == 2, "once"
    assert await town.covered() == set()
    assert (await town.bridge.state(ada)).own_until_ms is None
    tokens = await town.bridge.redis.get(keys.tokens(ada))
    await town.announced(How.INFORMED, LONG_AGO, ada)
    await town.round()
    assert await town.covered() == {ada}
    state, now = await town.bridge.state(ada), await town.bridge.store.now_ms()
    assert state.own_until_ms is not None
    assert 0 <= now - (state.own_until_ms - OWN_KEPT_MS) < 60_000
    after = await town.bridge.redis.get(keys.tokens(ada))
    assert after == f"{state.generation}:{tokens.partition(':')[2]}"
    assert await town.bridge.redis.ttl(keys.tokens(ada)) == -1
    await town.round()
    assert (await town.bridge.state(ada)).own_until_ms == state.own_until_ms


async def test_who_is_somebody_else_in_zoom_by_their_own_sign_in_is_left_alone(
    town: Town,
) -> None:
    town.bridge.decisions.policy = INFORM
    [ada] = await town.populate(1)
    await town.bridge.connect(ada)
    await town.bridge.redis.hset(keys.person(ada), "zoom", "another")
    await town.announced(How.INFORMED, LONG_AGO, ada)
    await town.round()
    assert await town.covered() == set()


@pytest.mark.parametrize("how", ["excluded", "share", "unmatched"])
async def test_their_own_counts_again_where_the_organisation_s_ends_for_them(
    town: Town, how: str
) -> None:
    ada = await covered_with_own(town)
    if how == "excluded":
        town.excluded.add(ada)
    elif how == "share":
        account = Form(integration=True, authoriser=Authoriser.INFORM, share=1)
        town.bridge.decisions.policy = Policy(account, version=2)
    else:
        await town.match({ada: Uncovered.DISABLED})
    await town.round()
    state = await town.bridge.state(ada)
    assert (state.authorised_by, state.own_until_ms) == (AuthorisedBy.PERSON, None)
    assert state.personal.style is Style.FULL
    assert await town.bridge.tokens.access_token(ada, state.generation)


async def test_not_for_me_ends_both(town: Town) -> None:
    ada = await covered_with_own(town)
    await town.opt_outs.add(ada, None)
    await town.round()
    assert await town.bridge.store.state(ada) is None
    assert not await town.bridge.redis.exists(keys.tokens(ada))


async def test_no_way_to_end_it_has_their_own_count_after_a_no(town: Town) -> None:
    ada = await covered_with_own(town)
    await town.opt_outs.add(ada, None)
    left = await town.bridge.store.uncover(ada, await town.opt_outs.mark(ada))
    assert left is Left.LEAVING


async def test_one_that_had_ended_is_not_kept(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    [ada] = await town.populate(1)
    await town.bridge.connect(ada)
    state = await town.bridge.state(ada)
    await town.bridge.store.must_authorize(state, "invalid_grant")
    await town.announced(How.INFORMED, LONG_AGO, ada)
    await town.round()
    assert await town.covered() == {ada}
    state = await town.bridge.state(ada)
    assert (state.own_until_ms, state.trouble) == (None, None)
    assert not await town.bridge.redis.exists(keys.tokens(ada))


async def covered_with_own(town: Town) -> str:
    """Somebody who had connected by a sign-in, with a style of their own, and is covered now."""
    town.bridge.decisions.policy = INFORM
    [ada] = await town.populate(1)
    await town.bridge.connect(ada)
    assert await town.bridge.store.demand(ada, Lane.CHANGE, Patch.chose(Personal(Style.FULL)))
    await town.announced(How.INFORMED, LONG_AGO, ada)
    await town.round()
    assert await town.covered() == {ada}
    return ada


class Keeping:
    """The duty that sees to authorisations kept beside the organisation's."""

    def __init__(self, town: Town) -> None:
        self.town, self.withdrawn, self.forgotten = town, False, list[str]()
        self.duty = self.new()

    def new(self) -> OwnKept:
        """As in another process."""
        bridge = self.town.bridge
        return OwnKept(
            bridge.redis,
            bridge.store,
            self.town.opt_outs,
            policy=bridge.decisions.current,
            withdrawn=lambda: self.withdrawn,
            may_write=lambda: True,
            forget=self.forgotten.append,
        )

    async def later(self, oid: str, ms: int) -> None:
        """So much time passes for what is kept of somebody."""
        state = await self.town.bridge.state(oid)
        until = (state.own_until_ms or 0) - ms
        await self.town.bridge.redis.hset(keys.person(oid), "own_until", until)


async def test_it_is_erased_once_after_thirty_days_and_they_stay_covered(town: Town) -> None:
    ada, keeping = await covered_with_own(town), Keeping(town)
    await keeping.later(ada, OWN_KEPT_MS - MINUTE)
    await keeping.new().work.step()
    assert await town.bridge.redis.exists(keys.tokens(ada)), "a minute is left"
    await keeping.later(ada, 2 * MINUTE)
    for duty in (keeping.duty, keeping.new()):
        await duty.work.step()
    assert keeping.forgotten == [ada]
    assert not await town.bridge.redis.exists(keys.tokens(ada))
    state = await town.bridge.state(ada)
    assert (state.authorised_by, state.own_until_ms) == (AuthorisedBy.ORGANISATION, None)
    assert state.personal.style is Style.FULL
    await town.round()
    assert await town.covered() == {ada}
    keeping.withdrawn = True  # too late for their own
    await keeping.duty.work.step()
    assert await town.covered() == {ada}


@pytest.mark.parametrize("why", ["withdrawn", "each"])
async def test_without_the_organisation_their_own_carries_on(town: Town, why: str) -> None:
    ada, keeping = await covered_with_own(town), Keeping(town)
    await keeping.duty.work.step()
    assert await town.covered() == {ada}
    if why == "each":
        town.bridge.decisions.policy = replace(EACH, version=7)
        state = await town.bridge.state(ada)
        verdict = verdict_of(EACH, state, await town.bridge.store.now_ms())
        assert (verdict.on, verdict.style) == (True, Style.FULL), "at once"
    keeping.withdrawn = why == "withdrawn"
    town.consented = not keeping.withdrawn
    await keeping.duty.work.step()
    await town.round()
    state = await town.bridge.state(ada)
    assert (state.authorised_by, state.own_until_ms) == (AuthorisedBy.PERSON, None)
    assert await town.bridge.tokens.access_token(ada, state.generation)
    if why == "withdrawn":  # and back: they were told, and it begins anew
        keeping.withdrawn, town.consented = False, True
        await town.round()
        assert await town.covered() == {ada}
        assert len(town.told_own) == 0


async def test_a_death_after_not_for_me_leaves_nothing_to_carry_on(town: Town) -> None:
    ada, keeping = await covered_with_own(town), Keeping(town)
    await town.opt_outs.add(ada, f"z{ada}")  # and dies, and the level changes
    town.bridge.decisions.policy = replace(EACH, version=7)
    await keeping.duty.look()
    await town.bridge.work()
    assert await town.bridge.store.state(ada) is None
