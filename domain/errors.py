"""Failures of the outside world, named by who must act.

    OutsideError
    ├── RetryLater        nobody: try again after `after` seconds
    │   └── TenantPaused  nobody: Microsoft asked the whole tenant to wait
    ├── AuthorizeAgain    the person: their Microsoft authorisation no longer works
    ├── AdminMustAct      an admin or operator: consent, credentials, policy
    │   └── NotAllowed    an admin: Microsoft does not allow it for this one person
    ├── PersonGone        nobody: the account does not exist any more
    └── Refused           us: the other side says our request is wrong

Bugs stay bugs: anything else is not caught, `NotWired` included.
"""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """What ails a connected person. Values are stored, and are the labels of the metric."""

    AUTHORIZE = "authorize"  # they must connect again
    FORBIDDEN = "forbidden"  # Microsoft does not allow it for them
    GONE = "gone"  # Microsoft does not know them (any more)
    REFUSED = "refused"  # Microsoft refuses what it is told
    FAILING = "failing"  # too many failures in a row, while it works for others
    LATER = "later"  # a failure that is tried again by itself
    ADMIN = "admin"  # an admin or operator must act; tried again by itself
    AGAIN = "again"  # it was AUTHORIZE, and an admin wants to know whether it works by now

    @property
    def parks(self) -> bool:
        """Whether nothing is tried until an event, an admin or the person revives it."""
        return self not in {Trouble.LATER, Trouble.ADMIN, Trouble.AGAIN}


class OutsideError(Exception):
    """Root of the tree. `code` is a short fixed word for logs and cards; it never holds secrets.

    Of a kind: `trouble` is what ails a person if it does not end by itself (LATER: it may), and
    `outcome` what it is counted as.
    """

    trouble = Trouble.LATER
    outcome = "refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class RetryLater(OutsideError):
    """Temporary. `after` is the number of seconds the other side asked for, or None."""

    outcome = "retry"

    def __init__(self, code: str, detail: str = "", *, after: float | None = None) -> None:
        super().__init__(code, detail)
        self.after = after


class TenantPaused(RetryLater):
    """Graph answered 429: everyone in the tenant waits."""

    outcome = "throttled"


class AuthorizeAgain(OutsideError):
    """The person must sign in again (revoked, expired, consent withdrawn)."""

    trouble = Trouble.AUTHORIZE
    outcome = "reauthorize"


class AdminMustAct(OutsideError):
    """Only an admin or operator can mend this."""

    trouble = Trouble.ADMIN
    outcome = "admin"


class NotAllowed(AdminMustAct):
    """Microsoft forbids it with an authorisation that works (licence, policy): no sign-in helps."""

    trouble = Trouble.FORBIDDEN
    outcome = "forbidden"


class PersonGone(OutsideError):
    """The person's account does not exist any more, or is not a Teams user."""

    trouble = Trouble.GONE
    outcome = "gone"


class Refused(OutsideError):
    """The other side says that our request is wrong; repeating it is useless."""

    trouble = Trouble.REFUSED


class NotWired(Exception):
    """Something is declared that nothing does, or twice: a mistake of ours, found at the start."""
