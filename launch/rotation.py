"""`python app.py rotate-keys`: move what is sealed to the newest key; say when the old may go."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.person import Patch
from domain.step import Lane
from launch.redis import client_for_command
from launch.terminal import say
from sync.connect.wire import wire_resealing
from sync.engine.people import PeopleStore
from sync.organisation.announcements import AnnouncementStore
from sync.organisation.opt_outs import OptOuts
from sync.redis.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.settings import Settings
    from sync.connect.resealing import Count
    from sync.connect.sealed import ButtonKey

MOST_ROUNDS = 3
"""How often it is gone over who changed in that very moment."""
EVERY_SECONDS = 1.0
MOST_NAMED = 10
LOST = "tokens_lost"
"""Why they must connect again: the code that is kept with them."""


async def rotate_keys(settings: Settings, *, lost: bool) -> bool:
    """Do it, line by line. True: nothing needs an older key, but for what the last line says.

    `lost`: what opens with none of the keys is given up: its people are asked to connect again, and
    who said *Not for me* is forgotten together with who was told, so all are told again first.
    Not while a process runs that seals with another key: then that one is not lost.
    Raises EmbeddedRedisError, RedisAway.
    """
    async with client_for_command(settings) as client:
        scripts = Scripts(client)
        people = PeopleStore(client, scripts)
        resealing = wire_resealing(
            people, client, scripts, token_keys=settings.token_key_list, pause=0
        )
        vault = resealing.vault
        running = (await resealing.in_use()).running
        if lost and running:
            say(
                "FAILED  Nothing was given up: a running process uses another key, so that one "
                "isn't lost. Run this with the TOKEN_KEYS of that process, or stop it first."
            )
            return False
        if running and vault.has_older:
            say(
                "WAIT    Nothing was moved: a running process uses another key, and may not know "
                "the new one. Give it these TOKEN_KEYS, restart it, and run this again."
            )
            return False
        well = await _buttons(resealing.button_key, lost=lost)
        opt_outs = OptOuts(client, scripts, resealing.opt_out_key)
        well &= await _opt_outs(opt_outs, AnnouncementStore(client), lost=lost)
        total = await people.connected()
        count = await resealing.round(_progress(total, time.monotonic))
        for _ in range(MOST_ROUNDS):
            if not count.left:
                break
            moved = count.moved
            count = await resealing.round(lambda _: None)
            count.moved, count.fresh = count.moved + moved, max(0, count.fresh - moved)
        _say_count(count)
        if count.unreadable and lost:
            await _ask_again(people, count.unreadable)
            say(f"lost    {_people(len(count.unreadable))} will be asked to connect again")
        elif count.unreadable:
            _say_unreadable(count.unreadable)
        well &= not count.left and (lost or not count.unreadable)
        if not vault.has_older:
            say("note    TOKEN_KEYS holds one key. To rotate, put a new one in front of it.")
            return well
        use = await resealing.in_use()
        if use.running:
            say("WAIT    A process that uses another key has started. Run this again.")
            return False
        if not well:
            say("WAIT    Keep the old keys.")
        elif use.until_ms:
            at = datetime.fromtimestamp(use.until_ms / 1000, tz=UTC)
            say(
                f"ok      You can remove the old keys at {at:%H:%M} UTC: sign-ins under way need "
                "them until then."
            )
        else:
            say("ok      You can remove the old keys from TOKEN_KEYS now. Then restart.")
        return well


async def _buttons(button_key: ButtonKey, *, lost: bool) -> bool:
    moved = await button_key.reseal()
    if moved is None and lost:
        await button_key.give_up()
        say("lost    Buttons: a new key was created, so older cards no longer work")
        return True
    if moved is None:
        say("FAILED  Buttons: none of TOKEN_KEYS opens their key")
        return False
    say(f"ok      Buttons: {'moved to the newest key' if moved else 'nothing to move'}")
    return True


async def _opt_outs(opt_outs: OptOuts, announcements: AnnouncementStore, *, lost: bool) -> bool:
    """Given up only with all announcements: nobody is started who could not say it again."""
    moved = await opt_outs.key.reseal()
    if moved is None and lost:
        # In this order, and the key last: until then nobody is started at all.
        await announcements.forget_everybody()
        forgotten = await opt_outs.give_up()
        await opt_outs.key.give_up()
        say(
            f"lost    Opt-outs: {_people(forgotten)} said Not for me, and can't be recognised any "
            "more. So everyone is told again about the organisation's authorisation, and can say "
            "Not for me again, before anything starts for them. If you recorded that people were "
            "told by other means, tell them again and record it again."
        )
        return True
    if moved is None:
        say(
            "FAILED  Opt-outs: none of TOKEN_KEYS opens their key. Until one does, nobody is "
            "started by the organisation's authorisation. If the key is lost, run this with "
            "--lost: then people are told again before anything starts."
        )
        return False
    if moved:
        say("ok      Opt-outs: moved to the newest key")
    return True


def _progress(total: int, clock: Callable[[], float]) -> Callable[[Count], None]:
    """Say how far it is, once a second."""
    said = clock()

    def tell(count: Count) -> None:
        nonlocal said
        if clock() - said >= EVERY_SECONDS:
            said = clock()
            say(
                f"...     {count.seen:,} of {_people(total)}; {count.moved:,} moved, "
                f"{max(0, total - count.seen):,} to look at"
            )

    return tell


def _say_count(count: Count) -> None:
    kind = "ok    " if not count.left and not count.unreadable else "FAILED"
    say(
        f"{kind}  People: {count.moved:,} moved to the newest key, {count.fresh:,} already there, "
        f"{count.left + len(count.unreadable):,} left"
    )


def _say_unreadable(people: Sequence[str]) -> None:
    say(
        f"FAILED  {_people(len(people))}: none of TOKEN_KEYS opens what is stored. Put the missing "
        "key behind the first one. If it is lost, run this with --lost."
    )
    for object_id in people[:MOST_NAMED]:
        say(f"        {object_id}")
    if len(people) > MOST_NAMED:
        say(f"        and {len(people) - MOST_NAMED:,} more")


async def _ask_again(people: PeopleStore, lost: Sequence[str]) -> None:
    """Have them asked to connect again, as after any authorisation that ended."""
    ended = Patch.must_authorize(LOST, await people.now_ms())
    for object_id in lost:
        await people.demand(object_id, Lane.CHANGE, ended)


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"
