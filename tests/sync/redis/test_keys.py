"""Each kind of key is declared once, and all keys that a script may need are in one slot."""

from __future__ import annotations

import re

import pytest

from sync.redis import keys

pytestmark = pytest.mark.unit

ADA, BEN = (f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2))
OF_PEOPLE = (
    *(keys.person, keys.link, keys.tokens, keys.token_lease, keys.admitted, keys.looked_up),
    *(keys.look, keys.look_ups, keys.live_sign_in, keys.reference, keys.announced),
)
OF_SHARDS = (keys.everybody, keys.parked, keys.woken, keys.probe, keys.watched)
HASHED = (
    *(keys.card, keys.recipient, keys.seen, keys.zoom_address, keys.zoom_id, keys.ended),
    *(keys.opt_out_of_zoom, keys.consent_told),
)
OF_JOBS = (keys.job, keys.job_left, keys.job_taken, keys.job_again, keys.job_tally)


def pattern(name: str) -> str:
    """What the keys of a declared kind look like."""
    text = re.escape(name).replace("NN", "[0-9]{2}").replace("<hash>", "[0-9a-f]{32}")
    return re.sub(r"<\w+>", "[^{}]*", text)


def tag(key: str) -> str:
    return key[key.index("{") + 1 : key.index("}")]


def test_no_kind_is_declared_twice_and_each_says_what_it_holds() -> None:
    names = [kind.name for kind in keys.DECLARED]
    assert len(set(names)) == len(names) > 60
    assert all(kind.holds and kind.lives for kind in keys.DECLARED)


def test_every_constant_and_function_makes_keys_of_a_declared_kind() -> None:
    made = [value for value in vars(keys).values() if isinstance(value, str)]
    made = [value for value in made if value.startswith("pb:")]
    made += [of(ADA) for of in (*OF_PEOPLE, *HASHED, keys.welcomed, keys.left)]
    made += [of(ADA) for of in (keys.met, keys.sign_in, keys.sign_in_taken, keys.jobs)]
    made += [of(7) for of in OF_SHARDS] + [*keys.dues(7), keys.notice(ADA, "invited")]
    made += [of("rollouts", "1") for of in OF_JOBS] + [*keys.directory_parts("abc")]
    made += [keys.consent_link("0a"), keys.consent_try("0a")]
    made += [keys.opt_out(ADA, "0a"), keys.look_ups_of(ADA, 20_000)]
    made += [*keys.matches_parts("abc"), keys.identify("x"), keys.role(ADA)]
    made += [keys.digest_known(ADA)]
    made += [keys.ACTS[0], keys.LOOKS[0], keys.lasting("2948")]
    kinds = [pattern(kind.name) for kind in keys.DECLARED]
    unknown = [key for key in made if not any(re.fullmatch(kind, key) for kind in kinds)]
    assert unknown == []
    unmade = [kind for kind in kinds if not any(re.fullmatch(kind, key) for key in made)]
    assert unmade == []


@pytest.mark.parametrize("oid", [ADA, BEN])
def test_all_of_one_person_is_in_the_slot_of_their_shard(oid: str) -> None:
    shard = keys.shard_of(oid)
    found = [of(oid) for of in OF_PEOPLE]
    found += [keys.seen("activity", oid), keys.opt_out(oid, "0a"), keys.look_ups_of(oid, 7)]
    found += [of(shard) for of in OF_SHARDS] + [*keys.dues(shard), keys.person_prefix(shard)]
    assert {tag(key) for key in found} == {f"{shard:02d}"}
    assert keys.person(oid) == keys.person_prefix(shard) + oid
    assert len(set(found)) == len(found)


def test_a_job_and_a_reading_are_in_one_slot_each() -> None:
    assert {tag(of("rollouts", "1")) for of in OF_JOBS} == {tag(keys.jobs("rollouts"))}
    reading = [*keys.directory_parts("abc"), keys.directory_part("abc", "changes")]
    assert {tag(key) for key in reading} == {tag(keys.DIRECTORY_STATE)}
    matching = [*keys.matches_parts("abc"), keys.MATCHES_CURRENT, keys.MATCHES_LEASE]
    assert {tag(key) for key in matching} == {tag(keys.MATCHES_STATE)}


@pytest.mark.parametrize("text", ["", "}{", "a" * 10_000, "pb:{zoom}:token"])
def test_what_comes_from_outside_neither_shows_nor_moves_a_key(text: str) -> None:
    for of in HASHED:
        assert len(of(text)) < 70
        assert text == "" or text not in of(text)
        assert of(text) == of(text) != of(text + "x")
