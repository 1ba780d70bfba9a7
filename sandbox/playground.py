"""Starts the chat client for local use: Microsoft 365 Agents Playground, in the person's browser.

It is Microsoft's own stand-in for Teams, an npm package under a pre-release evaluation licence.
So it stays an external tool: fetched when it is wanted (version and hash in
`sandbox/playground/package-lock.json`), never part of this repository. A preload keeps its
listeners and its connections on this machine; it needs no account and sends nothing out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from sandbox.npm import fetch_command, for_fetching, ordinary
from sandbox.people import APP_ID, PEOPLE, TENANT_ID, SandboxPerson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

PACKAGE = "@microsoft/m365agentsplayground"
DEFAULT_PORT = 56150
"""The client's own default, so that people find it where its documentation says."""

BOT_ID = f"28:{APP_ID}"
"""The bot's id inside a chat; Teams puts `28:` before the app id, and `29:` before a person's."""

BOT_NAME = "Presence Bridge"

_FOLDER = Path(__file__).resolve().with_suffix("")
_INSTALLED = _FOLDER / "node_modules" / PACKAGE
_PRELOAD = _FOLDER / "loopback-only.cjs"
_INSTALL_LIMIT = 180.0  # seconds; a download of a few MB
_STOP_LIMIT = 3.0  # seconds between asking and killing
_OTHERS = 5  # the client's schema wants exactly this many users beside the current one
_KEPT_OUTPUT = 4000  # characters of output shown when something went wrong
_LISTENING = re.compile(r"^Listening on (\d+)$", re.MULTILINE)


class PlaygroundUnavailable(Exception):
    """The chat client can't be had on this machine; the text says what is missing."""


class PlaygroundFailed(Exception):
    """The chat client did not start, or ended by itself; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Playground:
    """A running chat client. `url` is what to open; the bot is given `service_url`."""

    url: str
    service_url: str
    process: _Process

    async def wait(self) -> None:
        """Wait until the client ends by itself. Always raises PlaygroundFailed."""
        code = await self.process.exit_code()
        what = f"The chat client ended by itself (exit code {code})"
        raise PlaygroundFailed(self.process.describe(what))


def available() -> str | None:
    """Return why the chat client can't run here, or None if it can (it may need a download)."""
    if shutil.which("node") is None:
        return "Node.js is not installed (the program `node` is not on the PATH)."
    if not _is_installed() and shutil.which("npm") is None:
        return "npm is not installed, and it is needed once to fetch the chat client."
    return None


def how_to_run(endpoint: str, config: Path | None = None) -> str:
    """Return the shell line that starts the chat client by hand, on a machine with Node.js."""
    setting = f"M365_AGENTS_PLAYGROUND_CONFIG_PATH={shlex.quote(str(config))} " if config else ""
    return (
        f"{setting}npx --yes {PACKAGE}@{_pinned_version()} start"
        f" -e {endpoint} -c msteams --disable-telemetry"
    )


