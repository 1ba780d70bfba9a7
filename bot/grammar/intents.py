"""What people say in their own words, and the one thing that each phrase means. Pure.

A phrase means something only if it stands here: nothing is guessed. `(a|b|)` stands for a, b or
nothing. A phrase with a negation never does anything; what only might be meant is an Offer.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from bot.grammar.around import Phrases, spelled_out
from bot.grammar.personal import Pause, StyleCommand
from bot.grammar.said import Centre
from bot.grammar.small_talk import FRIENDLY, Courtesy
from bot.grammar.words import ForAnybody
from domain.presence import Style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Connect(ForAnybody):
    """`connect`: sign in with Microsoft."""


@dataclass(frozen=True, slots=True)
class Disconnect(ForAnybody):
    """`disconnect`: stop, and erase."""


@dataclass(frozen=True, slots=True)
class Status(ForAnybody):
    """`status`: what is shown, and why."""


@dataclass(frozen=True, slots=True)
class Resume(ForAnybody):
    """`resume`: end a pause."""


@dataclass(frozen=True, slots=True)
class Trial(ForAnybody):
    """`test`: tell Microsoft "In a call" for some minutes, and read it back."""


@dataclass(frozen=True, slots=True)
class Help(ForAnybody):
    """`help`: what can be said."""


@dataclass(frozen=True, slots=True)
class Greeting(ForAnybody):
    """`hi`: how it stands, and what to do next."""


@dataclass(frozen=True, slots=True)
class Privacy(ForAnybody):
    """Where it is written what is kept of people."""


@dataclass(frozen=True, slots=True)
class Contact(ForAnybody):
    """Who helps: the organisation's own contact."""


@dataclass(frozen=True, slots=True)
class SmallTalk(ForAnybody):
    """Something friendly."""

    courtesy: Courtesy


@dataclass(frozen=True, slots=True)
class Offer:
    """What may mean any of these commands: each becomes a button, and nothing is done."""

    commands: tuple[str, ...]


Meaning = (
    Connect
    | Disconnect
    | Status
    | Pause
    | Resume
    | Trial
    | StyleCommand
    | Help
    | Greeting
    | Privacy
    | Contact
    | SmallTalk
    | Centre
    | Offer
)
"""What a phrase can mean."""

_THING = (
    " it| me| this| everything| zoom| my zoom| presence| my presence| zoom presence"
    "| my zoom presence| my status"
)
_SYNC = " sync| the sync| presence sync| zoom sync| syncing| updates"
_IT = f"{_THING}|{_SYNC}"
_HALTING = (
    f"(pause|snooze|mute|silence)({_IT})( for me|)",
    f"stop({_THING})",
    f"(turn|switch|shut)({_IT}) off",
    f"(turn|switch|shut) off({_IT})",
    *("(pause|stop|snooze|mute|silence|off)", "(turn|switch|shut) off", "go off"),
    "(sync|syncing|presence sync|zoom sync|zoom|zoom presence|presence) off",
)
_LEAVING = f"(stop|end)({_SYNC})"
_STYLES = "busy only|busy-only|mirror|full|quiet"
_ZOOM = "( me| it| zoom| my zoom| my account| my zoom account| my accounts| microsoft| teams|)"

