"""Zoom's users, groups and memberships are read whole, politely, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from domain.directory import DirectoryGroup, DirectoryUser
from domain.errors import AdminMustAct, RetryLater
from sandbox.people import GROUPS, PEOPLE, ZOOM_ACCOUNT_ID
from sandbox.server import build_sandbox
from sync.zoom.api import ZoomApi
from sync.zoom.roles import FRESH_SECONDS, PRIVILEGE, ZoomRoles
from tests.doubles.zoom_directory import READ_MS, Clock, ZoomAccount, reader_of, running_account
from tests.sandbox.support import config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.directory.reader import ZoomDirectory


@pytest.fixture
def account() -> ZoomAccount:
    return ZoomAccount()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(account: ZoomAccount) -> AsyncIterator[ZoomApi]:
    async with running_account(account) as client:
        yield client


@pytest.fixture
def reader(api: ZoomApi, clock: Clock) -> ZoomDirectory:
    return reader_of(api, clock)


def limited(**headers: str) -> web.Response:
    return web.json_response({"code": 429, "message": "…"}, status=429, headers=headers)


async def test_everybody_in_every_group_is_read(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.add(1, "sales", "north")
    account.add(2, "sales", status="inactive")
    account.add(3, display_name="", first_name="Chiara", last_name="O'Brien")
    account.group("empty", "O'Brien's Desk")
    read = await reader.read()
    assert read.read_ms == READ_MS
    assert read.users == {
        "z00001": DirectoryUser(
            *("z00001", "user1@example.com", "User 1", "active"),
            frozenset({"sales", "north"}),
        ),
        "z00002": DirectoryUser(
            *("z00002", "user2@example.com", "User 2", "inactive"), frozenset({"sales"})
        ),
        "z00003": DirectoryUser("z00003", "user3@example.com", "Chiara O'Brien", "active"),
    }
    assert read.groups == {
        "sales": DirectoryGroup("sales", "Sales", 1),  # the active ones count
        "north": DirectoryGroup("north", "North", 1),
        "empty": DirectoryGroup("empty", "O'Brien's Desk", 0),
    }


async def test_listings_are_followed_page_by_page(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.page = 3
    for number in range(10):
        account.add(number, f"g{number % 5}")
    read = await reader.read()
    assert (len(read.users), len(read.groups)) == (10, 5)
    assert account.asked["/v2/users"] == 5  # four of active, one of inactive people
    assert account.asked["/v2/groups"] == 2


async def test_memberships_come_from_the_groups_where_users_do_not_tell_theirs(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.tells_memberships, account.page = False, 2
    for number in range(5):
        account.add(number, "sales")
    account.add(9)
    account.group("empty")
    read = await reader.read()
    assert read.groups["sales"].members == 5
    assert read.users["z00000"].group_ids == {"sales"}
    assert read.users["z00009"].group_ids == frozenset()
    assert account.asked["/v2/groups/empty/members"] == 0


async def test_requests_are_spaced_out(account: ZoomAccount, api: ZoomApi, clock: Clock) -> None:
    account.page = 1
    for number in range(21):
        account.add(number)
    await reader_of(api, clock, per_second=10).read()
    requests = account.asked["/v2/users"] + account.asked["/v2/groups"]
    assert clock.now == pytest.approx((requests - 1) // 10)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (limited(**{"Retry-After": "7"}), 7.0),
        (limited(**{"Retry-After": "2025-10-09T08:53:40Z"}), 20.0),
        (limited(), 30.0),
        (web.json_response({}, status=500), 2.0),
        (web.json_response({}, status=503), 2.0),
    ],
)
async def test_a_passing_fault_is_waited_out(
    account: ZoomAccount, reader: ZoomDirectory, clock: Clock, answer: web.Response, wait: float
) -> None:
    account.add(1, "sales")
    account.answers.append(("status=active", answer))
    assert set((await reader.read()).users) == {"z00001"}
    assert wait in clock.slept


@pytest.mark.parametrize(
    "answer",
    [
        limited(**{"Retry-After": "2025-10-10T00:00:00Z", "X-RateLimit-Type": "Daily-limit"}),
        limited(**{"X-RateLimit-Type": "Daily-limit"}),
        web.json_response({"message": "You have reached the daily limit."}, status=429),
    ],
)
async def test_the_daily_limit_is_not_waited_out(
    account: ZoomAccount, reader: ZoomDirectory, answer: web.Response
) -> None:
    account.answers.append(("/v2/groups", answer))
    with pytest.raises(RetryLater) as caught:
        await reader.read()
    assert (caught.value.code, caught.value.after) == ("zoom_daily_limit", 3600.0)


async def test_a_fault_that_stays_ends_the_reading(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    for _ in range(4):
        account.answers.append(("/v2/groups", web.json_response({}, status=500)))
    with pytest.raises(RetryLater, match="zoom_error"):
        await reader.read()
    assert account.asked["/v2/groups"] == 4


@pytest.mark.parametrize(
    ("where", "answer", "code"),
    [
        ("/v2/users", {"users": "many"}, "zoom_answer"),
        ("/v2/users", {"users": ["Ada"]}, "zoom_answer"),
        ("/v2/users", {}, "zoom_answer"),
        ("/v2/groups", {"groups": [], "next_page_token": 5}, "zoom_answer"),
        ("/v2/users", {"users": [], "total_records": 3}, "zoom_incomplete"),
    ],
)
async def test_half_an_answer_is_no_answer(
    account: ZoomAccount, reader: ZoomDirectory, where: str, answer: object, code: str
) -> None:
    account.answers.append((where, web.json_response(answer)))
    with pytest.raises(RetryLater, match=code):
        await reader.read()


async def test_somebody_who_slipped_between_two_pages_is_missed(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.add(1)
    account.total_off_by = 1
    with pytest.raises(RetryLater, match="zoom_incomplete: users: 1 of 2"):
        await reader.read()


NAMELESS = [
    {"email": "room@example.com"},
    {"id": "", "email": "other@example.com"},
    {"id": None},
    {"id": 7},
    {"id": {"value": "z1"}, "email": "a@example.com"},
    {"id": [], "email": None},
    {},
    None,
    "Ada",
]


async def test_rows_that_name_nobody_are_passed_over_and_the_list_is_whole(
    account: ZoomAccount, reader: ZoomDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    account.add(1, "sales")
    account.group("sales", "Sales")
    row = {"id": "z00001", "email": "user1@example.com", "group_ids": ["sales"]}
    for name, rows in (
        ("groups", [{"id": "sales", "name": "Sales", "total_members": 1}, *NAMELESS]),
        ("users", [row, *NAMELESS, {"id": "z00002"}]),  # somebody without an address
    ):
        answer = web.json_response({name: rows, "total_records": len(rows)})
        account.answers.append((f"/v2/{name}", answer))
    read = await reader.read()
    assert set(read.users) == {"z00001"}
    assert set(read.groups) == {"sales"}
    assert f"count={2 * len(NAMELESS) + 1}" in capsys.readouterr().out


async def test_somebody_who_is_listed_twice_on_a_page_does_not_keep_the_list_from_being_whole(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    row = {"id": "z00001", "email": "user1@example.com"}
    answer = web.json_response({"users": [row, row], "total_records": 2})
    account.answers.append(("/v2/users", answer))
    assert set((await reader.read()).users) == {"z00001"}
    answer = web.json_response({"users": [row, row], "total_records": 3})
    account.answers.append(("/v2/users", answer))
    with pytest.raises(RetryLater, match="zoom_incomplete: users: 2 of 3"):
        await reader.read()


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u2069", " \u00a0 ", "\u200d\ufe0f"])
async def test_a_group_whose_name_nobody_can_see_is_passed_over(
    account: ZoomAccount, reader: ZoomDirectory, name: str
) -> None:
    account.group("sales", "Sales")
    account.group("hidden", name)
    assert set((await reader.read()).groups) == {"sales"}


async def test_nameless_rows_do_not_hide_that_somebody_is_missing(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    answer = web.json_response({"users": [{"id": ""}, {"id": ""}], "total_records": 3})
    account.answers.append(("/v2/users", answer))
    with pytest.raises(RetryLater, match="zoom_incomplete: users: 2 of 3"):
        await reader.read()


@pytest.mark.parametrize("total", [None, "1", 1.0, []])
async def test_a_group_that_does_not_say_how_many_it_has_is_read(
    account: ZoomAccount, reader: ZoomDirectory, total: object
) -> None:
    account.tells_memberships = False
    account.add(1, "sales")
    rows = [{"id": "sales", "name": "Sales", "total_members": total}]
    account.answers.append(("/v2/groups", web.json_response({"groups": rows})))
    assert (await reader.read()).users["z00001"].group_ids == {"sales"}


async def test_members_without_an_id_are_nobodys(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.tells_memberships = False
    account.add(1, "sales")
    rows = [{"id": "z00001"}, {"email": "a@example.com"}, {"email": "b@example.com"}]
    answer = web.json_response({"members": rows, "total_records": 3})
    account.answers.append(("/members", answer))
    assert (await reader.read()).users["z00001"].group_ids == {"sales"}


async def test_a_page_token_that_ended_means_starting_over(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.page = 1
    account.add(1)
    account.add(2)
    refusal = web.json_response({"code": 300, "message": "invalid token"}, status=400)
    account.answers.append(("next_page_token=1", refusal))
    with pytest.raises(RetryLater, match="zoom_incomplete"):
        await reader.read()


async def test_page_tokens_that_go_in_circles_end(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    for _ in range(3):
        page = web.json_response({"groups": [], "next_page_token": "7"})
        account.answers.append(("/v2/groups", page))
    with pytest.raises(RetryLater, match="next_page_token"):
        await reader.read()


async def test_missing_scopes_are_named(account: ZoomAccount, reader: ZoomDirectory) -> None:
    text = "Invalid access token, does not contain scopes:[group:read:list_groups:admin]."
    refusal = web.json_response({"code": 4711, "message": text}, status=400)
    account.answers.append(("/v2/groups", refusal))
    with pytest.raises(AdminMustAct) as caught:
        await reader.read()
    assert str(caught.value) == "zoom_rights: group:read:list_groups:admin"


async def test_rows_that_name_nobody_are_left_out(
    account: ZoomAccount, reader: ZoomDirectory
) -> None:
    account.add(1, "sales")
    account.users["room"] = {"id": "room", "status": "active", "email": None}
    account.users["half"] = {"id": "half", "status": "active", "email": "\ud800"}
    account.add(2, display_name="Ben \ud800Okafor")
    read = await reader.read()
    assert {user.name for user in read.users.values()} == {"User 1", "Ben Okafor"}


async def test_zoom_is_asked_for_one_group(account: ZoomAccount, reader: ZoomDirectory) -> None:
    account.group("a/b c")
    assert await reader.has_group("a/b c")
    assert not await reader.has_group("other")


async def test_the_sandbox_is_read_like_zoom(clock: Clock) -> None:
    async with (
        TestServer(build_sandbox(config())) as server,
        aiohttp.ClientSession() as session,
    ):
        base = str(server.make_url("")).rstrip("/")
        api = ZoomApi(
            session,
            oauth_url=base,
            api_url=base,
            account_id=ZOOM_ACCOUNT_ID,
            client_id="zoom-client",
            client_secret="zoom-secret",
            now=clock,
        )
        read = await reader_of(api, clock).read()
        roles = ZoomRoles(api, monotonic=clock)
        ada = next(person for person in PEOPLE if person.admin)
        assert await roles.account_editor(ada.zoom_id) == ada.zoom_email
        assert not await roles.account_editor(PEOPLE[1].zoom_id)
    names = {group.group_id: group.name for group in GROUPS}
    assert {group.group_id: group.name for group in read.groups.values()} == names
    for person in PEOPLE:
        if person.zoom_email is not None:
            mine = {names[group_id] for group_id in read.users[person.zoom_id].group_ids}
            assert mine == set(person.groups)


ADMIN = {"id": "7", "privileges": ["User:Edit", PRIVILEGE]}


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (ADMIN, True),
        ({**ADMIN, "privilege_scopes": []}, True),
        ({**ADMIN, "privilege_scopes": [{"permission_id": "User:Edit", "group_ids": []}]}, True),
        ({**ADMIN, "privilege_scopes": [{"permission_id": PRIVILEGE, "group_ids": ["g"]}]}, False),
        ({**ADMIN, "privilege_scopes": "?"}, False),
        ({**ADMIN, "privilege_scopes": ["?"]}, False),
        ({"id": "7", "privileges": ["AccountSetting:Read"]}, False),
        ({"id": "7", "privileges": PRIVILEGE}, False),
        ({"id": "7"}, False),
    ],
)
async def test_only_the_whole_privilege_makes_an_admin(
    account: ZoomAccount, api: ZoomApi, clock: Clock, role: dict[str, object], may: bool
) -> None:
    account.roles["7"] = role
    user = account.add(1, role_id="7")
    editor = await ZoomRoles(api, monotonic=clock).account_editor(user)
    assert editor == ("user1@example.com" if may else None)


async def test_without_a_clear_answer_nobody_is_an_admin(
    account: ZoomAccount, api: ZoomApi, clock: Clock
) -> None:
    account.roles["7"] = ADMIN
    roles = ZoomRoles(api, monotonic=clock)
    for number, role in enumerate([None, "", 7, "gone"]):
        assert not await roles.account_editor(account.add(number, role_id=role))
    inactive = account.add(8, role_id="7", status="inactive")
    assert not await roles.account_editor(inactive)
    assert not await roles.account_editor("nobody")
    user = account.add(9, role_id="7")
    account.answers.append(("/v2/roles", web.json_response({}, status=503)))
    assert not await roles.account_editor(user)
    assert await roles.account_editor(user)  # a failure is not remembered


async def test_a_right_that_was_withdrawn_ends_soon(
    account: ZoomAccount, api: ZoomApi, clock: Clock
) -> None:
    account.roles["7"] = ADMIN
    user = account.add(1, role_id="7")
    roles = ZoomRoles(api, monotonic=clock)
    assert await roles.account_editor(user)
    account.users[user]["role_id"] = "2"
    assert await roles.account_editor(user)
    assert account.asked[f"/v2/users/{user}"] == 1
    clock.now += FRESH_SECONDS
    assert not await roles.account_editor(user)
