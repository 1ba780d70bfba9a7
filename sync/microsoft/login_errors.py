"""What the Microsoft login service's errors mean for us. Pure.

The OAuth `error` decides; Entra's own numbers (AADSTS...) only sharpen the explanation, because
Microsoft may change them (Entra documentation, "Handling error codes in your application").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from domain.errors import AdminMustAct, AuthorizeAgain, OutsideError, RetryLater
from domain.refusal import Refusal
from sync.microsoft.meanings import LOOP, LOOP_SECONDS, Meaning, meaning_of

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    {
        "invalid_grant",
        "interaction_required",
        "consent_required",
        "login_required",
        "access_denied",
    }
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
