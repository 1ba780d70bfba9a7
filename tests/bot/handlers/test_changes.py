"""Changing settings: what is asked is what is done, and who comes second changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.grammar.commands import PerhapsSettings
from bot.grammar.said import Account, Group
from bot.handlers.settings.affected import Affected
from bot.handlers.settings.changes import SettingsChanges
from bot.handlers.settings.guard import GroupsUnavailable, ZoomGroups
from bot.handlers.settings.progress import PROGRESS
from cards.click import BadInput
from cards.settings.clicks import (
    ApplyChange,
    ApplyForm,
    ApplySwitch,
    CancelChange,
    ConfirmChange,
    OpenAccount,
    OpenGroup,
    PickForChange,
    ShowRollout,
    SubmitForm,
)
from domain.clock import HOUR, MINUTE
from domain.coverage import Prospect
from domain.directory import DirectoryGroup
from domain.effect import Effect
from domain.form import LevelForm
from domain.newer import NEWER_NAMES
from domain.policy import (
    ACCOUNT,
    SOME_GROUP,
    Authoriser,
    Form,
    Level,
    ManagedGroup,
    Policy,
    Service,
)
from domain.policy_edits import (
    Authorise,
    ChooseShare,
    ChooseStyle,
    Disable,
    Enable,
    Inherit,
    Move,
    OneLine,
    group_of,
    level_form,
)
from domain.presence import Style
from tests.cards.lint import walk
from tests.doubles.memory import (
    ADA,
    BEN,
    History,
    Presence,
    Settings,
    ZoomDirectory,
    now_ms,
    turn,
)
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from enum import Enum

    from cards.build import Card

pytestmark = pytest.mark.unit

ON, OFF = Form(integration=True), Form(integration=False)
SALES, CARE = Level("g1", "Sales"), Level("g2", "Care")


class Room:
    """Settings that are off for the account, and a list of Zoom's groups."""

    def __init__(self) -> None:
        self.settings = Settings(Presence(Policy(OFF, version=7)))
        self.directory = ZoomDirectory(
            tuple(DirectoryGroup(level.group_id, level.name, 3) for level in (SALES, CARE))
        )
        self.audit = History()
        self.invitable: list[str] = []
        self.everyone_knows = True
        self.written = True
        self.authorised = False
        self.handler = SettingsChanges(
            self.settings,
            ZoomGroups(self.directory, ()),
            self.audit,
            Affected(self.settings, self.directory, self.prospect, lambda: self.authorised),
            self.count,
            now_ms,
            lambda name: name in NEWER_NAMES and self.everyone_knows,
            self.may_write,
        )

    async def prospect(self, policy: Policy, level: Level) -> Prospect | None:
        assert group_of(policy, level.group_id) or level.is_account
        return Prospect(52, 6, 9, 4, 1)

    async def may_write(self, member: Enum) -> bool:
        return self.written or member is Authoriser.PERSON

    async def count(self, group_id: str, inviter: str) -> int:
        assert inviter == ADA.object_id
        self.invitable.append(group_id)
        return 4

    @property
    def policy(self) -> Policy:
        return self.settings.presence.policy

    def set(self, *, account: Form = OFF, version: int = 7, sales: Form | None = None) -> None:
        groups = () if sales is None else (ManagedGroup("g1", "Sales", 1, sales),)
        self.settings.presence.policy = Policy(account, groups, version)


@pytest.fixture
def room() -> Room:
    return Room()


def styles(card: Card) -> set[str]:
    """The colours of the card's boxes and bars."""
    found = {str(e["style"]) for e in walk(card) if e["type"] in BOXES and "style" in e}
    return found - {"emphasis"}


BOXES = {"Container", "Column"}


def offers(card: Card, title: str) -> bool:
    return any(title in button for button in titles(card))


# -- one line


async def test_nothing_is_saved_before_the_answer(room: Room) -> None:
    card = await room.handler.account(turn(), Account(Enable(ACCOUNT)))
    assert titles(card)
    assert room.settings.made == []


