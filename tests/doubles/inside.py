"""The product as an application in this process, in production mode, and an office that uses it.

Faster than `serve` as a process of its own, for tests that need the product in a fresh state: real
HTTP, a real Redis, real tokens; Microsoft, Zoom and Teams are those of tests.doubles.outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from unittest import mock

from structlog.testing import capture_logs

from cards.seal import Seal
from domain.setback import MOST_REFUSALS
from launch.application import CORE, application
from launch.lifetime import running
from launch.outside import open_outside
from launch.wiring import wire_core
from sandbox.own_rights import OwnRights
from sandbox.people import GROUPS, PEOPLE, SandboxGroup, SandboxPerson
from sandbox.world import PersonState
from service import settings as setup
from service.metrics import Metrics
from sync.microsoft.profiles import Profiles
from sync.redis import keys
from sync.redis.connection import connect
from tests.cards import lint
from tests.doubles.outside import PUBLIC, Chat, Outside, Product, outside
from tests.doubles.product import Command
from tests.doubles.redis import open_client
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from bot.core import Core
    from sync.redis.connection import Client
    from tests.doubles.redis import RedisServer
    from tests.doubles.teams import Sent

ADA, BEN, CHIARA, DOROTHEA, EMEKA, FARID = PEOPLE


class Lines(Command):
    """What the product logs, in place of the output of a process."""

    def __init__(self, lines: list[Any]) -> None:
        self._lines = lines

    def tail(self) -> str:
        return "\n".join(str(line) for line in self._lines[-30:])

    def events(self, name: str) -> list[dict[str, Any]]:
        return [dict(line) for line in self._lines if line["event"] == name]

    async def event(self, name: str, *, seconds: float = 15.0, **fields: object) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while True:
                for line in self.events(name):
                    if fields.items() <= line.items():
                        return line
                await asyncio.sleep(0.01)


def settings_of(around: Outside, folder: Path, **changes: str | None) -> setup.Settings:
    """The settings of a production process."""
    # The login service without https: whom to trust is told by the environment alone.
    here = {"DATA_DIR": str(folder), "MICROSOFT_LOGIN_URL": around.http}
    return setup.load("serve", around.environ(**(here | changes)))


def trusting_nobody_else() -> mock._patch_dict:
    """While it lasts, whom this machine's variables trust is not read: a third of a second."""
    named = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return mock.patch.dict(
        os.environ,
        {name: value for name, value in os.environ.items() if name not in named},
        clear=True,
    )


def keeping_connections(around: Outside) -> mock._patch[Callable[..., Client]]:
    """While it lasts, a product that ends leaves its connections to Redis to the next.

    At its start every duty has one of its own: to open them took a tenth of a test.
    """

    def kept(url: str, mode: Literal["single", "cluster"]) -> Client:
        client = connect(url, mode)
        if mode == "single" and url == around.redis.url:
            around.pool = around.pool or client.connection_pool
            client.connection_pool = around.pool
            client.auto_close_connection_pool = False
        return client

    return mock.patch("launch.outside.connect", new=kept)


def reading_authorities_once() -> mock._patch[property]:
    """While it lasts, the authorities of the system are read for the first product alone."""
    return mock.patch.object(Profiles, "_verify", property(_whom_the_system_trusts))


def _whom_the_system_trusts(_: Profiles) -> ssl.SSLContext:
    return _read_once()


@functools.cache
def _read_once() -> ssl.SSLContext:
    return ssl.create_default_context()


@functools.cache
def metrics_that_nobody_reads() -> Metrics:
    """To make them takes as long as to answer somebody."""
    return Metrics()


class Inside(Product):
    """The product in this process. `core` are its parts, whose duties can be woken."""

    core: Core


@contextlib.asynccontextmanager
async def inside(
    around: Outside, folder: Path, *, with_worker: bool = True, **changes: str | None
) -> AsyncIterator[Inside]:
    """Run the product while the block runs; Zoom's webhooks go there. `changes` are settings."""
    settings = settings_of(around, folder, **changes)
    with (
        capture_logs() as lines,
        trusting_nobody_else(),
        keeping_connections(around),
        reading_authorities_once(),
    ):
        app = await application(settings, around.redis.url, with_worker=with_worker)
        async with running(app, "127.0.0.1", 0) as port:
            product = Inside(around, Lines(lines), f"http://127.0.0.1:{port}")
            product.core = app[CORE]
            around.product = product.url
            around.world.webhooks.url = product.webhook_url
            yield product


