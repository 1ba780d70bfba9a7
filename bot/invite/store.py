"""Invitations in Redis: who was invited, and mailings under way.

A mailing takes its people one by one out of a set, and only then writes to them: whoever dies in
between leaves somebody uninvited, and nobody is ever invited twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog

from bot.teams.activity import ConversationReference  # noqa: TC001 - rows are read by their types
from sync.redis import keys
from sync.redis.batches import chunks
from sync.redis.jobs import Jobs
from sync.redis.leases import Lease
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.redis.connection import Client

log = structlog.get_logger()

KIND = "invitations"
NOTICE = "invited"
TAKEN_MS = 30_000
"""Longer than one message may take."""
BATCH = 500

Counted = Literal["invited", "skipped"]


@dataclass(frozen=True, slots=True)
class MailingCard:
    """Where the admin's card is, and in whose name people are invited.

    `mri` is the admin's id in the channel, `admin` their object id (empty: not known).
    """

    where: ConversationReference
    card_id: str
    inviter: str
    mri: str = ""
    admin: str = ""


@dataclass(frozen=True, slots=True)
class Mailing:
    """What an admin started by pressing "Invite".

    `group_id` is the Zoom group whose members are invited, empty for everyone. `total` people
    are in it.
    """

    card: MailingCard
    group_id: str
    total: int

    @property
    def mailing_id(self) -> str:
        """The id of the card that shows it."""
        return self.card.card_id


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a mailing so far, in people.

    `skipped`: nothing had to be sent any more. `unreachable` is everybody else who was taken out,
    and so includes who was in hand when a process died.
    """

    left: int = 0
    invited: int = 0
    unreachable: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A mailing as stored; `end`: what came of it, once it has ended."""

    mailing: Mailing
    end: Tally | None


class InvitationStore:
    """A mailing lives until it is finished, at most a day; so does the hold on its people."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jobs = Jobs(client, KIND, Rows(_Row))

    # -- never twice ---------------------------------------------------------------------------

    async def uninvited(self, people: Sequence[str]) -> list[str]:
        """Those of these people who were not invited, and are in no mailing."""
        return await self._without([keys.notice(oid, NOTICE) for oid in people], people)

    async def leave(self, object_id: str) -> None:
        """They disconnect on purpose: from now on nobody invites them."""
        await self._client.set(keys.left(object_id), "1", ex=keys.INVITED_TTL)

    async def come_back(self, object_id: str) -> None:
        """They have connected: if their link ends by itself later, they may be invited."""
        await self._client.delete(keys.left(object_id))

    async def not_left(self, people: Sequence[str]) -> list[str]:
        """Those of these people who did not disconnect on purpose."""
        return await self._without([keys.left(oid) for oid in people], people)

    async def _without(self, marks: Sequence[str], people: Sequence[str]) -> list[str]:
        """Those of these people who have no mark."""
        pipe = self._client.pipeline(transaction=False)
        for mark in marks:
            pipe.exists(mark)
        rows = await pipe.execute()
        return [oid for oid, known in zip(people, rows, strict=True) if not known]

    async def hold(self, mailing_id: str, people: Sequence[str]) -> list[str]:
        """Reserve people for a mailing; returns those whom no other one has or had."""
        held: list[str] = []
        for batch in chunks(people, BATCH):
            pipe = self._client.pipeline(transaction=False)
            for oid in batch:
                pipe.set(keys.notice(oid, NOTICE), mailing_id, nx=True, ex=keys.JOB_TTL)
            held += [oid for oid, taken in zip(batch, await pipe.execute(), strict=True) if taken]
        return held

    async def count_as_invited(self, mailing: Mailing, object_id: str) -> bool:
        """Whether this mailing may write to them now; from here on they count as invited."""
        key = keys.notice(object_id, NOTICE)
        if await self._client.set(key, mailing.mailing_id, nx=True, ex=keys.INVITED_TTL):
            return True
        if await self._client.get(key) != mailing.mailing_id:
            return False
        return bool(await self._client.expire(key, keys.INVITED_TTL))

    async def let_go(self, mailing: Mailing, object_id: str) -> None:
        """Nothing was sent to them: another mailing may invite them."""
        key = keys.notice(object_id, NOTICE)
        if await self._client.get(key) == mailing.mailing_id:
            await self._client.delete(key)

    # -- mailings ------------------------------------------------------------------------------

    async def begin(self, mailing: Mailing, people: Sequence[str]) -> None:
        """Start a mailing for people whom it holds."""
        tally = keys.job_tally(KIND, mailing.mailing_id)
        await self._client.delete(tally)
        await self._jobs.add(mailing.mailing_id, _Row(mailing, None), people)

    async def unfinished(self) -> list[Mailing]:
        """Every mailing under way."""
        found = []
        for mailing_id in await self._jobs.under_way():
            known = await self._jobs.read(mailing_id)
            if known is not None and known.end is not None:  # its process died in between
                await self._jobs.finish(mailing_id, keep_row=True)
            elif known is not None:
                found.append(known.mailing)
            elif await self._jobs.finish(mailing_id):
                log.error("mailing_lost", mailing=mailing_id)
        return found

    async def progress(self) -> list[tuple[Mailing, Tally]]:
        """Every mailing under way, and what came of it so far. Changes nothing."""
        known = [await self.look_up(mailing_id) for mailing_id in await self._jobs.under_way()]
        return [mailing for mailing in known if mailing is not None]

    def lease(self) -> Lease:
        """Held by the process that sends invitations, of all mailings."""
        return Lease(self._client, keys.INVITATIONS_LEASE, TAKEN_MS)

    async def next(self, mailing: Mailing) -> str | None:
        """Take out the next person; None: nobody is left."""
        return await self._jobs.pop(mailing.mailing_id)

    async def put_aside(self, mailing: Mailing, object_id: str) -> None:
        """Certainly nothing was sent to them: they are tried again in the next round."""
        key = keys.job_again(KIND, mailing.mailing_id)
        await self._client.expire(keys.notice(object_id, NOTICE), keys.JOB_TTL)
        await self._client.sadd(key, object_id)
        await self._client.expire(key, keys.JOB_TTL)

    async def next_round(self, mailing: Mailing, at_most: int) -> bool:
        """Put those who were put aside back among those left, in at most so many rounds."""
        again, tally, left = (
            of(KIND, mailing.mailing_id) for of in (keys.job_again, keys.job_tally, keys.job_left)
        )
        rounds = await self._client.hincrby(tally, "rounds", 1)
        await self._client.expire(tally, keys.JOB_TTL)
        # In one step: who is in both could be written to twice.
        return rounds < at_most and bool(await self._client.renamenx(again, left))

    async def take_aside(self, mailing: Mailing) -> str | None:
        """Take out one of those who were put aside; None: nobody was."""
        oid = await self._client.spop(keys.job_again(KIND, mailing.mailing_id))
        return None if oid is None else str(oid)

    async def aside(self, mailing: Mailing) -> int:
        """How many were put aside."""
        return int(await self._client.scard(keys.job_again(KIND, mailing.mailing_id)))

    async def add_up(self, mailing: Mailing, outcome: Counted) -> None:
        """Count a person who was taken out."""
        tally = keys.job_tally(KIND, mailing.mailing_id)
        await self._client.hincrby(tally, outcome, 1)
        await self._client.expire(tally, keys.JOB_TTL)

    async def tally(self, mailing: Mailing) -> Tally:
        """What came of it so far."""
        left = await self._jobs.count(mailing.mailing_id) + await self.aside(mailing)
        row = await self._client.hgetall(keys.job_tally(KIND, mailing.mailing_id))
        invited, skipped = int(row.get("invited", 0)), int(row.get("skipped", 0))
        unreachable = max(0, mailing.total - left - invited - skipped)
        return Tally(left, invited, unreachable, skipped)

    async def finish(self, mailing: Mailing, tally: Tally) -> None:
        """Nobody is left. What came of it can be read for ten minutes."""
        row, ttl = _Row(mailing, tally), keys.MAILING_SHOWN_TTL
        await self._jobs.write(mailing.mailing_id, row, ttl=ttl)
        await self._jobs.finish(mailing.mailing_id, keep_row=True)

    async def look_up(self, mailing_id: str) -> tuple[Mailing, Tally] | None:
        """A mailing that is under way or has just ended, and what came of it so far."""
        known = await self._jobs.read(mailing_id)
        if known is None:
            return None
        return known.mailing, known.end or await self.tally(known.mailing)
