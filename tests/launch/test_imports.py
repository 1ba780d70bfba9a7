"""What is imported for what: nobody waits for libraries that are not needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

THE_SDK = {"msgraph", "kiota_abstractions", "kiota_http"}
OF_THE_CHAT = {"botbuilder", "botframework", "jinja2"}
HEAVY = {
    *("aiohttp", "asyncio", "cryptography", "jwt", "msal", "pydantic", "redis", "requests"),
    *("rich", "structlog", *THE_SDK, *OF_THE_CHAT),
}


@pytest.mark.parametrize(
    ("program", "without"),
    [
        pytest.param("import app; app.cli(['--help'], standalone_mode=False)", HEAVY, id="help"),
        pytest.param(
            "import app; app.cli(['serve', '--help'], standalone_mode=False)",
            HEAVY,
            id="serve-help",
        ),
        pytest.param("import launch.process", THE_SDK | OF_THE_CHAT, id="worker"),
        pytest.param("import launch.process, launch.conversation", THE_SDK, id="serve"),
        pytest.param("import launch.history, launch.rotation", THE_SDK | OF_THE_CHAT, id="audit"),
    ],
)
def test_only_what_is_needed_is_imported(program: str, without: set[str]) -> None:
    told = "; import sys; print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", program + told], capture_output=True, text=True, check=True
    )
    packages = {name.partition(".")[0] for name in ended.stderr.split()}
    assert "launch" in packages
    assert packages & without == set()
