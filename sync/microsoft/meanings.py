"""What the numbers, suberrors and error words of the Microsoft login service mean. Pure tables.

Sources: Entra documentation, "Microsoft Entra authentication and authorization error codes", and
the suberrors that MSAL passes through. Numbers that Microsoft does not list but sends (530001 to
530003, 500341, 700003, 700081, 9002341, 70044) are those of its sign-in logs and of reports.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


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
