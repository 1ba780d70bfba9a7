"""Whether presence is synchronised for a person, and why. Pure.

The account holds the form of Zoom's article: the calendar and contacts integration is on, the
default service is Office 365, it authorises with the Graph API, and the Presence permission is
Write. Presence is synchronised exactly when all four hold; nothing else turns it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """Default calendar and contact service."""

    GOOGLE = "google"
    EXCHANGE = "exchange"
    OFFICE_365 = "office365"


class AuthorizeWith(StrEnum):
    """How Office 365 is authorised."""

    EWS = "ews"
    GRAPH_API = "graph"


@dataclass(frozen=True, slots=True)
class Form:
    """The article's form, as the account holds it."""

    integration: bool
    service: Service = Service.OFFICE_365
    authorize_with: AuthorizeWith = AuthorizeWith.GRAPH_API
    presence_write: bool = True

    def stopped_by(self) -> Reason | None:
        """Return the first field that keeps presence off, in the form's own order; None: on."""
        if not self.integration:
            return Reason.INTEGRATION_OFF
        if self.service is not Service.OFFICE_365:
            return Reason.OTHER_SERVICE
        if self.authorize_with is not AuthorizeWith.GRAPH_API:
            return Reason.NOT_GRAPH
        if not self.presence_write:
            return Reason.NO_PRESENCE_WRITE
        return None


class Reason(StrEnum):
    """Why the verdict is what it is."""

    ON = "on"
    INTEGRATION_OFF = "integration_off"
    OTHER_SERVICE = "other_service"
    NOT_GRAPH = "not_graph"
    NO_PRESENCE_WRITE = "no_presence_write"


@dataclass(frozen=True, slots=True)
class Verdict:
    """On or off for one person, with exactly one reason."""

    on: bool
    reason: Reason


_SENTENCES = {
    Reason.ON: "Presence sync is on for everyone in your organisation.",
    Reason.INTEGRATION_OFF: "Your admin has switched presence sync off for the organisation.",
    Reason.OTHER_SERVICE: "Presence sync is off: your organisation's service is not Office 365.",
    Reason.NOT_GRAPH: "Presence sync is off: your organisation does not use the Graph API.",
    Reason.NO_PRESENCE_WRITE: "Presence sync is off: the Presence permission is not set to Write.",
}


def sentence(reason: Reason) -> str:
    """Return the one sentence that `status` and every other reader shows for a reason."""
    return _SENTENCES[reason]


def resolve(account: Form) -> Verdict:
    """Decide for a person of this account."""
    stopped = account.stopped_by()
    return Verdict(True, Reason.ON) if stopped is None else Verdict(False, stopped)
