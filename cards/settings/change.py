"""A change in one line: the question, how far it is, what came of it, or why it can’t be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cards.build import (
    answer,
    below,
    bold,
    box,
    button,
    buttons,
    card,
    heading,
    link,
    next_step,
    note,
    text,
)
from cards.person.clicks import ShowStatus
from cards.person.help import unclear
from cards.settings.clicks import ApplyChange, CancelChange, ConfirmChange, OpenAccount
from cards.settings.parts import (
    KEEPS_UP,
    after,
    all_settings,
    bar,
    full_warning,
    invite_button,
    opening,
    reason_field,
    reason_line,
)
from domain.policy_edits import Disable, Enable, Stop
from domain.presence import Style
from wording.edits import (
    confirming,
    noticed,
    own_carries_on,
    question,
    spoken,
    why_not_inherited,
)
from wording.figures import people
from wording.policy import level_words
from wording.reason import NOT_YET, WITHOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card
    from domain.policy import Level
    from domain.policy_edits import OneLine


_UNCOUNTED = "I can’t count them right now, because I don’t have Zoom’s list of people."
_MOST_DETAILS = 9  # a form has ten fields; a group begins or ends with one

Doing = Literal["clearing", "updating"]


def confirm(
    edit: OneLine,
    *,
    version: int,
    touched: str | None,
    style: Style = Style.MIRROR,
    full: bool = False,
    ends: bool = False,
    notice: str | None = None,
    reason: str | None = None,
    own: int = 0,
) -> Card:
    """Have an edit confirmed: what it does, whom it touches, what they will notice.

    `touched` is None where people can't be counted, without Zoom's list of people. `style` is the
    style that applies afterwards; `full`: with the edit the style `full` begins for somebody;
    `ends`: the organisation's authorisation ends for somebody.
    `notice` is a sentence about somebody else's change. `reason` is what was said of it so far;
    None: reasons aren't asked for. `own`: so many carry on by a sign-in of their own that is still
    kept (domain.effect.Effect).
    """
    title = question(edit, own=own)
    return card(
        title,
        heading(title),
        box("warning", text(notice)) if notice else None,
        text(bold("Who is affected: "), touched or _UNCOUNTED),
        text(bold("What they notice: "), noticed(edit, style)),
        box("warning", text(bold("Who carries on: "), own_carries_on(own))) if own else None,
        full_warning() if full else None,
        None if reason is None else reason_field(reason),
        buttons(
            button(
                ApplyChange(edit, version),
                confirming(edit, own=own),
                style="destructive" if ends or isinstance(edit, Disable | Stop) else "positive",
            ),
            button(CancelChange(), "Cancel", inputs=False),
        ),
    )


def no_reason_yet() -> Card:
    """Say that reasons can't be kept before every process can read them."""
    return unclear(what=NOT_YET, hint=WITHOUT)


def perhaps(edit: OneLine, *, what: str, reason: str = "") -> Card:
    """Ask whether an edit was meant; its button has it confirmed. `what` was not understood."""
    said = spoken(edit, reason)
    return card(
        f"Did you mean {said}?",
        text(what, " Did you mean ", bold(said), "?"),
        note("Nothing has changed. I’ll ask you once more when you press the button."),
        buttons(button(ConfirmChange(edit, reason), f"{confirming(edit)}…"), all_settings()),
    )


def progress(
    *,
    sentence: str,
    doing: Doing,
    done: int,
    total: int,
    failed: int = 0,
    title: str = "Saved",
    reason: str = "",
) -> Card:
    """Show how far a change is carried out. `title` is its effect, `sentence` what was decided.

    `done` of `total` people includes the `failed`, for whom Microsoft did not accept it.
    """
    word = doing.capitalize()
    counted = f"{word} {done:,} of {total:,}"
    return card(
        f"{sentence} {counted}.",
        heading(title),
        text(sentence),
        reason_line(reason),
        text(bold(counted)),
        bar([("accent" if doing == "clearing" else "good", done), ("emphasis", total - done)]),
        text(_not_accepted(failed)) if failed else None,
        note(KEEPS_UP),
    )


def result(
    level: Level,
    *,
    sentence: str,
    doing: Doing = "updating",
    done: int = 0,
    failed: int = 0,
    invitable: int = 0,
    details: tuple[tuple[str, str, str], ...] = (),
    title: str = "Saved",
    not_now: str = "",
    they_notice: str = "",
    reason: str = "",
) -> Card:
    """Say what is in force now, for whom it was carried out, and what they notice of it.

    `title` is the effect, `not_now` says whom it does not touch now, `they_notice` what the others
    notice. Where presence goes off, that is no good news, whatever was pressed. `details` are the
    changed fields as (name, before, after). `invitable` people of this level have neither connected
    nor been invited. `reason` is the admin's own.
    """
    count = f"{_carried_out(doing, done, failed)} {not_now}".strip()
    return card(
        sentence,
        heading(title),
        box("warning" if failed or doing == "clearing" else "good", text(sentence)),
        *(
            text(bold(f"{label}: "), f"{old} → {new}", spacing="Small")
            for label, old, new in details[:_MOST_DETAILS]
        ),
        reason_line(reason),
        text(count) if count else None,
        text(bold("What they notice: "), they_notice) if they_notice else None,
        buttons(*after(level)),
        below(invite_button(level, invitable) if invitable else None),
    )


