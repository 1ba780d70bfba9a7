"""Every card in every state: ordinary people, and the worst texts that outsiders can choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.person import connect, disconnect, status
from cards.person import trial as test_it
from cards.person.help import (
    about,
    greeting,
    help_card,
    not_understood,
    one_line,
    privacy,
    problem,
    stale_card,
    whom_to_ask,
)
from cards.person.unasked import welcome
from cards.seal import Seal
from domain.link import Ending
from domain.person import Accepted
from domain.presence import IN_A_CALL, Shown
from tests.cards.person.samples import person_cards, person_cards_for
from tests.cards.settings.digest_samples import digest_cards
from tests.cards.settings.exclusion_samples import exclusion_cards, exclusion_cards_for
from tests.cards.settings.match_samples import match_cards, match_cards_for
from tests.cards.settings.samples import settings_cards, settings_cards_for
from wording.status import StatusView

if TYPE_CHECKING:
    from cards.build import Card

SECRET = b"a secret that only tests know...."
SEAL = Seal(SECRET)
CARD_ID = "card-1"
START_URL = "https://bridge.example.com/auth/microsoft/start?ticket=0123456789abcdefghijkl"

HEBREW = "דנה כהן"
HOSTILE = (
    "[Your account](https://evil.example/login) **urgent** <b>x</b> ![p](https://evil.example/p)"
    " `code` {{DATE(2026-01-01T00:00:00Z)}} \u202egnp.exe \x00\x1b[31m _it_ <at>Ada</at>"
)
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-" * 20
LONG_ADDRESS = "x" * 300 + "@" + "y" * 300 + ".example"
LONG = "Because of a very long explanation that goes on, and on, and on. " * 40
FAMILY = "👩‍👩‍👧‍👦" * 60

COMMANDS = [
    ("connect", "Show your Zoom presence in Microsoft 365"),
    ("status", "See your presence and why it is what it is"),
    ("pause", "Stop for a while: pause for 2h, pause until 17:00"),
    ("resume", "Carry on after a pause"),
    ("style", "Choose how much is shown: busy only, mirror, full, quiet"),
    ("disconnect", "Stop, and erase what’s stored about you"),
    ("help", "This list"),
    ("settings", "For admins: who is synchronised"),
]

_WELL = StatusView(
    sentence="You are shown as “In a call” because you are in a Zoom meeting.",
    zoom_line="In a meeting since 14:02",
    rule_line="On for the group Sales Team North, style mirror",
    told_line="“In a call” at 14:02, valid until 14:32",
    shown_line="“In a call”",
)
_DIFFERS = StatusView(
    sentence="You set Do not disturb yourself, so Microsoft shows that.",
    zoom_line="In a meeting since 14:02",
    rule_line="Presence sync is on for your organisation. Your style is mirror.",
    told_line="“In a call” at 14:02, valid until 14:32",
    shown_line="“Do not disturb”",
    difference="A status you set yourself always wins.",
    next_step="Reset your status in Teams to show Zoom again.",
    tone="warning",
)
_TRYING = StatusView(
    sentence="Microsoft shows “In a call”. Zoom has said “Presenting” since 14:20, but Microsoft "
    "hasn’t accepted “Presenting” yet.",
    zoom_line="Presenting since 14:20",
    rule_line="Presence sync is on for your organisation. Your style is mirror.",
    told_line="Trying to set “Presenting”; last accepted: “In a call” at 14:02, valid until 15:02.",
    trouble_line="Microsoft answered with an error. I’ll try again within a minute.",
    shown_line="“In a call”",
    tone="warning",
)
_OFF = StatusView(
    sentence="Microsoft shows “Available”. Zoom isn’t shown, because presence sync is off.",
    zoom_line="In a meeting since 14:02",
    rule_line="Presence sync is off for your organisation, because the default service isn’t "
    "Office 365.",
    told_line="Nothing right now.",
    shown_line="“Available” (Available)",
    next_step="Ask your admin if you want it on.",
    tone="neutral",
    off=True,
)
_TESTED = Accepted(IN_A_CALL, 0, 1)
_LATER = Ending("later", 1)
_BROKEN = StatusView(
    sentence="Microsoft 365 shows your presence without Zoom.",
    zoom_line="Available since 09:00",
    rule_line="Presence sync is on for your organisation. Your style is mirror.",
    told_line="",
    shown_line="",
    next_step="Connect again.",
    link_trouble="Your Microsoft authorisation ended yesterday at 18:00.",
    tone="attention",
)
_PAUSED = StatusView(
    sentence="You paused until 17:00. Microsoft 365 shows your presence without Zoom.",
    zoom_line="In a meeting since 14:02",
    rule_line="On for everyone, paused by you",
    told_line="",
    shown_line="“Available”",
    next_step="Say resume to carry on before 17:00.",
    tone="neutral",
    paused=True,
)
_LONGEST = StatusView(
    LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, "attention", trouble_line=LONG
)


def _make() -> dict[str, Card]:
    cards: dict[str, Card] = {
        "welcome": welcome(name="Ada"),
        "welcome-local": welcome(name="Ada", local=True),
        "welcome-nameless": welcome(name=" "),
        "help": help_card(COMMANDS, [name for name, _ in COMMANDS]),
        "help-nearest": not_understood("conect", ["connect"]),
        "help-nearest-two": not_understood("stop sharing", ["pause", "disconnect"]),
        "help-unknown": not_understood("make me a sandwich", []),
        "help-about": about("pause", "Stop for a while: pause for 2h, pause until 17:00"),
        "whom-to-ask": whom_to_ask("helpdesk@example.com"),
        "whom-to-ask-page": whom_to_ask("https://help.example.com/zoom"),
        "whom-to-ask-nobody": whom_to_ask(None),
        "help-negated": not_understood("don’t disconnect", [], negated=True),
        "greeting": greeting(
            name="Ada",
            tone="neutral",
            sentence="You’re not connected yet, so Zoom doesn’t show in Microsoft 365.",
            offers=["connect", "help"],
        ),
        "friendly": one_line("You’re welcome."),
        "privacy": privacy(url=START_URL),
        "connect-offer": connect.offer(name="Ada Lindqvist", start_url=START_URL, minutes=10),
        "connect-done": connect.connected(
            name="Ada",
            zoom_address="ada@example.com",
            presence_now="Zoom says: in a meeting. Shown as “In a call”.",
        ),
        "connect-done-waiting": connect.connected(name="Ada", zoom_address="ada@example.com"),
        "connect-done-off": connect.connected(
            name="Ada",
            zoom_address="ada@example.com",
            presence_now="I’m not telling Microsoft anything right now. "
            "Presence sync is off for everyone.",
            on=False,
        ),
        "connect-already": connect.already_connected(name="Ada", zoom_address="ada@example.com"),
        "connect-cancelled": connect.cancelled(),
        "connect-refused": connect.refused(
            title="Another account signed in",
            sentences=[
                "You signed in as ben@example.com, but this chat belongs to ada@example.com.",
                "Choose Connect and sign in with the account you use in Teams.",
            ],
        ),
        "connect-again": connect.reconnect(
            reason="Your sign-ins at Microsoft were ended, by you or by an admin.",
            what_to_do="Connect again. It takes a minute.",
        ),
        "connect-no-zoom": connect.no_zoom_match(
            addresses=["farid@example.com", "farid.nozoom@example.com"],
            what_to_do="Ask your Zoom admin to add one of these addresses to your Zoom account.",
        ),
        "test-running": test_it.running(),
        "test-ok": test_it.result(_TESTED, Shown("Busy", "InACall"), until="14:07", ok=True),
        "test-differs": test_it.result(
            _TESTED,
            Shown("DoNotDisturb", "DoNotDisturb"),
            until="14:07",
            ok=False,
            why="You set “Do not disturb” yourself, and your own status always wins.",
        ),
        "test-differs-unexplained": test_it.result(
            _TESTED, Shown("Available", "Available"), until="14:07", ok=False
        ),
        "test-same-weight": test_it.result(
            _TESTED,
            Shown("Busy", "InAMeeting"),
            until="14:07",
            ok=True,
            why="Microsoft shows “In a meeting”, which counts as the same.",
        ),
        "test-unread": test_it.unread(
            _TESTED, until="14:07", why="Microsoft doesn’t let me read what it shows."
        ),
        "test-pending": test_it.pending(),
        "test-not-run": test_it.not_run(),
        "test-failed": test_it.failed(
            sentence="Microsoft did not answer within ten seconds.",
            what_to_do="Wait a minute and test again.",
        ),
        "status": status.status(_WELL),
        "status-looked-up": status.status(
            _WELL,
            look_ups="In the last 90 days your status was looked up 3 times: twice by an admin, "
            "once by the helpdesk.",
        ),
        "status-differs": status.status(_DIFFERS),
        "status-trying": status.status(_TRYING),
        "status-trouble": status.status(_BROKEN),
        "status-paused": status.status(_PAUSED),
        "status-off": status.status(_OFF),
        "test-off": test_it.off(
            sentence="Presence sync is off for your organisation.",
            what_to_do="Ask your admin if you want it on.",
        ),
        "status-not-connected": status.not_connected(rule_line="On for everyone, once you connect"),
        "status-not-connected-bare": status.not_connected(),
        "status-not-connected-yet": status.not_connected(
            still_kept=disconnect.still_kept(_LATER, "18:27")
        ),
        "disconnect-confirm": disconnect.confirm(name="Ada"),
        "disconnect-done": disconnect.done(Ending("cleared")),
        "disconnect-done-later": disconnect.later(_LATER, until="18:27"),
        "disconnect-done-uncleared": disconnect.done(Ending("expires", 1), until="18:27"),
        "disconnect-cancelled": disconnect.cancelled(),
        "problem": problem(
            what_happened="Microsoft did not answer.", what_to_do="Try again in a minute."
        ),
        "stale": stale_card(),
        **person_cards(),
        **settings_cards(),
        **match_cards(),
        **exclusion_cards(),
        **digest_cards(),
    }
    for kind, name in (
        ("hebrew", HEBREW),
        ("hostile", HOSTILE),
        ("long", LONG_NAME),
        ("emoji", FAMILY),
    ):
        address = LONG_ADDRESS if kind == "long" else name
        cards |= {
            f"welcome-{kind}": welcome(name=name),
            f"help-{kind}": not_understood(name, ["status"]),
            f"greeting-{kind}": greeting(
                name=name, tone="good", sentence=name, offers=["status", "help"]
            ),
            f"friendly-{kind}": one_line(name),
            f"connect-offer-{kind}": connect.offer(name=name, start_url=START_URL, minutes=10),
            f"connect-done-{kind}": connect.connected(
                name=name, zoom_address=address, presence_now=name
            ),
            f"connect-already-{kind}": connect.already_connected(
                name=name, zoom_address=address, trouble=name
            ),
            f"connect-refused-{kind}": connect.refused(title=name, sentences=[name] * 3),
            f"connect-again-{kind}": connect.reconnect(reason=name, what_to_do=name),
            f"connect-no-zoom-{kind}": connect.no_zoom_match(
                addresses=[address] * 20, what_to_do=name
            ),
            f"test-{kind}": test_it.result(
                _TESTED, Shown(name, name), until=name, ok=True, why=name
            ),
            f"test-failed-{kind}": test_it.failed(sentence=name, what_to_do=name),
            f"status-{kind}": status.status(
                StatusView(name, name, name, name, name, name, name, name, trouble_line=name)
            ),
            f"disconnect-confirm-{kind}": disconnect.confirm(name=name),
            f"problem-{kind}": problem(what_happened=name, what_to_do=name),
        }
        cards |= {f"{key}-{kind}": card for key, card in person_cards_for(name).items()}
        cards |= {f"{key}-{kind}": card for key, card in settings_cards_for(name).items()}
        cards |= {f"{key}-{kind}": card for key, card in match_cards_for(name).items()}
        cards |= {f"{key}-{kind}": card for key, card in exclusion_cards_for(name).items()}
    return cards | {
        "status-longest": status.status(_LONGEST, look_ups=LONG),
        "help-longest": help_card([("settings group", LONG)] * 10, ["status"]),
        "unknown-longest": not_understood(LONG, ["status"]),
    }


UNSEALED = _make()
SAMPLES = {name: SEAL.sealed(card, CARD_ID) for name, card in UNSEALED.items()}
