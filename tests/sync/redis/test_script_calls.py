"""How a call of a script travels to a real Redis."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sync.engine.scripts import save_tokens
from sync.redis.connection import Client
from sync.redis.keys import Key
from sync.redis.scripts import Constants, Script, Scripts
from tests.doubles.redis import RedisServer, open_client

LUA = """
return {first, pair[1], pair[2], #some, some[2] or '', number + 1, flag and 'yes' or 'no',
  maybe or 'nil', perhaps or 'nil', one + two, text, #names, names[2] or '', table.b or '',
  TEXT, SET.a and SET.b and not SET.c and 'set', MANY[2]}
"""
CONSTANTS: Constants = {"TEXT": "it's\n\\", "SET": frozenset("ab"), "MANY": ("x", "y")}


class Numbers(NamedTuple):
    one: int
    two: int


def everything(
    *,
    table: Mapping[str, str | int],
    number: int,
    some: tuple[Key, ...],
    flag: bool,
    names: Sequence[str],
    maybe: str | None,
    perhaps: int | None,
    group: Numbers,
    first: Key,
    pair: tuple[Key, Key],
    text: str,
) -> list[Any]:
    """All kinds, in no order."""
    raise NotImplementedError


async def test_everything_arrives_under_its_name_as_what_it_is(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspect.getfile", lambda _: str(tmp_path / "scripts.py"))
    (tmp_path / "lua").mkdir()
    (tmp_path / "lua" / "everything.lua").write_text(LUA)
    each = Script(everything, None, CONSTANTS)
    k = [Key(f"{{s}}{n}") for n in range(5)]
    given: dict[str, Any] = {"first": k[0], "pair": (k[1], k[2]), "text": "t", "number": 2**52}
    given |= {"group": Numbers(3, 4), "some": (k[3], k[4]), "flag": True, "names": ["p", "q"]}
    given |= {"maybe": "m", "perhaps": 0, "table": {"a": 1, "b": "two"}}
    said = ["it's\n\\", "set", "y"]
    async with open_client(redis_server) as client:
        run = Scripts(client).run
        assert await run(each, **given) == (
            [*k[:3], 2, k[4], 2**52 + 1, "yes", "m", 0, 7, "t", 2, "q", "two", *said]
        )
        given |= {"some": (), "flag": False, "names": [], "maybe": None, "perhaps": None}
        assert await run(each, **(given | {"table": {}})) == (
            [*k[:3], 0, "", 2**52 + 1, "no", "nil", "nil", 7, "t", 0, "", "", *said]
        )


async def test_a_call_over_two_slots_is_found_by_these_tests(redis: Client) -> None:
    with pytest.raises(AssertionError, match="save_tokens"):
        await Scripts(redis).run(
            save_tokens,
            person=Key("pb:{01}:p:a"),
            tokens=Key("pb:{02}:tok:a"),
            generation=1,
            sealed="",
        )
