"""The app's own token: one for the process, and only while it may write."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import AdminMustAct, OutsideError, RetryLater
from domain.organisation import Why, why_of
from sync.organisation.refusals import why_not
from sync.organisation.token import BUSY_S, LAST_S, REFUSED_S, OrganisationToken, OwnToken

pytestmark = pytest.mark.unit

RIGHTS = frozenset({"Presence.ReadWrite.All", "User.Read.All"})


class Microsoft:
    """Gives tokens of an hour; one that is kept is given again unless a new one is asked for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.roles = RIGHTS
        self.error: OutsideError | None = None
        self.asked: list[bool] = []
        self.reached, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self._kept: OwnToken | None = None
        self.own = OrganisationToken(self.fetch, now=lambda: self.now, monotonic=lambda: self.now)

    async def fetch(self, anew: bool) -> OwnToken:
        self.asked.append(anew)
        roles = self.roles
        self.reached.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if anew or self._kept is None or self._kept.expires_at - self.now < 300:
            self._kept = OwnToken(f"token-{len(self.asked)}", self.now + 3600, roles)
        return self._kept


@pytest.fixture
def microsoft() -> Microsoft:
    return Microsoft()


async def refusal(own: OrganisationToken) -> Why | None:
    with pytest.raises(AdminMustAct) as caught:
        await own.token()
    return why_of(caught.value.code)


async def test_many_writers_share_one_token(microsoft: Microsoft) -> None:
    given = await asyncio.gather(*(microsoft.own.token() for _ in range(100)))
    assert set(given) == {"token-1"}
    assert microsoft.asked == [False]
    microsoft.now += 3200
    assert await microsoft.own.token() == "token-1"
    microsoft.now += 200  # due to be renewed
    assert await microsoft.own.token() == "token-2"


async def test_a_refused_token_is_given_no_more(microsoft: Microsoft) -> None:
    await microsoft.own.token()
    microsoft.own.invalidate()
    assert await microsoft.own.token() == "token-2"
    assert microsoft.asked == [False, True]


async def test_a_token_asked_for_before_it_was_invalid_is_not_kept(microsoft: Microsoft) -> None:
    microsoft.gate.clear()
    early = asyncio.create_task(microsoft.own.token())
    await microsoft.reached.wait()
    microsoft.own.invalidate()
    microsoft.gate.set()
    assert await early == "token-1"
    assert await microsoft.own.token() == "token-2"


async def test_a_look_makes_the_new_token_the_one_in_use(microsoft: Microsoft) -> None:
    await microsoft.own.token()
    assert await microsoft.own.look() == RIGHTS
    assert await microsoft.own.token() == "token-2"
    assert microsoft.asked == [False, True]


async def test_a_look_does_not_take_what_was_asked_for_before(microsoft: Microsoft) -> None:
    microsoft.gate.clear()
    early = asyncio.create_task(microsoft.own.token())
    await microsoft.reached.wait()
    microsoft.roles = frozenset()
    look = asyncio.create_task(microsoft.own.look())
    await asyncio.sleep(0)
    microsoft.gate.set()
    assert await look == frozenset()
    await early
    assert await refusal(microsoft.own) is Why.WITHDRAWN


async def test_looks_at_once_share_one_token_that_none_is_older_than(microsoft: Microsoft) -> None:
    microsoft.gate.clear()
    early = asyncio.create_task(microsoft.own.look())
    await microsoft.reached.wait()
    microsoft.roles = frozenset({"User.Read.All"})
    later = [asyncio.create_task(microsoft.own.look()) for _ in range(20)]
    await asyncio.sleep(0)
    microsoft.gate.set()
    assert await early == RIGHTS
    assert [await look for look in later] == [{"User.Read.All"}] * 20
    assert microsoft.asked == [True, True]


@pytest.mark.parametrize(
    ("roles", "worked", "why"),
    [
        (set(), False, Why.NEVER),
        (set(), True, Why.WITHDRAWN),
        ({"Mail.Read"}, True, Why.WITHDRAWN),
        ({"User.Read.All"}, False, Why.TOO_FEW),
        ({"Presence.Read.All"}, True, Why.TOO_FEW),
    ],
)
async def test_no_token_without_the_right(
    microsoft: Microsoft, roles: set[str], worked: bool, why: Why
) -> None:
    microsoft.roles, microsoft.own.worked = frozenset(roles), worked
    assert await refusal(microsoft.own) is why
    assert await microsoft.own.look() == roles
    for _ in range(50):
        assert await refusal(microsoft.own) is why
    assert len(microsoft.asked) == 2  # not once for each person
    microsoft.roles = RIGHTS
    microsoft.now += REFUSED_S
    assert await microsoft.own.token() == "token-3"  # a new one: the one kept lacks the right


async def test_consent_that_a_look_finds_counts_at_once(microsoft: Microsoft) -> None:
    microsoft.roles = frozenset()
    assert await refusal(microsoft.own) is Why.NEVER
    microsoft.roles = RIGHTS
    assert await microsoft.own.look() == RIGHTS
    assert await microsoft.own.token() == "token-2"


