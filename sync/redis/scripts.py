"""Scripts that run in Redis: each is declared as a function, with names and types.

A room's `scripts.py` declares the files of its folder `lua/`, under the names of the files:

    @script(head=QUEUE, constants={"AHEAD_LIMIT_MS": AHEAD_LIMIT_MS})
    def offer(*, person: Key, shard: Shard, at_ms: int, address: str) -> list[Any]:
        '''What it does, and what comes of it.'''

Its Lua reads these names: `KEYS` and `ARGV` are taken apart before it begins. Constants are
Python's, so that nothing stands twice. What several scripts share is a `Head`, which goes before
them. A call names everything: `await scripts.run(offer, person=..., shard=..., ...)`.

    in Python                  in Lua
    -------------------------  -----------------------------------------------------------
    Key                        the key
    tuple[Key, Key]            a list of so many keys; tuple[Key, ...]: of any number
    str, int, bool             a text, a number, true or false
    str | None, int | None     the same, or nil (an empty text is nil, too)
    Sequence[str]              a list
    Mapping[str, str | int]    a table of texts
    a NamedTuple of these      its fields, by their names (of keys, or of what is no list)
    -> bool                    whatever is not 0 and not nil is true

All keys of a call are in one slot of a cluster: those of one shard, or with one tag.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar, get_args, get_origin

from redis.exceptions import NoScriptError

from sync.redis.keys import Key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.redis.connection import Client

P = ParamSpec("P")
R = TypeVar("R")

Constants = Mapping[str, str | int | Sequence[str] | frozenset[str]]
"""By their names in Lua. A set is a table there whose values are `true`."""
Put = Callable[[list[Any], Any], None]
"""Appends a value as it travels."""


def _put_flag(out: list[Any], value: bool) -> None:
    out.append(int(value))


def _put_perhaps(out: list[Any], value: str | int | None) -> None:
    out.append("" if value is None else value)


def _put_list(out: list[Any], value: Sequence[str]) -> None:
    out.append(len(value))
    out.extend(value)


def _put_table(out: list[Any], value: Mapping[str, str | int]) -> None:
    out.append(2 * len(value))
    for pair in value.items():
        out.extend(pair)


_SCALARS: Final[dict[Any, tuple[Put, str]]] = {
    str: (list.append, "ARGV[{0}]"),
    int: (list.append, "tonumber(ARGV[{0}])"),
    bool: (_put_flag, "ARGV[{0}] == '1'"),
    str | None: (_put_perhaps, "ARGV[{0}] ~= '' and ARGV[{0}] or nil"),
    int | None: (_put_perhaps, "tonumber(ARGV[{0}])"),
}
_LISTS: Final[dict[Any, tuple[Put, str]]] = {  # from the length at ARGV[at_] on
    Sequence[str]: (_put_list, "local {0} = {{unpack(ARGV, at_ + 1, at_ + ARGV[at_])}}"),
    Mapping[str, str | int]: (
        _put_table,
        "local {0} = {{}}\nfor i = at_ + 1, at_ + ARGV[at_], 2 do {0}[ARGV[i]] = ARGV[i + 1] end",
    ),
}


class Head:
    """What goes before several scripts: a file, its constants, the group of keys that it reads."""

    def __init__(
        self,
        file: Path,
        *,
        reads: type[tuple[Any, ...]] | None = None,
        constants: Constants | None = None,
        after: Head | None = None,
    ) -> None:
        self.source = file.read_text("utf-8")
        self.reads = reads
        self.constants = constants or {}
        self.after = after
        before = "" if after is None else after.text
        self.text: str = before + _constants(self.constants) + self.source


class Script(Generic[P, R]):
    """A declared script. `names`: what its own Lua is to read; `many`: keys of any number."""

    def __init__(
        self, function: Callable[P, R], head: Head | None, constants: Constants | None
    ) -> None:
        folder = Path(inspect.getfile(function)).parent / "lua"
        signature = inspect.signature(function)
        self.name = function.__name__
        self.path = folder / f"{self.name}.lua"
        self.source = self.path.read_text("utf-8")
        self.head = head
        self.names = set(constants or ())
        self._yes_or_no = signature.return_annotation is bool
        self._plan: list[tuple[str, Put]] = []
        self._keys, self._many = 0, ""
        self._arguments = 0
        self._lines: list[str] = []
        parameters = {name: each.annotation for name, each in signature.parameters.items()}
        if head is not None and head.reads not in {None, *parameters.values()}:
            raise TypeError(f"{self.name}: its head reads {head.reads}")
        for name in sorted(parameters, key=lambda name: _order(parameters[name])):
            self._plan.append((name, self._declare(name, parameters[name])))
        before = "" if head is None else head.text
        bound = "".join(f"{line}\n" for line in self._lines)
        self.text = bound + before + _constants(constants or {}) + self.source
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def _declare(self, name: str, kind: Any) -> Put:
        """Have a parameter read in Lua; returns how it is put there."""
        if _is_group(kind):
            fields = inspect.get_annotations(kind, eval_str=True)
            puts = [self._bind(*field) for field in fields.items()]
            if self.head is None or kind is not self.head.reads:
                self.names |= set(fields)
            if all(put is list.append for put in puts):
                return list.extend

            def put_group(out: list[Any], value: Iterable[Any]) -> None:
                for put, part in zip(puts, value, strict=True):
                    put(out, part)

            return put_group
        self.names.add(name)
        return self._bind(name, kind)

    def _bind(self, name: str, kind: Any) -> Put:
        if kind is Key:
            self._keys += 1
            self._lines.append(f"local {name} = KEYS[{self._keys}]")
            return list.append
        if get_origin(kind) is tuple:
            first, size = self._keys + 1, len(get_args(kind))
            if get_args(kind)[-1] is ...:
                self._many = name
                self._lines.append(f"local {name} = {{unpack(KEYS, {first})}}")
            else:
                self._keys += size
                self._lines.append(f"local {name} = {{unpack(KEYS, {first}, {self._keys})}}")
            return list.extend
        if kind in _SCALARS:
            put, text = _SCALARS[kind]
            self._arguments += 1
            self._lines.append(f"local {name} = {text.format(self._arguments)}")
            return put
        put, text = _LISTS[kind]
        if not any(line.startswith("local at_") for line in self._lines):
            self._lines.append(f"local at_ = {self._arguments + 1}")
        self._lines += [text.format(name), "at_ = at_ + 1 + ARGV[at_]"]
        return put

    def pack(self, given: Mapping[str, Any]) -> list[Any]:
        """What EVALSHA takes after the name: how many keys, the keys, the arguments."""
        out: list[Any] = [self._keys + len(given[self._many]) if self._many else self._keys]
        for name, put in self._plan:
            put(out, given[name])
        if len(given) != len(self._plan):
            raise TypeError(f"{self.name}: {given.keys() - dict(self._plan).keys()}")
        return out

    def unpack(self, answer: Any) -> Any:
        """What the declaration says that comes of it."""
        return bool(answer) if self._yes_or_no else answer


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple)


def _order(kind: Any) -> int:
    """Keys come first, of any number at their end, then single arguments, then lists."""
    if _is_group(kind):
        return max(map(_order, inspect.get_annotations(kind, eval_str=True).values()))
    if kind is Key:
        return 0
    if get_origin(kind) is tuple:
        return 1 if get_args(kind)[-1] is ... else 0
    return 2 if kind in _SCALARS else 3


def _constants(values: Constants) -> str:
    return "".join(f"local {name} = {_literal(value)}\n" for name, value in values.items())


def _literal(value: str | int | Sequence[str] | frozenset[str]) -> str:
    """A value in Lua, the same text every time."""
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        return f"'{text}'"
    if isinstance(value, int):
        return f"{value:d}"
    if isinstance(value, frozenset):
        items = [f"[{_literal(each)}] = true" for each in sorted(value)]
    else:
        items = [_literal(each) for each in value]
    return f"{{{', '.join(items)}}}"


CLOCK: Final = Head(Path(__file__).parent / "lua" / "_clock.lua")
"""`now`: epoch milliseconds of the Redis server, the only clock that processes share."""

_DECLARED: dict[str, Script[..., Any]] = {}


_PRODUCT: Final = Path(__file__).parents[2]
_ROOMS: Final = ("sync", "bot")


@cache
def declared() -> dict[str, Script[..., Any]]:
    """Every script of every room, by name, whether anybody has imported it or not."""
    for folder in (path for room in _ROOMS for path in sorted((_PRODUCT / room).rglob("lua"))):
        room = folder.parent.relative_to(_PRODUCT)
        importlib.import_module(".".join((*room.parts, "scripts")))
    return dict(_DECLARED)


def script(
    *, head: Head | None = None, constants: Constants | None = None
) -> Callable[[Callable[P, R]], Script[P, R]]:
    """Declare a script. Raises where its file is missing, or two have one name."""

    def declare(function: Callable[P, R]) -> Script[P, R]:
        made = Script(function, head, constants)
        if made.name in _DECLARED:
            raise ValueError(f"there are two scripts {made.name}")
        _DECLARED[made.name] = made
        return made

    return declare


class Scripts:
    """Runs declared scripts."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def run(self, script: Script[P, R], /, *_: P.args, **given: P.kwargs) -> R:
        """Run a script with what it declares, all by name. Raises REDIS_TROUBLE."""
        answer: R = script.unpack(await self.evaluate(script, script.pack(given)))
        return answer

    async def evaluate(self, script: Script[..., Any], packed: list[Any]) -> Any:
        """Send it; it is loaded again where the server lost it (restart, fail-over)."""
        try:
            return await self._client.evalsha(script.sha, *packed)
        except NoScriptError:
            return await self._client.eval(script.text, *packed)

    async def loaded(self) -> bool:
        """Load whatever script is missing, so that readiness means readiness."""
        scripts = list(declared().values())
        known = await self._client.script_exists(*(script.sha for script in scripts))
        for script, there in zip(scripts, known, strict=True):
            if not there:
                await self._client.script_load(script.text)
        return True