TABLE: Final[tuple[tuple[Meaning, tuple[str, ...]], ...]] = (
    (Connect(), (
        f"(connect|reconnect|re-connect|link|relink|authorise|authorize|enrol|enroll){_ZOOM}",
        f"(connect|link){_ZOOM} again",
        "(connect|link) (me|my account|my presence|teams|microsoft|it|) (to|with) "
        "(zoom|my zoom|teams|microsoft|microsoft 365)",
        "(connect|link) (zoom|my zoom|my zoom account) (to|with) (teams|microsoft|microsoft 365)",
        "(sign|log) (me |)(in|on)( again|)", "sign me up", "sign up", "(register|subscribe)",
        "(new|another) link",
        "(send|give|i need|get)( me|) (a |the |)(new |another |)link( again|)",
        "(the |my |this |)link (expired|has expired|is expired|is old)",
        *("(signin|login|logon|signup)", "opt in", "opt me in", "(set|hook) (me|it) up"),
    )),
    (Disconnect(), (
        f"(disconnect|unlink|unconnect|deauthorise|deauthorize|unsubscribe|deregister){_ZOOM}",
        "disconnect everything", "(sign|log) (me |)(out|off)",
        "(signout|signoff|logout|logoff)", "opt out", "opt me out", "uninstall",
        "(delete|erase|remove|forget|wipe) (me|all|everything|my account|my details)",
        "(delete|erase|remove|forget|wipe) (my|all|all my|the) (data|information)",
        "(delete|erase|forget) (everything |all |)about me",
        "(delete|erase) what you know( about me|)",
        "(revoke|remove) (access|my authorisation|my authorization|my permission|my consent)",
        _LEAVING, "stop syncing( me| my presence| my status| zoom)",
        "(end|cut) (the|my) connection", "(this is |it is |)not for me",
    )),
    (Status(), (
        "(show |show me |tell me |check |see |get |)(my |the |)(current |zoom |teams |)"
        "(status|presence)",
        "what is (my |the |)(current |zoom |teams |)(status|presence)",
        "what (is|are|am i) (shown|showing|displayed|visible)( as| about me| of me| in teams|)",
        "what (do|does|can|will) (others|people|everyone|everybody|colleagues|my colleagues|they"
        "|teams|microsoft|outlook|zoom|it) (see|show|say|think)( about me| of me| for me|)",
        "what (do|does) (my status|my presence) (say|show)",
        "what do i (show|look like)( as|)", "how do (i|things) (appear|look|stand)",
        "am i (connected|online|paused|busy|available|away|offline|synced|in sync|on|off|signed in"
        "|logged in|visible|still connected|still paused|still on)( to zoom| to microsoft|)",
        "(is|are) (it|this|you|presence sync|sync|zoom|zoom sync) "
        "(on|off|working|running|connected|active|paused|broken|alive|there)",
        "(it|this|zoom|sync|my status|my presence|presence sync) (does not work|is not working"
        "|is broken|is wrong|is stuck|does not update|is not updating|does not show"
        "|is not showing|is not right|is not correct|did not change|has not changed)",
        "(not working|does not work|broken|stuck|wrong|wrong status|wrong presence|not connected)",
        "(a |)(error|problem|trouble)", "i have (a |)(problem|trouble)",
        "what is (wrong|going on|happening|the matter|the problem|broken)", "what happened",
        "why( is that| so| not| though|)", "why (am i|is it|) (busy|away|available|offline|red"
        "|green|yellow|in a call|in a meeting|on|off|wrong|stuck|paused|do not disturb)",
        "why (is it|is this) not (working|on|showing|updating|right|correct|connected)",
        "why does it (not work|not show|not update|say that|show that)", "why not busy",
        "(busy|in a call|connected)", "(check|check it|explain|details)",
        "(until when|since when|when until) am i paused", "(am i|i am) (paused|connected)",
        "when does (my|the) pause end", "how long is (my|the) pause", "was i disconnected",
        "(did|have) (you|it) (pause|paused|disconnect|disconnected|stop|stopped|connect|connected)"
        "( me| it|)",
        "nothing (happens|is happening|happened|shows|shows up|works|changed|is shown)",
        "(my |the |)(meeting|call) (is over|is done|has ended|ended|over)",
        "i (left|have left|ended) (the|my) (meeting|call)", "i am (here|at my desk|active)",
        "(i am |)still (busy|in a call|in a meeting|away)",
        "is my (zoom|account|zoom account) (connected|linked|working)( to teams| to microsoft|)",
        "i am not (in a call|in a meeting|busy|away|offline|presenting|available|connected)",
        "(since|until) when", "how long( am i paused| is it paused|)", "where do i stand",
        "how does it (stand|look)",
    )),
    (Pause(), (*_HALTING, "(pause|stop) for now", "(pause|snooze) on")),
    (Resume(), (
        f"(resume|unpause|unmute|unsnooze|continue|restart|reactivate)({_IT}|)",
        f"(turn|switch)({_IT}) (on|back on|on again)",
        f"(turn|switch) (on|back on)({_IT})",
        "(turn|switch) (on|back on|on again)", "(on|back on|on again)",
        "(go|carry|keep) on", "keep going", "i am back", "back", "back again",
        "start (sync|syncing|syncing again)",
        "(end|stop|cancel|finish|lift) (the |my |)(pause|snooze)",
        "(stop|end) (pausing|snoozing)( me| it| my presence| zoom|)", "stop being paused",
        "(turn|switch) (the |my |)(pause|snooze) off",
        "(turn|switch) off (the |my |)(pause|snooze)",
        "(sync|syncing|presence sync|zoom sync|zoom|zoom presence|presence) (on|back on)",
        "(pause|snooze) (off|over|is over)",
    )),
    (Trial(), (
        "test( it| me| this| sync| the sync| presence| my presence| my status| zoom|)",
        "test (the|my) connection", "(run|do|make) (a|the) test", "try it( out|)", "test run",
    )),
    (StyleCommand(), (
        "(change|choose|set|show|show me|pick) (my |the |a |another |)(style|styles)", "styles",
        "(what|which) styles (are there|do you have|can i choose)", "my style",
        "(what|which) (style|is my style)", "(what|which) style (am i on|am i using|do i have)",
        "(what|which) (style|one) (is best|should i choose|should i use|do you recommend)",
        "(reset|unset|default|normal|standard|usual) (my |the |)style",
        f"(turn|switch) off ({_STYLES})", f"(turn|switch) ({_STYLES}) off",
        f"(disable|stop|deactivate) ({_STYLES})",
        f"what is the difference between ({_STYLES}) and ({_STYLES})",
        "(set|change|switch) style", "(explain|compare) (the |)styles", "what is a style",
        "(stop|end) (the |)(ringing|calls)", "stop (teams |calls |)(from |)ringing",
        "(silence|silent) (teams|calls|mode)", "(silent|silently|ringing)",
        "(teams|it|my phone|my computer) (rings|keeps ringing|is ringing)",
        "(teams|it|my phone|my computer) (rings|keeps ringing|is ringing) (in|during) "
        "(my |a |)(meetings|meeting|calls|call)",
    )),
    *(
        (StyleCommand(style), (
            f"({'|'.join(words)})( style| mode|)",
            f"(use|set|choose|take|show|switch to|change to) (the |style |)({'|'.join(words)})"
            "( style| mode|)",
            f"(set|change|switch) (my |the |)style to ({'|'.join(words)})",
            f"(set|put|change|switch) me (to|on) ({'|'.join(words)})",
            f"(enable|activate|turn on|go back to|back to) ({'|'.join(words)})",
        ))
        for style, words in (
            (Style.BUSY_ONLY, ("busy only", "busy-only", "only busy", "just busy")),
            (Style.MIRROR, ("mirror",)),
            (Style.FULL, ("full",)),
            (Style.QUIET, ("quiet",)),
        )
    ),
    (Help(), (
        "help( me|)", "i need( some|) help", "(hilfe|aide|ayuda|aiuto|ajuda|hjälp)",
        "(wie geht das|was ist das|was kannst du)",
        "are you (a |an |)(bot|robot|machine|ai|chatbot|human|person|real)", "(tell me |)more",
        "does (it|this) work (with|in) (outlook|teams|sharepoint|zoom)",
        "how long does (it|this) take", "when (does|will) it (work|start)",
        "(i am new|i am new here)", "how (do|can) i (start|begin|get started)",
        "what (else |)can (i|you) (say|do|ask|ask you)( here| for me|)",
        "(commands|command list|list commands|menu|options|info|about|manual|guide)",
        "how does (this|it|that) work", "how do i use (this|it|you)", "instructions",
        "what (is this|are you|do you do)", "who (is this|are you)", "what is presence bridge",
        "i am lost", "i do not (understand|get it)", "what should i (say|do)",
    )),
    (Greeting(), (
        "(hi|hello|hey|hallo|hiya|howdy|moin|servus|bonjour|hola|salut|greetings|yo)"
        "( there| bot| again| all| presence bridge|)",
        "(guten morgen|guten tag|guten abend|hej|olá|ola|ciao a tutti|buongiorno|buenos días"
        "|buenos dias|bom dia|namaste|salam|hoi|ahoj|cześć)",
        "good (morning|afternoon|evening|day)", "morning", "how are you( doing| today|)",
        "(start|begin|get started|getting started)", "let us (start|go|begin)", "setup", "set up",
    )),
    (Privacy(), (
        "(privacy|data protection|gdpr|my data)( policy| notice| statement|)", "show privacy",
        "what (do you|does it) (know|store|keep|save|collect|remember)( about me| of me|)",
        "(what|which) data (do you|does it) (know|store|keep|save|collect|have)"
        "( about me| of me|)",
        "is my data safe", "who (can see|sees) (my data|this|my presence|my status)",
        "(is|are) (this|it|you) (safe|secure|private|spying on me|watching me|tracking me)",
        "can (my |)(boss|manager|admin|colleagues) see (this|it|me|my presence|my status)",
        "do you (spy on|watch|track|monitor|record) (me|us|people)", "datenschutz",
    )),
    *((SmallTalk(courtesy), rows) for courtesy, rows in FRIENDLY.items()),
    (Contact(), (
        "(contact|support|helpdesk|it support|service desk|feedback)( please|)",
        "(contact|call|ask|get) (support|it|the admin|an admin|my admin|the helpdesk|someone)",
        "who (is|are) (my|the|our) (admin|admins|helpdesk|support|contact)",
        "who (can|could) (help|help me|i ask|i contact|i talk to)", "i need support",
        "(talk|speak) to (a human|a person|someone|somebody|an admin|support|a real person)",
        "(report|i want to report) (a |)(problem|bug|issue)", "complaint", "i have a complaint",
    )),
    (Centre(), (
        "(show |open |change |go to |)(the |my |admin |all |)settings",
        "(admin|administration|configuration)",
    )),
    (Offer(("pause", "disconnect")), (
        "(stop|end) (sharing|showing|tracking|watching|sending|publishing)"
        "( me| my status| my presence| my zoom presence| zoom| it|)",
        "(deactivate|disable)( me| it| zoom| sync| this|)",
        "(quit|exit|end|leave me alone|go away|shut up|shut down)",
        "stop (the |)(notifications|messages)", "hide everything",
        "(halt|freeze|enough|make it stop|cut it out)",
        "stop (messaging|spamming|bothering|asking|annoying|sending|writing)"
        "( me| messages| me messages| notifications|)",
        "(i want out|i quit|leave|i am leaving)",
        "hide( me| my status| my presence| zoom|)", "(go|appear) (dark|invisible|offline)",
    )),
    (Offer(("pause",)), (
        "(take|taking|on) (a |my |)(break|lunch break)", "(lunch|break|brb|vacation|holiday|pto)",
        "(i am |)(away|out|on holiday|on vacation|on leave|at lunch|going to lunch)",
        "(out of office|ooo|afk|be right back|i will be back)", "i am (off|out of office|afk)",
    )),
    (Offer(("connect",)), ("(verbinden|anmelden|conectar|connecter|connetti)",)),
    (Offer(("disconnect",)), ("(trennen|abmelden|desconectar|déconnecter|disconnetti)",)),
    (Offer(("disconnect",)), (
        "(delete|remove|erase)( it| this| the app| app| yourself|)",
        "(get|getting) rid of (it|this|you|the app)",
    )),
    (Offer(("disconnect", "connect")), (
        "(change|switch|use) (my |the |another |)account", "(the |)wrong account",
        "connect (another|my other|a different|a second) account",
    )),
    (Offer(("pause",)), ("(pausing|snoozing|muting)",)),
    (Offer(("pause",)), ("(pausieren|stopp|stoppen|pausar|pausa|anhalten)",)),
    (Offer(("resume",)), ("(fortsetzen|weiter|reanudar|reprendre|riprendi)",)),
    (Offer(("status",)), (
        "(sync|synchronise|synchronize|refresh|update)( it| me| my status| my presence| zoom|)",
        "(reset|clear|fix)( it| this| my status| my presence|)", "force (a |)(sync|refresh|update)",
        "(stop|end|finish) (the |my |)(test|trial)", "stop testing",
        "(test|trial) off", "(turn|switch) off (the |)test", "(try again|retry|once more|again)",
    )),
    (Offer(("settings",)), (
        "(overview|dashboard|report|reports|numbers|statistics|stats)",
        "(who|who all) (is|are) (connected|paused|on|using it|using this)",
        "who has (problems|a problem|trouble)", "how many (people |users |)are connected",
    )),
    (Offer(("resume", "connect")), (
        "(activate|enable|start again|go)( me| it| zoom| sync| this|)",
    )),
    (Offer(("status", "style")), ("(my |)preferences", "(change|set) my (status|presence)")),
)  # fmt: skip
"""Every phrase that means something."""

