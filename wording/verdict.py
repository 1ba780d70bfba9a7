"""Why presence sync is on or off for somebody: one sentence for every reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.policy import Reason

if TYPE_CHECKING:
    from domain.policy import Verdict

_OFF_BECAUSE = {
    Reason.INTEGRATION_OFF: "the calendar and contacts integration is off",
    Reason.OTHER_SERVICE: "the default service is not Office 365",
    Reason.NOT_GRAPH: "it does not authorise with the Graph API",
    Reason.NO_PRESENCE_WRITE: "the Presence permission is not Write",
}


def sentence(verdict: Verdict) -> str:
    """The one sentence on a verdict that every reader shows."""
    if verdict.reason is Reason.PAUSED:
        return "You paused presence sync."
    level = "your organisation" if verdict.group is None else f"your group {verdict.group.name}"
    lock = "; locked by your admin" if verdict.locked else ""
    if verdict.on:
        return f"Presence sync is on for {level}{lock}."
    return f"Presence sync is off for {level}: {_OFF_BECAUSE[verdict.reason]}{lock}."
