"""Stopping: at any moment, however often one asks, and where nobody reads what is said."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from launch import stopping
from tests.doubles.outside import serving
from tests.doubles.product import APP, eventually, running
from tests.doubles.redis import redis_of
from tests.product.test_local import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.outside import Outside

with_the_world = pytest.mark.asyncio(loop_scope="module")

SPEAKS = ("Traceback", "KeyboardInterrupt", "BrokenPipe", "Exception ignored", "Fatal")
"""What nobody who stops a program wants to read."""


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    [caught] = [
        line.split()[1]
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("SigCgt")
    ]
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.fixture(autouse=True)
def _hang_ups_count() -> Iterator[None]:
    """Also where the tests run under nohup: what they start would inherit that it is ignored."""
    before = signal.signal(signal.SIGHUP, lambda *_: None)  # whatever is started has the default
    yield
    signal.signal(signal.SIGHUP, before)


class Started:
    """Local mode as a shell starts it, and everything that it has said."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, reading: int) -> None:
        self.process = process
        self.data = data
        self._reading = reading
        self.said = b""

    def until(self, *parts: bytes) -> None:
        """Read until one of these was said, or it has ended."""
        end = time.monotonic() + 40
        while not any(part in self.said for part in parts) and self.read():
            assert time.monotonic() < end, self.said

    def read(self) -> bool:
        try:
            chunk = os.read(self._reading, 65536)
        except OSError:  # the last one who had the terminal open has ended
            chunk = b""
        self.said += chunk
        return bool(chunk)

    def ends(self, within: float = 20) -> int:
        """Its exit code; by then its Redis has ended too, and it has said nothing bad."""
        code = self.process.wait(within)
        assert redis_of(self.data / "redis") is None
        while self.read():
            pass
        text = self.said.decode(errors="replace")
        assert [word for word in SPEAKS if word in text] == [], text
        return code


@contextlib.contextmanager
def started(folder: Path, *, shell: str = '"$0" "$@"', terminal: bool = False) -> Iterator[Started]:
    """Start local mode, in a process group of its own, through a line of a shell."""
    port, sandbox_port = free_ports()
    data = folder / "data"
    environ = {"PATH": os.environ["PATH"], "PORT": port, "DATA_DIR": str(data), "LANG": "C.UTF-8"}
    reading, writing = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [
            *("sh", "-c", shell if "|" in shell else f"exec {shell}", sys.executable, str(APP)),
            *("local", "--no-chat", "--sandbox-port", sandbox_port),
        ],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
        env=environ,
        cwd=folder,
        start_new_session=True,
    )
    os.close(writing)
    try:
        yield Started(process, data, reading)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if (pid := redis_of(data / "redis")) is not None:
            os.kill(pid, signal.SIGKILL)
        os.close(reading)


@pytest.mark.parametrize(
    "seconds",
    [0.0, 0.1, 0.6, *(pytest.param(each, marks=pytest.mark.long) for each in (0.01, 0.3, 1.0))],
)
def test_ctrl_c_while_it_imports_is_no_traceback(tmp_path: Path, seconds: float) -> None:
    with started(tmp_path) as local:
        while not catches(local.process.pid, signal.SIGTERM):  # Python itself starts
            time.sleep(0.001)
        time.sleep(seconds)  # the moment is what is tested
        local.process.send_signal(signal.SIGINT)
        assert local.ends() in {0, 130}


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        *(pytest.param(one, marks=pytest.mark.long) for one in (signal.SIGTERM, signal.SIGHUP)),
    ],
)
@pytest.mark.asyncio
async def test_a_second_one_ends_at_once_and_takes_redis_along(
    tmp_path: Path, number: signal.Signals
) -> None:
    port, sandbox_port = free_ports()
    data = tmp_path / "data"
    environ = {"PORT": port, "DATA_DIR": str(data), "LANG": "C.UTF-8"}
    command = ("local", "--no-chat", "--sandbox-port", sandbox_port)
    async with running(*command, environ=environ, folder=tmp_path) as local:
        await local.line("Stop with Ctrl-C")
        pid = redis_of(data / "redis")
        assert pid is not None
        try:
            os.kill(pid, signal.SIGSTOP)  # an orderly stop would wait for it
            local.send(number)
            await local.line("Stopping")
            local.send(number)
            assert await local.ended(8) == 128 + number
            assert redis_of(data / "redis") is None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert [word for word in SPEAKS if word in local.text] == [], local.tail()


