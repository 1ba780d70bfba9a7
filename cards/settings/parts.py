"""Parts of the cards for admins: inputs, rows, pictures of numbers, a button.

Every input has a label that stays visible. Pictures show numbers that stand in words beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from cards.build import (
    answer,
    bold,
    box,
    button,
    buttons,
    card,
    columns,
    heading,
    link,
    next_step,
    note,
    opens,
    text,
)
from cards.settings.clicks import ConfirmInvite, ListGroups, OpenAccount, OpenGroup, ShowCentre
from domain.presence import Style
from domain.reason import LONGEST_REASON
from wording.figures import people
from wording.policy import STYLES
from wording.reason import LABEL, shown_reason
from wording.text import outside, plain, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cards.build import Card, Element
    from cards.click import Click
    from domain.policy import Level


REASON: Final = "reason"
"""The input, called as the field of the clicks that take it."""
CHOICE_LIMIT = 48
"""Characters of a choice in a long list: what fits a narrow card, and a card's size."""


def toggle(name: str, label: str, title: str, *, on: bool) -> Element:
    """Make a switch or tick box; its value is the text true or false."""
    return _input("Toggle", name, label, title=title, value="true" if on else "false", wrap=True)


def choice(name: str, label: str, options: Iterable[tuple[str, str]], value: str) -> Element:
    """Make a choice of one among (value, words), all to be seen at once."""
    # Clients may read choices as Markdown.
    choices = [{"title": plain(words, 200), "value": key} for key, words in options]
    look = {"style": "expanded", "wrap": True}
    return _input("ChoiceSet", name, label, **look, choices=choices, value=value)


def picker(name: str, label: str, options: Sequence[tuple[str, str]]) -> Element | None:
    """Make a choice of one in a long list, the first to begin with; None for an empty list."""
    if not options:
        return None
    cut = [(key, tidy(words, CHOICE_LIMIT)) for key, words in options]
    return choice(name, label, cut, options[0][0]) | {"style": "compact"}


def number(name: str, label: str, *, value: int, highest: int) -> Element:
    """Make an input for a whole number from 1 to `highest`."""
    limits = {"min": 1, "max": highest, "isRequired": True}
    error = f"Enter a number from 1 to {highest}"
    return _input("Number", name, label, value=value, **limits, errorMessage=error)


def search_field(name: str, label: str, *, value: str) -> Element:
    """Make a line to type a part of a name into."""
    return _input("Text", name, label, value=tidy(value, 100), maxLength=100)


def reason_field(typed: str) -> Element:
    """Make a line to say why something is changed, holding what was said so far."""
    value = typed.replace("{{", "{\u2060{")  # or clients replace what follows
    return _input("Text", REASON, LABEL, value=value, maxLength=max(LONGEST_REASON, len(value)))


def reason_line(reason: str) -> Element | None:
    """Say why something was changed; None: no reason was given."""
    return text(bold("Reason: "), shown_reason(reason)) if reason else None


def address_field(name: str, label: str, address: str) -> Element:
    """Make a line that holds an address to be copied: in a paragraph a long one would be broken."""
    return _input("Text", name, label, value=address, style="Url")


def _input(kind: str, name: str, label: str, **more: Any) -> Element:
    return {"type": f"Input.{kind}", "id": name, "label": label, **more}


Part = Literal["good", "accent", "attention", "emphasis"]
_WIDTH = 100
_NARROWEST = 3

_COLOURS: Final[Mapping[Part, str]] = {
    "good": "good",
    "accent": "categoricalBlue",
    "attention": "attention",
    "emphasis": "categoricalLavender",
}


def bar(parts: Sequence[tuple[Part, int]]) -> Element | None:
    """Make a bar whose parts are as wide as their counts; None when there is nothing to show.

    Columns work in every client. They hold no text, so screen readers pass them by.
    """
    shown = [(style, count) for style, count in parts if count > 0]
    total = sum(count for _, count in shown)
    if not total:
        return None
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {
                "type": "Column",
                "width": max(_NARROWEST, round(count * _WIDTH / total)),
                "style": style,
                "minHeight": "8px",
                "spacing": "None",
                "items": [],
            }
            for style, count in shown
        ],
    }


