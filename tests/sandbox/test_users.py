"""Graph's users as the app itself reads them: by its rights, within Graph's limits."""

from __future__ import annotations

import pytest

from sandbox.graph_users import BASIC, FULL, Refusal, Users
from tests.doubles.entra_directory import person_id, row

pytestmark = pytest.mark.unit

BASE = "https://graph.example/v1.0"


@pytest.fixture
def users() -> Users:
    rows = [row(number) for number in range(250)]
    return Users(lambda: rows)


def get(users: Users, url: str, *roles: str) -> dict[str, object]:
    answer = users.get(url, roles or (FULL,), BASE)
    assert isinstance(answer, dict)
    return answer


def refused(users: Users, url: str, *roles: str) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        users.get(url, roles or (FULL,), BASE)
    return refusal.value.status, str(refusal.value)


def test_pages_follow_each_other(users: Users) -> None:
    url, seen = "/users?$select=id&$top=100", list[object]()
    while url:
        page = get(users, url)
        value = page["value"]
        assert isinstance(value, list)
        seen += value
        url = str(page.get("@odata.nextLink", "")).removeprefix(BASE)
    assert seen == [{"id": person_id(number)} for number in range(250)]


def test_an_address_is_found_by_every_field(users: Users) -> None:
    for clause in (
        "userPrincipalName eq 'USER7@example.com'",
        "mail eq 'user7@example.com'",
        "proxyAddresses/any(p:p eq 'smtp:u7@other.example')",
        "mail eq 'nobody' or proxyAddresses/any(x:x eq 'SMTP:user7@example.com')",
    ):
        assert get(users, f"/users?$filter={clause}&$select=id")["value"] == [{"id": person_id(7)}]
    assert (
        get(users, "/users?$filter=proxyAddresses/any(p:p eq 'smtp:user7@example.com')")["value"]
        == []
    )  # it is written SMTP:


def test_limits_and_rights_are_graph_s(users: Users) -> None:
    sixteen = " or ".join(["mail eq 'x'"] * 16)
    assert "Max allowed: 15" in refused(users, f"/users?$filter={sixteen}")[1]
    assert refused(users, "/users?$top=1000")[0] == 400
    assert refused(users, "/users?$filter=mail ne 'x'")[0] == 400
    assert refused(users, "/users", "Presence.ReadWrite.All")[0] == 403
    assert refused(users, "/users?$select=id,accountEnabled", BASIC)[0] == 403
    assert get(users, "/users?$select=id,mail&$top=1", BASIC)["value"]
    assert refused(users, f"/users/{person_id(999)}")[0] == 404
    with pytest.raises(Refusal, match="20"):
        users.batch({"requests": [{"id": str(n)} for n in range(21)]}, (FULL,), BASE)
    with pytest.raises(Refusal, match="unique"):
        users.batch({"requests": [{"id": "A"}, {"id": "a"}]}, (FULL,), BASE)
