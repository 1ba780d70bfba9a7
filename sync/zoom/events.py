"""Zoom's webhook events, read and checked. Pure.

The envelope is `event`, `event_ts` (epoch milliseconds, when it happened) and `payload`. Only what
we act on is read; everything else is `Ignored`, because Zoom may send any event to one address.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync.links import fold_address
from sync.plan import Observation
from sync.presence import parse_zoom_presence

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_MILLISECONDS = range(1_000_000_000_000, 100_000_000_000_000)


class Malformed(Exception):
    """Not an event as Zoom documents it. The message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Validation:
    """`endpoint.url_validation`: prove that we know the secret."""

    plain_token: str


@dataclass(frozen=True, slots=True)
class PresenceEvent:
    """`user.presence_status_updated`. `observation` is None when we don't know the state."""

    account_id: str
    zoom_id: str | None
    address: str | None
    status: str
    observation: Observation | None


@dataclass(frozen=True, slots=True)
class UserGone:
    """`user.deleted`, `user.deactivated` or `user.disassociated`: their link ends."""

    account_id: str
    zoom_id: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class AppRemoved:
    """`app_deauthorized`: the Zoom app was removed from the account; every link ends."""

    account_id: str


@dataclass(frozen=True, slots=True)
class DirectoryChanged:
    """A `group.*` or `user.*` event after which users, groups or memberships are to be read anew.

    What changed is not taken from the event: Zoom promises neither order nor delivery.
    """

    account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that we do not act on."""

    name: str


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
    if name == "endpoint.url_validation":
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
        return UserGone(_text(payload, "account_id", 128), zoom_id, address)
    if name == "app_deauthorized":
        payload = _object(envelope.get("payload"), "payload")
        return AppRemoved(_text(payload, "account_id", 128))
    if name in _DIRECTORY_EVENTS:
        return _directory(envelope, name)
    return Ignored(name)


def _presence(envelope: Mapping[str, Any]) -> PresenceEvent:
    at = envelope.get("event_ts")
    if isinstance(at, bool) or not isinstance(at, int) or at not in _MILLISECONDS:
        raise Malformed("event_ts")
    payload = _object(envelope.get("payload"), "payload")
    person = _object(payload.get("object"), "object")
    zoom_id, address = _who(person)
    status = _text(person, "presence_status", 64)
    presence = parse_zoom_presence(status)
    return PresenceEvent(
        account_id=_text(payload, "account_id", 128),
        zoom_id=zoom_id,
        address=address,
        status=status,
        observation=None if presence is None else Observation(presence, at),
    )


def _directory(envelope: Mapping[str, Any], name: str) -> DirectoryChanged | Ignored:
    """A hint, no more: one that does not say of which account is not worth a refusal."""
    try:
        payload = _object(envelope.get("payload"), "payload")
        return DirectoryChanged(_text(payload, "account_id", 128), name)
    except Malformed:
        return Ignored(name)


def _who(person: Mapping[str, Any]) -> tuple[str | None, str | None]:
    zoom_id = _text(person, "id", 128) if person.get("id") else None
    address = fold_address(_text(person, "email", 320)) if person.get("email") else None
    if zoom_id is None and address is None:
        raise Malformed("id")
    return zoom_id, address


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
