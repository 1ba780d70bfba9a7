"""What web processes heard, kept together in a real Redis; and the watch that judges it."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from domain.clock import HOUR, MINUTE
from domain.feed import (
    DOUBT_AGAIN_MS,
    MEMORY_WEEKS,
    SLOTS,
    VALIDATION_LATE_MS,
    Slot,
    hour_of,
    slot_of,
)
from sync.feed.scripts import AWAY_MS
from sync.feed.store import BEAT_SECONDS, LONG_AWAY_MS, Doubt, FeedStore, Listener
from sync.feed.watch import FeedWatch
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE, Client
from sync.redis.scripts import Scripts
from tests.doubles.feed import let_pass
from tests.doubles.redis import RedisServer, open_client


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(redis: Client) -> FeedStore:
    return FeedStore(redis, Scripts(redis))


@pytest.fixture
def logs() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as lines:
        yield lines  # type: ignore[misc]


async def busy_for_a_month(redis: Client, store: FeedStore, rate: int = 400) -> None:
    """The feed is old, and has the same rate at every hour."""
    row = f"{rate**0.5} {MEMORY_WEEKS}"
    await redis.hset(keys.FEED_PATTERN, mapping=dict.fromkeys(map(str, range(SLOTS)), row))
    now = (await store.read()).now_ms
    old = {"since": now - 1000 * HOUR, "judged": hour_of(now), "beat": now, "last": now}
    await redis.hset(keys.FEED_STATE, mapping=old)


# -- listening -----------------------------------------------------------------------------------


async def test_deliveries_of_all_processes_are_added_up(store: FeedStore) -> None:
    one, two = Listener(store), Listener(store)
    for listener, count in ((one, 3), (two, 4)):
        for _ in range(count):
            listener.heard()
    two.heard(validation=True)
    await one.write()
    await two.write()
    state = await store.read()
    assert sum(state.counts.values()) == 8
    assert set(state.counts) <= {hour_of(state.now_ms), hour_of(state.now_ms) - 1}
    assert state.last_ms is not None
    assert state.validated_ms is not None
    assert state.now_ms - state.last_ms < 5000
    assert state.away_ms < 5000


async def test_a_quiet_process_shows_itself_every_ten_seconds(
    store: FeedStore, redis: Client
) -> None:
    clock = Clock()
    listener = Listener(store, monotonic=clock)
    await listener.write()
    first = (await store.read()).beat_ms
    await let_pass(redis, 5 * 1000)
    clock.now += BEAT_SECONDS - 0.1
    await listener.write()
    assert (await store.read()).beat_ms != first
    assert (await store.read()).away_ms >= 5000
    clock.now += 0.1
    await listener.write()
    assert (await store.read()).away_ms < 5000


async def test_nothing_is_lost_while_redis_is_away(own_redis: RedisServer) -> None:
    client = open_client(own_redis)
    store = FeedStore(client, Scripts(client))
    listener = Listener(store)
    listener.heard()
    own_redis.kill()
    with pytest.raises(REDIS_TROUBLE):
        await listener.write()
    listener.heard()
    own_redis.start()
    await listener.write()
    assert sum((await store.read()).counts.values()) == 2
    await client.aclose()


async def test_the_first_start_doubts_and_misses_nothing(
    store: FeedStore, logs: list[dict[str, object]]
) -> None:
    listener = Listener(store)
    await listener.write()
    state = await store.read()
    assert state.since_ms == state.doubted_ms
    assert state.gap is None
    assert logs == []


async def test_a_rolling_restart_raises_no_doubt(redis: Client, store: FeedStore) -> None:
    await Listener(store).write()
    doubted = await store.doubted_ms()
    await let_pass(redis, AWAY_MS - 2000)
    doubted -= AWAY_MS - 2000
    await Listener(store).write()
    state = await store.read()
    assert state.doubted_ms == doubted
    assert state.since_ms == doubted
    assert state.gap is None


async def test_who_was_away_doubts_all_that_is_known_once(
    redis: Client, store: FeedStore, logs: list[dict[str, object]]
) -> None:
    first, second = Listener(store), Listener(store)
    await first.write()
    await let_pass(redis, 5 * MINUTE)
    before = await store.read()
    first.heard()
    await first.write()
    await second.write()
    state = await store.read()
    assert state.doubted_ms == state.since_ms
    assert state.doubted_ms >= before.now_ms
    assert state.gap is not None
    assert state.gap[0] == before.beat_ms
    assert state.gap[1] == state.doubted_ms
    assert [line["event"] for line in logs] == ["zoom_events_missed"]
    # A second outage before the log was read makes the gap longer.
    await let_pass(redis, 5 * MINUTE)
    await first.write()
    first.heard()
    await first.write()
    longer = (await store.read()).gap
    assert longer is not None
    assert longer[1] - longer[0] >= 10 * MINUTE
    older = (state.gap[0] - 5 * MINUTE, state.gap[1] - 5 * MINUTE)  # as time has passed
    await store.gap_read(older)  # the longer is still to be read
    assert (await store.read()).gap == longer
    await store.gap_read(longer)
    assert (await store.read()).gap is None


async def test_a_clock_that_was_set_back_is_not_an_absence(redis: Client, store: FeedStore) -> None:
    await Listener(store).write()
    doubted = await store.doubted_ms()
    await let_pass(redis, -HOUR)  # all that was noted is an hour ahead
    listener = Listener(store)
    listener.heard()
    await listener.write()
    state = await store.read()
    assert state.doubted_ms == doubted + HOUR
    assert state.beat_ms is not None
    assert state.beat_ms <= state.now_ms
    assert state.last_ms is not None
    assert state.last_ms <= state.now_ms


async def test_every_process_knows_the_doubt(store: FeedStore) -> None:
    doubt = Doubt(store)
    await doubt.load()
    assert doubt.ms() == 0
    await store.doubt()
    await doubt.load()
    assert doubt.ms() == await store.doubted_ms() > 0


async def test_what_we_did_not_write_is_not_believed(redis: Client, store: FeedStore) -> None:
    bad = {"beat": "x", "last": "-5", "hour:x": "1", "hour:7": "y", "recent": "1,,z", "judged": ""}
    await redis.hset(keys.FEED_STATE, mapping=bad | {"doubted": "soon"})
    await redis.hset(keys.FEED_PATTERN, mapping={"1": "x 1", "2": "3.5 2", "y": "1 1"})
    state = await store.read()
    assert (state.beat_ms, state.last_ms, state.judged, state.recent) == (None, None, None, (1,))
    assert state.counts == {}
    assert await store.pattern() == {2: Slot(3.5, 2)}
    assert await store.doubted_ms() == 0


# -- watching ------------------------------------------------------------------------------------


async def test_hours_become_the_pattern(redis: Client, store: FeedStore) -> None:
    now = (await store.read()).now_ms
    hour = hour_of(now)
    row = {
        "since": now - 100 * HOUR,
        "beat": now,
        "last": now,
        "judged": hour - 3,
        f"hour:{hour - 3}": 9,
        f"hour:{hour - 1}": 16,
        f"hour:{hour}": 25,
    }
    await redis.hset(keys.FEED_STATE, mapping=row)
    watch = FeedWatch(store)
    await watch.look()
    await watch.look()
    assert await store.pattern() == {
        slot_of(hour - 3): Slot(3, 1),
        slot_of(hour - 2): Slot(0, 1),
        slot_of(hour - 1): Slot(4, 1),
    }
    state = await store.read()
    assert state.recent == (9, 0, 16)
    assert state.judged == hour
    assert state.counts == {hour: 25}


async def test_hours_of_a_silence_are_learnt_when_it_is_over(
    redis: Client, store: FeedStore
) -> None:
    await busy_for_a_month(redis, store)
    now = (await store.read()).now_ms
    old = {"last": now - 5 * HOUR, "judged": hour_of(now - 5 * HOUR)}
    await redis.hset(keys.FEED_STATE, mapping=old)
    watch = FeedWatch(store)
    await watch.look()
    assert set((await store.pattern()).values()) == {Slot(20, MEMORY_WEEKS)}
    listener = Listener(store)
    listener.heard()
    await listener.write()
    await watch.look()
    roots = sorted(slot.root for slot in (await store.pattern()).values())
    assert roots[:5] == [15] * 5
    assert roots[6:] == [20] * (SLOTS - 6)  # the fifth or sixth hour began meanwhile


async def test_hours_that_nobody_heard_are_not_learnt(redis: Client, store: FeedStore) -> None:
    await busy_for_a_month(redis, store)
    now = (await store.read()).now_ms
    row = {"judged": hour_of(now) - 5, "since": now - HOUR // 2, "recent": "1,2,3"}
    await redis.hset(keys.FEED_STATE, mapping=row)
    await FeedWatch(store).look()
    assert set((await store.pattern()).values()) == {Slot(20, MEMORY_WEEKS)}
    assert (await store.read()).recent == ()


async def test_silence_is_noticed_once_doubted_again_and_again_and_ends(
    redis: Client, store: FeedStore, logs: list[dict[str, object]]
) -> None:
    await busy_for_a_month(redis, store)
    watch, listener = FeedWatch(store), Listener(store)
    await watch.look()
    assert not (await store.health()).silent
    await let_pass(redis, 16 * MINUTE, keep={"beat"})
    await watch.look()
    await watch.look()
    health = await store.health()
    assert health.silent
    assert health.silent_since_ms == health.last_ms
    assert health.age_seconds is not None
    assert health.age_seconds >= 960
    first = await store.doubted_ms()
    # Not before everyone was asked about, and not more often than every five minutes.
    await let_pass(redis, DOUBT_AGAIN_MS, keep={"beat"})
    await watch.look()
    assert await store.doubted_ms() == first - DOUBT_AGAIN_MS
    await store.swept(await store.doubted_ms())
    await watch.look()
    again = await store.doubted_ms()
    assert again > first - DOUBT_AGAIN_MS
    await store.swept(again)
    await watch.look()
    assert await store.doubted_ms() == again
    listener.heard()
    await listener.write()
    assert not (await store.health()).silent
    await watch.look()
    await watch.look()
    state = await store.read()
    assert state.silent_ms is None
    assert state.doubted_ms >= again
    assert state.gap is not None
    assert state.gap[1] - state.gap[0] >= 21 * MINUTE
    told = [line["event"] for line in logs]
    assert told == ["zoom_feed_silent", "zoom_feed_back"]


async def test_while_nobody_listens_zoom_is_asked_and_not_blamed(
    redis: Client, store: FeedStore, logs: list[dict[str, object]]
) -> None:
    await busy_for_a_month(redis, store)
    watch = FeedWatch(store)
    await let_pass(redis, LONG_AWAY_MS + HOUR)
    await watch.look()
    await watch.look()
    health = await store.health()
    assert not health.silent
    assert await store.doubted_ms() > 0
    assert [line["event"] for line in logs] == ["zoom_feed_unheard"]


async def test_a_validation_that_stays_away_is_told_once(
    redis: Client, store: FeedStore, logs: list[dict[str, object]]
) -> None:
    await busy_for_a_month(redis, store)
    watch, listener = FeedWatch(store), Listener(store)
    listener.heard(validation=True)
    await listener.write()
    await watch.look()
    await let_pass(redis, VALIDATION_LATE_MS + MINUTE, keep={"beat", "last"})
    await watch.look()
    await watch.look()
    health = await store.health()
    assert health.validation_missing
    assert health.validation_age_seconds is not None
    assert [line["event"] for line in logs] == ["zoom_validation_missing"]
    assert logs[0]["hours"] == 80
    listener.heard(validation=True)
    await listener.write()
    assert not (await store.health()).validation_missing


async def test_a_clock_set_back_teaches_nothing_wrong(redis: Client, store: FeedStore) -> None:
    await busy_for_a_month(redis, store)
    await let_pass(redis, -3 * HOUR)
    now = (await store.read()).now_ms
    ahead = hour_of(now) + 3
    await redis.hset(keys.FEED_STATE, mapping={"judged": ahead, f"hour:{ahead}": 5})
    watch = FeedWatch(store)
    listener = Listener(store)
    listener.heard()
    await listener.write()
    await watch.look()
    state = await store.read()
    assert state.judged == hour_of(state.now_ms)
    assert ahead not in state.counts
    assert set((await store.pattern()).values()) == {Slot(20, MEMORY_WEEKS)}
    assert not (await store.health()).silent
