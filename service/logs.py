"""Logging: one line for each event, JSON in production, readable in a terminal.

Our own modules use structlog with a fixed action name as the event and ids as fields. Libraries use
the standard library; what they report at WARNING and above joins the same stream as
`library_message`. Every line passes `service.redaction`.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import traceback
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import structlog

from service.redaction import HIDDEN, clean_field, clean_lines, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

Format = Literal["auto", "json", "text"]
Level = Literal["debug", "info", "warning", "error"]

_TRACEBACK_LIMIT = 8000  # characters; the end says most
_OURS = frozenset({"event", "level", "timestamp", "exc_info"})


def configure(
    format: Format = "auto",  # noqa: A002 - the setting's name
    level: Level = "info",
    stream: TextIO | None = None,
    *,
    secrets: Iterable[str] = (),
) -> None:
    """Send all logging to `stream` (standard output). `auto` is text in a terminal, else JSON.

    `level` counts for our own events; libraries are heard from WARNING on. `secrets` are hidden
    wherever they stand, also where nothing else tells what they are. Replaces what an earlier call
    or somebody else set up.
    """
    stream = stream or sys.stdout or io.StringIO()  # None: it was closed before we began
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")  # a name must not break a line of log
    terminal = stream.isatty()
    as_json = format == "json" or (format == "auto" and not terminal)
    any_letter = "utf" in (getattr(stream, "encoding", None) or "utf-8").lower()
    render: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=not any_letter)]
        if as_json
        else [
            _traceback_below,
            structlog.dev.ConsoleRenderer(
                colors=terminal, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _describe_exception,
            _clean_event,
            *render,
            _without(secrets),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Heedless(stream))),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)
    # Addresses in the access log carry codes and states; requests are counted in the metrics.
    logging.getLogger("aiohttp.access").setLevel(logging.CRITICAL + 1)


class _ToStructlog(logging.Handler):
    """Passes the records of libraries on; theirs are free texts, so they get one fixed event."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(
                record.levelno,
                "library_message",
                logger=record.name,
                message=record.getMessage().strip(),
                exc_info=record.exc_info,
            )
        except Exception as error:  # noqa: BLE001 - a broken record must not stop its caller
            structlog.get_logger().log(
                record.levelno,
                "library_message",
                logger=record.name,
                message=f"(can't be shown: {type(error).__name__})",
            )


class _Heedless:
    """A stream that nobody may be reading any more: that must not stop whoever logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _describe_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Turn `exc_info` into fields: the type, and the traceback as one text."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exc_type"] = type(error).__qualname__
        event["traceback"] = "".join(traceback.format_exception(error))
    return event


def _clean_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, value in event.items():
        if name == "traceback":
            cleaned[name] = clean_lines(str(value), _TRACEBACK_LIMIT)
        elif name in _OURS:
            cleaned[name] = clean_text(str(value))
        else:
            cleaned[clean_text(name, 100)] = clean_field(name, value)
    return cleaned


def _without(secrets: Iterable[str]) -> structlog.typing.Processor:
    """Hide texts in the finished line, where a quotation mark may have been escaped."""
    written = {form for text in secrets for form in _forms(text)}
    longest_first = sorted(written, key=len, reverse=True)

    def hide(_logger: object, _method: str, line: Any) -> Any:
        for secret in longest_first:
            line = line.replace(secret, HIDDEN)
        return line

    return hide


def _forms(text: str) -> set[str]:
    """How a text may stand in a line: as it is, in JSON, in a repr."""
    twice = text.replace("\\", "\\\\")
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return {text, twice, twice.replace("'", "\\'"), *in_json}


def _traceback_below(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """In text, the traceback stands below its line; the renderer knows it as `exception`.

    Indented: what an exception says may have lines that look like ours.
    """
    if "traceback" in event:
        event["exception"] = indent(event.pop("traceback"), "    ")
    return event
