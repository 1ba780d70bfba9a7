"""`python app.py exclude` and `include`: people of a file, for operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import OutsideError
from domain.link import fold_address
from domain.policy import AuthorisedBy
from launch.core import core_for_command
from launch.people import complain, entra_away, read_file, say_some
from launch.terminal import say
from sync.organisation.by_hand import OPERATOR
from sync.organisation.excluding import LINK, Excluding, is_covered
from sync.organisation.exclusion_file import Named, named
from sync.organisation.exclusions import MOST, Exclusion, FileUndo, TooMany
from wording.exclusions import by_file, clears, would_exclude
from wording.figures import people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.core import Core
    from domain.matching import EntraUser
    from service.settings import Settings
    from sync.settings.audit import AuditLog


def named_in(file: Path) -> Sequence[Named] | None:
    """Whom a file names; None: it can't be used, which is said. Raises OSError."""
    return read_file(file, named)


@dataclass(frozen=True, slots=True)
class _Found:
    """Who was found, each once, and the names of a file that lead to nobody, or to several."""

    users: Sequence[tuple[Named, EntraUser]]
    unknown: Sequence[str]
    several: Sequence[str]


async def exclude_people(
    settings: Settings, asked: Sequence[Named], *, reason: str, save: bool
) -> bool:
    """Say what excluding these would do, and do it where `save`. False: nothing can be done.

    `reason` counts where a line gives none. Raises EmbeddedRedisError, OtherData, RedisAway.
    """
    async with core_for_command(settings) as (core, audit):
        store = core.organisation.exclusions
        try:
            found = await _find(core, asked)
        except OutsideError as error:
            return entra_away(error)
        ids = [user.object_id for _, user in found.users]
        out, now = await store.among(ids), await store.now_ms()
        new = [
            Exclusion(*_called(user), OPERATOR, now, line.reason or reason)
            for line, user in found.users
            if user.object_id not in out
        ]
        _say_unclear(found)
        say_some([row.address for row in new])
        if not new:
            say(f"Nobody is left to exclude. {people(len(out))} excluded already.")
            return bool(out)
        links = await core.engine.people.rows([row.object_id for row in new], *LINK)
        covered = sum(map(is_covered, links))
        kept = sum(is_covered(row) and row.own_until_ms is not None for row in links)
        own = sum(row.authorised_by is AuthorisedBy.PERSON for row in links)
        if not save:
            say(*would_exclude(len(new), before=len(out), covered=covered, own=own, kept=kept))
            return True
        return await _exclude(core, audit, new)


async def _exclude(core: Core, audit: AuditLog, new: Sequence[Exclusion]) -> bool:
    room = core.organisation.exclusions
    undo, at_ms = await room.undoable(), new[0].at_ms
    await room.keep_undo(FileUndo(at_ms, excluded=tuple(row.object_id for row in new)))
    try:
        done = await Excluding(room, core.engine.people, core.covering.uncover).exclude(new)
    except TooMany:
        await (room.drop_undo() if undo is None else room.keep_undo(undo))
        complain([f"No more than {MOST:,} people can be excluded. Narrow the level instead."])
        return False
    await audit.excluded_by_file(OPERATOR, people=len(done.added))
    say(*by_file(len(done.added), verb="exclude"), *clears(done.clearing))
    return True


def _called(user: EntraUser) -> tuple[str, str, str]:
    return user.object_id, user.name, user.address


async def _find(core: Core, asked: Sequence[Named]) -> _Found:
    finder = core.organisation.finder
    by_address = {line.address: line for line in asked if line.address}
    by_id = {line.object_id: line for line in asked if not line.address}
    found = await finder.find(list(by_address)) if by_address else []
    known = await finder.known(list(by_id)) if by_id else {}
    users = {
        one.user.object_id: (by_address[one.address], one.user)
        for one in found
        if one.user is not None
    }
    for oid, user in known.items():
        users.setdefault(oid, (by_id[oid.lower()], user))
    gone = by_id.keys() - {oid.lower() for oid in known}
    return _Found(
        list(users.values()),
        [*(one.address for one in found if not one.users), *sorted(gone)],
        [one.address for one in found if len(one.users) > 1],
    )


