"""What the history of the settings tells: the kinds of its entries. Pure."""

from __future__ import annotations

from typing import Final

CHANGE: Final = "change"
LOOK_UP: Final = "look-up"
INVITE: Final = "invite"
INFORM: Final = "inform"
REVIVE: Final = "revive"
MATCH: Final = "match"
EXCLUDE: Final = "exclude"
INCLUDE: Final = "include"
AUTHORISE: Final = "authorise"
"""About the organisation's authorisation, not about who authorises at a level: that is a change."""
UNREADABLE: Final = "unreadable"
"""The entry is damaged; its place is still shown."""
