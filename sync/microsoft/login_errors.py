"""What the Microsoft login service's errors mean, and mean for us. Pure.

The OAuth `error` decides; Entra's own numbers (AADSTS...) only sharpen the explanation, because
Microsoft may change them (Entra documentation, "Handling error codes in your application").

Sources of the tables: Entra documentation, "Microsoft Entra authentication and authorization error
codes", and the suberrors that MSAL passes through. Numbers that Microsoft does not list but sends
(530001 to 530003, 500341, 700003, 700081, 9002341, 70044) are those of its sign-in logs and of
reports.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from domain.errors import AdminMustAct, AuthorizeAgain, OutsideError, RetryLater
from domain.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Meaning(StrEnum):
    """What an answer of Microsoft's says. Values are stored, and are the words in logs."""

    # of this person's sign-in
    BLOCKED_BY_POLICY = "blocked_by_policy"  # the organisation's rules: device, place, risk
    MORE_NEEDED = "more_needed"  # another factor, the device, a provider's own check
    NEW_PASSWORD_NEEDED = "new_password_needed"  # noqa: S105 - expired, changed, or must be
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_UNKNOWN = "account_unknown"  # not in this organisation
    SIGN_IN_TOO_OLD = "sign_in_too_old"  # older than the organisation lets a sign-in become
    REVOKED = "revoked"
    UNUSED_TOO_LONG = "unused_too_long"
    CONSENT_MISSING = "consent_missing"
    NOT_ASSIGNED = "not_assigned"  # the organisation names who may use the app
    DECLINED = "declined"
    # of the moment, of our registration, of this one answer
    LATER = "later"
    OUR_REGISTRATION = "our_registration"
    WRONG_RESPONSE = "wrong_response"  # the PKCE verifier does not belong to the code


_NUMBERS: Final[dict[Meaning, tuple[int, ...]]] = {
    Meaning.BLOCKED_BY_POLICY: (
        *(50005, 50131, 50177, 50178, 54000, 50015, 80012, 90123, 50129, 50127, 50161, 50170),
        *(700003, 130007, 130008, 135011),  # the device was deleted or switched off
        *(50002, 500021, 500022, 500212, 500213, 1000104, 90084),  # tenant restrictions, guests
    ),
    Meaning.MORE_NEEDED: (
        *(50072, 50074, 50076, 50078, 50079, 500121, 50125, 50097, 50155, 50187),
        *(50158, 50140, 50199, 50203, 51006, 700020, 9002341),
    ),
    Meaning.NEW_PASSWORD_NEEDED: (
        *(50055, 50056, 50064, 50126, 50132, 50133, 50135, 50142, 50144),
    ),
    Meaning.ACCOUNT_DISABLED: (50057, 500571, 120014),
    Meaning.ACCOUNT_LOCKED: (50053,),
    Meaning.ACCOUNT_UNKNOWN: (
        *(16000, 16003, 50014, 50020, 50034, 500341, 500342, 50143, 50197, 500208, 51004, 90072),
    ),
    Meaning.SIGN_IN_TOO_OLD: (
        *(16001, 16002, 160021, 50058, 50085, 50089, 50139, 70043, 70044, 700081, 700084, 90086),
    ),
    Meaning.REVOKED: (50173,),
    Meaning.UNUSED_TOO_LONG: (70008, 700082),
    Meaning.CONSENT_MISSING: (65001, 90008, 90093, 90094, 90095, 90099),
    Meaning.NOT_ASSIGNED: (50105,),
    Meaning.DECLINED: (65004,),
    Meaning.LATER: (
        *(50000, 50033, 50087, 50088, 50166, 50196, 501621, 40010, 70012),
        *(90006, 90012, 90024, 90033, 90055, 90090, 90091),
        *(80001, 80002, 80005, 80007, 80013, 80014),  # the organisation's own directory servers
    ),
    Meaning.OUR_REGISTRATION: (
        *(50001, 50003, 50010, 50011, 500112, 50146, 50194, 500011, 500014, 90002),
        *(90038, 900382, 900432, 5000224, 5000225),  # another cloud; the tenant is switched off
        *(65002, 65005, 650052, 650054, 650056, 650057, 70001, 70002, 70003, 70011, 700011),
        *(700016, 700025, 700027, 700030, 7000112, 7000215, 7000218, 7000222, 1000031),
    ),
    Meaning.WRONG_RESPONSE: (50148, 501481, 501491),
}
NUMBERS: Final = {number: meaning for meaning, some in _NUMBERS.items() for number in some}

SUBERRORS: Final = {
    "basic_action": Meaning.MORE_NEEDED,
    "additional_action": Meaning.MORE_NEEDED,
    "message_only": Meaning.BLOCKED_BY_POLICY,
    "protection_policy_required": Meaning.BLOCKED_BY_POLICY,
    "device_authentication_failed": Meaning.MORE_NEEDED,
    "user_password_expired": Meaning.NEW_PASSWORD_NEEDED,
    "consent_required": Meaning.CONSENT_MISSING,
}

