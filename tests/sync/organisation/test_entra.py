"""Entra's users are read whole, politely, or not at all; only who is wanted is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from domain.errors import AdminMustAct, Refused, RetryLater
from domain.matching import EntraUser
from sandbox.graph_users import BASIC, FULL, MOST_CLAUSES, Refusal
from tests.doubles.entra_directory import TEAMS_ROOM, Tenant, person_id, row, running_tenant
from tests.doubles.zoom_directory import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.organisation.entra import EntraDirectory


@pytest.fixture
def tenant() -> Tenant:
    return Tenant([row(number) for number in range(50)])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def looking_up(tenant: Tenant, clock: Clock) -> AsyncIterator[EntraDirectory]:
    async with running_tenant(tenant, clock) as entra:
        yield entra


@pytest.fixture
async def paging(tenant: Tenant, clock: Clock) -> AsyncIterator[EntraDirectory]:
    tenant.users.page = 20
    async with running_tenant(tenant, clock, looked_up=0) as entra:
        yield entra


@pytest.fixture(params=["looking_up", "paging"])
def entra(request: pytest.FixtureRequest) -> EntraDirectory:
    found: EntraDirectory = request.getfixturevalue(request.param)
    return found


def user(number: int, **facts: Any) -> EntraUser:
    return EntraUser(
        person_id(number),
        f"User {number}",
        (f"user{number}@example.com", f"u{number}@other.example"),
        **{
            "enabled": True,
            "external": False,
            "resource": False,
            "teams": True,
            "properties": {
                "country": "Germany",
                "employeeType": "Employee",
                "extensionAttribute2": "B",
            },
            **facts,
        },
    )


# -- one person -----------------------------------------------------------------------------------


async def test_one_person_is_read_now(tenant: Tenant, looking_up: EntraDirectory) -> None:
    assert await looking_up.user(person_id(7).upper()) == user(7)
    assert await looking_up.user(person_id(99)) is None
    tenant.rows[7]["accountEnabled"] = False
    assert await looking_up.user(person_id(7)) == user(7, enabled=False)


@pytest.mark.parametrize("text", ["", "me", "../groups", person_id(1) + "/manager", "ada@x.y"])
async def test_only_an_object_id_is_asked_for(
    tenant: Tenant, looking_up: EntraDirectory, text: str
) -> None:
    with pytest.raises(ValueError, match="object id"):
        await looking_up.user(text)
    assert not tenant.requests


async def test_of_one_person_what_may_be_seen_is_read(
    tenant: Tenant, looking_up: EntraDirectory
) -> None:
    tenant.roles = frozenset({BASIC})
    assert await looking_up.user(person_id(7)) == EntraUser(
        person_id(7), "User 7", ("user7@example.com",)
    )
    tenant.roles = frozenset()
    with pytest.raises(AdminMustAct, match="graph_users_403"):
        await looking_up.user(person_id(7))


async def test_an_answer_about_somebody_else_is_not_believed(
    tenant: Tenant, looking_up: EntraDirectory
) -> None:
    tenant.users.ordered.append(("/users/", row(8)))
    with pytest.raises(RetryLater, match="graph_answer"):
        await looking_up.user(person_id(7))


# -- many -----------------------------------------------------------------------------------------


async def test_only_who_is_wanted_is_kept(tenant: Tenant, entra: EntraDirectory) -> None:
    reading = await entra.read({"user3@example.com", "u44@other.example"}, [person_id(12), "junk"])
    assert reading.full
    assert reading.users == {person_id(n): user(n) for n in (3, 12, 44)}


async def test_nobody_is_wanted_nobody_is_read(looking_up: EntraDirectory) -> None:
    assert (await looking_up.read(set())).users == {}


async def test_every_spelling_of_an_address_is_found(tenant: Tenant, entra: EntraDirectory) -> None:
    tenant.rows += [
        row(90, userPrincipalName="Ada.O'Brien@Example.com", mail=None, proxyAddresses=[]),
        row(91, mail="cem@xn--mnchen-3ya.example", proxyAddresses=[]),
        row(92, proxyAddresses=["smtp:first@example.com", "SMTP:Last@Example.com"]),
        row(93, proxyAddresses=["SMTP:capital@example.com"]),
    ]
    wanted = {
        *("ada.o'brien@example.com", "cem@münchen.example"),
        *("first@example.com", "capital@example.com"),
    }
    assert (await entra.read(wanted)).users.keys() == {person_id(n) for n in (90, 91, 92, 93)}


async def test_few_are_looked_up_within_graphs_limits(
    tenant: Tenant, looking_up: EntraDirectory
) -> None:
    await looking_up.read({f"user{n}@example.com" for n in range(200)})
    filters = [unquote(url).split("$filter=")[1].split("&")[0] for url in tenant.users.asked]
    assert max(text.count(" or ") + 1 for text in filters) <= MOST_CLAUSES
    assert tenant.requests == 4  # 67 filters in batches of 20


async def test_many_are_found_page_by_page(tenant: Tenant, paging: EntraDirectory) -> None:
    reading = await paging.read({f"user{n}@example.com" for n in range(50)})
    assert len(reading.users) == 50
    assert tenant.requests == 4  # the count, and 20 + 20 + 10


async def test_with_the_lesser_right_upn_and_mail_are_read(
    tenant: Tenant, entra: EntraDirectory
) -> None:
    tenant.roles = frozenset({BASIC})
    tenant.rows[5]["userPrincipalName"] = "user5_home.example#EXT#@example.com"
    reading = await entra.read({"user4@example.com", "user5@example.com", "u6@other.example"})
    assert not reading.full
    assert reading.users == {
        person_id(4): EntraUser(person_id(4), "User 4", ("user4@example.com",)),
        person_id(5): EntraUser(
            person_id(5),
            "User 5",
            ("user5_home.example#ext#@example.com", "user5@example.com"),
            external=True,
        ),
    }


async def test_without_any_right_an_admin_must_act(tenant: Tenant, entra: EntraDirectory) -> None:
    tenant.roles = frozenset({"Presence.ReadWrite.All"})
    with pytest.raises(AdminMustAct, match="graph_users_403"):
        await entra.read({"user4@example.com"})


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        ({"accountEnabled": False}, {"enabled": False}),
        ({"accountEnabled": "no"}, {"enabled": None}),
        ({"userType": "Guest"}, {"external": True}),
        (
            {"identities": [{"signInType": "federated", "issuer": "ExternalAzureAD"}]},
            {"external": True},
        ),
        ({"assignedLicenses": [{"skuId": TEAMS_ROOM}]}, {"resource": True}),
        ({"assignedPlans": []}, {"teams": False}),
        ({"assignedPlans": None}, {"teams": None}),
        ({"assignedPlans": [{"service": 7}, "junk", None]}, {"teams": False}),
        (
            {"country": 5, "employeeType": None, "onPremisesExtensionAttributes": "junk"},
            {"properties": {}},
        ),
        ({"displayName": None}, {"name": "user3@example.com"}),
        ({"proxyAddresses": "junk"}, {"addresses": ("user3@example.com",)}),
        (
            {"proxyAddresses": [7, None, "smtp:", "smtp:nobody"]},
            {"addresses": ("user3@example.com",)},
        ),
    ],
    ids=str,
)
async def test_what_is_seen_of_somebody(
    tenant: Tenant, entra: EntraDirectory, facts: dict[str, Any], seen: dict[str, Any]
) -> None:
    tenant.rows[3].update(facts)
    read = (await entra.read({"user3@example.com"})).users[person_id(3)]
    assert {name: getattr(read, name) for name in seen} == seen


# -- Graph in trouble -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503, 500])
async def test_it_waits_as_long_as_graph_asks(
    tenant: Tenant, entra: EntraDirectory, clock: Clock, status: int
) -> None:
    busy = Refusal(status, "Busy", "…", {"Retry-After": "7"})
    tenant.users.ordered += [("/users?", busy), ("/users?", busy)]
    assert len((await entra.read({"user4@example.com"})).users) == 1
    assert clock.slept == [7, 7]


async def test_of_a_batch_only_what_failed_is_asked_again_after_the_longest_wait(
    tenant: Tenant, looking_up: EntraDirectory, clock: Clock
) -> None:
    tenant.users.ordered += [
        ("user11%40", Refusal(429, "TooManyRequests", "…", {"Retry-After": "3"})),
        ("user30%40", Refusal(429, "TooManyRequests", "…", {"Retry-After": "9"})),
    ]
    reading = await looking_up.read({f"user{n}@example.com" for n in range(50)})
    assert len(reading.users) == 50
    assert clock.slept == [9]
    assert len(tenant.users.asked) == 17 + 2


@pytest.mark.parametrize("asked", ["600", "garbage"])
async def test_what_takes_too_long_is_given_up(
    tenant: Tenant, entra: EntraDirectory, asked: str
) -> None:
    busy = Refusal(429, "TooManyRequests", "…", {"Retry-After": asked})
    tenant.users.ordered += [("/users?", busy)] * 9
    with pytest.raises(RetryLater, match="graph_throttled"):
        await entra.read({"user4@example.com"})


async def test_a_token_that_is_refused_is_replaced_once(
    tenant: Tenant, entra: EntraDirectory
) -> None:
    tenant.refused.add("token-1")
    assert len((await entra.read({"user4@example.com"})).users) == 1
    assert tenant.tokens[0] == "token-1"
    assert set(tenant.tokens[1:]) == {"token-2"}
    tenant.refused |= {f"token-{n}" for n in range(9)}
    with pytest.raises(AdminMustAct, match="graph_401"):
        await entra.read({"user4@example.com"})


GARBAGE = [
    pytest.param({"value": "junk"}, id="no list"),
    pytest.param({"value": [1, 2, None]}, id="no rows"),
    pytest.param({"nothing": []}, id="no value"),
]


@pytest.mark.parametrize("body", GARBAGE)
async def test_a_page_that_is_none_is_not_believed(
    tenant: Tenant, entra: EntraDirectory, body: dict[str, Any]
) -> None:
    tenant.users.ordered.append(("/users?", body))
    with pytest.raises(RetryLater, match="graph_answer"):
        await entra.read({"user4@example.com"})


@pytest.mark.parametrize(
    "body",
    [
        {"responses": []},
        {"responses": "junk"},
        {"responses": [{"id": 0, "status": 200, "body": {"value": []}}]},
        {"responses": [{"id": "0", "status": "200", "body": {"value": []}}]},
        {"responses": [{"id": "7", "status": 200, "body": {"value": []}}]},
        {"responses": [None, "junk"]},
    ],
    ids=str,
)
async def test_a_batch_that_lacks_an_answer_is_not_believed(
    tenant: Tenant, looking_up: EntraDirectory, body: dict[str, Any]
) -> None:
    tenant.whole.append((200, body, {}))
    with pytest.raises(RetryLater, match="graph_answer"):
        await looking_up.read({"user4@example.com"})


async def test_rows_that_name_nobody_are_passed_over(tenant: Tenant, entra: EntraDirectory) -> None:
    rows = [{}, {"id": "junk"}, row(4), {**row(5), "userPrincipalName": None}, "junk", row(4)]
    tenant.users.ordered.append(("/users?", {"value": rows}))
    tenant.rows = tenant.rows[:5]
    assert (await entra.read({"user4@example.com"})).users == {person_id(4): user(4)}


LINKS = {
    "another host": "https://evil.example/v1.0/users?$skiptoken=1",
    "another scheme": "ftp://{host}/v1.0/users?$skiptoken=1",
    "a name before the host": "http://{host}@evil.example/v1.0/users",
    "a password": "http://x:y@{host}/v1.0/users",
    "another port": "http://127.0.0.1:1/v1.0/users",
    "another part of Graph": "http://{host}/v1.0/groups",
    "a longer name": "http://{host}/v1.0/usersandmore",
    "no address": "http://[",
    "no text": 7,
    "itself": "{itself}",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
async def test_a_link_that_leads_elsewhere_is_never_followed(
    tenant: Tenant, paging: EntraDirectory, link: Any
) -> None:
    host = tenant.base.removeprefix("http://").removesuffix("/v1.0")
    first = (await _first_link(tenant)) if link == "{itself}" else ""
    if isinstance(link, str):
        link = link.replace("{host}", host).replace("{itself}", first)
    page = {"value": [row(1)], "@odata.nextLink": link}
    tenant.users.ordered += [("/users?", page), ("/users?", page)]
    with pytest.raises(RetryLater, match="nextLink"):
        await paging.read({"user4@example.com"})
    assert tenant.requests <= 4


async def _first_link(tenant: Tenant) -> str:
    answer = tenant.users.get("/users?$top=20", tenant.roles, tenant.base)
    assert isinstance(answer, dict)
    tenant.users.asked.clear()
    return str(answer["@odata.nextLink"])


async def test_a_list_that_ends_too_early_is_not_believed(
    tenant: Tenant, paging: EntraDirectory
) -> None:
    tenant.rows = [row(number) for number in range(100)]
    tenant.users.ordered.append(("/users?", {"value": [row(n) for n in range(20)]}))
    with pytest.raises(RetryLater, match="graph_incomplete"):
        await paging.read({"user4@example.com"})


async def test_a_link_that_has_ended_means_later(tenant: Tenant, paging: EntraDirectory) -> None:
    tenant.users.ordered.append(("skiptoken=20", Refusal(410, "Gone", "…")))
    with pytest.raises(RetryLater, match="graph_incomplete"):
        await paging.read({"user4@example.com"})


async def test_what_graph_finds_wrong_is_our_fault(tenant: Tenant, entra: EntraDirectory) -> None:
    tenant.users.ordered.append(("/users?", Refusal(400, "Request_UnsupportedQuery", "…")))
    with pytest.raises(Refused, match="Request_UnsupportedQuery"):
        await entra.read({"user4@example.com"})


async def test_a_page_of_a_firewall_means_later(tenant: Tenant, entra: EntraDirectory) -> None:
    tenant.whole += [(403, "<html>blocked</html>", {})] * 9
    with pytest.raises(RetryLater, match="graph_intercepted"):
        await entra.read({"user4@example.com"})


@pytest.mark.parametrize("roles", [FULL, BASIC])
async def test_everybodys_ids_are_read_whole_whatever_they_are(
    paging: EntraDirectory, tenant: Tenant, roles: str
) -> None:
    tenant.roles = frozenset({roles})
    tenant.rows = [row(n, accountEnabled=n % 2 == 0, userType="Guest") for n in range(2_100)]
    assert await paging.ids() == {person_id(n) for n in range(2_100)}


async def test_a_part_of_the_ids_is_none(paging: EntraDirectory, tenant: Tenant) -> None:
    tenant.rows = [row(n) for n in range(2_100)]
    first = {"value": [{"id": person_id(1)}, "?", {"id": 7}]}
    tenant.whole = [(200, "2100", {}), (200, first, {})]
    with pytest.raises(RetryLater, match="graph_incomplete"):
        await paging.ids()
