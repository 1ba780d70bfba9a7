"""The morning digest: once a day whatever happens, only to admins, and nothing without news."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.digest.sending import Digests
from bot.digest.store import DIGESTS, Digest, DigestStore
from bot.handlers.settings.digest import DigestHandler
from bot.teams.activity import ConversationGone, NotSent, SendFailed
from cards.settings.digest_clicks import TurnDigest
from domain.clock import DAY, HOUR, MINUTE
from domain.digest import Census
from domain.roles import Role, Standing
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.channel import OLD, Channel
from tests.doubles.memory import ADA, BEN, SEAL, turn
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.digest.census import Counting
    from bot.request import Turn
    from bot.teams.activity import ConversationReference, Person
    from cards.build import Card
    from sync.redis.connection import Client

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FRIDAY, MONDAY = 1_795_773_600_000, 1_796_022_000_000
"""2026-11-27 11:00 and 2026-11-30 08:00 in Stockholm."""


class Cards(Channel):
    """Keeps what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    async def send(
        self, to: ConversationReference, content: Card | str, *, once: bool = False
    ) -> str:
        sent = await super().send(to, content, once=once)
        assert isinstance(content, dict)
        self.said.append(words(content))
        return sent


@dataclass
class Room:
    """Admins with chats, a clock, and people in trouble."""

    redis: Client
    now: int = FRIDAY
    census: Census = field(default_factory=lambda: Census({}))
    asked_for: list[bool] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    alone: bool = True
    known: bool = True

    def __post_init__(self) -> None:
        self.channel = Cards()
        self.rows = DigestStore(self.redis, Scripts(self.redis))
        self.desk = Desk(self.channel, ConversationStore(self.redis), SEAL)
        self.counting = cast("Counting", _Counting(self))
        self.handler = DigestHandler(self.rows, self.counting, self.told_alone, self.clock)
        self.digests = self.new()

    def new(self) -> Digests:
        """As in another process."""
        room: Any = self
        return Digests(
            self.rows,
            self.desk,
            room,
            self.counting,
            tenant_id="tenant",
            give=self.give,
            now_ms=self.clock,
            everyone_knows=lambda: self.known,
            on_outcome=self.outcomes.append,
        )

    async def clock(self) -> int:
        return self.now

    async def told_alone(self, _: str) -> bool:
        return self.alone

    async def give(self, card_id: str, object_id: str) -> None:
        await self.desk.chats.remember_recipient(card_id, object_id)  # type: ignore[attr-defined]

    async def standing(self, person: Person) -> Standing:
        return self.standings.get(person.object_id, Standing(Role.ADMIN))

    def turn(self, person: Person = ADA) -> Turn:
        said = turn(person)
        return replace(said, inbound=replace(said.inbound, time_zone=STOCKHOLM))

    async def turns_on(self, *people: Person) -> None:
        for person in people:
            where = replace(OLD, conversation_id=f"a:{person.name}")
            await self.desk.chats.remember_reference(person.object_id, where)
            card = await self.handler.turn(self.turn(person), TurnDigest(on=True))
            assert "Your morning digest is on" in words(card)


@dataclass
class _Counting:
    room: Room

    async def now(self, *, unmatched: bool) -> Census:
        self.room.asked_for.append(unmatched)
        return self.room.census if unmatched else replace(self.room.census, unmatched=None)


@pytest.fixture
async def room(redis: Client) -> AsyncIterator[Room]:
    yield Room(redis)
    await redis.flushall()  # digests are kept until they are turned off


async def test_what_is_new_comes_once_in_the_morning(room: Room) -> None:
    room.census = Census({"old": "gone"}, unmatched=["z1"])
    await room.turns_on(ADA)
    room.census = Census(
        {"old": "gone", "ben": "authorize", "cleo": "authorize"}, unmatched=["z1", "z2"]
    )
    for hours in (0, 1, 24, 48, 68):
        room.now = FRIDAY + hours * HOUR  # until Monday at seven
        await room.digests.step()
    assert room.channel.said == []
    room.now = MONDAY
    for digests in (room.digests, room.new(), room.digests):
        await digests.step()
    [said] = room.channel.said
    assert "New since 27 Nov, 11:00:" in said
    assert "2 people have new problems: 2 no longer authorised" in said
    assert "1 more person in Zoom can’t be matched with Entra." in said
    assert "no problem" not in said
    assert room.outcomes == ["sent"]
    room.now += DAY
    await room.digests.step()
    assert (len(room.channel.said), room.outcomes) == (1, ["sent", "nothing"])
    room.census = Census({"old": "gone"}, well=["ben", "cleo", "dee"], unmatched=[])
    room.now += DAY
    await room.digests.step()
    assert "New since 1 Dec, 08:00: 2 people have no problems any more." in room.channel.said[-1]
    assert "have new problems" not in room.channel.said[-1]


