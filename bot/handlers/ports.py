"""What handlers need of the rooms below; tests put something in memory in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from bot.sign_in.attempt import Attempt
    from domain.directory import DirectoryHealth
    from domain.explanation import Admission, Explanation
    from domain.link import Ending, Link
    from domain.look_ups import LookUps as OfSomebody
    from domain.person import PersonState
    from domain.policy import Personal, Policy, Verdict
    from domain.policy_edits import Edit
    from domain.roles import Role
    from sync.directory.store import DirectoryView
    from sync.engine.engine import Chosen
    from sync.engine.patience import Patience
    from sync.engine.people import Parked
    from sync.settings.audit import Actor
    from sync.settings.changes import Done, Preview
    from sync.settings.rollout import Rollout
    from sync.settings.store import Conflict


class SignInLinks(Protocol):
    """Where links to sign in come from (bot.sign_in.flow)."""

    async def new_ticket(self, attempt: Attempt) -> str:
        """Make a link for this attempt: the address of its start page."""

    async def end(self, object_id: str) -> bool:
        """End the person's attempt, also while they are at Microsoft. False: there was none."""


class Engine(Protocol):
    """Connected people, by object id (sync.engine.engine). None: they are not connected."""

    async def now_ms(self) -> int:
        """The clock that all processes share (epoch ms)."""

    async def link_of(self, object_id: str) -> tuple[Link, PersonState] | None:
        """Their link, and what is known of them."""

    async def is_connected(self, object_id: str) -> bool:
        """Whether there is a link (one that is being ended does not count)."""

    async def verdict_of(self, object_id: str) -> Verdict | None:
        """What policy says of them now."""

    def verdict_without_link(self, group_ids: Collection[str]) -> Verdict:
        """What policy says of a member of these Zoom groups who has not connected."""

    async def admit(self, object_id: str) -> Admission | None:
        """`link_of`, counted: whether they may still cost requests to Microsoft."""

    async def explain(self, object_id: str, patience: Patience | None = None) -> Explanation | None:
        """Everything about them, with a look at Microsoft."""

    async def test(self, object_id: str) -> Explanation | None:
        """Tell Microsoft "In a call" for some minutes and read back."""

    async def choose(
        self,
        object_id: str,
        personal: Personal,
        patience: Patience | None = None,
        *,
        not_before_ms: int | None = None,
    ) -> Chosen | None:
        """Keep what they decide for themselves, in effect from a time on (None: now)."""

    async def disconnect(self, object_id: str) -> Ending | None:
        """Clear what we wrote and forget them."""

    async def leaving(self, object_id: str) -> Ending | None:
        """How it stands with somebody who left and could not be cleared yet; None: nobody."""

    async def may_look_up(self, object_id: str, *, everybody: bool = False) -> bool:
        """Whether an admin may ask about, or try, one more person (or all) now; counts it."""

    async def revive(self, object_id: str) -> bool:
        """Try anew for somebody who was given up. False: not connected, or they must act."""

    async def reconcile_now(self, object_id: str) -> PersonState | None:
        """Reconcile them without waiting for a worker. Raises Busy when one has them for long."""


class LookUps(Protocol):
    """How often connected people were looked up (sync.engine.look_ups). Times are epoch ms."""

    async def count(self, object_id: str, role: Role, now_ms: int) -> bool:
        """Somebody is shown to a person of this role. False: it is not counted (yet)."""

    async def counted(self, object_id: str, *, connected_ms: int, now_ms: int) -> OfSomebody | None:
        """How often they were; None: it is not counted yet."""


class People(Protocol):
    """Connected people, many at a time (sync.engine.people)."""

    async def owner_of(self, *, address: str | None, zoom_id: str | None) -> str | None:
        """The object id of whoever has this Zoom id or folded address."""

    def parked(self) -> AsyncIterator[Parked]:
        """Everybody for whom nothing is tried any more."""

    async def rows(self, people: Sequence[str], *names: str) -> list[PersonState]:
        """What `names` say of these; who is not connected is left out."""


class Policies(Protocol):
    """What admins decided, and changing it (sync.settings.changes)."""

    async def policy(self) -> Policy:
        """What holds now."""

    async def preview(self, edit: Edit) -> Preview:
        """Whom an edit would touch now. Raises GroupInherits."""

    async def make(
        self,
        edit: Edit,
        *,
        expected: int,
        by: Actor,
        show: Callable[[Preview], str],
        reason: str = "",
    ) -> Done | Conflict:
        """Save an edit of the version `expected`, and carry it out. Raises GroupInherits.

        `show` makes what its progress card needs. `reason` is why (domain.reason).
        """

    async def under_way(self, rollout_id: str) -> tuple[Rollout, int] | None:
        """What is being carried out, and for how many it is left to do; None: it is done."""

    def connected(self) -> AsyncIterator[list[PersonState]]:
        """Every connected person, in batches: who they are, their session, what ails them."""


class ZoomDirectory(Protocol):
    """Zoom's people and groups, mirrored (sync.directory.store)."""

    async def view(self) -> DirectoryView | None:
        """The newest reading; None before the first."""

    async def health(self) -> DirectoryHealth:
        """How the mirror is doing."""
