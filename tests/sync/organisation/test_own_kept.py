"""Who had connected by a sign-in: told, covered, and how long their own authorisation is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.clock import MINUTE
from domain.coverage import OWN_KEPT_MS, How
from domain.matching import Uncovered
from domain.person import Patch, verdict_of
from domain.policy import ACCOUNT, AuthorisedBy, Authoriser, Form, Personal, Policy
from domain.policy_edits import Disable, Stop
from domain.presence import Style, ZoomPresence
from domain.step import Lane
from sync.engine.link_store import Left
from sync.organisation.own_kept import OwnKept
from sync.redis import keys
from sync.settings.changes import PolicyService
from tests.doubles.people import person
from tests.doubles.town import EACH, INFORM, LONG_AGO

if TYPE_CHECKING:
    from domain.effect import Effect
    from domain.policy_edits import Edit
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


async def test_nothing_is_written_for_them_between_the_organisation_and_their_own(
    town: Town,
) -> None:
    ada, keeping = await covered_with_own(town), Keeping(town)
    await town.bridge.say(ada, ZoomPresence.IN_MEETING)
    await town.bridge.work()
    written = len(town.bridge.graph.requests)
    town.bridge.decisions.policy = replace(EACH, version=7)
    await town.bridge.say(ada, ZoomPresence.PRESENTING)
    await town.bridge.work()
    assert len(town.bridge.graph.requests) == written, "the organisation's is used no more"
    await keeping.duty.work.step()
    await town.bridge.work()
    assert len(town.bridge.graph.requests) > written
    assert {each.token for each in town.bridge.graph.requests[written:]} == {f"{ada}.0"}


async def test_a_stop_says_for_how_many_their_own_counts_again(town: Town) -> None:
    ada = await covered_with_own(town)
    ben = person(1)
    await town.populate(2)
    await town.announced(How.INFORMED, LONG_AGO, ben)
    await town.round()
    assert await town.covered() == {ada, ben}
    effect = await effect_of(town, Stop())
    assert (effect.off, effect.own) == (1, 1)
    assert ben in effect.now
    await Keeping(town).later(ada, OWN_KEPT_MS)
    effect = await effect_of(town, Stop())
    assert (effect.off, effect.own) == (2, 0), "kept for long enough, and to be erased"
    assert (await effect_of(town, Disable(ACCOUNT))).own == 0


async def effect_of(town: Town, edit: Edit) -> Effect:
    nothing: Any = None
    bridge = town.bridge

    class Policies(PolicyService):
        async def policy(self) -> Policy:
            return bridge.decisions.current()

    policies = Policies(nothing, nothing, bridge.store, town.directory, nothing)
    return (await policies.preview(edit)).effect


async def test_taking_the_app_out_erases_what_is_kept_and_they_stay_covered(town: Town) -> None:
    ada = await covered_with_own(town)
    for _ in range(2):
        await town.bridge.engine.app_removed(ada)
        assert not await town.bridge.redis.exists(keys.tokens(ada))
        assert await town.covered() == {ada}
        assert (await town.bridge.state(ada)).own_until_ms is None
    keeping = Keeping(town)
    keeping.withdrawn, town.consented = True, False
    await keeping.duty.work.step()
    assert await town.covered() == {ada}, "there is nothing of their own to count"


async def test_taking_the_app_out_just_after_their_own_counts_again_ends_that(town: Town) -> None:
    ada = await covered_with_own(town)
    asked = 0
    erase = town.bridge.store.erase_own

    async def late(object_id: str, *, at_once: bool = False) -> bool:
        nonlocal asked
        asked += 1
        await town.bridge.store.uncover(object_id, await town.opt_outs.mark(object_id))
        return await erase(object_id, at_once=at_once)

    town.bridge.store.erase_own = late  # type: ignore[method-assign]
    await town.bridge.engine.app_removed(ada)
    await town.bridge.work()
    assert asked == 1
    assert await town.bridge.store.state(ada) is None


async def test_several_processes_and_a_second_start_hand_over_once(town: Town) -> None:
    ada = await covered_with_own(town)
    keepings = [Keeping(town) for _ in range(3)]
    for keeping in keepings:
        keeping.withdrawn = True
    town.consented = False
    before = (await town.bridge.state(ada)).generation
    await asyncio.gather(*(keeping.duty.work.step() for keeping in keepings))
    state = await town.bridge.state(ada)
    assert state.authorised_by is AuthorisedBy.PERSON
    generation = state.generation
    await asyncio.gather(*(keeping.new().look() for keeping in keepings))
    assert (await town.bridge.state(ada)).generation == generation > before


async def test_who_dies_in_the_middle_is_followed_and_nobody_is_between(town: Town) -> None:
    people = await town.populate(3)
    town.bridge.decisions.policy = INFORM
    for oid in people:
        await town.bridge.connect(oid)
    await town.announced(How.INFORMED, LONG_AGO, *people)
    await town.round()
    assert await town.covered() == set(people)
    store, keeping = town.bridge.store, Keeping(town)
    uncover, left = store.uncover, 2

    async def dying(object_id: str, opt_out: str, by_ms: int | None = None) -> Left:
        nonlocal left
        left -= 1
        if not left:
            raise SystemExit
        return await uncover(object_id, opt_out, by_ms)

    store.uncover = dying  # type: ignore[method-assign]
    town.bridge.decisions.policy = replace(EACH, version=7)
    with pytest.raises(SystemExit):
        await keeping.duty.look()
    assert len(await town.covered()) == 2
    store.uncover = uncover  # type: ignore[method-assign]
    await town.bridge.redis.delete(keys.OWN_KEPT_LEASE)  # it ends soon
    await keeping.new().look()
    for oid in people:
        state = await town.bridge.state(oid)
        assert (state.authorised_by, state.own_until_ms) == (AuthorisedBy.PERSON, None)
        assert await town.bridge.tokens.access_token(oid, state.generation)


async def test_while_the_app_is_taken_out_the_organisation_s_goes_on_and_their_own_does_not(
    town: Town,
) -> None:
    ada, keeping = await covered_with_own(town), Keeping(town)
    bridge = town.bridge
    await bridge.say(ada, ZoomPresence.IN_MEETING)
    await bridge.engine.app_gone(ada)
    await bridge.work()
    assert bridge.shown(ada) == "Busy/InACall"
    bridge.decisions.policy = replace(EACH, version=7)
    await keeping.duty.work.step()
    await bridge.work()
    assert (await bridge.state(ada)).authorised_by is AuthorisedBy.PERSON
    assert bridge.shown(ada) is None, "by their own, nothing is shown without the app"
    await bridge.say(ada, ZoomPresence.PRESENTING)
    await bridge.work()
    assert bridge.shown(ada) is None
    await bridge.engine.app_back(ada)
    await bridge.work()
    assert bridge.shown(ada) is not None


async def test_an_app_that_does_not_come_back_ends_only_their_own(town: Town) -> None:
    ada, keeping = await covered_with_own(town), Keeping(town)
    await town.bridge.engine.app_gone(ada)
    long_ago = await town.bridge.store.now_ms() - 2000 * keys.APP_BACK_TTL
    await town.bridge.redis.hset(keys.person(ada), "gone", long_ago)
    await town.bridge.say(ada, ZoomPresence.IN_MEETING)
    await town.round()
    assert await town.covered() == {ada}
    assert town.bridge.shown(ada) == "Busy/InACall"
    town.bridge.decisions.policy = replace(EACH, version=7)
    await keeping.duty.work.step()
    await town.bridge.work()
    assert await town.bridge.store.state(ada) is None
