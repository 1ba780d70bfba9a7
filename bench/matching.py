"""Matching 100,000 of Zoom to 100,000 of Entra, beside parsing the same pages and nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from bench.figure import Figure, Row, Spread
from bench.processes import ROOT, ServerFailed

if TYPE_CHECKING:
    from pathlib import Path

    from bench.stage import Stage

PEOPLE = 100_000
PAGE = 999
FOUND = PEOPLE * 99 // 100
"""The others are nobody in Entra."""
AIM, MEMORY_MB = 4.0, 400
_PLANS = ("exchange", "SharePoint", "MicrosoftOffice", "TeamspaceAPI", "Sway", "YammerEnterprise")


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    file = stage.folder / "entra.jsonl"
    await asyncio.to_thread(_write, file)
    rounds = [(await _once(file, "parse"), await _once(file, "match")) for _ in range(stage.rounds)]
    wrong = sum(ours["found"] != FOUND for _, ours in rounds)
    parsed, ours = ([it[place] for it in rounds] for place in (0, 1))
    ratio = Spread.ratio([it["seconds"] for it in ours], [it["seconds"] for it in parsed])
    peak = Spread.of([it["peak_mb"] for it in ours])
    return Figure(
        name=f"Matching {PEOPLE:,} people of Zoom to {PEOPLE:,} of Entra",
        unit="s",
        baseline="parsing the same pages as JSON",
        rows=[
            Row(
                "Presence Bridge",
                Spread.of([it["seconds"] for it in ours]),
                cpu_ms=1000 * Spread.of([it["cpu"] for it in ours]).median,
                ratio=ratio,
                aim=f"at most {AIM:g}x",
                met=ratio.median <= AIM,
            ),
            Row(
                "Presence Bridge, peak memory",
                peak,
                ratio=Spread.ratio(
                    [it["peak_mb"] for it in ours], [it["peak_mb"] for it in parsed]
                ),
                aim=f"below {MEMORY_MB} MB",
                met=peak.median < MEMORY_MB,
                unit="MB",
            ),
            Row(
                "parsing alone",
                Spread.of([it["seconds"] for it in parsed]),
                cpu_ms=1000 * Spread.of([it["cpu"] for it in parsed]).median,
            ),
            Row(
                "parsing alone, peak memory", Spread.of([it["peak_mb"] for it in parsed]), unit="MB"
            ),
            Row("matched wrongly", Spread(wrong, wrong, wrong), aim="none", met=not wrong, unit=""),
        ],
    )


async def _once(file: Path, what: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.servers.matching", str(file), str(PEOPLE), what),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await process.communicate()
    if process.returncode:
        raise ServerFailed(f"matching, {what}: {complaints.decode()[-2000:]}")
    answer: dict[str, Any] = json.loads(said)
    return answer


def _write(file: Path) -> None:
    """Pages of users as Graph sends them, with the fields that the product asks for."""
    with file.open("w") as pages:
        for start in range(0, PEOPLE, PAGE):
            numbers = range(start, min(start + PAGE, PEOPLE))
            pages.write(json.dumps({"value": [_user(number) for number in numbers]}) + "\n")


def _user(number: int) -> dict[str, Any]:
    address = f"User{number}@example.com"
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "displayName": f"User {number}",
        "userPrincipalName": address,
        "mail": address,
        "proxyAddresses": [f"SMTP:{address}", f"smtp:u{number}@example.com"],
        "accountEnabled": True,
        "userType": "Member",
        "identities": [
            {
                "signInType": "userPrincipalName",
                "issuer": "example.onmicrosoft.com",
                "issuerAssignedId": address,
            }
        ],
        "assignedPlans": [
            {
                "assignedDateTime": "2026-01-01T00:00:00Z",
                "capabilityStatus": "Enabled",
                "service": service,
                "servicePlanId": f"57ff2da0-773e-42df-b2af-ffb7a231792{place}",
            }
            for place, service in enumerate(_PLANS * 3)
        ],
        "assignedLicenses": [
            {"disabledPlans": [], "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965"}
        ],
        "onPremisesExtensionAttributes": {f"extensionAttribute{n}": None for n in range(1, 16)},
        "country": "Germany",
        "companyName": "Example",
        "department": None,
        "employeeType": "Employee",
    }
