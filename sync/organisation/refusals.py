"""Why the app gets no token of its own that may do something, told apart. Pure.

Entra's numbers stand in the details of errors (sync.microsoft.login_errors). Sources: Entra
documentation, "Microsoft Entra authentication and authorization error codes", and for 7000229 the
Teams SDK's "Authentication Troubleshooting".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import AdminMustAct
from domain.organisation import Answer, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.errors import OutsideError

_NUMBERS: Final = {
    **dict.fromkeys((7000112, 7000114), Why.DISABLED),
    **dict.fromkeys((7000215, 7000218, 7000222, 700024, 700027, 700030), Why.CREDENTIAL),
    **dict.fromkeys((90002, 900023, 700016, 90038, 900382, 5000224, 5000225), Why.TENANT),
    # The app has no enterprise application in the organisation: consent would make one.
    **dict.fromkeys((7000229, 65001, 700011), Why.NEVER),
}
_CODES: Final = {
    "blocked_by_policy": Why.BLOCKED,  # sync.microsoft.login_errors.Meaning
    "login_metadata": Why.TENANT,
    "token_tenant": Why.TENANT,
}
_NUMBER: Final = re.compile(r"AADSTS(\d+)")


def why_not(error: OutsideError) -> Why:
    """What an error of asking for a token means for the organisation's authorisation."""
    if not isinstance(error, AdminMustAct):
        return Why.UNREACHABLE
    found = _NUMBER.search(error.detail)
    known = _NUMBERS.get(int(found[1])) if found else None
    return known or _CODES.get(error.code, Why.REFUSED)


_NOT_ALLOWED: Final = frozenset({90008, 90093, 90094, 90095, 90099})
_ELSEWHERE: Final = frozenset({50020, 50034, 90072, 500208})
_DECLINED: Final = frozenset({"access_denied", "permission_denied", "consent_required"})


def refusal_of(answer: Mapping[str, str]) -> tuple[Answer, str]:
    """What an error means with which Microsoft's consent page sends back, and a word for the log.

    Anybody can write such an answer: it ends nothing.
    """
    word = answer.get("error", "")
    word = word if re.fullmatch("[a-z_]{1,40}", word) else "unknown"
    found = _NUMBER.search(answer.get("error_description", ""))
    number = int(found[1][:8]) if found else 0
    detail = f"{word} AADSTS{number}" if number else word
    if number in _NOT_ALLOWED:
        return Answer.NOT_ALLOWED, detail
    if number in _ELSEWHERE:
        return Answer.WRONG_TENANT, detail
    return (Answer.DECLINED if number == 65004 or word in _DECLINED else Answer.OTHER), detail
