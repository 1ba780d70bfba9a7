"""Why the app gets no token of its own that may do something, told apart. Pure.

Entra's numbers stand in the details of errors (sync.microsoft.login_errors). Sources: Entra
documentation, "Microsoft Entra authentication and authorization error codes", and for 7000229 the
Teams SDK's "Authentication Troubleshooting".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import AdminMustAct
from domain.organisation import Why

if TYPE_CHECKING:
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
