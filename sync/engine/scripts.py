"""Scripts of the engine: the queue, links, the index, the quota."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from domain.budget import Limits
from domain.clock import MINUTE
from domain.coverage import OWN_KEPT_MS
from domain.errors import Trouble
from domain.look_ups import DAYS
from domain.plan import AHEAD_LIMIT_MS, EXPIRY_MIN
from domain.policy import AuthorisedBy
from domain.presence import CAN_COME_FROM_MICROSOFT, IN_A_CALL, SESSION_PAIRS
from domain.step import INTO_SILENCE, OVERTAKES_MS, Lane
from sync.engine.person_row import HELD_FIELDS
from sync.redis import channels, keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, Head, script


class Shard(NamedTuple):
    """What the queue keeps of a shard, beside its people: `lanes` by urgency.

    `watched`: of whom Microsoft is asked what it shows (sync.readback).
    """

    lanes: tuple[Key, Key, Key, Key]
    parked: Key
    woken: Key
    watched: Key


QUEUE = Head(
    Path(__file__).parent / "lua" / "_queue.lua",
    after=CLOCK,
    reads=Shard,
    constants={
        "URGENT": Lane.URGENT,
        "CHANGE": Lane.CHANGE,
        "FADE": Lane.FADE,
        "WAKE": channels.WAKE,
        "WOKEN_MS": keys.WOKEN_MS,
        "LONGEST_SESSION_MS": EXPIRY_MIN * MINUTE,
        "IN_A_CALL": str(IN_A_CALL),
        "LOOK_UP_DAYS": DAYS,
    },
)
"""How a person is leased, demanded, placed in a lane. `prefix`: how the keys of a shard's people
begin; `member`: the object id."""

# -- the queue (sync.engine.queue) -----------------------------------------------------------------


@script(
    head=QUEUE,
    constants={
        "AHEAD_LIMIT_MS": AHEAD_LIMIT_MS,
        "AUTHORIZE": Trouble.AUTHORIZE.value,
        "INTERRUPTING": frozenset(str(pair) for pair in SESSION_PAIRS if pair.interrupts),
        "SILENT": frozenset(str(pair) for pair in SESSION_PAIRS if pair.silences),
        "SILENCES": frozenset(presence.value for presence in INTO_SILENCE),
        "OVERTAKES_MS": OVERTAKES_MS,
        "ECHOES": frozenset(presence.value for presence in CAN_COME_FROM_MICROSOFT),
    },
)
def offer(
    *,
    person: Key,
    shard: Shard,
    member: str,
    presence: str,
    at_ms: int,
    interrupts: bool,
    zoom_id: str,
    address: str,
    token: str,
    lease_ms: int,
) -> list[Any]:
    """PeopleQueue.offer_and_take: returns outcome and now.

    Where it was accepted also what ended (`state:ms`; "" nothing, or not known since when), and the
    row if the person was taken.
    """


@script(head=QUEUE)
def demand(
    *, person: Key, shard: Shard, member: str, lane: int, changes: Mapping[str, str | int]
) -> bool:
    """Set fields ("" deletes) and plan the person anew. False: there is no such person."""


@script(head=QUEUE)
def claim(
    *,
    prefix: Key,
    shard: Shard,
    token: str,
    lease_ms: int,
    at_most: int,
    first: int,
    last: int,
) -> list[Any]:
    """Take who is due in the lanes from `first` to `last`.

    Returns now, when the next falls due (-1 nobody), how many are still due in each lane (4), and
    of each who was taken [member, lane, when they were due, row].
    """


@script(head=QUEUE)
def claim_one(*, person: Key, shard: Shard, member: str, token: str, lease_ms: int) -> list[Any]:
    """Take one person. Returns now and the row; now alone where somebody else has them; nothing."""


@script(head=QUEUE)
def let_go(*, prefix: Key, shard: Shard, token: str, lease_ms: int) -> int:
    """Give back the people claimed with a token whose answer never arrived; how many."""


@script(head=QUEUE)
def renew(*, person: Key, shard: Shard, member: str, token: str, lease_ms: int) -> bool:
    """Prolong a lease. False: it was lost."""


@script()
def record(*, person: Key, token: str, changes: Mapping[str, str | int]) -> bool:
    """Keep what was learned ("" deletes). False: the lease was lost, and nothing is changed."""


@script(head=QUEUE, constants={"HELD_FIELDS": HELD_FIELDS})
def ack(*, prefix: Key, shard: Shard, acks: str) -> list[int]:
    """End leases. `acks` is JSON, because they are many.

    Of each [member, token, version and generation that were planned, lane, due ("" none), {field:
    value ("" deletes)}, when to look at them ("" not at all; left out: as it is), 1 where they are
    to be planned anew then in any case]. Failures of an earlier link say nothing about the one that
    replaced it: then only what is known of our session is kept. Returns for each 1; 2 when
    something changed meanwhile and the person is due again at once; 0 when the lease was lost.
    """


# -- links (sync.engine.link_store) ----------------------------------------------------------------


@script(head=QUEUE, constants={"AUTHORIZE": Trouble.AUTHORIZE.value, "OWN_KEPT_MS": OWN_KEPT_MS})
def connect(
    *,
    person: Key,
    shard: Shard,
    everybody: Key,
    link: Key,
    tokens: Key,
    live: Key,
    opt_out: Key,
    member: str,
    text: str,
    sealed: str,
    by: str | None,
    hands_over: bool,
    presence: str | None,
    at_ms: int,
    zoom_id: str,
    groups: str,
    attempt: str | None,
    addresses: str,
) -> list[Any]:
    """Make a link (`text`), in place of an earlier one; what we hold at Microsoft stays known.

    `by`: an AuthorisedBy, where it is not the person; then nothing is `sealed`, and no link is made
    of somebody who has said *Not for me*. `hands_over`: see LinkRows. `groups` are separated by
    commas, `addresses` each between line ends. Returns the generation (0: `attempt` is not live, or
    they opted out) and the link that was there.
    """


@script(head=QUEUE, constants={"ORGANISATION": AuthorisedBy.ORGANISATION.value})
def own_carry_on(
    *, person: Key, shard: Shard, tokens: Key, opt_out: Key, member: str, by_ms: int | None
) -> bool:
    """Have somebody's own authorisation, kept beside the organisation's, count again.

    False: there is none (any more), they said *Not for me*, or connected after `by_ms`.
    """


@script(
    head=QUEUE,
    constants={"ERASED": channels.ERASED, "ORGANISATION": AuthorisedBy.ORGANISATION.value},
)
def own_erase(*, person: Key, shard: Shard, tokens: Key, at_once: bool) -> bool:
    """Erase an authorisation of somebody's own that is kept beside the organisation's.

    False: none is, or (unless `at_once`) not for long enough.
    """


@script()
def relink(
    *, person: Key, link: Key, generation: int, text: str, zoom_id: str, addresses: str
) -> list[Any]:
    """Keep what is known anew. Returns 1 and the link that was there; 0: it has ended."""


@script(head=QUEUE)
def leave(*, person: Key, shard: Shard, member: str, by_ms: int | None) -> int:
    """Have somebody forgotten, if they connected by a time. Returns a link_store.Left."""


@script(head=QUEUE, constants={"ERASED": channels.ERASED})
def erase(
    *,
    person: Key,
    shard: Shard,
    everybody: Key,
    link: Key,
    tokens: Key,
    look_ups: Key,
    member: str,
    generation: int,
    gone_ms: int | None,
) -> bool:
    """Forget a person, unless they connected anew, or their app (gone since then) is back."""


@script(
    head=QUEUE,
    constants={
        "ERASED": channels.ERASED,
        "NEEDED": HELD_FIELDS
        | {"gen", "ver", "need", "pol", "tries", "trouble", "trouble_at", "code", "wait"}
        | {"leaving", "gone", "lane", "lease", "lease_end", "by"},
    },
)
def retire(
    *, person: Key, shard: Shard, link: Key, tokens: Key, look_ups: Key, token: str
) -> int | None:
    """Erase what clearing does not need of somebody who leaves while Microsoft can't be told.

    Their tokens end when what Microsoft may hold of us has ended by itself: returns when (ms), or
    None when nobody leaves (any more). `token`: the caller's lease.
    """


@script()
def look_up_count(*, person: Key, look_ups: Key, day: int, role: str, ttl_ms: int) -> bool:
    """Count a look-up of somebody connected; False: they are not, or about to leave.

    The counts of the day end after `ttl_ms`.
    """


@script()
def look_ups_read(*, look_ups: Key, first: int, last: int) -> list[str]:
    """The counts of the days from first to last: day, role, times; day, role, times; and so on."""


@script()
def save_tokens(*, person: Key, tokens: Key, generation: int, sealed: str) -> bool:
    """Save tokens. False when the link was replaced or removed: they must not bring it back."""


@script(constants={"ADMITTED_TTL": keys.ADMITTED_TTL})
def admit(*, person: Key, link: Key, counter: Key, counts: bool) -> list[Any]:
    """Read somebody, whose chat wants something where it `counts`.

    Returns link, row, and how often it did (0: it does not count, or there is no link).
    """


# -- the index (sync.engine.zoom_index) ------------------------------------------------------------

CLAIM_S: Final = 60
"""Seconds. Longer than any connecting takes from its first claim to its last settled key."""


@script()
def index_owner(*, index: Key) -> list[Any]:
    """Returns the object id ("" nobody) and the TTL (s; -1 none)."""


@script(constants={"INDEX_TTL": keys.INDEX_TTL, "CLAIM_S": CLAIM_S})
def index_claim(*, index: Key, member: str, mark: str) -> list[Any]:
    """Somebody is about to have it; that ends by itself if nothing comes of it.

    Returns "" when it is theirs now; the owner, who is looked at now under our mark; the owner and
    1 when that is just changing.
    """


@script(constants={"INDEX_TTL": keys.INDEX_TTL})
def index_take(*, index: Key, owner: str, member: str, mark: str) -> bool:
    """Take what its owner has no right to any more. False: it has changed since it was marked."""


@script()
def index_settle(*, index: Key, member: str) -> bool:
    """The link is made: it is theirs. False: it was lost meanwhile, because the claim was old."""


Mark = Literal["kept", "doubted", "dropped"]


@script(constants={"INDEX_TTL": keys.INDEX_TTL})
def index_mark(*, index: Key, member: str, mark: Mark) -> int:
    """It is theirs after all; or soon not any more; or not, if it was doubted and still is.

    Somebody else's stays as it is.
    """


# -- what waits for proof (sync.engine.identity) ---------------------------------------------------


@script(constants={"JOB_TTL": keys.JOB_TTL})
def unproven_add(*, rows: Key, member: str, row: str, at_ms: int) -> bool:
    """Keep a row (JSON, with its time as `at_ms`), unless there is a newer one."""


@script()
def unproven_settle(*, rows: Key, member: str, row: str) -> bool:
    """It is done. A newer one stays."""


# -- the quota (sync.engine.quota) -----------------------------------------------------------------


@script(head=CLOCK, constants={"URGENT": Lane.URGENT, "CHANGE": Lane.CHANGE, "FADE": Lane.FADE})
def quota(
    *, budget: Key, pause: Key, lane: int, count: int, follow: bool, limits: Limits
) -> list[int]:
    """domain.budget, rule by rule. Returns how many are granted, when more (ms), how many used."""