async def test_withdrawal_that_a_look_finds_counts_at_once(microsoft: Microsoft) -> None:
    await microsoft.own.token()
    microsoft.roles = frozenset()
    assert await microsoft.own.look() == frozenset()
    assert await refusal(microsoft.own) is Why.WITHDRAWN


async def test_while_microsoft_is_away_the_token_is_used_to_its_end(microsoft: Microsoft) -> None:
    await microsoft.own.token()
    microsoft.error = RetryLater("login_unreachable")
    microsoft.now += 3400
    for _ in range(20):
        assert await microsoft.own.token() == "token-1"
    assert len(microsoft.asked) == 2
    with pytest.raises(RetryLater):
        await microsoft.own.look()
    microsoft.now += 200 - LAST_S
    with pytest.raises(RetryLater):
        await microsoft.own.token()
    microsoft.error = None
    microsoft.now += BUSY_S
    assert await microsoft.own.token() == "token-5"


async def test_a_refused_token_is_not_used_while_microsoft_is_away(microsoft: Microsoft) -> None:
    await microsoft.own.token()
    microsoft.own.invalidate()
    microsoft.error = RetryLater("login_busy", after=60)
    for _ in range(5):
        with pytest.raises(RetryLater):
            await microsoft.own.token()
    assert microsoft.asked == [False, True]
    microsoft.error = None
    microsoft.now += 60
    await microsoft.own.token()
    assert microsoft.asked[-1] is True


async def test_whoever_gives_up_does_not_take_the_others_down(microsoft: Microsoft) -> None:
    microsoft.gate.clear()
    one, other = (asyncio.create_task(microsoft.own.token()) for _ in range(2))
    await microsoft.reached.wait()
    one.cancel()
    microsoft.gate.set()
    assert await other == "token-1"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (AdminMustAct("unauthorized_client", "unauthorized_client AADSTS7000112"), Why.DISABLED),
        (AdminMustAct("invalid_client", "invalid_client AADSTS7000222"), Why.CREDENTIAL),
        (AdminMustAct("invalid_client", "invalid_client AADSTS7000215"), Why.CREDENTIAL),
        (AdminMustAct("invalid_client", "invalid_client AADSTS7000229"), Why.NEVER),
        (AdminMustAct("blocked_by_policy", "invalid_grant AADSTS53003"), Why.BLOCKED),
        (AdminMustAct("blocked_by_policy", "invalid_grant AADSTS530031"), Why.BLOCKED),
        (AdminMustAct("unauthorized_client", "unauthorized_client AADSTS700016"), Why.TENANT),
        (AdminMustAct("login_metadata", "wrong tenant or login address"), Why.TENANT),
        (AdminMustAct("token_tenant"), Why.TENANT),
        (AdminMustAct("token_unreadable"), Why.REFUSED),
        (AdminMustAct("invalid_request", "invalid_request AADSTS900144"), Why.REFUSED),
        (RetryLater("login_busy", "HTTP 503"), Why.UNREACHABLE),
    ],
)
async def test_refusals_are_told_apart(microsoft: Microsoft, error: OutsideError, why: Why) -> None:
    assert why_not(error) is why
    microsoft.error = error
    with pytest.raises(type(error)) as caught:
        await microsoft.own.token()
    assert why_of(caught.value.code) is (None if why is Why.UNREACHABLE else why)
    assert caught.value.detail == error.detail


# -- reading only ---------------------------------------------------------------------------------

READS = frozenset({"Presence.Read.All"})


async def test_one_that_only_reads_is_given_to_who_reads(microsoft: Microsoft) -> None:
    microsoft.roles = READS
    assert await microsoft.own.token_to_read() == "token-1"
    assert await refusal(microsoft.own) is Why.TOO_FEW
    for _ in range(3):
        microsoft.now += REFUSED_S
        assert await microsoft.own.token_to_read() == "token-1"
    assert len(microsoft.asked) == 1
    microsoft.now += 3600
    assert await microsoft.own.token_to_read() == f"token-{len(microsoft.asked)}"


async def test_one_that_writes_reads_too(microsoft: Microsoft) -> None:
    assert await microsoft.own.token_to_read() == await microsoft.own.token() == "token-1"


async def test_one_that_does_neither_or_was_refused_is_not_given(microsoft: Microsoft) -> None:
    microsoft.roles = READS
    await microsoft.own.token_to_read()
    microsoft.roles = frozenset({"User.Read.All"})
    microsoft.own.invalidate()
    with pytest.raises(AdminMustAct):
        await microsoft.own.token_to_read()


async def test_who_reads_goes_on_while_nobody_answers(microsoft: Microsoft) -> None:
    microsoft.roles = READS
    await microsoft.own.token_to_read()
    microsoft.now += 3400
    microsoft.error = RetryLater("login_unreachable")
    assert await microsoft.own.token_to_read() == "token-1"
    microsoft.now += 3600
    with pytest.raises(RetryLater):
        await microsoft.own.token_to_read()
