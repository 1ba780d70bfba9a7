"""The organisation's consent: which rights count, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR
from domain.organisation import (
    Consent,
    Matching,
    Right,
    Why,
    beyond,
    failed,
    matching,
    may_read,
    may_write,
    missing,
    seen,
    why_of,
)

pytestmark = pytest.mark.unit

BOTH = "Presence.ReadWrite.All User.Read.All"


NEEDED = (Right.WRITE, Right.USERS)


@pytest.mark.parametrize(
    ("roles", "writes", "matches", "lacks", "more"),
    [
        ("", False, Matching.NONE, NEEDED, ""),
        (BOTH, True, Matching.FULL, (), ""),
        ("Presence.ReadWrite.All", True, Matching.NONE, (Right.USERS,), ""),
        (
            "Presence.ReadWrite.All User.ReadBasic.All",
            *(True, Matching.BASIC, (Right.USERS,), ""),
        ),
        ("Presence.Read.All", False, Matching.NONE, NEEDED, ""),
        (f"{BOTH} Presence.Read.All User.ReadBasic.All", True, Matching.FULL, (), ""),
        (f"Mail.Read {BOTH} Files.Read", True, Matching.FULL, (), "Files.Read Mail.Read"),
        # Names are Graph's to the letter: a delegated permission is another thing.
        ("Presence.ReadWrite", False, Matching.NONE, NEEDED, "Presence.ReadWrite"),
        ("presence.readwrite.all", False, Matching.NONE, NEEDED, "presence.readwrite.all"),
    ],
)
def test_what_rights_are_for(
    roles: str, writes: bool, matches: Matching, lacks: tuple[Right, ...], more: str
) -> None:
    names = roles.split()
    assert may_write(names) is writes
    assert may_read(names) is (writes or "Presence.Read.All" in names)
    assert matching(names) is matches
    assert missing(names) == lacks
    assert beyond(names) == tuple(more.split())


def test_consent_given_withdrawn_and_given_again() -> None:
    nothing = seen(Consent(), (), 10)
    assert (nothing.why, nothing.until_ms, nothing.may_write) == (Why.NEVER, None, False)

    given = seen(nothing, BOTH.split(), 20)
    assert (given.since_ms, given.why, given.may_write) == (20, None, True)
    assert given.matching is Matching.FULL
    later = seen(given, BOTH.split(), 30)
    assert (later.since_ms, later.looked_ms) == (20, 30)

    gone = seen(later, (), 40)
    assert (gone.why, gone.may_write, gone.matching) == (Why.WITHDRAWN, False, Matching.NONE)
    assert gone.until_ms == 40 + HOUR
    still = seen(gone, (), 50)
    assert (still.why, still.until_ms) == (Why.WITHDRAWN, 40 + HOUR)

    again = seen(still, BOTH.split(), 60)
    assert (again.since_ms, again.until_ms, again.may_write) == (60, None, True)


def test_some_rights_are_too_few_rights() -> None:
    given = seen(Consent(), BOTH.split(), 1)
    fewer = seen(given, ["User.Read.All"], 2)
    assert (fewer.why, fewer.may_write, fewer.matching) == (Why.TOO_FEW, False, Matching.FULL)
    assert fewer.until_ms == 2 + HOUR


def test_nobody_answering_ends_nothing_and_heals_nothing() -> None:
    given = seen(Consent(), BOTH.split(), 1)
    quiet = failed(given, Why.UNREACHABLE, "login_busy", 2)
    assert (quiet.may_write, quiet.since_ms, quiet.looked_ms) == (True, 1, 1)
    assert seen(quiet, BOTH.split(), 3) == seen(given, BOTH.split(), 3)

    switched_off = failed(given, Why.DISABLED, "", 4)
    assert not switched_off.may_write
    assert failed(switched_off, Why.UNREACHABLE, "", 5) == switched_off
    assert not failed(Consent(), Why.UNREACHABLE, "", 5).may_write


@pytest.mark.parametrize("why", set(Why) - {Why.UNREACHABLE})
def test_whatever_ends_it_ends_it_at_once(why: Why) -> None:
    given = seen(Consent(), BOTH.split(), 1)
    ended = failed(given, why, "AADSTS1", 7)
    assert not ended.may_write
    assert ended.until_ms == 7 + HOUR
    assert ended.matching is Matching.NONE or why is Why.TOO_FEW
    assert seen(ended, BOTH.split(), 9).since_ms == 9


LOOKS = st.lists(
    st.one_of(
        st.sets(st.sampled_from([*(str(right) for right in Right), "Mail.Read"])),
        st.sampled_from(list(Why)),
    )
)


@given(LOOKS)
def test_nothing_is_written_without_the_right(looks: list[set[str] | Why]) -> None:
    consent, allowed = Consent(), False
    for at, look in enumerate(looks, 1):
        if isinstance(look, Why):
            consent = failed(consent, look, "", at)
            allowed = allowed and look is Why.UNREACHABLE
        else:
            consent = seen(consent, look, at)
            allowed = Right.WRITE in look
        assert consent.may_write is allowed
        assert (consent.since_ms is None) is not allowed
        assert allowed or consent.why is not None


def test_each_reason_has_a_code_of_its_own() -> None:
    assert [why_of(why.code) for why in Why] == list(Why)
    assert why_of("graph_403") is None


def test_reading_needs_no_right_to_write_and_ends_with_consent() -> None:
    reads = seen(Consent(), ["Presence.Read.All"], 5)
    assert (reads.may_read, reads.may_write, reads.why) == (True, False, Why.TOO_FEW)
    assert failed(reads, Why.UNREACHABLE, "", 6).may_read
    for why in (Why.DISABLED, Why.BLOCKED, Why.CREDENTIAL):
        assert not failed(reads, why, "", 6).may_read
    assert not seen(reads, ["User.Read.All"], 7).may_read
    assert not Consent().may_read
