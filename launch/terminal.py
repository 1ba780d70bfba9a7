"""What commands say to whoever runs them: harmless, and no trouble where nobody reads it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import traceback
from typing import TYPE_CHECKING

import click

from service.redaction import clean_lines, visible

if TYPE_CHECKING:
    from types import TracebackType

_TRACEBACK_LIMIT = 40_000


class Commands(click.Group):
    """Lists its commands with whole sentences."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does, over several lines where it does not fit into one."""
        rows = [(name, self.commands[name].get_short_help_str(1000)) for name in self.commands]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def say(*lines: str, err: bool = False) -> None:
    """Print lines. What a terminal would obey is shown instead, line breaks inside a line too."""
    with contextlib.suppress(OSError, ValueError):  # whoever read it has gone
        click.echo("\n".join(map(visible, lines)), err=err)


def plainly(error: OSError) -> str:
    """What the operating system refused, in a sentence without its numbers."""
    if not error.strerror:
        return str(error) or type(error).__name__
    why = os.strerror(error.errno or 0) if error.errno in errno.errorcode else error.strerror
    about = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return f"{' -> '.join(about)}: {why.lower()}." if about else f"{why}."


def prepare() -> None:
    """Show letters that a terminal lacks by their number, and the tracebacks of bugs harmlessly."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = _show
    threading.excepthook = lambda failed: _show(
        failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback
    )


def settle() -> None:
    """Let the last flush, which Python makes when it ends, find somebody who reads."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    say(*clean_lines(text, _TRACEBACK_LIMIT).split("\n"), err=True)
