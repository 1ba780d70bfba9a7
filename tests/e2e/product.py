"""Runs the product as people do, `python app.py local`, and plays its sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

from playwright.async_api import TimeoutError as BrowserTimeout
from playwright.async_api import expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from playwright.async_api import Locator, Page

    from sandbox.people import SandboxPerson

_ROOT = Path(__file__).resolve().parents[2]
_START_LIMIT = 90.0  # seconds
_STOP_LIMIT = 40.0
_READY = "Stop with Ctrl-C"

TeamsClient = Literal["closed", "active", "idle", "call", "presenting"]

WITHDRAWN: Final = frozenset({"organisation_authorisation_ended", "readback_lost"})
"""What a consent that is withdrawn is an error of: of the rights, and of what needs them."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listened on a moment ago."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the three servers of local mode listen. Kept over a restart."""

    bot: int
    panel: int
    chat: int

    @classmethod
    def free(cls) -> Self:
        return cls(*free_ports(3))


class Product:
    """A running `python app.py local`."""

    def __init__(self, process: asyncio.subprocess.Process, ports: Ports, data_dir: Path) -> None:
        self.ports = ports
        self.data_dir = data_dir
        self.chat_url = f"http://127.0.0.1:{ports.chat}/"
        self.panel_url = f"http://127.0.0.1:{ports.panel}/"
        self.endpoint = f"http://127.0.0.1:{ports.bot}/api/messages"
        self.output = ""
        self._process = process
        self._ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def interrupt(self) -> int:
        """Press Ctrl-C: the signal goes to the whole process group. Returns the exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            return await self._ended(_STOP_LIMIT)
        except TimeoutError:
            raise AssertionError(f"It did not stop. It printed:\n{self.output}") from None

    async def until_ready(self) -> None:
        """Wait for the last line of the greeting."""
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            [waiting, self._reading], timeout=_START_LIMIT, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not self._ready.is_set():
            raise AssertionError(f"It did not start. It printed:\n{self.output}")

    def complaints(self, but: Collection[str] = ()) -> list[str]:
        """Lines of the output that nobody should see: tracebacks and errors, `but` these events."""
        return [
            line
            for line in self.output.splitlines()
            if "Traceback" in line or '"level": "error"' in line or '"level":"error"' in line
            if not any(f'"{event}"' in line for event in but)
        ]

    def redis_socket(self) -> Path:
        """Where the embedded Redis listens."""
        return Path((self.data_dir / "redis" / "socket-path").read_text("utf-8").strip())

    async def kill(self) -> None:
        """End what is left of it."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._ended(_STOP_LIMIT)

    async def _ended(self, limit: float) -> int:
        async with asyncio.timeout(limit):
            await self._reading
            return await self._process.wait()

    async def _read(self) -> None:
        output = self._process.stdout
        assert output is not None
        while line := await output.readline():
            self.output += line.decode(errors="replace")
            if _READY in self.output:
                self._ready.set()


@contextlib.asynccontextmanager
async def running_product(
    data_dir: Path,
    *,
    ports: Ports | None = None,
    person: str = "ada",
    chat: bool = True,
    but: Collection[str] = (),
) -> AsyncIterator[Product]:
    """Run it until the block ends; it must stop in order and have nothing to complain about.

    `but` are the events that may be errors, because the test brings them about.
    """
    ports = ports or Ports.free()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "app.py", "local", "--as", person, "--chat" if chat else "--no-chat"),
        *("--sandbox-port", str(ports.panel), "--chat-port", str(ports.chat)),
        cwd=_ROOT,
        env=os.environ
        | {"PORT": str(ports.bot), "METRICS_PORT": "0"}
        | {"DATA_DIR": str(data_dir), "LOG_FORMAT": "json"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # a process group of its own, as in a terminal
    )
    product = Product(process, ports, data_dir)
    try:
        await product.until_ready()
        yield product
        code = await product.interrupt()
        assert code == 0, product.output
        complaints = product.complaints(but)
        assert complaints == [], "\n".join(complaints)
    finally:
        await product.kill()


class Panel:
    """The sandbox panel in a browser, as somebody plays one person with it."""

    def __init__(self, page: Page, person: SandboxPerson) -> None:
        self.page = page
        self.person = person
        self._id = person.object_id

    @classmethod
    async def open(cls, page: Page, url: str, person: SandboxPerson) -> Self:
        panel = cls(page, person)
        await page.goto(url)
        await expect(page.get_by_test_id("clock")).not_to_have_text("–")
        return panel

    async def zoom(self, presence: str) -> None:
        """Choose what the person is in Zoom."""
        await self._press(f"zoom-{self._id}-{presence}")

    async def teams(self, client: TeamsClient) -> None:
        """Choose what the person does in a Teams client of their own."""
        await self._press(f"teams-{self._id}-{client}")

    async def by_hand(self, status: str) -> None:
        """Set (or with "None" reset) the person's status by hand in Teams."""
        await self._press(f"manual-{self._id}-{status}")

    async def shows(self, words: str, pair: str = "") -> None:
        """Wait until Microsoft shows this."""
        await self._until(self._part("shown").filter(has_text=_exactly(words)), f"shown: {words}")
        if pair:
            await self._until(self._part("pair").filter(has_text=_exactly(pair)), pair)

    async def covered(self, words: str) -> None:
        """Wait until the product says of the person by what they are covered, or why not."""
        await self._until(self._part("covered").filter(has_text=_exactly(words)), words)

    async def ours(self, words: str | None) -> None:
        """Wait until our session says this; None: until there is no session of ours."""
        ours = self._part("sessions").locator("li").filter(has_text="Presence Bridge")
        if words is None:
            await expect(ours).to_have_count(0)
        else:
            await self._until(ours.filter(has_text=words), f"our session: {words}")

    @property
    def card(self) -> Locator:
        """Everything about the person."""
        return self.page.get_by_test_id(f"person-{self._id}")

    def _part(self, name: str) -> Locator:
        return self.page.get_by_test_id(f"{name}-{self._id}")

    async def _press(self, test_id: str) -> None:
        button = self.page.get_by_test_id(test_id)
        await button.click()
        pressed = button.and_(self.page.locator("[aria-pressed=true]"))
        await self._until(pressed, f"{test_id} pressed")

    async def _until(self, what: Locator, name: str) -> None:
        try:
            await what.wait_for()
        except BrowserTimeout:
            shown = await self.card.inner_text()
            raise AssertionError(f"Not on the panel: {name}. It shows:\n{shown}") from None


def _exactly(words: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(words)}$")
