"""What somebody meant to type, whatever their client makes of it."""

from __future__ import annotations

import time
import unicodedata
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.commands import Unknown, parse
from bot.grammar.intents import Help, Status
from bot.grammar.words import LONGEST_TEXT
from bot.teams.message_text import LONGEST_HTML, has_attachment, message_text

BOT = "28:bot"
NAME = "Presence Bridge"
TAGGED = f"<at>{NAME}</at>"
EMOJI = '<img itemscope="" itemtype="http://schema.skype.com/Emoji" itemid="tada" alt="🎉">'
REPLY = (
    '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1772050244572">'
    f'<strong itemprop="mri" itemid="28:bot">{NAME}</strong>'
    '<span itemprop="time" itemid="1772050244572"></span>'
    '<p itemprop="preview">disconnect</p></blockquote>'
)
QUOTED = '<quoted messageId="1772050244572"/>'
QUOTED_REPLY = {"type": "quotedReply", "quotedReply": {"messageId": "1772050244572"}}


def mention(text: object = TAGGED, who: str = BOT, name: object = NAME) -> dict[str, Any]:
    return {"type": "mention", "text": text, "mentioned": {"id": who, "name": name}}


def said(
    text: object, *entities: object, html: object = None, bot: dict[str, Any] | None = None
) -> str:
    """The text of a message with these entities, and with this HTML beside it."""
    activity: dict[str, Any] = {"text": text, "entities": list(entities)}
    activity["recipient"] = {"id": BOT, "name": NAME} if bot is None else bot
    if html is not None:
        activity["attachments"] = [{"contentType": "text/html", "content": html}]
    return message_text(activity)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("connect\u00a0", "connect"),  # what the command menu leaves behind
        ("connect\r\n", "connect"),  # what a channel leaves behind
        ("\ufeffcon\u200bnect\u2060", "connect"),
        ("\u200fstatus\u200e", "status"),
        ("\u2067settings\u2069\u202fgroup", "settings group"),
        ("con\u200dnect", "connect"),
        ("settings group R&amp;D enable", "settings group R&D enable"),
        ("&lt;b&gt;&nbsp;hi&#33;", "<b> hi!"),
        ("AT&T &copy &nonsense;", "AT&T &copy &nonsense;"),
        ("settings\tgroup\n\n“Sales”  enable", "settings group “Sales” enable"),
        ("settings group C++ <Core> Team", "settings group C++ <Core> Team"),
        ("<p>settings group <b>Sales</b></p>\n<p>enable</p>", "settings group Sales enable"),
        ('<div><div style="x">status</div></div>', "status"),
        ("family 👨‍👩‍👧 می‌خواهم", "family 👨‍👩‍👧 می‌خواهم"),
        ("a\x00b\x1bc", "abc"),
        ("\ufffcstatus\u3164\u034f\u206a", "status"),
        ("<b>status</b>", "status"),
        ("<span>status</span><br/>", "status"),
        ("settings group Cafe\u0301", "settings group Café"),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_text_is_what_the_person_meant_to_type(typed: object, meant: str) -> None:
    assert said(typed) == meant


# -- mentions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "entity", "meant"),
    [
        (f"{TAGGED} connect", TAGGED, "connect"),
        (f'<at id="0">{NAME}</at>&nbsp;connect', TAGGED, "connect"),
        (f"{TAGGED} connect", f'<at id="0">{NAME}</at>', "connect"),
        (f"please {TAGGED} connect", TAGGED, "please connect"),
        (f"connect {TAGGED}", TAGGED, "connect"),
        ("<at>R&amp;D Bot</at> help", "<at>R&D Bot</at>", "help"),
        (f"@{NAME} connect", NAME, "connect"),
        (f"{NAME}: connect", NAME, "connect"),
        (f"{NAME}s connect", NAME, f"{NAME}s connect"),
        (f"{TAGGED} settings group {NAME} enable", TAGGED, f"settings group {NAME} enable"),
        (f"settings group {NAME} enable", TAGGED, f"settings group {NAME} enable"),
        ("<at>a(b</at> hi", "<at>a(b</at>", "hi"),
        ("<at>Presence</at> <at>Bridge</at> help", "<at>Bridge</at>", "help"),
        ("<at>Presence</at>&nbsp;<at>Bridge</at> help", TAGGED, "help"),
        ("<at>Ben</at> <at>Presence</at> <at>Bridge</at> help", TAGGED, "<at>Ben</at> help"),
        ("<at>Presence</at> of <at>Bridge</at>", TAGGED, "of <at>Bridge</at>"),
        (f"{TAGGED} help {TAGGED}", TAGGED, "help"),
    ],
)
def test_mentions_of_the_bot_are_removed(typed: str, entity: str, meant: str) -> None:
    assert said(typed, mention(entity)) == meant


