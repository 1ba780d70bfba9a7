"""A connected person's hash in Redis, read and written. Fields: sync.redis.keys.

The one place that knows which field of the hash keeps what of a person (domain.person). What no
patch changes is written by scripts (`BY_SCRIPTS`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import structlog

from domain.person import Accepted, Held, PersonState
from domain.policy import AuthorisedBy, Personal
from domain.presence import Observation, Pair, Style, ZoomPresence
from domain.storms import Notified
from sync.readback.rows import pack_lesson, pack_sight, parse_lesson, parse_sight
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.person import Patch
    from sync.redis.connection import Client

log = structlog.get_logger()

Changes = dict[str, str | int]
"""Fields of a person hash and their new values; an empty text deletes the field."""

_Fields = tuple[str, str, str, str]
_SESSION: _Fields = ("held", "told", "until", "unsure")
_PREFERRED: _Fields = ("pref", "pref_told", "pref_until", "pref_unsure")
"""The fields that keep what we hold at Microsoft, of either kind."""
_FORMER: _Fields = ("old", "old_told", "old_until", "old_unsure")
"""What another registration may still hold."""
HELD_FIELDS = frozenset((*_SESSION, *_PREFERRED, *_FORMER, "app", "old_app"))

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PRESENCES = {presence.value: presence for presence in ZoomPresence}
_STYLES = {style.value: style for style in Style}
_AUTHORISATIONS = {each.value: each for each in AuthorisedBy}
_NUMBERS = {
    "gen": "generation",
    "ver": "version",
    "since": "since_ms",
    "got": "got_ms",
    "acted": "acted_ms",
    "test": "test_until_ms",
    "tries": "tries",
    "trouble_at": "trouble_ms",
    "failed_at": "failed_ms",
    "wait": "wait_ms",
    "yielded": "yielded_ms",
    "gone": "gone_ms",
    "need": "policy_needed",
    "pol": "policy_done",
    "wrote": "wrote_ms",
    "proved": "proved_ms",
    "own_until": "own_until_ms",
}
"""Fields that are one number each, and what they are called in `PersonState`."""


_FIELDS: dict[str, tuple[str, ...]] = {
    **{name: (field,) for field, name in _NUMBERS.items()},
    **{name: (name,) for name in ("trouble", "notified", "met", "leaving")},
    "trouble_code": ("code",),
    "failed_code": ("failed",),
    "zoom_id": ("zoom",),
    "group_ids": ("groups",),
    "personal": ("style", "paused"),
    "observation": ("obs", "obs_at"),
    "held": _SESSION,
    "preferred": _PREFERRED,
    "authorised_by": ("by",),
    "session_app": ("app",),
    "former": _FORMER,
    "former_app": ("old_app",),
    "sight": ("sight",),
    "lesson": ("lesson",),
    "planned_as": ("as",),
}
"""Which fields keep what of a `PersonState`."""

BY_SCRIPTS = frozenset(
    {
        "generation",
        "version",
        "observation",
        "since_ms",
        "got_ms",
        "zoom_id",
        "authorised_by",
        "own_until_ms",
    }
)
"""What of a person no patch may change: who is who, by whose authorisation, and what Zoom said, in
the order of time."""


def written(patch: Patch | None) -> Changes:
    """The fields of the hash that keep a patch. Raises KeyError for what no patch may change."""
    changes: Changes = {}
    if patch is not None:
        for name, value in patch.values.items():
            texts = _TEXTS.get(name)
            if texts is None:  # one number or text, which is not there for None, 0 and ''
                changes[_SINGLE[name]] = value or ""
            else:
                changes |= zip(_FIELDS[name], texts(value), strict=True)
    return changes


_SINGLE = {name: fields[0] for name, fields in _FIELDS.items() if name not in BY_SCRIPTS}


def _flag(value: bool) -> tuple[str | int]:
    return (1 if value else "",)


def _held(held: Held | None) -> tuple[str | int, ...]:
    if held is None:
        return "", "", "", ""
    unsure = "" if held.sure else _dump_accepted(held.before)
    return str(held.pair), held.told_ms, held.until_ms, unsure


def _chosen(personal: Personal) -> tuple[str | int, ...]:
    style, until_ms = personal.style, personal.paused_until_ms
    return "" if style is None else style.value, "" if until_ms is None else until_ms


_TEXTS: dict[str, Callable[[Any], tuple[str | int, ...]]] = {
    "met": _flag,
    "leaving": _flag,
    "held": _held,
    "preferred": _held,
    "former": _held,
    "notified": lambda notified: (notified.dump(),),
    "group_ids": lambda group_ids: (",".join(sorted(group_ids)),),
    "personal": _chosen,
    "sight": lambda sight: ("" if sight is None else pack_sight(sight),),
    "lesson": lambda lesson: ("" if lesson is None else pack_lesson(lesson),),
    "planned_as": lambda style: ("" if style is None else style.value,),
}
"""How attributes are written that are more than one number or text."""


def _read_back(state: PersonState, row: Mapping[str, Any], bad: list[str]) -> None:
    """What looks have shown and taught."""
    if "sight" in row:
        state.sight = parse_sight(row["sight"])
        bad += ["sight"] * (state.sight is None)
    if "lesson" in row:
        state.lesson = parse_lesson(row["lesson"])
        bad += ["lesson"] * (state.lesson is None)
    if "as" in row:
        state.planned_as = _STYLES.get(row["as"])
        bad += ["as"] * (state.planned_as is None)


def _dump_accepted(before: Accepted | None) -> str:
    """What was accepted before an attempt, as the `unsure` fields keep it; `-`: nothing."""
    return "-" if before is None else f"{before.pair} {before.at_ms} {before.until_ms}"


def _load_accepted(text: str, parse: Callable[[str], Pair | None]) -> Accepted | None:
    """Read it back. Raises ValueError for what is not ours."""
    if text == "-":
        return None
    name, at_ms, until_ms = text.split(" ")
    pair = parse(name)
    if pair is None:
        raise ValueError(text)
    return Accepted(pair, int(float(at_ms)), int(float(until_ms)))


def read_state(object_id: str, row: Mapping[str, Any]) -> PersonState:
    """Read a person hash. A field that we did not write is dropped and logged, not believed."""
    state = PersonState(object_id)
    bad: list[str] = []
    for field, text in row.items():
        name = _NUMBERS.get(field)
        if name is not None:
            number = _number(text)
            if number is None:
                bad.append(field)
            else:
                setattr(state, name, number)
    state.zoom_id = row.get("zoom") or None
    state.met, state.leaving = "met" in row, "leaving" in row
    state.authorised_by = _authorised_by(row, bad)
    if "trouble" in row:
        state.trouble, state.trouble_code = row["trouble"], row.get("code", "")
    if "failed" in row:
        state.failed_code = row["failed"]
    if "obs_at" in row:
        state.observation = _observation(row, bad)
    _read_what_is_held(state, row, bad)
    if row.get("groups"):
        state.group_ids = frozenset(filter(None, row["groups"].split(",")))
    if "style" in row or "paused" in row:
        state.personal = _personal(row, bad)
    _read_back(state, row, bad)
    if "notified" in row:
        state.notified = Notified.load(row["notified"])
    if bad:
        log.error("person_row_damaged", person=object_id, fields=sorted(bad))
    return state


async def read_rows(client: Client, people: Sequence[str], *names: str) -> list[PersonState]:
    """Many people, as far as these attributes go; those not connected are left out.

    Reading all of their rows takes thrice as long.
    """
    fields = ("gen", *(field for name in names for field in _FIELDS[name]))
    pipe = client.pipeline(transaction=False)
    for oid in people:
        pipe.hmget(keys.person(oid), fields)
    return [
        read_state(
            oid, {field: text for field, text in zip(fields, row, strict=True) if text is not None}
        )
        for oid, row in zip(people, await pipe.execute(), strict=True)
        if row[0] is not None
    ]


def _number(text: str) -> int | None:
    """A time or a count; Lua may have written it as 1e+12. None: it is neither."""
    try:
        return int(text)
    except ValueError:
        try:
            return int(float(text))
        except (ValueError, OverflowError):
            return None


def _observation(row: Mapping[str, Any], bad: list[str]) -> Observation | None:
    at, presence = _number(row["obs_at"]), _PRESENCES.get(row.get("obs", ""))
    if at is not None and presence is not None:
        return Observation(presence, at)
    bad.append("obs_at" if at is None else "obs")
    return None


def _read_what_is_held(state: PersonState, row: Mapping[str, Any], bad: list[str]) -> None:
    if "held" in row:
        state.held = _read_held(row, _SESSION, Pair.parse, bad)
    if "pref" in row:
        state.preferred = _read_held(row, _PREFERRED, Pair.parse_preferred, bad)
    if "old" in row:
        state.former = _read_held(row, _FORMER, Pair.parse, bad)
    state.session_app, state.former_app = row.get("app", ""), row.get("old_app", "")
    # Not a client id: nobody's, and what it holds ends by itself.
    bad += [it for it in ("app", "old_app") if it in row and not _GUID.fullmatch(row[it])]


def _read_held(
    row: Mapping[str, Any], kind: _Fields, parse: Callable[[str], Pair | None], bad: list[str]
) -> Held | None:
    name, told_name, until_name, unsure = kind
    pair = parse(row[name])
    told, until = _number(row.get(told_name, "")), _number(row.get(until_name, ""))
    if pair is not None and told is not None and until is not None:
        if unsure not in row:
            return Held(pair, told, until)
        try:
            before = _load_accepted(row[unsure], parse)
        except (ValueError, OverflowError):
            bad.append(unsure)
            before = None
        return Held(pair, told, until, sure=False, before=before)
    bad.append(name)
    for field, number in ((told_name, told), (until_name, until)):
        if field in row and number is None:
            bad.append(field)
    return None


def _authorised_by(row: Mapping[str, Any], bad: list[str]) -> AuthorisedBy:
    """Damage never lets us write with the organisation's authorisation."""
    by = _AUTHORISATIONS.get(row["by"]) if "by" in row else AuthorisedBy.PERSON
    if by is None:
        bad.append("by")
        return AuthorisedBy.PERSON
    return by


def _personal(row: Mapping[str, Any], bad: list[str]) -> Personal:
    style, paused = _STYLES.get(row.get("style", "")), None
    if "style" in row and style is None:
        bad.append("style")
    if "paused" in row:
        paused = _number(row["paused"])
        if paused is None:
            bad.append("paused")
    return Personal(style, paused)
