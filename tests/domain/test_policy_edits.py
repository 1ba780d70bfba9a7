"""Edits of the policy, and the rows and history they become."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import policy_edits as edits
from domain.form import LevelForm
from domain.link import BadRow
from domain.policy import (
    ACCOUNT,
    AuthorisedBy,
    AuthorizeWith,
    Form,
    Level,
    ManagedGroup,
    Policy,
    Service,
    resolve,
)
from domain.policy_edits import (
    ChooseShare,
    ChooseStyle,
    Disable,
    Enable,
    GroupInherits,
    Inherit,
    Lock,
    Move,
    Narrow,
    OneLine,
    SaveForm,
    Stop,
    Unlock,
    form_of,
    level_form,
)
from domain.presence import Style
from domain.share import EVERYBODY
from sync.settings.rows import (
    FORMS,
    MANAGED,
    changed_rows,
    history_of,
    read_policy,
)
from tests.doubles.policies import conditions, forms, group_ids, memberships, names, policies

pytestmark = pytest.mark.unit

ON = Form(integration=True)
OFF = Form(integration=False)
LOCKED_OFF = Form(integration=False, locked=True)


def rows_of(policy: Policy) -> dict[str, str]:
    rows = changed_rows(Policy(Form(not policy.account.integration)), policy)
    return {**rows, "version": str(policy.version)}


def applied(rows: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in {**rows, **changes}.items() if text}


@given(forms)
def test_forms_survive_storing(form: Form) -> None:
    assert FORMS.load(FORMS.dump(form)) == form


@given(forms, names, st.integers(1, 1000))
def test_groups_survive_storing(form: Form, name: str, priority: int) -> None:
    group = ManagedGroup("id", name, priority, form)
    assert MANAGED.load(MANAGED.dump(group)) == group


@given(policies())
def test_policies_survive_storing(policy: Policy) -> None:
    assert read_policy(rows_of(policy)) == (policy, ())


@given(policies(), policies())
def test_the_rows_of_a_change_make_the_one_policy_of_the_other(old: Policy, new: Policy) -> None:
    rows = applied(rows_of(old), changed_rows(old, new))
    assert read_policy(rows)[0] == replace(new, version=old.version)


@given(policies(), st.data())
def test_priorities_are_one_to_n_whatever_is_done(policy: Policy, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 5))):
        group_id, form = data.draw(group_ids), data.draw(forms)
        match data.draw(st.sampled_from(["set", "inherit", "move", "zoom"])):
            case "set":
                policy = edits.with_form(policy, Level(group_id, "name"), form)
            case "inherit":
                policy = edits.without_group(policy, group_id)
            case "move" if edits.group_of(policy, group_id) is not None:
                policy = edits.with_priority(policy, group_id, data.draw(st.integers(-2, 9)))
            case _:
                kept = data.draw(st.frozensets(group_ids))
                policy = edits.with_zoom_names(policy, dict.fromkeys(kept, "new name"))
        assert [g.priority for g in policy.groups] == list(range(1, len(policy.groups) + 1))
        assert len({g.group_id for g in policy.groups}) == len(policy.groups)


@given(policies(), group_ids, forms)
def test_setting_a_form_touches_that_form_only(policy: Policy, group_id: str, form: Form) -> None:
    after = edits.with_form(policy, Level(group_id, "name"), form)
    others = [group for group in policy.groups if group.group_id != group_id]
    assert after.account == policy.account
    assert [group for group in after.groups if group.group_id != group_id] == others
    known = edits.group_of(policy, group_id)
    place = len(policy.groups) + 1 if known is None else known.priority
    assert edits.group_of(after, group_id) == ManagedGroup(group_id, "name", place, form)


@given(policies(), st.lists(st.tuples(group_ids, forms), unique_by=lambda edit: edit[0]), st.data())
def test_the_order_of_saves_of_different_scopes_does_not_matter(
    policy: Policy, wanted: list[tuple[str, Form]], data: st.DataObject
) -> None:
    known = {group.group_id for group in policy.groups}
    saves = [save for save in wanted if save[0] in known]
    shuffled = data.draw(st.permutations(saves))
    one = two = policy
    for group_id, form in saves:
        one = edits.with_form(one, Level(group_id, "name"), form)
    two = edits.with_form(two, ACCOUNT, OFF)
    for group_id, form in shuffled:
        two = edits.with_form(two, Level(group_id, "name"), form)
    assert edits.with_form(one, ACCOUNT, OFF) == two


@given(policies(), memberships, st.data())
def test_damage_never_turns_presence_on(
    policy: Policy, mine: frozenset[str], data: st.DataObject
) -> None:
    rows = rows_of(policy)
    name = data.draw(st.sampled_from(sorted(rows)))
    text = rows[name]
    rows[name] = data.draw(
        st.sampled_from(["", "{", "null", "5", text[:-2], text.replace("true", '"true"')])
    )
    damaged, told = read_policy(rows)
    if resolve(damaged, mine).on:
        assert resolve(policy, mine).on
    if told:
        assert told == (name,)


def test_a_lock_outlives_damage() -> None:
    rows = rows_of(Policy(LOCKED_OFF, (ManagedGroup("g", "G", 1, ON),)))
    rows["account"] = "?"
    assert not resolve(read_policy(rows)[0], {"g"}).on


def test_without_any_rows_presence_is_off_and_nothing_is_damaged() -> None:
    assert read_policy({}) == (Policy(OFF), ())


def test_lost_account_rows_are_damage() -> None:
    rows = rows_of(Policy(ON, (ManagedGroup("g", "G", 1, ON),), 7))
    del rows["account"]
    policy, damaged = read_policy(rows)
    assert (policy.account, policy.version, damaged) == (LOCKED_OFF, 7, ("account",))


def test_a_damaged_group_comes_first_and_is_off() -> None:
    rows = rows_of(Policy(ON, (ManagedGroup("a", "A", 1, ON), ManagedGroup("b", "B", 2, ON))))
    rows["group:b"] = "?"
    policy, damaged = read_policy(rows)
    assert damaged == ("group:b",)
    assert [(g.group_id, g.priority, g.form) for g in policy.groups] == [
        ("b", 1, OFF),
        ("a", 2, ON),
    ]


@pytest.mark.parametrize("field", json.loads(FORMS.dump(ON)))
@pytest.mark.parametrize("value", [..., None, "yes", 1, [], {}])
def test_a_form_with_a_wrong_or_missing_field_is_refused(field: str, value: object) -> None:
    row = json.loads(FORMS.dump(ON))
    if value is ...:
        del row[field]
    else:
        row[field] = value
    with pytest.raises(BadRow):
        FORMS.load(json.dumps(row))


def test_history_tells_scope_by_scope_from_what_to_what() -> None:
    old = Policy(ON, (ManagedGroup("a", "A", 1, ON), ManagedGroup("b", "B", 2, ON)))
    new = edits.with_form(edits.without_group(old, "a"), ACCOUNT, OFF)
    account, group = history_of(old, new)
    assert (account.scope, account.scope_name) == ("account", "account")
    assert isinstance(account.old, dict)
    assert isinstance(account.new, dict)
    assert (account.old["integration"], account.new["integration"]) == (True, False)
    assert (group.scope, group.scope_name, group.new) == ("group:a", "A", None)
    assert isinstance(group.old, dict)
    assert (group.old["name"], group.old["priority"]) == ("A", 1)


def test_history_tells_whose_priority_was_set_and_not_who_gave_way() -> None:
    groups = tuple(ManagedGroup(name, name, place, ON) for place, name in enumerate("abc", start=1))
    old = Policy(ON, groups)
    [told] = history_of(old, edits.with_priority(old, "c", 1), about="c")
    assert told.scope == "group:c"
    assert isinstance(told.old, dict)
    assert isinstance(told.new, dict)
    assert (told.old["priority"], told.new["priority"]) == (3, 1)


@given(policies(), policies())
def test_whatever_changes_the_verdict_of_somebody_is_in_the_history(
    old: Policy, new: Policy
) -> None:
    forms_of = {"account": (old.account, new.account)} | {
        f"group:{group_id}": (
            getattr(edits.group_of(old, group_id), "form", None),
            getattr(edits.group_of(new, group_id), "form", None),
        )
        for group_id in {group.group_id for group in (*old.groups, *new.groups)}
    }
    told = {fact.scope for fact in history_of(old, new)}
    assert {scope for scope, (was, now) in forms_of.items() if was != now} <= told


def test_managed_groups_are_told_apart_by_id() -> None:
    groups = (ManagedGroup("a", "Sales", 1, ON), ManagedGroup("b", "Sales", 2, OFF))
    policy = Policy(ON, groups)
    assert edits.group_of(policy, "b") == groups[1]
    assert edits.group_of(policy, "c") is None


# -- edits that apply themselves ------------------------------------------------------------------

levels = st.just(ACCOUNT) | st.builds(Level, group_ids, st.just("Name"))
one_line: st.SearchStrategy[OneLine] = st.one_of(
    st.builds(Enable, levels),
    st.builds(Disable, levels),
    st.builds(Lock, levels),
    st.builds(Unlock, levels),
    st.builds(ChooseStyle, levels, st.sampled_from(Style)),
    st.builds(ChooseShare, levels, st.integers(1, EVERYBODY)),
    st.builds(Narrow, levels, conditions),
    st.builds(Inherit, st.builds(Level, group_ids)),
    st.builds(Move, st.builds(Level, group_ids), st.integers(1, 9)),
)


@given(policies(), levels)
def test_a_form_that_comes_back_as_it_was_is_no_change(policy: Policy, level: Level) -> None:
    assert SaveForm(level, level_form(policy, level)).apply(policy) == policy


@given(policies(), levels, forms, st.booleans(), st.integers(1, 9))
def test_a_level_becomes_what_was_submitted(
    policy: Policy, level: Level, form: Form, manages: bool, priority: int
) -> None:
    known = level.is_account or edits.group_of(policy, level.group_id) is not None
    places = len(policy.groups) + (not known)
    place = 0 if level.is_account else min(priority, places)
    entered = LevelForm(form, manages=manages or level.is_account, priority=place)
    after = SaveForm(level, entered).apply(policy)
    if entered.manages:
        assert level_form(after, level) == entered
    else:
        assert edits.group_of(after, level.group_id) is None


@given(policies(), one_line)
def test_one_line_changes_what_it_says_and_nothing_else(policy: Policy, edit: OneLine) -> None:
    level = edit.level
    inherits = not level.is_account and edits.group_of(policy, level.group_id) is None
    if inherits and isinstance(edit, Lock | Unlock | ChooseStyle | ChooseShare | Narrow | Move):
        with pytest.raises(GroupInherits):
            edit.apply(policy)
        return
    after = edit.apply(policy)
    was, now = form_of(policy, level), form_of(after, level)
    match edit:
        case Enable():
            assert now.stopped_by() is None
            assert (now.style, now.locked) == (was.style, was.locked)
        case Disable():
            assert now == replace(was, integration=False)
        case Lock() | Unlock():
            assert now == replace(was, locked=isinstance(edit, Lock))
        case ChooseStyle(_, style):
            assert now == replace(was, style=style)
        case ChooseShare(_, share):
            assert now == replace(was, share=share)
        case Narrow(_, only):
            assert now == replace(was, only=only)
        case Inherit():
            assert edits.group_of(after, level.group_id) is None
        case Move(_, priority):
            group = edits.group_of(after, level.group_id)
            assert group is not None
            assert group.priority == min(priority, len(policy.groups))
            assert group.form == was
    for other in policy.groups:
        if other.group_id != level.group_id:
            kept = edits.group_of(after, other.group_id)
            assert kept is not None
            assert kept.form == other.form


@given(policies(), memberships)
def test_stopping_leaves_nobody_to_the_organisation_and_touches_nobody_else(
    policy: Policy, member_of: frozenset[str]
) -> None:
    after = Stop().apply(policy)
    assert Stop().apply(after) == after
    for by in AuthorisedBy:
        old, new = resolve(policy, member_of, by=by), resolve(after, member_of, by=by)
        assert not (new.on and by is AuthorisedBy.ORGANISATION)
        if by is AuthorisedBy.PERSON:
            assert (new.on, new.style) == (old.on, old.style)


def test_stopping_is_about_every_level() -> None:
    with pytest.raises(ValueError, match="every level"):
        Stop(Level("g1", "Sales"))


def test_a_group_that_begins_to_manage_its_own_does_not_inherit_the_lock() -> None:
    policy = Policy(Form(integration=True, locked=True, style=Style.FULL))
    form = form_of(policy, Level("g1", "Sales"))
    assert form == Form(integration=True, locked=False, style=Style.FULL)
    enabled = Enable(Level("g1", "Sales")).apply(policy)
    assert enabled.groups == (ManagedGroup("g1", "Sales", 1, form),)


def test_enabling_takes_the_article_s_whole_path() -> None:
    off = Form(False, Service.GOOGLE, AuthorizeWith.EWS, presence_write=False, calendar=True)
    assert Enable(ACCOUNT).apply(Policy(off)).account == Form(True, calendar=True)
