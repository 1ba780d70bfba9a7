"""Rotating TOKEN_KEYS as an operator does it: nobody is lost, and no card either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from domain.coverage import Announcement, How
from sandbox.zoom_states import ZoomPresence
from sync.connect.sealed import OptOutKey, SealedStore
from sync.connect.vault import Vault
from sync.organisation.announcements import AnnouncementStore
from sync.organisation.opt_outs import OptOuts
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.inside import ADA, BEN, CHIARA, inside, office, reopened
from tests.doubles.outside import TOKEN_KEY, titles, words
from tests.doubles.product import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW = Fernet.generate_key().decode()
BOTH = f"{NEW},{TOKEN_KEY}"
CALL = ("Busy", "InACall")


async def rotate(
    around: Outside, folder: Path, token_keys: str, *arguments: str
) -> tuple[int, str]:
    environ = around.environ(TOKEN_KEYS=token_keys)
    return await run("rotate-keys", *arguments, environ=environ, folder=folder)


async def test_a_rotation_loses_nobody_and_no_card(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path) as place:
        await place.connect(ADA, BEN)
        await place.chat(BEN).says("pause")
        asked = await place.chat(ADA).says("disconnect")
        code, said = await rotate(town, tmp_path, TOKEN_KEY)
        assert (code, "TOKEN_KEYS holds one key" in said) == (0, True)
        code, said = await rotate(town, tmp_path, BOTH)
        assert (code, "Nothing was moved: a running process uses" in said) == (1, True)
        for person in (ADA, BEN):  # the running one can still open them
            row = str(await place.redis.get(keys.tokens(person.object_id))).partition(":")[2]
            assert not Vault([TOKEN_KEY]).needs_rotation(row)
    code, said = await rotate(town, tmp_path, BOTH)
    assert code == 0
    assert "People: 2 moved to the newest key, 0 already there, 0 left" in said
    assert "Buttons: moved to the newest key" in said

    async with reopened(town, tmp_path, TOKEN_KEYS=BOTH) as place:
        town.world.set_zoom(ADA.object_id, ZoomPresence.IN_MEETING)
        await place.product.told(ADA, CALL)
        # Whoever is at Microsoft at this moment may have begun while the old key was the first.
        code, said = await rotate(town, tmp_path, BOTH)
        assert (code, "You can remove the old keys at " in said) == (0, True)
        await place.redis.hset(keys.SEALING, Vault([TOKEN_KEY]).newest, 1)  # long ago
        code, said = await rotate(town, tmp_path, BOTH)
        assert (code, "You can remove the old keys from" in said) == (0, True)

    async with reopened(town, tmp_path, TOKEN_KEYS=NEW) as place:
        # Old buttons work, and who was paused all the time is still connected.
        assert "Still connected" in words(await place.chat(ADA).presses("Cancel", on=asked))
        town.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
        await place.chat(BEN).says("resume")
        await place.product.told(BEN, CALL)


async def test_redis_being_away_is_one_sentence(town: Outside, tmp_path: Path) -> None:
    environ = town.environ(REDIS_URL="redis://127.0.0.1:9/0")
    code, said = await run("rotate-keys", environ=environ, folder=tmp_path)
    assert code == 1
    assert "Redis doesn't answer" in said
    assert "Traceback" not in said


async def test_what_opens_with_no_key_is_said_and_can_be_given_up(
    town: Outside, tmp_path: Path
) -> None:
    async with office(town, tmp_path) as place:
        await place.connect(CHIARA)
        code, said = await rotate(town, tmp_path, NEW)
        assert code == 1
        assert "Buttons: none of TOKEN_KEYS opens their key" in said
        assert "1 person: none of TOKEN_KEYS opens what is stored" in said
        assert CHIARA.object_id in said
        assert NEW not in said
        # Whoever mistypes the key loses nobody: a process with the real one runs.
        asked = await place.chat(CHIARA).says("disconnect")
        code, said = await rotate(town, tmp_path, NEW, "--lost")
        assert (code, "Nothing was given up" in said) == (1, True)
        assert "Still connected" in words(await place.chat(CHIARA).presses("Cancel", on=asked))
        await place.chat(CHIARA).works()

    async with inside(town, tmp_path, TOKEN_KEYS=NEW) as product:
        assert product.command.events("button_key_unreadable")
        chat = product.chat(CHIARA)
        pressed = await chat.presses("Cancel", on=await chat.says("disconnect"))
        assert "Still connected" in words(pressed)  # buttons are signed and believed all the same
        code, said = await rotate(town, tmp_path, NEW, "--lost")
        assert "1 person will be asked to connect again" in said
        status = (await chat.says("status")).card
        assert "Connect again" in titles(status)
        assert "lost" in words(status)


async def test_lost_opt_outs_are_given_up_together_with_who_was_told(
    town: Outside, tmp_path: Path
) -> None:
    def opt_outs(place: Office, key: str) -> OptOuts:
        scripts = Scripts(place.redis)
        return OptOuts(
            place.redis, scripts, OptOutKey(SealedStore(place.redis, scripts), Vault([key]))
        )

    async with office(town, tmp_path) as place:
        await opt_outs(place, TOKEN_KEY).add(CHIARA.object_id, "zChiara")
        announcements = AnnouncementStore(place.redis)
        for person in (ADA, CHIARA):
            await announcements.keep(person.object_id, Announcement(1, How.INFORMED))
    code, said = await rotate(town, tmp_path, NEW)
    assert (code, "nobody is started by the organisation" in said) == (1, True)
    async with reopened(town, tmp_path) as place:
        assert await opt_outs(place, TOKEN_KEY).has(CHIARA.object_id, None)
    code, said = await rotate(town, tmp_path, NEW, "--lost")
    assert code == 0
    assert "Opt-outs: 1 person said Not for me, and can't be recognised any more" in said
    assert "everyone is told again" in said
    async with reopened(town, tmp_path, TOKEN_KEYS=NEW) as place:
        people = [ADA.object_id, CHIARA.object_id]
        assert await AnnouncementStore(place.redis).of(people) == {}
        left = opt_outs(place, NEW)
        assert not await left.has(CHIARA.object_id, "zChiara")
        assert await place.redis.keys("pb:*optout*") == [keys.OPT_OUT_KEY]
    code, said = await rotate(town, tmp_path, NEW, "--lost")
    assert (code, "lost" in said) == (0, False)