WHY: Final[tuple[str, ...]] = (
    "why (am|was|do|did) i",
    "why (is|was|does|did|are) (my|teams|microsoft|outlook|zoom)",
    "why (am|was|do|did|can|could) not i",
    "why (is|was|does|did|are|can|will) not (my|teams|microsoft|outlook|zoom|it)",
    "(it|teams|microsoft|outlook|zoom) (still |) (says|shows|thinks|displays) (i|me|my|that|busy)",
)
"""Questions and complaints are about the status, however they go on."""

TIMED: Final[tuple[str, ...]] = (*_HALTING, _LEAVING, "stop syncing( me| my presence| zoom)")
"""What pauses if a time follows."""


@cache
def phrases() -> Mapping[str, Meaning]:
    """Every phrase of TABLE, spelled out when somebody first speaks.

    Raises ValueError for a table that can't be spelled out, or has a phrase with two meanings.
    """
    found: dict[str, Meaning] = {}
    for meaning, rows in TABLE:
        for phrase in itertools.chain.from_iterable(map(spelled_out, rows)):
            if "(" in phrase or ")" in phrase:
                raise ValueError(f"“{phrase}”: choices can't stand in choices")
            if found.setdefault(phrase, meaning) != meaning:
                raise ValueError(f"“{phrase}” has two meanings")
    return found


@cache
def _longest() -> int:
    return max(len(phrase.split()) for phrase in phrases())


TIMED_PHRASES: Final = Phrases(TIMED)
_WHY_PHRASES: Final = Phrases(WHY)


def meaning_of(words: Sequence[str]) -> Meaning | None:
    """What plain words mean; None: they stand in no table."""
    if len(words) <= _longest():
        found = phrases().get(" ".join(words))
        if found is not None:
            return found
    begin = (" ".join(words[:many]) for many in (3, 4))
    return Status() if any(some in _WHY_PHRASES for some in begin) else None
