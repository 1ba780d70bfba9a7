"""When a morning digest is due by the admin's own clock, and what is news in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.clock import DAY, HOUR, MINUTE
from domain.digest import Census, Counted, News, code_of, compare, due_day, next_ms, today

pytestmark = pytest.mark.unit

STOCKHOLM, KOLKATA, KIRITIMATI = map(
    ZoneInfo, ("Europe/Stockholm", "Asia/Kolkata", "Pacific/Kiritimati")
)
SALT = "salt"


def ms(text: str, zone: ZoneInfo = STOCKHOLM) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "done", "due"),
    [
        ("2026-11-30T07:59:59", "2026-11-27", None),  # a Monday
        ("2026-11-30T08:00:00", "2026-11-27", "2026-11-30"),
        ("2026-11-30T17:59:59", "2026-11-27", "2026-11-30"),  # made up for
        ("2026-11-30T18:00:00", "2026-11-27", None),  # folded into the next
        ("2026-11-30T09:00:00", "2026-11-30", None),  # once
        ("2026-12-01T08:00:00", "2026-11-30", "2026-12-01"),
        ("2026-11-28T09:00:00", "2026-11-27", None),  # Saturday
        ("2026-11-29T09:00:00", "2026-11-27", None),
        ("2026-11-27T09:00:00", "2026-11-30", None),  # the clock went back
        ("2026-03-30T08:00:00", "2026-03-27", "2026-03-30"),  # summer time has just begun
        ("2026-10-26T07:59:00", "2026-10-23", None),  # and ended
    ],
)
def test_when_one_is_due(now: str, done: str, due: str | None) -> None:
    assert due_day(done, ms(now), STOCKHOLM) == due


def test_a_morning_is_of_the_admin_s_own_clock() -> None:
    now = ms("2026-11-30T08:00", KOLKATA)
    assert due_day("2026-11-27", now, KOLKATA) == "2026-11-30"
    assert due_day("2026-11-27", now, STOCKHOLM) is None  # half past three in the night
    assert due_day("2026-11-27", now, UTC) is None


def test_who_flies_west_has_none_twice_on_a_day() -> None:
    now = ms("2026-12-01T08:00", KIRITIMATI)  # still Monday in Stockholm
    assert due_day("2026-11-30", now, KIRITIMATI) == "2026-12-01"
    assert due_day("2026-12-01", now + 20 * HOUR, STOCKHOLM) is None
    assert due_day("2026-12-01", ms("2026-12-02T08:00"), STOCKHOLM) == "2026-12-02"


@pytest.mark.parametrize(
    ("now", "done", "then"),
    [
        ("2026-11-27T12:00", "2026-11-27", "2026-11-30T08:00"),  # asked for on a Friday
        ("2026-11-30T07:00", "2026-11-27", "2026-11-30T08:00"),
        ("2026-11-30T07:00", "2026-11-30", "2026-12-01T08:00"),
        ("2026-11-30T19:00", "2026-11-27", "2026-12-01T08:00"),
        ("2026-11-30T09:00", "2026-11-27", "2026-11-30T09:00"),
        ("2026-03-27T12:00", "2026-03-27", "2026-03-30T08:00"),
    ],
)
def test_when_the_next_one_comes(now: str, done: str, then: str) -> None:
    assert next_ms(done, ms(now), STOCKHOLM) == ms(then)


@given(
    st.integers(ms("2026-01-01T00:00"), ms("2027-12-31T00:00")),
    st.sampled_from([STOCKHOLM, KOLKATA, KIRITIMATI, ZoneInfo("America/New_York")]),
    st.integers(-3, 3),
)
@example(ms("2026-03-29T01:30"), STOCKHOLM, 0)
def test_the_next_one_is_due_when_it_is_said_and_never_sooner(
    now: int, zone: ZoneInfo, days: int
) -> None:
    done = (datetime.fromtimestamp(now / 1000, tz=zone).date() + timedelta(days=days)).isoformat()
    then = next_ms(done, now, zone)
    assert now <= then <= now + 9 * DAY
    assert due_day(done, then, zone) is not None
    if then > now:
        assert due_day(done, now, zone) is None
        assert due_day(done, then - MINUTE, zone) is None
    assert due_day(today(then, zone), then, zone) is None, "once a day"


def counted(*people: str, unmatched: tuple[str, ...] | None = None) -> Counted:
    now = Census(dict.fromkeys(people, "gone"), unmatched=unmatched)
    return compare(Counted(), now, SALT)[1]


def test_what_is_new_is_said_once() -> None:
    now = Census({"ada": "gone", "ben": "authorize", "nia": "gone"}, well=["cleo"])
    news, after = compare(counted("ada"), now, SALT)
    assert news == News({"authorize": 1, "gone": 1})
    assert news
    assert compare(after, now, SALT) == (News(), after)
    assert not News()


def test_who_is_well_again_is_healed_and_who_has_gone_is_not() -> None:
    news, after = compare(counted("ada", "ben", "cleo"), Census({}, well=["ada", "dee"]), SALT)
    assert news == News(healed=1), "ben and cleo are no longer connected, or it is off for them"
    assert after == Counted()


def test_who_is_being_tried_again_is_neither() -> None:
    now = Census({}, unsettled=["ada", "ben"])
    news, after = compare(counted("ada"), now, SALT)
    assert not news
    assert after == counted("ada")
    assert compare(after, Census({}, well=["ada"]), SALT)[0].healed == 1
    assert compare(after, Census({"ben": "gone"}), SALT)[0].trouble == {"gone": 1}


def test_who_can_t_be_matched_is_counted_from_when_that_is_known() -> None:
    first, after = compare(Counted(), Census({}, unmatched=["z1", "z2"]), SALT)
    assert not first
    news, later = compare(after, Census({}, unmatched=["z2", "z3", "z4"]), SALT)
    assert news == News(unmatched=2)
    nothing, kept = compare(later, Census({}, unmatched=None), SALT)
    assert (nothing, kept) == (News(), later), "not known for now"
    assert compare(kept, Census({}, unmatched=["z2", "z3"]), SALT)[0] == News()


def test_codes_don_t_say_who_it_is() -> None:
    ada = "00000000-0000-4000-8000-000000000001"
    assert len(code_of(SALT, ada)) == 8
    assert code_of(SALT, ada) != code_of("another", ada)
    many = {code_of(SALT, f"{ada}{number}") for number in range(10_000)}
    assert len(many) == 10_000


people = st.sets(st.sampled_from("abcdefgh"))


@given(
    people,
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["gone", "failing"])),
    people,
    people,
)
def test_nobody_is_counted_twice(
    before: set[str], trouble: dict[str, str], well: set[str], unsettled: set[str]
) -> None:
    well -= trouble.keys()
    unsettled -= trouble.keys() | well
    now = Census(trouble, well, unsettled)
    news, after = compare(counted(*before), now, SALT)
    assert sum(news.trouble.values()) == len(trouble.keys() - before)
    assert news.healed == len(before & well)
    assert compare(after, now, SALT)[0] == News()
