"""Presence Bridge: the command line.

Each command imports what it needs when it is called: nobody waits for what another one does.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # of `signal`, what is there at once
import gc

if __name__ == "__main__":
    # What follows takes a second, and Ctrl-C in that second must not be a traceback.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from launch import system

    system.refuse_others()
    from launch import stopping

    stopping.install()
    gc.disable()  # imports make no garbage; looking for it would take a sixth of them (_imported)

import os
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from launch import check as checks
from launch import terminal
from launch.terminal import plainly, say
from launch.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from service.settings import Role, Settings

Result = TypeVar("Result")
Command = TypeVar("Command", bound="Callable[..., Any]")


def _imported() -> None:
    """From here on garbage is collected: all that a command needs is imported, and stays."""
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


def _load(role: Role) -> Settings:
    """The settings of a command; every mistake at once, and no start, when there are any."""
    from launch import libraries

    libraries.import_them()
    from service import logs
    from service import settings as setup

    try:
        settings = setup.load(role, os.environ, Path(".env"))
    except setup.SettingsError as error:
        problems = [f"  - {problem}" for problem in error.problems]
        where = setup.where_from(Path(".env"))
        say("Presence Bridge can't start with these settings:", *problems, where, err=True)
        raise SystemExit(2) from None
    logs.configure(settings.log_format, settings.log_level, secrets=settings.secret_texts)
    return settings


def _run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; what an operator can mend is one sentence, not a traceback."""
    import asyncio

    from redis.exceptions import AuthenticationError, AuthorizationError

    from launch.redis import RedisAway
    from service.redaction import clean_text
    from service.redis_folder import EmbeddedRedisError
    from service.settings import SettingsError
    from service.tls import TrustError
    from sync.upgrade.data_version import OtherData

    for_operators = (
        *(EmbeddedRedisError, OtherData, RedisAway, SettingsError, TrustError, OSError),
        *(AuthenticationError, AuthorizationError),  # of Redis
    )
    _imported()
    try:
        return asyncio.run(main)
    except (*for_operators, ExceptionGroup) as error:
        causes = list(_leaves(error))
        if not all(isinstance(cause, for_operators) for cause in causes):
            raise  # a bug: show it whole
        for cause in causes:
            why = plainly(cause) if isinstance(cause, OSError) else str(cause)
            if isinstance(cause, AuthenticationError | AuthorizationError):
                why = f"Redis refuses the user name or password in REDIS_URL ({why.rstrip('.')})."
            say(f"Presence Bridge can't go on: {clean_text(why, 2000)}", err=True)
        raise SystemExit(1) from None


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