async def test_what_is_so_already_is_not_asked_about(room: Room) -> None:
    card = await room.handler.confirm(turn(), Disable(ACCOUNT))
    assert titles(card) != titles(await room.handler.confirm(turn(), Enable(ACCOUNT)))
    assert "refresh" not in card


async def test_a_yes_is_saved_and_recorded_as_the_admin_s(room: Room) -> None:
    await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7))
    assert room.policy == Policy(ON, version=8)
    [(edit, by)] = room.settings.made
    assert edit == Enable(ACCOUNT)
    assert (by.actor_id, by.name) == (ADA.object_id, "Ada")


async def test_a_yes_to_older_settings_is_asked_again_and_says_who_was_first(room: Room) -> None:
    room.audit.changed(BEN, version=7, ago_ms=3 * MINUTE)
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 6))
    assert room.settings.made == []
    assert "Ben changed the settings for the account 3 minutes ago" in words(card)
    assert titles(card)


@pytest.mark.parametrize(
    ("ago_ms", "when"),
    [(0, "a moment ago"), (MINUTE, "a minute ago"), (HOUR, "at 13:20"), (30 * HOUR, "at 20 Sep")],
)
async def test_when_somebody_was_first(room: Room, ago_ms: int, when: str) -> None:
    room.audit.changed(BEN, version=7, ago_ms=ago_ms)
    assert when in words(await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 6)))


async def test_one_s_own_change_is_called_that(room: Room) -> None:
    room.audit.changed(ADA, version=7)
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 6))
    assert "You changed the settings for the account" in words(card)


async def test_who_was_first_is_not_guessed(room: Room) -> None:
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 6))
    assert "Someone changed the settings a moment ago" in words(card)


async def test_who_comes_in_between_is_not_overwritten(room: Room) -> None:
    room.settings.first = Policy(OFF, (ManagedGroup("g1", "Sales", 1, ON),), 8)
    room.audit.changed(BEN, version=8)
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7))
    assert room.settings.made == []
    assert "Ben changed" in words(card)


async def test_what_touches_people_is_followed_until_it_is_done(room: Room) -> None:
    room.settings.touches = ("a", "b", "c")
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7))
    assert "0 of 3" in words(card)
    assert room.invitable == [], "people are invited at the end"


async def test_what_touches_nobody_offers_to_invite_those_who_may_connect(room: Room) -> None:
    card = await room.handler.apply(turn(), ApplyChange(Enable(SALES), 7))
    assert room.invitable == ["g1"]
    assert offers(card, "Invite 4")


async def test_what_touches_nobody_says_so_and_not_what_nobody_notices(room: Room) -> None:
    said = words(await room.handler.apply(turn(), ApplyChange(Enable(SALES), 7)))
    assert "Nobody’s presence changes right now." in said
    assert "What they notice" not in said


async def test_the_end_says_what_they_notice(room: Room) -> None:
    room.settings.touches = ("a", "b", "c")
    await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7))
    [(rollout, _)] = room.settings.rollouts.values()
    shown = PROGRESS.load(rollout.show)
    said = words(shown.card("r1", done=3, total=3))
    assert "Updated for 3 people." in said
    assert "What they notice: Their Zoom presence shows" in said


async def test_a_lock_of_the_account_is_noticed_by_nobody_of_a_group(room: Room) -> None:
    room.set(account=replace(ON, locked=True))
    card = await room.handler.apply(turn(), ApplyChange(Enable(SALES), 7))
    assert "What they notice" not in words(card)


async def test_a_group_that_inherits_has_nothing_of_its_own_to_move(room: Room) -> None:
    asked = words(await room.handler.confirm(turn(), Move(SALES, 1)))
    applied = words(await room.handler.apply(turn(), ApplyChange(Move(SALES, 1), 7)))
    assert asked == applied
    assert room.settings.made == []


async def test_a_group_that_zoom_let_go_of_is_not_changed(room: Room) -> None:
    room.directory.groups = ()
    for act in [
        room.handler.apply(turn(), ApplyChange(Enable(SALES), 7)),
        room.handler.confirm_again(turn(), ConfirmChange(Enable(SALES))),
        room.handler.confirm_picked(turn(), PickForChange(Enable(SOME_GROUP), "g1")),
        room.handler.open_group(turn(), OpenGroup("g1")),
    ]:
        with pytest.raises(BadInput, match="no longer has this group"):
            await act
    assert room.settings.made == []


