"""What a failure means for one person."""

import pytest

from domain.errors import (
    AdminMustAct,
    AuthorizeAgain,
    NotAllowed,
    OutsideError,
    PersonGone,
    Refused,
    RetryLater,
    TenantPaused,
    Trouble,
)
from domain.person import Patch, PersonState
from domain.setback import (
    ADMIN_RETRY_MS,
    LONGEST_RETRY_MS,
    MOST_REFUSALS,
    MOST_TRIES,
    Setback,
    setback,
)

pytestmark = pytest.mark.unit

NOW = 1_800_000_000_000


def after(
    error: OutsideError,
    *,
    tries: int = 0,
    since_ms: int | None = None,
    works: float = 0,
    chance: float = 0,
) -> Setback:
    """The consequence for somebody who failed `tries` times since then."""
    state = PersonState("ada", tries=tries, trouble_ms=since_ms, trouble="later" if tries else None)
    return setback(error, state, NOW, works_for_others_ms=works, chance=chance)


def test_retries_come_later_and_later_and_a_little_apart() -> None:
    waits = [(after(RetryLater("x"), tries=n).due_ms or 0) - NOW for n in range(11)]
    assert waits == [min(2000 * 2**n, LONGEST_RETRY_MS) for n in range(11)]
    assert after(RetryLater("x"), chance=1).due_ms == NOW + 1800


def test_microsoft_may_say_how_long_to_wait() -> None:
    assert after(RetryLater("x", after=90)).due_ms == NOW + 90_000
    assert after(RetryLater("x", after=1)).due_ms == NOW + 2000


def test_a_pause_of_the_tenant_is_nobodys_failure() -> None:
    assert after(TenantPaused("x", after=7), tries=3) == Setback(Trouble.LATER, NOW, 3, NOW + 7000)
    assert after(TenantPaused("x")).due_ms == NOW + 30_000


@pytest.mark.parametrize(
    ("error", "trouble"), [(PersonGone("x"), Trouble.GONE), (Refused("x"), Trouble.REFUSED)]
)
def test_unknown_and_wrong_are_believed_after_a_few_tries(
    error: OutsideError, trouble: Trouble
) -> None:
    assert [after(error, tries=n).trouble for n in range(MOST_REFUSALS)] == [
        *[Trouble.LATER] * (MOST_REFUSALS - 1),
        trouble,
    ]
    assert after(error, tries=MOST_REFUSALS - 1).due_ms is None


def test_only_the_person_can_mend_their_authorisation() -> None:
    assert after(AuthorizeAgain("x")) == Setback(Trouble.AUTHORIZE, NOW, 0, None)


def test_what_an_admin_must_mend_is_tried_again_for_ever() -> None:
    assert after(AdminMustAct("x"), tries=99).due_ms == NOW + ADMIN_RETRY_MS


def test_many_failures_park_somebody_only_if_it_works_for_others() -> None:
    long_ago = NOW - 30 * 60_000
    alone = after(RetryLater("x"), tries=MOST_TRIES - 1, since_ms=long_ago, works=1000)
    assert alone == Setback(Trouble.FAILING, long_ago, MOST_TRIES, None)
    outage = after(RetryLater("x"), tries=MOST_TRIES + 50, since_ms=long_ago, works=31 * 60_000)
    assert (outage.trouble, outage.due_ms) == (Trouble.LATER, NOW + LONGEST_RETRY_MS)


def test_trouble_counts_from_its_first_failure() -> None:
    assert after(RetryLater("x"), tries=2, since_ms=NOW - 5).since_ms == NOW - 5
    assert after(RetryLater("x"), tries=0, since_ms=NOW - 5).since_ms == NOW


def test_every_trouble_says_whether_it_parks() -> None:
    assert {trouble for trouble in Trouble if trouble.parks} == {
        Trouble.AUTHORIZE,
        Trouble.FORBIDDEN,
        Trouble.GONE,
        Trouble.REFUSED,
        Trouble.FAILING,
    }


def test_every_trouble_comes_from_somewhere() -> None:
    errors = (AuthorizeAgain, NotAllowed, AdminMustAct, PersonGone, Refused, RetryLater)
    found = {
        after(error("x"), tries=n, since_ms=0).trouble for error in errors for n in (0, MOST_TRIES)
    }
    revived = Patch.retries_authorization().values["trouble"]
    assert found | {revived} == set(Trouble)
