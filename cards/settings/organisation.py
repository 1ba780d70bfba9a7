"""What the organisation allows the app without anybody signing in, and how it is asked to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cards.build import (
    answer,
    below,
    bold,
    box,
    button,
    buttons,
    card,
    fact,
    heading,
    item,
    link,
    next_step,
    note,
    subtle,
    text,
)
from cards.settings.clicks import AskForConsent, ConfirmChange, EndConsentLink, ShowOrganisation
from cards.settings.parts import address_field, all_settings
from domain.organisation import Matching, Why, beyond, missing
from domain.policy_edits import Stop
from wording.consent import (
    MATCHING,
    STARTS_NOBODY,
    WHO_MAY,
    WHY,
    more_than_needed,
    right_words,
)
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card, Element
    from domain.organisation import Consent, Coverage
    from wording.status import Tone

_TITLE = "The organisation’s authorisation"


@dataclass(frozen=True, slots=True)
class OpenLink:
    """An address that was made and still works: by whom, until when, and what came of it last.

    In words; `last` is a whole sentence, empty before anybody has tried.
    """

    by: str
    until: str
    last: str = ""


def organisation(
    consent: Consent,
    *,
    since: str,
    until: str,
    open_link: OpenLink | None = None,
    coverage: Coverage | None = None,
) -> Card:
    """Show whether the organisation authorises the app, since when, for which rights, for whom.

    `since` and `until` are times in words: since when it works; when what Microsoft still holds has
    ended by itself (empty: it has, or there is nothing). `coverage` is None where nobody counts.
    """
    lead, tone = _lead(consent, since)
    why = None if consent.why is None else WHY[consent.why]
    more = more_than_needed(beyond(consent.rights)) if consent.rights else ""
    return card(
        f"{_TITLE}: {lead[0].lower()}{lead[1:]}",
        heading(_TITLE),
        box(
            tone,
            text(bold(lead)),
            text(why.what, spacing="Small") if why else None,
            text(
                f"I no longer set anything with this authorisation. What I’ve set with it ends by "
                f"{until}. People whose own sign-in I still keep carry on with that.",
                spacing="Small",
            )
            if until
            else None,
        ),
        next_step(why.to_do) if why and consent.why is not Why.UNREACHABLE else None,
        *_rights(consent),
        box("warning", text(more)) if more else None,
        *_coverage(coverage),
        _open(open_link),
        note(STARTS_NOBODY),
        buttons(
            None if _is_whole(consent) else button(AskForConsent(), "Authorise", style="positive"),
            button(EndConsentLink(), "End the address") if open_link else None,
            button(ConfirmChange(Stop()), "Stop and clear everyone") if _in_use(coverage) else None,
            button(ShowOrganisation(), "Refresh"),
            all_settings(),
        ),
    )


def _lead(consent: Consent, since: str) -> tuple[str, Tone]:
    if consent.may_write:
        return f"Authorised since {since}.", "good" if consent.why is None else "warning"
    if consent.worked:
        return "No longer authorised.", "attention"
    return "Not authorised.", "neutral"


def _in_use(coverage: Coverage | None) -> bool:
    """Whether anybody is shown by it, or is to be."""
    return coverage is not None and coverage.covered + coverage.waiting > 0


def _is_whole(consent: Consent) -> bool:
    return consent.may_write and not missing(consent.rights)


def _rights(consent: Consent) -> list[Element]:
    """What it allows, right by right, and what is missing."""
    used = [name for name in consent.rights if right_words(name)]
    if not used:
        return []
    rows = [text(bold("The app may"))]
    rows += [item("•", f"{right_words(name)} ", subtle(f"({name})")) for name in used]
    if consent.matching is not Matching.FULL and consent.may_write:
        rows.append(box("warning", text(MATCHING[consent.matching])))
    return rows


def _coverage(coverage: Coverage | None) -> list[Element]:
    if coverage is None:
        return []
    rows = [
        ("covered", "Covered", "presence sync is on for them by the organisation’s authorisation"),
        ("waiting", "Waiting", "matched, and not started yet"),
        ("unmatched", "Unmatched", "no account, or several, found for a Zoom user"),
        ("opted_out", "Not for me", "their own choice, which always counts"),
        ("in_trouble", "Problems", "it’s on for them but doesn’t work"),
    ]
    return [
        text(bold("People")),
        *(
            fact(f"{getattr(coverage, name):,}", bold(label), f": {meaning}")
            for name, label, meaning in rows
        ),
    ]


def _open(open_link: OpenLink | None) -> Element | None:
    if open_link is None:
        return None
    return box(
        "neutral",
        text(
            f"{outside(open_link.by)} made an address for someone who may consent. It works until "
            f"{open_link.until}."
        ),
        text(open_link.last, spacing="Small") if open_link.last else None,
    )


def ended_banner(why: Why, until: str) -> Element:
    """Make the warning for the control centre; `until` as for the card."""
    left = f" What I’ve set with it ends by {until}." if until else ""
    return box(
        "attention",
        text(bold("The organisation’s authorisation has ended. "), f"{WHY[why].what}{left}"),
        buttons(button(ShowOrganisation(), "See what to do")),
    )


def pass_on(address: str, *, until: str) -> Card:
    """Give the address at which somebody may consent, to be opened or sent on."""
    return card(
        f"Here is the address for someone who may consent. It works until {until}.",
        heading("Authorise for the whole organisation"),
        text(
            "Open this address yourself, or send it to someone who may consent. It works until "
            f"{until}, and only leads to Microsoft’s own page."
        ),
        text(WHO_MAY),
        address_field("address", "Address to send on", address),
        note(
            "Microsoft’s page lists everything the app’s registration asks for, and consent "
            f"covers all of it. {STARTS_NOBODY} This card changes once it’s done."
        ),
        buttons(
            link("Open the page", address, "Opens the page in your browser"),
            button(EndConsentLink(), "Cancel", inputs=False),
        ),
        below(button(ShowOrganisation(), "Refresh", inputs=False)),
    )


def not_by_zoom() -> Card:
    """Say that an admin by a role in Zoom can't do this."""
    said = "Your role in Zoom isn’t enough for this."
    return card(
        said,
        heading(_TITLE),
        answer(
            "neutral",
            said,
            "It’s about your organisation’s Microsoft 365, so it takes an admin with the app "
            "role PresenceAdmin in Entra, or one named in ADMIN_OBJECT_IDS.",
        ),
        buttons(all_settings()),
    )


def not_before_all_are_new() -> Card:
    """Say that a part of the app still runs the previous release."""
    said = "This isn’t available yet."
    return card(
        said,
        heading(_TITLE),
        answer(
            "neutral",
            said,
            "The app is being updated, and part of it still runs the previous version. Try "
            "again in a few minutes.",
        ),
        buttons(all_settings()),
    )
