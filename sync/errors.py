"""Failures of the outside world, named by who must act.

    OutsideError
    ├── RetryLater        nobody: try again after `after` seconds
    │   └── TenantPaused  nobody: Microsoft asked the whole tenant to wait
    ├── AuthorizeAgain    the person: their Microsoft authorisation no longer works
    ├── AdminMustAct      an admin or operator: consent, credentials, policy
    ├── PersonGone        nobody: the account does not exist any more
    └── Refused           us: the other side says our request is wrong

Bugs stay bugs: anything else is not caught.
"""

from __future__ import annotations


class OutsideError(Exception):
    """Root of the tree. `code` is a short fixed word for logs and cards; it never holds secrets."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class RetryLater(OutsideError):
    """Temporary. `after` is the number of seconds the other side asked for, or None."""

    def __init__(self, code: str, detail: str = "", *, after: float | None = None) -> None:
        super().__init__(code, detail)
        self.after = after


class TenantPaused(RetryLater):
    """Graph answered 429: everyone in the tenant waits."""


class AuthorizeAgain(OutsideError):
    """The person must sign in again (revoked, expired, consent withdrawn)."""


class AdminMustAct(OutsideError):
    """Only an admin or operator can mend this."""


class PersonGone(OutsideError):
    """The person's account does not exist any more, or is not a Teams user."""


class Refused(OutsideError):
    """The other side says that our request is wrong; repeating it is useless."""
