"""Buttons and rows of every release are understood; what is newer than the last one is declared."""

from __future__ import annotations

import datetime
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from cards.click import CLICKS, BadClick
from cards.seal import Seal
from domain.newer import DATA_VERSION, NEWER_MEMBERS, NEWER_NAMES, READS_FROM
from tests.upgrade import record
from tests.upgrade.released import FOLDER, NEXT, NotThere, commit_of, file_then, recorded
from tests.upgrade.stored import ENUMS, read, restore

if TYPE_CHECKING:
    from sync.redis.connection import Client

ENDED: dict[str, datetime.date] = {}
"""Buttons that today's code does not know any more, and when the last release was made whose cards
had them: more than 30 days ago, because for so long they work."""
WORKS = datetime.timedelta(days=30)

CLICKS_OF, ROWS_OF = recorded("clicks"), recorded("rows")


# -- buttons --------------------------------------------------------------------------------------


def not_understood(found: dict[str, Any]) -> list[str]:
    """What is wrong with recorded clicks, in today's eyes."""
    seal, wrong = Seal(record.BUTTON_KEY), []
    for each in found["clicks"]:
        verb = each["sent"]["verb"]
        if verb in ENDED:
            continue
        try:
            asked, card_id = seal.opened("", each["sent"])
        except BadClick as error:
            wrong.append(f"{verb}: {error}")
            continue
        if card_id != record.CARD_ID or not record.covers(each["means"], record.means(asked)):
            wrong.append(f"{verb}: {each['means']} became {record.means(asked)}")
    return wrong


@pytest.mark.unit
@pytest.mark.parametrize("version", CLICKS_OF)
def test_buttons_of_every_release_are_understood(version: str) -> None:
    assert not_understood(CLICKS_OF[version]) == []


@pytest.mark.unit
def test_buttons_of_today_are_understood_and_all_are_recorded() -> None:
    today = record.clicks()
    assert not_understood(today) == []
    assert {each["sent"]["verb"] for each in today["clicks"]} == set(CLICKS)


@pytest.mark.unit
def test_only_buttons_that_ended_long_ago_are_given_up() -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    for verb, last in ENDED.items():
        assert verb not in CLICKS
        assert today - last > WORKS, f"{verb} must work until {last + WORKS}"


@pytest.mark.unit
def test_a_button_that_changed_is_noticed() -> None:
    [paused, *_] = [c for c in record.clicks()["clicks"] if c["sent"]["verb"] == "pause.start"]
    sent, meant = paused["sent"], paused["means"]
    for wrong in (
        {"sent": sent | {"verb": "pause.begin"}, "means": meant},
        {"sent": sent | {"args": {"hours": 1}}, "means": meant},
        {"sent": sent, "means": meant | {"minutes": 7}},
        {"sent": sent, "means": meant | {"why": "it was there"}},
    ):
        assert len(not_understood({"clicks": [wrong]})) == 1


OF_SECONDS = re.compile(r"pb:\{zoom\}:next|.*:admitted:.*")
"""Rows that nobody reads after an upgrade (tests.upgrade.stored.NO_ROWS), and that are written."""


# -- rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ROWS_OF)
async def test_rows_of_every_release_are_read(redis: Client, version: str) -> None:
    await restore(redis, ROWS_OF[version]["rows"])
    today = await read(redis)
    meant = ROWS_OF[version]["means"]
    wrong = {name for name, value in meant.items() if not record.same(value, today.get(name))}
    await redis.flushall()
    assert {name: today.get(name) for name in wrong} == {}


async def test_rows_of_today_are_all_recorded_and_mean_the_same_elsewhere(redis: Client) -> None:
    today, kinds = await record.rows(redis), record.kinds()
    await redis.flushall()
    assert {kind for kind in kinds if not has(today["rows"], kind)} == set()
    unknown = {row for row in today["rows"] if not any(has([row], kind) for kind in kinds)}
    assert {row for row in unknown if not OF_SECONDS.fullmatch(row)} == set()
    stored = json.loads(json.dumps(today))
    await restore(redis, stored["rows"])
    again = await read(redis)
    await redis.flushall()
    assert again == stored["means"]


