"""The sandbox's state as JSON: what the panel shows, and what tests outside the process read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sandbox.graph_presence import OFFLINE, Pair
from sandbox.identity import APP_NAME
from sandbox.zoom_states import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.coverage import Covered
    from sandbox.faults import FaultQueue
    from sandbox.world import PersonState, World
    from sandbox.zoom_webhook import Delivery

JOURNAL_SHOWN: Final = 6
DELIVERIES_SHOWN: Final = 8

WORDS: Final = {
    Pair("Available", "Available"): "Available",
    Pair("Available", "AvailableInactive"): "Available, inactive",
    Pair("Busy", "InACall"): "In a call",
    Pair("Busy", "InAConferenceCall"): "In a conference call",
    Pair("Busy", "Busy"): "Busy",
    Pair("DoNotDisturb", "DoNotDisturb"): "Do not disturb",
    Pair("DoNotDisturb", "Presenting"): "Presenting",
    Pair("BeRightBack", "BeRightBack"): "Be right back",
    Pair("Away", "Away"): "Away",
    Pair("Offline", "OffWork"): "Appears offline",
    OFFLINE: "Offline",
}
"""What Teams writes beside the dot."""


def state(world: World, coverage: Sequence[Covered] | None = None) -> dict[str, Any]:
    """Everything at once. Moments are sandbox time, in seconds since the epoch.

    `coverage` is what the product says of everybody; None: nothing.
    """
    return {
        "revision": world.revision,
        "now": world.clock.now(),
        "offset": world.clock.offset,
        "chat_url": world.config.chat_url,
        "quota": {
            "used": world.quota.used(),
            "limit": world.quota.limit,
            "window": world.quota.window,
        },
        "webhooks": {
            "url": world.webhooks.url,
            "pending": world.webhooks.pending,
            "validated": world.webhooks.validated,
            "validation_problem": world.webhooks.validation_problem,
            "log": [_delivery(d) for d in list(world.webhooks.log)[-DELIVERIES_SHOWN:]],
        },
        "faults": {
            "graph": _faults(world.faults.graph),
            "zoom": _faults(world.faults.zoom),
            "entra": _faults(world.faults.entra),
        },
        "organisation": {
            "declared": world.own_rights.declared,
            "granted": sorted(world.own_rights.granted),
            "in_tokens": world.own_rights.roles(world.clock.now()),
            "delay": world.own_rights.delay,
            "trouble": world.own_rights.trouble,
        },
        "looks": {
            "lag": world.looks.lag,
            "answers": world.looks.answers,
            "count": world.looks.count,
            "at": world.looks.at,
        },
        "coverage": None if coverage is None else [asdict(each) for each in coverage],
        "people": [_person(world, s) for s in world.people.values()],
    }


def _person(world: World, person_state: PersonState) -> dict[str, Any]:
    person, now = person_state.person, world.clock.now()
    standing = world.identity.standing[person.object_id]
    shown = world.shown(person.object_id)
    preferred = person_state.preferred
    looked = world.looks.looked.get(person.object_id)
    return {
        "id": person.object_id,
        "name": person.name,
        "upn": person.upn,
        "groups": list(person.groups),
        "zoom": None
        if person.zoom_email is None
        else {
            "email": person.zoom_email,
            "presence": person_state.zoom.value,
            "words": LABELS[person_state.zoom],
            "since": person_state.zoom_since,
        },
        "teams": {"client": person_state.teams.client.value},
        "preferred": None
        if preferred is None or not preferred.alive(now)
        else {**_pair(preferred.pair), "by": preferred.by, "expires_at": preferred.expires_at},
        "shown": {**_pair(shown), "silent": shown.availability == "DoNotDisturb"},
        "looked": None
        if looked is None
        else {"at": looked.at, "seen": None if looked.shown is None else _pair(looked.shown)},
        "sessions": [
            {
                "app_id": app_id,
                "name": _names(world).get(app_id, app_id),
                **_pair(session.shown(now)),
                "set_at": session.set_at,
                "expires_at": session.expires_at,
                "next_at": min(moment for moment in session.turns() if moment > now),
            }
            for app_id, session in person_state.sessions.items()
            if session.alive(now)
        ],
        "connected": world.identity.connected(person.object_id),
        "consent": sorted(standing.consent),
        "admin_approval": standing.admin_approval,
        "journal": [
            {"at": line.at, "who": line.who, "what": line.what, "status": line.status}
            for line in list(person_state.journal)[-JOURNAL_SHOWN:]
        ],
    }


def _names(world: World) -> dict[str, str]:
    """What registrations are called."""
    config = world.config
    return {config.second_client_id: f"{APP_NAME} (organisation)", config.client_id: APP_NAME}


def _pair(pair: Pair) -> dict[str, str]:
    words = WORDS.get(pair, pair.activity)
    return {"availability": pair.availability, "activity": pair.activity, "words": words}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    last = delivery.attempts[-1] if delivery.attempts else None
    return {
        "event": delivery.event,
        "about": delivery.about,
        "state": delivery.state,
        "attempts": len(delivery.attempts),
        "status": last.status if last else None,
        "problem": last.problem if last else "",
        "next_at": delivery.next_at,
    }


def _faults(queue: FaultQueue) -> dict[str, Any]:
    waiting = [{"kind": f.kind.value, "times": f.times} for f in queue.waiting()]
    return {"waiting": waiting, "stalled": queue.stalled}
