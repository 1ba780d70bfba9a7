"""What the login service's numbers come to: on the way back, at redemption, at a refresh."""

from __future__ import annotations

import pytest

from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater
from domain.refusal import Refusal
from sync.microsoft.login_errors import (
    LOOP_SECONDS,
    NUMBERS,
    Meaning,
    SignInRefused,
    meaning_of,
    refusal_of,
    trouble_of,
)

pytestmark = pytest.mark.unit

POLICY, MORE = Refusal.BLOCKED_BY_POLICY, Refusal.MORE_NEEDED
PERSONAL = [
    *((number, POLICY) for number in (53000, 53003, 53011, 530001, 530002, 530003, 530032)),
    *((number, POLICY) for number in (530004, 530035, 53012, 50131, 50005, 500021, 80012)),
    *((number, MORE) for number in (50072, 50074, 50076, 50079, 50078, 50097, 50158, 500121)),
    *((number, Refusal.NEW_PASSWORD_NEEDED) for number in (50055, 50132, 50133, 50135, 50144)),
    (50057, Refusal.ACCOUNT_DISABLED),
    (50053, Refusal.ACCOUNT_LOCKED),
    *((number, POLICY) for number in (700003, 135011, 50161, 50170)),
    *((number, MORE) for number in (9002341, 50203)),
    *((number, Refusal.ACCOUNT_UNKNOWN) for number in (50034, 500341, 50020, 51004, 90072)),
    *((number, Refusal.SIGN_IN_TOO_OLD) for number in (70043, 70044, 700081, 700084, 50058)),
]


@pytest.mark.parametrize(("number", "reason"), PERSONAL)
@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "access_denied"])
def test_a_number_means_the_same_wherever_it_comes(
    number: int, reason: Refusal, error: str
) -> None:
    redirect = {"error": error, "error_description": f"AADSTS{number}: words. Trace ID: 1"}
    answer = {"error": error, "error_codes": [number]}
    for refused in (refusal_of(redirect), refusal_of(answer)):
        assert isinstance(refused, SignInRefused)
        assert refused.reason is reason
        assert str(number) in refused.detail
    ended = trouble_of(answer)
    assert isinstance(ended, AuthorizeAgain)
    assert ended.code == reason.value


@pytest.mark.parametrize("number", [50196, 90033, 90006, 90024, 90055, 90090, 50033, 80002])
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "server_error"])
def test_what_passes_is_nobodys_fault(number: int, error: str) -> None:
    answer = {"error": error, "error_codes": [number]}
    for outside in (refusal_of(answer), trouble_of(answer)):
        assert isinstance(outside, RetryLater)
        assert outside.after == (LOOP_SECONDS if number == 50196 else None)


@pytest.mark.parametrize(
    "number", [7000215, 7000222, 700016, 7000112, 650056, 500011, 500014, 5000225]
)
@pytest.mark.parametrize("error", ["invalid_client", "invalid_grant", "access_denied"])
def test_what_is_wrong_with_the_registration_is_not_the_persons(number: int, error: str) -> None:
    answer = {"error": error, "error_codes": [number]}
    assert isinstance(refusal_of(answer), AdminMustAct)
    assert isinstance(trouble_of(answer), AdminMustAct)


@pytest.mark.parametrize(
    ("number", "refused", "ended"),
    [
        (65001, Refusal.ADMIN_APPROVAL_NEEDED, "consent_missing"),
        (50105, Refusal.ADMIN_APPROVAL_NEEDED, "not_assigned"),
        (65004, Refusal.DECLINED, "consent_missing"),
        (50173, Refusal.SIGN_IN_TOO_OLD, "revoked"),
        (70008, Refusal.EXPIRED, "unused_too_long"),
        (700082, Refusal.EXPIRED, "unused_too_long"),
    ],
)
def test_some_say_another_thing_of_a_code_than_of_a_refresh(
    number: int, refused: Refusal, ended: str
) -> None:
    answer = {"error": "invalid_grant", "error_codes": [number]}
    refusal, trouble = refusal_of(answer), trouble_of(answer)
    assert isinstance(refusal, SignInRefused)
    assert refusal.reason is refused
    assert isinstance(trouble, AuthorizeAgain)
    assert trouble.code == ended


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ({"error": "interaction_required"}, Meaning.MORE_NEEDED),
        ({"error": "login_required"}, Meaning.SIGN_IN_TOO_OLD),
        ({"error": "invalid_grant", "suberror": "basic_action"}, Meaning.MORE_NEEDED),
        ({"error": "invalid_grant", "suberror": "message_only"}, Meaning.BLOCKED_BY_POLICY),
        ({"error": "invalid_grant", "suberror": "consent_required"}, Meaning.CONSENT_MISSING),
        (
            {"error": "invalid_grant", "suberror": "user_password_expired"},
            Meaning.NEW_PASSWORD_NEEDED,
        ),
    ],
)
def test_without_a_number_we_know_the_words_decide(
    answer: dict[str, str], meaning: Meaning
) -> None:
    trouble = trouble_of(answer | {"error_codes": [99999]})
    assert isinstance(trouble, AuthorizeAgain)
    assert trouble.code == meaning.value


def test_the_first_number_that_is_known_decides() -> None:
    assert meaning_of("invalid_grant", "", [99999, 50076, 50057]) is Meaning.MORE_NEEDED
    assert meaning_of("invalid_grant", "", [99999]) is None


@pytest.mark.parametrize("wrapper", [70002, 50000])
def test_a_number_that_only_wraps_another_says_nothing(wrapper: int) -> None:
    said = f"AADSTS{wrapper}: Error validating credentials. AADSTS50173: The grant was revoked."
    for answer in (
        {"error": "invalid_grant", "error_codes": [wrapper, 50173]},
        {"error": "invalid_grant", "error_description": said},
        {"error": "invalid_grant", "error_description": said, "error_codes": [str(wrapper)]},
    ):
        trouble = trouble_of(answer)
        assert isinstance(trouble, AuthorizeAgain)
        assert trouble.code == "revoked"


def test_no_number_is_listed_twice() -> None:
    from sync.microsoft.login_errors import _NUMBERS  # noqa: PLC0415 - the lists before they are one

    assert sum(len(some) for some in _NUMBERS.values()) == len(NUMBERS)
