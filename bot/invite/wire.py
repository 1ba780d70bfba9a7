"""The room of inviting, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.invite.invitees import Invitees
from bot.invite.mailing import Invitations
from bot.invite.roster import Roster, RosterStore
from bot.invite.store import InvitationStore
from domain.link import is_external_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.wire import ChatRoom
    from domain.policy import Policy
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.redis.connection import Client
    from sync.redis.duties import Work


@dataclass(frozen=True, slots=True)
class InviteRoom:
    """Who has the app, whom to invite, and inviting them.

    `roster` has a duty only where people talk with us.
    """

    met: RosterStore
    invited: InvitationStore
    invitees: Invitees
    invitations: Invitations
    roster: Roster
    people: PeopleStore

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties in every process."""
        return (self.invitations.work,)

    async def is_external(self, object_id: str) -> bool:
        """Whether Microsoft said so of a person, when they connected or in Teams."""
        link = await self.people.link(object_id)
        told = link is not None and (link.external or is_external_name(link.addresses))
        return told or await self.met.is_external(object_id)


def wire(
    chat: ChatRoom,
    redis: Client,
    *,
    people: PeopleStore,
    directory: DirectoryStore,
    policy: Callable[[], Awaitable[Policy]],
    said_no: Callable[[Mapping[str, str | None]], Awaitable[set[str]]],
) -> InviteRoom:
    """Put it together; `policy` reads what holds now, `said_no` who chose *Not for me*."""
    met, invited = RosterStore(redis), InvitationStore(redis)
    invitees = Invitees(met, invited, people, directory, policy, said_no)
    invitations = Invitations(invited, invitees, met, chat.desk)
    roster = Roster(met, chat.sender, chat.desk)
    return InviteRoom(met, invited, invitees, invitations, roster, people)
