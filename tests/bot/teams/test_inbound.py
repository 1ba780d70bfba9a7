"""Reading an activity: whatever shape it has, it is read or refused by name."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.teams.activity import Inbound, Kind, Person, Scope
from bot.teams.inbound import Malformed, read, tenant_of

pytestmark = pytest.mark.unit

TENANT = "11111111-2222-4333-8444-555555555555"
ADA = "00000000-0000-4000-8000-000000000001"
STAND_IN = Person(TENANT, ADA, "29:x", "Ada")

_TYPES = ["message", "invoke", "installationUpdate", "conversationUpdate", "Action.Execute"]
_OTHERS = ["adaptiveCard/action", "automatic", "personal", "channel", "bot", "add", "28:bot"]
_WORDS = st.sampled_from([*_TYPES, *_OTHERS, ADA, TENANT])
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


def _shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with some of these fields, or none of the kind."""
    return st.fixed_dictionaries({}, optional=fields) | _ANYTHING


_ACCOUNT = _shaped(
    id=_ANYTHING, name=_ANYTHING, aadObjectId=_ANYTHING, tenantId=_ANYTHING, role=_ANYTHING
)
_ENTITY = _shaped(type=_ANYTHING, text=_ANYTHING, mentioned=_ACCOUNT, timezone=_ANYTHING)
_ACTION = _shaped(type=_WORDS, verb=_ANYTHING, data=_ANYTHING)
_ACTIVITIES = st.fixed_dictionaries(
    {
        "type": _WORDS | _ANYTHING,
        "serviceUrl": st.just("https://smba.example/") | _ANYTHING,
        "channelId": st.just("msteams") | _ANYTHING,
        "conversation": st.just({"id": "a:1"})
        | _shaped(id=_ANYTHING, conversationType=_ANYTHING, isGroup=_ANYTHING, tenantId=_ANYTHING),
    },
    optional={
        "name": _WORDS | _ANYTHING,
        "id": _ANYTHING,
        "text": _ANYTHING,
        "from": _ACCOUNT,
        "recipient": _ACCOUNT,
        "entities": st.lists(_ENTITY, max_size=2) | _ANYTHING,
        "attachments": st.lists(_shaped(contentType=_ANYTHING, content=_ANYTHING), max_size=2),
        "value": _shaped(action=_ACTION, trigger=_ANYTHING, verb=_ANYTHING),
        "membersAdded": st.lists(_ACCOUNT, max_size=2) | _ANYTHING,
        "action": _ANYTHING,
        "replyToId": _ANYTHING,
        "locale": _ANYTHING,
        "localTimezone": _ANYTHING,
        "localTimestamp": _ANYTHING,
        "channelData": _shaped(tenant=_ANYTHING),
    },
)


_WHOLE: dict[str, Any] = {"serviceUrl": "https://smba.example/", "channelId": "msteams"}
_WHOLE |= {"type": "message", "conversation": {"id": "a:1"}}


@pytest.mark.parametrize(
    ("stated", "scope"),
    [
        ("personal", Scope.PERSONAL),
        ("Personal", Scope.PERSONAL),
        ("groupchat", Scope.GROUP_CHAT),
        ("CHANNEL", Scope.CHANNEL),
        ("meeting", Scope.GROUP_CHAT),
        (["personal"], Scope.GROUP_CHAT),
        (None, Scope.PERSONAL),
    ],
)
def test_the_kind_of_a_conversation_is_the_same_in_any_case(stated: object, scope: Scope) -> None:
    activity = _WHOLE | {"conversation": {"id": "a:1", "conversationType": stated}}
    assert read(activity, tenant_id=TENANT).conversation.scope is scope


@pytest.mark.parametrize("blank", [None, "", " \n", "\u200b", "&nbsp;", "\ufeff\u00a0\ufffc", 7])
def test_a_value_without_a_text_is_a_click(blank: object) -> None:
    clicked = _WHOLE | {"text": blank, "value": {"verb": "help.show"}}
    assert read(clicked, tenant_id=TENANT).kind is Kind.CLICK
    assert read(clicked | {"text": "status"}, tenant_id=TENANT).kind is Kind.MESSAGE


@example(_WHOLE | {"from": {"role": ["bot"]}, "locale": {}, "localTimezone": []}, None)
@example(_WHOLE | {"entities": [{"type": ["mention"]}, {"type": {}, "mentioned": []}]}, None)
@given(_ACTIVITIES, st.sampled_from([None, STAND_IN]))
def test_any_activity_is_read_or_refused_by_name(
    activity: dict[str, Any], stand_in: Person | None
) -> None:
    tenant_of(activity)
    with contextlib.suppress(Malformed):
        inbound = read(activity, tenant_id=TENANT, stand_in=stand_in)
        assert isinstance(inbound, Inbound)
        assert isinstance(inbound.kind, Kind)
        assert isinstance(inbound.conversation.scope, Scope)
        assert isinstance(inbound.text, str)
        assert inbound.person is None or inbound.person.object_id in {ADA, TENANT}
