"""What the cards for admins promise, beyond being valid (`test_cards.py` sees to that)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.grammar.personal import STYLE_WORDS
from cards.settings.centre import MOST_GROUPS, Numbers, centre
from cards.settings.clicks import (
    ConfirmChange,
    Invite,
    ListGroups,
    OpenGroup,
    OpenPerson,
    RetryStorm,
    Revive,
    ReviveAll,
    SearchGroups,
    ShowHistory,
    ShowRollout,
    ShowStorm,
    SubmitForm,
)
from cards.settings.lists import MOST_BUTTONS
from cards.settings.paging import PAGE_SIZE
from cards.settings.parts import bar
from cards.settings.people import parked
from domain.effect import Effect
from domain.errors import Trouble
from domain.policy import Level, Policy
from domain.policy_edits import ChooseStyle, Enable
from domain.presence import LEVEL_STYLES, Style, ZoomPresence, zoom_label
from tests.cards.lint import complaints, walk, without_charts
from tests.cards.samples import CARD_ID, SAMPLES, SEAL, START_URL
from tests.cards.settings.samples import ON, PARKED, PARKED_ROWS, SALES
from tests.doubles.outside import words as words_of
from wording.policy import STYLES, touched
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from cards.click import Click

pytestmark = pytest.mark.unit


def actions(name: str) -> list[dict[str, Any]]:
    return [e for e in walk(SAMPLES[name]) if e["type"].startswith("Action.") and "title" in e]


def titles(name: str) -> list[str]:
    return [action["title"] for action in actions(name)]


def words(name: str) -> str:
    return "".join(e["text"] for e in walk(SAMPLES[name]) if "text" in e)


def labels(name: str) -> list[str]:
    return [e["label"] for e in walk(SAMPLES[name]) if e["type"].startswith("Input.")]


def pressed(name: str, title: str, **inputs: str) -> Click:
    [action] = [action for action in actions(name) if action["title"] == title]
    entered = {f"{name}-{CARD_ID}": value for name, value in inputs.items()}
    return SEAL.opened(action["verb"], json.loads(json.dumps(action["data"])) | entered)[0]


# -- the form -----------------------------------------------------------------------------------


def test_the_form_is_in_the_article_s_order_and_words() -> None:
    assert labels("settings-form") == [
        "Calendar and contacts integration",
        "Default calendar and contact service",
        "Authorize with",
        "Who authorises",
        "Calendar",
        "Contacts",
        "Presence",
        "Style",
        "Lock",
        "Reason or ticket (optional)",
    ]
    offered = [
        [option["title"] for option in e["choices"]]
        for e in walk(SAMPLES["settings-form"])
        if e["type"] == "Input.ChoiceSet"
    ]
    assert offered[:2] == [["Google", "Exchange", "Office 365"], ["EWS", "Graph API"]]
    assert titles("settings-form") == ["Save", "Cancel"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("settings-form", "Presence sync is on with this form, style mirror."),
        (
            "settings-form-off",
            "off with this form, because the calendar and contacts integration is off.",
        ),
        (
            "settings-form-google",
            "off with this form, because the default service is Google, not Office",
        ),
        (
            "settings-form-ews",
            "off with this form, because it authorises with EWS, not with the Graph API",
        ),
        (
            "settings-form-unticked",
            "off with this form, because the Presence permission isn’t Write.",
        ),
        (
            "settings-form-inherits",
            "Inherits from the account, where presence sync is off, because the",
        ),
        ("settings-form-under-lock", "The account is locked, so it decides for everyone."),
    ],
)
def test_the_form_says_whether_presence_is_on_or_what_stops_it(name: str, sentence: str) -> None:
    assert sentence in words(name)


def test_the_form_says_that_calendar_rights_are_never_asked_for() -> None:
    assert "never asks Microsoft for access to calendars or contacts" in words("settings-form")
    assert "access to calendars" not in words("settings-form-google")


def test_the_style_that_writes_peoples_own_status_warns_wherever_it_is_chosen() -> None:
    warned = {name for name in SAMPLES if "can replace an Available or Away" in words(name)}
    assert warned >= {
        "settings-form",
        "settings-style",
        "settings-enable-full",
        "settings-full",
        "style",
    }
    assert "settings-enable" not in warned


def test_a_form_saves_the_version_it_was_made_from() -> None:
    click = pressed("settings-form-group", "Save")
    assert isinstance(click, SubmitForm)
    assert (click.level.group_id, click.version) == ("zgSales", 7)


def test_cancel_sends_nothing_that_was_entered() -> None:
    [_, cancel] = actions("settings-form")
    assert cancel["associatedInputs"] == cancel["fallback"]["associatedInputs"] == "none"


@pytest.mark.parametrize("verb", ["Enable", "Disable"])
def test_the_integration_is_verified_beside_cancel(verb: str) -> None:
    assert titles(f"settings-verify-{verb.lower()}") == [verb, "Cancel"]


def test_an_overtaken_change_says_who_and_shows_how_it_is_now() -> None:
    for name in ("settings-form-conflict", "settings-disable-conflict"):
        said = "Ada Lindqvist changed the settings for Sales a moment ago, so nothing was saved."
        assert said in words(name)
        assert any(action["data"]["args"].get("version") == 8 for action in actions(name))


# -- changes in one line ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "question", "confirming"),
    [
        ("settings-enable", "Enable presence sync for Sales?", "Enable"),
        ("settings-disable", "Disable presence sync for Sales?", "Disable"),
        ("settings-inherit", "Let Sales inherit from the account?", "Inherit"),
        ("settings-lock", "Lock Sales?", "Lock"),
        ("settings-unlock-account", "Unlock the account?", "Unlock"),
        ("settings-priority", "Give Sales priority 2?", "Set priority 2"),
        (
            "settings-authorise",
            "Let the organisation authorise it for Sales, on request?",
            "Authorise on request",
        ),
        ("settings-percent", "Set the share for Sales to 20%?", "Use 20%"),
        ("settings-style", "Set the style for Sales to full?", "Use full"),
    ],
)
def test_a_change_asks_first_and_says_whom_it_touches(
    name: str, question: str, confirming: str
) -> None:
    assert words(name).startswith(question)
    assert (
        "18 people now, 24 people once they connect. For 3 people a higher group decides"
        in words(name)
    )
    assert "What they notice: " in words(name)
    assert titles(name) == [confirming, "Cancel"]


def test_a_change_that_touches_nobody_or_people_unknown_says_so() -> None:
    assert "nobody right now" in words("settings-enable-nobody")
    assert "can’t count" in words("settings-enable-uncounted")
    assert "1 person now. For 45 people their own group decides" in words("settings-enable-account")


def test_progress_and_result_count_people() -> None:
    assert "Clearing 120 of 340" in words("settings-progress")
    assert "Updated for 18 people." in words("settings-done")
    assert "Cleared for 337 people. Microsoft didn’t accept it for 3 people" in words(
        "settings-done-trouble"
    )
    assert "Authorize with: Graph API → EWS" in words("settings-saved")


def test_a_card_may_refresh_itself_for_some_people() -> None:
    refresh = SAMPLES["settings-progress-trouble"]["refresh"]
    assert refresh["userIds"] == ["29:ada"]
    click, card_id = SEAL.opened(refresh["action"]["verb"], refresh["action"]["data"])
    assert isinstance(click, ShowRollout)
    assert (click.rollout_id, card_id) == ("j1", CARD_ID)


@pytest.mark.parametrize(
    ("effect", "after", "said"),
    [
        (Effect(), Policy(ON), "nobody right now."),
        (Effect(("x",)), Policy(ON), "1 person now."),
        (Effect((), 1), Policy(ON), "1 person once they connect."),
        (
            Effect(("x",) * 10_000, 0, 2),
            Policy(replace(ON, locked=True)),
            "10,000 people now. For 2 people the locked account decides.",
        ),
        (Effect(ends=1), Policy(ON), "It ends for 1 person who is covered today."),
        (
            Effect(ends=12, called_off=1_030),
            Policy(ON),
            "It ends for 12 people who are covered today. "
            "It won’t start for 1,030 people who were told and are waiting for it.",
        ),
        (
            Effect(("x",), starts=1, starts_later=30),
            Policy(ON),
            "1 person now. It starts now for 1 person who was told before. "
            "For 30 more it starts once their notice ends.",
        ),
        (
            Effect(starts_later=1),
            Policy(ON),
            "It starts for 1 person once their notice ends.",
        ),
    ],
)
def test_numbers_of_people_are_said_in_one_line(effect: Effect, after: Policy, said: str) -> None:
    assert touched(effect, SALES, after) == said


# -- the centre, groups, users, history -----------------------------------------------------------


def test_the_centre_draws_its_numbers_as_a_chart() -> None:
    assert "Presence sync is on for 340 people. 212 of them are connected." in words("settings")
    [drawn] = [e for e in walk(SAMPLES["settings"]) if e["type"].startswith("Chart.")]
    assert [(value["x"], value["y"]) for value in drawn["data"]] == [
        ("active now", 151),
        ("idle", 54),
        ("problems", 7),
        ("not connected", 128),
    ]
    charts = {name for name in SAMPLES for e in walk(SAMPLES[name]) if "Chart." in e["type"]}
    assert "settings-off" not in charts  # of nobody


def test_where_charts_are_not_known_figures_stand_in_the_order_of_a_bar() -> None:
    shown = without_charts(SAMPLES["settings"])
    said = "".join(e["text"] for e in walk(shown) if "text" in e)
    assert "151active now54idle7problems128not connected" in said
    [picture] = [e["columns"] for e in walk(shown) if e.get("columns", [{}])[0].get("minHeight")]
    assert [part["style"] for part in picture] == ["good", "accent", "attention", "emphasis"]
    assert not any(part["items"] for part in picture)  # nothing for a screen reader to read


def test_parts_of_a_bar_are_as_wide_as_they_count() -> None:
    assert bar([("good", 0), ("emphasis", 0)]) is None
    drawn = bar([("good", 120), ("emphasis", 220), ("attention", 0)])
    assert drawn is not None
    assert [column["width"] for column in drawn["columns"]] == [35, 65]


def test_the_centre_lists_the_first_groups_and_counts_the_rest() -> None:
    # The warnings of the feed and of a storm take their room, and so does how many are shown right.
    shown = MOST_GROUPS - 1 - 4 - 1
    assert f"and {400 - shown} more" in words("settings-long")
    assert "1. ManagementOn · full · locked2. SalesOn · mirror3. Sales Team NorthOff" in words(
        "settings"
    )
    assert "It’s locked, so it decides for everyone." in words("settings-locked")


def test_the_alert_says_how_many_why_and_what_to_do() -> None:
    assert "60 people have lost presence sync at the same time. Microsoft says" in words(
        "settings-storm"
    )
    assert "What to do: In Entra" in words("settings-storm")
    click = pressed("settings-storm", "Try everyone again")
    assert click == RetryStorm("blocked_by_policy", 1_764_000_000_000)
    assert "At its worst, 61 people had it." in words("settings-storm-tried")
    assert "Try everyone again" not in titles("settings-storm-nobody")
    click = pressed("settings-in-storm", "See what to do")
    assert click == ShowStorm("blocked_by_policy", 1_764_000_000_000)


def test_the_centre_names_what_is_missing_to_use_groups() -> None:
    assert "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET" in words("settings-no-zoom")
    assert "covers" not in words("settings-no-zoom")
    assert "ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET" in words("settings-needs-zoom")


def test_an_invitation_has_the_count_on_its_button() -> None:
    assert "Invite 24 people once" in titles("settings")
    assert "Invite 24 people once" in titles("settings-done")
    assert titles("settings-invite") == ["Invite 24 people once", "Cancel"]
    assert pressed("settings-invite", "Invite 24 people once") == Invite(Level("zgSales"), 24)
    assert not any(title.startswith("Invite") for title in titles("settings-locked"))


def test_a_few_candidates_are_buttons_that_go_on_with_the_change() -> None:
    assert titles("settings-pick") == ["Sales", "Sales Team North", "All groups", "Cancel"]
    click = pressed("settings-pick", "Sales Team North")
    assert click == ConfirmChange(ChooseStyle(Level("zgSalesNorth"), Style.BUSY_ONLY))


def test_groups_of_the_same_name_are_told_apart_by_their_size() -> None:
    assert titles("settings-pick-ambiguous")[:3] == [
        "Sales (45 people)",
        "sales (3 people)",
        "Sales",
    ]
    assert all(len(title) <= 30 for title in titles("settings-pick-long"))


def test_many_candidates_are_a_list_to_choose_from() -> None:
    [field] = [e for e in walk(SAMPLES["settings-pick-many"]) if e["type"] == "Input.ChoiceSet"]
    assert len(field["choices"]) == 8 > MOST_BUTTONS
    third = field["choices"][3]["value"]
    assert pressed("settings-pick-many", "Choose", group=third) == OpenGroup(third)
    assert "404 more" in words("settings-pick-many")


def test_the_list_of_groups_turns_pages_and_searches() -> None:
    name = "settings-groups-page"
    assert "300 groups with “sa” in the name, page 4 of 30." in words(name)
    assert pressed(name, "Next page") == ListGroups("sa", 4)
    assert pressed(name, "Previous page", search="typed") == ListGroups("sa", 2)
    assert pressed(name, "Search", search="North") == SearchGroups("North")
    assert pressed(name, "Search") == SearchGroups()
    assert len(labels(name)) == 2
    assert "Next page" not in titles("settings-groups")
    assert "Open" not in titles("settings-groups-none")
    assert PAGE_SIZE == 10


def test_a_user_s_card_has_no_place_for_what_zoom_says_now() -> None:
    for name in ("settings-user", "settings-user-off"):
        assert not any(zoom_label(state) in words(name) for state in ZoomPresence)
        assert "Only they can see" in words(name)
        assert "This look-up is in the history." in words(name)


def test_the_history_says_who_when_and_from_what_to_what() -> None:
    said = words("settings-history")
    assert "Calendar and contacts integration: off → on" in said
    assert "Ada Lindqvist, today at 14:02" in said
    assert pressed("settings-history", "Older") == ShowHistory("1764000000000-0")
    assert pressed("settings-history-end", "Newest") == ShowHistory()


def test_a_refusal_changes_nothing_and_says_who_can() -> None:
    for name in ("settings-not-admin", "settings-guest", "settings-inherits-lock"):
        assert "Nothing was changed." in words(name)
    assert "role PresenceAdmin" in words("settings-not-admin")
    assert "in Zoom" not in words("settings-not-admin")
    assert "in Zoom" in words("settings-not-admin-zoom")
    click = pressed("settings-inherits-lock", "Enable…")
    assert click == ConfirmChange(Enable(Level("zgSales")))


def test_chat_cards_and_policy_know_the_same_styles() -> None:
    assert list(STYLES) == list(STYLE_WORDS) == [style.value for style in Style]


def test_a_form_offers_the_styles_that_levels_may_have() -> None:
    [style] = [e for e in walk(SAMPLES["settings-form"]) if e.get("id", "").startswith("style")]
    assert [choice["value"] for choice in style["choices"]] == list(LEVEL_STYLES)


def test_the_checks_see_markdown_in_a_choice_and_a_verification_that_hides_its_act() -> None:
    form = SAMPLES["settings-form"]
    [radio, *_] = [e for e in walk(form) if e["type"] == "Input.ChoiceSet"]
    broken = json.loads(json.dumps(form).replace(radio["choices"][0]["title"], "[x](y)"))
    assert any("Markdown" in said for said in complaints(broken, SEAL, START_URL))
    verify = json.loads(json.dumps(SAMPLES["settings-verify-enable"]).replace('"Enable"', '"OK"'))
    assert any("says what it does" in said for said in complaints(verify, SEAL, START_URL))


# -- people with problems --------------------------------------------------------------------------


def test_every_reason_of_the_engine_has_its_words() -> None:
    assert set(TROUBLES) == {trouble for trouble in Trouble if trouble.parks}
    only_they = [reason for reason, trouble in TROUBLES.items() if not trouble.revivable]
    assert only_they == [Trouble.AUTHORIZE]


def test_the_centre_says_how_many_are_in_trouble_why_and_who() -> None:
    assert (
        "Problems: 1 failing again and again · 1 refused by Microsoft · 1 unknown to Microsoft "
        "· 2 no longer authorised · 2 being retried"
    ) in words("settings")
    assert "Who has problems" in titles("settings")
    assert "Who has problems" not in titles("settings-no-zoom")  # being tried again
    assert "Problems" not in words("settings-off")


def test_somebody_in_trouble_can_be_chosen_and_all_can_be_tried_again() -> None:
    assert titles("settings-parked") == ["Open", "Try all 3 again", "Refresh", "All settings"]
    second = PARKED_ROWS[1].object_id
    assert pressed("settings-parked", "Open", person=second) == OpenPerson(second)
    assert pressed("settings-parked", "Try all 3 again") == ReviveAll()
    assert "Try again" in titles("settings-parked-one")
    assert titles("settings-parked-authorize") == ["Open", "Refresh", "All settings"]
    assert titles("settings-parked-nobody") == ["Refresh", "All settings"]
    [again] = [t for t in titles("settings-user-parked") if t.startswith("Try")]
    assert pressed("settings-user-parked", again) == Revive(PARKED_ROWS[2].object_id)
    assert not [t for t in titles("settings-user-off") if t.startswith("Try")]


def test_more_people_in_trouble_than_fit_are_counted() -> None:
    card = parked(PARKED_ROWS, PARKED | {"gone": 40})
    assert "and 39 more" in "".join(e["text"] for e in walk(card) if "text" in e)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (
            Numbers(0, 0, 0, 0, off=5),
            "isn’t on for anyone. 5 people are connected, but presence sync is",
        ),
        (Numbers(9, 1, 0, 0, off=1), "1 of them is connected. 1 more person is connected, but"),
        (Numbers(9, 2, 0, 0), "Presence sync is on for 9 people. 2 of them are connected."),
        (Numbers(None, 2, 0, 0), "2 people are connected."),
        (Numbers(None, 2, 0, 0, off=3), "2 people are connected with presence sync on. 3 more"),
    ],
)
def test_the_overview_says_what_its_numbers_count(numbers: Numbers, said: str) -> None:
    card = centre(Policy(ON), numbers=numbers, directory="Read.", directory_well=True)
    assert said in words_of(card)


def test_a_draft_is_never_green() -> None:
    green = [e for e in walk(SAMPLES["settings-form-draft"]) if e.get("style") == "good"]
    assert green == []
    assert "Not saved yet." in words("settings-form-draft")
