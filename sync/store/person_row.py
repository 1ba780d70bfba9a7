"""A connected person's hash in Redis, read and written. Fields: sync.store.keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from sync.notices import Step, Told
from sync.plan import Held, Observation
from sync.policy import Personal
from sync.presence import Pair, Style, ZoomPresence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

log = structlog.get_logger()

Changes = dict[str, str | int]
"""Fields of a person hash and their new values; an empty text deletes the field."""

Fields = tuple[str, str, str, str]
SESSION: Fields = ("held", "told", "until", "unsure")
PREFERRED: Fields = ("pref", "pref_told", "pref_until", "pref_unsure")
"""The fields that keep what we hold at Microsoft, of either kind."""

FIELDS = (
    *("gen", "ver", "obs", "obs_at", "got", "answered", *SESSION, "test", "tries"),
    *("trouble", "trouble_at", "code", "wait", "leaving", *PREFERRED, "yielded", "need"),
    *("zoom", "met", "wrote", "groups", "style", "paused"),
)
"""What the scripts read of a person, in their order (`FIELDS` in `lua/_queue.lua`)."""


@dataclass(slots=True)
class State:
    """The engine's knowledge of one person, read from their hash. Times are epoch ms.

    Whoever read it may keep it up to date: it is their own copy.
    """

    object_id: str
    generation: int = 0
    version: int = 0
    observation: Observation | None = None
    got_ms: int | None = None
    answered_ms: int | None = None
    held: Held | None = None
    test_until_ms: int | None = None
    tries: int = 0
    trouble: str | None = None  # what ails them (sync.errors.Trouble), since when, and the code
    trouble_ms: int | None = None
    trouble_code: str = ""
    # Read with the whole row only: they were asked to connect again; what failed last, and when.
    asked: bool = False
    failed_code: str = ""
    failed_ms: int | None = None
    wait_ms: int | None = None
    leaving: bool = False
    preferred: Held | None = None
    yielded_ms: int | None = None
    group_ids: frozenset[str] = frozenset()
    policy_needed: int = 0
    zoom_id: str | None = None
    met: bool = False
    wrote_ms: int | None = None
    personal: Personal = field(default_factory=Personal)


@dataclass(frozen=True, slots=True)
class Standing:
    """What counting people takes of their `State`: reading the whole of it takes thrice as long.

    `until_ms` is the end of the session that Microsoft holds of us, 0 when there is none.
    """

    object_id: str
    zoom_id: str | None = None
    group_ids: frozenset[str] = frozenset()
    personal: Personal = field(default_factory=Personal)
    until_ms: int = 0
    trouble: str | None = None


STANDING = ("zoom", "groups", "style", "paused", "until", "trouble")


def held_fields(held: Held | None, kind: Fields = SESSION) -> Changes:
    """The changes that keep what we hold at Microsoft; None: nothing."""
    if held is None:
        return dict.fromkeys(kind, "")
    unsure = "" if held.sure else 1
    return dict(zip(kind, (str(held.pair), held.told_ms, held.until_ms, unsure), strict=True))


def read_standing(object_id: str, fields: Sequence[str | None]) -> Standing:
    """Read the fields of `STANDING`; with a damaged row it is as if they had chosen nothing."""
    zoom_id, groups, style, paused, until, trouble = fields
    try:
        personal = Personal(Style(style) if style else None, int(paused) if paused else None)
        until_ms = int(until or 0)
    except ValueError:
        log.error("person_row_damaged", person=object_id)
        personal, until_ms = Personal(), 0
    group_ids = frozenset(filter(None, (groups or "").split(",")))
    return Standing(object_id, zoom_id or None, group_ids, personal, until_ms, trouble)


def read_state(object_id: str, row: Mapping[str, Any]) -> State:
    """Read a person hash. A field that we did not write is dropped and logged, not believed."""
    bad: list[str] = []

    def number(name: str) -> int | None:
        text = row.get(name)
        if text is None:
            return None
        if text.isdecimal() and text.isascii():
            return int(text)
        try:
            return int(float(text))
        except (ValueError, OverflowError):
            bad.append(name)
            return None

    observation = None
    at = number("obs_at")
    if at is not None:
        try:
            observation = Observation(ZoomPresence(row.get("obs", "")), at)
        except ValueError:
            bad.append("obs")

    def kept(kind: Fields, parse: Callable[[str], Pair | None]) -> Held | None:
        name, told_name, until_name, unsure = kind
        pair, told, until = parse(row.get(name, "")), number(told_name), number(until_name)
        if pair is not None and told is not None and until is not None:
            return Held(pair, told, until, sure=unsure not in row)
        if row.get(name):
            bad.append(name)
        return None

    style = row.get("style")
    if style is not None and style not in set(Style):
        bad.append("style")
        style = None
    state = State(
        object_id=object_id,
        generation=number("gen") or 0,
        version=number("ver") or 0,
        observation=observation,
        got_ms=number("got"),
        answered_ms=number("answered"),
        held=kept(SESSION, Pair.parse),
        test_until_ms=number("test"),
        tries=number("tries") or 0,
        trouble=row.get("trouble"),
        trouble_ms=number("trouble_at"),
        trouble_code=row.get("code", ""),
        asked=Told.load(row.get("asked")).step in {Step.SENDING, Step.TOLD, Step.UNSURE},
        failed_code=row.get("failed", ""),
        failed_ms=number("failed_at"),
        wait_ms=number("wait"),
        leaving="leaving" in row,
        preferred=kept(PREFERRED, Pair.parse_preferred),
        yielded_ms=number("yielded"),
        policy_needed=number("need") or 0,
        zoom_id=row.get("zoom") or None,
        met="met" in row,
        wrote_ms=number("wrote"),
        group_ids=frozenset(filter(None, row.get("groups", "").split(","))),
        personal=Personal(Style(style) if style else None, number("paused")),
    )
    if bad:
        log.error("person_row_damaged", person=object_id, fields=bad)
    return state
