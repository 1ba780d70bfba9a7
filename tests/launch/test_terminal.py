"""What commands say, where a terminal would obey it or nobody reads it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from launch import terminal
from launch.redis import redis_of
from service.settings import load

if TYPE_CHECKING:
    import pytest

AUDIT = {"REDIS_URL": "redis://:hunter2-hunter2@cache.example:6379"}


def fail(error: Exception) -> None:
    raise error


def test_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("Sales\r\nforged\x1b[2J", "", "next")
    assert capsys.readouterr().out == "Sales\\r\\nforged\\x1b[2J\n\nnext\n"


def test_a_bug_is_shown_whole_but_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    terminal.prepare()
    error = ValueError("refresh_token=hunter2\x1b[2J\u202e")
    try:
        fail(error)
    except ValueError:
        sys.excepthook(ValueError, error, error.__traceback__)
    shown = [capsys.readouterr().err]
    thread = threading.Thread(target=fail, args=(error,))
    thread.start()
    thread.join()
    shown.append(capsys.readouterr().err)
    for text in shown:
        assert text.startswith("Traceback (most recent call last):\n")
        assert "test_terminal.py" in text
        assert "hunter2" not in text
        assert not {"\x1b", "\u202e"} & set(text)


def test_nobody_has_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", buffering=1, encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        terminal.say("x")
        terminal.settle()


async def test_a_start_warns_of_a_redis_that_can_be_overheard() -> None:
    with capture_logs() as logs:
        async with redis_of(load("audit", AUDIT)) as url:
            assert url == AUDIT["REDIS_URL"]
    assert [line["event"] for line in logs] == ["redis_can_be_overheard"]
    assert "hunter2" not in str(logs)
