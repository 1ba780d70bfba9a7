"""Who of Zoom is whom in Entra: who isn't matched, domain aliases, and mappings by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
    next_step,
    note,
    subtle,
    text,
)
from cards.settings import parts
from cards.settings.clicks import CancelChange
from cards.settings.match_clicks import (
    AddAlias,
    AskRemoveAlias,
    ConfirmAllGiven,
    ConfirmGiven,
    ConfirmMine,
    DownloadList,
    GiveZoomUser,
    MatchAgain,
    RefuseMine,
    RemoveAlias,
    ShowAliases,
    ShowUnmatched,
    TakeBackGiven,
)
from cards.settings.parts import all_settings, and_more, called, notice_box
from wording.figures import people
from wording.matching import UNCOVERED, counted, summary
from wording.text import ADDRESS_LIMIT, outside, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element
    from domain.matching import Uncovered

MOST_LISTED: Final = 8
MOST_ALIASES: Final = 6
"""Aliases with a button each."""
_MOST_SHOWN: Final = 15


@dataclass(frozen=True, slots=True)
class UnmatchedRow:
    """Somebody of Zoom who isn't matched; `who` says whom it is about in Entra, if anybody."""

    name: str
    address: str
    why: Uncovered
    who: str = ""


def unmatched(
    rows: Sequence[UnmatchedRow],
    counts: Mapping[str, int],
    *,
    state: Sequence[str],
    trouble: bool,
    notice: str = "",
) -> Card:
    """List some of those who aren't matched. `counts` are all results, `state` says how it is."""
    total = sum(counts.values())
    left = sum(count for count, _ in counted(counts)) - len(rows[:MOST_LISTED])
    said = summary(counts) if total else " ".join(state[:1])
    return card(
        said,
        heading("Who can’t be matched"),
        notice_box(notice),
        text(bold(said)) if total else None,
        box("warning", *(text(sentence) for sentence in state)) if trouble else None,
        *(text(f"{count:,} {words}", spacing="Small") for count, words in counted(counts)),
        *(element for row in rows[:MOST_LISTED] for element in _row(row)),
        and_more(left if rows else 0),
        None if trouble else note(" ".join(state)),
        note(
            "To match someone by hand, say settings match, their address in Microsoft 365, and "
            "their Zoom user’s address."
        )
        if rows
        else None,
        buttons(
            button(DownloadList(), "Download…") if total else None,
            button(MatchAgain(), "Match again"),
            button(ShowAliases(), "Domain aliases"),
            all_settings(),
        ),
    )


def _row(row: UnmatchedRow) -> list[Element]:
    who = f": {called(row.who, 80)}" if row.who else ""
    return [
        text(bold(called(row.name, 40)), subtle(f" · {called(row.address, 60)}"), spacing="Small"),
        note(f"{UNCOVERED[row.why].what}{who}.", spacing="None"),
    ]


def download(url: str) -> Card:
    """Give the link to the list."""
    what = (
        "The file lists Zoom’s people and who they’re matched with. It doesn’t contain anyone’s "
        "presence."
    )
    return parts.download(url, what=what, back=ShowUnmatched())


@dataclass(frozen=True, slots=True)
class AliasRow:
    """A domain alias; `by` and `when` say who made it."""

    old: str
    new: str
    by: str
    when: str


def aliases(rows: Sequence[AliasRow], *, notice: str = "") -> Card:
    """List the domain aliases."""
    few = len(rows) <= MOST_ALIASES
    said = "There are no domain aliases." if not rows else f"Domain aliases: {len(rows):,}."
    return card(
        said,
        heading("Domain aliases"),
        notice_box(notice),
        text(
            "After a merger, people’s address in Zoom may still have the old domain. An alias says "
            "which domain it became in Microsoft 365."
        ),
        None if rows else text(bold(said)),
        *(
            element
            for row in rows[:_MOST_SHOWN]
            for element in (
                text(bold(called(row.old, 40)), f" → {called(row.new, 40)}", spacing="Small"),
                note(f"{called(row.by, 40)}, {tidy(row.when, 30)}", spacing="None"),
            )
        ),
        and_more(len(rows) - _MOST_SHOWN),
        next_step("To add one, say settings alias old.example new.example."),
        *(
            below(
                button(AskRemoveAlias(row.old), f"Remove {outside(row.old, 18)}…", key=str(place))
            )
            for place, row in enumerate(rows if few else ())
        ),
        None if few else note("To remove one, say settings alias remove old.example."),
        buttons(button(ShowUnmatched(), "Who can’t be matched"), all_settings()),
    )


def confirm_alias(old: str, new: str, *, effect: str, replaces: str = "") -> Card:
    """Have an alias confirmed. `effect` says what it would do; `replaces` is what holds now."""
    title = f"Treat {outside(old, 60)} as {outside(new, 60)}?"
    return card(
        title,
        heading(title),
        text(bold("Who is affected: "), effect),
        text(f"It takes the place of the alias {outside(old, 60)} → {outside(replaces, 60)}.")
        if replaces
        else None,
        note(
            "I only look at the new domain for people whose own address isn’t in Entra. This "
            "doesn’t start anyone."
        ),
        buttons(
            button(AddAlias(old, new), "Add alias", style="positive"),
            button(CancelChange(), "Cancel"),
        ),
    )


def confirm_removal(old: str, new: str, *, effect: str) -> Card:
    """Have the end of an alias confirmed."""
    title = f"Remove the alias {outside(old, 60)}?"
    return card(
        title,
        heading(title),
        text(f"It says that {outside(old, 60)} became {outside(new, 60)}."),
        text(bold("Who is affected: "), effect),
        buttons(
            button(RemoveAlias(old), "Remove alias", style="destructive"),
            button(CancelChange(), "Cancel"),
        ),
    )


