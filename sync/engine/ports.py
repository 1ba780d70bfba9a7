"""What the engine needs from the world: Microsoft, Zoom, the settings, the chat, the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from domain.person import Accepted, PersonState
    from domain.policy import Policy
    from domain.presence import Pair, Shown, ZoomPresence


@dataclass(frozen=True, slots=True)
class Profile:
    """Who a Microsoft person is (Graph `/me`). `external`: not of the organisation itself."""

    object_id: str
    name: str
    upn: str
    mail: str | None
    external: bool = False


@dataclass(frozen=True, slots=True)
class ZoomUser:
    """Who a Zoom person is."""

    zoom_id: str
    email: str


class PresenceApi(Protocol):
    """Microsoft Graph's presence of one person. Every call raises the errors of domain.errors."""

    async def set_session(
        self, token: str, object_id: str, pair: Pair, minutes: int, app: str = ""
    ) -> None:
        """Hold a session for `minutes` (5 to 240).

        `app`: the client id of who has the token; "": of who signs people in.
        """

    async def clear_session(self, token: str, object_id: str, app: str = "") -> None:
        """End our session; nothing to end is success."""

    async def set_preferred(self, token: str, object_id: str, pair: Pair, minutes: int) -> None:
        """Set the status that otherwise the person sets by hand, for `minutes`."""

    async def clear_preferred(self, token: str, object_id: str) -> None:
        """Take it back."""

    async def look(self, token: str, object_id: str) -> Shown:
        """Read what Microsoft shows."""


class TokenSource(Protocol):
    """Access tokens with which Microsoft is told of connected people."""

    @property
    def app(self) -> str:
        """The client id of who has the organisation's token; "": of who signs people in."""

    async def token_for(self, state: PersonState, app: str | None = None) -> str:
        """A token valid for some minutes. Raises AuthorizeAgain, RetryLater, AdminMustAct.

        `app`: one of this registration, to end what it holds of them.
        """

    def refused(self, state: PersonState, app: str | None = None) -> None:
        """Graph refused the token: the next call fetches another."""

    def forget(self, object_id: str) -> None:
        """Drop what is in memory."""


class ZoomLookup(Protocol):
    """Zoom's API, as far as one person is concerned."""

    async def presence_of(self, user: str) -> ZoomPresence | None:
        """The presence of a user (id or e-mail); None: a state we don't know.

        Raises PersonGone, RetryLater, AdminMustAct.
        """

    async def find_user(self, email: str) -> ZoomUser | None:
        """The user with this address (or id), or None. Raises RetryLater, AdminMustAct."""


class PolicySource(Protocol):
    """What admins decided, as this process knows it."""

    def current(self) -> Policy:
        """The newest known policy, from memory."""

    async def at_least(self, version: int) -> Policy:
        """A policy that is not older than `version`; it is read anew where needed."""


class People(Protocol):
    """Notifying people, without a request of theirs."""

    async def first_meeting(self, object_id: str, presence: ZoomPresence, told: Accepted) -> None:
        """Notify once that Microsoft now shows their meetings. Must not raise for the chat."""


class Meter(Protocol):
    """Counting what happens. Outcomes are closed sets, listed where they are counted."""

    def event(self, outcome: str) -> None:
        """One webhook event."""

    def write(self, kind: str, outcome: str, seconds: float) -> None:
        """One request to Graph."""

    def event_to_write(self, seconds: float) -> None:
        """From an event's arrival to Microsoft's acknowledgement."""

    def lookup(self, outcome: str) -> None:
        """One question to Zoom about somebody's presence."""

    def breaker(self, *, is_open: bool) -> None:
        """Microsoft began to fail for many at once, or works again."""

    def reconnect(self, outcome: str) -> None:
        """Somebody must connect again: what became of notifying them."""
