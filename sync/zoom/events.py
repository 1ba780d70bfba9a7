"""Zoom's webhook events, read and checked. Pure.

The envelope is `event`, `event_ts` (epoch milliseconds, when it happened) and `payload`. Only what
we act on is read; everything else is `Ignored`, because Zoom may send any event to one address.
Zoom's own documents differ about times and names, so whatever can be read is read.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domain.link import fold_address
from domain.presence import Observation, parse_zoom_presence

if TYPE_CHECKING:
    from collections.abc import Mapping

VALIDATION = "endpoint.url_validation"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_NUMBER = re.compile(r"[0-9]{10,14}(\.[0-9]{1,9})?\Z")
_SECONDS = range(1_000_000_000, 100_000_000_000)
_MILLISECONDS = range(1_000_000_000_000, 100_000_000_000_000)
"""Epoch times of the years 2001 to 5138: no number is both."""


class Malformed(Exception):
    """Not an event as Zoom documents it. The message names the field, never its value.

    `event` is the event's name; empty: what came has none, so that it is no event at all.
    """

    def __init__(self, field: str, *, event: str = "") -> None:
        super().__init__(field)
        self.event = event


@dataclass(frozen=True, slots=True)
class Validation:
    """`endpoint.url_validation`: prove that we know the secret."""

    plain_token: str


@dataclass(frozen=True, slots=True)
class PresenceEvent:
    """`user.presence_status_updated`. `observation` is None when we don't know the state.

    `account_id` None, here and below: the event does not say of which account it is.
    """

    account_id: str | None
    zoom_id: str | None
    address: str | None
    status: str
    observation: Observation | None


@dataclass(frozen=True, slots=True)
class UserGone:
    """`user.deleted`, `user.deactivated` or `user.disassociated`: their link ends.

    `at_ms` (epoch ms): when it happened; None: the event has no time that can be read.
    """

    account_id: str | None
    zoom_id: str | None
    address: str | None
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class AppRemoved:
    """`app_deauthorized`: the Zoom app was removed from the account; every link ends.

    `at_ms` as for UserGone.
    """

    account_id: str | None
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class DirectoryChanged:
    """A `group.*` or `user.*` event after which users, groups or memberships are to be read anew.

    What changed is not taken from the event: Zoom promises neither order nor delivery.
    """

    account_id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that we do not act on. `account_id` as far as it can be read."""

    name: str
    account_id: str | None = None


Event = Validation | PresenceEvent | UserGone | AppRemoved | DirectoryChanged | Ignored

_DIRECTORY_EVENTS = frozenset(
    {
        *("group.created", "group.updated", "group.deleted"),
        *("group.member_added", "group.member_deleted"),
        *("user.created", "user.activated", "user.updated", "user.invitation_accepted"),
    }
)
"""Those that end a user's link (UserGone) change the directory as well."""


def parse_event(body: bytes) -> Event:
    """Read a body whose signature was verified. Raises Malformed."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("body") from error
    envelope = _object(document, "body")
    name = _text(envelope, "event", 128)
    try:
        return _parse(name, envelope)
    except Malformed as error:
        raise Malformed(str(error), event=name) from error


def _parse(name: str, envelope: Mapping[str, Any]) -> Event:
    if name == VALIDATION:
        token = _text(_object(envelope.get("payload"), "payload"), "plainToken", 128)
        if not _TOKEN.match(token):
            # A signing oracle for any text would let others forge events.
            raise Malformed("plainToken")
        return Validation(token)
    if name == "user.presence_status_updated":
        return _presence(envelope)
    if name in {"user.deleted", "user.deactivated", "user.disassociated"}:
        payload = _object(envelope.get("payload"), "payload")
        zoom_id, address = _who(_object(payload.get("object"), "object"))
        return UserGone(_account(payload), zoom_id, address, _moment(envelope))
    if name == "app_deauthorized":
        payload = _object(envelope.get("payload"), "payload")
        return AppRemoved(_account(payload), _moment(envelope))
    try:
        account_id = _account(_object(envelope.get("payload"), "payload"))
    except Malformed:  # nothing that we need: not worth a complaint
        return Ignored(name)
    changed = name in _DIRECTORY_EVENTS
    return DirectoryChanged(account_id, name) if changed else Ignored(name, account_id)


def _presence(envelope: Mapping[str, Any]) -> PresenceEvent:
    at = _moment(envelope)
    if at is None:
        raise Malformed("event_ts")
    payload = _object(envelope.get("payload"), "payload")
    person = _object(payload.get("object"), "object")
    zoom_id, address = _who(person)
    status = _text(person, "presence_status", 64)
    presence = parse_zoom_presence(status)
    return PresenceEvent(
        account_id=_account(payload),
        zoom_id=zoom_id,
        address=address,
        status=status,
        observation=None if presence is None else Observation(presence, at),
    )


def _account(payload: Mapping[str, Any]) -> str | None:
    given = payload.get("account_id")
    return None if given is None or given == "" else _text(payload, "account_id", 128)


def _who(person: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Whom an event is about. An id that can't be read is not made up for by an address."""
    zoom_id = _text(person, "id", 128) if person.get("id") else None
    address = None
    if person.get("email"):
        try:
            address = fold_address(_text(person, "email", 320))
        except Malformed:
            if zoom_id is None:
                raise
    if zoom_id is None and address is None:
        raise Malformed("id")
    return zoom_id, address


def _moment(envelope: Mapping[str, Any]) -> int | None:
    """When it happened (epoch ms); None: nothing that can be read says so.

    Zoom's documents and samples put the time into any of these, as numbers or texts.
    """
    payload = envelope.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    about = payload.get("object")
    about = about if isinstance(about, dict) else {}
    named = [envelope.get("event_ts"), about.get("date_time"), about.get("date-time")]
    named += map(payload.get, ("event_ts", "time_stamp", "deauthorization_time"))
    return next((at for at in map(_time, named) if at is not None), None)


def _time(value: object) -> int | None:
    """Epoch milliseconds out of a number (seconds or milliseconds) or an ISO 8601 text (UTC)."""
    if isinstance(value, str):
        value = value.strip()
        if _NUMBER.match(value):
            value = float(value)
        elif ":" not in value:
            return None  # a day is no time
        else:
            try:
                moment = datetime.fromisoformat(value)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                value = moment.timestamp()
            except (ValueError, OverflowError):
                return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if int(value) in _SECONDS:
        return round(value * 1000)
    return int(value) if int(value) in _MILLISECONDS else None


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(name)
    return value


def _text(row: Mapping[str, Any], name: str, longest: int) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise Malformed(name)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # a lone surrogate, written as \\udXXX
        raise Malformed(name) from error
    return value
