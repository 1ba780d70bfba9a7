"""Zoom's signature: the raw bytes count, in constant time, and not for ever."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.zoom.signature import BadSignature, answer_validation, sign, verify

pytestmark = pytest.mark.unit

SECRET = "the webhook secret"
NOW = 1_739_923_528
WINDOW = 7200.0
EMOJI = '{"event":"x","topic":"caf\\u00e9 \U0001f389 \\/ 山田"}'.encode()


def check(
    signature: str | None = None,
    *,
    timestamp: str = str(NOW),
    body: bytes = EMOJI,
    now: float = NOW,
    window: float = WINDOW,
) -> None:
    given_signature = sign(SECRET, timestamp, body) if signature is None else signature
    verify(
        SECRET, timestamp=timestamp, signature=given_signature, body=body, now=now, window=window
    )


def code_of(**arguments: object) -> str:
    with pytest.raises(BadSignature) as caught:
        check(**arguments)  # type: ignore[arg-type]
    return caught.value.code


def test_the_signature_is_the_documented_one() -> None:
    expected = hmac.new(SECRET.encode(), b"v0:1739923528:" + EMOJI, hashlib.sha256).hexdigest()
    assert sign(SECRET, "1739923528", EMOJI) == "v0=" + expected
    check("v0=" + expected)


def test_the_answer_to_a_validation_is_the_documented_one() -> None:
    # A public test vector (mattermost-plugin-zoom).
    answer = answer_validation("zoomwebhooksecret", "Kn5a3Wv7SP6YP5b4BWfZpg")
    assert answer["plainToken"] == "Kn5a3Wv7SP6YP5b4BWfZpg"
    assert answer["encryptedToken"].startswith("2a41c313")
    assert answer["encryptedToken"].endswith("41e0a")


def test_the_same_json_in_other_bytes_is_forged() -> None:
    rewritten = json.dumps(json.loads(EMOJI)).encode()
    assert json.loads(rewritten) == json.loads(EMOJI)
    assert code_of(signature=sign(SECRET, str(NOW), rewritten)) == "forged"


@pytest.mark.parametrize(
    "signature",
    ["", "v0=", "v0=" + "0" * 64, "v1=" + sign(SECRET, str(NOW), EMOJI)[3:], "v0=\udcff", "é"],
)
def test_another_signature_is_forged(signature: str) -> None:
    assert code_of(signature=signature) == "forged"


def test_a_signature_with_another_secret_is_forged() -> None:
    assert code_of(signature=sign("another secret", str(NOW), EMOJI)) == "forged"


def test_the_timestamp_is_part_of_what_is_signed() -> None:
    assert code_of(signature=sign(SECRET, str(NOW), EMOJI), timestamp=str(NOW + 1)) == "forged"


@pytest.mark.parametrize(
    "timestamp", ["", " ", "-1", "+1739923528", "1739923528.0", "1e9", "١٧٣٩", "9" * 17, "²"]
)
def test_a_timestamp_that_is_no_number_is_forged(timestamp: str) -> None:
    assert code_of(timestamp=timestamp) == "forged"


@pytest.mark.parametrize("age", [0, 85 * 60, 7200, -7200])
def test_within_the_window_a_signature_is_good(age: int) -> None:
    check(now=NOW + age)


@pytest.mark.parametrize("age", [7201, -7201, 10**9])
def test_outside_the_window_it_is_stale(age: int) -> None:
    assert code_of(now=NOW + age) == "stale"


def test_forged_comes_before_stale() -> None:
    assert code_of(signature="v0=0", now=NOW + 10**6) == "forged"


def test_a_timestamp_in_milliseconds_is_understood() -> None:
    check(timestamp=f"{NOW}123")
    assert code_of(timestamp=f"{NOW}123", now=NOW + 8000) == "stale"


@given(st.text(), st.text(), st.binary())
def test_nothing_from_outside_gets_through_or_raises_anything_else(
    timestamp: str, signature: str, body: bytes
) -> None:
    with pytest.raises(BadSignature):
        check(signature, timestamp=timestamp, body=body)


@given(st.binary(), st.integers(0, 7200))
def test_whatever_zoom_signs_is_good(body: bytes, age: int) -> None:
    check(body=body, timestamp=str(NOW - age))