BADLY = {
    "text null": [mention(None)],
    "text empty": [mention("")],
    "text missing": [{"type": "mention", "mentioned": {"id": BOT}}],
    "text no text": [mention(5)],
    "text without tags": [mention(NAME)],
    "text with a no-break space": [mention("<at>Presence\u00a0Bridge</at>")],
    "text with an entity": [mention("<at>Presence&nbsp;Bridge</at>")],
    "another case": [mention(f"<at>{NAME.upper()}</at>", BOT.upper())],
    "nothing": [mention(None, name=None)],
    "empty tags": [mention("<at></at>", name="")],
    "no mention": [],
    "odd entities": [7, None, {}, {"type": "mention"}, {"type": "mention", "mentioned": BOT}],
    "far too long": [mention("x" * 100_000, name="y" * 100_000)],
}


@pytest.mark.parametrize("entities", BADLY.values(), ids=BADLY.keys())
@pytest.mark.parametrize(
    "typed",
    [
        f"{TAGGED} help",
        f"{TAGGED}, help",
        f"{TAGGED}: help",
        f"{TAGGED}:help",
        f"{TAGGED} - help",
        f"{TAGGED}、help",
        f"{TAGGED}\u00a0help\r\n",
        "<at>Presence\u00a0Bridge</at> help",
        "<at>Presence&nbsp;Bridge</at> help",
        "<at> presence  bridge </at> help",
        "<at>PRESENCE BRIDGE</at> help",
        f'<at id="0">{NAME}</at> help',
        f"<AT>{NAME}</AT> help",
        f"&lt;at&gt;{NAME}&lt;/at&gt; help",
        f"help {TAGGED}",
        f"@{NAME} help",
        f"@{NAME.lower()}, help",
        f"＠{NAME} help",
        f"<at>@{NAME}</at> help",
        f"<at>{NAME}</at > help",
        f"<b>{TAGGED}</b> help",
        f"<p><b>{TAGGED}</b>&nbsp;<i>help</i></p>",
        f'<span itemtype="http://schema.skype.com/Mention" itemid="0">{NAME}</span> help',
        *(f"{TAGGED}{mark} help" for mark in "?…؛、՝・>|→=&"),
    ],
)
def test_a_mention_that_is_described_badly_is_one(typed: str, entities: list[Any]) -> None:
    assert said(typed, *entities) == "help"


@pytest.mark.parametrize("entities", [[mention(None, name=None)], []])
def test_a_name_that_nobody_bears_is_the_bot_s_at_the_start(entities: list[Any]) -> None:
    """The app may be called otherwise in Teams, and the client may not say how."""
    for bot in ({"id": BOT}, {"id": BOT, "name": "Another Name"}, {}):
        assert said(f"{TAGGED} help", *entities, bot=bot) == "help"


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize("name", ["Présence Brücke", "DİL Botu", "STRASSE", "ΟΔΟΣ Bot", "팀 봇"])
def test_a_name_is_the_same_in_any_normal_form_and_case(
    name: str, form: Literal["NFC", "NFD", "NFKD"]
) -> None:
    typed = unicodedata.normalize(form, name)
    other = "<at>José</at>"
    for called in {name, name.casefold(), name.title() if name.isascii() else name}:
        ours = mention(f"<at>{called}</at>", name=called)
        bot = {"id": BOT, "name": called}
        assert said(f"@{typed}, help", ours, bot=bot) == "help"
        assert said(f"<at>{typed}</at> help", ours, bot=bot) == "help"
        jose = mention(unicodedata.normalize(form, other), "29:jose", "José")
        told = said(f"{jose['text']} <at>{typed}</at> help", jose, ours, bot=bot)
        assert told == f"{other} help"


