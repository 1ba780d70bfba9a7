"""Every card of the morning digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.settings import digest as cards
from domain.digest import News
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from cards.build import Card


def digest_cards() -> dict[str, Card]:
    """The cards."""
    every = {str(reason): 12_345 for reason in TROUBLES}
    return {
        "digest": cards.digest(
            News({"authorize": 2, "forbidden": 1}, healed=4, unmatched=3), since="27 Nov, 08:00"
        ),
        "digest-one": cards.digest(News({"gone": 1}, 1, 1), since="27 Nov, 08:00"),
        "digest-healed": cards.digest(News(healed=1), since="27 Nov, 08:00"),
        "digest-unmatched": cards.digest(News(unmatched=2), since="27 Nov, 08:00 UTC"),
        "digest-longest": cards.digest(News(every, 98_765, 98_765), since="27 Nov, 08:00 UTC"),
        "digest-nothing": cards.nothing_new(since="27 Nov, 08:00"),
        "digest-on": cards.on(zone="Europe/Stockholm", first="Monday, 30 November"),
        "digest-on-now": cards.on(
            zone="America/Argentina/ComodRivadavia", first="Wednesday, 30 November", changed=True
        ),
        "digest-off": cards.off(),
        "digest-off-now": cards.off(changed=True),
        "digest-cant-tell": cards.cant_tell(),
        "digest-ended": cards.ended(),
    }
