"""What the Microsoft login service's errors mean for us. Pure.

The OAuth `error` decides; Entra's own numbers (AADSTS...) only sharpen the explanation, because
Microsoft may change them (Entra documentation, "Handling error codes in your application").
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sync.errors import AdminMustAct, AuthorizeAgain, OutsideError, RetryLater

if TYPE_CHECKING:
    from collections.abc import Mapping


class Refusal(StrEnum):
    """Why a sign-in gave us nothing."""

    DECLINED = "declined"
    ADMIN_APPROVAL_NEEDED = "admin_approval_needed"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    EXPIRED = "expired"
    WRONG_RESPONSE = "wrong_response"
    MISSING_SCOPES = "missing_scopes"
    UNKNOWN = "unknown"


class SignInRefused(Exception):
    """A sign-in ended without tokens. `detail` is a short word for logs, never a secret."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


TEMPORARY = frozenset({"temporarily_unavailable", "server_error", "service_unavailable"})

REGISTRATION = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "invalid_request",
        "invalid_scope",
        "invalid_resource",
        "unsupported_grant_type",
        "unsupported_response_type",
    }
)
"""Something is wrong with our app registration, its secret, or what we ask for."""

APPROVAL_CODES = frozenset({65001, 90008, 90093, 90094, 90095, 50105})
"""An administrator must consent first, or assign the person to the app."""

WRONG_RESPONSE_CODES = frozenset({50148, 501481, 501491})
"""The PKCE verifier does not belong to the code."""

DECLINED_CODE = 65004

MEANINGS = {
    50034: "account_unknown",
    50057: "account_disabled",
    50076: "mfa_required",
    50079: "mfa_required",
    50173: "revoked",
    65001: "consent_withdrawn",
    70008: "unused_too_long",
    70043: "sign_in_frequency",
    700082: "unused_too_long",
}
"""Our word for why a refresh token no longer works."""


def _is_policy(code: int) -> bool:
    return 53000 <= code <= 53011  # Conditional Access and security defaults


def _word(value: object) -> str:
    """The service's error word, if it is one: it goes to logs and cards."""
    return value if isinstance(value, str) and re.fullmatch("[a-z_]{1,40}", value) else "unknown"


def _numbers(answer: Mapping[str, Any]) -> list[int]:
    """Entra's error numbers; a redirect carries them only inside its description."""
    listed = answer.get("error_codes")
    if isinstance(listed, list) and listed:
        return [code for code in listed if isinstance(code, int)]
    description = answer.get("error_description")
    found = re.findall(r"AADSTS(\d{4,8})", description) if isinstance(description, str) else []
    return [int(code) for code in found]


def _detail(error: str, numbers: list[int]) -> str:
    return f"{error} AADSTS{numbers[0]}" if numbers else error


def _everybodys(error: str, numbers: list[int]) -> OutsideError | None:
    """What has nothing to do with the person who signs in."""
    if error in TEMPORARY:
        return RetryLater("login_busy", _detail(error, numbers))
    if error in REGISTRATION:
        return AdminMustAct(error, _detail(error, numbers))
    return None


def refusal_of(answer: Mapping[str, Any]) -> Exception:
    """The exception for a sign-in's error answer, be it from the redirect or the token endpoint."""
    error, numbers = _word(answer.get("error")), _numbers(answer)
    detail = _detail(error, numbers)
    if any(code in WRONG_RESPONSE_CODES for code in numbers):
        return SignInRefused(Refusal.WRONG_RESPONSE, detail)
    outside = _everybodys(error, numbers)
    if outside is not None:
        return outside
    if any(_is_policy(code) for code in numbers):
        return SignInRefused(Refusal.BLOCKED_BY_POLICY, detail)
    if error == "consent_required" or any(code in APPROVAL_CODES for code in numbers):
        return SignInRefused(Refusal.ADMIN_APPROVAL_NEEDED, detail)
    if error == "access_denied" or DECLINED_CODE in numbers:
        return SignInRefused(Refusal.DECLINED, detail)
    if error == "invalid_grant":  # the code is older than 10 minutes, or was redeemed before
        return SignInRefused(Refusal.EXPIRED, detail)
    return SignInRefused(Refusal.UNKNOWN, detail)


def trouble_of(answer: Mapping[str, Any]) -> OutsideError:
    """The exception for an error answer while refreshing tokens in the background."""
    error, numbers = _word(answer.get("error")), _numbers(answer)
    detail = _detail(error, numbers)
    outside = _everybodys(error, numbers)
    if outside is not None:
        return outside
    if error in {
        "invalid_grant",
        "interaction_required",
        "consent_required",
        "login_required",
        "access_denied",
    }:
        for code in numbers:
            if _is_policy(code):
                return AuthorizeAgain("blocked_by_policy", detail)
            if code in MEANINGS:
                return AuthorizeAgain(MEANINGS[code], detail)
        return AuthorizeAgain(error, detail)
    return RetryLater("login_garbled", detail)