def test_mentions_of_others_stay() -> None:
    ben = mention("<at>Ben</at>", "29:ben", "Ben")
    assert said(f"{TAGGED} ask <at>Ben</at>", mention(), ben) == "ask <at>Ben</at>"
    assert said("<at>Ben</at> help", mention(None, name=None), ben) == "<at>Ben</at> help"
    assert said(f"<at>Ben</at> {TAGGED}", ben, mention(None, name=None)) == "<at>Ben</at>"
    nameless = mention(None, "29:ben", "Ben")
    assert said("<at>ben</at> help", nameless) == "<at>ben</at> help"


def test_the_bot_s_name_without_a_tag_is_no_mention_unless_somebody_says_so() -> None:
    assert said("Status report", bot={"id": BOT, "name": "Status"}) == "Status report"
    assert said(f"{NAME} help") == f"{NAME} help"


# -- quotations ----------------------------------------------------------------------------------

QUOTING = {
    "before": f"{QUOTED} status",
    "after": f"status {QUOTED}",
    "close": f"{QUOTED}status",
    "line breaks": f"{QUOTED}\r\n\r\nstatus\n",
    "several": f'{QUOTED}\n<quoted messageId="2"/> status <quoted messageId="3"/>',
    "escaped": "&lt;quoted messageId=&quot;1772050244572&quot;/&gt; status",
    "other quotes": "<quoted messageId='1772050244572' /> status",
    "another case": '<Quoted messageid="1"/> status',
    "not closed": '<quoted messageId="1"> status',
    "with the text": '<quoted messageId="1">disconnect</quoted> status',
    "before the mention": f"{QUOTED} {TAGGED} status",
    "after the mention": f"{TAGGED} {QUOTED}, status",
    "between": f"{TAGGED} status {QUOTED}",
    "lines": "> Presence Bridge\n> disconnect\n\nstatus",
    "lines after": "status\n> disconnect",
    "brackets in it": '<quoted messageId="1" preview="x &lt;y&gt; z"/> status',
    "a placeholder": '<attachment id="1772050244572"></attachment>status',
    "another name": '<quotedReply messageId="1"/>status<quotedMessage>disconnect</quotedMessage>',
    "no line": f"{QUOTED}&nbsp;\u200bstatus",
    "HTML": f"{REPLY}\r\n<p>status</p>",
    "HTML inside": f"<div>{REPLY}<div>status</div></div>",
    "older": '<quote author="x" timestamp="1"><legacyquote>x</legacyquote>disconnect</quote>status',
    "nested": "<blockquote>x<blockquote>y</blockquote>z</blockquote>status",
}


@pytest.mark.parametrize("typed", QUOTING.values(), ids=QUOTING.keys())
@pytest.mark.parametrize("entities", [[QUOTED_REPLY, mention()], [QUOTED_REPLY, mention(None)]])
def test_a_reply_that_quotes_says_what_it_says(typed: str, entities: list[Any]) -> None:
    assert said(typed, *entities) == "status"


@pytest.mark.parametrize(
    "typed", [QUOTED, f"{TAGGED} {QUOTED}", f"{QUOTED}{QUOTED}\n", REPLY, "> disconnect", ">"]
)
def test_a_quotation_alone_calls_for_help(typed: str) -> None:
    assert parse(said(typed, QUOTED_REPLY, mention())) == Help()


@pytest.mark.parametrize(
    "text",
    ["status", "\r\nstatus", f"{NAME}disconnect\r\n\r\nstatus", f"{NAME}: disconnect status", ""],
)
def test_the_html_tells_the_quotation_from_the_reply(text: str) -> None:
    assert said(text, html=f"{REPLY}\n<p>status</p>") == "status"
    assert parse(said(text, html=REPLY)) == Help()


