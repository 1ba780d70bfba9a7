"""The table of duties: who does what a process does beside its requests (sync.redis.duties)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import duties

if TYPE_CHECKING:
    from launch.wiring import Core
    from sync.feed.store import Listener
    from sync.redis.duties import Work


def duties_of(core: Core, gauges: Work, listener: Listener | None) -> tuple[Work, ...]:
    """What a process does; `listener` is None where Zoom's events don't come in, nor anybody talks.

    Raises NotWired where a duty was forgotten.
    """
    works = [
        gauges,
        core.policy.work,
        core.policy.news,
        core.resealing.work,
        core.rollouts.work,
        core.doubt.work,
        core.catch_up.work,
        core.proving.work,
        core.departures.work,
        core.invitations.work,
        core.notifier.work,
    ]
    without = []
    if listener is None:
        without += [duties.FEED, duties.ROSTER]
    else:
        works += [listener.work, core.roster.work]
    if core.refresher is None:
        without.append(duties.DIRECTORY)
    else:
        works.append(core.refresher.work)
    return duties.wired(works, without=without)
