"""The command: with questions or without, to a `.env` that works and the Teams package."""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.fernet import Fernet
from rich.console import Console

from launch.check.command import look
from launch.check.findings import State
from launch.check.show import all_well, show
from launch.package import PackageError, write_package
from launch.setup.dialogue import Dialogue
from launch.setup.steps import LATER, NEXT
from launch.terminal import say
from service import logs
from service import settings as setup
from service.env_file import EnvFile, EnvFileError
from service.setting_names import collect

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE: Final = Path(__file__).parents[2] / ".env.example"
TOKEN_KEYS: Final = "TOKEN_KEYS"  # noqa: S105 - the name of a setting


def run_setup(
    environ: Mapping[str, str], path: Path, output: Path, *, ask: bool, again: bool
) -> int:
    """Set everything up; the exit code of the command.

    `ask`: with questions, else with what the environment and the file hold. `again`: ask also for
    what is there and works. `output` is where the Teams package goes.
    """
    logs.configure("text", "error", io.StringIO())  # what is logged meanwhile is for nobody here
    file = EnvFile(path, TEMPLATE)
    entra_token = environ.get("ENTRA_TOKEN", "").strip() or None
    try:
        if not ask:
            return _without_questions(environ, file, output, entra_token)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            say(
                "setup asks questions, so it needs a terminal. Run it in one, or use "
                "--non-interactive with every value in the environment or in .env.",
                err=True,
            )
            return 2
        return _with_questions(environ, file, output, entra_token, again=again)
    except EnvFileError as error:
        say(str(error), err=True)
        return 1


def _with_questions(
    environ: Mapping[str, str],
    file: EnvFile,
    output: Path,
    entra_token: str | None,
    *,
    again: bool,
) -> int:
    console = Console(highlight=False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a prompt tidies up
    try:
        dialogue = Dialogue(console, environ, file, entra_token, again=again)
        dialogue.welcome()
        _make_key(environ, file)
        dialogue.ask_everything()
        return _end(environ, file, output, entra_token)
    except (KeyboardInterrupt, EOFError):
        say(
            "",
            f"Stopped. Your answers are in {file.path}. Run the same command again to continue.",
        )
        return 130
    finally:
        signal.signal(signal.SIGINT, before)


def _without_questions(
    environ: Mapping[str, str], file: EnvFile, output: Path, entra_token: str | None
) -> int:
    given = collect(tuple(setup.NAMES), environ, None).values
    wrong = [problem for name, text in given.items() if (problem := setup.problem_with(name, text))]
    if wrong:
        say("Nothing was written:", *(f"  - {problem}" for problem in wrong), err=True)
        return 2
    file.set(given)
    _make_key(environ, file)
    return _end(environ, file, output, entra_token)


def _make_key(environ: Mapping[str, str], file: EnvFile) -> None:
    """Make an encryption key, unless there is one, whatever it is like: it may be in use."""
    text = collect(tuple(setup.NAMES), environ, file.path).values.get(TOKEN_KEYS)
    if text is None or setup.is_placeholder(text):
        file.set({TOKEN_KEYS: Fernet.generate_key().decode()})
        say(f"Created an encryption key (TOKEN_KEYS in {file.path}). Keep a copy somewhere safe.")


def _end(environ: Mapping[str, str], file: EnvFile, output: Path, entra_token: str | None) -> int:
    """Try everything once more, build the package, and say what is next."""
    examined = setup.examine(environ, file.path)
    findings = asyncio.run(look(examined, skip=LATER, entra_token=entra_token))
    say("", "All checks together:")
    show([one for one in findings if one.found.state is not State.OK], of=findings)
    if examined.problems:
        return 2
    try:
        write_package(examined.settings, output)
    except PackageError as error:
        say(*error.problems, err=True)
        return 1
    say("", f"Settings: {file.path}", f"Teams package: {output}", "", "What to do next:", *NEXT)
    return 0 if all_well(findings) else 1