class Admin(Chat):
    """Somebody's own chat, with hands for forms."""

    async def clicks(
        self, title: str, on: Sent, card: dict[str, Any] | None = None, **entered: object
    ) -> dict[str, Any]:
        """Press a button with the form's inputs, some of them changed; the card that comes back.

        `card` is an older state of the message `on`.
        """
        shown = card or self.now(on)
        answer = await self.deliver(
            self.teams.presses(self.client, shown, title, on=on, inputs=filled(shown, **entered))
        )
        assert answer["statusCode"] == 200, f"{answer}\n{self.product.command.tail()}"
        came: dict[str, Any] = answer["value"]
        return came


class Office:
    """The sandbox's people as colleagues; Ada is the admin whom the settings name."""

    def __init__(self, around: Outside, product: Inside, redis: Client, beside: Core) -> None:
        """`beside` are the parts of another process on the same Redis."""
        self.beside = beside
        self.around = around
        self.world = around.world
        self.teams = around.teams
        self.product = product
        self.redis = redis
        self.button_key = b""

    def chat(self, person: SandboxPerson = ADA) -> Admin:
        client = self.teams.person(person.object_id, person.name)
        return Admin(self.product, person, client)

    async def connect(self, *people: SandboxPerson) -> None:
        for person in people:
            await self.product.connected(person)

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for what only asking finds out."""
        pause = 0.01
        try:
            async with asyncio.timeout(15):
                while not await condition():
                    await asyncio.sleep(pause)
                    pause = min(0.1, 1.3 * pause)  # to ask takes more than to wait
        except TimeoutError:
            raise AssertionError(
                f"It never came true that {what}.\n{self.product.command.tail()}"
            ) from None

    async def directory_read(self) -> None:
        """Wait until Zoom's groups are known."""

        async def known() -> bool:
            return await self.redis.get(keys.DIRECTORY_CURRENT) is not None

        await self.until(known, "the directory is read")

    async def directory_read_again(self) -> None:
        """Read Zoom's directory anew now, as another process of the product would."""
        assert self.beside.directory.refresher is not None
        while True:
            now = {"requested": 0, "not_before": 0}
            await self.redis.hset(keys.DIRECTORY_STATE, mapping=now)
            if await self.beside.directory.refresher.renew() == 0:
                break
            await asyncio.sleep(0.02)  # the product is reading it for the first time

    async def at_rest(self) -> None:
        """Wait until every change of settings is carried out and shown."""

        async def none() -> bool:
            return not await self.redis.exists(keys.jobs("rollouts"))

        await self.until(none, "the rollouts are done")

    async def shows(self, chat: Chat, message: Sent, part: str) -> dict[str, Any]:
        """Wait until a message says something; its card."""

        async def said() -> bool:
            return part in said_by(chat.now(message))

        await self.until(said, f"the card says {part!r}; at last: {said_by(chat.now(message))}")
        return chat.now(message)

    def complaints(self) -> list[str]:
        """What is wrong with the cards that were sent."""
        seal = Seal(self.button_key)
        found = []
        for card in (sent.card for sent in self.teams.messages):
            links = [node["url"] for node in nodes(card) if node.get("type") == "Action.OpenUrl"]
            link = links[0] if links and str(links[0]).startswith(PUBLIC) else ""
            found += [] if card is None else lint.complaints(card, seal, link)
        return found

    # What happens in Zoom's portal and in Entra

    def in_zoom(self, person: SandboxPerson, *groups: str) -> None:
        """Somebody's groups change in Zoom."""
        state = self.world.people[person.object_id]
        state.person = replace(state.person, groups=groups)

    def zoom_groups(self, groups: Sequence[SandboxGroup]) -> None:
        """These are Zoom's groups now."""
        self.world.config = replace(self.world.config, groups=groups)

    def is_admin_in_zoom(self, person: SandboxPerson, *, admin: bool) -> None:
        state = self.world.people[person.object_id]
        state.person = replace(state.person, admin=admin)

    def app_roles(self, person: SandboxPerson, *roles: str) -> None:
        """Entra assigns the roles of the app."""
        self.world.identity.standing[person.object_id].roles = set(roles)


