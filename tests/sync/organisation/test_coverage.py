"""Rounds over a real Redis: who is started, told, ended; and what a death in the middle leaves."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from domain.clock import DAY
from domain.condition import Condition
from domain.coverage import How, Prospect, Shifted
from domain.matching import Uncovered
from domain.policy import ACCOUNT, Authoriser, Form, Level, Policy
from domain.presence import Style
from domain.share import in_share
from sync.connect.vault import Vault
from sync.redis import keys
from tests.doubles.people import person
from tests.doubles.town import ASK, EACH, INFORM, LONG_AGO

if TYPE_CHECKING:
    from tests.doubles.town import Town


async def test_on_request_people_are_asked_once_and_nobody_starts(town: Town) -> None:
    town.bridge.decisions.policy = ASK
    people = await town.populate(3)
    assert await town.round() == {"covered": 0, "waiting": 3}
    assert await town.round() == {"covered": 0, "waiting": 3}
    assert sorted(town.told) == [(oid, Authoriser.ASK) for oid in people]
    assert await town.covered() == set()


async def test_after_notice_it_starts_by_itself_and_not_before(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    ada, ben, cleo = await town.populate(3)
    await town.announced(How.INFORMED, LONG_AGO, ada)
    await town.announced(How.OTHERWISE, 1, ben)
    await town.round()
    assert await town.covered() == {ada}
    assert town.told == [(cleo, Authoriser.INFORM)]
    state = await town.bridge.state(ada)
    assert state.zoom_id == f"z{ada}"


async def test_where_each_person_authorises_nothing_is_done(town: Town) -> None:
    town.bridge.decisions.policy = EACH
    await town.populate(2)
    assert await town.round() == {"covered": 0, "waiting": 0}
    assert town.told == []


async def test_not_for_me_and_exclusions_end_what_is_shown(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    people = await town.populate(4)
    await town.announced(How.INFORMED, LONG_AGO, *people)
    await town.round()
    assert await town.covered() == set(people)
    await town.opt_outs.add(people[0], None)
    town.excluded.add(people[1])
    await town.match({oid: Uncovered.DISABLED if oid == people[2] else None for oid in people})
    await town.round()
    assert await town.covered() == {people[3]}
    for _ in range(2):  # whatever is decided afterwards
        town.excluded.clear()
        await town.match(dict.fromkeys(people))
        await town.round()
    assert await town.covered() == set(people[1:])


async def test_a_lower_percentage_ends_and_a_higher_one_starts(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    people = await town.populate(12)
    await town.announced(How.INFORMED, LONG_AGO, *people)

    async def covered_at(share: int) -> set[str]:
        account = Form(integration=True, authoriser=Authoriser.INFORM, share=share)
        town.bridge.decisions.policy = Policy(account, version=share)
        await town.round()
        return await town.covered()

    few, more, everybody = [await covered_at(share) for share in (20, 60, 100)]
    assert few < more < everybody == set(people)
    assert await covered_at(20) == few


async def test_whom_a_percentage_starts_and_ends_is_counted_before(town: Town) -> None:
    *due, ada, ben, cleo, dan = await town.populate(16)
    await town.announced(How.INFORMED, LONG_AGO, *due, ada)
    await town.announced(How.INFORMED, 0, ben)
    await town.announced(How.ASKED, LONG_AGO, cleo)
    await town.bridge.connect(ada)  # by a sign-in of hers
    await town.opt_outs.add(due[0], None)
    town.excluded.add(due[1])
    form = Form(integration=True, authoriser=Authoriser.INFORM)
    few, most = (Policy(replace(form, share=share), version=share) for share in (20, 99))
    standings = town.covering.standings
    waiting = (ben, cleo, dan)  # the round tells the last two
    later = {f"z{oid}" for oid in waiting if in_share(oid, 99) and not in_share(oid, 20)}
    assert later
    town.bridge.decisions.policy = few
    await town.round()
    few_covered = await town.covered()
    raised = await standings.shifted(few, most)
    town.bridge.decisions.policy = most
    await town.round()
    most_covered = await town.covered()
    assert {f"z{oid}" for oid in most_covered - few_covered} == raised.starts
    assert raised.starts
    assert raised.starts_later == later
    assert (raised.ends, raised.called_off) == (frozenset(), 0)
    lowered = await standings.shifted(most, few)
    assert lowered.ends == most_covered - few_covered
    assert lowered.own <= {ada}
    assert lowered.called_off == len(later)
    assert not lowered.starts | lowered.starts_later
    town.bridge.decisions.policy = few
    await town.round()
    assert await town.covered() == few_covered
    assert not most_covered.intersection(waiting)
    assert await standings.shifted(EACH, EACH) == Shifted()
    for same in (most, replace(most, account=replace(form, share=99, style=Style.FULL))):
        assert await standings.shifted(most, same) == Shifted()
    off = replace(most, account=replace(form, share=99, integration=False))
    shifted = await standings.shifted(most, off)
    assert shifted.called_off > 0, "they were waiting"
    assert not shifted.ends, "who is covered stays so, and is shown nothing"


async def test_without_consent_nobody_is_told_or_started(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    people = await town.populate(2)
    await town.announced(How.INFORMED, LONG_AGO, people[0])
    town.consented = False
    await town.round()
    assert town.told == []
    assert await town.covered() == set()
    town.consented = True
    await town.round()
    assert await town.covered() == {people[0]}


async def test_who_has_no_app_is_not_told_and_does_not_start(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    ada, ben = await town.populate(2)
    town.answers = {ada: "unknown", ben: "undelivered"}
    await town.round()
    await town.round()
    assert await town.announcements.of([ada, ben]) == {}
    assert [oid for oid, _ in town.told].count(ben) == 1, "it may have arrived"
    assert [oid for oid, _ in town.told].count(ada) == 2
    now = await town.bridge.store.now_ms()
    assert (
        await town.announcements.keep_otherwise([ada, ben], "an admin", now - LONG_AGO * DAY) == 2
    )
    await town.round()
    assert await town.covered() == {ada, ben}


async def test_a_round_that_was_broken_off_is_finished_by_the_next(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    people = await town.populate(5)
    await town.announced(How.INFORMED, LONG_AGO, *people)
    assert town.bridge.zoom is not None
    failing = replace_ask(town, after=2)
    with pytest.raises(RuntimeError):
        await town.covering.round()
    failing.undo()
    await town.round()
    assert await town.covered() == set(people)


def replace_ask(town: Town, *, after: int) -> pytest.MonkeyPatch:
    """The process dies at the start of a later person."""
    patch, started = pytest.MonkeyPatch(), 0
    start = town.bridge.store.start

    async def dies(*args: Any) -> int:
        nonlocal started
        started += 1
        if started > after:
            raise RuntimeError
        return await start(*args)

    patch.setattr(town.bridge.store, "start", dies)
    return patch


async def test_who_was_asked_is_told_at_once_that_it_starts_after_notice(town: Town) -> None:
    [ada] = await town.populate(1)
    for version, mode in enumerate((ASK, INFORM, ASK, INFORM)):
        town.bridge.decisions.policy = replace(mode, version=version)
        for _ in range(2):
            await town.round()
    assert town.told == [(ada, Authoriser.ASK), (ada, Authoriser.INFORM)]
    assert (await town.announcements.of([ada]))[ada].how is How.INFORMED


@pytest.mark.parametrize("what", ["another mode", "each person", "off", "no", "excluded"])
async def test_a_card_says_what_holds_when_it_goes_out(town: Town, what: str) -> None:
    """A wave takes minutes: whatever is decided after the first card counts for the others."""
    town.bridge.decisions.policy = INFORM
    people = await town.populate(4)

    async def meanwhile(_: float) -> None:
        others = [oid for oid in people if (oid, Authoriser.INFORM) not in town.told]
        match what:
            case "another mode":
                town.bridge.decisions.policy = replace(ASK, version=1)
            case "each person":
                town.bridge.decisions.policy = replace(EACH, version=1)
            case "off":
                form = replace(INFORM.account, integration=False)
                town.bridge.decisions.policy = Policy(form, version=1)
            case "no":
                for oid in others:
                    await town.opt_outs.add(oid, None)
            case "excluded":
                town.excluded.update(others)

    town.covering.sleep = meanwhile
    await town.round()
    assert len(town.told) == (4 if what == "another mode" else 1)
    assert {how for _, how in town.told[1:]} <= {Authoriser.ASK}
    town.bridge.decisions.policy = replace(INFORM, version=2)
    town.covering.sleep = town.pause
    if what in {"each person", "off"}:
        await town.round()
        assert len(town.told) == 4, "who was passed over is told when it holds again"


async def test_no_answer_of_the_chat_is_tried_again(town: Town) -> None:
    town.bridge.decisions.policy = ASK
    [ada] = await town.populate(1)
    town.answers[ada] = "later"
    await town.round()
    town.answers.clear()
    await town.round()
    assert town.told[-1] == (ada, Authoriser.ASK)
    assert (await town.announcements.of([ada]))[ada].how is How.ASKED


async def test_the_duty_makes_rounds_where_a_level_says_so_and_when_something_changed(
    town: Town,
) -> None:
    people = await town.populate(2)
    await town.announced(How.INFORMED, LONG_AGO, *people)
    step = town.covering.work.step

    async def rounds() -> bool:
        await town.bridge.redis.delete(keys.COVERAGE)
        await step()
        return bool(await town.bridge.redis.exists(keys.COVERAGE))

    town.bridge.decisions.policy = EACH
    assert [await rounds(), await rounds()] == [False, False]
    town.bridge.decisions.policy = replace(INFORM, version=1)
    assert [await rounds(), await rounds()] == [True, False]
    assert await town.covered() == set(people)
    town.covering.request_round()
    assert [await rounds(), await rounds()] == [True, False]
    town.bridge.decisions.policy = replace(EACH, version=2)
    assert [await rounds(), await rounds()] == [True, False]


async def test_without_the_key_of_who_said_no_the_duty_goes_on(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    people = await town.populate(1)
    await town.announced(How.INFORMED, LONG_AGO, *people)
    await town.opt_outs.add(person(9), None)
    key = town.opt_outs.key
    opener, key.vault = key.vault, Vault([Fernet.generate_key().decode()])
    town.opt_outs.__post_init__()
    await town.covering.work.step()
    assert await town.covered() == set()
    key.vault = opener
    town.covering.request_round()
    await town.covering.work.step()
    assert await town.covered() == set(people)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_notice_that_was_called_off_counts_for_another_day(
    town: Town, restarted: bool
) -> None:
    town.bridge.decisions.policy = INFORM
    ada, ben, cleo = await town.populate(3)
    await town.announced(How.INFORMED, 0, ada, ben)
    await town.announced(How.INFORMED, LONG_AGO, cleo)
    await town.covering.work.step()

    async def left() -> list[bool]:
        """Of whom what they were told is kept for more than a day."""
        people = (ada, ben, cleo)
        redis = town.bridge.redis
        return [await redis.ttl(keys.announced(oid)) > keys.CALLED_OFF_TTL for oid in people]

    assert await left() == [True, True, True]
    if restarted:
        town.covering.__post_init__()
    town.bridge.decisions.policy = replace(EACH, version=2)
    await town.covering.work.step()
    assert await left() == [False, False, True], "Cleo is covered"
    await town.bridge.redis.expire(keys.announced(ben), 60)
    town.covering.request_round()
    await town.covering.round()
    assert await town.bridge.redis.ttl(keys.announced(ben)) <= 60, "no round prolongs it"
    town.bridge.decisions.policy = replace(INFORM, version=3)
    await town.bridge.redis.delete(keys.announced(ben))  # as a day later
    town.told.clear()
    await town.covering.work.step()
    assert town.told == [(ben, Authoriser.INFORM)]
    assert await left() == [True, True, True]


async def test_who_is_still_to_be_told_is_counted_by_the_level_that_decides(town: Town) -> None:
    town.bridge.decisions.policy = INFORM
    ada, ben, cleo = await town.populate(3)
    await town.announced(How.INFORMED, 1, ada)
    await town.announced(How.ASKED, 1, ben)
    assert sorted(await town.covering.untold(ACCOUNT)) == [ben, cleo]
    assert await town.covering.untold(Level("sales", "Sales")) == []
    town.bridge.decisions.policy = ASK
    assert await town.covering.untold(ACCOUNT) == []


async def test_a_preview_says_for_how_many_it_could_start_and_why_not_for_others(
    town: Town,
) -> None:
    town.bridge.decisions.policy = EACH
    people = await town.populate(8)
    ada, ben, cleo, dan, *others = people
    await town.bridge.connect(ada)
    await town.opt_outs.add(ben, None)
    town.excluded.add(cleo)
    results = dict.fromkeys(people) | {dan: Uncovered.NOBODY, others[0]: Uncovered.DISABLED}
    await town.match(results)
    found = await town.covering.standings.prospect(ASK, ACCOUNT)
    assert found == Prospect(startable=3, unmatched=1, excluded=2, opted_out=1, own=1)
    assert await town.covering.standings.prospect(ASK, Level("sales", "Sales")) == Prospect()
    assert town.told == []


async def test_a_condition_ends_it_for_those_who_are_not_known_to_fit(town: Town) -> None:
    people = await town.populate(2)
    town.bridge.decisions.policy = INFORM
    await town.announced(How.INFORMED, LONG_AGO, *people)
    await town.round()
    assert await town.covered() == set(people)
    only = Condition("country", "Sweden")
    account = Form(integration=True, authoriser=Authoriser.INFORM, only=only)
    town.bridge.decisions.policy = Policy(account, version=2)
    await town.round()
    assert await town.covered() == set()


@pytest.mark.parametrize("seed", range(12))
async def test_what_an_edit_is_said_to_start_and_end_is_what_then_happens(
    town: Town, seed: int
) -> None:
    """Whoever was told, connected themselves, said no or is excluded, and whatever is edited."""
    chance, people = random.Random(seed), await town.populate(14)
    for oid in people:
        if chance.random() < 0.6:
            days = chance.choice([0, 1, LONG_AGO])
            await town.announced(chance.choice(list(How)), days, oid)
        if chance.random() < 0.2:
            await town.bridge.connect(oid)
        if chance.random() < 0.1:
            await town.opt_outs.add(oid, None)
        if chance.random() < 0.1:
            town.excluded.add(oid)
    town.answers = dict.fromkeys(people, "unknown")  # nobody is told meanwhile

    def edited(version: int) -> Policy:
        authoriser, share = chance.choice(list(Authoriser)), chance.choice([1, 20, 50, 100])
        on = chance.random() < 0.9
        return Policy(Form(integration=on, authoriser=authoriser, share=share), version=version)

    before, covered = edited(1), set[str]()
    for version in range(2, 8):
        after = edited(version)
        said = await town.covering.standings.shifted(before, after)
        town.bridge.decisions.policy = after
        await town.round()
        now = await town.covered()
        if version > 2:  # before, nothing had been made so
            assert said.starts == {f"z{oid}" for oid in now - covered}
            assert said.ends == covered - now
        before, covered = after, now
