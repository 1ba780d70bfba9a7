"""Logging, judged by the lines that come out."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr

from service import logs
from service.redaction import HIDDEN, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TOKEN = jwt.encode({"oid": "x"}, "k" * 32, algorithm="HS256")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root, access = logging.getLogger(), logging.getLogger("aiohttp.access")
    before = root.handlers[:], root.level, access.level
    root.handlers.clear()  # so that `configure` closes nobody else's
    yield
    root.handlers[:], level, access_level = before
    root.setLevel(level)
    access.setLevel(access_level)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("json", "info", stream)
    return stream


def fail(error: Exception) -> None:
    raise error


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def only(stream: io.StringIO) -> dict[str, Any]:
    (line,) = lines(stream)
    return line


def test_an_event_is_one_json_line_with_time_and_level(stream: io.StringIO) -> None:
    structlog.get_logger().info("event_accepted", zoom_user="zAda", tries=2, late=0.5, kept=None)
    line = only(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "event_accepted",
        "level": "info",
        "zoom_user": "zAda",
        "tries": 2,
        "late": 0.5,
        "kept": None,
    }


def test_bound_fields_are_on_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1", access_token="hunter2"):
        structlog.get_logger().info("event_accepted")
    structlog.get_logger().info("event_accepted")
    first, second = lines(stream)
    assert (first["request_id"], first["access_token"]) == ("r1", HIDDEN)
    assert "request_id" not in second


def test_the_level_counts(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.debug("event_accepted")
    logs.configure("json", "debug", stream)
    log.debug("event_repeated")
    assert only(stream)["event"] == "event_repeated"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "token",
            "access_token",
            "refreshToken",
            "ID-Token",
            "TOKEN_KEYS",
            "MicrosoftAppPassword",
        ),
        *("client_secret", "Authorization", "Set-Cookie", "code", "auth_code", "code_verifier"),
        *("ticket", "state", "key", "api_key", "client_assertion", "x-zm-signature", "nonce"),
    ],
)
def test_fields_are_hidden_by_name(name: str, stream: io.StringIO) -> None:
    structlog.get_logger().info("event", **{name: "hunter2"}, inner=[{"deep": {name: ["hunter2"]}}])
    assert "hunter2" not in stream.getvalue()
    assert only(stream)["inner"] == [{"deep": {name: HIDDEN}}]


@pytest.mark.parametrize(
    "name",
    ["status_code", "presence_state", "outcome", "monkey", "tokenizer", "keys_used", "error"],
)
def test_ordinary_names_are_shown(name: str) -> None:
    assert not is_secret_name(name)


def test_numbers_are_no_secrets(stream: io.StringIO) -> None:
    structlog.get_logger().info("sweep", tokens=3, code=404, state=True)
    assert (only(stream)["tokens"], only(stream)["code"], only(stream)["state"]) == (3, 404, True)


@pytest.mark.parametrize(
    "text",
    [
        f"got {TOKEN} from them",
        f"Authorization: Bearer {TOKEN[:30]}",
        "header was bearer abcdef0123456789",
        "Basic aHVudGVyMjpodW50ZXIy",
        f"row {Fernet(Fernet.generate_key()).encrypt(b'x').decode()}",
        "refresh 0.AXoAhunter2-_" + "x" * 40,
        "GET /auth/microsoft/callback?code=hunter2&state=hunter3",
        "grant_type=refresh_token&refresh_token=hunter2&client_secret=hunter3",
        "redis://user:hunter2@cache:6379/0",
    ],
)
def test_texts_are_hidden_by_shape_wherever_they_are(text: str, stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("a", detail=text)
    log.info(text)
    log.info("a", seen=[{"x": (text,)}], other=ValueError(text))
    logging.getLogger("msal").warning("said %s", text)
    try:
        fail(ValueError(text))
    except ValueError:
        log.exception("a")
    written = stream.getvalue()
    assert len(lines(stream)) == 5
    for part in ("hunter", TOKEN[:20], "abcdef0123456789", "aHVud", "gAAAAA"):
        assert part not in written


def test_text_from_outside_stays_on_its_line_and_is_cut(stream: io.StringIO) -> None:
    structlog.get_logger().info(
        "a",
        name="Ada\r\n\x1b[31mroot\x00\u202egnp\u2028x",
        long="x" * 10_000,
        broken="\ud800",
        **{"odd\nkey": "v"},
    )
    line = only(stream)
    assert line["name"] == r"Ada\r\n\x1b[31mroot\x00\u202egnp\u2028x"
    assert line["long"] == "x" * 500 + "… (of 10000)"
    assert line["broken"] == r"\ud800"
    assert line[r"odd\nkey"] == "v"
    assert len(stream.getvalue()) < 1000


def test_a_secret_at_the_cut_is_not_half_shown(stream: io.StringIO) -> None:
    structlog.get_logger().info("a", detail="x" * 480 + " " + TOKEN)
    assert TOKEN[:12] not in stream.getvalue()


def test_other_things_are_shown_shortly(stream: io.StringIO) -> None:
    loop: list[Any] = []
    loop.append(loop)
    structlog.get_logger().info(
        "a",
        body=b"hunter2",
        password_object=SecretStr("hunter2"),
        wrapped=SecretStr("hunter2"),
        many=list(range(1000)),
        loop=loop,
        place=Path("/x"),
        late=float("nan"),
    )
    line = only(stream)
    assert line["body"] == "(7 bytes)"
    assert len(line["many"]) == 50
    assert (line["place"], line["late"]) == ("/x", "nan")
    assert "hunter2" not in stream.getvalue()


def test_an_exception_is_one_line_with_its_type_and_traceback(stream: io.StringIO) -> None:
    try:
        try:
            fail(KeyError("inner\x1b[2J"))
        except KeyError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        structlog.get_logger().exception("write_failed", person="p1")
    line = only(stream)
    assert (line["event"], line["level"], line["person"]) == ("write_failed", "error", "p1")
    assert line["exc_type"] == "RuntimeError"
    assert line["traceback"].startswith("Traceback (most recent call last):\n")
    assert line["traceback"].endswith("RuntimeError: outer")
    assert "KeyError: 'inner" in line["traceback"]
    assert "\x1b" not in line["traceback"]
    assert "exc_info" not in line


def test_a_long_traceback_keeps_its_end(stream: io.StringIO) -> None:
    def deep(level: int) -> None:
        if level == 0:
            raise ValueError("y" * 20_000 + "the end")
        deep(level - 1)

    try:
        deep(3)
    except ValueError:
        structlog.get_logger().exception("a")
    assert len(only(stream)["traceback"]) < 9000


def test_libraries_are_heard_from_warning_on(stream: io.StringIO) -> None:
    library = logging.getLogger("msal.token_cache")
    library.setLevel(logging.DEBUG)
    library.debug("detail")
    library.info("detail")
    library.warning("%s of %s\n", 1, 2)
    try:
        fail(OSError("closed"))
    except OSError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    library.setLevel(logging.NOTSET)
    warned, failed = lines(stream)
    assert (warned["event"], warned["level"]) == ("library_message", "warning")
    assert (warned["logger"], warned["message"]) == ("msal.token_cache", "1 of 2")
    assert (failed["logger"], failed["exc_type"]) == ("asyncio", "OSError")


def test_the_access_log_is_off(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").error("GET /auth/microsoft/callback?code=x")
    assert stream.getvalue() == ""


def test_in_a_terminal_it_is_text_with_the_traceback_below() -> None:
    terminal = Terminal()
    logs.configure("auto", "info", terminal)
    try:
        fail(ValueError("x\n2026-11-28 [info] forged\n\x85why\x1b[2J"))
    except ValueError:
        structlog.get_logger().exception("write_failed", person="Ada\nBen")
    text = terminal.getvalue()
    assert "\x1b[" in text  # colours
    assert "\x1b[2J" not in text
    assert r"Ada\nBen" in text
    assert text.rstrip().endswith(r"    \x85why\x1b[2J")
    assert "\n2026-11-28" not in text


def test_text_into_a_file_has_no_colours() -> None:
    stream = io.StringIO()
    logs.configure("text", "info", stream)
    structlog.get_logger().info("write_done", person="Ada")
    assert "write_done" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_auto_is_json_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    logs.configure("auto", "info", stream)
    structlog.get_logger().info("write_done")
    assert only(stream)["event"] == "write_done"


def test_a_stream_that_lacks_a_letter_still_gets_its_line() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    logs.configure("json", "info", stream)
    structlog.get_logger().info("a", name="山田 Größe")
    assert json.loads(raw.getvalue())["name"] == "山田 Größe"
    logs.configure("text", "info", stream)
    structlog.get_logger().info("a", name="山田 Größe")
    assert b"\\u5c71" in raw.getvalue().splitlines()[1]


def test_names_are_readable_where_the_stream_can_show_them(stream: io.StringIO) -> None:
    structlog.get_logger().info("a", name="山田")
    assert "山田" in stream.getvalue()


def test_configuring_twice_writes_once(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    logging.getLogger("msal").warning("x")
    assert len(lines(stream)) == 1


def test_standard_output_is_the_default() -> None:
    program = (
        "import structlog; from service import logs; logs.configure();"
        "structlog.get_logger().info('started', port=3978)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["port"] == 3978
    assert done.stderr == b""


@pytest.mark.parametrize("format_", ["json", "text"])
def test_secrets_of_the_settings_are_hidden_wherever_they_stand(format_: logs.Format) -> None:
    stream = io.StringIO()
    logs.configure(
        format_, "info", stream, secrets=["hunter2-hunter2", 'hun"ter\\3-hunter3', "ö-ü-ä"]
    )
    log = structlog.get_logger()
    log.info(
        "a", said='got hunter2-hunter2, hun"ter\\3-hunter3 and ö-ü-ä', other=["hunter2-hunter2"]
    )
    logging.getLogger("msal").warning("hunter2-hunter2")
    try:
        fail(ValueError("hunter2-hunter2"))
    except ValueError:
        log.exception("a")
    assert "hunter" not in stream.getvalue()
    assert "ö-ü" not in stream.getvalue()


def test_a_log_that_nobody_can_read_stops_nobody() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

        def flush(self) -> None:
            raise ValueError("closed")

    logs.configure("json", "info", Gone())
    structlog.get_logger().info("stopping")
    logging.getLogger("msal").warning("x")


def test_a_record_that_cannot_be_shown_is_told_of_without_its_parts(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    [ours] = [h for h in logging.getLogger().handlers if type(h).__module__ == logs.__name__]
    broken = {"name": "msal", "levelno": 30, "msg": "%d", "args": ("client_secret=hunter2",)}
    ours.handle(logging.makeLogRecord(broken))
    assert only(stream)["message"] == "(can't be shown: TypeError)"
    assert capsys.readouterr().err == ""
