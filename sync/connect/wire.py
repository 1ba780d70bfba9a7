"""The room of connecting, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.link import addresses_of
from domain.policy import AuthorisedBy
from sync.connect.bearers import Bearers
from sync.connect.resealing import PAUSE, Resealing
from sync.connect.sealed import ButtonKey, OptOutKey, SealedStore
from sync.connect.tokens import Tokens
from sync.connect.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from domain.person import PersonState
    from sync.connect.tokens import Refresher
    from sync.engine.people import PeopleStore
    from sync.engine.ports import Profile
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class ConnectRoom:
    """What is sealed, and whom it lets us be at Microsoft.

    `profile` reads who somebody is with an access token of theirs, `addresses_of_user`
    reads somebody's folded addresses with ours. `button_key_in_need` signs
    buttons where the stored key does not open; it is the same for all who seal alike.
    """

    vault: Vault
    tokens: Tokens
    bearers: Bearers
    profile: Callable[[str], Awaitable[Profile]]
    addresses_of_user: Callable[[str], Awaitable[tuple[str, ...]]]
    button_key: ButtonKey
    button_key_in_need: bytes
    resealing: Resealing

    async def addresses(self, state: PersonState) -> tuple[str, ...]:
        """A connected person's folded addresses, as Microsoft says now. Raises domain.errors'."""
        if state.authorised_by is AuthorisedBy.ORGANISATION:
            return await self.addresses_of_user(state.object_id)
        profile = await self.profile(await self.bearers.token_for(state))
        return addresses_of(profile.upn, profile.mail)

    async def key_of_buttons(self) -> bytes:
        """The key that signs buttons now. Raises REDIS_TROUBLE."""
        return await self.button_key.load() or self.button_key_in_need


def wire(
    people: PeopleStore,
    redis: Client,
    scripts: Scripts,
    *,
    token_keys: Sequence[str],
    authorization: Refresher,
    profile: Callable[[str], Awaitable[Profile]],
    organisation: Callable[[], Awaitable[str]],
    doubt: Callable[[], None],
    organisation_app: str,
    first: Callable[[], Awaitable[str]] | None,
    addresses_of_user: Callable[[str], Awaitable[tuple[str, ...]]],
    adopt: Callable[[bytes], None],
) -> ConnectRoom:
    """Put it together; `adopt` hears the key of the buttons each time it is read.

    `organisation`, `doubt`, `organisation_app` and `first`: see Bearers. `addresses_of_user`: see
    ConnectRoom.
    """
    resealing = wire_resealing(people, redis, scripts, token_keys=token_keys, adopt=adopt)
    tokens = Tokens(people, resealing.vault, authorization)
    return ConnectRoom(
        resealing.vault,
        tokens,
        Bearers(tokens, organisation, doubt, organisation_app, first),
        profile,
        addresses_of_user,
        resealing.button_key,
        token_keys[0].encode(),
        resealing,
    )


def wire_resealing(
    people: PeopleStore,
    redis: Client,
    scripts: Scripts,
    *,
    token_keys: Sequence[str],
    adopt: Callable[[bytes], None] = lambda _: None,
    pause: float = PAUSE,
) -> Resealing:
    """What is sealed, and the way to a newer key, by itself (`pause`: see Resealing)."""
    vault, sealed = Vault(token_keys), SealedStore(redis, scripts)
    return Resealing(
        sealed,
        vault,
        ButtonKey(sealed, vault),
        OptOutKey(sealed, vault),
        now_ms=people.now_ms,
        adopt=adopt,
        pause=pause,
    )
