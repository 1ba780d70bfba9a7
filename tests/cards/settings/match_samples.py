"""Every card about who in Zoom is whom in Entra, and with texts that outsiders choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.settings import matching as cards
from cards.settings.matching import AliasRow, GivenView, UnmatchedRow
from domain.matching import LONGEST_DOMAIN, Uncovered
from wording.matching import ONLY_BASIC, alias_effect, removal_effect, state

if TYPE_CHECKING:
    from cards.build import Card

LIST_URL = "https://bridge.example.com/auth/microsoft/start?ticket=0123456789abcdefghijkl"
OID = "00000000-0000-4000-8000-000000000002"
COUNTS = {"matched": 312, **{str(why): n for n, why in enumerate(Uncovered, start=1)}}
ROWS = [
    UnmatchedRow("Ida Old", "ida@old.example", Uncovered.NOBODY),
    UnmatchedRow("Twin", "twins@example.com", Uncovered.SEVERAL, "a@example.com and b@example.com"),
    UnmatchedRow("Ben again", "ben@example.com", Uncovered.TWO_ZOOM, "ben.okafor@example.com"),
    UnmatchedRow("Room 4", "room4@example.com", Uncovered.DISABLED),
]
WELL = state(read_ms=1, reason=None, full=True, at=lambda _: "14:02")
VIEW = GivenView(
    OID,
    1_764_000_000_000,
    "ben@example.com",
    "ben.o@zoom.example",
    "Ada Lindqvist matched them by hand. It doesn’t count yet. They or another admin need to "
    "confirm it.",
)


def match_cards() -> dict[str, Card]:
    """The cards."""
    return {
        "match-unmatched": cards.unmatched(ROWS, COUNTS, state=WELL, trouble=False),
        "match-unmatched-basic": cards.unmatched(
            ROWS[:1], {"matched": 1, "nobody": 1}, state=[*WELL, ONLY_BASIC], trouble=False
        ),
        "match-unmatched-none": cards.unmatched(
            [], {"matched": 5}, state=WELL, trouble=False, notice="I’m matching everyone again."
        ),
        "match-unmatched-never": cards.unmatched(
            [],
            {},
            state=state(
                read_ms=None, reason="organisation_never_given", full=True, at=lambda _: ""
            ),
            trouble=True,
        ),
        "match-unmatched-yet": cards.unmatched(
            [],
            {},
            state=state(read_ms=None, reason=None, full=True, at=lambda _: ""),
            trouble=False,
        ),
        "match-unmatched-trouble": cards.unmatched(
            ROWS,
            COUNTS,
            state=state(read_ms=1, reason="matches_lost", full=False, at=lambda _: "14:02"),
            trouble=True,
        ),
        "match-download": cards.download(LIST_URL),
        "match-aliases": cards.aliases(
            [AliasRow("old.example", "new.example", "Ada Lindqvist", "21 Nov, 14:02")],
            notice="Saved.",
        ),
        "match-aliases-none": cards.aliases([]),
        "match-alias": cards.confirm_alias(
            "old.example",
            "new.example",
            effect=alias_effect(
                having=52,
                unmatched=40,
                looked_at=40,
                would=38,
                old="old.example",
                new="new.example",
            ),
        ),
        "match-alias-other": cards.confirm_alias(
            "old.example",
            "new.example",
            effect=alias_effect(
                having=0, unmatched=0, looked_at=0, would=0, old="old.example", new="new.example"
            ),
            replaces="newest.example",
        ),
        "match-alias-remove": cards.confirm_removal(
            "old.example", "new.example", effect=removal_effect(by_alias=38)
        ),
        "match-confirm": cards.confirm_given(
            person="Ben Okafor",
            address="ben@example.com",
            zoom="Ben O",
            zoom_address="ben.o@zoom.example",
            now=["The Zoom user now: Nobody in Entra has this address."],
            object_id=OID,
            zoom_id="zBen",
        ),
        "match-given": cards.given(VIEW, notice="Saved."),
        "match-given-other": cards.given(VIEW, may_confirm=True),
        "match-given-sure": cards.given(
            GivenView(
                *(VIEW.object_id, VIEW.at_ms, VIEW.address, VIEW.zoom),
                "Ada Lindqvist matched them by hand. Ben Okafor confirmed it, so it counts.",
                confirmed=True,
            ),
            may_confirm=True,
        ),
        "match-waiting": cards.waiting(
            [("ben@example.com", "ben.o@zoom.example", "Operator")] * 8,
            total=52,
            mine=2,
            newest_ms=VIEW.at_ms,
            notice="Confirmed: 3 people.",
        ),
        "match-waiting-one": cards.waiting(
            [("ben@example.com", "ben.o@zoom.example", "Ada")], total=1, mine=1, newest_ms=0
        ),
        "match-waiting-none": cards.waiting([], total=0, mine=0, newest_ms=0),
        "match-not-given": cards.not_given(
            title="Not found in Zoom",
            sentences=["Nobody in Zoom has the address ben.o@zoom.example."],
            to_do="Say the person’s address in Microsoft 365 first, then their Zoom user’s.",
        ),
        "match-which": cards.which_entra(
            address="twins@example.com", others=[("One", "one@example.com"), ("Two", "two@x.y")]
        ),
        "match-yours": cards.is_it_yours(
            zoom_address="ben.o@zoom.example", by="Ada Lindqvist", at_ms=VIEW.at_ms
        ),
        "match-not-yet": cards.not_yet(),
        "match-answered": cards.answered(title="Confirmed", said="Thank you."),
    }


def match_cards_for(name: str) -> dict[str, Card]:
    """The cards that show something others have named, with this name in every place."""
    rows = [UnmatchedRow(name, name, why, name) for why in Uncovered]
    counts, domain = dict.fromkeys(COUNTS, 123_456), name[:LONGEST_DOMAIN].ljust(3)
    view = GivenView(OID, 2**53 - 1, name, name, name)
    return {
        "match-unmatched": cards.unmatched(
            rows, counts, state=[name, ONLY_BASIC], trouble=True, notice=name
        ),
        "match-aliases": cards.aliases([AliasRow(domain, name, name, name)] * 6),
        "match-aliases-many": cards.aliases([AliasRow(domain, name, name, name)] * 40),
        "match-alias": cards.confirm_alias(domain, domain, effect=name, replaces=name),
        "match-alias-remove": cards.confirm_removal(domain, domain, effect=name),
        "match-confirm": cards.confirm_given(
            person=name,
            address=name,
            zoom=name,
            zoom_address=name,
            now=[name, name],
            object_id=OID,
            zoom_id="z" * 128,
        ),
        "match-given": cards.given(view, notice=name, may_confirm=True),
        "match-waiting": cards.waiting(
            [(name, name, name)] * 9, total=99_999, mine=9, newest_ms=2**53 - 1, notice=name
        ),
        "match-not-given": cards.not_given(title=name, sentences=[name, name], to_do=name),
        "match-which": cards.which_entra(address=name, others=[(name, name)] * 5),
        "match-yours": cards.is_it_yours(zoom_address=name, by=name, at_ms=2**53 - 1),
    }
