"""Every card for admins in every state, and with texts that outsiders choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cards.build import refreshing
from cards.payload import Verb
from cards.settings import change as change_cards
from cards.settings import invite as invite_cards
from cards.settings.centre import GroupLine, Numbers, centre
from cards.settings.form import form, verify
from cards.settings.groups import GroupRow, group_list, pick_group
from cards.settings.history import Entry, history
from cards.settings.parked import MOST_PARKED, ParkedRow, parked
from cards.settings.refused import guest, inherits, needs_zoom, not_admin
from cards.settings.storm import banner, over, storm
from cards.settings.user import UserView, no_user, user
from cards.settings_draft import Draft, differences
from cards.settings_words import ACCOUNT, Act, Change, Target, Touched
from wording.storm import StormView
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from cards.build import Card
    from cards.payload import Payloads

SALES = Target("zgSales", "Sales")
ON = Draft(integration=True)
OFF = Draft(integration=False)
GOOGLE = Draft(integration=True, service="google")
EWS = Draft(integration=True, authorize_with="ews")
UNTICKED = Draft(integration=True, presence_write=False)
IN_SALES = replace(ON, priority=2)
INHERITS = replace(ON, priority=4, manages=False)
FULL_LOCKED = Draft(
    integration=True, calendar=True, contacts=True, locked=True, style="full", priority=1
)
FEW = Touched(18, 24, 3)
MANAGED = [
    GroupLine("Management", FULL_LOCKED),
    GroupLine("Sales", IN_SALES),
    GroupLine("Sales Team North", Draft(integration=False, priority=3)),
    GroupLine("O'Brien's Desk", Draft(integration=True, style="busy only", priority=4)),
]
PARKED = {"failing": 1, "refused": 1, "gone": 1, "authorize": 2}
NUMBERS = Numbers(covered=340, connected=212, active=151, trouble=7, invitable=24, parked=PARKED)
READ = "Zoom's users and groups were read 3 minutes ago."
NOT_READ = (
    "Zoom's groups can't be used, because this app isn't set up to read them. Ask whoever runs it "
    "to set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
)
FEED_SILENT = (
    "Zoom has sent nothing since 09:12, which is unusual for a Tuesday morning. Meanwhile Zoom is "
    "asked about everyone who is connected, so presence may lag by up to 6 minutes. What to do: in "
    "Zoom’s App Marketplace, see that the app’s event subscription is on and its address validates."
)
OVERTAKEN = change_cards.overtaken("Ada Lindqvist", "Sales", "a moment ago")
ROWS = [
    GroupRow("zgCare", "Customer Care", 12),
    GroupRow("zgManagement", "Management", 5, FULL_LOCKED),
    GroupRow("zgObrien", "O'Brien's Desk", 1, replace(ON, style="busy only", priority=4)),
    GroupRow("zgSales", "Sales", 45, IN_SALES),
    GroupRow("zgSalesNorth", "Sales Team North", None, Draft(integration=False, priority=3)),
]
STORM = StormView(
    code="blocked_by_policy",
    began_ms=1_764_000_000_000,
    count=60,
    most=60,
    said="Microsoft says that a Conditional Access policy blocks them.",
    to_do="In Entra, look for a policy that was changed. Then try everyone again.",
)
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
            ("Dorothea Größe", "dorothea@example.com", "refused", "Nov 21, 09:15"),
            ("Ben Okafor", "ben.okafor@example.com", "gone", "14:02"),
            ("Emeka 山田", "emeka@example.com", "authorize", "11:40"),
            ("Farid Nasser", "farid@example.com", "authorize", "Nov 20, 17:30"),
        ],
        start=2,
    )
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
            tuple((d.label, d.before, d.after) for d in differences(ON, EWS)),
        )
    ] * 10


def settings_cards(p: Payloads, c: str) -> dict[str, Card]:
    def change(target: Target, act: Act, value: str = "", style: str = "mirror") -> Card:
        return change_cards.confirm(
            p, c, target, Change(act, value), version=7, touched=FEW, style=style
        )

    return {
        "settings": centre(
            p, c, account=ON, groups=MANAGED, numbers=NUMBERS, directory=READ, directory_well=True
        ),
        "settings-feed-silent": centre(
            p,
            c,
            account=ON,
            groups=[],
            numbers=NUMBERS,
            directory=READ,
            directory_well=True,
            feed=FEED_SILENT,
        ),
        "settings-off": centre(
            p,
            c,
            account=GOOGLE,
            groups=[],
            numbers=Numbers(covered=0, connected=0, active=0, trouble=0),
            directory=READ,
            directory_well=True,
        ),
        "settings-locked": centre(
            p,
            c,
            account=replace(ON, locked=True),
            groups=MANAGED,
            numbers=replace(NUMBERS, trouble=0, invitable=0, parked={}),
            directory=READ,
            directory_well=True,
        ),
        "settings-no-zoom": centre(
            p,
            c,
            account=ON,
            groups=[],
            numbers=Numbers(covered=None, connected=3, active=2, trouble=1),
            directory=NOT_READ,
            directory_well=False,
        ),
        "settings-in-storm": centre(
            p,
            c,
            account=ON,
            groups=MANAGED,
            numbers=replace(NUMBERS, trouble=61),
            directory=READ,
            directory_well=True,
            storm=banner(p, c, STORM),
        ),
        "settings-storm": storm(p, c, STORM),
        "settings-storm-tried": storm(
            p, c, replace(STORM, count=7, most=61), notice="61 people are being tried again."
        ),
        "settings-storm-nobody": storm(p, c, replace(STORM, count=0)),
        "settings-storm-over": over(p, c),
        "settings-form": form(
            p, c, ACCOUNT, ON, version=7, members="It decides for 295 of 340 people."
        ),
        "settings-form-off": form(p, c, ACCOUNT, OFF, version=7),
        "settings-form-google": form(p, c, ACCOUNT, GOOGLE, version=7),
        "settings-form-ews": form(p, c, ACCOUNT, EWS, version=7, unsaved=True),
        "settings-form-unticked": form(p, c, ACCOUNT, UNTICKED, version=7),
        "settings-form-group": form(
            p,
            c,
            SALES,
            IN_SALES,
            version=7,
            account=ON,
            places=4,
            members="It decides for 42 of its 45 members; 18 of them are connected.",
        ),
        "settings-form-group-full": form(
            p,
            c,
            Target("zgManagement", "Management"),
            FULL_LOCKED,
            version=7,
            account=OFF,
            places=4,
        ),
        "settings-form-inherits": form(p, c, SALES, INHERITS, version=7, account=GOOGLE, places=4),
        "settings-form-under-lock": form(
            p, c, SALES, IN_SALES, version=7, account=replace(OFF, locked=True), places=4
        ),
        "settings-form-conflict": form(p, c, ACCOUNT, OFF, version=8, notice=OVERTAKEN),
        "settings-verify-enable": verify(p, c, SALES, IN_SALES, version=7),
        "settings-verify-disable": verify(p, c, ACCOUNT, OFF, version=7, touched=FEW),
        "settings-enable": change(SALES, Act.ENABLE),
        "settings-enable-full": change(SALES, Act.ENABLE, style="full"),
        "settings-enable-account": change_cards.confirm(
            p,
            c,
            ACCOUNT,
            Change(Act.ENABLE),
            version=7,
            touched=Touched(1, 0, 45, "their own group"),
        ),
        "settings-enable-nobody": change_cards.confirm(
            p, c, SALES, Change(Act.ENABLE), version=7, touched=Touched(0, 0, 0)
        ),
        "settings-enable-uncounted": change_cards.confirm(
            p, c, ACCOUNT, Change(Act.ENABLE), version=7, touched=None
        ),
        "settings-disable": change(SALES, Act.DISABLE),
        "settings-disable-conflict": change_cards.confirm(
            p, c, SALES, Change(Act.DISABLE), version=8, touched=FEW, notice=OVERTAKEN
        ),
        "settings-inherit": change(SALES, Act.INHERIT),
        "settings-lock": change(SALES, Act.LOCK),
        "settings-lock-account": change(ACCOUNT, Act.LOCK),
        "settings-unlock": change(SALES, Act.UNLOCK),
        "settings-unlock-account": change(ACCOUNT, Act.UNLOCK),
        "settings-priority": change(SALES, Act.PRIORITY, "2"),
        "settings-style": change(SALES, Act.STYLE, "full"),
        "settings-progress": change_cards.progress(
            p,
            c,
            sentence="Presence sync is disabled for Sales.",
            doing="clearing",
            done=120,
            total=340,
            job="j1",
        ),
        "settings-progress-trouble": refreshing(
            change_cards.progress(
                p,
                c,
                sentence="Presence sync is enabled for the account.",
                doing="updating",
                done=0,
                total=10_000,
                failed=3,
            ),
            p,
            c,
            Verb.SETTINGS_PROGRESS,
            ["29:ada"],
            job="j1",
        ),
        "settings-done": change_cards.result(
            p,
            c,
            SALES,
            sentence=change_cards.state_sentence(SALES, Change(Act.ENABLE)),
            done=18,
            invitable=24,
        ),
        "settings-done-trouble": change_cards.result(
            p,
            c,
            ACCOUNT,
            sentence=change_cards.state_sentence(ACCOUNT, Change(Act.DISABLE)),
            doing="clearing",
            done=337,
            failed=3,
        ),
        "settings-saved": change_cards.result(
            p,
            c,
            SALES,
            sentence="The settings of Sales are saved.",
            details=tuple(
                (d.label, d.before, d.after)
                for d in differences(FULL_LOCKED, replace(EWS, priority=2))
            ),
        ),
        "settings-unchanged": change_cards.unchanged(
            p, c, SALES, sentence=change_cards.state_sentence(SALES, Change(Act.ENABLE))
        ),
        "settings-cancelled": change_cards.cancelled(p, c),
        "settings-not-admin": not_admin(p, c),
        "settings-not-admin-zoom": not_admin(p, c, zoom_admins=True),
        "settings-guest": guest(),
        "settings-inherits-lock": inherits(p, c, SALES, Change(Act.LOCK)),
        "settings-inherits-priority": inherits(p, c, SALES, Change(Act.PRIORITY, "2")),
        "settings-needs-zoom": needs_zoom(p, c, ["ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"]),
        "settings-groups": group_list(p, c, ROWS, search="", page=0, total=5),
        "settings-groups-page": group_list(
            p, c, hundreds("Sales")[:10], search="sa", page=3, total=300
        ),
        "settings-groups-none": group_list(p, c, [], search="zz", page=0, total=0),
        "settings-pick": pick_group(
            p,
            c,
            ROWS[3:],
            wanted="Salse",
            ambiguous=False,
            total=2,
            change=Change(Act.STYLE, "busy only"),
        ),
        "settings-pick-ambiguous": pick_group(
            p,
            c,
            [GroupRow("a", "Sales", 45), GroupRow("b", "sales", 3), GroupRow("c", "Sales")],
            wanted="sales",
            ambiguous=True,
            total=3,
        ),
        "settings-pick-many": pick_group(
            p, c, hundreds("Sales")[:8], wanted="Sales 30", ambiguous=False, total=412
        ),
        "settings-pick-none": pick_group(p, c, [], wanted="Xyz", ambiguous=False, total=0),
        "settings-user": user(p, c, BEN),
        "settings-user-off": user(
            p,
            c,
            replace(
                BEN,
                verdict="Presence sync is off for the account: the default service is Google.",
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
            p,
            c,
            replace(
                BEN,
                link="Connected, but nothing is tried for them any more",
                error=f"{TROUBLES['gone'].what} (14:02)",
                to_do=TROUBLES["gone"].to_do,
                tone="warning",
                parked=PARKED_ROWS[2].object_id,
                notice="Tried again, but it failed.",
            ),
        ),
        "settings-parked": parked(p, c, PARKED_ROWS, PARKED),
        "settings-parked-one": parked(p, c, PARKED_ROWS[:1], {"failing": 1}),
        "settings-parked-authorize": parked(p, c, PARKED_ROWS[3:], {"authorize": 2}),
        "settings-parked-nobody": parked(p, c, [], {}, notice="3 people are being tried again."),
        "settings-user-nobody": no_user(p, c, address="nobody@example.com", directory=True),
        "settings-user-nobody-connected": no_user(
            p, c, address="nobody@example.com", directory=False
        ),
        "settings-history": history(
            p,
            c,
            [
                Entry(
                    "today at 14:02",
                    "Ada Lindqvist",
                    "Sales",
                    "changed",
                    tuple(
                        (d.label, d.before, d.after)
                        for d in differences(FULL_LOCKED, replace(GOOGLE, priority=2))
                    ),
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
        "settings-history-end": history(p, c, entries("Ada")[:1], newest=False),
        "settings-history-empty": history(p, c, []),
        "settings-invite": invite_cards.ask(p, c, SALES, count=24, minutes=1),
        "settings-invite-many": invite_cards.ask(p, c, ACCOUNT, count=9_000, minutes=45),
        "settings-invite-nobody": invite_cards.nobody(p, c),
        "settings-inviting": invite_cards.sending(p, c, sent=9, total=24, job="j2"),
        "settings-invited": invite_cards.sent(p, c, invited=24, unreachable=0),
        "settings-invited-some": invite_cards.sent(p, c, invited=1, unreachable=23),
    }


def settings_cards_for(p: Payloads, c: str, name: str) -> dict[str, Card]:
    """The cards that show something others have named, with this name in every place."""
    group = Target("z" * 64, name)
    change = Change(Act.PRIORITY, "9999")
    return {
        "settings": centre(
            p,
            c,
            account=replace(FULL_LOCKED, priority=0),
            groups=[GroupLine(name, FULL_LOCKED)] * 400,
            numbers=Numbers(123_456, 100_000, 90_000, 9_999, 88_888),
            directory=name,
            directory_well=False,
            notice=name,
            feed=FEED_SILENT,
            storm=banner(p, c, STORM),
        ),
        "settings-storm": storm(
            p, c, StormView("z" * 40, 2**53 - 1, 99_999, 100_000, name, name), notice=name
        ),
        "settings-form": form(
            p,
            c,
            group,
            FULL_LOCKED,
            version=2**53 - 1,
            unsaved=True,
            notice=change_cards.overtaken(name, name, "at Nov 21, 14:02 UTC"),
            members=name,
            account=replace(EWS, locked=True),
            places=9999,
        ),
        "settings-verify": verify(p, c, group, replace(FULL_LOCKED, integration=False), version=1),
        "settings-priority": change_cards.confirm(
            p, c, group, change, version=7, touched=FEW, notice=name
        ),
        "settings-progress": change_cards.progress(
            p, c, sentence=name, doing="clearing", done=1, total=2, failed=1, job="j" * 64
        ),
        "settings-done": change_cards.result(
            p,
            c,
            group,
            sentence=name,
            details=(("Default calendar and contact service", "Exchange", "Office 365"),) * 9,
            done=1,
            failed=1,
            invitable=88_888,
        ),
        "settings-unchanged": change_cards.unchanged(
            p, c, group, sentence=change_cards.state_sentence(group, change)
        ),
        "settings-inherits": inherits(p, c, group, change),
        "settings-groups": group_list(p, c, hundreds(name)[:10], search=name, page=9, total=999),
        "settings-pick": pick_group(
            p, c, hundreds(name)[:6], wanted=name, ambiguous=True, total=6, change=change
        ),
        "settings-pick-many": pick_group(
            p, c, hundreds(name), wanted=name, ambiguous=True, total=300, change=change
        ),
        "settings-pick-none": pick_group(p, c, [], wanted=name, ambiguous=False, total=0),
        "settings-user": user(
            p,
            c,
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
                notice="Planned anew, and nothing has failed since.",
            ),
        ),
        "settings-parked": parked(
            p,
            c,
            [
                ParkedRow(f"{n:0>36}", name, name, "gone", "Nov 21, 14:02 UTC")
                for n in range(MOST_PARKED)
            ],
            {"gone": 123_456, "failing": 99_999},
            notice=name,
        ),
        "settings-user-nobody": no_user(p, c, address=name, directory=True),
        "settings-history": history(p, c, entries(name), older="c" * 64, newest=False),
        "settings-invite": invite_cards.ask(p, c, group, count=88_888, minutes=9_999),
    }