@contextlib.asynccontextmanager
async def colleagues(folder: Path, redis: RedisServer) -> AsyncIterator[Outside]:
    """Everything around the product; nobody but the sandbox's people lives there."""
    async with outside(folder, redis) as around:
        known = {person.object_id for person in PEOPLE}
        for oid in [oid for oid in around.world.people if oid not in known]:
            del around.world.people[oid]
        yield around


@contextlib.asynccontextmanager
async def office(
    around: Outside,
    folder: Path,
    *,
    with_worker: bool = True,
    rights: Sequence[str] = (),
    second_rights: Sequence[str] = (),
    **changes: str | None,
) -> AsyncIterator[Office]:
    """An office on its first day: nothing is stored, nobody has done anything.

    `rights` are the application permissions that its organisation has consented to,
    `second_rights` those of the second registration.
    """
    world = around.world
    world.config = replace(world.config, groups=GROUPS)
    world.faults.graph.clear()
    world.faults.zoom.clear()
    world.own_rights = OwnRights()
    world.own_rights.hold(rights, world.clock.now())
    world.second_rights = OwnRights()
    world.second_rights.hold(second_rights, world.clock.now())
    for person in PEOPLE:
        world.people[person.object_id] = PersonState(person, zoom_since=world.clock.now())
        world.identity.standing[person.object_id].roles = set()
    around.teams.messages.clear()
    async with reopened(around, folder, with_worker=with_worker, empty=True, **changes) as place:
        yield place


@contextlib.asynccontextmanager
async def reopened(
    around: Outside,
    folder: Path,
    *,
    with_worker: bool = True,
    empty: bool = False,
    **changes: str | None,
) -> AsyncIterator[Office]:
    """Start the product, on what is stored unless `empty`."""
    named = {"ADMIN_OBJECT_IDS": ADA.object_id} | changes
    async with contextlib.AsyncExitStack() as stack:
        client = open_client(around.redis)
        stack.push_async_callback(client.aclose)
        if empty:
            await client.flushall()
        settings = settings_of(around, folder, **named)
        with trusting_nobody_else(), keeping_connections(around):
            clients = await open_outside(settings, around.redis.url, stack)
        beside = wire_core(settings, clients, metrics_that_nobody_reads())
        async with inside(around, folder, with_worker=with_worker, **named) as product:
            place = Office(around, product, client, beside)
            place.button_key = await beside.connect.key_of_buttons()
            if beside.directory.refresher is not None:
                await place.directory_read()
            yield place
            complaints = place.complaints()
            assert complaints == [], complaints


async def parked(place: Office, *people: SandboxPerson) -> Callable[[], None]:
    """Connect them, and let Microsoft not know them any more; the answer brings them back."""
    gone = TROUBLES["gone"]
    await place.connect(*people)
    world = place.world.people
    lost = {person.object_id: world.pop(person.object_id) for person in people}
    for person in people:
        chat = place.chat(person)
        connected = chat.received[-1]
        connected_card = chat.now(connected)
        for _ in range(MOST_REFUSALS):  # one refusal is not believed
            await chat.clicks("Test it", connected, connected_card)
        card = (await chat.says("status")).card
        assert gone.told in said_by(card)
        assert gone.next_step in said_by(card)
    return lambda: world.update(lost)


def said_by(card: dict[str, Any] | None) -> str:
    """Everything that a card says to whoever looks at it, in one line; labels and choices too."""
    said = []
    for node in nodes(card):
        kind = str(node.get("type"))
        if kind == "TextBlock":
            said.append(str(node["text"]))
        elif kind == "RichTextBlock":
            said.append("".join(str(part["text"]) for part in node["inlines"]))
        elif kind.startswith("Input."):
            said += [str(node.get("label", "")), str(node.get("title", ""))]
            said += [str(choice["title"]) for choice in node.get("choices", [])]
    return " ".join(" ".join(said).split())


def inputs(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The inputs that a card offers, by the field that they are for, in order."""
    found = [node for node in nodes(card) if str(node.get("type")).startswith("Input.")]
    return {str(node["id"]).partition("-")[0]: node for node in found}


def filled(card: dict[str, Any], **entered: object) -> dict[str, Any]:
    """What a client sends with a click: the value of every input, changed where something was."""
    offered = inputs(card)
    assert entered.keys() <= offered.keys(), f"{set(entered) - set(offered)} is not offered"
    return {
        node["id"]: str(entered.get(name, node.get("value", ""))) for name, node in offered.items()
    }


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a card in reading order; what a button carries is not the card's."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in {"data", "fallback"}:
                yield from nodes(value)
