"""The newest release and today's code at once on one Redis, and the way from one to the other."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, Admin, said_by
from tests.doubles.outside import outside, serving, words
from tests.doubles.product import APP, run, running
from tests.doubles.redis import RedisServer, open_client, orphans
from tests.upgrade.released import NotThere, newest, take_out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Outside, Product
    from tests.doubles.product import Command

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL, PRESENTING = ("Busy", "InACall"), ("DoNotDisturb", "Presenting")
WRONG = ("damaged", "unreadable", "failed")
"""In the name of an action: something stored was not understood."""


@pytest.fixture(scope="module")
def module_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the newest release."""
    return taken_out(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def first(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of 0.2.0; compiled once while it is the newest."""
    if newest() == "0.2.0":
        return Path(request.getfixturevalue("released"))
    return taken_out(tmp_path_factory.mktemp("first"), "0.2.0")


def taken_out(folder: Path, version: str | None = None) -> Path:
    try:
        take_out(folder, version)
    except NotThere as error:
        pytest.skip(str(error))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(
    module_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    async with outside(tmp_path_factory.mktemp("outside"), module_redis) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def client(module_redis: RedisServer) -> AsyncIterator[Client]:
    """The Redis of all processes, empty."""
    client = open_client(module_redis)
    await client.flushall()
    yield client
    await client.aclose()


def hear(around: Outside, product: Product) -> None:
    """From now on Zoom's events and the browsers' requests come to this process."""
    around.product = product.url
    around.world.webhooks.url = product.webhook_url


def chat_of(product: Product, person: SandboxPerson = ADA) -> Admin:
    client = product.around.teams.person(person.object_id, person.name)
    return Admin(product, person, client)


def understood(command: Command) -> None:
    """Nothing that was stored puzzled it."""
    wrong = [line for line in command.output if any(f"_{word}" in line for word in WRONG)]
    assert wrong == []


async def says(
    product: Product, person: SandboxPerson, command: str, part: str, pause: float = 0.4
) -> None:
    """Wait until a command is answered so: settings are read anew every two seconds."""
    for _ in range(15):
        said = words((await product.chat(person).says(command)).card)
        if part in said:
            return
        await asyncio.sleep(pause)
    raise AssertionError(f"{said}\n{product.command.tail()}")


async def test_a_rolling_upgrade_loses_nobody(
    around: Outside, client: Client, released: Path, tmp_path: Path
) -> None:
    environ = {"ADMIN_OBJECT_IDS": ADA.object_id, "PYTHONDEVMODE": None}
    world = around.world
    nia, otto = around.somebody(), around.somebody()
    folders = [tmp_path / "old", tmp_path / "new"]
    for folder in folders:
        folder.mkdir()
    async with contextlib.AsyncExitStack() as later:
        around.program = (str(released / "app.py"),)
        old = await later.enter_async_context(serving(around, folders[0], **environ))
        around.program = (str(APP),)
        chat = await old.connected(nia)
        connected = chat.received[-1]
        world.set_zoom(nia.object_id, ZoomPresence.IN_MEETING)
        await old.told(nia, CALL)
        status = await chat.says("status")
        question = await chat_of(old).says("settings account style busy only")

        async with serving(around, folders[1], **environ) as new:
            # Both run. Who was connected is, and what Zoom tells one of them is shown.
            world.set_zoom(nia.object_id, ZoomPresence.PRESENTING)
            await new.told(nia, PRESENTING)
            again = chat_of(new, nia)
            await again.works()
            assert "Working." in words(await again.presses("Status", on=connected))
            hear(around, old)
            world.set_zoom(nia.object_id, ZoomPresence.IN_MEETING)
            await old.told(nia, CALL)

            # Buttons of the old one's cards are answered by the new one, and the other way round.
            paused = await again.presses("Pause", on=status)
            assert "Paused until you resume." in words(paused)
            await new.told(nia, None)
            resume = await again.says("status")
            assert "Resumed" in words(await old.chat(nia).presses("Resume", on=resume))
            await old.told(nia, CALL)

            # What an admin was asked by one is confirmed at the other, and known to both.
            confirmed = await chat_of(new).clicks("Use busy only", question)
            assert "busy only" in said_by(confirmed)
            for one in (old, new):
                await says(one, nia, "style", "Your style is busy only, ")
            off = await chat_of(old).says("settings account disable")
            await chat_of(old).clicks("Disable", off)
            await new.told(nia, None)
            for one in (new, old):
                await says(one, nia, "status", "presence sync is off")
            on = await chat_of(new).says("settings account enable")
            assert "Reason or ticket" not in str(on.card), "the old one would lose it"
            await chat_of(new).clicks("Enable", on)
            await old.told(nia, CALL)

            # Somebody connects while both run, with a link of the one and a page of the other.
            hear(around, new)
            await old.connected(otto)
            world.set_zoom(otto.object_id, ZoomPresence.IN_MEETING)
            await new.told(otto, CALL)

            # The old one ends; the new one has everybody.
            assert await old.command.stop() == 0, old.command.tail()
            old.command.assert_clean()
            understood(old.command)
            for person in (nia, otto):
                world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
                await new.told(person, PRESENTING)
            await again.works()
            card = await again.clicks("Status", connected, connected.card)
            assert "Working." in words(card)
            understood(new.command)
            assert await new.command.stop() == 0, new.command.tail()
    assert [found async for found in orphans(client)] == []
    everybody = {
        oid for shard in range(keys.SHARDS) for oid in await client.smembers(keys.everybody(shard))
    }
    assert everybody == {nia.object_id, otto.object_id}


@pytest.mark.timeout(150)
async def test_a_newer_style_waits_for_the_last_process_of_0_2_0(
    around: Outside, client: Client, first: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / "old", tmp_path / "new"]
    for folder in folders:
        folder.mkdir()
    nia, program = around.somebody(), (str(first / "app.py"),)
    async with contextlib.AsyncExitStack() as later:
        around.program = program
        old = await later.enter_async_context(serving(around, folders[0], PYTHONDEVMODE=None))
        await old.connected(nia)
        around.program = (str(APP),)
        async with serving(around, folders[1], PYTHONDEVMODE=None) as new:
            chat = chat_of(new, nia)
            said = words((await chat.says("style quiet")).card)
            assert "The style quiet can’t be chosen yet. Your style is still mirror." in said
            assert await client.hget(keys.person(nia.object_id), "style") is None

            assert await old.command.stop() == 0, old.command.tail()
            understood(old.command)
            # A process trusts what it knows of others from its thirtieth second on.
            await says(new, nia, "style quiet", "Use the style quiet?", pause=4)
            asked = await chat.says("style quiet")
            assert "Your style is now quiet." in words(await chat.clicks("Use quiet", asked))
            world = around.world
            world.set_zoom(nia.object_id, ZoomPresence.IN_MEETING)
            await new.told(nia, PRESENTING)
            understood(new.command)

        environ = around.environ(PYTHONDEVMODE=None)
        async with running("serve", environ=environ, folder=folders[0], program=program) as again:
            assert await again.ended() == 1, again.tail()
            assert "data version 2" in again.text


async def test_the_release_does_not_start_beside_rows_that_it_cannot_read(
    around: Outside, client: Client, released: Path, tmp_path: Path
) -> None:
    row = {"newest": "1000000", "oldest": "1", "by": "9.9.9"}
    await client.hset(keys.DATA_CONTRACT, mapping=row)
    program = (str(released / "app.py"),)
    environ = around.environ(PYTHONDEVMODE=None)
    async with running("serve", environ=environ, folder=tmp_path, program=program) as command:
        assert await command.ended() == 1, command.tail()
        assert "data version 1000000, which Presence Bridge 9.9.9 wrote" in command.text
        assert "Traceback" not in command.text
    assert await client.keys("*") == [keys.DATA_CONTRACT]
    assert await client.hgetall(keys.DATA_CONTRACT) == row


async def test_a_process_that_was_overtaken_while_it_ran_ends_and_says_why(
    around: Outside, client: Client, tmp_path: Path
) -> None:
    around.program = (str(APP),)
    async with serving(around, tmp_path, PYTHONDEVMODE=None) as product:
        row = {"newest": "1000000", "by": "9.9.9"}
        await client.hset(keys.DATA_CONTRACT, mapping=row)
        assert await product.command.ended() == 1
        assert "data version 1000000, which Presence Bridge 9.9.9 wrote" in product.command.text
        product.command.assert_clean()


async def test_rows_from_before_data_versions_are_left_as_they_are(
    around: Outside, client: Client, tmp_path: Path
) -> None:
    await client.hset(keys.SETTINGS, "version", 1)
    for name in ("serve", "rotate-keys"):
        code, text = await run(name, environ=around.environ(PYTHONDEVMODE=None), folder=tmp_path)
        assert code == 1
        assert "Redis holds data from a Presence Bridge before 0.2.0" in text
        assert "Traceback" not in text
    assert await client.keys("*") == [keys.SETTINGS]
