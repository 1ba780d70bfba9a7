"""What a check finds, and how many of them are run beside each other.

A check stands for itself: whatever happens to one, the others are run. What several need (a token,
a look at Redis) is obtained once; where that fails, one of them says so, and the others say what
they could not see.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from service.redaction import clean_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

Result = TypeVar("Result")

LIMIT = 8.0
"""Seconds that one check may take. They run at the same time."""
LONGEST = 600
"""Characters of a sentence: most of it may come from outside."""


class State(StrEnum):
    """How something is. The values are those of `--json`."""

    OK = "ok"
    WARNING = "warning"  # it works, and somebody should look at it
    FAILED = "failed"
    UNSEEN = "unseen"  # it can't be found out from here


@dataclass(frozen=True, slots=True)
class Found:
    """What a check says: how it is, in a sentence, and what to do unless all is well."""

    state: State
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the table. `check` is a fixed word, `title` what people read; `seconds` it took."""

    check: str
    title: str
    found: Found
    seconds: float = 0.0


def ok(text: str) -> Found:
    """All is well."""
    return Found(State.OK, text)


def warning(text: str, remedy: str) -> Found:
    """It works, but somebody should look at it."""
    return Found(State.WARNING, text, remedy)


def failed(text: str, remedy: str) -> Found:
    """It does not work."""
    return Found(State.FAILED, text, remedy)


def unseen(text: str, remedy: str = "") -> Found:
    """It could not be found out; `remedy` says where to look."""
    return Found(State.UNSEEN, text, remedy)


class Fault(Exception):
    """Something a check needs is not as it should be: that is what it found."""

    def __init__(self, found: Found) -> None:
        super().__init__(found.text)
        self.found = found


@dataclass(frozen=True, slots=True)
class Check:
    """One look. `needs` are the settings without which there is nothing to look at."""

    name: str
    title: str
    look: Callable[[], Awaitable[Found]]
    needs: Sequence[str] = ()


class Once(Generic[Result]):
    """Something that several checks need, obtained once, when the first of them asks.

    `name` is what those say that could not be run without it.
    """

    def __init__(self, name: str, obtain: Callable[[], Awaitable[Result]]) -> None:
        self._name = name
        self._obtain = obtain
        self._task: asyncio.Task[Result] | None = None

    async def get(self) -> Result:
        """The thing itself. Raises what obtaining it raised."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
        return await asyncio.shield(self._task)

    async def _run(self) -> Result:
        async with asyncio.timeout(LIMIT - 0.5):  # before those who wait give up
            return await self._obtain()

    async def for_others(self) -> Result:
        """The same for a check that is about something else. Raises Fault: it was not run."""
        try:
            return await self.get()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise Fault(unseen(f"Not tested: {self._name} failed.")) from error

    async def close(self) -> None:
        """Give up what is still under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def run(checks: Sequence[Check], given: Collection[str]) -> list[Finding]:
    """Run them all at the same time; the findings in the order of the checks.

    `given` names the settings that are there.
    """
    return list(await asyncio.gather(*(_run(check, given) for check in checks)))


async def _run(check: Check, given: Collection[str]) -> Finding:
    started = time.monotonic()
    found = await _look(check, given)
    seconds = time.monotonic() - started
    found = replace(
        found,
        text=clean_text(" ".join(found.text.split()), LONGEST),
        remedy=clean_text(" ".join(found.remedy.split()), LONGEST),
    )
    return Finding(check.name, check.title, found, seconds)


async def _look(check: Check, given: Collection[str]) -> Found:
    if missing := [name for name in check.needs if name not in given]:
        are = "is" if len(missing) == 1 else "are"
        return unseen(f"Not tested: {and_(missing)} {are} not set.")
    try:
        async with asyncio.timeout(LIMIT):
            return await check.look()
    except Fault as fault:
        return fault.found
    except TimeoutError:
        return failed(
            f"There was no answer within {LIMIT:g} s.",
            "Run it again. If it happens again, something on the way drops the connection without "
            "a word: a firewall, or a proxy.",
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator must read it
        what = str(error) or type(error).__name__
        return failed(f"It couldn't be tested: {what}", "Run it again.")


def and_(names: Sequence[str]) -> str:
    """A list as people write it: a, b and c."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
