"""The card of the organisation's authorisation, from what is known of it."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from cards.settings.organisation import OpenLink, organisation
from wording.consent import ANSWERS
from wording.figures import clock_time

if TYPE_CHECKING:
    from bot.consent.store import LinkRow
    from cards.build import Card
    from domain.organisation import Consent, Coverage


def card_of(
    consent: Consent,
    row: LinkRow | None,
    now_ms: int,
    *,
    zone: tzinfo = UTC,
    coverage: Coverage | None = None,
) -> Card:
    """Make it; `row` is the address that works (None: there is none)."""

    def at(moment_ms: int) -> str:
        return clock_time(moment_ms, now_ms, zone)

    ends = consent.until_ms
    open_link = None
    if row is not None and row.link is not None:
        last = row.last
        said = "" if last is None else ANSWERS[last.answer].card
        open_link = OpenLink(
            row.link.name,
            at(row.link.until_ms),
            f"At {at(last.at_ms)}: {said}" if last is not None and said else "",
        )
    return organisation(
        consent,
        since="" if consent.since_ms is None else at(consent.since_ms),
        until=at(ends) if ends is not None and ends > now_ms else "",
        open_link=open_link,
        coverage=coverage,
    )