async def test_buttons_name_a_group_as_zoom_calls_it_now(room: Room) -> None:
    card = await room.handler.confirm_again(turn(), ConfirmChange(Enable(Level("g1", "Old"))))
    assert "Sales" in words(card)
    assert "Old" not in words(card)


async def test_whom_a_change_touches_is_not_said_where_nobody_knows(room: Room) -> None:
    nobody, unknown = "nobody right now", "I can’t count them"
    assert nobody in words(await room.handler.confirm(turn(), Enable(ACCOUNT)))
    room.directory.read = False
    assert unknown in words(await room.handler.confirm(turn(), Enable(ACCOUNT)))
    room.settings.touches = ("a",)
    assert "1 person" in words(await room.handler.confirm(turn(), Enable(ACCOUNT)))


async def test_cancel_changes_nothing(room: Room) -> None:
    await room.handler.cancel(turn(), CancelChange())
    assert room.settings.made == []


# -- which group


async def test_a_group_is_found_by_its_name(room: Room) -> None:
    assert "Sales" in words(await room.handler.group(turn(), Group("sales", Enable(SOME_GROUP))))
    assert "It has 3 people in Zoom" in words(await room.handler.group(turn(), Group("Sales")))


async def test_the_other_reading_of_a_name_shows_its_form_and_does_nothing(room: Room) -> None:
    room.directory.groups += (DirectoryGroup("g3", "Sales enable"),)
    room.directory.groups = room.directory.groups[1:]
    said = Group("Sales", Enable(SOME_GROUP), or_name="Sales enable")
    assert "Sales enable" in words(await room.handler.group(turn(), said))
    assert room.settings.made == []


async def test_a_group_is_never_guessed(room: Room) -> None:
    room.directory.groups += (DirectoryGroup("g3", "SALES"),)
    card = await room.handler.group(turn(), Group("sales", Enable(SOME_GROUP)))
    assert "refresh" not in card
    assert room.settings.made == []


async def test_a_picked_group_goes_on_with_what_was_said(room: Room) -> None:
    click = PickForChange(Enable(SOME_GROUP), "g2")
    assert "Care" in words(await room.handler.confirm_picked(turn(), click))


async def test_words_that_are_no_group_s_name_are_explained(room: Room) -> None:
    said = PerhapsSettings("Salse", "I don’t know “Salse”.", "Say settings.")
    assert "I don’t know “Salse”" in words(await room.handler.perhaps(turn(), said))
    assert "Sales" in words(await room.handler.perhaps(turn(), replace(said, name="sales")))
    room.directory.read = False
    assert "I don’t know “Salse”" in words(await room.handler.perhaps(turn(), said))


async def test_groups_that_are_not_known_are_the_guard_s_to_explain(room: Room) -> None:
    room.directory.read = False
    with pytest.raises(GroupsUnavailable):
        await room.handler.group(turn(), Group("sales"))


# -- the form


async def test_a_form_shows_what_holds(room: Room) -> None:
    for card in [
        await room.handler.account(turn(), Account()),
        await room.handler.account(turn(), OpenAccount()),
    ]:
        assert offers(card, "Save")


async def test_a_switch_is_verified_before_it_is_saved(room: Room) -> None:
    room.set(account=ON)
    click = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"integration": "false"})
    card = await room.handler.submit(turn(), click)
    assert offers(card, "Disable")
    assert room.settings.made == []
    await room.handler.verified(turn(), ApplySwitch(ACCOUNT, 7, LevelForm(OFF)))
    assert room.policy == Policy(OFF, version=8)


async def test_a_form_that_needs_more_answers_is_not_saved(room: Room) -> None:
    google = LevelForm(Form(integration=True, service=Service.GOOGLE))
    card = await room.handler.verified(turn(), ApplySwitch(ACCOUNT, 7, google))
    assert offers(card, "Save")
    assert room.settings.made == []


async def test_what_was_not_changed_is_not_saved(room: Room) -> None:
    await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, LevelForm(OFF), {}))
    assert room.settings.made == []


