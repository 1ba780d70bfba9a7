"""Reading the roles of our own token."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import AdminMustAct
from sync.microsoft.app_roles import roles_of

pytestmark = pytest.mark.unit

TENANT = "11111111-2222-4333-8444-555555555555"


def token(**claims: Any) -> str:
    return jwt.encode({"tid": TENANT, "exp": 1} | claims, "k" * 40)


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"roles": ["Presence.ReadWrite.All", "User.Read.All"]}, 2),
        ({"roles": []}, 0),
        ({}, 0),
        ({"roles": None}, 0),
        ({"roles": "Presence.ReadWrite.All"}, 0),  # not how Entra says it
        ({"roles": {"Presence.ReadWrite.All": True}}, 0),
        ({"roles": [7, None, ["x"], "User.Read.All", "x" * 201]}, 1),
        ({"scp": "Presence.ReadWrite.All"}, 0),  # delegated: somebody's, not the app's
        ({"tid": TENANT.upper(), "roles": ["User.Read.All"]}, 1),
    ],
)
def test_roles(claims: dict[str, Any], roles: int) -> None:
    assert len(roles_of(token(**claims), TENANT)) == roles


def test_another_tenants_token_counts_for_nothing() -> None:
    other = token(tid="99999999-2222-4333-8444-555555555555", roles=["Presence.ReadWrite.All"])
    with pytest.raises(AdminMustAct, match="token_tenant"):
        roles_of(other, TENANT)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opaque",
        "a.b.c",
        "eyJ.eyJ.x",
        f"{part({'alg': 'RS256'})}.{part(['roles'])}.c2ln",
        f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..aXY.Y2lwaGVy.dGFn",  # encrypted (JWE)
    ],
)
def test_what_cannot_be_read_counts_for_nothing(text: str) -> None:
    with pytest.raises(AdminMustAct, match="token_unreadable"):
        roles_of(text, TENANT)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_whatever_comes_it_is_read_or_refused(text: str) -> None:
    with pytest.raises(AdminMustAct):
        roles_of(text, TENANT)
