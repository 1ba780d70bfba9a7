"""Every card about who is excluded, and with texts that outsiders choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.grammar.exclusions import MOST_AT_ONCE
from cards.settings import exclusions as cards
from cards.settings.exclusions import ListRow, PersonRow, Unclear
from cards.settings.paging import PAGE_SIZE
from domain.matching import Uncovered
from domain.reason import LONGEST_REASON, reason_of
from wording.exclusions import (
    ALREADY,
    COVERED_NOW,
    NOT_EXCLUDED,
    OWN_SIGN_IN,
    THAT_IS_YOU,
)
from wording.matching import UNCOVERED

if TYPE_CHECKING:
    from cards.build import Card

ROWS = [
    PersonRow(f"00000000-0000-4000-8000-00000000000{n}", name, address, standing, acts)
    for n, (name, address, standing, acts) in enumerate(
        [
            ("Ada Lindqvist", "ada@example.com", THAT_IS_YOU, True),
            ("Ben Okafor", "ben.okafor@example.com", COVERED_NOW, True),
            ("Chiara O'Brien", "chiara@example.com", OWN_SIGN_IN, True),
            ("Dorothea Größe", "dorothea@example.com", ALREADY, False),
            ("Emeka 山田", "emeka@example.com", f"{UNCOVERED[Uncovered.DISABLED].what}.", True),
            ("", "farid@example.com", "", True),
        ],
        start=1,
    )
]
UNCLEAR = Unclear(("nobody@example.com", "typo@exmaple.com"), ("twins@example.com",))
COUNTS = {"disabled": 7, "external": 3, "no-teams": 2}
LISTED = [
    ListRow("Ben Okafor", "ben.okafor@example.com", "INC0012345 · Ada Lindqvist, 3 Nov, 14:02"),
    ListRow("", "farid@example.com", "Ada Lindqvist, today, 09:10"),
]
LIST_URL = "https://bridge.example.com/auth/microsoft/start?ticket=0123456789abcdefghijkl"
WHY = "INC0012345: on leave until spring"


def exclusion_cards() -> dict[str, Card]:
    """The cards."""
    return {
        "exclude": cards.confirm(ROWS, UNCLEAR, reason=WHY, include=False),
        "exclude-one": cards.confirm(ROWS[1:2], Unclear(), reason="", include=False),
        "exclude-nobody": cards.confirm([], UNCLEAR, reason="", include=False),
        "exclude-again": cards.confirm(ROWS[3:4], Unclear(), reason="", include=False),
        "exclude-done": cards.excluded(count=2, before=1, clearing=1, reason=WHY),
        "exclude-before": cards.excluded(count=0, before=1, clearing=0, reason=""),
        "exclude-too-many": cards.too_many(50_000),
        "include": cards.confirm(
            [ROWS[1], PersonRow(*_OTHER, NOT_EXCLUDED, acts=False)],
            Unclear(("nobody@example.com",)),
            reason="",
            include=True,
        ),
        "include-done": cards.included_again(count=2),
        "include-late": cards.included_again(count=0),
        "excluded": cards.listed(
            LISTED, page=1, total=23, by_hand=23, counts=COUNTS, automatic=False
        ),
        "excluded-download": cards.download(LIST_URL),
        "excluded-none": cards.listed([], page=0, total=0, by_hand=0, counts={}, automatic=False),
        "excluded-by-account": cards.listed(
            [ListRow("Room 4", "room4@example.com", f"{UNCOVERED[Uncovered.RESOURCE].what}.")],
            page=0,
            total=12,
            by_hand=1,
            counts=COUNTS,
            automatic=True,
        ),
    }


_OTHER = (ROWS[0].object_id, ROWS[0].name, ROWS[0].address)


def exclusion_cards_for(name: str) -> dict[str, Card]:
    """The cards that show something others have named, with this name in every place."""
    longest = f"{THAT_IS_YOU} {OWN_SIGN_IN} {UNCOVERED[Uncovered.DISABLED].what}."
    rows = [
        PersonRow(f"00000000-0000-4000-8000-{n:012d}", name, name, longest)
        for n in range(MOST_AT_ONCE)
    ]
    reason = reason_of(name[:LONGEST_REASON])
    return {
        "exclude": cards.confirm(rows, Unclear(), reason=reason, include=False),
        "exclude-unclear": cards.confirm(
            rows[:1], Unclear((name,) * 10, (name,) * 9), reason=reason, include=False
        ),
        "exclude-nobody": cards.confirm(
            [], Unclear((name,) * MOST_AT_ONCE), reason="", include=False
        ),
        "exclude-done": cards.excluded(count=25, before=25, clearing=25, reason=reason),
        "include": cards.confirm(rows, Unclear(), reason="", include=True),
        "excluded": cards.listed(
            [ListRow(name, name, f"{reason} · {name[:60]}")] * PAGE_SIZE,
            page=1,
            total=50_000,
            by_hand=50_000,
            counts={str(why): 123_456 for why in Uncovered if why.leaves_out},
            automatic=False,
        ),
    }