async def test_what_was_entered_in_an_older_form_is_not_saved(room: Room) -> None:
    room.set(account=ON, version=8)
    room.audit.changed(BEN, version=8)
    click = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"locked": "true"})
    card = await room.handler.submit(turn(), click)
    assert room.settings.made == []
    assert "Ben changed the settings for the account" in words(card)


async def test_a_form_that_is_overtaken_while_it_is_saved_is_not(room: Room) -> None:
    room.set(account=ON)
    room.settings.first = Policy(OFF, version=8)
    click = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"locked": "true"})
    card = await room.handler.submit(turn(), click)
    assert room.settings.made == []
    assert "Someone changed the settings a moment ago" in words(card)


async def test_a_saved_form_says_what_it_changed(room: Room) -> None:
    room.set(account=ON)
    click = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"locked": "true"})
    await room.handler.submit(turn(), click)
    assert room.policy == Policy(replace(ON, locked=True), version=8)


async def test_a_group_that_ends_to_manage_its_own_inherits(room: Room) -> None:
    room.set(sales=ON)
    click = SubmitForm(SALES, 7, LevelForm(ON, priority=1), {"manages": "false"})
    await room.handler.submit(turn(), click)
    assert room.policy.groups == ()


# -- the style full

FULL = replace(ON, style=Style.FULL)


async def test_a_form_with_full_is_saved_only_after_a_yes(room: Room) -> None:
    room.set(account=ON)
    room.settings.touches = ("a", "b")
    click = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"style": "full"})
    card = await room.handler.submit(turn(), click)
    assert "can replace an Available or Away that people set by hand" in words(card)
    assert "2 people now" in words(card)
    assert titles(card) == ["Save with full", "Cancel"]
    assert room.settings.made == []
    await room.handler.save_form(turn(), ApplyForm(ACCOUNT, 7, LevelForm(FULL)))
    assert room.policy == Policy(FULL, version=8)


async def test_a_yes_to_full_in_older_settings_saves_nothing(room: Room) -> None:
    room.set(account=ON, version=8)
    await room.handler.save_form(turn(), ApplyForm(ACCOUNT, 7, LevelForm(FULL)))
    assert room.settings.made == []


async def test_full_that_is_there_already_is_not_asked_about(room: Room) -> None:
    room.set(account=FULL)
    await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, LevelForm(FULL), {"locked": "true"}))
    assert room.policy == Policy(replace(FULL, locked=True), version=8)


@pytest.mark.parametrize(
    ("account", "sales", "edit", "warns"),
    [
        (ON, None, ChooseStyle(ACCOUNT, Style.FULL), True),
        (replace(FULL, integration=False), None, Enable(ACCOUNT), True),
        (FULL, OFF, Inherit(SALES), True),
        (OFF, FULL, Disable(SALES), False),
        (FULL, ON, Disable(ACCOUNT), False),
        (OFF, replace(FULL, integration=False), Enable(SALES), True),
        (ON, None, ChooseStyle(ACCOUNT, Style.BUSY_ONLY), False),
    ],
)
async def test_one_line_warns_wherever_full_begins(
    room: Room, account: Form, sales: Form | None, edit: OneLine, warns: bool
) -> None:
    room.set(account=account, sales=sales)
    said = words(await room.handler.confirm(turn(), edit))
    assert ("can replace an Available or Away" in said) is warns


# -- the effect decides colour and heading


@pytest.mark.parametrize(
    ("touches", "title"),
    [
        (("a", "b", "c", "d", "e"), "Presence sync is now off for 5 people"),
        (("a",), "Presence sync is now off for 1 person"),
        ((), "Presence sync is now off for the account"),
    ],
)
async def test_saving_google_says_that_presence_goes_off(
    room: Room, touches: tuple[str, ...], title: str
) -> None:
    room.set(account=ON)
    room.settings.touches = touches
    click = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"service": "google"})
    card = await room.handler.submit(turn(), click)
    said = words(card)
    assert title in said
    assert "the default service is Google, not Office 365" in said
    assert "good" not in styles(card)
    if touches:
        rollout, _ = room.settings.rollouts["r1"]
        shown = PROGRESS.load(rollout.show).card("r1", done=rollout.total, total=rollout.total)
        assert title in words(shown)
        assert styles(shown) == {"warning"}
        assert "Cleared for" in words(shown)
    else:
        assert styles(card) == {"warning"}


