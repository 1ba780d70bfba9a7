"""Zoom's events stay away, or nobody was there to take them: what is done and said instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.clock import HOUR, MINUTE
from domain.feed import MEMORY_WEEKS, SLOTS, hour_of
from sandbox.people import ZOOM_APP_ID
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.feed import let_pass
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, office, reopened, said_by
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
AVAILABLE = ("Available", "Available")
SOON = 25.0
"""Seconds: a look at the feed every five, three until everybody knows, and a busy machine."""


async def busy_for_a_month(place: Office) -> None:
    """The feed is old, and usually has hundreds of deliveries in every hour."""
    row = f"20 {MEMORY_WEEKS}"
    await place.redis.hset(keys.FEED_PATTERN, mapping=dict.fromkeys(map(str, range(SLOTS)), row))
    now = int((await place.redis.time())[0]) * 1000
    old = {"since": now - 1000 * HOUR, "judged": hour_of(now)}
    await place.redis.hset(keys.FEED_STATE, mapping=old)


async def told_soon(place: Office, who: str, pair: tuple[str, str] | None) -> None:
    person = place.world.people[who].person
    await place.product.until(
        lambda: place.around.told(person) == pair, f"{person.name} shows {pair}", SOON
    )


async def test_a_feed_that_falls_silent_is_noticed_replaced_and_welcomed_back(
    place: Office,
) -> None:
    await place.connect(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    chat = place.chat(ADA)
    centre = await chat.says("settings")
    assert "Zoom has sent nothing" not in said_by(centre.card)

    async def heard() -> bool:
        return await place.redis.hget(keys.FEED_STATE, "last") is not None

    await place.until(heard, "what was heard is written down")
    # Zoom stops sending, and a quarter of an hour goes by.
    url, place.world.webhooks.url = place.world.webhooks.url, None
    place.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await busy_for_a_month(place)
    await let_pass(place.redis, 16 * MINUTE, keep={"beat", "since"})
    await told_soon(place, BEN.object_id, AVAILABLE)
    card = await chat.clicks("Refresh", centre)
    assert "Zoom has sent nothing since " in said_by(card)
    assert "In the meantime I ask Zoom about everyone who’s connected" in said_by(card)
    assert "6 minutes late. What to do: " in said_by(card)
    health = await place.beside.feed.store.health()
    assert health.age_seconds is not None
    assert health.age_seconds > 960

    place.world.webhooks.url = url
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)

    async def back() -> bool:
        return bool(place.product.command.events("zoom_feed_back"))

    await place.until(back, "the feed is back")
    assert "Zoom has sent nothing" not in said_by(await chat.clicks("Refresh", centre))
    for once in ("zoom_feed_silent", "zoom_feed_back"):
        assert len(place.product.command.events(once)) == 1, once


async def test_what_was_missed_while_away_is_read_and_asked(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path) as place:
        await place.connect(BEN, CHIARA, DOROTHEA)
    world, client = town.world, open_client(town.redis)
    # Away for five minutes. Of Ben and Dorothea Zoom tells, in vain; of Chiara it does not.
    world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    about = {"id": DOROTHEA.zoom_id, "email": DOROTHEA.zoom_email}
    gone = {"account_id": world.config.zoom_account_id, "object": about}
    world.webhooks.send("user.deleted", gone)
    await world.wait_until(lambda: len([c for c in world.webhooks.calls if not c.good]) >= 2)
    world.webhooks.url = None
    world.set_zoom(CHIARA.object_id, ZoomPresence.PRESENTING)
    await let_pass(client, 5 * MINUTE)
    async with reopened(town, tmp_path, ZOOM_APP_ID=ZOOM_APP_ID) as place:
        await told_soon(place, BEN.object_id, CALL)
        await told_soon(place, CHIARA.object_id, ("DoNotDisturb", "Presenting"))

        async def left() -> bool:
            return await place.beside.engine.people.state(DOROTHEA.object_id) is None

        await place.until(left, "Dorothea is forgotten")
        (missed,) = place.product.command.events("zoom_events_missed")
        assert missed["seconds"] >= 300
        (read,) = place.product.command.events("zoom_webhook_log_read")
        assert read["events"] == 2

        async def swept() -> bool:
            return bool(place.product.command.events("catch_up_done"))

        await place.until(swept, "everyone was asked about")
        assert (await place.beside.feed.store.health()).left == 0
    await client.aclose()


async def test_a_short_restart_raises_no_storm(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path) as place:
        await place.connect(BEN)

        async def swept() -> bool:  # the first start ever doubts; nobody was connected then
            state = await place.beside.feed.store.read()
            return state.swept_ms == state.doubted_ms

        await place.until(swept, "nothing is doubted")
    async with reopened(town, tmp_path) as place:
        state = await place.beside.feed.store.read()
        assert state.swept_ms == state.doubted_ms
        assert state.gap is None
        for never in ("zoom_events_missed", "catch_up_started"):
            assert place.product.command.events(never) == []
