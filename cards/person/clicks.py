"""What people can press for themselves. Anybody may, for nobody but themselves."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from cards.click import Click, click
from domain.policy import FOREVER, LONGEST_PAUSE
from domain.presence import Style

UNTIL_RESUMED: Final = 0
"""Minutes of a pause without an end."""


@click("connect.start")
class StartConnect(Click):
    """Give the person a link to sign in with Microsoft."""


@click("connect.cancel")
class CancelConnect(Click):
    """End the link that the card carries."""


@click("organisation.start")
class StartShowing(Click):
    """Show the person's Zoom presence by the organisation's authorisation."""


@click("organisation.not_for_me")
class NotForMe(Click):
    """Never show it by that, and end what is shown."""


@click("test.run")
class RunTest(Click):
    """Tell Microsoft "In a call" for five minutes, and read back what it shows."""


@click("status.show")
class ShowStatus(Click):
    """Show what Microsoft shows, and why."""


@click("disconnect.confirm")
class ConfirmDisconnect(Click):
    """Have the person confirm that they want to disconnect."""


@click("disconnect.now")
class DisconnectNow(Click):
    """Clear what Microsoft holds of us, and erase the person."""


@click("disconnect.cancel")
class CancelDisconnect(Click):
    """Stay connected."""


@click("help.show", public=True)
class ShowHelp(Click):
    """Show what can be said."""


@click("pause.start")
class StartPause(Click):
    """Pause until a time (epoch ms), else for so many minutes, else until the person resumes."""

    minutes: Annotated[int, Field(ge=0, le=LONGEST_PAUSE)] = UNTIL_RESUMED
    until_ms: Annotated[int, Field(ge=0, lt=FOREVER)] | None = None


@click("pause.end")
class EndPause(Click):
    """Go on."""


@click("style.show")
class ShowStyles(Click):
    """Show the styles, and which one is in force."""


@click("style.choose")
class ChooseOwnStyle(Click):
    """Choose a style; None: as the organisation has it."""

    style: Style | None = None


@click("style.use")
class UseStyle(Click):
    """Choose a style (None: as the organisation has it) that one was warned about."""

    style: Style | None = None


@click("notice.seen")
class NoticeSeen(Click):
    """They have read that Microsoft shows their meetings now."""


@click("invitation.decline")
class DeclineInvitation(Click):
    """They don't want to connect."""