async def test_switching_on_is_good_news(room: Room) -> None:
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7))
    assert "Presence sync is now on for the account" in words(card)
    assert styles(card) == {"good"}


async def test_what_a_locked_account_overrules_is_not_called_in_force(room: Room) -> None:
    room.set(account=replace(OFF, locked=True))
    card = await room.handler.apply(turn(), ApplyChange(Enable(SALES), 7))
    said = words(card)
    assert "now on" not in said
    assert "The account is locked, so this only counts once it’s unlocked." in said


async def test_what_is_over_is_shown_as_what_it_was(room: Room) -> None:
    click = ShowRollout("r9", SALES, "Off.", "Presence sync is now off for 3 people", "clearing")
    card = await room.handler.progress(turn(), click)
    assert click.title in words(card)
    assert styles(card) == {"warning"}


# -- how far it is


async def test_progress_never_shows_the_end_before_it_is_written(room: Room) -> None:
    room.settings.touches = ("a", "b", "c")
    await room.handler.apply(turn(), ApplyChange(Enable(SALES), 7))
    rollout, _ = room.settings.rollouts["r1"]
    room.settings.rollouts["r1"] = (rollout, 0)
    click = ShowRollout("r1", SALES, "Presence sync is on for Sales.")
    assert "2 of 3" in words(await room.handler.progress(turn(), click))


async def test_what_is_carried_out_is_in_force(room: Room) -> None:
    click = ShowRollout("r9", SALES, "Presence sync is on for Sales.")
    said = words(await room.handler.progress(turn(), click))
    assert "Presence sync is on for Sales." in said
    assert " of " not in said


async def test_progress_whose_card_is_damaged_is_shown_all_the_same(room: Room) -> None:
    room.settings.touches = ("a", "b")
    await room.handler.apply(turn(), ApplyChange(Inherit(SALES), 7))
    await room.handler.apply(turn(), ApplyChange(Enable(SALES), room.policy.version))
    rollout, left = room.settings.rollouts["r1"]
    room.settings.rollouts["r1"] = (replace(rollout, show="{"), left)
    click = ShowRollout("r1", SALES, "Presence sync is on for Sales.")
    assert "0 of 2" in words(await room.handler.progress(turn(), click))


async def test_a_switch_that_needs_more_answers_says_of_nobody_that_it_touches_them(
    room: Room,
) -> None:
    room.settings.touches = ("a", "b")
    on = SubmitForm(ACCOUNT, 7, LevelForm(OFF), {"integration": "true"})
    assert "2 people now" not in words(await room.handler.submit(turn(), on))
    room.set(account=ON)
    off = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"integration": "false"})
    assert "2 people now" in words(await room.handler.submit(turn(), off))
    room.set(account=OFF)
    assert "2 people now" not in words(await room.handler.submit(turn(), off))


async def test_what_may_be_meant_is_asked_about_first(room: Room) -> None:
    for meant in (Account(Enable(ACCOUNT)), Group("sales", Enable(SOME_GROUP))):
        said = PerhapsSettings("", "I don’t know this.", "Say settings.", meant)
        card = await room.handler.perhaps(turn(), said)
        clicks = [e["click"] for e in walk(card) if isinstance(e.get("click"), ConfirmChange)]
        assert [type(click.edit) for click in clicks] == [Enable]
        assert "Did you mean settings" in words(card)
    assert room.settings.made == []


async def test_a_verb_that_is_nearly_right_is_offered_for_the_group(room: Room) -> None:
    said = Group("Sales enabel", meant=Group("Sales", Enable(SOME_GROUP)))
    card = await room.handler.group(turn(), said)
    assert "Did you mean settings group Sales enable" in words(card)
    assert room.settings.made == []