async def test_each_admin_has_their_own(room: Room) -> None:
    await room.turns_on(ADA)
    room.census = Census({"cleo": "gone"})
    await room.turns_on(BEN)
    room.now = MONDAY
    await room.digests.step()
    assert len(room.channel.said) == 1, "Ben knew"
    assert await room.handler.rows.end(ADA.object_id)
    room.now, room.census = MONDAY + DAY, Census({}, well=["cleo"])
    await room.digests.step()
    assert len(room.channel.said) == 2
    assert [to for *_, to in room.channel.sent] == ["a:Ada", "a:Ben"]


async def test_many_processes_send_one(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    await asyncio.gather(*(room.new().step() for _ in range(5)))
    # Even those that hold no lease (any more) can't: the day was marked.
    digest = await room.rows.of(ADA.object_id)
    assert digest is not None
    late = replace(digest, day="2026-11-27", since_ms=FRIDAY)
    await room.new()._one(ADA.object_id, late, "2026-11-30", room.now)
    assert len(room.channel.said) == 1


@pytest.mark.parametrize("at", ["before", "after"])
async def test_who_dies_in_the_middle_sends_nothing_twice_and_loses_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    with monkeypatch.context() as patched:
        if at == "before":

            async def dying(*_: object, **__: object) -> None:
                raise SystemExit

            patched.setattr(Desk, "tell", dying)
        else:
            change, calls = DigestStore.change, 0

            async def half(*given: Any) -> bool:
                nonlocal calls
                calls += 1
                if calls == 2:
                    raise SystemExit
                return await change(*given)

            patched.setattr(DigestStore, "change", half)
        with pytest.raises(SystemExit):
            await room.digests.step()
    await room.redis.delete(keys.DIGESTS_LEASE)  # it ends soon
    for hour in range(10):
        room.now = MONDAY + hour * HOUR
        await room.new().step()
    assert len(room.channel.said) == (at == "after")
    room.now = MONDAY + DAY
    await room.new().step()
    assert "New since 27 Nov, 11:00: 1 person has a new problem" in room.channel.said[-1]
    room.now += DAY
    before = len(room.channel.said)
    await room.new().step()
    assert len(room.channel.said) == before


async def test_a_morning_that_was_missed_comes_the_same_day_or_with_the_next(room: Room) -> None:
    await room.turns_on(ADA)
    room.census = Census({"cleo": "gone"})
    room.now = MONDAY + 9 * HOUR + 59 * MINUTE
    await room.digests.step()
    assert len(room.channel.said) == 1
    room.census = Census({"cleo": "gone", "dee": "gone"})
    room.now = MONDAY + DAY + 10 * HOUR  # in the evening
    await room.digests.step()
    assert len(room.channel.said) == 1
    room.now = MONDAY + 2 * DAY
    await room.digests.step()
    assert len(room.channel.said) == 2


async def test_while_teams_takes_nothing_it_is_tried_again_that_day(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    room.channel.fails["a:Ada"] = NotSent("503")
    for _ in range(3):
        await room.digests.step()
    assert room.outcomes == ["undelivered"], "not every minute"
    del room.channel.fails["a:Ada"]
    room.now += 6 * MINUTE
    await room.digests.step()
    await room.digests.step()
    assert len(room.channel.said) == 1


async def test_what_may_have_arrived_is_not_sent_again_that_day(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    room.channel.fails["a:Ada"] = SendFailed("no answer")
    await room.digests.step()
    del room.channel.fails["a:Ada"]
    room.now += HOUR
    await room.digests.step()
    assert room.channel.said == []
    room.now = MONDAY + DAY
    await room.digests.step()
    assert "1 person has a new problem" in room.channel.said[0]


async def test_who_is_no_admin_any_more_is_told_once_and_it_ends(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    room.standings[ADA.object_id] = Standing(Role.HELPDESK)
    for _ in range(2):
        await room.digests.step()
    [said] = room.channel.said
    assert "Your morning digest has ended." in said
    assert "new problem" not in said
    assert await room.rows.everyone() == {}
    assert not await room.redis.exists(keys.digest_known(ADA.object_id))
    assert room.outcomes == ["ended"]


async def test_while_nobody_can_say_whether_they_are_it_waits(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    room.standings[ADA.object_id] = Standing(sure=False)
    await room.digests.step()
    assert room.channel.said == []
    del room.standings[ADA.object_id]
    room.now += 6 * MINUTE
    await room.digests.step()
    assert len(room.channel.said) == 1


@pytest.mark.parametrize("how", ["removed", "blocked"])
async def test_without_the_app_it_ends(room: Room, how: str) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    if how == "removed":
        assert await room.desk.chats.forget_reference(ADA.object_id)
    else:
        gone = ConversationGone("blocked")
        room.channel.fails["a:Ada"] = room.channel.opens = gone
    await room.digests.step()
    assert (await room.rows.everyone(), room.channel.said) == ({}, [])
    assert room.outcomes == ["ended"]


async def test_turned_off_while_it_is_counted_nothing_comes(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    counting = room.digests.counting
    now = counting.now

    async def meanwhile(*, unmatched: bool) -> Census:
        await room.handler.turn(room.turn(), TurnDigest(on=False))
        return await now(unmatched=unmatched)

    counting.now = meanwhile  # type: ignore[method-assign]
    await room.digests.step()
    assert (await room.rows.everyone(), room.channel.said) == ({}, [])


async def test_a_role_in_zoom_alone_hears_nothing_of_matching(room: Room) -> None:
    room.standings[ADA.object_id] = Standing(Role.ADMIN, by_zoom=True)
    await room.turns_on(ADA)
    room.census = Census({}, unmatched=["z1"])
    room.now = MONDAY
    await room.digests.step()
    assert (room.channel.said, room.asked_for[-1]) == ([], False)


async def test_pressed_twice_it_is_on_as_before_and_off_at_once(room: Room) -> None:
    await room.turns_on(ADA)
    before = await room.rows.of(ADA.object_id)
    room.now, room.census = FRIDAY + HOUR, Census({"cleo": "gone"})
    card = await room.handler.turn(room.turn(), TurnDigest(on=True))
    assert "is on." in words(card)
    assert "Monday, 30 November" in words(card)
    assert await room.rows.of(ADA.object_id) == before, "what is new since stays"
    moved = replace(room.turn(), inbound=replace(room.turn().inbound, time_zone=ZoneInfo("UTC")))
    await room.handler.turn(moved, TurnDigest(on=True))
    now = await room.rows.of(ADA.object_id)
    assert before is not None
    assert now == replace(before, zone="UTC")
    for said in ("is off now.", "is off."):
        assert said in words(await room.handler.turn(room.turn(), TurnDigest(on=False)))
    assert not await room.redis.exists(keys.DIGESTS, keys.digest_known(ADA.object_id))


async def test_now_shows_what_it_would_say_and_counts_for_nothing(room: Room) -> None:
    assert "is off." in words(await room.handler.news(room.turn()))
    await room.turns_on(ADA)
    assert "There’s nothing new." in words(await room.handler.news(room.turn()))
    room.census = Census({"cleo": "gone"})
    card = await room.handler.news(room.turn())
    assert "1 person has a new problem: 1 unknown to Microsoft" in words(card)
    assert titles(card) == ["Who has problems", "Settings"]
    room.now = MONDAY
    await room.digests.step()
    assert "1 person has a new problem" in room.channel.said[0]


async def test_who_only_shows_their_role_at_times_is_not_sent_one(room: Room) -> None:
    room.alone = False
    card = await room.handler.turn(room.turn(), TurnDigest(on=True))
    assert "I can’t send it to you yet." in words(card)
    assert await room.rows.everyone() == {}


async def test_damage_in_redis_sends_nothing_and_can_be_put_right(room: Room) -> None:
    good = DIGESTS.dump(Digest("UTC", 1, "2026-11-27", "salt"))
    for damage in ("{", '{"zone": 7}', good[:-1], good.replace("2026-11-27", "soon")):
        await room.redis.hset(keys.DIGESTS, ADA.object_id, damage)
        room.now = MONDAY
        await room.digests.step()
        assert room.channel.said == []
        room.now = FRIDAY
        await room.turns_on(ADA)
        assert await room.rows.of(ADA.object_id) is not None
    await room.redis.set(keys.digest_known(ADA.object_id), "{")
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    await room.digests.step()
    assert room.channel.said == [], "counted anew"
    room.now, room.census = MONDAY + DAY, Census({"cleo": "gone", "dee": "gone"})
    await room.digests.step()
    assert "1 person has a new problem" in room.channel.said[0]


async def test_an_unknown_zone_is_read_as_utc_and_harms_nobody_else(room: Room) -> None:
    await room.turns_on(ADA, BEN)
    digest = await room.rows.of(ADA.object_id)
    assert digest is not None
    await room.rows.change(ADA.object_id, digest, replace(digest, zone="Mars/Olympus"))
    room.now, room.census = MONDAY, Census({"cleo": "gone"})
    await room.digests.step()
    assert [to for *_, to in room.channel.sent] == ["a:Ben"]
    room.now += HOUR
    await room.digests.step()
    assert [to for *_, to in room.channel.sent] == ["a:Ben", "a:Ada"]


async def test_nothing_is_sent_before_every_process_knows_the_buttons(room: Room) -> None:
    await room.turns_on(ADA)
    room.now, room.census, room.known = MONDAY, Census({"cleo": "gone"}), False
    await room.digests.step()
    assert room.channel.said == []


async def test_while_redis_is_away_it_waits(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.turns_on(ADA)
    room.now, room.census = MONDAY, Census({"cleo": "gone"})

    async def away(*_: object) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(DigestStore, "everyone", away)
        with pytest.raises(RedisConnectionError):
            await room.digests.step()
    await room.digests.step()
    assert len(room.channel.said) == 1