def test_children_are_found_with_and_without_proc() -> None:
    with subprocess.Popen(("sleep", "300")) as child:
        assert child.pid in stopping._children()
        assert child.pid in stopping._children_by_ps()
        child.kill()


def test_a_stop_that_hangs_ends_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hangs = (
        "import asyncio, time; from launch import stopping; from launch.lifetime import *\n"
        "stopping.install(); stopping.STOP_SECONDS = 0.2\n"
        "async def main():\n"
        "    async with until_signal():\n"
        "        print('there', flush=True)\n"
        "        try: await forever()\n"
        "        finally:\n"
        "            while True: time.sleep(1)\n"
        "asyncio.run(main())"
    )
    monkeypatch.chdir(APP.parent)
    with subprocess.Popen([sys.executable, "-c", hangs], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while b"there" not in process.stdout.readline():
            pass
        process.terminate()
        assert process.wait(10) == 128 + signal.SIGTERM


def test_who_reads_has_gone_before_it_stops(tmp_path: Path) -> None:
    """`2>&1 | tee log`, and Ctrl-C, which ends tee first."""
    with started(tmp_path, shell='"$0" "$@" 2>&1 | sed "/Bot endpoint/q"', terminal=True) as local:
        local.until(b"Stop with Ctrl-C", b"Bot endpoint")
        time.sleep(0.1)
        os.killpg(local.process.pid, signal.SIGINT)
        local.ends()


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param('"$0" "$@" >&-', marks=pytest.mark.long),
        '"$0" "$@" >&- 2>&- <&-',
        pytest.param('"$0" "$@" >/dev/full', marks=pytest.mark.long),
    ],
)
def test_what_cannot_be_written_keeps_nothing(tmp_path: Path, shell: str) -> None:
    with started(tmp_path, shell=shell) as local:
        give_up = time.monotonic() + 40
        ready = tmp_path / "data/sandbox.json"
        while redis_of(local.data / "redis") is None and not ready.exists():
            assert time.monotonic() < give_up
            assert local.process.poll() is None
            time.sleep(0.02)
        local.process.send_signal(signal.SIGTERM)
        assert local.ends() == 0


def test_ctrl_c_ends_make_run_while_python_itself_starts(tmp_path: Path) -> None:
    """Python would say so with a traceback; from the Makefile, the signal is another one."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    python = tmp_path / "python"
    python.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/new && mv {tmp_path}/new {tmp_path}/pid\nexec sleep 300\n"
    )
    python.chmod(0o755)
    command = ("make", "--silent", "-o", ".venv/runtime", "run", f"BIN={tmp_path}")
    # What is started in the background ignores Ctrl-C, and so would make: as if from a terminal.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        cwd=APP.parent,
        start_new_session=True,
        preexec_fn=heeding,  # noqa: PLW1509 - no threads
    ) as make:
        while not (tmp_path / "pid").exists():
            time.sleep(0.005)
        pid = int((tmp_path / "pid").read_text())
        os.killpg(make.pid, signal.SIGINT)
        assert make.wait(10) != 0
    assert not Path(f"/proc/{pid}").exists()


@with_the_world
async def test_a_serve_whose_log_nobody_reads_goes_on_and_ends(
    around: Outside, tmp_path: Path
) -> None:
    async with serving(around, tmp_path, PYTHONDEVMODE=None, REDIS_URL=None) as product:
        product.command.stop_reading()
        person = around.somebody()
        await product.connected(person)  # which logs
        product.command.send(signal.SIGTERM)
        assert await product.command.ended() == 0
        assert redis_of(tmp_path / ".data/redis") is None


@with_the_world
async def test_a_look_is_ended_with_its_redis(around: Outside, tmp_path: Path) -> None:
    """`check` starts an embedded Redis for a moment; Microsoft does not answer."""
    data = tmp_path / "data"
    environ = around.environ(REDIS_URL=None, DATA_DIR=str(data), PYTHONDEVMODE=None)
    async with running("check", environ=environ, folder=tmp_path) as command:

        async def child_lives() -> bool:
            return redis_of(data / "redis") is not None or command.process.returncode is not None

        await eventually(child_lives, "it has a Redis", log=command, seconds=40)
        command.send(signal.SIGINT)
        assert await command.ended() in {0, 130}  # 0: it was faster
        assert [word for word in SPEAKS if word in command.text] == []
    assert redis_of(data / "redis") is None
