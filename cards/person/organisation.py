"""Where the organisation authorises it: what is shown, Start, and Not for me."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import answer, bold, box, button, buttons, card, heading, item, note, text
from cards.person.clicks import CancelDisconnect, DisconnectNow, NotForMe, ShowStatus, StartShowing
from cards.person.connect import after, zoom_account
from wording.organisation import (
    NO_APP_NEEDED,
    OWN_SIGN_IN_TILL_START,
    SHOWN_UNASKED,
    own_sign_in_kept,
    own_sign_in_until,
    what_is_left,
    without_app,
)
from wording.policy import OWN_STATUS_STAYS
from wording.text import addressed

if TYPE_CHECKING:
    from cards.build import Card
    from domain.link import Ending
    from wording.organisation import Said


def notice(*, starts: str, page: str = "", own: bool = False) -> Card:
    """Say what will be shown from a day on, unless the person says no.

    `page` is the address where they can, without the app. `own`: they are connected by a sign-in of
    their own.
    """
    return card(
        f"From {starts}, Teams shows when you’re busy in Zoom, unless you choose Not for me.",
        heading("Your Zoom meetings will show in Teams"),
        text(
            bold(f"From {starts} "),
            "your organisation lets Teams and Outlook show when you’re busy in Zoom. You don’t "
            "have to do anything.",
        ),
        item("•", bold("What is shown: "), SHOWN_UNASKED),
        item("•", bold("Your own status: "), OWN_STATUS_STAYS),
        item("•", bold("Your own sign-in: "), own_sign_in_until(starts)) if own else None,
        item("•", bold("If you don’t want it: "), "choose Not for me, now or at any time later."),
        note(NO_APP_NEEDED + without_app(page)),
        buttons(
            button(StartShowing(), "Start now", style="positive"),
            button(NotForMe(), "Not for me"),
        ),
    )


def offer(
    *,
    name: str = "",
    opted_out: bool = False,
    page: str = "",
    own: bool = False,
) -> Card:
    """Say what will be shown, and let the person decide.

    `opted_out`: they said *Not for me* before. `page` is where they can say it without the app.
    `own`: they are connected by a sign-in of their own.
    """
    asked = "your organisation asks whether Teams and Outlook may show when you’re busy in Zoom."
    again = "You chose Not for me before. You can still change your mind."
    return card(
        "Show your Zoom meetings in Teams? You don’t have to sign in.",
        heading("Show your Zoom meetings in Teams?"),
        text(addressed(name, asked)),
        item("•", bold("Nothing to set up. "), "Your organisation allowed it once for everyone."),
        item("•", bold("What is shown: "), SHOWN_UNASKED),
        item("•", bold("Your own status: "), OWN_STATUS_STAYS),
        item("•", bold("Your own sign-in: "), OWN_SIGN_IN_TILL_START) if own else None,
        text(again) if opted_out else None,
        note(f"It only starts if you choose Start. {NO_APP_NEEDED}{without_app(page)}"),
        buttons(
            button(StartShowing(), "Start", style="positive"),
            button(NotForMe(), "Not for me"),
        ),
    )


def started(
    *, name: str, zoom_address: str, presence_now: str | None = None, own_until: str = ""
) -> Card:
    """Say that it begins; `presence_now` is a sentence on what Zoom says at this moment.

    `own_until`: until which day a sign-in of their own is kept; empty: there is none.
    """
    said = "from now on I’ll tell Microsoft 365 when you’re in a Zoom meeting or call."
    return card(
        f"Started: {said}",
        heading("Started"),
        answer("good", "All set.", addressed(name, said)),
        zoom_account(zoom_address),
        text(presence_now or "It’ll show at your next change in Zoom."),
        text(own_sign_in_kept(own_until)) if own_until else None,
        note(NO_APP_NEEDED),
        buttons(*after(on=True)),
    )


def starting() -> Card:
    """It takes longer than somebody waits in a chat, and goes on."""
    return card(
        "I’m starting it. This takes a little longer than usual.",
        heading("Starting"),
        text(
            "This is taking a little longer than usual. Say status in a minute to see how it went."
        ),
        buttons(button(ShowStatus(), "Status")),
    )


def not_started(said: Said) -> Card:
    """Say why it did not start, and what to do."""
    title, (happened, *more) = said
    return card(
        f"Not started: {happened}",
        heading(title),
        box("attention", text(happened)),
        *(text(sentence) for sentence in more),
        buttons(
            button(StartShowing(), "Start", style="positive"),
            button(NotForMe(), "Not for me"),
        ),
    )


def opted_out(ending: Ending | None, *, until: str = "", own_sign_in: bool = False) -> Card:
    """Confirm *Not for me*; `ending` is what came of what was shown, None: nothing was.

    `until`: when what is left at Microsoft ends at the latest (a time). `own_sign_in`: they are
    connected by a sign-in of their own, which this does not end.
    """
    return card(
        "All right: your organisation can’t start this for you.",
        heading("Not for you"),
        text(
            bold("All right. "),
            "Your organisation can’t start this for you, whatever your admins change.",
        ),
        text(what_is_left(ending, until)) if ending is not None else None,
        text("You’re still connected by your own sign-in. To end that, say disconnect.")
        if own_sign_in
        else None,
        note("I keep your choice as a code that doesn’t say who you are. Say connect to undo it."),
        buttons(button(StartShowing(), "Start after all")),
    )


def confirm(*, name: str, own: bool = False, told: bool = False) -> Card:
    """Have disconnecting confirmed where it is *Not for me*, too.

    By somebody whom the organisation authorised (`own`: a sign-in of their own is still kept), or
    who is connected by a sign-in of their own and was `told` that the organisation starts it.
    """
    sign_in = "your own sign-in" if told else "your own sign-in, which I still keep"
    cannot = "can’t start it for you" if told else "can’t start it again for you"
    end = DisconnectNow() if told else NotForMe()
    return card(
        "Do you want to disconnect?",
        heading("Disconnect?"),
        text(addressed(name, "this clears the presence I set for you. It also erases:")),
        item("•", "what Zoom told me about you"),
        item("•", "your pause and your style"),
        item("•", sign_in) if own or told else None,
        text(
            bold("What I keep: "),
            "that you don’t want this, as a code that doesn’t say who you are. Your "
            f"organisation {cannot}. Only you can.",
        ),
        buttons(
            button(end, "Disconnect", style="destructive"),
            button(CancelDisconnect(), "Cancel"),
        ),
    )


def not_begun(*, name: str) -> Card:
    """Answer `disconnect` of somebody who was told, and for whom nothing has started."""
    return card(
        "Nothing from Zoom is shown for you right now.",
        heading("Not connected"),
        text(addressed(name, "nothing from Zoom is shown for you right now.")),
        text(
            "If you don’t want your organisation to start it, choose Not for me. Then only you can "
            "start it."
        ),
        buttons(
            button(NotForMe(), "Not for me"),
            button(CancelDisconnect(), "Cancel"),
        ),
    )