ERRORS: Final = {
    "consent_required": Meaning.CONSENT_MISSING,
    "interaction_required": Meaning.MORE_NEEDED,
    "login_required": Meaning.SIGN_IN_TOO_OLD,
    "temporarily_unavailable": Meaning.LATER,
    "server_error": Meaning.LATER,
    "service_unavailable": Meaning.LATER,
    **dict.fromkeys(
        (
            *("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"),
            *("invalid_resource", "unsupported_grant_type", "unsupported_response_type"),
        ),
        Meaning.OUR_REGISTRATION,
    ),
}
"""The OAuth error alone, where neither a number nor a suberror says more (RFC 6749, OpenID Connect
Core 3.1.2.6)."""

_WRAPPERS: Final = frozenset({50000, 70002})
"""Say only that something failed, and may stand before the number that says what."""

LOOP: Final = 50196
LOOP_SECONDS: Final = 300.0
"""The same was asked too often: seconds without asking, after which Entra has forgotten it."""


def meaning_of(error: str, suberror: str, numbers: Iterable[int]) -> Meaning | None:
    """What an error answer says; None when it says nothing that we know."""
    for number in sorted(numbers, key=_WRAPPERS.__contains__):
        if number in NUMBERS:
            return NUMBERS[number]
        if 53000 <= number <= 53099 or 530000 <= number <= 530999:
            return Meaning.BLOCKED_BY_POLICY  # Conditional Access and security defaults
    return SUBERRORS.get(suberror) or ERRORS.get(error)


class SignInRefused(Exception):
    """A sign-in ended without tokens. `detail` is a short word for logs, never a secret."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


_REFUSALS = {
    Meaning.CONSENT_MISSING: Refusal.ADMIN_APPROVAL_NEEDED,
    Meaning.NOT_ASSIGNED: Refusal.ADMIN_APPROVAL_NEEDED,
    Meaning.REVOKED: Refusal.SIGN_IN_TOO_OLD,
    Meaning.UNUSED_TOO_LONG: Refusal.EXPIRED,  # of a code: it is older than 10 minutes
}
"""Where a sign-in says it in another word than a refresh."""

_ENDS = frozenset(
    {"invalid_grant", "access_denied", "interaction_required", "consent_required", "login_required"}
)
"""Errors that end an authorisation even if we do not know the number that comes with them."""


def _word(value: object) -> str:
    """The service's error word, if it is one: it goes to logs and cards."""
    return value if isinstance(value, str) and re.fullmatch("[a-z_]{1,40}", value) else "unknown"


def _numbers(answer: Mapping[str, Any]) -> list[int]:
    """Entra's error numbers; a redirect carries them only inside its description."""
    listed = answer.get("error_codes")
    codes = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    if codes:
        return codes
    description = answer.get("error_description")
    found = re.findall(r"AADSTS(\d{4,8})", description) if isinstance(description, str) else []
    return [int(code) for code in found]


def _read(answer: Mapping[str, Any]) -> tuple[str, str, Meaning | None]:
    """The error word, the detail for logs, and what it means.

    Raises what has nothing to do with the person: RetryLater and AdminMustAct.
    """
    error, numbers = _word(answer.get("error")), _numbers(answer)
    detail = f"{error} AADSTS{numbers[0]}" if numbers else error
    meaning = meaning_of(error, _word(answer.get("suberror")), numbers)
    if meaning is Meaning.LATER:
        raise RetryLater("login_busy", detail, after=LOOP_SECONDS if LOOP in numbers else None)
    if meaning is Meaning.OUR_REGISTRATION:
        raise AdminMustAct(error, detail)
    return error, detail, meaning


def refusal_of(answer: Mapping[str, Any]) -> Exception:
    """The exception for a sign-in's error answer, be it from the redirect or the token endpoint."""
    try:
        error, detail, meaning = _read(answer)
    except OutsideError as outside:
        return outside
    if meaning is not None:
        return SignInRefused(_REFUSALS.get(meaning) or Refusal(meaning.value), detail)
    if error == "access_denied":
        return SignInRefused(Refusal.DECLINED, detail)
    if error == "invalid_grant":  # the code is older than 10 minutes, or was redeemed before
        return SignInRefused(Refusal.EXPIRED, detail)
    return SignInRefused(Refusal.UNKNOWN, detail)


def trouble_of(answer: Mapping[str, Any]) -> OutsideError:
    """The exception for an error answer while refreshing tokens in the background."""
    try:
        error, detail, meaning = _read(answer)
    except OutsideError as outside:
        return outside
    if meaning is Meaning.DECLINED:
        meaning = Meaning.CONSENT_MISSING
    if meaning is not None and meaning is not Meaning.WRONG_RESPONSE:
        return AuthorizeAgain(meaning.value, detail)
    if error in _ENDS:
        return AuthorizeAgain(error, detail)
    return RetryLater("login_garbled", detail)
