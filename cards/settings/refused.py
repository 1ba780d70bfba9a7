"""When settings can't be changed: who may, and what is missing, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, next_step, text
from cards.person.clicks import ShowStatus
from cards.settings.clicks import CancelChange, ConfirmChange, OpenAccount
from domain.policy_edits import Disable, Enable
from wording.edits import why_not_inherited
from wording.policy import level_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card
    from domain.policy_edits import OneLine


def not_admin(*, zoom_admins: bool = False) -> Card:
    """Refuse somebody who is no admin, and say who is.

    `zoom_admins`: Zoom's admins who may edit the account's settings count too.
    """
    zoom = ", or who may edit the account’s settings in Zoom" if zoom_admins else ""
    return card(
        "Settings are for admins. Nothing was changed.",
        heading("Settings are for admins"),
        box("neutral", text(bold("Nothing was changed. "), "You are not an admin of this app.")),
        text(
            "Who can: people who have this app’s role PresenceAdmin, or who are named in its "
            f"set-up{zoom}."
        ),
        next_step("Ask your IT team. For your own presence, say status, pause or style."),
        buttons([button(ShowStatus(), "Status")]),
    )


def guest() -> Card:
    """Refuse somebody from outside the organisation."""
    return card(
        "Settings are for members of this organisation.",
        heading("Settings are not for guests"),
        box(
            "neutral",
            text(bold("Nothing was changed. "), "You are a guest in this organisation."),
        ),
        next_step("Ask a member of the organisation who is an admin of this app."),
    )


def inherits(edit: OneLine) -> Card:
    """Refuse to lock a group that inherits, or to give it a priority or a style."""
    reason, level = why_not_inherited(edit), edit.level
    name = level_words(level)
    return card(
        f"{name} inherits from the account, so {reason}.",
        heading("This group inherits"),
        box("warning", text(bold("Nothing was changed. "), f"{name} inherits, so {reason}.")),
        next_step("Enable or disable the group first. From then on it manages its own settings."),
        buttons(
            [
                button(ConfirmChange(Enable(level)), "Enable …", key="enable"),
                button(ConfirmChange(Disable(level)), "Disable …", key="disable"),
                button(CancelChange(), "Cancel"),
            ]
        ),
    )


def needs_zoom(missing: Sequence[str]) -> Card:
    """Say that groups need Zoom's API. `missing` are the names of settings that are not set."""
    names = ", ".join(missing)
    return card(
        "Groups can’t be used: this app is not set up to read them from Zoom.",
        heading("Groups need Zoom’s API"),
        box(
            "warning",
            text(bold("Nothing was changed. "), "This app is not set up to read Zoom’s groups."),
        ),
        text("Missing: ", bold(names)) if names else None,
        next_step(
            "Ask whoever runs this app to set them. Settings for the whole account work without."
        ),
        buttons([button(OpenAccount(), "Open the account")]),
    )