def unchanged(level: Level, *, sentence: str) -> Card:
    """Say that nothing is to be changed. `sentence` says how it is."""
    return card(
        f"{sentence} Nothing to change.",
        heading("Nothing to change"),
        text(sentence),
        buttons(*after(level)),
    )


def cancelled() -> Card:
    """They changed their mind."""
    return card(
        "Cancelled. Nothing was changed.",
        heading("Cancelled"),
        text("Nothing was changed."),
        buttons(all_settings()),
    )


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
    return f"Microsoft didn’t accept it for {people(failed)}. They can say status to see why."


def not_admin(*, zoom_admins: bool = False, role_url: str | None = None) -> Card:
    """Refuse somebody who is no admin, and say who is.

    `zoom_admins`: Zoom's admins who may edit the account's settings count too. `role_url`: where
    somebody can show a role that nothing else tells (https).
    """
    zoom = ", or who may edit the account’s settings in Zoom" if zoom_admins else ""
    return card(
        "Settings are for admins. Nothing was changed.",
        heading("Settings are for admins"),
        answer("neutral", "Nothing was changed.", "You’re not an admin of this app."),
        text(
            "Admins are people who have this app’s role PresenceAdmin, or who are named in its "
            f"set-up{zoom}."
        ),
        text(
            "Do you have a role in Entra? Then sign in, so I can see it. It counts for 15 minutes, "
            "and doesn’t connect your presence. The link is for you alone and works for 10 minutes."
        )
        if role_url is not None
        else None,
        next_step("Ask your IT team. For your own presence, say status, pause or style."),
        buttons(
            None
            if role_url is None
            else link("Show my role", role_url, "Opens a page to sign in, in your browser"),
            button(ShowStatus(), "Status"),
        ),
    )


def role_proven(role: str, minutes: int) -> Card:
    """Say that somebody's role counts now, and for how long."""
    return card(
        f"You have the role {role}. It counts for {minutes} minutes.",
        heading("Your role counts now"),
        answer("good", f"You have the role {role}.", f"It counts for {minutes} minutes."),
        text("After that I ask again. This doesn’t connect your presence."),
        next_step("Say settings, or settings user and a name."),
    )


def not_for_helpdesk() -> Card:
    """Refuse somebody of the helpdesk, and say what they may do."""
    return card(
        "That’s for admins. Nothing was changed.",
        heading("That’s for admins"),
        answer("neutral", "Nothing was changed.", "You’re on the helpdesk of this app."),
        text(
            "You can look up one person: say ",
            bold("settings user"),
            " and their name or address. If I’ve stopped trying for them, you can have me try "
            "again.",
        ),
        next_step("For anything else, ask an admin of this app."),
        buttons(button(ShowStatus(), "Status")),
    )


def guest() -> Card:
    """Refuse somebody from outside the organisation."""
    return card(
        "Settings are for members of this organisation.",
        heading("Settings aren’t for guests"),
        answer("neutral", "Nothing was changed.", "You’re a guest in this organisation."),
        next_step("Ask an admin of this app who is a member of the organisation."),
    )


def not_yet(level: Level) -> Card:
    """Say that something can't be chosen before every process is known to know it."""
    return card(
        "This can’t be chosen yet. Nothing was changed.",
        heading("Not yet"),
        answer("neutral", "Nothing was changed.", "This can’t be chosen yet."),
        text("The app is being updated, and not every part of it may know this yet."),
        next_step("Try again in a few minutes."),
        buttons(button(opening(level), "Settings")),
    )


def inherits(edit: OneLine) -> Card:
    """Refuse to lock a group that inherits, or to give it a priority or a style."""
    reason, level = why_not_inherited(edit), edit.level
    name = level_words(level)
    return card(
        f"{name} inherits from the account, so {reason}.",
        heading("This group inherits"),
        answer("warning", "Nothing was changed.", f"{name} inherits, so {reason}."),
        next_step("Enable or disable the group first. It then has its own settings."),
        buttons(
            button(ConfirmChange(Enable(level)), "Enable…", key="enable"),
            button(ConfirmChange(Disable(level)), "Disable…", key="disable"),
            button(CancelChange(), "Cancel"),
        ),
    )


def needs_zoom(missing: Sequence[str]) -> Card:
    """Say that groups need Zoom's API. `missing` are the names of settings that are not set."""
    names = ", ".join(missing)
    return card(
        "Groups can’t be used, because this app isn’t set up to read them from Zoom.",
        heading("Groups need Zoom’s API"),
        answer("warning", "Nothing was changed.", "This app isn’t set up to read Zoom’s groups."),
        text("Missing: ", bold(names)) if names else None,
        next_step(
            "Ask the team that runs this app to set them. Settings for the whole account still "
            "work."
        ),
        buttons(button(OpenAccount(), "Open the account")),
    )
