"""The table of duties: what a process does beside its requests (sync.redis.duties)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.gauges import gauges
from launch.shared import SharedSource
from sync.redis import duties

if TYPE_CHECKING:
    from bot.core import Core
    from service.metrics import Metrics
    from sync.redis.duties import Work


def duties_of(core: Core, metrics: Metrics, *, with_bot: bool) -> tuple[Work, ...]:
    """What a process does; `with_bot`: Zoom's events come in there, and people talk with it.

    Raises NotWired where a duty was forgotten.
    """
    engine, feed = core.engine, core.feed.store
    shared = SharedSource(engine.people, engine.quota, core.directory.store, feed)
    works = [gauges(metrics, shared), *core.works]
    without = []
    if with_bot:
        works += [core.feed.listener.work, core.invite.roster.work]
    else:
        without += [duties.FEED, duties.ROSTER]
    if core.zoom.api is None:
        without.append(duties.DIRECTORY)
    return duties.wired(works, without=without)
