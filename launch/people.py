"""`python app.py people` and `match`: who in Zoom is whom in Entra, for operators."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from domain.errors import OutsideError
from domain.link import fold_address
from launch.core import core_for_command
from launch.redis import client_for_command
from launch.terminal import say
from sync.directory.store import DirectoryStore
from sync.organisation.by_hand import OPERATOR, Given, HandStore, TooMany
from sync.organisation.csv_file import MOST_BYTES, MOST_PROBLEMS, BadFile
from sync.organisation.listing import listed
from sync.organisation.matches import MatchStore
from sync.organisation.people_file import corrections, written
from sync.redis.scripts import Scripts
from sync.settings.audit import AuditLog
from wording.figures import people
from wording.matching import counted, state, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bot.core import Core
    from service.settings import Settings
    from sync.organisation.people_file import Correction

T = TypeVar("T")

SHOWN = 20
"""Lines of a preview."""


async def list_of(settings: Settings) -> str:
    """Everybody as CSV; that it was taken is recorded. Raises EmbeddedRedisError, RedisAway."""
    async with client_for_command(settings) as client:
        scripts = Scripts(client)
        await AuditLog(client).took_list(OPERATOR)
        directory = DirectoryStore(client, scripts, configured=True)
        return "".join(written(await listed(directory, MatchStore(client, scripts))))


def write_list(text: str, output: Path | None) -> None:
    """Write it to a file that only its owner may read, or print it. Raises OSError."""
    if output is None:
        click.echo(text.removeprefix("\ufeff"), nl=False)
        return
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text.encode())
    say(f"Wrote {output}.")


async def print_summary(settings: Settings) -> None:
    """Print how many are matched, and why others aren't. Raises as above."""
    async with client_for_command(settings) as client:
        health = await MatchStore(client, Scripts(client)).health()
    counts = health.counts or {}
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime((health.read_ms or 0) / 1000))
    if counts:
        say(summary(counts), *(f"  {count:,} {words}" for count, words in counted(counts)))
    say(*state(read_ms=health.read_ms, reason=health.reason, full=health.full, at=lambda _: at))


@dataclass(frozen=True, slots=True)
class _Preview:
    """What a file would do; `problems` are sentences, and then nothing is done."""

    new: Sequence[Given]
    problems: Sequence[str]


def say_some(lines: Sequence[str], *, err: bool = False) -> None:
    """Say the first of them, and how many there are beyond."""
    more = [f"  and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    if lines:
        say(*(f"  {line}" for line in lines[:SHOWN]), *more, err=err)


def read_file(file: Path, read: Callable[[bytes], Sequence[T]]) -> Sequence[T] | None:
    """What a file asks for; None: it can't be used, which is said. Raises OSError."""
    try:
        with file.open("rb") as opened:
            return read(opened.read(MOST_BYTES + 1))
    except BadFile as bad:
        complain(bad.problems)
        return None


def entra_away(error: OutsideError) -> bool:
    """Say that Entra can't be asked: nothing can be done (False)."""
    complain([f"Entra can't be asked ({error}). Run `python app.py check`."])
    return False


def asked_in(file: Path) -> Sequence[Correction] | None:
    """What a corrected list asks for; as above."""
    return read_file(file, corrections)


async def match_people(settings: Settings, asked: Sequence[Correction], *, save: bool) -> bool:
    """Say what corrections would do, and do it where `save`. False: they can't be used.

    Raises EmbeddedRedisError, RedisAway.
    """
    if not asked:
        say("No line fills in match_with, so there is nothing to do.")
        return True
    async with core_for_command(settings) as (core, audit):
        try:
            preview = await _preview(core, asked)
        except OutsideError as error:
            return entra_away(error)
        if preview.problems:
            complain(preview.problems)
            return False
        say_some([f"{given.zoom_address} -> {given.address}" for given in preview.new])
        if not preview.new:
            say("All of this is so already.")
        elif not save:
            say(f"{people(len(preview.new))} would be matched. Nothing is saved without --save.")
        else:
            return await _save(core, audit, preview.new)
    return True


async def _save(core: Core, audit: AuditLog, new: Sequence[Given]) -> bool:
    room = core.organisation.matching
    try:
        await room.by_hand.replace(new)
    except TooMany:
        complain(["Too many people would be matched by hand: correct addresses in Zoom instead."])
        return False
    await audit.matching(OPERATOR, "file", "a file of matches", new={"matches": len(new)})
    await room.store.request_matching()
    say(
        f"Saved: {people(len(new))} matched by hand. Each counts once they, or an admin, confirm "
        "it: settings match in the chat. `python app.py match --undo` takes this file back."
    )
    return True


async def undo_file(settings: Settings) -> bool:
    """Take the last file back. False: there is none. Raises EmbeddedRedisError, RedisAway."""
    async with client_for_command(settings) as client:
        by_hand = HandStore(client)
        undo = await by_hand.undoable()
        if undo is None:
            say("There is no file to take back: the last one was, or is older than 30 days.")
            return False
        count = await by_hand.undo(undo)
        await AuditLog(client).matching(
            OPERATOR, "file", "a file of matches", old={"matches": count}
        )
        await MatchStore(client, Scripts(client)).request_matching()
        say(f"Taken back: {people(count)}.")
        return True


async def _preview(core: Core, asked: Sequence[Correction]) -> _Preview:
    room, directory = core.organisation.matching, core.directory.store
    view = await directory.view()
    users = (
        {}
        if view is None
        else {user.zoom_id: user for user in await view.users([it.zoom_id for it in asked])}
    )
    reading = await core.organisation.directory.read({fold_address(it.address) for it in asked})
    known, now_ms = await room.by_hand.everything(), await room.by_hand.now_ms()
    new, problems, taken = list[Given](), list[str](), dict[str, int]()
    for line in asked:
        address = fold_address(line.address)
        found = [user for user in reading.users.values() if address in user.addresses]
        named = [user for user in found if user.address == address]
        found = named if len(named) == 1 else found
        listed = users.get(line.zoom_id)
        if listed is None:
            problems.append(f"Line {line.line}: Zoom has no active user of this zoom_id.")
        elif len(found) != 1:
            many = "nobody" if not found else "several people"
            problems.append(f"Line {line.line}: Entra has {many} with the address {address}.")
        elif found[0].object_id in taken:
            first = taken[found[0].object_id]
            problems.append(f"Lines {first} and {line.line} are about the same person.")
        else:
            user = found[0]
            taken[user.object_id] = line.line
            before = known.get(user.object_id)
            if before is None or before.zoom_id != listed.zoom_id:
                new.append(
                    Given(
                        *(user.object_id, user.address, listed.zoom_id, listed.address),
                        OPERATOR,
                        now_ms,
                    )
                )
    return _Preview(new, problems)


def complain(problems: Sequence[str]) -> None:
    """Say why nothing was changed."""
    say("Nothing was changed:", *(f"  - {it}" for it in problems[:MOST_PROBLEMS]), err=True)
    if len(problems) > MOST_PROBLEMS:
        say(f"  and {len(problems) - MOST_PROBLEMS:,} more", err=True)