def test_a_reply_with_a_mention_in_its_html_is_read_whole() -> None:
    tag = f'<span itemtype="http://schema.skype.com/Mention" itemid="0">{NAME}</span>'
    for written in (
        f"{tag}&nbsp;status",
        f"<p>{tag}, status</p>",
        f"status {tag}",
        f"{NAME} status",
    ):
        assert said(f"x\n{TAGGED} status", mention(), html=f"{REPLY}\n{written}") == "status"


def test_what_was_forwarded_is_not_said() -> None:
    forwarded = REPLY.replace("/Reply", "/Forward")
    assert said("disconnect", html=forwarded) == ""
    assert said("status\r\n\r\ndisconnect", html=f"<p>status</p>{forwarded}") == "status"


def test_what_looks_like_a_quotation_inside_a_line_is_none() -> None:
    assert said("settings group A > B enable") == "settings group A > B enable"
    assert said("settings group quoted enable") == "settings group quoted enable"


# -- what Teams leaves out of the text -----------------------------------------------------------


@pytest.mark.parametrize(
    "html",
    [
        f"<p>settings group {EMOJI} enable</p>",
        '<div><div>settings group <emoji id="x" alt="🎉" title="t"></emoji> enable</div></div>',
        '<p>settings group <img alt="🎉"> enable</p>',
        "<p>settings group&nbsp;<img src='x>y' alt='🎉' title=\"a>b\"/>&nbsp;enable</p>",
        f'<p><span title="x"><span>settings</span> group {EMOJI}</span> <b>ena</b>ble</p>',
    ],
)
@pytest.mark.parametrize("text", ["settings group  enable", "settings group enable\n"])
def test_an_emoji_that_the_text_lacks_comes_from_the_html(text: str, html: str) -> None:
    assert said(text, html=html) == "settings group 🎉 enable"


def test_an_emoji_beside_a_mention_comes_from_the_html() -> None:
    html = (
        '<p><span itemtype="http://schema.skype.com/Mention" itemid="0">Presence&nbsp;Bridge</span>'
        f"&nbsp;settings group {EMOJI}</p>"
    )
    assert said(f"{TAGGED} settings group", mention(), html=html) == "settings group 🎉"
    html = f'<div><at id="0">{NAME}</at> settings group {EMOJI}</div>'
    assert said(f"{TAGGED} settings group", mention(), html=html) == "settings group 🎉"


def test_words_between_angle_brackets_come_from_the_html() -> None:
    html = "<p>settings group C++ &lt;Core&gt; Team enable</p>"
    wanted = "settings group C++ <Core> Team enable"
    assert said("settings group C++  Team enable", html=html) == wanted


@pytest.mark.parametrize(
    "html",
    [
        "<p>status</p>",
        '<p>status <img alt="Bild" src="x"></p>',  # a picture that was pasted
        "<!-- disconnect --><p>sta<!---->tus</p><!-- x",
        '<p>status <img alt="画像"></p>',
        '<p>something else <img alt=""></p>',
        f"<p>status {EMOJI}" + "x" * LONGEST_HTML,
        "",
        "<",
        None,
        7,
        ["<p>disconnect</p>"],
    ],
)
def test_otherwise_the_text_counts(html: object) -> None:
    assert said("status", html=html) == "status"


@pytest.mark.parametrize(
    ("attachment", "found"),
    [
        ({"contentType": "image/png", "contentUrl": "x"}, True),
        ({"contentType": "application/vnd.microsoft.teams.file.download.info"}, True),
        ({"contentType": "text/html", "content": '<p><img alt="" src="x"></p>'}, True),
        ({"contentType": "text/html", "content": "<p>status</p>"}, False),
        ({"contentType": "text/html"}, False),
        ({"contentType": "application/vnd.microsoft.card.adaptive"}, False),
        ({"contentType": None}, False),
        (7, False),
    ],
)
def test_a_file_or_a_picture_is_noticed(attachment: object, found: bool) -> None:
    assert has_attachment({"attachments": [attachment]}) is found


