"""How long what Zoom said is believed: Rule 6 of domain.plan. Pure."""

from __future__ import annotations

from domain.clock import HOUR, MINUTE
from domain.presence import ZoomPresence

_FRESH_MS = {ZoomPresence.PRESENTING: 30 * MINUTE}
_GIVE_UP_MS = dict.fromkeys(
    (ZoomPresence.PRESENTING, ZoomPresence.IN_MEETING, ZoomPresence.ON_PHONE_CALL), 4 * HOUR
)


def fresh_for_ms(presence: ZoomPresence) -> int:
    """How long a state is believed before Zoom is asked again (Rule 6)."""
    return _FRESH_MS.get(presence, HOUR)


def give_up_after_ms(presence: ZoomPresence) -> int:
    """How long a state is believed at most when Zoom can't be asked (Rule 6)."""
    return _GIVE_UP_MS.get(presence, 12 * HOUR)