async def test_a_group_that_may_be_meant_is_picked_where_none_is_called_so(room: Room) -> None:
    meant = Group("Sale", Enable(SOME_GROUP))
    said = PerhapsSettings("", "I don’t know this.", "Say settings.", meant)
    card = await room.handler.perhaps(turn(), said)
    assert "Sale" in words(card)
    assert "refresh" not in card
    assert room.settings.made == []


async def test_a_topic_that_may_be_meant_gets_a_button(room: Room) -> None:
    said = PerhapsSettings("acount", "I don’t know “acount”.", "Say settings.", Account())
    card = await room.handler.perhaps(turn(), said)
    assert any(isinstance(e.get("click"), OpenAccount) for e in walk(card))


# -- why


def typed(card: Card) -> list[str]:
    """What stands in the line for a reason; empty: the card has none."""
    return [e["value"] for e in walk(card) if e.get("id") == "reason"]


WHY = "INC0012345"


async def test_a_reason_that_was_said_stands_in_the_question_and_is_kept(room: Room) -> None:
    room.settings.touches = (BEN.object_id,)
    card = await room.handler.account(turn(), Account(Enable(ACCOUNT), WHY))
    assert typed(card) == [WHY]
    assert card["refresh"]["action"]["click"] == ConfirmChange(Enable(ACCOUNT), WHY)
    click = ApplyChange(Enable(ACCOUNT), 7, " INC0012345,\n Sales ")
    assert "Reason: INC0012345, Sales" in words(await room.handler.apply(turn(), click))
    assert room.settings.reasons == ["INC0012345, Sales"]
    assert PROGRESS.load(room.settings.rollouts["r1"][0].show).reason == "INC0012345, Sales"


async def test_who_gives_no_reason_is_not_asked_again(room: Room) -> None:
    assert typed(await room.handler.confirm(turn(), Enable(ACCOUNT))) == [""]
    card = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7))
    assert "Reason" not in words(card)
    assert room.settings.reasons == [""]


async def test_a_reason_goes_along_until_it_is_saved(room: Room) -> None:
    level = replace(SALES, name="")
    picked = await room.handler.group(turn(), Group("Sale", Enable(SOME_GROUP), WHY))
    [asks] = {e["click"] for e in walk(picked) if isinstance(e.get("click"), ConfirmChange)}
    assert asks.reason == WHY
    assert typed(await room.handler.confirm_again(turn(), ConfirmChange(Enable(level), WHY)))
    click = PickForChange(Enable(SOME_GROUP), "g2", WHY)
    assert typed(await room.handler.confirm_picked(turn(), click)) == [WHY]
    meant = PerhapsSettings("", "I don’t know this.", "", Account(Enable(ACCOUNT), WHY))
    assert f"settings account enable because {WHY}" in words(
        await room.handler.perhaps(turn(), meant)
    )
    overtaken = await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 6, WHY))
    assert typed(overtaken) == [WHY]
    assert room.settings.made == []


async def test_a_form_takes_a_reason_through_all_its_steps(room: Room) -> None:
    room.set(account=ON)
    inputs = {"integration": "false", "reason": WHY}
    asked = await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, LevelForm(ON), inputs))
    assert typed(asked) == [WHY]
    await room.handler.verified(turn(), ApplySwitch(ACCOUNT, 7, LevelForm(OFF), WHY))
    room.set(account=ON)
    inputs = {"style": "full", "reason": WHY}
    warned = await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, LevelForm(ON), inputs))
    assert typed(warned) == [WHY]
    await room.handler.save_form(turn(), ApplyForm(ACCOUNT, 7, LevelForm(FULL), WHY))
    room.set(account=ON)
    inputs = {"style": "busy only", "reason": WHY}
    saved = await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, LevelForm(ON), inputs))
    assert f"Reason: {WHY}" in words(saved)
    assert room.settings.reasons == [WHY, WHY, WHY]
    late = await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, LevelForm(ON), inputs))
    assert typed(late) == [WHY]


