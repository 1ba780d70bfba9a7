"""The history is complete, paged, and says so where it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.history import CHANGE, INVITE, LOOK_UP, REVIVE, UNREADABLE
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import AuditLog, AuditRecord
from sync.settings.store import SettingsStore
from tests.doubles.settings import ADA, BEN, OFF, ON, history, manage, of_account, of_group

if TYPE_CHECKING:
    from sync.redis.connection import Client


@pytest.fixture
async def store(redis: Client) -> SettingsStore:
    store = SettingsStore(redis, Scripts(redis))
    await store.start(on=True)
    return store


@pytest.fixture
def audit(redis: Client) -> AuditLog:
    return AuditLog(redis)


async def test_history_is_paged_from_the_newest_on(store: SettingsStore, audit: AuditLog) -> None:
    policy = await store.read()
    for number in range(9):
        form = replace(OFF, calendar=bool(number % 2))
        outcome = await store.save(of_account(form), expected=policy.version, by=ADA)
        policy = outcome.policy
    seen: list[int | None] = []
    before, pages = None, 0
    while True:
        page = await audit.page(before=before, limit=4)
        seen += [record.version for record in page.records]
        pages += 1
        if page.before is None:
            break
        before = page.before
    assert (seen, pages) == ([*range(10, 0, -1)], 3)


async def test_a_page_that_ends_with_the_last_record_has_no_next(
    store: SettingsStore, audit: AuditLog
) -> None:
    await manage(store, "a")
    page = await audit.page(limit=2)
    assert (len(page.records), page.before) == (2, None)


async def test_lines_of_json_tell_everything(store: SettingsStore, audit: AuditLog) -> None:
    await store.save(of_group("sales", OFF), expected=1, by=ADA, reason="INC0012345")
    line = json.loads((await history(audit))[-1].as_json())
    assert line.pop("at").endswith("Z")
    assert line.pop("id")
    new = line.pop("new")
    assert (new["name"], new["integration"], new["style"]) == ("Sales", False, "mirror")
    assert line == {
        "kind": "change",
        "by": ADA.actor_id,
        "name": "Ada Lindqvist",
        "scope": "group:sales",
        "scope_name": "Sales",
        "old": None,
        "version": 2,
        "reason": "INC0012345",
    }


async def test_a_reason_stands_in_the_history_and_in_the_log(
    store: SettingsStore, audit: AuditLog
) -> None:
    with capture_logs() as logs:
        await store.save(of_account(OFF), expected=1, by=ADA, reason="INC0012345")
        await store.save(of_account(ON), expected=2, by=ADA)
    assert [record.reason for record in await history(audit)] == ["", "INC0012345", ""]
    assert [line.get("reason") for line in logs] == ["INC0012345", None]


async def test_a_damaged_entry_is_shown_as_such(
    store: SettingsStore, audit: AuditLog, redis: Client
) -> None:
    for text in ("{", "5", "{}", "[]"):
        await redis.xadd(keys.AUDIT, {"entry": text})
    await redis.xadd(keys.AUDIT, {"other": "field"})
    with capture_logs() as logs:
        kinds = [record.kind for record in await history(audit)]
    assert kinds == [CHANGE, *[UNREADABLE] * 5]
    assert {line["event"] for line in logs} == {"audit_entry_damaged"}


async def test_the_last_change_is_told_apart_from_look_ups_and_older_ones(
    store: SettingsStore, audit: AuditLog
) -> None:
    assert await audit.last_change(since=1) is None  # the installation's
    policy = await store.read()
    await store.save(of_account(OFF), expected=policy.version, by=ADA)
    await audit.looked_up(BEN, "ben@example.com")
    await audit.looked_at_parked(BEN)
    await audit.revived(BEN, "ben@example.com")
    found = await audit.last_change(since=1)
    assert found is not None
    assert (found.by, found.scope, found.version) == (ADA, "account", 2)
    assert await audit.last_change(since=2) is None


async def test_no_number_of_look_ups_pushes_a_change_out(
    store: SettingsStore, audit: AuditLog, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LOOKS", (keys.LOOKS[0], 100, keys.LOOKS[2]))
    await store.save(of_account(OFF), expected=1, by=ADA)
    await audit.invited(ADA, "account", "account", people=3)
    await audit.revived(ADA, "ben@example.com")
    for number in range(1000):
        await audit.looked_up(BEN, f"nia{number}@example.com")
    records = await history(audit)
    assert [r.kind for r in records if r.kind != LOOK_UP] == [CHANGE, CHANGE, INVITE, REVIVE]
    looked_up = [r.scope_name for r in records if r.kind == LOOK_UP]
    assert 100 <= len(looked_up) <= 200  # trimmed by whole nodes
    assert looked_up[-1] == "nia999@example.com"
    last = await audit.last_change(since=1)
    assert last is not None
    assert last.version == 2


@pytest.mark.parametrize("batch", [1, 3, 200])
async def test_all_lists_are_read_as_one_in_the_order_in_which_it_happened(
    store: SettingsStore, audit: AuditLog, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("sync.settings.audit.BATCH", batch)
    policy = await store.read()
    for number in range(70):
        await audit.looked_up(BEN, f"nia{number}@example.com")
        await audit.revived(BEN, f"nia{number}@example.com")
        form = replace(OFF, calendar=bool(number % 2))
        outcome = await store.save(of_account(form), expected=policy.version, by=ADA)
        policy = outcome.policy
        await audit.looked_at_parked(BEN)
    records = await history(audit)
    ids = [tuple(map(int, record.entry_id.split("-"))) for record in records]
    assert len(set(ids)) == len(ids) == 4 * 70 + 1
    assert ids == sorted(ids)
    before: str | None = None
    paged: list[AuditRecord] = []
    while True:
        page = await audit.page(before=before, limit=7)
        paged += page.records
        if page.before is None:
            break
        before = page.before
    assert paged == records[::-1]


async def test_ids_grow_where_the_clock_went_back(audit: AuditLog, redis: Client) -> None:
    await redis.xadd(keys.LOOKS[0], {"entry": "{}"}, id="99999999999999-5")
    await audit.looked_up(BEN, "ben@example.com")
    [_, (entry_id, _)] = await redis.xrange(keys.LOOKS[0])
    assert entry_id == "99999999999999-6"
    await redis.delete(keys.LOOKS[0])
