"""What admins decide about matching is kept as they said it, and nobody confirms their own word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sync.organisation import by_hand
from sync.organisation.by_hand import Alias, Given, HandStore, TooMany, digest_of
from sync.redis import keys
from sync.settings.audit import Actor
from tests.doubles.entra_directory import person_id

if TYPE_CHECKING:
    from sync.redis.connection import Client

ADMIN, OTHER = Actor(person_id(900), "Ada"), Actor(person_id(901), "Dorothea")
PERSON = Actor(person_id(2), "Ben")
GIVEN = Given(person_id(2), "ben@example.com", "z2", "ben@zoom.example", ADMIN, 7)


@pytest.fixture
def store(redis: Client) -> HandStore:
    return HandStore(redis)


async def test_aliases_are_kept_replaced_and_dropped(store: HandStore) -> None:
    first, second = Alias("new.example", ADMIN, 1), Alias("newer.example", OTHER, 2)
    await store.set_alias("old.example", first)
    await store.set_alias("old.example", second)
    assert await store.aliases() == {"old.example": second}
    assert await store.drop_alias("old.example") == second
    assert await store.drop_alias("old.example") is None
    assert await store.aliases() == {}


@pytest.mark.parametrize("by", [OTHER, PERSON], ids=["a second admin", "the person"])
async def test_somebody_else_confirms_what_they_have_seen(store: HandStore, by: Actor) -> None:
    await store.give(GIVEN)
    assert not GIVEN.mapping().counts
    sure = await store.confirm(GIVEN, by)
    assert sure is not None
    assert sure.mapping().counts
    assert await store.of_person(PERSON.actor_id) == sure


async def test_whoever_made_it_can_t_confirm_it(store: HandStore) -> None:
    await store.give(GIVEN)
    with pytest.raises(ValueError, match="confirm"):
        await store.confirm(GIVEN, ADMIN)


@pytest.mark.parametrize("now", [replace(GIVEN, zoom_id="z3"), replace(GIVEN, at_ms=8), None])
async def test_what_has_changed_since_is_not_confirmed(store: HandStore, now: Given | None) -> None:
    if now is not None:
        await store.give(now)
    assert await store.confirm(GIVEN, OTHER) is None
    assert await store.of_person(GIVEN.object_id) == now


async def test_a_new_word_about_somebody_ends_the_confirmed_one(store: HandStore) -> None:
    await store.give(GIVEN)
    await store.confirm(GIVEN, OTHER)
    await store.give(replace(GIVEN, zoom_id="z3"))
    kept = await store.of_person(GIVEN.object_id)
    assert kept is not None
    assert not kept.mapping().counts


async def test_a_file_is_undone_whole(store: HandStore) -> None:
    await store.give(GIVEN)
    sure = await store.confirm(GIVEN, OTHER)
    new = replace(GIVEN, object_id=person_id(3), zoom_id="z3")
    await store.replace([replace(GIVEN, zoom_id="z9"), new])
    assert set(await store.everything()) == {person_id(2), person_id(3)}
    undo = await store.undoable()
    assert undo is not None
    assert await store.undo(undo) == 2
    assert await store.everything() == {person_id(2): sure}
    assert await store.undoable() is None


async def test_there_is_a_limit_to_both(store: HandStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "MOST_ALIASES", 1)
    monkeypatch.setattr(by_hand, "MOST_BY_HAND", 1)
    await store.set_alias("a.example", Alias("b.example", ADMIN, 1))
    await store.set_alias("a.example", Alias("c.example", ADMIN, 1))
    with pytest.raises(TooMany):
        await store.set_alias("b.example", Alias("c.example", ADMIN, 1))
    await store.give(GIVEN)
    await store.give(replace(GIVEN, zoom_id="z3"))
    with pytest.raises(TooMany):
        await store.give(replace(GIVEN, object_id=person_id(3)))
    with pytest.raises(TooMany):
        await store.replace([replace(GIVEN, object_id=person_id(3))])


async def test_damaged_rows_are_left_out(store: HandStore, redis: Client) -> None:
    await redis.hset(keys.ALIASES, "old.example", "junk")
    await redis.hset(keys.BY_HAND, person_id(2), '{"object_id": 7}')
    await redis.set(keys.UNDO, "junk", ex=60)
    assert await store.aliases() == {}
    assert await store.everything() == {}
    assert await store.of_person(person_id(2)) is None
    assert await store.undoable() is None


def test_only_what_counts_tells_two_states_apart() -> None:
    sure = replace(GIVEN, confirmed=OTHER)
    assert digest_of({}, {"p": GIVEN}) == digest_of({}, {})
    assert digest_of({}, {"p": sure}) != digest_of({}, {})
    alias = Alias("new.example", ADMIN, 1)
    assert digest_of({"old.example": alias}, {}) == digest_of(
        {"old.example": replace(alias, by=OTHER)}, {}
    )
    assert digest_of({"old.example": alias}, {}) != digest_of({}, {})
