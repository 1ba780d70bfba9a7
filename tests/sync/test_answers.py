"""What other services' HTTP answers say, read in one place for all of them."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.answers import is_from_between, pause, retry_after

pytestmark = pytest.mark.unit

NOW = 1_760_000_000.0  # 2025-10-09 08:53:20 UTC


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("+7", 7.0),
        ("3.5", 3.5),
        ("3.", 3.0),
        ("0", 0.0),
        ("0.0", 0.0),
        ("86400", 600.0),
        ("9" * 30, 600.0),
        ("9" * 5000, 600.0),
        ("-3", None),
        ("-0.5", None),
        ("1e3", None),
        ("1_000", None),
        ("0x10", None),
        ("٣", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("3 seconds", None),
        ("3, 5", 5.0),  # a header that came twice, put together by a proxy
        ("3,", None),
        ("3, soon", None),
        ("Thu, 09 Oct 2025 08:54:02 GMT", 42.0),
        ("Thu, 09 Oct 2025 08:54:02 +0000", 42.0),
        ("Thu, 09 Oct 2025 10:54:02 +0200", 42.0),
        ("Thu, 09 Oct 2025 08:54:02 -0000", 42.0),
        ("Thursday, 09-Oct-25 08:54:02 GMT", 42.0),  # RFC 850
        ("Thu Oct  9 08:54:02 2025", 42.0),  # asctime
        ("Thu, 09 Oct 2025 08:53:00 GMT", 0.0),
        ("Fri, 10 Oct 2025 08:53:20 GMT", 600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 600.0),
        ("Mon, 01 Jan 0001 00:00:00 -0000", 0.0),
        ("2025-10-09T08:54:02Z", 42.0),
        ("2025-10-09T08:54:02", 42.0),
        ("2025-10-09 08:54:02.500+00:00", 42.5),
        ("2025-10-09T10:54:02+02:00", 42.0),
        ("2025-10-10T00:00:00Z", 600.0),
        ("0001-01-01T00:00:00+14:00", 0.0),
        ("9999-12-31T23:59:59-14:00", 600.0),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_retry_after_is_read_in_every_form(
    monkeypatch: pytest.MonkeyPatch, zone: str, header: str | None, seconds: float | None
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert retry_after(header, NOW, longest=600.0) == seconds
    finally:
        monkeypatch.undo()
        time.tzset()


@given(
    st.text()
    | st.floats().map(str)
    | st.integers().map(str)
    | st.datetimes().map(format_datetime)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.floats(min_value=0, max_value=1e10),
)
def test_whatever_it_says_is_a_time_within_limits_or_nothing(header: str, now: float) -> None:
    seconds = retry_after(header, now, longest=60.0)
    assert seconds is None or 0 <= seconds <= 60


@given(st.integers(10**9, 4 * 10**9))
def test_each_date_form_of_one_moment_is_the_same(seconds: int) -> None:
    whole = datetime.fromtimestamp(seconds, UTC)
    forms = [format_datetime(whole, usegmt=True), whole.isoformat(), f"{whole:%c}"]
    waits = {retry_after(form, seconds - 100, longest=600) for form in forms}
    assert waits == {100.0}


@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, 30.0), (0.0, 1.0), (0.2, 1.0), (3.5, 3.5), (90.0, 90.0)]
)
def test_everybody_never_waits_for_no_time_at_all(asked: float | None, seconds: float) -> None:
    assert pause(asked, otherwise=30.0) == seconds


PAGE = b"<!DOCTYPE html><html><body>Access denied</body></html>"


@pytest.mark.parametrize(
    ("status", "raw", "between"),
    [
        (200, PAGE, True),
        (200, b"\xef\xbb\xbf  \r\n" + PAGE, True),
        (202, PAGE, True),
        (200, b"", False),
        (204, b"", False),
        (200, b"{}", False),
        (200, b"OK", False),  # what a success says does not matter
        (302, b"", True),
        (307, PAGE, True),
        (400, PAGE, True),
        (401, PAGE, True),
        (403, PAGE, True),
        (403, b"RBAC: access denied", True),
        (403, b"\xff\xfe", True),
        (403, b"", False),
        (403, b' {"error": {}} ', False),
        (403, b"[]", False),
        (403, b"[" * 100_000, False),
        (404, PAGE, True),
        (407, b"", True),
        (451, b"", True),
        (511, b"", True),
        (429, PAGE, False),
        (500, PAGE, False),
        (503, b"upstream connect error", False),
    ],
)
def test_a_page_in_place_of_an_answer_is_from_something_in_between(
    status: int, raw: bytes, between: bool
) -> None:
    assert is_from_between(status, raw) is between