def test_other_attachments_are_passed_over() -> None:
    for attachments in (
        None,
        "x",
        [7, None, {}, {"contentType": None}, {"contentType": "text/html"}],
        [{"contentType": "image/png", "contentUrl": "x", "content": f"<p>{EMOJI}</p>"}],
    ):
        assert message_text({"text": "status", "attachments": attachments}) == "status"


# -- any shape, in time --------------------------------------------------------------------------

_MARKUP = [TAGGED, QUOTED, REPLY, EMOJI, "<at>", "</at>", "<quoted", "</quoted>", "<blockquote>"]
_SIGNS = ["> ", ">", "&lt;", "&", "\n", "\u00a0", "\u200d", '"', "<p", "status", "help"]
_PIECES = st.sampled_from([*_MARKUP, *_SIGNS])
_TEXTS = st.text(max_size=40) | st.lists(_PIECES, max_size=12).map("".join)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_ENTITIES = st.lists(
    _ANYTHING | st.builds(mention, _ANYTHING, st.sampled_from([BOT, "29:x"]), _ANYTHING), max_size=3
)
_ATTACHMENTS = st.lists(
    _ANYTHING | st.fixed_dictionaries({"contentType": st.just("text/html"), "content": _ANYTHING}),
    max_size=3,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": _TEXTS | _ANYTHING,
            "entities": _ENTITIES | _ANYTHING,
            "attachments": _ATTACHMENTS | _ANYTHING,
            "recipient": st.fixed_dictionaries({"id": _ANYTHING, "name": _ANYTHING}) | _ANYTHING,
        },
    )
)
def test_any_activity_has_a_text(activity: dict[str, Any]) -> None:
    text = message_text(activity)
    assert text == " ".join(text.split())
    assert "\u200b" not in text
    parse(text)


HARD = {
    "letters": "x",
    "tags": "<at ",
    "open tags": "<at>",
    "mentions": TAGGED,
    "names": f"<at>{NAME} ",
    "entities": "&#",
    "escapes": "&lt;",
    "joiners": "👍‍ ",
    "accents": "\u0316\u0301",
    "placeholders": '<attachment id="',
    "pieces": "<at>Presence</at>",
    "quotations": QUOTED,
    "open quotations": '<quoted messageId="',
    "open quotes": '<p "',
    "quote marks": "\"<p '",
    "blockquotes": "<blockquote>",
    "closed": "</blockquote>",
    "comments": "<!-- ",
    "attributes": "<img alt=' itemtype=",
    "lines": "> \n",
    "spaces": " ",
}


@pytest.mark.parametrize("piece", HARD.values(), ids=HARD.keys())
def test_the_time_grows_with_the_length_and_then_no_more(piece: str) -> None:
    def took(length: int, html_length: int) -> int:
        text, html = (piece * (n // len(piece) + 1) for n in (length, html_length))
        entities = [mention(f"<at>{(piece * 300)[:250]}</at>")] * 500
        activity = {"text": text[:length], "entities": entities, "recipient": {"id": BOT}}
        activity["attachments"] = [{"contentType": "text/html", "content": html[:html_length]}]
        times = []
        for _ in range(3):
            began = time.process_time_ns()
            parse(message_text(activity))
            times.append(time.process_time_ns() - began)
        return min(times)

    short = took(LONGEST_TEXT // 4, LONGEST_HTML // 4)
    # Four times as long takes about four times; sixteen times it would be with squares.
    assert took(LONGEST_TEXT, LONGEST_HTML) < 12 * short + 2_000_000
    assert took(250_000, 250_000) < 12 * short + 2_000_000


def test_what_is_too_long_is_no_command() -> None:
    for text in (
        f"connect{' ' * LONGEST_TEXT}",
        f"status {'x ' * 100_000}",
        f"{TAGGED} help " * 20_000,
    ):
        assert isinstance(parse(said(text, mention())), Unknown)
    long = "status " + "x" * LONGEST_TEXT
    assert isinstance(parse(said("status", html=f"{REPLY}<p>{long}</p>")), Unknown)
    fits = "status" + " " * (LONGEST_TEXT - 6)
    assert parse(said(fits)) == Status()