@pytest.mark.parametrize("reason", ["x" * 201, "y" * 1000])
async def test_a_reason_that_is_too_long_changes_nothing(room: Room, reason: str) -> None:
    room.set(account=ON)
    form = SubmitForm(ACCOUNT, 7, LevelForm(ON), {"style": "mirror", "reason": reason})
    for answer in (
        room.handler.apply(turn(), ApplyChange(Disable(ACCOUNT), 7, reason)),
        room.handler.submit(turn(), form),
        room.handler.verified(turn(), ApplySwitch(ACCOUNT, 7, LevelForm(OFF), reason)),
        room.handler.save_form(turn(), ApplyForm(ACCOUNT, 7, LevelForm(FULL), reason)),
    ):
        with pytest.raises(BadInput, match="200 characters at most"):
            await answer
    assert room.settings.made == []


async def test_reasons_wait_until_every_process_can_keep_them(room: Room) -> None:
    room.everyone_knows = False
    for said in (
        await room.handler.confirm(turn(), Enable(ACCOUNT)),
        await room.handler.account(turn(), OpenAccount()),
    ):
        assert typed(said) == []
    perhaps = PerhapsSettings("", "I don’t know this.", "", Account(Enable(ACCOUNT), WHY))
    for said in (
        await room.handler.account(turn(), Account(Enable(ACCOUNT), WHY)),
        await room.handler.group(turn(), Group("Sale", Enable(SOME_GROUP), WHY)),
        await room.handler.perhaps(turn(), perhaps),
    ):
        assert "I can’t keep a reason yet" in words(said)
        assert not offers(said, "Enable")
    # What was entered in a card of another process is kept all the same.
    await room.handler.apply(turn(), ApplyChange(Enable(ACCOUNT), 7, WHY))
    assert room.settings.reasons == [WHY]


# -- who authorises


async def test_the_organisation_authorises_only_once_every_process_knows_it(room: Room) -> None:
    room.set(account=Form(integration=True))
    room.written = False
    ask = Authorise(ACCOUNT, Authoriser.ASK)
    entered = replace(level_form(room.policy, ACCOUNT), form=replace(ON, authoriser=Authoriser.ASK))
    for card in (
        await room.handler.confirm(turn(), ask),
        await room.handler.apply(turn(), ApplyChange(ask, 7)),
        await room.handler.save_form(turn(), ApplyForm(ACCOUNT, 7, entered)),
    ):
        assert "Nothing was changed." in words(card)
    assert room.policy.account.authoriser is Authoriser.PERSON
    each = await room.handler.confirm(turn(), Authorise(ACCOUNT, Authoriser.PERSON))
    assert "Not yet" not in words(each)
    room.written = True
    await room.handler.apply(turn(), ApplyChange(ask, 7))
    assert level_form(room.policy, ACCOUNT).form == replace(ON, authoriser=Authoriser.ASK)


# -- the share


async def test_a_share_is_asked_about_saved_and_said(room: Room) -> None:
    room.set(account=replace(ON, authoriser=Authoriser.ASK))
    card = await room.handler.account(turn(), Account(ChooseShare(ACCOUNT, 20)))
    assert "about 20 in 100 people" in words(card)
    assert titles(card) == ["Use 20%", "Cancel"]
    done = await room.handler.apply(turn(), ApplyChange(ChooseShare(ACCOUNT, 20), 7))
    assert "The share for the account is 20%." in words(done)
    assert room.policy.account.share == 20
    assert "Share: 20%." in words(await room.handler.form(turn(), ACCOUNT))
    again = await room.handler.confirm(turn(), ChooseShare(ACCOUNT, 20))
    assert "Nothing to change" in words(again)


async def test_whom_a_lower_share_ends_is_said_before_and_afterwards(room: Room) -> None:
    room.set(account=replace(ON, authoriser=Authoriser.INFORM))
    room.settings.shifts = Effect(ends=12, called_off=3)
    card = await room.handler.confirm(turn(), ChooseShare(ACCOUNT, 20))
    ends = "It ends for 12 people who are covered today. It won’t start for 3 people who were told"
    assert ends in words(card)
    assert "nobody right now" not in words(card)
    [use] = [e for e in walk(card) if e.get("title") == "Use 20%"]
    assert use["style"] == "destructive"
    done = await room.handler.apply(turn(), ApplyChange(ChooseShare(ACCOUNT, 20), 7))
    assert ends in words(done)
    assert "Nobody’s presence changes" not in words(done)
    assert styles(done) == {"warning"}


