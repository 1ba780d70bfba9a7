"""Every card for admins in every state, and with texts that outsiders choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cards.build import refreshing
from cards.settings import change as change_cards
from cards.settings import informed
from cards.settings import invite as invite_cards
from cards.settings.centre import Numbers, centre
from cards.settings.change import guest, inherits, needs_zoom, not_admin, not_for_helpdesk
from cards.settings.clicks import ShowRollout
from cards.settings.form import confirm_full, form, verify
from cards.settings.lists import Entry, GroupRow, group_list, history, pick_group
from cards.settings.organisation import (
    OpenLink,
    ended_banner,
    not_before_all_are_new,
    not_by_zoom,
    organisation,
    pass_on,
)
from cards.settings.people import (
    MOST_PARKED,
    ListedRow,
    ParkedRow,
    gone,
    no_user,
    nobody_called,
    parked,
    storm,
    storm_banner,
    storm_over,
    too_often,
    user,
    which_user,
)
from domain.agreement import Agreement, Fit, ReadbackHealth
from domain.condition import Condition
from domain.effect import Effect
from domain.form import LevelForm
from domain.organisation import Answer, Consent, Coverage, Why
from domain.policy import (
    ACCOUNT,
    SOME_GROUP,
    Authoriser,
    AuthorizeWith,
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
    Lock,
    Move,
    Narrow,
    OneLine,
    Stop,
    Unlock,
)
from domain.presence import Style
from domain.reason import LONGEST_REASON, reason_of
from domain.storms import Storm
from wording.consent import ANSWERS
from wording.edits import noticed, overtaken, state_sentence, stops_for
from wording.looked_up import UserView
from wording.policy import differences, not_now, touched
from wording.readback import readback_view
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from cards.build import Card

WHY = "INC0012345: the pilot of Sales begins"
SALES = Level("zgSales", "Sales")
MANAGEMENT = Level("zgManagement", "Management")


def entered(form: Form, priority: int = 0, *, manages: bool = True) -> LevelForm:
    return LevelForm(form, manages=manages, priority=priority)


ON = Form(integration=True)
OFF = Form(integration=False)
GOOGLE = Form(integration=True, service=Service.GOOGLE)
EWS = Form(integration=True, authorize_with=AuthorizeWith.EWS)
UNTICKED = Form(integration=True, presence_write=False)
BUSY_ONLY = Form(integration=True, style=Style.BUSY_ONLY)
FULL_LOCKED = Form(integration=True, calendar=True, contacts=True, locked=True, style=Style.FULL)
IN_SALES = ManagedGroup("zgSales", "Sales", 2, ON)
NOBODY = touched(Effect(), SALES, Policy(ON))
ENDING = Effect(ends=12, called_off=30)
FEW = touched(Effect(("x",) * 18, 24, 3), SALES, Policy(ON))
MANAGED = (
    ManagedGroup("zgManagement", "Management", 1, FULL_LOCKED),
    IN_SALES,
    ManagedGroup("zgSalesNorth", "Sales Team North", 3, OFF),
    ManagedGroup("zgObrien", "O'Brien's Desk", 4, BUSY_ONLY),
)
PARKED = {"failing": 1, "refused": 1, "gone": 1, "authorize": 2}
NUMBERS = Numbers(covered=340, connected=212, active=151, trouble=7, invitable=24, parked=PARKED)
READ = "Zoom’s users and groups were last read 3 minutes ago."
NOT_READ = (
    "Groups can’t be used, because this app isn’t set up to read them from Zoom. Ask the team that "
    "runs it to set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
)
FEED_SILENT = (
    "Zoom has sent nothing since 09:12, which is unusual for a Tuesday morning. In the meantime I "
    "ask Zoom about everyone who’s connected, so presence may be up to 6 minutes late. What to do: "
    "in the Zoom App Marketplace, check that the app’s event subscription is on and that its "
    "address validates."
)
READ_BACK = ReadbackHealth(
    "",
    look_age_seconds=1.4,
    agreement=Agreement(
        60_000,
        212,
        180,
        {Fit.RIGHT: 151, Fit.LABEL: 19, Fit.OWN: 2, Fit.MISSING_AVAILABLE: 3, Fit.FALSE_BUSY: 1},
    ),
)
OVERTAKEN = overtaken("Ada Lindqvist", "Sales", "a moment ago")
ROWS = [
    GroupRow("zgCare", "Customer Care", 12),
    GroupRow("zgManagement", "Management", 5, MANAGED[0]),
    GroupRow("zgObrien", "O'Brien's Desk", 1, MANAGED[3]),
    GroupRow("zgSales", "Sales", 45, IN_SALES),
    GroupRow("zgSalesNorth", "Sales Team North", None, MANAGED[2]),
]
STORM = Storm("blocked_by_policy", 1_764_000_000_000, people=60, most=60, seen_ms=0)
BEN = UserView(
    name="Ben Okafor",
    address="ben.okafor@example.com",
    verdict="Presence sync is on: the group Sales decides; locked by an admin.",
    level="Sales, priority 2, locked",
    style="mirror, set by the group",
    link="Connected since 3 November, works",
    written="today at 14:02, accepted by Microsoft",
)


PARKED_ROWS = [
    ParkedRow(f"00000000-0000-4000-8000-00000000000{n}", name, address, reason, since)
    for n, (name, address, reason, since) in enumerate(
        [
            ("Chiara O'Brien", "chiara@example.com", "failing", "13:58"),
            ("Dorothea Größe", "dorothea@example.com", "refused", "21 Nov, 09:15"),
            ("Ben Okafor", "ben.okafor@example.com", "gone", "14:02"),
            ("Emeka 山田", "emeka@example.com", "authorize", "11:40"),
            ("Farid Nasser", "farid@example.com", "authorize", "20 Nov, 17:30"),
        ],
        start=2,
    )
]


LISTED = [
    ListedRow("zBen", "Ben Okafor", "ben.okafor@example.com"),
    ListedRow("zBenno", "Benno 山田", "benno@example.com"),
]


def hundreds(name: str, count: int = 300) -> list[GroupRow]:
    return [GroupRow(f"zg{i:020}", f"{name} {i}", i, IN_SALES) for i in range(count)]


def entries(name: str) -> list[Entry]:
    return [
        Entry(
            "today at 14:02",
            name,
            name,
            "changed the settings",
            differences(entered(ON), entered(EWS)),
            why(name),
        )
    ] * 10


def why(name: str) -> str:
    """A reason of these letters."""
    return reason_of(name[:LONGEST_REASON])


def organisation_cards() -> dict[str, Card]:
    rights = ("Presence.ReadWrite.All", "User.Read.All")
    given = Consent(rights, since_ms=1, looked_ms=1, why=None)
    asked = OpenLink("Ada Lindqvist", "6 Dec, 14:10 UTC")
    tried = replace(asked, last=f"At 14:20 UTC: {ANSWERS[Answer.DECLINED].card}")
    basic = ("Presence.ReadWrite.All", "User.ReadBasic.All")
    more = (*rights, "Files.Read.All", "Mail.Read")

    def ended(why: Why, rights: tuple[str, ...] = ()) -> Card:
        consent = Consent(rights, looked_ms=1, why=why, ended_ms=1)
        return organisation(consent, since="", until="15:10")

    return {
        "settings-organisation": organisation(
            given, since="28 Nov, 14:10", until="", coverage=Coverage(1_240, 52, 6, 4, 3)
        ),
        "settings-organisation-never": organisation(Consent(), since="", until=""),
        "settings-organisation-asked": organisation(Consent(), since="", until="", open_link=asked),
        "settings-organisation-declined": organisation(
            Consent(), since="", until="", open_link=tried
        ),
        "settings-organisation-basic": organisation(
            replace(given, rights=basic), since="14:10", until=""
        ),
        "settings-organisation-more": organisation(
            replace(given, rights=more), since="14:10", until=""
        ),
        "settings-organisation-unreachable": organisation(
            replace(given, why=Why.UNREACHABLE), since="14:10", until=""
        ),
        "settings-organisation-too-few": ended(Why.TOO_FEW, ("User.Read.All",)),
        **{
            f"settings-organisation-{why.value.replace('_', '-')}": ended(why)
            for why in (
                *(Why.WITHDRAWN, Why.DISABLED, Why.BLOCKED),
                *(Why.CREDENTIAL, Why.TENANT, Why.REFUSED),
            )
        },
        "settings-organisation-address": pass_on(
            # The one address that samples may lead to.
            "https://bridge.example.com/auth/microsoft/start?ticket=0123456789abcdefghijkl",
            until="6 Dec, 14:10",
        ),
        "settings-organisation-zoom-admin": not_by_zoom(),
        "settings-organisation-not-yet": not_before_all_are_new(),
    }


def settings_cards() -> dict[str, Card]:
    def change(edit: OneLine, style: Style = Style.MIRROR) -> Card:
        return change_cards.confirm(
            edit, version=7, touched=FEW, style=style, full=style is Style.FULL, reason=""
        )

    return {
        "settings": centre(
            Policy(ON, MANAGED),
            numbers=NUMBERS,
            directory=READ,
            directory_well=True,
            readback=readback_view(READ_BACK),
            digest=True,
        ),
        "settings-feed-silent": centre(
            Policy(ON),
            numbers=NUMBERS,
            directory=READ,
            directory_well=True,
            feed=FEED_SILENT,
            readback=readback_view(ReadbackHealth("graph_403", look_age_seconds=340.0)),
        ),
        "settings-off": centre(
            Policy(GOOGLE),
            numbers=Numbers(covered=0, connected=0, active=0, trouble=0, off=5),
            directory=READ,
            directory_well=True,
        ),
        "settings-locked": centre(
            Policy(replace(ON, locked=True), MANAGED),
            numbers=replace(NUMBERS, trouble=0, invitable=0, parked={}),
            directory=READ,
            directory_well=True,
            readback=readback_view(ReadbackHealth("not_permitted", never_allowed=True)),
        ),
        "settings-no-zoom": centre(
            Policy(ON),
            numbers=Numbers(covered=None, connected=3, active=2, trouble=1),
            directory=NOT_READ,
            directory_well=False,
        ),
        "settings-in-storm": centre(
            Policy(ON, MANAGED),
            numbers=replace(NUMBERS, trouble=61),
            directory=READ,
            directory_well=True,
            storm=storm_banner(STORM),
        ),
        "settings-organisation-ended": centre(
            Policy(ON, MANAGED),
            numbers=NUMBERS,
            directory=READ,
            directory_well=True,
            storm=ended_banner(Why.WITHDRAWN, "15:10"),
        ),
        "settings-storm": storm(STORM),
        **organisation_cards(),
        "settings-storm-tried": storm(
            replace(STORM, people=7, most=61), notice="I’m trying again for 61 people."
        ),
        "settings-storm-nobody": storm(replace(STORM, people=0)),
        "settings-storm-over": storm_over(),
        "settings-form": form(
            ACCOUNT, entered(ON), version=7, members="It decides for 295 of 340 people.", reason=""
        ),
        "settings-form-off": form(ACCOUNT, entered(OFF), version=7),
        "settings-form-google": form(ACCOUNT, entered(GOOGLE), version=7),
        "settings-form-ews": form(ACCOUNT, entered(EWS), version=7, unsaved=True),
        "settings-form-draft": form(
            ACCOUNT, entered(BUSY_ONLY), version=7, unsaved=True, reason=WHY
        ),
        "settings-form-unticked": form(ACCOUNT, entered(UNTICKED), version=7),
        "settings-form-group": form(
            SALES,
            entered(ON, 2),
            version=7,
            account=ON,
            places=4,
            members="It decides for 42 of its 45 members; 18 of them are connected.",
        ),
        "settings-form-group-full": form(
            MANAGEMENT,
            entered(FULL_LOCKED, 1),
            version=7,
            account=OFF,
            places=4,
        ),
        "settings-form-inherits": form(
            SALES, entered(ON, 4, manages=False), version=7, account=GOOGLE, places=4
        ),
        "settings-form-under-lock": form(
            SALES, entered(ON, 2), version=7, account=replace(OFF, locked=True), places=4
        ),
        "settings-form-conflict": form(ACCOUNT, entered(OFF), version=8, notice=OVERTAKEN),
        "settings-verify-enable": verify(SALES, entered(ON, 2), version=7),
        "settings-verify-disable": verify(
            ACCOUNT, entered(OFF), version=7, touched=FEW, reason=WHY
        ),
        "settings-full": confirm_full(
            SALES, entered(FULL_LOCKED, 2), version=7, touched=FEW, reason=""
        ),
        "settings-perhaps": change_cards.perhaps(
            Enable(SALES), what="There’s no group called “Sales enabel”."
        ),
        "settings-no-reason-yet": change_cards.no_reason_yet(),
        "settings-perhaps-priority": change_cards.perhaps(
            Move(SALES, 2), what="I don’t know settings “gruop”.", reason=WHY
        ),
        "settings-enable": change(Enable(SALES)),
        "settings-enable-full": change(Enable(SALES), style=Style.FULL),
        "settings-enable-account": change_cards.confirm(
            Enable(ACCOUNT),
            version=7,
            touched=touched(Effect(("x",), 0, 45), ACCOUNT, Policy(ON)),
        ),
        "settings-enable-nobody": change_cards.confirm(
            Enable(SALES), version=7, touched="nobody right now."
        ),
        "settings-enable-uncounted": change_cards.confirm(Enable(ACCOUNT), version=7, touched=None),
        "settings-disable": change(Disable(SALES)),
        "settings-disable-reason": change_cards.confirm(
            Disable(SALES), version=7, touched=FEW, reason=WHY
        ),
        "settings-disable-conflict": change_cards.confirm(
            Disable(SALES), version=8, touched=FEW, notice=OVERTAKEN
        ),
        "settings-inherit": change(Inherit(SALES)),
        "settings-informed": informed.confirm(SALES, count=312, starts="Monday, 7 December"),
        "settings-informed-done": informed.recorded(SALES, count=312, starts="Monday, 7 December"),
        "settings-informed-nobody": informed.nobody(ACCOUNT),
        "settings-informed-no-group": informed.no_group("Sales Nord"),
        "settings-not-yet": change_cards.not_yet(SALES),
        "settings-lock": change(Lock(SALES)),
        "settings-lock-account": change(Lock(ACCOUNT)),
        "settings-unlock": change(Unlock(SALES)),
        "settings-unlock-account": change(Unlock(ACCOUNT)),
        "settings-priority": change(Move(SALES, 2)),
        "settings-authorise": change(Authorise(SALES, Authoriser.ASK)),
        "settings-authorise-inform": change(Authorise(ACCOUNT, Authoriser.INFORM)),
        "settings-authorise-person": change(Authorise(SALES, Authoriser.PERSON)),
        "settings-stop": change_cards.confirm(
            Stop(), version=7, touched=stops_for(Effect(("x",) * 1_240, off=1_240))
        ),
        "settings-stop-own": change_cards.confirm(
            Stop(), version=7, touched=stops_for(Effect(("x",) * 52, off=40, own=12)), own=12
        ),
        "settings-authorise-person-own": change_cards.confirm(
            Authorise(SALES, Authoriser.PERSON), version=7, touched=FEW, own=1
        ),
        "settings-percent": change(ChooseShare(SALES, 20)),
        "settings-percent-lower": change_cards.confirm(
            ChooseShare(SALES, 20), version=7, touched=touched(ENDING, SALES, Policy(ON)), ends=True
        ),
        "settings-percent-lowered": change_cards.result(
            SALES,
            sentence=state_sentence(ChooseShare(SALES, 20)),
            title="It ends for 12 people",
            doing="clearing",
            not_now=not_now(ENDING, SALES, Policy(ON)),
            they_notice=noticed(ChooseShare(SALES, 20), Style.BUSY_ONLY),
        ),
        "settings-only": change(Narrow(SALES, Condition("country", "Sweden"))),
        "settings-only-everyone": change(Narrow(SALES)),
        "settings-form-only": form(
            ACCOUNT,
            entered(replace(ON, authoriser=Authoriser.ASK, only=Condition("companyName", "Größe"))),
            version=7,
        ),
        "settings-percent-everyone": change(ChooseShare(ACCOUNT, 100)),
        "settings-form-percent": form(
            SALES, entered(replace(ON, authoriser=Authoriser.ASK, share=20), 2), version=7
        ),
        "settings-style": change(ChooseStyle(SALES, Style.FULL), style=Style.FULL),
        "settings-progress": change_cards.progress(
            sentence="Presence sync is disabled for Sales.",
            title="Presence sync is now off for 340 people",
            doing="clearing",
            done=120,
            total=340,
        ),
        "settings-progress-trouble": refreshing(
            change_cards.progress(
                sentence="Presence sync is enabled for the account.",
                doing="updating",
                done=0,
                total=10_000,
                failed=3,
            ),
            ShowRollout("j1", SALES, "Presence sync is enabled for the account."),
            ["29:ada"],
        ),
        "settings-progress-reason": change_cards.progress(
            sentence=state_sentence(Enable(SALES)), doing="updating", done=3, total=18, reason=WHY
        ),
        "settings-done": change_cards.result(
            SALES,
            sentence=state_sentence(Enable(SALES)),
            title="Presence sync is now on for 18 people",
            done=18,
            invitable=24,
            not_now=not_now(Effect(("x",) * 18, 24, 3), SALES, Policy(ON)),
            they_notice=noticed(Enable(SALES), Style.MIRROR),
        ),
        "settings-done-trouble": change_cards.result(
            ACCOUNT,
            sentence=state_sentence(Disable(ACCOUNT)),
            title="Presence sync is now off for 340 people",
            doing="clearing",
            done=337,
            failed=3,
            reason=WHY,
        ),
        "settings-saved": change_cards.result(
            SALES,
            sentence="The settings for Sales are saved. Presence sync is off, because it "
            "authorises with EWS, not with the Graph API.",
            title="Presence sync is now off for Sales",
            doing="clearing",
            details=differences(entered(FULL_LOCKED, 1), entered(EWS, 2)),
            not_now=not_now(Effect((), 12), SALES, Policy(ON)),
            they_notice=noticed(Disable(SALES), Style.MIRROR),
        ),
        "settings-unchanged": change_cards.unchanged(SALES, sentence=state_sentence(Enable(SALES))),
        "settings-cancelled": change_cards.cancelled(),
        "settings-not-admin": not_admin(),
        "settings-not-admin-role": not_admin(
            role_url="https://bridge.example.com/auth/microsoft/start?ticket=0123456789abcdefghijkl"
        ),
        "settings-role-proven": change_cards.role_proven("PresenceAdmin", 15),
        "settings-not-for-helpdesk": not_for_helpdesk(),
        "settings-not-admin-zoom": not_admin(zoom_admins=True),
        "settings-guest": guest(),
        "settings-inherits-lock": inherits(Lock(SALES)),
        "settings-inherits-priority": inherits(Move(SALES, 2)),
        "settings-needs-zoom": needs_zoom(["ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"]),
        "settings-groups": group_list(ROWS, search="", page=0, total=5),
        "settings-groups-page": group_list(hundreds("Sales")[:10], search="sa", page=3, total=300),
        "settings-groups-none": group_list([], search="zz", page=0, total=0),
        "settings-pick": pick_group(
            ROWS[3:],
            wanted="Salse",
            ambiguous=False,
            total=2,
            edit=ChooseStyle(SOME_GROUP, Style.BUSY_ONLY),
        ),
        "settings-pick-ambiguous": pick_group(
            [GroupRow("a", "Sales", 45), GroupRow("b", "sales", 3), GroupRow("c", "Sales")],
            wanted="sales",
            ambiguous=True,
            total=3,
        ),
        "settings-pick-many": pick_group(
            hundreds("Sales")[:8], wanted="Sales 30", ambiguous=False, total=412
        ),
        "settings-pick-none": pick_group([], wanted="Xyz", ambiguous=False, total=0),
        "settings-user": user(BEN),
        "settings-user-helpdesk": user(
            replace(
                BEN,
                verdict="Presence sync is on for them.",
                written="It last worked today",
                parked=PARKED_ROWS[1].object_id,
                for_admin=False,
                counted=True,
            )
        ),
        "settings-user-gone": gone(),
        "settings-user-gone-helpdesk": gone(for_admin=False),
        "settings-user-off": user(
            replace(
                BEN,
                verdict="Presence sync is off for them.",
                level="The account",
                field="Default calendar and contact service: Google",
                style="",
                link="Not connected",
                written="",
                error="today at 9:30: Microsoft no longer accepts the authorisation",
                to_do="Ben has to say connect.",
                tone="attention",
            ),
        ),
        "settings-user-parked": user(
            replace(
                BEN,
                link="Connected, but I’ve stopped trying to update them",
                error=f"{TROUBLES['gone'].what} (14:02)",
                to_do=TROUBLES["gone"].to_do,
                tone="warning",
                parked=PARKED_ROWS[2].object_id,
                notice="I tried again, but it failed.",
            ),
        ),
        "settings-parked": parked(PARKED_ROWS, PARKED),
        "settings-parked-one": parked(PARKED_ROWS[:1], {"failing": 1}),
        "settings-parked-authorize": parked(PARKED_ROWS[3:], {"authorize": 2}),
        "settings-parked-nobody": parked([], {}, notice="I’m trying again for 3 people."),
        "settings-user-too-often": too_often(),
        "settings-user-nobody": no_user(address="nobody@example.com", directory=True),
        "settings-user-nobody-connected": no_user(address="nobody@example.com", directory=False),
        "settings-user-which": which_user(LISTED, wanted="ben", total=2, choose=True),
        "settings-user-which-said": which_user(LISTED, wanted="ben", total=9, choose=False),
        "settings-user-no-name": nobody_called(wanted="Benjamin", directory=True),
        "settings-user-no-list": nobody_called(wanted="Benjamin", directory=False),
        "settings-invite-no-group": invite_cards.no_group("Salse"),
        "settings-history": history(
            [
                Entry(
                    "today at 14:02",
                    "Ada Lindqvist",
                    "Sales",
                    "changed",
                    differences(entered(FULL_LOCKED, 1), entered(GOOGLE, 2)),
                    WHY,
                ),
                Entry("today at 13:40", "Ada Lindqvist", "ben.okafor@example.com", "looked up"),
                Entry(
                    "yesterday at 9:15",
                    "Emeka 山田",
                    "The account",
                    "changed",
                    (("Calendar and contacts integration", "off", "on"),),
                ),
            ],
            older="1764000000000-0",
        ),
        "settings-history-end": history(entries("Ada")[:1], newest=False),
        "settings-history-empty": history([]),
        "settings-invite": invite_cards.confirm(SALES, count=24, minutes=1),
        "settings-invite-many": invite_cards.confirm(ACCOUNT, count=9_000, minutes=45),
        "settings-invite-nobody": invite_cards.nobody(),
        "settings-inviting": invite_cards.sending(sent=9, total=24, mailing_id="j2"),
        "settings-invited": invite_cards.sent(invited=24, unreachable=0),
        "settings-invited-some": invite_cards.sent(invited=1, unreachable=23),
    }


def settings_cards_for(name: str) -> dict[str, Card]:
    """The cards that show something others have named, with this name in every place."""
    group = Level("z" * 64, name)
    move = Move(group, 9999)
    return {
        "settings-perhaps": change_cards.perhaps(move, what=name, reason=why(name)),
        "settings": centre(
            Policy(FULL_LOCKED, (ManagedGroup("z", name, 1, FULL_LOCKED),) * 400),
            numbers=Numbers(123_456, 100_000, 90_000, 9_999, 88_888, 88_888),
            directory=name,
            directory_well=False,
            feed=FEED_SILENT,
            readback=readback_view(READ_BACK),
            storm=storm_banner(STORM),
        ),
        "settings-storm": storm(
            Storm("z" * 40, 2**53 - 1, 99_999, 100_000, seen_ms=0), notice=name
        ),
        "settings-form": form(
            group,
            entered(FULL_LOCKED, 1),
            version=2**53 - 1,
            unsaved=True,
            notice=overtaken(name, name, "at 21 Nov, 14:02 UTC"),
            members=name,
            account=replace(EWS, locked=True),
            places=9999,
            reason=why(name),
        ),
        "settings-verify": verify(
            group,
            entered(replace(FULL_LOCKED, integration=False), 1),
            version=1,
            reason=why(name),
        ),
        "settings-priority": change_cards.confirm(
            move, version=7, touched=FEW, full=True, notice=name, reason=why(name)
        ),
        "settings-full": confirm_full(
            group, entered(FULL_LOCKED, 1), version=7, touched=name, reason=why(name)
        ),
        "settings-progress": change_cards.progress(
            sentence=name,
            title=name,
            doing="clearing",
            done=1,
            total=2,
            failed=1,
            reason=why(name),
        ),
        "settings-done": change_cards.result(
            group,
            sentence=name,
            title=name,
            details=(("Default calendar and contact service", "Exchange", "Office 365"),) * 9,
            done=1,
            failed=1,
            invitable=88_888,
            not_now=not_now(Effect((), 88_888, 99_999), group, Policy(FULL_LOCKED)),
            they_notice=noticed(Disable(group), Style.FULL),
            reason=why(name),
        ),
        "settings-unchanged": change_cards.unchanged(group, sentence=state_sentence(move)),
        "settings-inherits": inherits(move),
        "settings-groups": group_list(hundreds(name)[:10], search=name, page=9, total=999),
        "settings-pick": pick_group(
            hundreds(name)[:6], wanted=name, ambiguous=True, total=6, edit=move, reason=why(name)
        ),
        "settings-pick-many": pick_group(
            hundreds(name), wanted=name, ambiguous=True, total=300, edit=move, reason=why(name)
        ),
        "settings-pick-none": pick_group([], wanted=name, ambiguous=False, total=0),
        "settings-user": user(
            UserView(
                name=name,
                address=name,
                verdict=name,
                level=name,
                field=name,
                style=name,
                link=name,
                written=name,
                error=name,
                to_do=name,
                group_id="z" * 64,
                parked=PARKED_ROWS[0].object_id,
                notice="I’m trying again, and nothing has failed so far.",
            ),
        ),
        "settings-parked": parked(
            [
                ParkedRow(f"{n:0>36}", name, name, "gone", "21 Nov, 14:02 UTC")
                for n in range(MOST_PARKED)
            ],
            {"gone": 123_456, "failing": 99_999},
            notice=name,
        ),
        "settings-user-nobody": no_user(address=name, directory=True),
        "settings-user-which": which_user(
            [ListedRow("z" * 64, name, name)] * 9, wanted=name, total=99_999, choose=True
        ),
        "settings-user-no-name": nobody_called(wanted=name, directory=True),
        "settings-invite-no-group": invite_cards.no_group(name),
        "settings-history": history(entries(name), older="c" * 64, newest=False),
        "settings-invite": invite_cards.confirm(group, count=88_888, minutes=9_999),
    }