def chart(parts: Sequence[tuple[str, Part, int]], instead: Element) -> Element:
    """Make a chart of the parts of a whole (label, colour, count), each with its count and share.

    Clients that don't know Teams' chart elements, which are not part of the open schema, show
    `instead` (Adaptive Cards, "fallback").
    """
    data = [{"x": label, "y": count, "color": _COLOURS[part]} for label, part, count in parts]
    if not any(count > 0 for _, _, count in parts):
        return instead
    return {
        "type": "Chart.HorizontalBar",
        "displayMode": "PartToWhole",
        "data": data,
        "fallback": instead,
    }


def list_row(left: list[str | Element], right: list[str | Element]) -> Element:
    """Make a row of a list, with something at its right edge."""
    return columns(("stretch", text(*left)), ("auto", text(*right)))


def room(name: str, limit: int) -> int:
    """How many characters of a name fit where `limit` usual ones do: an emoji takes twice as much.

    A card of ten rows with names of nothing else would be too large for Teams.
    """
    return limit - sum(letter > "\uffff" for letter in name[:limit]) // 2


def called(name: str, limit: int) -> str:
    """A name for a list, as long as `limit` usual characters (`room`)."""
    return outside(name, room(name, limit))


def notice_box(notice: str) -> Element | None:
    """Say what a click has just done; empty: nothing."""
    return box("good", text(notice)) if notice else None


def and_more(count: int) -> Element | None:
    """Say how many of a list don't stand on the card; None: all do."""
    return text(f"and {count:,} more") if count > 0 else None


def opens_group(row: Element, group_id: str, name: str, *, place: int) -> Element:
    """Make a row of a group open its form, as the article has it."""
    return opens(row, OpenGroup(group_id), f"Open {called(name, 20)}", place=place)


KEEPS_UP: Final = "This carries on without you. The card stays up to date."
"""While something takes a while."""


def invite_button(level: Level, count: int) -> Element:
    """Make the button that offers to invite those of a level who have not connected."""
    return button(ConfirmInvite(level), f"Invite {people(count)} once")


def full_warning() -> Element:
    """Say what the style `full` may do, where it is about to be used."""
    return answer("warning", "About full:", STYLES[Style.FULL].warning("people"))


def opening(level: Level) -> Click:
    """The click that opens a level's form."""
    return OpenAccount() if level.is_account else OpenGroup(level.group_id)


def after(level: Level) -> tuple[Element, Element]:
    """Make the buttons that lead on: to the level's form and to all settings."""
    title = "Open the account" if level.is_account else "Open the group"
    return button(opening(level), title), all_settings()


def all_settings(*, inputs: bool = True) -> Element:
    """Make the button that leads back to the control centre."""
    return button(ShowCentre(), "All settings", inputs=inputs)


def download(url: str, *, what: str, back: Click) -> Card:
    """Give the link to a list as a file. `what` says what the file holds, in sentences."""
    said = "The link works once, for 10 minutes, and only for you."
    return card(
        f"Your list is ready. {said}",
        heading("Your list is ready"),
        text(said),
        text(f"The page asks Microsoft who you are, then the download begins. {what}"),
        note("The download is in the history."),
        buttons(
            link("Open the download", url, "Opens a page in your browser"),
            button(back, "Back"),
        ),
    )


def no_group(name: str, *, undone: str, command: str) -> Card:
    """Say that not one group has this name, and what was not done; `command` takes the name."""
    said = f"I can’t tell which group “{outside(name, 60)}” is, so {undone}."
    return card(
        said,
        heading("Which group?"),
        text(said),
        next_step(f"Look up the name in the list, then say {command} and the name."),
        buttons(button(ListGroups(), "All groups"), all_settings()),
    )
