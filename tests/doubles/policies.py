"""Any policy and any person, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.condition import Condition
from domain.matching import PROPERTIES
from domain.policy import Authoriser, AuthorizeWith, Form, ManagedGroup, Personal, Policy, Service
from domain.presence import LEVEL_STYLES, Style
from domain.share import EVERYBODY

NOW = 1_760_000_000_000

conditions = st.none() | st.builds(
    Condition, st.sampled_from(PROPERTIES), st.from_regex(r"[A-Za-zÅö]{1,9}", fullmatch=True)
)
forms = st.builds(
    Form,
    integration=st.booleans(),
    service=st.sampled_from(Service),
    authorize_with=st.sampled_from(AuthorizeWith),
    presence_write=st.booleans(),
    calendar=st.booleans(),
    contacts=st.booleans(),
    locked=st.booleans(),
    style=st.sampled_from(LEVEL_STYLES),
    authoriser=st.sampled_from(Authoriser),
    share=st.integers(1, EVERYBODY),
    only=conditions,
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
group_ids = st.sampled_from([f"g{number}" for number in range(6)])
memberships = st.frozensets(group_ids)
personals = st.builds(
    Personal,
    style=st.none() | st.sampled_from(Style),
    paused_until_ms=st.none() | st.integers(NOW - 5, NOW + 5),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy with priorities 1 to n."""
    ids = draw(st.lists(group_ids, unique=True))
    groups = tuple(
        ManagedGroup(group_id, draw(names), place, draw(forms))
        for place, group_id in enumerate(ids, start=1)
    )
    return Policy(draw(forms), groups, draw(st.integers(0, 1000)))
