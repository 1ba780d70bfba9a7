"""What is imported for what: nobody waits for libraries that are not needed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from tests.doubles.product import APP, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.redis import RedisServer

THE_SDK = {"msgraph", "kiota_abstractions", "kiota_http"}
OF_THE_CHAT = {"botbuilder", "botframework", "jinja2"}
BROUGHT_ALONG = {
    *("azure", "charset_normalizer", "isodate", "jsonpickle", "msrest", "oauthlib"),
    *("opentelemetry", "psutil", "pygments", "requests_oauthlib", "rich", "urllib3", "yaml"),
}
"""What libraries bring, or take because it is there, and a start has no use for."""
OF_SIGNING_IN = {"jwt", "msal", "requests"}
HEAVY = {
    *("aiohttp", "asyncio", "cryptography", "jwt", "msal", "pydantic", "redis", "requests"),
    *("rich", "structlog", *THE_SDK, *OF_THE_CHAT),
}


@pytest.mark.parametrize(
    ("program", "without"),
    [
        pytest.param(["app.cli(['--help'], standalone_mode=False)"], [HEAVY], id="help"),
        pytest.param(
            ["app.cli(['serve', '--help'], standalone_mode=False)"], [HEAVY], id="serve-help"
        ),
        pytest.param(
            # Each beside those before it: what all of them leave out, each does.
            [f"import {name}" for name in ("launch.process", "launch.history", "launch.rotation")]
            + ["import launch.conversation"],
            [THE_SDK | OF_THE_CHAT] * 3 + [THE_SDK],
            id="worker-audit-rotation-serve",
        ),
    ],
)
def test_only_what_is_needed_is_imported(program: list[str], without: list[set[str]]) -> None:
    told = "print(*sys.modules, file=sys.stderr)"
    steps = [line for step in program for line in (step, told)]
    ended = subprocess.run(
        [sys.executable, "-c", "; ".join(["import app, sys", *steps])],
        capture_output=True,
        text=True,
        check=True,
    )
    for names, unwanted in zip(ended.stderr.splitlines(), without, strict=True):
        packages = {name.partition(".")[0] for name in names.split()}
        assert "launch" in packages
        assert packages & unwanted == set()


NOBODY = "https://127.0.0.1:9"
ENVIRON = {
    "MicrosoftAppId": "11111111-1111-4111-8111-111111111111",
    "MicrosoftAppPassword": "a-secret-that-nobody-is-asked-for",
    "MicrosoftAppTenantId": "22222222-2222-4222-8222-222222222222",
    "PUBLIC_URL": "https://bot.example",
    "ZOOM_WEBHOOK_SECRET": "a-secret-that-nobody-signs-with",
    "HOST": "127.0.0.1",
    "PORT": "0",
    "WORKER_PORT": "0",
    "MICROSOFT_LOGIN_URL": NOBODY,
    "GRAPH_URL": NOBODY,
    "BOT_OPENID_METADATA_URL": NOBODY,
}
LISTENS = f"""
import runpy, sys

def hear(event, arguments):
    if event == "socket.bind" and isinstance(arguments[1], tuple):
        print("imported", *sys.modules, file=sys.stderr, flush=True)

sys.addaudithook(hear)
sys.argv[0] = {str(APP)!r}
sys.path[0] = {str(APP.parent)!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""app.py, which says what is imported when it opens its port (Python, "Audit events table")."""


@pytest.mark.parametrize(
    ("command", "event", "without"),
    [
        pytest.param("serve", "started", set[str](), id="serve"),
        pytest.param("worker", "worker_started", {"bot.router", "bot.handlers.wire"}, id="worker"),
    ],
)
async def test_a_process_is_ready_without_what_only_the_first_to_come_needs(
    command: str, event: str, without: set[str], tmp_path: Path, own_redis: RedisServer
) -> None:
    own = {"TOKEN_KEYS": Fernet.generate_key().decode(), "DATA_DIR": str(tmp_path / "data")}
    if command == "worker":
        own["REDIS_URL"] = own_redis.url
    environ = ENVIRON | own
    program = ("-c", LISTENS)
    async with running(
        command, environ=environ, folder=tmp_path, program=program, anew=True
    ) as process:
        await process.event(event)
        modules = set((await process.line("imported ")).split())
        assert await process.stop() == 0, process.tail()
        process.assert_clean()
    assert "launch.application" in modules
    packages = {name.partition(".")[0] for name in modules}
    assert packages & (THE_SDK | OF_THE_CHAT | OF_SIGNING_IN | BROUGHT_ALONG) == set()
    assert modules & without == set()