@click.group(cls=terminal.Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def cli() -> None:
    """Presence Bridge shows people's Zoom presence in Microsoft 365.

    Settings come from the environment or a .env file; .env.example explains every one.
    """


@cli.command()
@click.option("--no-worker", is_flag=True, help="Leave the presence worker to other processes.")
def serve(no_worker: bool) -> None:
    """Run in production: bot, web pages and worker in one process."""
    settings = _load("serve")
    from launch import process

    _run(process.serve(settings, with_worker=not no_worker))


@cli.command()
def worker() -> None:
    """Run only a presence worker. Run as many as you like on one Redis (REDIS_URL)."""
    settings = _load("worker")
    from launch import process

    _run(process.work(settings))


@cli.command()
@click.option(
    *("--as", "person"),
    default="ada",
    show_default=True,
    is_flag=False,
    flag_value="",  # without a name: the names are listed
    help="Whose chat it is. Without a name, lists the people.",
)
@click.option("--chat/--no-chat", default=True, help="Start the chat client (needs Node.js).")
@click.option("--sandbox-port", default=3979, show_default=True, help="Port of the sandbox panel.")
@click.option("--chat-port", default=56150, show_default=True, help="Port of the chat client.")
def local(person: str, chat: bool, sandbox_port: int, chat_port: int) -> None:
    """Run everything on this machine, with stand-ins for Microsoft and Zoom."""
    from launch import libraries

    libraries.import_them()
    try:
        from launch.local import local as run_local
    except ModuleNotFoundError as error:
        if error.name != "sandbox":
            raise
        raise click.ClickException(
            "The image has no stand-ins for Microsoft and Zoom. Use a checkout."
        ) from error

    _run(run_local(person=person, chat=chat, sandbox_port=sandbox_port, chat_port=chat_port))


def _package(where: str) -> Callable[[Command], Command]:
    return click.option(
        *("-o", "--output"),
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("presence-bridge.zip"),
        show_default=True,
        help=where,
    )


@cli.command()
@click.option(
    "--non-interactive",
    is_flag=True,
    help="Don't ask: every value is in the environment or in .env already.",
)
@click.option("--again", is_flag=True, help="Ask again, even for values that are set and work.")
@_package("Where to write the Teams app package.")
def setup(non_interactive: bool, again: bool, output: Path) -> None:
    """Set everything up, step by step: write .env, try each answer, build the Teams package.

    Exit code 0 if nothing failed, 1 if something did, 2 if settings are missing, 130 when it was
    stopped: run it again to go on.
    """
    from launch.setup.command import run_setup

    _imported()
    code = run_setup(os.environ, Path(".env"), output, ask=not non_interactive, again=again)
    raise SystemExit(code)


_checks = partial(click.option, multiple=True, metavar="NAME", type=click.Choice(checks.NAMES))


@cli.command(epilog=f"NAME is one of {', '.join(checks.NAMES)}.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for monitoring.")
@_checks("--only", help="Run only this check. Can be given several times.")
@_checks("--skip", help="Skip this check. Can be given several times.")
def check(as_json: bool, only: tuple[str, ...], skip: tuple[str, ...]) -> None:
    """Find out what works, what doesn't, and what to do about it.

    Exit code 0 if nothing failed, 1 if something did. Each line names a check and what was found;
    --json has their short names. With an admin's token for Microsoft Graph in ENTRA_TOKEN it also
    sees the app's registration (docs/operate.md).
    """
    from launch.check.command import check_everything
    from service import settings as setup

    examined = setup.examine(os.environ, Path(".env"))
    token = os.environ.get("ENTRA_TOKEN", "").strip() or None
    if not _run(check_everything(examined, only=only, skip=skip, entra_token=token, json=as_json)):
        raise SystemExit(1)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def audit(as_json: bool) -> None:
    """Print who changed which setting, oldest first."""
    from launch.history import print_history

    _run(print_history(_load("audit"), as_json=as_json))


@cli.command("people")
@click.option("--csv", "as_csv", is_flag=True, help="Everybody, as a file for a spreadsheet.")
@click.option(
    *("-o", "--output"),
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the file. Without it: to the standard output.",
)
def people_command(as_csv: bool, output: Path | None) -> None:
    """Say how many in Zoom are matched with somebody in Entra, or list everybody.

    The list holds no presence, and nothing of who said no. Taking it is recorded.
    """
    from launch.people import list_of, print_summary, write_list

    settings = _load("people")
    if as_csv:
        write_list(_run(list_of(settings)), output)
    else:
        _run(print_summary(settings))


def _people_file(command: Callable[..., None]) -> Callable[..., None]:
    """What commands have in common that carry a file out, or take the last one back (None)."""

    @click.argument(
        "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
    )
    @click.option("--save", is_flag=True, help="Do it. Without it you only see what would be done.")
    @click.option("--undo", is_flag=True, help="Take the last file back.")
    @wraps(command)
    def named(file: Path | None, undo: bool, **more: Any) -> None:
        if undo == (file is not None):
            raise click.UsageError("Name a FILE, or say --undo.")
        command(file, **more)

    return named


@cli.command("match")
@_people_file
def match_command(file: Path | None, save: bool) -> None:
    """Match people by hand, from a list whose column match_with is filled in.

    FILE is what `people --csv` wrote. Each match counts once the person, or an admin, confirms it.
    """
    from launch.people import asked_in, match_people, undo_file

    settings = _load("match")
    if file is None:
        done = _run(undo_file(settings))
    else:
        asked = asked_in(file)
        done = asked is not None and _run(match_people(settings, asked, save=save))
    if not done:
        raise SystemExit(1)


@cli.command("exclude")
@_people_file
@click.option("--reason", default="", help="Why, for people of whom the file doesn't say it.")
def exclude_command(file: Path | None, save: bool, reason: str) -> None:
    """Exclude the people of a file from the organisation's authorisation.

    FILE is CSV with a column named address, and one named reason if you like; so is what Download
    gives an admin on `settings excluded`. The people's own sign-ins are not touched.
    """
    from domain.reason import BadReason, reason_of
    from launch.exclusions import exclude_people, named_in, undo_file

    try:
        why = reason_of(reason)
    except BadReason:
        raise click.BadParameter("it is too long", param_hint="--reason") from None
    settings = _load("exclude")
    if file is None:
        done = _run(undo_file(settings, "exclude"))
    else:
        asked = named_in(file)
        done = asked is not None and _run(exclude_people(settings, asked, reason=why, save=save))
    if not done:
        raise SystemExit(1)


@cli.command("include")
@_people_file
def include_command(file: Path | None, save: bool) -> None:
    """Exclude the people of a file no longer. That alone starts nobody.

    FILE is CSV with a column named address.
    """
    from launch.exclusions import include_people, named_in, undo_file

    settings = _load("include")
    if file is None:
        done = _run(undo_file(settings, "include"))
    else:
        asked = named_in(file)
        done = asked is not None and _run(include_people(settings, asked, save=save))
    if not done:
        raise SystemExit(1)


@cli.command("rotate-keys")
@click.option(
    "--lost",
    is_flag=True,
    help="Give up what none of TOKEN_KEYS opens: those people are asked to connect again. "
    "Every Not for me is forgotten too, so everybody is told again before anything starts.",
)
def rotate_keys(lost: bool) -> None:
    """Move everything encrypted to the first of TOKEN_KEYS, and say when the others can go."""
    from launch.rotation import rotate_keys as rotate

    settings = _load("rotate-keys")
    if not _run(rotate(settings, lost=lost)):
        raise SystemExit(1)


def _address(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    from launch.top.readers import metrics_address

    try:
        return None if text is None else metrics_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@cli.command()
@click.option(
    "--metrics",
    metavar="URL",
    callback=_address,
    help="The metrics page of a process. Without it: the one on this machine's METRICS_PORT.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.5, max=3600),
    default=2.0,
    show_default=True,
    help="Seconds between two updates.",
)
@click.option("--once", is_flag=True, help="Print one picture and end (1 if Redis is away).")
def top(metrics: str | None, every: float, once: bool) -> None:
    """Show live what is going on: people, queue, quota, Zoom, and a process's rates."""
    from launch.top.show import top as show_top

    settings = _load("top")
    if not _run(show_top(settings, metrics=metrics, every=every, once=once)):
        raise SystemExit(1)


@cli.command()
@_package("Where to write the package.")
def manifest(output: Path) -> None:
    """Build the Teams app package (.zip) from the settings."""
    from launch.package import PackageError, write_package

    try:
        write_package(_load("manifest"), output)
    except PackageError as error:
        say(*error.problems, err=True)
        raise SystemExit(1) from None
    say(f"Wrote {output}. Upload it in the Teams admin centre, under Manage apps.")


if __name__ == "__main__":
    terminal.prepare()
    try:
        cli()
    finally:
        terminal.settle()