def write_config(
    path: Path,
    *,
    people: Sequence[SandboxPerson],
    current: SandboxPerson,
    tenant_id: str,
    bot_id: str,
    bot_name: str,
) -> None:
    """Write the chat client's configuration: who sits at the keyboard, and who else is there.

    Conversation ids are derived from `current` and so stay the same over restarts; two people
    in two clients never share one. JSON is written, which is YAML too.
    Raises ValueError unless there are exactly five others, as the client's schema demands.
    """
    others = [person for person in people if person != current]
    if len(others) != _OTHERS:
        raise ValueError(f"The chat client needs {_OTHERS} people beside the current one.")
    key = current.object_id
    config = {
        "version": "0.1.1",
        "tenantId": tenant_id,
        "bot": {"id": bot_id, "name": bot_name},
        "currentUser": _user(current),
        "users": [_user(person) for person in others],
        "personalChat": {"id": f"a:personal-{key}"},
        "groupChat": {"id": f"19:group-{key}@thread.v2", "name": "Group Chat"},
        "team": {
            "id": f"19:general-{key}@thread.tacv2",
            "name": "Sandbox Team",
            "aadGroupId": "22222222-3333-4444-8555-666666666666",
            "channels": [{"id": f"19:lounge-{key}@thread.tacv2", "name": "Lounge"}],
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")


@contextlib.asynccontextmanager
async def playground(
    *,
    endpoint: str,
    person: SandboxPerson,
    data_dir: Path,
    port: int = DEFAULT_PORT,
    service_url: str | None = None,
    channel: str = "msteams",
    people: Sequence[SandboxPerson] = PEOPLE,
    start_limit: float = 30.0,
) -> AsyncIterator[Playground]:
    """Run the chat client for `person`, talking to the bot at `endpoint`, until the block ends.

    `port` 0 picks a free one. `service_url` is what the bot is told to send to: the client's own
    connector, or something that passes on to it. Configuration and logs go to `data_dir`, named
    after the person.
    `start_limit` is in seconds; a first download has a limit of its own.
    Raises PlaygroundUnavailable (no Node.js, download failed) or PlaygroundFailed (port in use,
    did not start).
    """
    name = f"chat-{person.upn.split('@')[0]}"
    config = data_dir / f"{name}.yml"
    log_file = data_dir / f"{name}.log"
    write_config(
        config,
        people=people,
        current=person,
        tenant_id=TENANT_ID,
        bot_id=BOT_ID,
        bot_name=BOT_NAME,
    )
    log_file.write_bytes(b"")
    await install(log_file)
    port = _free_port(port)
    service_url = service_url or f"http://127.0.0.1:{port}/_connector"
    command = [
        *("node", "--require", str(_PRELOAD)),
        *(str(_INSTALLED / "cli.js"), "start", "--disable-telemetry"),
        *("--app-endpoint", endpoint, "--channel-id", channel),
        *("--port", str(port), "--service-url", service_url),
    ]
    environment = ordinary(os.environ) | {
        "TEAMSAPPTESTER_BROWSER": "none",
        "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(config),
        "M365_AGENTS_PLAYGROUND_LOGFILE": str(data_dir / f"{name}-client.log"),
        "EXIT_WITH_STDIN": "1",
    }
    async with _Process.running(command, environment, log_file) as process:
        url = f"http://127.0.0.1:{port}/"
        await _until_it_answers(url, port, process, start_limit)
        yield Playground(url, service_url, process)


async def install(log_file: Path) -> None:
    """Fetch the pinned version from the npm registry, unless it is there already.

    Raises PlaygroundUnavailable when Node.js or npm is missing, or the download fails.
    """
    reason = available()
    if reason is not None:
        raise PlaygroundUnavailable(reason)
    if _is_installed():
        return
    command, environment = fetch_command(str(_FOLDER)), for_fetching(os.environ)
    async with _Process.running(command, environment, log_file) as npm:
        try:
            code = await asyncio.wait_for(npm.exit_code(), _INSTALL_LIMIT)
        except TimeoutError:
            text = npm.describe(f"npm took longer than {_INSTALL_LIMIT:.0f} s to fetch it")
            raise PlaygroundUnavailable(text) from None
        if code != 0:
            raise PlaygroundUnavailable(npm.describe("npm could not fetch it"))


class _Process:
    """A child in a process group of its own, its output copied to a log file.

    A group of its own: Ctrl-C in the terminal goes to the whole foreground group, and the client
    would answer with a stack trace in the middle of our orderly stop.
    """

    def __init__(self, child: asyncio.subprocess.Process, log_file: Path) -> None:
        self._child = child
        self._log_file = log_file
        self._output = ""
        self._printed = asyncio.Event()
        self._copying = asyncio.create_task(self._copy_output())

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls, command: Sequence[str], environment: Mapping[str, str], log_file: Path
    ) -> AsyncIterator[_Process]:
        """Start the command, and stop its whole group at the end."""
        child = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,  # held open: the preload ends the client when it closes
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        process = cls(child, log_file)
        try:
            yield process
        finally:
            await process._stop()

    async def exit_code(self) -> int:
        """Wait for the end of the process and of its output."""
        await asyncio.shield(self._copying)
        return await self._child.wait()

    async def listening_port(self) -> int | None:
        """Wait until the client prints its port, and return it; None when it ended instead."""
        while True:
            self._printed.clear()
            found = _LISTENING.search(self._output)
            if found:
                return int(found[1])
            if self._copying.done():
                return None
            await self._printed.wait()

    def describe(self, what: str) -> str:
        """Tell `what` happened, together with the end of the output."""
        tail = self._output.strip() or "(it printed nothing)"
        return f"{what}. The log is {self._log_file}; it ends with:\n{tail}"

    async def _copy_output(self) -> None:
        output = self._child.stdout
        if output is None:
            raise AssertionError("the child was started with a pipe")
        try:
            with self._log_file.open("ab", buffering=0) as log:
                while chunk := await output.read(65536):
                    log.write(chunk)
                    text = self._output + chunk.decode(errors="replace")
                    self._output = text[-_KEPT_OUTPUT:]
                    self._printed.set()
        finally:
            asyncio.get_running_loop().call_soon(self._printed.set)  # once this task is done

    async def _stop(self) -> None:
        self._signal_group(signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.exit_code(), _STOP_LIMIT)
        finally:
            if not self._copying.done():  # something in the group still holds the output
                self._signal_group(signal.SIGKILL)
        await self.exit_code()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


async def _until_it_answers(url: str, port: int, process: _Process, limit: float) -> None:
    """Return when the client serves its page; raise PlaygroundFailed when it can't."""
    try:
        async with asyncio.timeout(limit):
            listening = await process.listening_port()
            if listening is None:
                code = await process.exit_code()
                raise PlaygroundFailed(
                    process.describe(f"The chat client did not start (exit code {code})")
                )
            if listening != port:  # its answer to a port that was taken in the meantime
                raise PlaygroundFailed(f"Port {port} is in use by another program.")
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                response.raise_for_status()
    except TimeoutError:
        what = f"The chat client did not answer within {limit:.0f} s"
        raise PlaygroundFailed(process.describe(what)) from None
    except aiohttp.ClientError as error:
        # It reads its configuration after it has begun to listen, and gives up there and then.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.exit_code(), _STOP_LIMIT)
        what = f"The chat client did not start ({error})"
        raise PlaygroundFailed(process.describe(what)) from None


def _is_installed() -> bool:
    """Whether the pinned version is there, whole: npm writes its own record of it last."""
    record = _FOLDER / "node_modules" / ".package-lock.json"
    try:
        packages = json.loads(record.read_text(encoding="utf-8"))["packages"]
        return bool(packages[f"node_modules/{PACKAGE}"]["version"] == _pinned_version())
    except (OSError, ValueError, KeyError):
        return False


def _pinned_version() -> str:
    manifest = json.loads((_FOLDER / "package.json").read_text(encoding="utf-8"))
    return str(manifest["dependencies"][PACKAGE])


def _free_port(wanted: int) -> int:
    """Return `wanted`, or any free port for 0. The client itself would silently take another."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise PlaygroundFailed(f"Port {wanted} is in use by another program.") from None
        return int(probe.getsockname()[1])


def _user(person: SandboxPerson) -> dict[str, str]:
    given, _, family = person.name.partition(" ")
    return {
        "id": f"29:{person.object_id}",
        "name": person.name,
        "userPrincipleName": person.upn,  # the client's own spelling
        "aadObjectId": person.object_id,
        "givenName": given,
        "surname": family,
        "email": person.mail,
    }
