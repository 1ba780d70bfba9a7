"""Every script in Lua reads what its declaration names, and nothing else."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sync.engine.scripts import Shard, quota, record
from sync.redis.keys import Key
from sync.redis.scripts import Head, Script, Scripts, declared, script

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
SHIPPED = ("launch", "bot", "cards", "sync", "wording", "domain", "service")
FILES = {path for room in SHIPPED for path in (ROOT / room).rglob("*.lua")}
DECLARED = declared()

LUA = set(
    re.findall(
        r"\w+",
        "and break do else elseif end false for function if in local nil not or repeat return then"
        " true until while redis cjson math string table tonumber tostring ipairs pairs unpack",
    )
)
NAME = r"[A-Za-z_]\w*"


def bare(source: str) -> str:
    """Lua without comments and texts."""
    return re.sub(r"--[^\n]*|'(\\.|[^'\\])*'", "", source)


def read(source: str) -> set[str]:
    """The names that a piece of Lua reads, of wherever: no fields of tables."""
    source = re.sub(rf"([{{,]\s*){NAME}(\s*=(?!=))", r"\1\2", bare(source))
    return set(re.findall(rf"(?<![.\w:]){NAME}", source)) - LUA


def made(source: str) -> set[str]:
    """The names that it declares, at any depth."""
    source = bare(source)
    lists = re.findall(rf"\blocal ({NAME}(?:\s*,\s*{NAME})*)", source)
    lists += re.findall(rf"\bfor ({NAME}(?:\s*,\s*{NAME})*)", source)
    lists += re.findall(rf"\bfunction {NAME}\(([^)]*)\)", source)
    names = {name for some in lists for name in re.split(r"\s*,\s*", some.strip())}
    return (names | set(re.findall(rf"\bfunction ({NAME})", source))) - {"function", ""}


def at_top(source: str) -> list[str]:
    """The names that it declares for whatever follows."""
    found = re.findall(rf"^local (?:function )?({NAME}(?:\s*,\s*{NAME})*)", source, re.MULTILINE)
    return [name for some in found for name in re.split(r"\s*,\s*", some)]


def heads(head: Head | None) -> list[Head]:
    return [] if head is None else [*heads(head.after), head]


def given_to(head: Head) -> set[str]:
    reads: Any = head.reads
    return set(head.constants) | (set() if reads is None else set(reads._fields))


def test_every_file_is_declared_and_every_declaration_has_its_file() -> None:
    first = {each.path for each in DECLARED.values()}
    shared = {path for path in FILES if path.stem.startswith("_")}
    assert first | shared == FILES
    texts = [head.source for each in DECLARED.values() for head in heads(each.head)]
    assert all(path.read_text("utf-8") in texts for path in shared)


@pytest.mark.parametrize("name", DECLARED)
def test_a_script_reads_all_that_it_names_and_nothing_else(name: str) -> None:
    each = DECLARED[name]
    above = heads(each.head)
    known = each.names.union(*(at_top(h.source) for h in above), *map(given_to, above))
    used = read(each.source)
    assert each.names - used == set(), "declared and not read"
    assert used - known - made(each.source) == set(), "read and not declared"


@pytest.mark.parametrize("name", DECLARED)
def test_no_name_of_a_script_hides_another(name: str) -> None:
    each = DECLARED[name]
    names = at_top(each.text.removesuffix(each.source))
    assert len(set(names)) == len(names), "one of the head's is declared anew"
    assert len(names) + len(at_top(each.source)) < 150, "Lua 5.1 takes 200 local names"


def test_a_head_reads_all_that_it_names_and_nothing_else() -> None:
    for head in {h for each in DECLARED.values() for h in heads(each.head)}:
        above = {name for h in heads(head.after) for name in at_top(h.source)}
        own = given_to(head)
        used = read(head.source)
        assert used - own - above - made(head.source) == set(), "read and not declared"
        inside = "".join(each.source for each in DECLARED.values() if head in heads(each.head))
        assert own - used - read(inside) == set(), "declared and not read"


# -- how a call travels ----------------------------------------------------------------------------


def declare(folder: Path, lua: str, function: Callable[..., Any]) -> Script[..., Any]:
    """A script as a room would declare it."""
    (folder / "lua").mkdir()
    (folder / "lua" / f"{function.__name__}.lua").write_text(lua)
    return Script(function, None, {"TEXT": "it's\n\\", "SET": frozenset("ab"), "MANY": ("x", "y")})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("inspect.getfile", lambda _: str(tmp_path / "scripts.py"))
    return tmp_path


def test_a_name_that_is_forgotten_or_not_known_is_a_bug(here: Path) -> None:
    def one(*, person: Key, at: int) -> bool:
        raise NotImplementedError

    each = declare(here, "return 1", one)
    with pytest.raises(TypeError, match="at"):
        each.pack(person="p")
    with pytest.raises(TypeError, match="too_much"):
        each.pack(person="p", at=1, too_much=1)


def test_no_two_scripts_have_one_name_and_none_is_without_its_file(here: Path) -> None:
    def offer(*, person: Key) -> bool:
        raise NotImplementedError

    with pytest.raises(FileNotFoundError):
        script()(offer)
    declare(here, "return 1", offer)
    with pytest.raises(ValueError, match="two scripts offer"):
        script()(offer)


class Mixed(NamedTuple):
    person: Key
    number: int


def test_keys_and_arguments_stay_apart(here: Path) -> None:
    def mixed(*, some: Mixed) -> bool:
        raise NotImplementedError

    with pytest.raises(TypeError, match="Mixed"):
        declare(here, "return number", mixed)


def test_keys_of_any_number_are_the_last(here: Path) -> None:
    def twice(*, some: tuple[Key, ...], others: tuple[Key, ...]) -> bool:
        raise NotImplementedError

    with pytest.raises(TypeError, match="where do the keys of others begin"):
        declare(here, "return 1", twice)


def test_whoever_has_a_head_has_the_keys_that_it_reads(here: Path) -> None:
    def alone(*, person: Key) -> bool:
        raise NotImplementedError

    declare(here, "return 1", alone)
    head = Head(here / "lua" / "alone.lua", reads=Shard)
    with pytest.raises(TypeError, match="its head reads"):
        Script(alone, head, None)


if TYPE_CHECKING:  # what mypy finds; it says so too when one of these is no mistake any more

    async def mistakes(run: Scripts) -> None:
        person = Key("p")
        await run.run(record, token="t", changes={})  # type: ignore[call-arg]  # a key forgotten
        await run.run(record, person=person, changes={})  # type: ignore[call-arg]
        await run.run(record, person=person, tokn="t", changes={})  # type: ignore[call-arg]
        await run.run(record, person="p", token="t", changes={})  # type: ignore[arg-type]
        await run.run(record, person=person, token=1, changes={})  # type: ignore[arg-type]
        await run.run(quota, person)  # type: ignore[call-arg]  # by their place
        late = await run.run(record, person=person, token="t", changes={})
        late.upper()  # type: ignore[attr-defined]  # it says True or False
