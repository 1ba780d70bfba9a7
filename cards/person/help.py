"""What a person can say, and the answers where something was not understood or did not work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from cards.build import (
    bold,
    box,
    button,
    buttons,
    card,
    heading,
    link,
    next_step,
    note,
    run,
    term,
    text,
)
from cards.person.clicks import (
    ConfirmDisconnect,
    EndPause,
    RunTest,
    ShowHelp,
    ShowStatus,
    ShowStyles,
    StartConnect,
    StartPause,
)
from cards.settings.clicks import ShowCentre
from wording import chat
from wording.policy import IN_A_CALL_RINGS
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cards.build import Card, Element
    from cards.click import Click
    from wording.status import Tone


_BUTTONS: Final[Mapping[str, tuple[str, Click]]] = {
    "connect": ("Connect", StartConnect()),
    "status": ("Status", ShowStatus()),
    "pause": ("Pause", StartPause()),
    "resume": ("Resume", EndPause()),
    "style": ("Styles", ShowStyles()),
    "test": ("Test it", RunTest()),
    "disconnect": ("Disconnect", ConfirmDisconnect()),
    "settings": ("Settings", ShowCentre()),
    "help": ("What can I say?", ShowHelp()),
}
"""The commands that a button can give. Only a press does anything, and what erases asks first."""


def help_card(lines: Sequence[tuple[str, str]], offers: Sequence[str]) -> Card:
    """List the commands as (words, description); `offers` are those that become buttons."""
    return card(
        "What you can say to Presence Bridge.",
        heading("What you can say"),
        *(term(words, description) for words, description in lines),
        note(
            "Zoom’s “Busy” shows as “In a call” in Microsoft 365, because apps can’t set a plain "
            "“Busy” there. A slash in front works too: /status."
        ),
        note(
            f"{IN_A_CALL_RINGS} The style quiet uses that for meetings and calls.", spacing="Small"
        ),
        buttons(*_offered(offers)),
    )


def not_understood(typed: str, offers: Sequence[str], *, negated: bool = False) -> Card:
    """Repeat what is no command; `offers` are the commands that may have been meant.

    `negated`: something in it is not wanted. Nothing was done.
    """
    said = f"I don’t know “{outside(typed)}”"
    if negated:
        return card(
            "I haven’t changed anything.",
            text(f"{said}, so I haven’t changed anything."),
            buttons(*_offered(("status", "help"))),
        )
    if offers:
        names = [run(" or ") if at % 2 else bold(name) for at, name in _between(offers)]
        return card(
            f"Did you mean {' or '.join(offers)}?",
            text(f"{said}. Did you mean ", *names, "?"),
            buttons(*_offered(dict.fromkeys((*offers, "help")))),
        )
    return card(
        "I don’t know what you mean.",
        text(f"{said}. I understand short commands in English, such as ", bold("status"), "."),
        buttons(*_offered(("status", "help"))),
    )


def _between(offers: Sequence[str]) -> list[tuple[int, str]]:
    return [(at, offers[at // 2]) for at in range(2 * len(offers) - 1)]


def greeting(*, name: str, tone: Tone, sentence: str, offers: Sequence[str]) -> Card:
    """Greet somebody, say in a line how it stands, and offer what comes next."""
    shown = outside(name)
    return card(
        sentence,
        heading(f"Hi {shown}!" if shown else "Hi!"),
        box(tone, text(sentence)),
        buttons(*_offered(offers, first="positive")),
    )


def one_line(words: str) -> Card:
    """Say something in one line."""
    return card(words, text(words))


def about(command: str, description: str) -> Card:
    """Say what a command does, and offer it."""
    return card(
        f"{command}: {description}",
        text(bold(command), f": {description}."),
        text(chat.NOTHING_CHANGED),
        buttons(*_offered((command, "help"))),
    )


def whom_to_ask(contact: str | None) -> Card:
    """Say who helps. `contact` is an e-mail address or a page."""
    words = chat.whom_to_ask(contact)
    return card(words, text(words), buttons(*_offered(("status", "help"))))


def privacy(*, url: str) -> Card:
    """Say what matters of privacy, and where the rest is written (https)."""
    return card(
        "What I keep about you, and how to erase it.",
        heading("Privacy"),
        text(
            "I keep your latest Zoom presence, never a history, and your Microsoft authorisation, "
            "encrypted. Both are erased when you disconnect."
        ),
        buttons(
            link("Privacy page", url, "Opens the privacy page in your browser"),
            *_offered(("disconnect",)),
        ),
    )


def _offered(
    offers: Iterable[str], *, first: Literal["default", "positive"] = "default"
) -> list[Element]:
    known = [_BUTTONS[name] for name in offers if name in _BUTTONS]
    return [
        button(click, title, style="default" if at else first)
        for at, (title, click) in enumerate(known)
    ]


def offered(command: str) -> tuple[str, Click] | None:
    """The button of a command; None: it has none."""
    return _BUTTONS.get(command)


def unclear(*, what: str, hint: str, offer: tuple[str, Click] | None = None) -> Card:
    """Say what is not clear, and what to say instead, or to press. Nothing was done."""
    return card(
        what,
        text(what, " Nothing was changed."),
        text(hint) if hint.endswith("?") else next_step(hint),
        buttons(
            None if offer is None else button(offer[1], offer[0]),
            button(ShowHelp(), "What can I say?"),
        ),
    )


def problem(*, what_happened: str, what_to_do: str) -> Card:
    """Say in plain words what happened and what the person can do."""
    return card(
        "That didn’t work.",
        heading("That didn’t work"),
        box("attention", text(what_happened)),
        next_step(what_to_do),
    )


def stale_card() -> Card:
    """Replace a card whose buttons no longer mean anything."""
    return card(
        "This card is out of date.",
        heading("This card is out of date"),
        text("Nothing was changed."),
        next_step("Say status to see how things stand, or help for everything else."),
    )