def has(rows: Any, kind: str) -> bool:
    """Whether a row of a kind is there."""
    pattern = re.escape(kind).replace(re.escape("{NN}"), r"\{\d\d\}")
    pattern = re.sub(r"<[^>]*>", r"[^:{}]+", pattern)
    return any(re.fullmatch(pattern, key) for key in rows)


# -- what is newer than the last release ----------------------------------------------------------


def names_of_today() -> set[str]:
    """Everything that a process of another release may not know."""
    kinds = (*record.ROWS, *CLICKS.values())
    fields = {f"{kind.__name__}.{name}" for kind in kinds for name in record.fields_of(kind)}
    return fields | set(record.kinds()) | set(CLICKS)


def names_of(clicks: dict[str, Any], rows: dict[str, Any]) -> set[str]:
    """The same, as it was recorded."""
    fields = {f"{kind}.{name}" for kind, names in rows["fields"].items() for name in names}
    verbs = {each["sent"]["verb"] for each in clicks["clicks"]}
    fields |= {
        f"{CLICKS[each['means']['verb']].__name__}.{name}"
        for each in clicks["clicks"]
        for name in each["means"]
        if each["means"]["verb"] in CLICKS
    }
    return fields | set(rows["kinds"]) | verbs


def of_known_kinds(names: set[str], recorded: set[str]) -> set[str]:
    """Without the fields of rows and buttons that are new as a whole: these are names themselves.

    So are rows of which no fields were recorded yet.
    """
    known = {name.partition(".")[0] for name in recorded}
    return {name for name in names if not name[0].isupper() or name.partition(".")[0] in known}


def members_of_today() -> dict[str, list[str]]:
    return {kind.__name__: [member.value for member in kind] for kind in ENUMS}


LAST = [version for version in ROWS_OF if version != NEXT][-1:]


@pytest.mark.unit
@pytest.mark.parametrize("version", LAST)
def test_what_the_last_release_does_not_know_is_declared(version: str) -> None:
    """See domain.newer: it is written once every process that runs can read it."""
    before, released = ROWS_OF[version], ROWS_OF[version]["data_version"]
    recorded = names_of(CLICKS_OF[version], before)
    new = of_known_kinds(names_of_today() - recorded, recorded)
    assert new - {name for name, since in NEWER_NAMES.items() if since > released} == set()
    declared = {member for member, newer in NEWER_MEMBERS.items() if newer.since > released}
    for kind in ENUMS:
        # Of a kind that it does not have, the first is the default, which is left out of rows.
        known = set(before["members"].get(kind.__name__, [next(iter(kind)).value]))
        assert {member for member in kind if member.value not in known} - declared == set()
    # What is gone was perhaps written a moment ago by a process of that release.
    gone = {
        f"{kind}: {value}"
        for kind, values in before["members"].items()
        for value in set(values) - set(members_of_today().get(kind, ()))
    }
    assert gone == set(), "members are read for as long as rows may hold them (READS_FROM)"


@pytest.mark.unit
@pytest.mark.parametrize("version", [NEXT] if NEXT in ROWS_OF else LAST)
def test_everything_of_today_is_in_the_newest_record(version: str) -> None:
    """If not, run `python -m tests.upgrade.record` and look at the difference."""
    assert names_of_today() - names_of(CLICKS_OF[version], ROWS_OF[version]) == set()
    for kind, values in members_of_today().items():
        assert set(values) - set(ROWS_OF[version]["members"].get(kind, ())) == set()


@pytest.mark.unit
def test_declarations_are_of_versions_that_this_code_reads() -> None:
    sinces = [newer.since for newer in NEWER_MEMBERS.values()] + [*NEWER_NAMES.values()]
    assert all(READS_FROM < since <= DATA_VERSION for since in sinces)
    assert set(NEWER_NAMES) <= names_of_today()


@pytest.mark.parametrize("version", LAST)
def test_what_was_recorded_of_a_release_stays_as_it_was(version: str) -> None:
    try:
        commit = commit_of(version)
    except NotThere as error:
        pytest.skip(str(error))
    for kind in ("clicks", "rows"):
        path = FOLDER / f"{kind}-{version}.json"
        then = file_then(commit, path)
        assert then is None or then == path.read_text("utf-8").strip()
