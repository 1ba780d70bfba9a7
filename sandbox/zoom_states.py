"""Zoom's presence states and their spellings, which differ between webhooks and the REST API."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ZoomPresence(StrEnum):
    """A presence as webhooks spell it (`user.presence_status_updated`)."""

    AVAILABLE = "Available"
    IN_MEETING = "In_Meeting"
    PRESENTING = "Presenting"
    ON_PHONE_CALL = "On_Phone_Call"
    DO_NOT_DISTURB = "Do_Not_Disturb"
    BUSY = "Busy"
    AWAY = "Away"
    IN_CALENDAR_EVENT = "In_Calendar_Event"
    OUT_OF_OFFICE = "Out_of_Office"
    MOBILE_ONLY = "Mobile_signed_in"
    OFFLINE = "Offline"


LABELS: Final = {
    ZoomPresence.AVAILABLE: "Available",
    ZoomPresence.IN_MEETING: "In meeting",
    ZoomPresence.PRESENTING: "Presenting",
    ZoomPresence.ON_PHONE_CALL: "On phone call",
    ZoomPresence.DO_NOT_DISTURB: "Do not disturb",
    ZoomPresence.BUSY: "Busy",
    ZoomPresence.AWAY: "Away",
    ZoomPresence.IN_CALENDAR_EVENT: "In calendar event",
    ZoomPresence.OUT_OF_OFFICE: "Out of office",
    ZoomPresence.MOBILE_ONLY: "Mobile only",
    ZoomPresence.OFFLINE: "Offline",
}
"""The words Zoom's own client uses."""

_REST: Final = {
    ZoomPresence.IN_MEETING: "In_A_Zoom_Meeting",
    ZoomPresence.ON_PHONE_CALL: "On_A_Call",
}


def rest_spelling(presence: ZoomPresence) -> str:
    """The `status` that GET /users/{id}/presence_status answers with."""
    return _REST.get(presence, presence.value)