async def test_a_higher_share_says_for_whom_it_starts_and_whether_it_may(room: Room) -> None:
    room.set(account=replace(ON, authoriser=Authoriser.INFORM, share=20))
    room.settings.shifts = Effect(starts=8, starts_later=30)
    edit = ChooseShare(ACCOUNT, 50)
    said = words(await room.handler.confirm(turn(), edit))
    assert "It starts now for 8 people who were told before. For 30 more it starts once" in said
    assert "hasn’t authorised this app yet" in said
    room.authorised = True
    card = await room.handler.confirm(turn(), edit)
    assert "hasn’t authorised" not in words(card)
    [use] = [e for e in walk(card) if e.get("title") == "Use 50%"]
    assert use["style"] == "positive"
    assert styles(await room.handler.apply(turn(), ApplyChange(edit, 7))) == {"good"}


async def test_a_share_is_kept_by_the_form(room: Room) -> None:
    room.set(account=replace(ON, authoriser=Authoriser.ASK, share=20))
    shown = level_form(room.policy, ACCOUNT)
    await room.handler.submit(turn(), SubmitForm(ACCOUNT, 7, shown, {"style": "busy only"}))
    assert (room.policy.account.share, room.policy.account.style) == (20, "busy only")


async def test_a_share_is_chosen_only_once_every_process_knows_it(room: Room) -> None:
    room.set(account=replace(ON, authoriser=Authoriser.ASK))
    room.everyone_knows = False
    for card in (
        await room.handler.confirm(turn(), ChooseShare(ACCOUNT, 20)),
        await room.handler.apply(turn(), ApplyChange(ChooseShare(ACCOUNT, 20), 7)),
    ):
        assert "can’t be chosen yet" in words(card)
    assert room.policy.account.share == 100


async def test_a_group_that_inherits_has_no_share_of_its_own(room: Room) -> None:
    card = await room.handler.confirm(turn(), ChooseShare(SALES, 20))
    assert "inherits, so the account says how many people are started" in words(card)


async def test_who_could_start_is_said_before_the_organisation_authorises(room: Room) -> None:
    room.set(account=ON)
    for authoriser in (Authoriser.ASK, Authoriser.INFORM):
        said = words(await room.handler.confirm(turn(), Authorise(ACCOUNT, authoriser)))
        assert (
            "52 people can start, 1 already connected by signing in, 6 can’t be matched, "
            "9 are excluded, 4 chose Not for me." in said
        )
        assert "The organisation hasn’t authorised this app yet" in said
    room.authorised = True
    said = words(await room.handler.confirm(turn(), Authorise(ACCOUNT, Authoriser.ASK)))
    assert "hasn’t authorised" not in said


@pytest.mark.parametrize(
    "edit",
    [Authorise(ACCOUNT, Authoriser.ASK), ChooseShare(ACCOUNT, 20), Inherit(SALES), Enable(SALES)],
)
async def test_what_the_organisation_authorises_is_not_for_a_role_in_zoom(
    room: Room, edit: OneLine
) -> None:
    inform = replace(ON, authoriser=Authoriser.INFORM)
    room.set(account=inform, sales=replace(ON, share=50))
    asks = replace(turn(), by_zoom=True)
    before = room.policy
    question = await room.handler.confirm(asks, edit)
    card = await room.handler.apply(asks, ApplyChange(edit, 7))
    if isinstance(edit, Enable):  # is so already, and nothing of that
        assert "Nothing to change" in words(question)
    else:
        for said in (question, card):
            assert "Your role in Zoom isn’t enough for this." in words(said)
    assert replace(room.policy, version=7) == before
    await room.handler.apply(asks, ApplyChange(Disable(ACCOUNT), room.policy.version))
    assert not room.policy.account.integration  # that may be done by every admin
    entered = replace(level_form(room.policy, ACCOUNT), form=ON)
    form = ApplyForm(ACCOUNT, room.policy.version, entered)
    assert "Your role in Zoom" in words(await room.handler.save_form(asks, form))