def _say_unclear(found: _Found) -> None:
    if found.unknown:
        say(f"Passed over, as Entra has nobody of this name: {len(found.unknown):,}", err=True)
        say_some(found.unknown, err=True)
    if found.several:
        say(f"Passed over, as Entra has several of this name: {len(found.several):,}", err=True)
        say_some(found.several, err=True)


async def include_people(settings: Settings, asked: Sequence[Named], *, save: bool) -> bool:
    """Say whom including would concern, and do it where `save`. False: none of them is excluded.

    Whom Entra has no longer is known by the address that was kept. Raises as above.
    """
    async with core_for_command(settings) as (core, audit):
        store = core.organisation.exclusions
        everybody = await store.everybody()
        by_id = {row.object_id.lower(): row for row in everybody}
        by_address = {fold_address(row.address): row for row in everybody if row.address}
        found, left = dict[str, Exclusion](), list[Named]()
        for line in asked:
            row = by_id.get(line.object_id) or by_address.get(fold_address(line.address))
            if row is None:
                left.append(line)
            else:
                found[row.object_id] = row
        unknown = await _include_by_entra(core, left, by_id, found)
        if unknown:
            say(f"Passed over, as they aren't excluded: {len(unknown):,}", err=True)
            say_some(unknown, err=True)
        rows = list(found.values())
        say_some([row.address or row.object_id for row in rows])
        if not rows:
            say("Nobody in this file is excluded.")
            return False
        if not save:
            say(f"{people(len(rows))} would be included again. Nothing is saved without --save.")
            return True
        await store.keep_undo(FileUndo(await store.now_ms(), included=tuple(rows)))
        removed = await store.remove([row.object_id for row in rows])
        await audit.included_by_file(OPERATOR, people=len(removed))
        say(*by_file(len(removed), verb="include"))
        return True


async def _include_by_entra(
    core: Core,
    left: Sequence[Named],
    by_id: dict[str, Exclusion],
    found: dict[str, Exclusion],
) -> list[str]:
    """Find the rest by any address of theirs; the names of those who are not excluded."""
    try:
        some = await _find(core, left) if left else _Found([], [], [])
    except OutsideError:
        return [line.address or line.object_id for line in left]
    unknown = [*some.unknown, *some.several]
    for line, user in some.users:
        row = by_id.get(user.object_id.lower())
        if row is None:
            unknown.append(line.address or line.object_id)
        else:
            found[row.object_id] = row
    return unknown


async def undo_file(settings: Settings, verb: str) -> bool:
    """Take the last file of a command (exclude, include) back. False: there is none.

    Raises as above. What somebody else decided about these people since then stays.
    """
    async with core_for_command(settings) as (core, audit):
        store = core.organisation.exclusions
        undo = await store.undoable()
        if undo is None:
            say("There is no file to take back: the last one was, or is older than 30 days.")
            return False
        if verb == "exclude" and not undo.excluded:
            say("The last file included people: `python app.py include --undo` takes it back.")
            return False
        if verb == "include" and not undo.included:
            say("The last file excluded people: `python app.py exclude --undo` takes it back.")
            return False
        if undo.excluded:
            theirs = {
                row.object_id
                for row in await store.everybody()
                if (row.at_ms, row.by) == (undo.at_ms, OPERATOR)
            }
            back = [oid for oid in undo.excluded if oid in theirs]
            removed = await store.remove(back)
            await audit.included_by_file(OPERATOR, people=len(removed))
            say(f"Taken back: {people(len(removed))} no longer excluded.")
        else:
            excluding = Excluding(store, core.engine.people, core.covering.uncover)
            done = await excluding.exclude(undo.included)
            await audit.excluded_by_file(OPERATOR, people=len(done.added))
            say(f"Taken back: {people(len(done.added))} excluded again.", *clears(done.clearing))
        await store.drop_undo()
        return True
