"""Zoom's events: read leniently where Zoom varies, refused where they are malformed."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.presence import Observation, ZoomPresence
from sync.zoom.events import (
    AppRemoved,
    Ignored,
    Malformed,
    PresenceEvent,
    UserGone,
    Validation,
    parse_event,
)

pytestmark = pytest.mark.unit

AT = 1_739_923_528_710


def presence_event(**changed: Any) -> dict[str, Any]:
    """A presence event in the shape of a real delivery. A value of `...` leaves the field out."""
    person = {
        "date_time": "2025-02-19T00:05:28Z",
        "email": "Ada@Example.com",
        "id": "zAda0000000000000001",
        "presence_status": "In_Meeting",
    }
    payload = {"account_id": "account", "object": person}
    event = {"event": "user.presence_status_updated", "event_ts": AT, "payload": payload}
    for name, value in changed.items():
        row = next((row for row in (event, payload, person) if name in row), person)
        if value is ...:
            del row[name]
        else:
            row[name] = value
    return event


def parse(document: object) -> object:
    return parse_event(json.dumps(document).encode())


def refused(document: object) -> str:
    with pytest.raises(Malformed) as caught:
        parse(document)
    return str(caught.value)


def test_a_presence_event_is_read() -> None:
    assert parse(presence_event()) == PresenceEvent(
        account_id="account",
        zoom_id="zAda0000000000000001",
        address="ada@example.com",
        status="In_Meeting",
        observation=Observation(ZoomPresence.IN_MEETING, AT),
    )


def test_the_main_status_counts_not_that_of_one_device() -> None:
    document = presence_event(
        presence_status="Away", app={"type": "mobile", "presence_status": "Offline"}
    )
    event = parse(document)
    assert isinstance(event, PresenceEvent)
    assert event.observation == Observation(ZoomPresence.AWAY, AT)


@pytest.mark.parametrize(
    ("changed", "zoom_id", "address"),
    [
        ({"email": ...}, "zAda0000000000000001", None),
        ({"email": ""}, "zAda0000000000000001", None),
        ({"id": ...}, None, "ada@example.com"),
        ({"id": None}, None, "ada@example.com"),
    ],
)
def test_one_name_of_the_person_is_enough(
    changed: dict[str, Any], zoom_id: str | None, address: str | None
) -> None:
    event = parse(presence_event(**changed))
    assert isinstance(event, PresenceEvent)
    assert (event.zoom_id, event.address) == (zoom_id, address)


def test_an_unknown_state_is_kept_as_text() -> None:
    event = parse(presence_event(presence_status="At_Lunch"))
    assert isinstance(event, PresenceEvent)
    assert event.observation is None
    assert event.status == "At_Lunch"


SECOND = AT // 1000 * 1000
"""The time of the sample as far as its `date_time` tells it."""


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ({"date_time": ...}, AT),
        ({"date-time": "2025-02-19T01:02:03Z"}, AT),
        ({"event_ts": str(AT)}, AT),
        ({"event_ts": f" {AT} "}, AT),
        ({"event_ts": float(AT)}, AT),
        ({"event_ts": AT + 0.5}, AT),
        ({"event_ts": f"{AT}.5"}, AT),
        ({"event_ts": AT // 1000}, SECOND),
        ({"event_ts": str(AT // 1000)}, SECOND),
        ({"event_ts": AT / 1000}, AT),
        ({"event_ts": f"{AT / 1000:.3f}"}, AT),
        ({"event_ts": "2025-02-19T00:05:28.710Z"}, AT),
        ({"event_ts": "2025-02-19 00:05:28"}, SECOND),
        ({"event_ts": "2025-02-19T05:35:28+05:30"}, SECOND),
        ({"event_ts": ...}, SECOND),
        ({"event_ts": None}, SECOND),
        ({"event_ts": True}, SECOND),
        ({"event_ts": -AT}, SECOND),
        ({"event_ts": 10**30}, SECOND),
        ({"event_ts": 1e400}, SECOND),
        ({"event_ts": float("nan")}, SECOND),
        ({"event_ts": "9" * 400}, SECOND),
        ({"event_ts": "2025-02-19"}, SECOND),
        ({"event_ts": "soon"}, SECOND),
        ({"event_ts": {}}, SECOND),
        ({"event_ts": ..., "date_time": ..., "date-time": "2025-02-19T00:05:28Z"}, SECOND),
    ],
    ids=str,
)
def test_the_time_is_read_wherever_it_can_be(when: dict[str, Any], at: int) -> None:
    event = parse(presence_event(**when))
    assert isinstance(event, PresenceEvent)
    assert event.observation == Observation(ZoomPresence.IN_MEETING, at)


@pytest.mark.parametrize("email", [12, "x" * 321, "\udfff@x.com"])
def test_an_id_makes_up_for_an_address_that_cant_be_read(email: object) -> None:
    event = parse(presence_event(email=email))
    assert isinstance(event, PresenceEvent)
    assert (event.zoom_id, event.address) == ("zAda0000000000000001", None)


@pytest.mark.parametrize("account", [..., None, ""])
def test_an_event_may_leave_out_whose_account_it_is(account: object) -> None:
    event = parse(presence_event(account_id=account))
    assert isinstance(event, PresenceEvent)
    assert event.account_id is None


MALFORMED = [
    ({"event": ...}, "event"),
    ({"event": ""}, "event"),
    ({"event": 5}, "event"),
    ({"event": "x" * 129}, "event"),
    ({"event_ts": ..., "date_time": ...}, "event_ts"),
    ({"event_ts": True, "date_time": "soon"}, "event_ts"),
    ({"id": ..., "email": 12}, "email"),
    ({"id": ..., "email": "x" * 321}, "email"),
    ({"id": ..., "email": "\udfff@x.com"}, "email"),
    ({"payload": ...}, "payload"),
    ({"payload": []}, "payload"),
    ({"payload": "x"}, "payload"),
    ({"account_id": 7}, "account_id"),
    ({"object": ...}, "object"),
    ({"object": None}, "object"),
    ({"object": []}, "object"),
    ({"id": ..., "email": ...}, "id"),
    ({"id": "", "email": ""}, "id"),
    ({"id": 12}, "id"),
    ({"id": "x" * 129}, "id"),
    ({"id": ["x"]}, "id"),
    ({"id": "\ud800"}, "id"),
    ({"presence_status": ...}, "presence_status"),
    ({"presence_status": ""}, "presence_status"),
    ({"presence_status": 1}, "presence_status"),
    ({"presence_status": "x" * 65}, "presence_status"),
    ({"presence_status": "\ud83c"}, "presence_status"),
]


@pytest.mark.parametrize(("changed", "field"), MALFORMED, ids=str)
def test_a_malformed_field_is_named_and_its_value_is_not(
    changed: dict[str, Any], field: str
) -> None:
    assert refused(presence_event(**changed)) == field


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b"[]",
        b'"text"',
        b"null",
        b"1" * 5000,
        b'{"event": "x"} trailing',
    ],
    ids=lambda body: str(body[:16]),
)
def test_what_is_not_a_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match="body"):
        parse_event(body)


@pytest.mark.parametrize("name", ["user.deleted", "user.deactivated", "user.disassociated"])
def test_a_user_who_is_gone_is_named(name: str) -> None:
    document = presence_event(event=name)
    assert parse(document) == UserGone("account", "zAda0000000000000001", "ada@example.com", AT)
    for field in ("payload", "object"):
        assert refused(presence_event(event=name, **{field: ...})) == field
    assert refused(presence_event(event=name, id=..., email=...)) == "id"


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"event_ts": AT}, AT),
        ({"event_ts": "2025-02-19 00:05:28"}, SECOND),
        ({"event_ts": ...}, None),
        ({"event_ts": ..., "account_id": ...}, None),
    ],
    ids=str,
)
def test_the_removal_of_the_app_is_read(said: dict[str, Any], at: int | None) -> None:
    document = presence_event(event="app_deauthorized", object=..., **said)
    assert parse(document) == AppRemoved(None if "account_id" in said else "account", at)


@pytest.mark.parametrize(
    "payload",
    [
        {"event_ts": AT},
        {"event_ts": "2025-02-19 00:05:28.710"},
        {"time_stamp": AT},
        {"deauthorization_time": "2025-02-19T00:05:28.710Z"},
    ],
    ids=str,
)
def test_zoom_may_put_the_time_of_a_removal_into_the_payload(payload: dict[str, Any]) -> None:
    document = {"event": "app_deauthorized", "payload": {"account_id": "account"} | payload}
    assert parse(document) == AppRemoved("account", AT)


def test_what_is_malformed_says_which_event_it_was() -> None:
    with pytest.raises(Malformed) as caught:
        parse(presence_event(presence_status=7))
    assert (str(caught.value), caught.value.event) == (
        "presence_status",
        "user.presence_status_updated",
    )
    with pytest.raises(Malformed) as caught:
        parse({"event": 7})
    assert caught.value.event == ""


@pytest.mark.parametrize("token", ["qgg8vlvZRS6UYooatFL8Aw", "a", "-_" * 64])
def test_a_validation_carries_its_token(token: str) -> None:
    document = {"event": "endpoint.url_validation", "payload": {"plainToken": token}}
    assert parse(document) == Validation(token)


@pytest.mark.parametrize(
    "token", [None, "", 5, "a" * 129, "two words", "v0:1739923528:{}", "a\n", "é", "a.b", "=="]
)
def test_a_validation_signs_nothing_but_a_token(token: object) -> None:
    document = {"event": "endpoint.url_validation", "payload": {"plainToken": token}}
    assert refused(document) == "plainToken"


def test_a_validation_needs_a_payload() -> None:
    assert refused({"event": "endpoint.url_validation"}) == "payload"


@pytest.mark.parametrize("name", ["meeting.started", "user.updated", "user.signed_in", "anything"])
def test_every_other_event_is_ignored_whatever_it_holds(name: str) -> None:
    assert parse({"event": name, "payload": 5}) == Ignored(name)
    assert parse({"event": name, "payload": {"account_id": 7}}) == Ignored(name)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
fields = st.sampled_from(
    ["event", "event_ts", "payload", "account_id", "object", "id", "email", "presence_status"]
)


@given(st.dictionaries(fields, json_values))
def test_any_value_in_any_field_is_read_or_malformed(changed: dict[str, Any]) -> None:
    with contextlib.suppress(Malformed):
        parse(presence_event(**changed))


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_event(body)
