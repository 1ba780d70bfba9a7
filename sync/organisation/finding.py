"""Finding people of Entra by addresses that an admin says: Microsoft's, an alias, or Zoom's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.link import fold_address
from domain.matching import EntraUser, aliased
from sync.organisation.by_hand import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.directory.store import DirectoryStore
    from sync.organisation.by_hand import HandStore
    from sync.organisation.entra import EntraDirectory
    from sync.organisation.matches import MatchStore


@dataclass(frozen=True, slots=True)
class Found:
    """Who has an address, as it was said. `users` is empty for nobody, and may be several.

    `by` is the address by which Entra knows them: another one than was said where a domain has an
    alias, or where it is only Zoom's.
    """

    address: str
    users: tuple[EntraUser, ...] = ()
    by: str = ""

    @property
    def user(self) -> EntraUser | None:
        """The one who has it; None: nobody, or several have."""
        return self.users[0] if len(self.users) == 1 else None


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks people up in Entra now, and in the newest matching."""

    entra: EntraDirectory
    matches: MatchStore
    hand: HandStore
    zoom: DirectoryStore

    async def find(self, addresses: Sequence[str]) -> list[Found]:
        """Who has each of these addresses. Raises AdminMustAct, RetryLater, Refused."""
        aliases = plain(await self.hand.aliases())
        names = {said: fold_address(said) for said in addresses}
        wanted = {said: [name, *aliased(name, aliases)] for said, name in names.items()}
        reading = await self.entra.read({name for some in wanted.values() for name in some})
        having: dict[str, list[EntraUser]] = {}
        for user in reading.users.values():
            for name in user.addresses:
                having.setdefault(name, []).append(user)
        known = dict[str, Found]()
        for said, some in wanted.items():
            by = next((name for name in some if name in having), None)
            if by is not None:
                known[said] = Found(said, tuple(having[by]), by)
        left = await self._of_zoom([name for said, name in names.items() if said not in known])
        for said, name in names.items():
            if name in left:
                known.setdefault(said, Found(said, (left[name],), left[name].address))
        return [known.get(said) or Found(said) for said in addresses]

    async def _of_zoom(self, addresses: Sequence[str]) -> dict[str, EntraUser]:
        """Who was matched with the Zoom users of these folded addresses, by an alias or by hand."""
        view = await self.zoom.view() if addresses else None
        users = {} if view is None else await view.users_by_address(addresses)
        matches = await self.matches.of_zooms([user.zoom_id for user in users.values()])
        found = {
            address: match.object_id
            for address, zoom in users.items()
            if (match := matches.get(zoom.zoom_id)) is not None and match.object_id is not None
        }
        kept = await self.matches.people(list(found.values()))
        return {address: kept[oid].user for address, oid in found.items() if oid in kept}

    async def known(self, people: Sequence[str]) -> dict[str, EntraUser]:
        """Those of these (object ids) whom Entra has now. Raises AdminMustAct, RetryLater."""
        return (await self.entra.read((), people)).users
