"""A simulated day of few people: the same each time, nothing lost, never more than Graph allows."""

from collections import Counter, deque
from dataclasses import replace

import pytest

from bench.truth import world
from bench.truth.assumptions import Assumptions
from bench.truth.compared import BOUND, SIMPLER, US, Scheduler
from bench.truth.run import Day, simulate
from domain.budget import LIMIT, WINDOW_MS
from domain.presence import Style
from domain.step import Lane

PEOPLE = 100
TIGHT = 120
"""What quotas are divided by: there is not enough for all."""


def test_a_day_is_the_same_each_time() -> None:
    first, again, other = (simulate(30, US, seed=seed, scale=TIGHT) for seed in (1, 1, 2))
    for result in (first, again, other):
        del result["cpu_seconds"], result["seed"]
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    "scheduler",
    [US, *(pytest.param(other, marks=pytest.mark.long) for other in SIMPLER)],
    ids=lambda s: s.name,
)
def test_nothing_is_lost_and_no_window_holds_more_than_graph_allows(scheduler: Scheduler) -> None:
    window: deque[int] = deque()
    lanes: Counter[Lane] = Counter()
    most = 0

    def request(now: int, lane: Lane) -> None:
        nonlocal most
        lanes[lane] += 1
        window.append(now)
        while window[0] < now - WINDOW_MS:
            window.popleft()
        most = max(most, len(window))

    day = Day(PEOPLE, scheduler, scale=TIGHT, on_request=request)
    events, present = _events_and_presence(day)
    tally = day.run()
    assert LIMIT // TIGHT * 0.9 < most <= LIMIT // TIGHT
    assert [sum(row) for row in tally.requests] == [lanes[lane] for lane in Lane]
    assert sum(tally.offers.values()) == events > PEOPLE
    assert set(tally.offers) <= {"accepted", "repeat", "older"}
    assert sum(tally.all_ms) == present > 0
    assert sum(tally.true_ms) + sum(map(sum, tally.false_ms)) == present


def _events_and_presence(day: Day) -> tuple[int, int]:
    """Webhooks that arrive in time, and person-time (ms), counted from the days themselves."""
    events = present = 0
    for person in day.people:
        for at, what, _ in map(world.unpack, person.day):
            events += world.EVENT <= what < world.CLIENT and at < day.closes
            present += at * ((what == world.LEAVES) - (what == world.ARRIVES))
    return events, present


def test_nothing_is_truer_than_the_bound() -> None:
    ours = simulate(PEOPLE, US, scale=TIGHT)["truth"]
    assert 0.8 < ours < simulate(PEOPLE, BOUND)["truth"] < 1


def test_no_status_of_a_persons_own_is_written_over_that_could_be_told() -> None:
    often = Assumptions(full=1.0, busy_only=0.0, teams_status_a_day=3.0, zoom_dnd_a_day=2.0)
    result = simulate(PEOPLE, US, assumptions=often)
    assert result["kinds"]["prefer"] > PEOPLE
    assert sum(result["unknowable"].values()) > 0
    assert result["overridden"] == 0


def test_quiet_never_touches_the_slot_and_says_presenting_in_meetings() -> None:
    plain = Assumptions(busy_only=0.0, full=0.0, teams_status_a_day=3.0)
    mirror, quiet = (
        Day(30, US, scale=TIGHT, assumptions=replace(plain, quiet=share)) for share in (0.0, 1.0)
    )
    assert {person.style for person in quiet.people} == {Style.QUIET}
    assert [list(person.day) for person in quiet.people] == [list(p.day) for p in mirror.people]
    told = [day.run().kinds for day in (mirror, quiet)]
    assert [(kinds["prefer"], kinds["unprefer"]) for kinds in told] == [(0, 0)] * 2
    # From a meeting to presenting in it nothing changes.
    assert 0 < told[1]["set"] < told[0]["set"]


def test_a_day_without_faults_loses_no_webhook() -> None:
    makers = [world.Maker(Assumptions(), 1, faults=faults) for faults in (True, False)]
    told: list[int] = []
    for maker in makers:
        days = [maker.day(person) for person in range(PEOPLE)]
        steps = [what for day in days for _, what, _ in map(world.unpack, day.steps)]
        states = sum(what < world.EVENT for what in steps)
        told.append(sum(world.EVENT <= what < world.CLIENT for what in steps) - states)
    assert told[1] == 0
    assert told[0] != 0
