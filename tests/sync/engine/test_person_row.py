"""A person's row says what is known of them: every field is read, and what changes is written."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Trouble
from domain.person import Accepted, Held, Layer, Patch, PersonState
from domain.policy import AuthorisedBy, Personal
from domain.presence import (
    AVAILABLE,
    IN_A_CALL,
    PREFERRED_PAIRS,
    Observation,
    Shown,
    Style,
    ZoomPresence,
)
from domain.readback import Lesson, Sight, Taught
from domain.setback import Setback
from domain.storms import Delivery, Notified
from sync.engine.person_row import BY_SCRIPTS, read_state, written

pytestmark = pytest.mark.unit

ADA = "00000000-0000-4000-8000-000000000001"
SESSION = Held(IN_A_CALL, 21, 22, sure=False, before=Accepted(AVAILABLE, 19, 20))
PREFERRED = Held(PREFERRED_PAIRS[0], 23, 24)
FORMER = Held(IN_A_CALL, 19, 20)
OTHER_APP = "aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff"
ROW = {
    "gen": "1",
    "ver": "2",
    "obs": "Busy",
    "obs_at": "3",
    "got": "4",
    "acted": "5",
    "held": "Busy/InACall",
    "told": "21",
    "until": "22",
    "unsure": f"{AVAILABLE} 19 20",
    "pref": str(PREFERRED.pair),
    "pref_told": "23",
    "pref_until": "24",
    "yielded": "6",
    "test": "7",
    "met": "1",
    "zoom": "zAda",
    "groups": "care,sales",
    "proved": "8",
    "style": "full",
    "paused": "9",
    "need": "10",
    "pol": "11",
    "wrote": "12",
    "tries": "13",
    "trouble": "authorize",
    "code": "revoked",
    "trouble_at": "14",
    "notified": "again:1:15",
    "failed": "graph_404",
    "failed_at": "16",
    "wait": "17",
    "leaving": "1",
    "gone": "18",
    "by": "organisation",
    "own_until": "25",
    "app": OTHER_APP,
    "old": "Busy/InACall",
    "old_told": "19",
    "old_until": "20",
    "old_app": OTHER_APP,
    "sight": "Available/AvailableInactive@25",
    "lesson": "hidden 2 26 away",
    "as": "busy only",
    "since": "2",
}
KNOWN = PersonState(
    object_id=ADA,
    generation=1,
    version=2,
    observation=Observation(ZoomPresence.BUSY, 3),
    got_ms=4,
    acted_ms=5,
    held=SESSION,
    preferred=PREFERRED,
    yielded_ms=6,
    test_until_ms=7,
    met=True,
    zoom_id="zAda",
    group_ids=frozenset({"care", "sales"}),
    proved_ms=8,
    personal=Personal(Style.FULL, 9),
    policy_needed=10,
    policy_done=11,
    wrote_ms=12,
    tries=13,
    trouble=Trouble.AUTHORIZE,
    trouble_code="revoked",
    trouble_ms=14,
    notified=Notified(Delivery.AGAIN, 1, 15),
    failed_code="graph_404",
    failed_ms=16,
    wait_ms=17,
    leaving=True,
    gone_ms=18,
    authorised_by=AuthorisedBy.ORGANISATION,
    own_until_ms=25,
    session_app=OTHER_APP,
    former=FORMER,
    former_app=OTHER_APP,
    sight=Sight(Shown("Available", "AvailableInactive"), 25),
    lesson=Lesson(Taught.HIDDEN, 2, 26, "away"),
    planned_as=Style.BUSY_ONLY,
    since_ms=2,
)
PATCHES = {
    "holds": [
        Patch.holds(SESSION, Layer.SESSION),
        Patch.holds(None, Layer.SESSION),
        Patch.holds(SESSION._replace(before=None), Layer.SESSION),
        Patch.holds(PREFERRED, Layer.PREFERRED),
        Patch.holds(None, Layer.PREFERRED),
    ],
    "planned": [Patch.planned(Style.QUIET), Patch.planned(None)],
    "unseen": [Patch.unseen()],
    "taught": [Patch.taught(Lesson(Taught.ALONE, 1, 99)), Patch.taught(None)],
    "writes_as": [Patch.writes_as(OTHER_APP), Patch.writes_as("")],
    "left_to_end": [
        Patch.left_to_end(PersonState(ADA, held=FORMER, session_app=OTHER_APP)),
        Patch.left_to_end(PersonState(ADA, held=FORMER, former=SESSION)),
    ],
    "takes_up": [Patch.takes_up(PersonState(ADA, former=FORMER, former_app=OTHER_APP))],
    "left_has_ended": [Patch.left_has_ended()],
    "wrote": [Patch.wrote(99)],
    "acted": [Patch.acted(99)],
    "yielded": [Patch.yielded(Observation(ZoomPresence.AWAY, 99)), Patch.yielded(None)],
    "first_meeting": [Patch.first_meeting()],
    "failed": [
        Patch.failed(Setback(Trouble.LATER, 97, 2, 98), "graph_error", 99),
        Patch.failed(Setback(Trouble.GONE, 97, 0, None), "graph_404", None),
    ],
    "recovered": [Patch.recovered(KNOWN), Patch.recovered(PersonState(ADA))],
    "must_authorize": [Patch.must_authorize("graph_401", 99)],
    "notified": [Patch.notified(Notified(Delivery.SENT, 2, 99)), Patch.notified(Notified())],
    "revived": [Patch.revived()],
    "retries_authorization": [Patch.retries_authorization()],
    "testing": [Patch.testing(99)],
    "tested": [Patch.tested()],
    "chose": [Patch.chose(Personal(Style.BUSY_ONLY, 98), 99), Patch.chose(Personal())],
    "in_groups": [Patch.in_groups({"top", "care"}), Patch.in_groups(())],
    "needs": [Patch.needs(99)],
    "carried_out": [Patch.carried_out(99)],
    "proved": [Patch.proved(99)],
    "app_gone": [Patch.app_gone(99)],
    "app_back": [Patch.app_back()],
    "leaving": [Patch.leaving()],
}
"""By verb. A new verb must be put here."""


def kept(row: dict[str, str], patch: Patch) -> dict[str, str]:
    """The row afterwards, as the scripts write it."""
    changed = row | {name: str(value) for name, value in written(patch).items()}
    return {name: value for name, value in changed.items() if value}


def test_every_field_is_read() -> None:
    assert read_state(ADA, ROW) == KNOWN
    nothing = PersonState(ADA)
    same = [
        f.name for f in fields(PersonState) if getattr(KNOWN, f.name) == getattr(nothing, f.name)
    ]
    assert same == ["object_id"], "the row above must show that these are read"


def test_every_field_is_written_by_a_verb_or_by_a_script() -> None:
    patched = {name for some in PATCHES.values() for patch in some for name in patch.values}
    assert patched | BY_SCRIPTS == {f.name for f in fields(PersonState)} - {"object_id"}
    assert not patched & BY_SCRIPTS


def test_every_verb_is_tried() -> None:
    public = {name for name in vars(Patch) if not name.startswith("_")} - {"values", "apply"}
    assert PATCHES.keys() == public


@pytest.mark.parametrize(
    "patch",
    # Named by verb: the text of a set differs from one process to the next.
    [
        pytest.param(p, id=f"{verb}-{at}")
        for verb, some in PATCHES.items()
        for at, p in enumerate(some)
    ],
)
@pytest.mark.parametrize("row", [ROW, {}], ids=["all", "nothing"])
def test_what_changes_is_read_back_as_it_was_meant(row: dict[str, str], patch: Patch) -> None:
    known = read_state(ADA, row)
    patch.apply(known)
    assert read_state(ADA, kept(row, patch)) == known


def test_scripts_name_only_fields_of_the_row() -> None:
    known = ROW.keys() | {"addr", "lane", "lease", "lease_end"}  # these only scripts know
    sources = (Path(__file__).parents[3] / "sync" / "engine" / "lua").glob("*.lua")
    of_people = r"(?:'H\w+', |num\()(?:person|key), (('\w+'(?:, )?(?:\w+, )?)+)"
    named = {
        name
        for source in sources
        for found in re.finditer(of_people, source.read_text("utf-8").replace("\n", ""))
        for name in re.findall(r"'(\w+)'", found[1])
    }
    assert named >= {"gen", "obs_at", "lease", "notified", "zoom"}
    assert named <= known


def test_what_no_patch_may_change_is_refused() -> None:
    for name in [*BY_SCRIPTS, "a_field_that_is_not_there"]:
        with pytest.raises(KeyError):
            written(Patch(**{name: 1}))


some_patches = st.sampled_from([p for some in PATCHES.values() for p in some])


@given(st.lists(some_patches, max_size=5))
def test_patches_together_are_as_one_after_the_other(patches: list[Patch]) -> None:
    one_by_one, together, row = read_state(ADA, ROW), Patch(), ROW
    for patch in patches:
        patch.apply(one_by_one)
        together |= patch
        row = kept(row, patch)
    at_once = read_state(ADA, ROW)
    together.apply(at_once)
    assert at_once == one_by_one == read_state(ADA, row) == read_state(ADA, kept(ROW, together))


def test_to_recover_takes_back_only_what_was_known() -> None:
    """What came into the row meanwhile (they must authorize again) is not known to be over."""
    assert Patch.recovered(PersonState(ADA)).values == {}
    assert Patch.recovered(PersonState(ADA, tries=2)).values == {"tries": 0}
    after = read_state(ADA, ROW)
    Patch.recovered(KNOWN).apply(after)
    assert (after.tries, after.trouble, after.notified, after.wait_ms) == (
        0,
        None,
        Notified(),
        None,
    )
    assert after.failed_code == "graph_404"
