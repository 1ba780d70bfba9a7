"""Whether the organisation authorises the app: what one process finds, all know."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.clock import HOUR, MINUTE
from domain.errors import AdminMustAct, OutsideError, RetryLater
from domain.organisation import EXPECTED_LOOK_MS, LOOK_MS, Consent, Matching, Why, why_of
from sync.organisation.consent import DOUBT_MS, EXPECTED_MS, Consents, ConsentStore
from sync.organisation.token import OrganisationToken, OwnToken
from sync.redis import keys
from sync.redis.duties import COVERAGE, MATCHING
from sync.redis.scripts import Scripts
from tests.doubles.duties import Sleeper, every
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from sync.redis.connection import Client

BOTH = frozenset({"Presence.ReadWrite.All", "User.Read.All"})
NOON = 1_800_000_000_000


class Microsoft:
    """One for all processes."""

    def __init__(self) -> None:
        self.now_ms = NOON
        self.roles: frozenset[str] = frozenset()
        self.error: OutsideError | None = None
        self.asked = 0
        self.reached, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def fetch(self, _: bool) -> OwnToken:
        self.asked += 1
        number, roles, error = self.asked, self.roles, self.error
        gate = self.gate
        self.reached.set()
        await gate.wait()
        if error is not None:
            raise error
        return OwnToken(f"token-{number}", self.now_ms / 1000 + 3600, roles)

    async def clock(self) -> int:
        return self.now_ms

    def process(self, redis: Client, app: str = "") -> Consents:
        token = OrganisationToken(
            self.fetch,
            now=lambda: self.now_ms / 1000,
            monotonic=lambda: self.now_ms / 1000,
        )
        return Consents(token, ConsentStore(redis, Scripts(redis)), now_ms=self.clock, app=app)


@pytest.fixture
def microsoft() -> Microsoft:
    return Microsoft()


async def test_consent_is_noticed_by_all_and_so_is_its_end(
    redis: Client, microsoft: Microsoft
) -> None:
    one, other = microsoft.process(redis), microsoft.process(redis)
    microsoft.roles = BOTH
    with capture_logs() as logs:
        given = await one.look()
        assert (given.why, given.since_ms, given.matching) == (None, NOON, Matching.FULL)
        await other._step()
    assert other.known == given
    assert await other.token.token() == "token-2"
    assert [line["event"] for line in logs] == ["organisation_authorised"]
    assert logs[0]["rights"] == sorted(BOTH)

    microsoft.roles = frozenset()
    microsoft.now_ms += LOOK_MS
    with capture_logs() as logs:
        await one._step()
        await other._step()
    for process in one, other:
        assert process.known.why is Why.WITHDRAWN
        assert process.known.until_ms == NOON + LOOK_MS + HOUR
        with pytest.raises(AdminMustAct) as caught:
            await process.token.token()
        assert why_of(caught.value.code) is Why.WITHDRAWN
    assert [line["event"] for line in logs] == ["organisation_authorisation_ended"]
    assert (logs[0]["reason"], logs[0]["log_level"]) == (Why.WITHDRAWN, "error")


async def test_who_goes_by_it_is_woken_by_what_is_new_and_nothing_else(
    redis: Client, microsoft: Microsoft
) -> None:
    one, other = microsoft.process(redis), microsoft.process(redis)
    sleepers = [Sleeper(MATCHING), Sleeper(COVERAGE)]
    one.wakes += sleepers
    other.wakes.append(elsewhere := Sleeper(MATCHING))
    microsoft.roles = BOTH
    for _ in range(2):
        await one.look()
        assert [each.woken for each in sleepers] == [1, 1]
        await other._step()
        assert elsewhere.woken == 1
    microsoft.roles = frozenset()
    await one.look()
    assert [each.woken for each in sleepers] == [2, 2]


async def test_one_process_asks_for_all_and_not_before_it_is_time(
    redis: Client, microsoft: Microsoft
) -> None:
    processes = [microsoft.process(redis) for _ in range(5)]
    for _ in range(3):
        await asyncio.gather(*(process._step() for process in processes))
    assert microsoft.asked == 1
    microsoft.now_ms += LOOK_MS - 1
    await asyncio.gather(*(process._step() for process in processes))
    assert microsoft.asked == 1
    microsoft.now_ms += 1
    await asyncio.gather(*(process._step() for process in processes))
    assert microsoft.asked == 2


async def test_what_was_known_of_another_registration_counts_for_nothing(
    redis: Client, microsoft: Microsoft
) -> None:
    first = microsoft.process(redis, "first")
    microsoft.roles = BOTH
    await first._step()
    microsoft.now_ms += MINUTE
    microsoft.roles = frozenset()  # of the second: nobody has consented to it
    second = microsoft.process(redis, "second")
    await second._step()
    assert microsoft.asked == 1, "one at a time"
    await redis.delete(keys.CONSENT_LEASE)  # the other one has ended
    await second._step()
    assert microsoft.asked == 2, "at once, though it is not time yet"
    assert second.known.why is Why.NEVER, "nobody has withdrawn anything"
    assert second.known.ended_ms is None
    await second._step()
    await redis.delete(keys.CONSENT_LEASE)
    await first._step()  # a process with the settings of before: not at each of its steps
    assert microsoft.asked == 2
    microsoft.now_ms += LOOK_MS
    microsoft.roles = BOTH
    await second._step()
    assert second.known.since_ms == microsoft.now_ms


async def test_nothing_is_logged_where_nobody_ever_consented(
    redis: Client, microsoft: Microsoft
) -> None:
    with capture_logs() as logs:
        for _ in range(5):
            await microsoft.process(redis)._step()
            microsoft.now_ms += LOOK_MS
    assert logs == []


async def test_after_consent_it_is_looked_for_until_tokens_show_it(
    redis: Client, microsoft: Microsoft
) -> None:
    one, other = microsoft.process(redis), microsoft.process(redis)
    await one.look()
    await one.expect()
    microsoft.now_ms += EXPECTED_LOOK_MS
    await one._step()
    assert (microsoft.asked, one.known.may_write) == (2, False)
    microsoft.roles = BOTH
    microsoft.now_ms += EXPECTED_LOOK_MS
    await one._step()
    await other._step()
    assert one.known.may_write
    assert other.known.may_write
    asked = microsoft.asked
    microsoft.now_ms += EXPECTED_LOOK_MS
    await one._step()
    assert microsoft.asked == asked  # found: no more hurry


async def test_the_hurry_ends(redis: Client, microsoft: Microsoft) -> None:
    one = microsoft.process(redis)
    await one.look()
    await one.expect()
    microsoft.now_ms += EXPECTED_MS
    await one._step()
    assert microsoft.asked == 1


async def test_an_answer_that_was_asked_for_earlier_counts_no_more(
    redis: Client, microsoft: Microsoft
) -> None:
    slow, quick = microsoft.process(redis), microsoft.process(redis)
    held = microsoft.gate = asyncio.Event()
    early = asyncio.create_task(slow.look())
    await microsoft.reached.wait()
    microsoft.gate = asyncio.Event()
    microsoft.gate.set()
    microsoft.now_ms += 5
    microsoft.roles = BOTH
    assert (await quick.look()).may_write
    held.set()
    assert (await early).may_write
    assert (await slow.read()).may_write


async def test_two_who_find_it_at_once_agree_since_when_and_tell_it_once(
    redis: Client, microsoft: Microsoft
) -> None:
    told: list[Consent] = []

    async def tell(consent: Consent) -> None:
        told.append(consent)

    processes = [microsoft.process(redis) for _ in range(5)]
    for process in processes:
        process.told = tell
    microsoft.roles = BOTH
    clock = iter(range(NOON, NOON + 10))

    async def ticking() -> int:
        return next(clock)

    for process in processes:
        process.now_ms = ticking
    with capture_logs() as logs:
        found = await asyncio.gather(*(process.look() for process in processes))
    assert len({consent.since_ms for consent in found}) == 1
    assert len(told) == 1
    assert [line["event"] for line in logs] == ["organisation_authorised"]


async def test_microsoft_away_ends_nothing_and_is_said_once(
    redis: Client, microsoft: Microsoft
) -> None:
    one = microsoft.process(redis)
    microsoft.roles = BOTH
    await one.look()
    microsoft.error = RetryLater("login_unreachable")
    with capture_logs() as logs:
        for _ in range(3):
            microsoft.now_ms += LOOK_MS
            await one._step()
    assert (one.known.may_write, one.known.why) == (True, Why.UNREACHABLE)
    assert [line["event"] for line in logs] == ["organisation_not_looked_up"]
    assert await one.token.token() == "token-1"
    microsoft.error = None
    microsoft.now_ms += MINUTE
    with capture_logs() as logs:
        await one._step()
    assert one.known == Consent(tuple(sorted(BOTH)), NOON, microsoft.now_ms, None)
    assert [line["event"] for line in logs] == ["organisation_authorised"]


@pytest.mark.parametrize(
    ("detail", "why"),
    [
        ("unauthorized_client AADSTS7000112", Why.DISABLED),
        ("invalid_client AADSTS7000222", Why.CREDENTIAL),
        ("invalid_grant AADSTS53003", Why.BLOCKED),
    ],
)
async def test_what_ends_it_is_kept_with_microsofts_number(
    redis: Client, microsoft: Microsoft, detail: str, why: Why
) -> None:
    one = microsoft.process(redis)
    microsoft.roles = BOTH
    await one.look()
    code = "blocked_by_policy" if why is Why.BLOCKED else "invalid_client"
    microsoft.error = AdminMustAct(code, detail)
    microsoft.now_ms += 1
    with capture_logs() as logs:
        ended = await one.look()
    assert (ended.why, ended.detail, ended.may_write) == (why, detail, False)
    assert logs[0]["detail"] == detail
    assert await microsoft.process(redis).read() == ended


async def test_a_refusal_of_graph_has_it_looked_at_soon_but_not_each_time(
    redis: Client, microsoft: Microsoft
) -> None:
    one = microsoft.process(redis)
    microsoft.roles = BOTH
    await one.look()
    microsoft.roles = frozenset()
    microsoft.now_ms += DOUBT_MS
    for _ in range(10):
        one.doubt()
        await one._step()
    assert microsoft.asked == 2
    assert one.known.why is Why.WITHDRAWN


async def test_a_damaged_row_counts_as_no_consent_and_heals(
    redis: Client, microsoft: Microsoft
) -> None:
    one = microsoft.process(redis)
    microsoft.roles = BOTH
    await one.look()
    for damage in ('{"rights":"all"}', "yes", '{"why":"nonsense"}'):
        await redis.hset(keys.CONSENT, "row", damage)
        with capture_logs() as logs:
            assert await one.read() == Consent()
        assert [line["event"] for line in logs] == ["consent_row_damaged"]
    await redis.hset(keys.CONSENT, mapping={"asked": "soon", "until": "-1"})
    await one._step()
    assert one.known.may_write


async def test_the_duty_runs(redis: Client, microsoft: Microsoft) -> None:
    one = microsoft.process(redis)
    microsoft.roles = BOTH
    task = asyncio.create_task(one.work.run(wait=every(0.01)))

    async def found() -> bool:
        return one.known.may_write

    await eventually(found)
    one.work.stop()
    await task
    assert await redis.get(keys.CONSENT_LEASE) is None
