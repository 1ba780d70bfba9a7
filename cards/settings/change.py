"""A change in one line: the question, how far it is, and what came of it, all in one card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cards.build import below, bold, box, button, buttons, card, heading, note, text
from cards.payload import BadPayload, Verb
from cards.person.style import STYLES
from cards.settings.bar import bar
from cards.settings.centre import invite_button
from cards.settings_draft import HIGHEST_PRIORITY
from cards.settings_words import Act, Change, people
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cards.build import Card, Element
    from cards.payload import Arg, Payloads
    from cards.settings_words import Target, Touched

_MOST_DETAILS = 9  # a form has ten fields; a group begins or ends with one

Doing = Literal["clearing", "updating"]


def confirm(
    payloads: Payloads,
    card_id: str,
    target: Target,
    change: Change,
    *,
    version: int,
    touched: Touched | None,
    style: str = "mirror",
    notice: str | None = None,
) -> Card:
    """Ask before a change: what it does, whom it touches, what they will notice.

    `touched` is None where people can't be counted (Zoom's list is not to be had). `style` is the
    style that applies afterwards. `notice` is a sentence about somebody else's change.
    """
    question = _question(target, change)
    title, tone = _confirming(change)
    return card(
        question,
        heading(question),
        box("warning", text(notice)) if notice else None,
        text(bold("Whom it touches: "), _counts(touched)),
        text(bold("What they notice: "), _noticed(target, change, style)),
        buttons(
            [
                button(
                    payloads,
                    card_id,
                    Verb.SETTINGS_APPLY,
                    title,
                    style=tone,
                    version=version,
                    more=change_args(target, change),
                ),
                button(payloads, card_id, Verb.SETTINGS_CANCEL, "Cancel"),
            ]
        ),
    )


def progress(
    payloads: Payloads,
    card_id: str,
    *,
    sentence: str,
    doing: Doing,
    done: int,
    total: int,
    failed: int = 0,
    job: str = "",
) -> Card:
    """Show how far a change is carried out. `sentence` says what was decided.

    `done` of `total` people includes the `failed`, for whom Microsoft did not accept it. `job` is
    what the button "Refresh" asks for; without it there is none.
    """
    word = doing.capitalize()
    counted = f"{word} {done:,} of {total:,}"
    return card(
        f"{sentence} {counted}.",
        heading("Saved"),
        text(sentence),
        text(bold(counted)),
        bar([("good", done), ("emphasis", total - done)]),
        text(_not_accepted(failed)) if failed else None,
        note("It goes on by itself; this card follows. Nobody else has to do anything."),
        buttons(
            [button(payloads, card_id, Verb.SETTINGS_PROGRESS, "Refresh", job=job)] if job else []
        ),
    )


def result(
    payloads: Payloads,
    card_id: str,
    target: Target,
    *,
    sentence: str,
    doing: Doing = "updating",
    done: int = 0,
    failed: int = 0,
    invitable: int = 0,
    details: tuple[tuple[str, str, str], ...] = (),
) -> Card:
    """Say what is in force now, and for whom it was carried out.

    `details` are the changed fields as (name, before, after). `invitable` people of this level
    have neither connected nor been invited.
    """
    count = _carried_out(doing, done, failed)
    return card(
        sentence,
        heading("Saved"),
        box("warning" if failed else "good", text(sentence)),
        *(
            text(bold(f"{label}: "), f"{old} → {new}", spacing="Small")
            for label, old, new in details[:_MOST_DETAILS]
        ),
        text(count) if count else None,
        buttons(_after(payloads, card_id, target)),
        below([invite_button(payloads, card_id, target.group_id, invitable)] if invitable else []),
    )


def unchanged(payloads: Payloads, card_id: str, target: Target, *, sentence: str) -> Card:
    """Say that it already is as was asked. `sentence` says how it is."""
    return card(
        f"{sentence} Nothing to change.",
        heading("Nothing to change"),
        text(sentence),
        buttons(_after(payloads, card_id, target)),
    )


def cancelled(payloads: Payloads, card_id: str) -> Card:
    """They changed their mind."""
    return card(
        "Cancelled: nothing was changed.",
        heading("Cancelled"),
        text("Nothing was changed."),
        buttons([button(payloads, card_id, Verb.SETTINGS_SHOW, "All settings")]),
    )


def overtaken(who: str = "", scope: str = "", when: str = "a moment ago") -> str:
    """The sentence for a card that was overtaken by another change of the settings.

    `who` made it ("You" is the reader, empty: not known), of the level `scope` ("the account", or a
    group's name), `when` ("a moment ago", "at 14:02").
    """
    if not who:
        what = "The settings were changed a moment ago"
    else:
        what = f"{outside(who, 60)} changed the settings of {outside(scope, 60)} {when}"
    return f"{what}, so nothing was saved. This is how it is now."


def state_sentence(target: Target, change: Change) -> str:
    """What is in force once a change is made."""
    where = target.words()
    return {
        Act.ENABLE: f"Presence sync is enabled for {where}.",
        Act.DISABLE: f"Presence sync is disabled for {where}.",
        Act.INHERIT: f"{where} inherits from the account.",
        Act.LOCK: f"{_first(where)} is locked.",
        Act.UNLOCK: f"{_first(where)} is unlocked.",
        Act.PRIORITY: f"{where} has priority {change.value}.",
        Act.STYLE: f"The style for {where} is {change.value}.",
    }[change.act]


def change_args(target: Target, change: Change) -> dict[str, Arg]:
    """A change as arguments of a button."""
    return {"group": target.group_id, "act": change.act, "value": change.value}


def change_of(args: Mapping[str, Arg]) -> Change:
    """The change in a button's arguments. Raises BadPayload."""
    act, value = args.get("act"), args.get("value")
    if not isinstance(act, str) or act not in set(Act) or not isinstance(value, str):
        raise BadPayload("a change that is none")
    change = Change(Act(act), value)
    if change.act is Act.PRIORITY:
        fits = value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= HIGHEST_PRIORITY
    else:
        fits = value in STYLES if change.act is Act.STYLE else not value
    if not fits:
        raise BadPayload("a change with a wrong value")
    return change


def _first(words: str) -> str:
    return words[:1].upper() + words[1:] if words == "the account" else words


def _question(target: Target, change: Change) -> str:
    where = target.words(60)
    return {
        Act.ENABLE: f"Enable presence sync for {where}?",
        Act.DISABLE: f"Disable presence sync for {where}?",
        Act.INHERIT: f"Let {where} inherit from the account?",
        Act.LOCK: f"Lock {where}?",
        Act.UNLOCK: f"Unlock {where}?",
        Act.PRIORITY: f"Give {where} priority {change.value}?",
        Act.STYLE: f"Set the style for {where} to {change.value}?",
    }[change.act]


def _confirming(change: Change) -> tuple[str, Literal["positive", "destructive"]]:
    """The title of the confirming button says the act; switching off looks like it."""
    if change.act is Act.DISABLE:
        return "Disable", "destructive"
    titles = {
        Act.ENABLE: "Enable",
        Act.INHERIT: "Inherit",
        Act.LOCK: "Lock",
        Act.UNLOCK: "Unlock",
        Act.PRIORITY: f"Set priority {change.value}",
        Act.STYLE: f"Use {change.value}",
    }
    return titles[change.act], "positive"


def _counts(touched: Touched | None) -> str:
    if touched is None:
        return "I can’t count them, because Zoom’s list of people is not to be had."
    return touched.words() or "nobody at the moment."


def _noticed(target: Target, change: Change, style: str) -> str:
    warning = STYLES[style].warning("each person’s")
    match change.act, target.is_account:
        case Act.ENABLE, _:
            kept = warning or "A status they set themselves stays."
            return f"Their Zoom presence shows in Teams, Outlook and SharePoint. {kept}"
        case Act.DISABLE, _:
            return (
                "What I set for them is cleared, and Microsoft shows their presence without Zoom. "
                "They stay connected, so enabling it again takes nothing from them."
            )
        case Act.INHERIT, _:
            return "The account decides for them. This group’s own settings are dropped."
        case Act.LOCK, True:
            return (
                "The account decides for everyone: groups’ own settings stop counting, and nobody "
                f"can choose another style than {style}. Anyone can still pause."
            )
        case Act.LOCK, False:
            return f"They can’t choose another style than {style}. Anyone can still pause."
        case Act.UNLOCK, True:
            return "Groups’ own settings count again, and people may choose a style of their own."
        case Act.UNLOCK, False:
            return "They may choose a style of their own."
        case Act.PRIORITY, _:
            return (
                "Who is in several groups with settings of their own is decided by the one with "
                "the lowest number."
            )
        case _:
            chosen = STYLES[change.value]
            return f"{chosen.sentence} {chosen.warning('each person’s')}".rstrip()


def _carried_out(doing: Doing, done: int, failed: int) -> str:
    """What was done for people, in a sentence; empty when it was nothing."""
    said = ""
    if done:
        word = "Cleared" if doing == "clearing" else "Updated"
        said = f"{word} for {people(done)}."
    if failed:
        said += f" {_not_accepted(failed)}"
    return said.strip()


def _not_accepted(failed: int) -> str:
    return f"For {people(failed)} Microsoft did not accept it; status tells them why."


def _after(payloads: Payloads, card_id: str, target: Target) -> list[Element]:
    if target.is_account:
        level = button(payloads, card_id, Verb.SETTINGS_ACCOUNT, "Open the account")
    else:
        group = target.group_id
        level = button(payloads, card_id, Verb.SETTINGS_GROUP, "Open the group", group=group)
    return [level, button(payloads, card_id, Verb.SETTINGS_SHOW, "All settings")]
