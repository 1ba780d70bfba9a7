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
    str, int, bool             a text, a number, true or false (a Literal of texts: a text)
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
from itertools import chain
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

from redis.exceptions import NoScriptError

from sync.redis.keys import Key

if TYPE_CHECKING:
    from sync.redis.connection import Client

P = ParamSpec("P")
R = TypeVar("R")

Constants = Mapping[str, str | int | Sequence[str] | frozenset[str]]
"""By their names in Lua. A set is a table there whose values are `true`."""

_SCALARS: Final[dict[Any, tuple[str, str]]] = {  # how they are put into a call, and read in Lua
    str: ("{0}", "ARGV[{0}]"),
    int: ("{0}", "tonumber(ARGV[{0}])"),
    bool: ("int({0})", "ARGV[{0}] == '1'"),
    str | None: ("'' if {0} is None else {0}", "ARGV[{0}] ~= '' and ARGV[{0}] or nil"),
    int | None: ("'' if {0} is None else {0}", "tonumber(ARGV[{0}])"),
}
_LISTS: Final[dict[Any, tuple[str, str]]] = {  # their length goes first: at ARGV[at_]
    Sequence[str]: (
        "len({0}), *{0}",
        "local {0} = {{unpack(ARGV, at_ + 1, at_ + ARGV[at_])}}",
    ),
    Mapping[str, str | int]: (
        "2 * len({0}), *flat({0}.items())",
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
    """A declared script. `names`: what its own Lua is to read.

    `pack` makes of a call what EVALSHA takes after the script's name. Raises TypeError like the
    function would.
    """

    pack: Callable[P, list[Any]]

    def __init__(
        self, function: Callable[P, R], head: Head | None, constants: Constants | None
    ) -> None:
        signature = inspect.signature(function)
        self.name = function.__name__
        self.path = Path(inspect.getfile(function)).parent / "lua" / f"{self.name}.lua"
        self.source = self.path.read_text("utf-8")
        self.head = head
        self.names = set(constants or ())
        self.yes_or_no = signature.return_annotation is bool
        kinds = {name: _kind(each.annotation) for name, each in signature.parameters.items()}
        if head is not None and head.reads not in {None, *kinds.values()}:
            raise TypeError(f"{self.name}: its head reads {head.reads}")
        self._keys, self._arguments = 0, 0
        self._count = ""
        self._lines: list[str] = []
        values = [self._declare(name, kinds[name]) for name in sorted(kinds, key=_order(kinds))]
        call = f"lambda *, {', '.join(kinds)}: [{self._keys}{self._count}, {', '.join(values)}]"
        # Written out, as a NamedTuple's methods are: a loop over the kinds takes twice as long.
        self.pack = eval(call, {"flat": chain.from_iterable})  # noqa: S307 - of declarations only
        before = "" if head is None else head.text
        bound = "".join(f"{line}\n" for line in self._lines)
        self.text = bound + before + _constants(constants or {}) + self.source
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def _declare(self, name: str, kind: Any) -> str:
        """Have a parameter read in Lua; returns how it is put into a call."""
        if not _is_group(kind):
            self.names.add(name)
            return self._bind(name, kind, name)
        fields = inspect.get_annotations(kind, eval_str=True)
        if self.head is None or kind is not self.head.reads:
            self.names |= set(fields)
        return ", ".join(self._bind(each, fields[each], f"{name}.{each}") for each in fields)

    def _bind(self, name: str, kind: Any, value: str) -> str:
        if kind is Key:
            self._keys += 1
            self._lines.append(f"local {name} = KEYS[{self._keys}]")
            return value
        if get_origin(kind) is tuple:
            first = self._keys + 1
            if get_args(kind)[-1] is ...:
                if self._count:
                    raise TypeError(f"{self.name}: where do the keys of {name} begin?")
                self._count = f" + len({value})"
                keys = f"unpack(KEYS, {first})"
            else:
                self._keys += len(get_args(kind))
                keys = ", ".join(f"KEYS[{number}]" for number in range(first, self._keys + 1))
            self._lines.append(f"local {name} = {{{keys}}}")
            return f"*{value}"
        if kind in _SCALARS:
            put, text = _SCALARS[kind]
            self._arguments += 1
            self._lines.append(f"local {name} = {text.format(self._arguments)}")
            return put.format(value)
        put, text = _LISTS[kind]
        if not any(line.startswith("local at_") for line in self._lines):
            self._lines.append(f"local at_ = {self._arguments + 1}")
        self._lines += [text.format(name), "at_ = at_ + 1 + ARGV[at_]"]
        return put.format(value)


def _kind(annotation: Any) -> Any:
    """What a parameter is: one of a few texts is a text."""
    return str if get_origin(annotation) is Literal else annotation


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple)


def _order(kinds: Mapping[str, Any]) -> Callable[[str], int]:
    """Keys come first, of any number at their end, then single arguments, then lists."""

    def rank(kind: Any) -> int:
        if _is_group(kind):
            ranks = set(map(rank, inspect.get_annotations(kind, eval_str=True).values()))
            if ranks not in ({0}, {2}):
                raise TypeError(f"{kind.__name__}: a group is of keys, or of single arguments")
            return ranks.pop()
        if kind is Key:
            return 0
        if get_origin(kind) is tuple:
            return 1 if get_args(kind)[-1] is ... else 0
        return 2 if kind in _SCALARS else 3

    return lambda name: rank(kinds[name])


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

    async def run(self, script: Script[P, R], /, *args: P.args, **given: P.kwargs) -> R:
        """Run a script with what it declares, all by name. Raises REDIS_TROUBLE."""
        packed = script.pack(*args, **given)
        try:
            answer = await self._client.execute_command("EVALSHA", script.sha, *packed)
        except NoScriptError:  # the server lost it (restart, fail-over); this loads it, too
            answer = await self._client.eval(script.text, *packed)
        return cast("R", bool(answer) if script.yes_or_no else answer)

    async def loaded(self) -> bool:
        """Load whatever script is missing, so that readiness means readiness."""
        scripts = list(declared().values())
        known = await self._client.script_exists(*(script.sha for script in scripts))
        for script, there in zip(scripts, known, strict=True):
            if not there:
                await self._client.script_load(script.text)
        return True
