"""How findings look: in terminals of several widths, in a pipe, as JSON."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from launch.check import show
from launch.check.findings import (
    Check,
    Finding,
    Found,
    Once,
    State,
    failed,
    ok,
    run,
    unseen,
    warning,
)

FINDINGS = [
    Finding("settings", "Settings", failed("TOKEN_KEYS is missing.", "Correct it there.")),
    Finding("settings", "Settings", failed("PORT must be a port.", "Correct it there.")),
    Finding("redis", "Redis", ok("version 7.2.4")),
    Finding("redis-tls", "Redis TLS", warning("Others may read along. " * 6, "Use rediss://.")),
    Finding(
        "entra-redirect", "Entra redirect address", unseen("It can't be seen.\x1b[2J", "Look.")
    ),
]


@pytest.mark.unit
def test_in_a_pipe_each_is_a_line_with_what_to_do_below() -> None:
    lines = show.plain(FINDINGS)
    assert lines[0] == "FAILED   Settings: TOKEN_KEYS is missing."
    assert lines[1] == "FAILED   Settings: PORT must be a port."  # what to do stands once
    assert lines[2] == "         -> Correct it there."
    assert lines[3] == "ok       Redis: version 7.2.4"
    assert show._summary(FINDINGS) == (
        "1 of 5 well; 2 failed, 1 to look at, 1 could not be checked."
    )


@pytest.mark.unit
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    console = Console(width=width, force_terminal=True, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(show.table(FINDINGS, width))
    text = captured.get()
    assert max(len(line) for line in text.splitlines()) <= min(width, 110)
    assert "FAILED    Settings" in text
    assert "…" not in text  # nothing is cut off
    assert "\x1b" not in text
    assert "Entra redirect address" in text


@pytest.mark.unit
def test_json_has_a_stable_shape() -> None:
    read = json.loads(show.as_json(FINDINGS, version="0.2.0", now=0.0))
    assert list(read) == ["shape", "version", "checked_at", "ok", "counts", "findings"]
    assert (read["shape"], read["ok"], read["checked_at"]) == (1, False, "1970-01-01T00:00:00Z")
    assert read["counts"] == {"ok": 1, "warning": 1, "failed": 2, "unseen": 1}
    assert read["findings"][2] == {
        "check": "redis",
        "title": "Redis",
        "state": "ok",
        "text": "version 7.2.4",
        "remedy": None,
        "seconds": 0.0,
    }
    assert all(one["remedy"] for one in read["findings"] if one["state"] in {"failed", "warning"})


async def test_checks_stand_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio  # noqa: PLC0415

    monkeypatch.setattr("launch.check.findings.LIMIT", 0.6)

    async def broken() -> int:
        raise RuntimeError("out of order\x1b[2J")

    thing, seen = Once("The thing", broken), []

    async def well() -> Found:
        seen.append("well")
        return ok("fine")

    async def slow() -> Found:
        await asyncio.sleep(60)
        return ok("never")

    async def its_own() -> Found:
        await thing.get()
        return ok("never")

    async def of_others() -> Found:
        await thing.for_others()
        return ok("never")

    checks = [
        Check(name, name, look)
        for name, look in (("own", its_own), ("others", of_others), ("slow", slow), ("well", well))
    ]
    checks.append(Check("bare", "bare", well, ("TOKEN_KEYS", "PUBLIC_URL")))
    found = {one.check: one.found for one in await run(checks, {"TOKEN_KEYS"})}
    assert (found["own"].state, found["own"].text) == (
        State.FAILED,
        "It couldn't be tested: out of order\\x1b[2J",
    )
    assert found["others"] == unseen("Not tested: The thing failed.")
    assert found["slow"].state is State.FAILED
    assert "no answer within" in found["slow"].text
    assert found["bare"] == unseen("Not tested: PUBLIC_URL is not set.")
    assert seen == ["well"]
