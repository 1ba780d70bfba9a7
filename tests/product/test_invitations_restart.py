"""Inviting people goes on where a process stopped, in whichever process comes next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sandbox.people import PEOPLE
from sync.redis import keys
from tests.doubles.invitations import counted, installed, invitations, title_of
from tests.doubles.outside import serving, words
from tests.doubles.redis import leaked_keys, open_client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMIN = PEOPLE[0]
COUNT = 8


@pytest.mark.parametrize("killed", [False, True])
async def test_a_restart_in_the_middle_repeats_nobody(
    around: Outside, tmp_path: Path, killed: bool
) -> None:
    redis = open_client(around.redis)
    named = {"ADMIN_OBJECT_IDS": ADMIN.object_id}
    async with serving(around, tmp_path, **named) as first:
        admin = first.chat(ADMIN)
        chats = await installed(first, redis, *(around.somebody() for _ in range(COUNT)))
        settings = await counted(admin, COUNT)
        await admin.presses(title_of(COUNT), on=settings)
        await admin.presses(title_of(COUNT), on=settings)
        await first.command.event("person_invited")
        if killed:
            await first.command.kill()
        else:
            assert await first.command.stop() == 0, first.command.tail()
            first.command.assert_clean()
    assert sum(len(invitations(chat)) for chat in chats) < COUNT
    if killed:
        await redis.delete(keys.job_taken("invitations", "all"))  # it would end by itself
    async with serving(around, tmp_path, **named) as second:
        await second.command.event("mailing_done")
    got = [len(invitations(chat)) for chat in chats]
    assert max(got) == 1
    # A process that is told to stop leaves nobody out; one that dies may, whoever was in hand.
    assert sum(got) >= (COUNT - 1 if killed else COUNT)
    stated = re.search(r"(\d) people were invited", words(admin.now(settings)))
    assert stated is not None
    assert int(stated[1]) in {sum(got), sum(got) - killed}
    leaks = await leaked_keys(redis)
    await redis.aclose()
    assert leaks == []
