"""Mappings by hand: an admin says whose a Zoom user is, and somebody else says yes.

That is the person, in their own chat, or another admin. For admins the guard has made sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.handlers.settings.entra import in_time, unreachable
from bot.handlers.settings.guard import actor
from cards.click import BadInput
from cards.settings import matching as match_cards
from cards.settings.people import too_often
from domain.link import fold_address
from sync.organisation.by_hand import Given, TooMany
from wording.figures import people

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.grammar.matching import MatchByHand
    from bot.handlers.ports import ZoomDirectory
    from bot.handlers.settings.entra import Entra
    from bot.request import Turn
    from cards.build import Card
    from cards.settings.match_clicks import (
        ConfirmAllGiven,
        ConfirmGiven,
        ConfirmMine,
        GiveZoomUser,
        RefuseMine,
        TakeBackGiven,
    )
    from domain.matching import EntraUser
    from sync.organisation.by_hand import HandStore
    from sync.organisation.matches import MatchStore
    from sync.settings.audit import AuditLog

_CHANGED = (
    "This has changed in the meantime, so nothing was done. Say settings match and their address."
)


@dataclass(frozen=True, slots=True)
class ByHandHandler:
    """Shows and changes them. `may_look_up` counts an admin's look-ups (by object id).

    `tell` sends a card to somebody's own chat, where they have one. `line_about` says how a Zoom
    user, or somebody of Entra, is matched.
    """

    directory: ZoomDirectory
    store: MatchStore
    by_hand: HandStore
    entra: Entra
    audit: AuditLog
    may_look_up: Callable[[str], Awaitable[bool]]
    tell: Callable[[str, Card], Awaitable[object]]
    line_about: Callable[[str | None, str | None], Awaitable[str]]

    async def match(self, turn: Turn, said: MatchByHand) -> Card:
        """Have a mapping by hand confirmed, or show the one that there is."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        if not said.person:
            return await self._waiting(turn)
        address = fold_address(said.person)
        await self.audit.looked_up(actor(turn), address)
        reading = await in_time(self.entra.read({address}))
        if reading is None:
            return unreachable()
        found = [user for user in reading.users.values() if address in user.addresses]
        if len(found) > 1:
            named = [user for user in found if user.address == address]
            if len(named) != 1:
                return match_cards.which_entra(
                    address=address, others=[(user.name, user.address) for user in found]
                )
            found = named
        if not found:
            return match_cards.not_given(
                title="Not found in Entra",
                sentences=[f"Nobody in Entra has the address {address}."],
                to_do="Say their address in Microsoft 365 first, then their Zoom user’s.",
            )
        if not said.zoom:
            return await self._standing(turn, found[0])
        return await self._confirm(turn, found[0], said.zoom)

    async def _standing(self, turn: Turn, user: EntraUser) -> Card:
        given = await self.by_hand.of_person(user.object_id)
        if given is not None:
            return self._given(turn, given)
        line = await self.line_about(None, user.object_id)
        return match_cards.not_given(
            title="Not matched by hand",
            sentences=["They aren’t matched by hand.", *([line] if line else [])],
            to_do=f"To do so, say settings match {user.address} and their Zoom user’s address.",
        )

    async def _confirm(self, turn: Turn, user: EntraUser, zoom: str) -> Card:
        view, address = await self.directory.view(), fold_address(zoom)
        listed = None if view is None else await view.user_by_address(address)
        if listed is None:
            return match_cards.not_given(
                title="Not found in Zoom",
                sentences=[f"Nobody in Zoom has the address {address}."],
                to_do="Say the person’s address in Microsoft 365 first, then their Zoom user’s.",
            )
        given = await self.by_hand.of_person(user.object_id)
        if given is not None and given.zoom_id == listed.zoom_id:
            return self._given(turn, given)  # a second admin may say yes to it here
        now = []
        if given is not None:
            now.append(f"Until now {given.zoom_address} was theirs by hand. That ends.")
        line = await self.line_about(listed.zoom_id, None)
        if line:
            now.append(f"The Zoom user now: {line}")
        return match_cards.confirm_given(
            person=user.name,
            address=user.address,
            zoom=listed.name,
            zoom_address=listed.address,
            now=now,
            object_id=user.object_id,
            zoom_id=listed.zoom_id,
        )

    async def give(self, turn: Turn, click: GiveZoomUser) -> Card:
        """Keep a mapping; whom it is about is asked, if they have the app."""
        view = await self.directory.view()
        listed = None if view is None else await view.user(click.zoom_id)
        reading = await in_time(self.entra.read((), [click.person]))
        if reading is None:
            return unreachable()
        user = reading.users.get(click.person)
        if listed is None or user is None:
            raise BadInput(_CHANGED)
        before = await self.by_hand.of_person(user.object_id)
        by, at_ms = actor(turn), await self.by_hand.now_ms()
        given = Given(user.object_id, user.address, listed.zoom_id, listed.address, by, at_ms)
        if before is not None and before.zoom_id == given.zoom_id:
            return self._given(turn, before)
        try:
            await self.by_hand.give(given)
        except TooMany:
            raise BadInput(
                "Too many people are matched by hand, so nothing was changed. Correct the "
                "addresses in Zoom instead."
            ) from None
        await self._record(turn, given, before, "waits for a yes")
        if before is not None and before.mapping().counts:
            await self.store.request_matching()
        card = match_cards.is_it_yours(zoom_address=listed.address, by=by.name, at_ms=at_ms)
        await self.tell(user.object_id, card)
        return self._given(turn, given, notice="Saved.")

    async def confirm(self, turn: Turn, click: ConfirmGiven) -> Card:
        """Say yes to what another admin said."""
        given = await self._seen(click.person, click.at_ms)
        if given.by.actor_id == turn.person.object_id:
            raise BadInput(
                "You matched them yourself, so someone else needs to confirm it: they or another "
                "admin. Nothing was changed."
            )
        return await self._confirmed(turn, given)

    async def confirm_all(self, turn: Turn, click: ConfirmAllGiven) -> Card:
        """Say yes to all that others have said; asked again where there are more by now."""
        waits = [it for it in await self._unsure() if it.by.actor_id != turn.person.object_id]
        newest = max((it.at_ms for it in waits), default=0)
        if not waits or len(waits) > click.people or newest > click.newest_ms:
            return await self._waiting(turn)
        done = 0
        for given in waits:
            sure = await self.by_hand.confirm(given, actor(turn))
            if sure is not None:
                await self._record(turn, sure, given, "confirmed")
                done += 1
        await self.store.request_matching()
        return await self._waiting(turn, notice=f"Confirmed: {people(done)}.")

    async def _unsure(self) -> list[Given]:
        """The mappings that wait for a yes, the oldest first."""
        rows = (await self.by_hand.everything()).values()
        return sorted((it for it in rows if it.confirmed is None), key=lambda it: it.at_ms)

    async def _waiting(self, turn: Turn, *, notice: str = "") -> Card:
        waits = await self._unsure()
        others = [it for it in waits if it.by.actor_id != turn.person.object_id]
        return match_cards.waiting(
            [(it.address, it.zoom_address, it.by.name) for it in waits],
            total=len(waits),
            mine=len(waits) - len(others),
            newest_ms=max((it.at_ms for it in others), default=0),
            notice=notice,
        )

    async def take_back(self, turn: Turn, click: TakeBackGiven) -> Card:
        """End a mapping by hand."""
        given = await self._seen(click.person, click.at_ms)
        await self.by_hand.take_back(given.object_id)
        await self._record(turn, None, given, "")
        if given.mapping().counts:
            await self.store.request_matching()
        return match_cards.answered(
            title="Taken back",
            said=f"{given.address} isn’t matched by hand any more.",
        )

    async def mine(self, turn: Turn, click: ConfirmMine) -> Card:
        """Somebody says that the Zoom user is theirs."""
        given = await self._own(turn, click.at_ms)
        if given is None:
            return _over()
        if given.by.actor_id == turn.person.object_id:
            return match_cards.answered(
                title="Another admin needs to confirm this",
                said="You matched yourself by hand, so another admin needs to confirm it.",
            )
        await self._confirmed(turn, given)
        return match_cards.answered(
            title="Confirmed", said=f"Thank you. {given.zoom_address} is your Zoom user."
        )

    async def not_mine(self, turn: Turn, click: RefuseMine) -> Card:
        """Somebody says that it isn't."""
        given = await self._own(turn, click.at_ms)
        if given is None:
            return _over()
        await self.by_hand.take_back(given.object_id)
        await self._record(turn, None, given, "")
        if given.mapping().counts:
            await self.store.request_matching()
        return match_cards.answered(
            title="Thank you",
            said=f"{given.zoom_address} won’t be used as yours. Your admin can see that.",
        )

    async def _confirmed(self, turn: Turn, seen: Given) -> Card:
        given = await self.by_hand.confirm(seen, actor(turn))
        if given is None:
            raise BadInput(_CHANGED)
        if seen.confirmed is None:
            await self._record(turn, given, seen, "confirmed")
            await self.store.request_matching()
        return self._given(turn, given, notice="Confirmed. It counts in a minute or so.")

    async def _seen(self, object_id: str, at_ms: int) -> Given:
        """The mapping that a button was made for. Raises BadInput where it is another one."""
        given = await self.by_hand.of_person(object_id)
        if given is None or given.at_ms != at_ms:
            raise BadInput(_CHANGED)
        return given

    async def _own(self, turn: Turn, at_ms: int) -> Given | None:
        given = await self.by_hand.of_person(turn.person.object_id)
        return given if given is not None and given.at_ms == at_ms else None

    async def _record(
        self, turn: Turn, given: Given | None, before: Given | None, state: str
    ) -> None:
        about = given or before
        if about is not None:
            await self.audit.matching(
                actor(turn),
                f"user:{about.address}",
                about.address,
                old=None if before is None else _facts(before),
                new=None if given is None else {**_facts(given), "state": state},
            )

    def _given(self, turn: Turn, given: Given, *, notice: str = "") -> Card:
        made = f"{given.by.name} matched them by hand."
        sure = given.confirmed
        standing = (
            f"{made} It doesn’t count yet. They or another admin need to confirm it."
            if sure is None
            else f"{made} {sure.name} confirmed it, so it counts."
        )
        return match_cards.given(
            match_cards.GivenView(
                given.object_id,
                given.at_ms,
                given.address,
                given.zoom_address,
                standing,
                confirmed=sure is not None,
            ),
            notice=notice,
            may_confirm=given.by.actor_id != turn.person.object_id,
        )


def _facts(given: Given) -> dict[str, str]:
    return {
        "zoom_user": given.zoom_address,
        "state": "waits for a yes" if given.confirmed is None else "confirmed",
    }


def _over() -> Card:
    return match_cards.answered(
        title="This is over", said="This question is out of date. There’s nothing to do."
    )