@dataclass(frozen=True, slots=True)
class GivenView:
    """A mapping by hand as a card shows it: both addresses, and how it stands in words."""

    object_id: str
    at_ms: int
    address: str
    zoom: str
    standing: str
    confirmed: bool = False


def confirm_given(
    *,
    person: str,
    address: str,
    zoom: str,
    zoom_address: str,
    now: Sequence[str],
    object_id: str,
    zoom_id: str,
) -> Card:
    """Have a mapping by hand made. `now` says how both stand now."""
    title = "Is this their Zoom user?"
    return card(
        f"{title} {outside(address, ADDRESS_LIMIT)}: {outside(zoom_address, ADDRESS_LIMIT)}",
        heading(title),
        fact("In Entra", bold(outside(person)), f" · {outside(address, ADDRESS_LIMIT)}"),
        fact("In Zoom", bold(outside(zoom)), f" · {outside(zoom_address, ADDRESS_LIMIT)}"),
        *(text(sentence) for sentence in now),
        note(
            "It counts once they confirm it themselves, or another admin does. Until then nothing "
            "changes."
        ),
        buttons(
            button(GiveZoomUser(object_id, zoom_id), "Match them", style="positive"),
            button(CancelChange(), "Cancel"),
        ),
    )


def given(view: GivenView, *, notice: str = "", may_confirm: bool = False) -> Card:
    """Show a mapping by hand; `may_confirm`: whoever looks may confirm it."""
    return card(
        view.standing,
        heading("Matched by hand"),
        notice_box(notice),
        fact("In Entra", outside(view.address, ADDRESS_LIMIT)),
        fact("In Zoom", outside(view.zoom, ADDRESS_LIMIT)),
        box("good" if view.confirmed else "warning", text(view.standing)),
        buttons(
            button(ConfirmGiven(view.object_id, view.at_ms), "Confirm", style="positive")
            if may_confirm and not view.confirmed
            else None,
            button(TakeBackGiven(view.object_id, view.at_ms), "Take back"),
            all_settings(),
        ),
    )


def waiting(
    rows: Sequence[tuple[str, str, str]], *, total: int, mine: int, newest_ms: int, notice: str = ""
) -> Card:
    """List matches by hand that wait for a yes: address, Zoom user, who made it.

    Of `total` the reader may confirm all but the `mine` that they made themselves.
    """
    others = total - mine
    said = "No match by hand is waiting to be confirmed."
    if total:
        verb = "is" if total == 1 else "are"
        said = f"{people(total)} matched by hand {verb} waiting to be confirmed."
    return card(
        said,
        heading("Matched by hand"),
        notice_box(notice),
        text(bold(said)),
        *(
            element
            for address, zoom, by in rows[:MOST_LISTED]
            for element in (
                text(bold(called(address, 60)), spacing="Small"),
                note(f"{called(zoom, 60)}, says {called(by, 40)}", spacing="None"),
            )
        ),
        and_more(total - MOST_LISTED),
        note(f"You made {mine:,} of them yourself, so someone else needs to confirm those.")
        if mine
        else None,
        next_step("To look at one, say settings match and their address.") if total else None,
        buttons(
            button(ConfirmAllGiven(others, newest_ms), f"Confirm {others:,}", style="positive")
            if others
            else None,
            button(ShowUnmatched(), "Who can’t be matched"),
            all_settings(),
        ),
    )


def not_given(*, title: str, sentences: Sequence[str], to_do: str) -> Card:
    """Say why nobody was matched by hand."""
    return card(
        sentences[0],
        heading(title),
        answer("warning", "Nothing was changed.", sentences[0]),
        *(text(sentence) for sentence in sentences[1:]),
        next_step(to_do),
        buttons(button(ShowUnmatched(), "Who can’t be matched"), all_settings()),
    )


def which_entra(*, address: str, others: Sequence[tuple[str, str]]) -> Card:
    """Say that several people in Entra have an address; `others` are their names and addresses."""
    said = f"Several people in Entra have the address {outside(address, ADDRESS_LIMIT)}."
    return card(
        said,
        heading("Who is it?"),
        text(said),
        *(
            item("•", bold(outside(name, 40)), subtle(f" · {outside(other, 60)}"))
            for name, other in others
        ),
        next_step("Say settings match with the user principal name of the one you mean."),
        buttons(all_settings()),
    )


def is_it_yours(*, zoom_address: str, by: str, at_ms: int) -> Card:
    """Ask somebody whether a Zoom user is theirs, as an admin says."""
    address = outside(zoom_address, ADDRESS_LIMIT)
    return card(
        f"Is {address} your Zoom user?",
        heading("Is this your Zoom user?"),
        text(bold(address)),
        text(
            f"{outside(by, 60)} says this is your Zoom user. If you confirm it, your Zoom "
            "presence can be found by it. That alone doesn’t show anything to anyone."
        ),
        buttons(
            button(ConfirmMine(at_ms), "Confirm", style="positive"),
            button(RefuseMine(at_ms), "It’s not mine"),
        ),
    )


def not_yet() -> Card:
    """Say that matching can't be looked at until the update has reached every process."""
    said = "Matching can’t be used yet, because this app is being updated."
    return card(
        said,
        heading("Not yet"),
        answer("warning", "Nothing was changed.", said),
        next_step(
            "Try again in a few minutes. If that doesn’t help, ask the team that runs this app."
        ),
        buttons(all_settings()),
    )


def answered(*, title: str, said: str) -> Card:
    """Say to somebody what came of their answer."""
    return card(said, heading(title), text(said))
