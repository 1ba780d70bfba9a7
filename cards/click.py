"""What a button asks for: one frozen dataclass per click.

A click packs and validates itself; who may press it stands with it. Cards hold clicks unsigned; on
the way out they are signed for the card and the person's chat (`cards.seal`), and what comes back
is believed only then.

    @click("pause.start")
    class StartPause(Click):
        '''Pause presence sync. Anybody, for themselves.'''

        minutes: Minutes = entered()
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

from pydantic import ConfigDict, TypeAdapter, ValidationError

from domain.newer import NEWER_NAMES
from domain.roles import By

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class BadClick(Exception):
    """Not a click on a button of ours. The message is fixed text, safe to log."""


class BadInput(Exception):
    """What somebody entered or left empty can't be used, and nothing was changed.

    The message is for them: whole sentences, with what to do.
    """


class Click:
    """A click on a button of ours. `verb` names it on the wire."""

    __slots__ = ()

    verb: ClassVar[str]
    by: ClassVar[By]
    public: ClassVar[bool]
    """Whether it may be answered where others read along."""


C = TypeVar("C", bound=Click)

CLICKS: dict[str, type[Click]] = {}
"""Every click that there is, by its verb."""

_ENTERED, _MISSING = "entered", "missing"


def entered(missing: str = "", **spec: Any) -> Any:
    """A field that the person may enter beside the button; the button's own value comes first.

    `missing` is said to them where neither has one; without it that is fine.
    """
    return dataclasses.field(metadata={_ENTERED: "one", _MISSING: missing}, **spec)


def all_entered(**spec: Any) -> Any:
    """A field that holds everything entered in the card, by the names of its inputs."""
    return dataclasses.field(metadata={_ENTERED: "all"}, **spec)


@dataclass_transform(
    frozen_default=True, field_specifiers=(dataclasses.field, entered, all_entered)
)
def click(verb: str, *, by: By = By.ANYBODY, public: bool = False) -> Callable[[type[C]], type[C]]:
    """Make a class of clicks: frozen, registered under its verb, which no other may have."""

    def make(cls: type[C]) -> type[C]:
        made = dataclass(frozen=True, slots=True)(cls)
        made.verb, made.by, made.public = verb, by, public
        made.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
        if CLICKS.setdefault(verb, made) is not made:
            raise ValueError(f"two clicks are called {verb}")
        return made

    return make


def packed(pressed: Click) -> dict[str, Any]:
    """What a button carries of a click, as JSON. What the person enters is not in it."""
    left_out = {field.name for field in _fields(pressed.verb) if field.metadata[_ENTERED] == "all"}
    newer = _newer_fields(pressed.verb)
    left_out |= {name for name, default in newer if getattr(pressed, name) == default}
    adapter = _adapter(pressed.verb)
    values: dict[str, Any] = adapter.dump_python(pressed, mode="json", exclude=left_out)
    return values


def unpacked(verb: str, carried: Mapping[str, Any], inputs: Mapping[str, str]) -> Click:
    """The click of a button that carried this, beside these inputs. Raises BadClick."""
    if verb not in CLICKS:
        raise BadClick("unknown verb")
    values = dict(carried)
    for field in _fields(verb):
        name, said = field.name, inputs.get(field.name, "").strip()
        if field.metadata[_ENTERED] == "all":
            values[name] = dict(inputs)
        elif said and not values.get(name):
            values[name] = said
    try:
        made: Click = _adapter(verb).validate_python(values)
    except ValidationError as error:
        raise BadClick(_what(error)) from None
    return made


def missing(pressed: Click) -> str | None:
    """What to say where the person has entered nothing that the click needs; None: it is whole."""
    fields = (field for field in _fields(pressed.verb) if field.metadata.get(_MISSING))
    return next((f.metadata[_MISSING] for f in fields if not getattr(pressed, f.name)), None)


def _what(error: ValidationError) -> str:
    """Which field is wrong and how, never its value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    return f"{where[:64]}: {first['type']}"


def warm_up() -> None:
    """Make every click's adapter now, so that nobody waits for one."""
    for verb in CLICKS:
        _adapter(verb)


@cache
def _adapter(verb: str) -> TypeAdapter[Any]:
    """What validates clicks of a kind; made when the first of them is."""
    return TypeAdapter(CLICKS[verb])


@cache
def _newer_fields(verb: str) -> tuple[tuple[str, Any], ...]:
    """Fields that processes of an earlier release refuse (domain.newer), with their defaults."""
    kind = CLICKS[verb]
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # as below
    return tuple((f.name, f.default) for f in fields if f"{kind.__name__}.{f.name}" in NEWER_NAMES)


@cache
def _fields(verb: str) -> tuple[dataclasses.Field[Any], ...]:
    """The fields that a person may enter."""
    fields = dataclasses.fields(CLICKS[verb])  # type: ignore[arg-type]  # `click` made it one
    return tuple(field for field in fields if _ENTERED in field.metadata)
