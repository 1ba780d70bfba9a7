"""Writing a `.env` file: one value at a time, whole or not at all, readable by its owner only.

What stands there already stays as it is, line by line: comments, the order, names of others.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from collections.abc import Mapping

MODE: Final = 0o600
_NEEDS_QUOTES: Final = re.compile(r"""^\s|\s$|\s\#|^['"]""")
"""Only this: what else reads such files (`docker run --env-file`) takes quotation marks as they
are."""


class EnvFileError(Exception):
    """The file can't be read or written; the text says why, and what to do."""


class EnvFile:
    """A `.env` file. A new one begins as a copy of `template`, if that is there."""

    def __init__(self, path: Path, template: Path | None = None) -> None:
        self.path = path.resolve()
        self._template = template

    def set(self, values: Mapping[str, str]) -> None:
        """Write values; the others stay. Raises EnvFileError."""
        text = self._read()
        for name, value in values.items():
            text = with_value(text, name, value)
        self._write(text)

    def remove(self, names: tuple[str, ...]) -> None:
        """Take names out. Raises EnvFileError."""
        text = self._read()
        for name in names:
            text = without(text, name)
        self._write(text)

    def _read(self) -> str:
        try:
            text = self.path.read_text("utf-8-sig")
        except FileNotFoundError:
            return self._new()
        except UnicodeDecodeError:
            raise EnvFileError(f"{self.path} is not UTF-8 text. Save it again as UTF-8.") from None
        except OSError as error:
            raise EnvFileError(f"{self.path} can't be read: {_why(error)}.") from error
        for binding in parse_stream(io.StringIO(text)):
            if binding.error:
                raise EnvFileError(
                    f"{self.path}, line {binding.original.line}, can't be read. Write NAME=value, "
                    "and close every quotation mark."
                )
        return text

    def _new(self) -> str:
        if self._template is not None:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                return self._template.read_text("utf-8")
        return "# Settings of Presence Bridge; .env.example explains every one.\n"

    def _write(self, text: str) -> None:
        """Beside it, to the disk, then in its place: a crash leaves the old file or the new one."""
        part = None
        try:
            descriptor, part = tempfile.mkstemp(prefix=".env.", dir=self.path.parent)  # mode 0600
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(part).chmod(MODE)
            Path(part).replace(self.path)
        except OSError as error:
            if part is not None:
                Path(part).unlink(missing_ok=True)
            raise EnvFileError(f"{self.path} can't be written: {_why(error)}.") from error


def with_value(text: str, name: str, value: str) -> str:
    """The text of a file with a value: in the place of the old one, or where it was commented out.

    Raises ValueError for what no line can hold.
    """
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError("a value must be one line")
    line = f"{name}={_quoted(value)}\n"
    parts, done = [], False
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original.string
        if binding.key != name:
            parts.append(original)
        elif not done:  # of several, the last would count
            blank = original[: len(original) - len(original.lstrip("\r\n"))]
            parts.append(f"{blank}{line}")
            done = True
    text = "".join(parts)
    if done:
        return text
    commented = re.compile(rf"^# ?{re.escape(name)}=.*\n?", re.MULTILINE)
    if commented.search(text):
        return commented.sub(lambda _: line, text, count=1)
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}"


def without(text: str, name: str) -> str:
    """The text of a file without a name."""
    bindings = parse_stream(io.StringIO(text))
    return "".join(b.original.string for b in bindings if b.key != name)


def _quoted(value: str) -> str:
    if not _NEEDS_QUOTES.search(value):
        return value
    inside = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inside}'"


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__
