"""The checks in this process, with Microsoft, Zoom, Teams and Redis of the doubles around them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from launch.check.command import look_from
from launch.check.visit import open_visit
from sandbox.own_rights import OwnRights
from sandbox.people import APP_ID
from sandbox.registration import Registration
from sandbox.world import ZOOM_SCOPES
from service import settings as setup
from tests.doubles.outside import Outside, outside
from tests.doubles.redis import RedisServer, open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from launch.check.findings import Found
    from sync.redis.connection import Client


@dataclass
class Doctor:
    """Runs checks with the settings of a production process."""

    around: Outside
    folder: Path
    entra_token: str | None = None
    clock_ahead: float = 0.0

    async def findings(self, *only: str, **changes: str | None) -> dict[str, Found]:
        """What the checks found, by their names; all of them where none is named."""
        here = {"DATA_DIR": str(self.folder), "MICROSOFT_LOGIN_URL": self.around.http}
        examined = setup.examine(self.around.environ(**(here | changes)))
        async with AsyncExitStack() as stack:
            visit = await open_visit(examined.settings, stack, entra_token=self.entra_token)
            now = visit.now
            visit.now = lambda: now() + self.clock_ahead
            found = await look_from(visit, examined, stack, only=only)
        return {one.check: one.found for one in found}

    async def found(self, check: str, **changes: str | None) -> Found:
        """What one check found."""
        return (await self.findings(check, **changes))[check]

    def admin(self) -> None:
        """From now on it has an admin's token for Graph."""
        identity = self.around.world.identity
        admin = next(s.person for s in self.around.world.people.values() if s.person.admin)
        self.entra_token = identity.access_token(admin.object_id, ("User.Read",))


@pytest.fixture(scope="module")
def module_redis() -> Iterator[RedisServer]:
    with RedisServer(None, "--appendonly", "yes") as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(
    module_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    async with outside(tmp_path_factory.mktemp("outside"), module_redis) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def redis(around: Outside) -> AsyncIterator[Client]:
    client = open_client(around.redis)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(autouse=True)
def _nobody_else_to_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def doctor(around: Outside, tmp_path: Path) -> Iterator[Doctor]:
    """One whose world is well."""
    yield Doctor(around, tmp_path)
    around.world.registration = Registration()
    around.world.own_rights = OwnRights()
    around.world.second_rights = OwnRights()
    around.world.zoom_scopes = ZOOM_SCOPES
    around.world.faults.graph.clear()
    around.world.faults.zoom.clear()
    around.teams.members_refused = None


def says(found: Found, state: str, *parts: str) -> None:
    """Assert what was found. Bad news says what to do; nothing says a secret."""
    whole: Any = f"{found.text} -> {found.remedy}"
    assert found.state == state, whole
    for part in parts:
        assert part in whole, whole
    if state in {"failed", "warning"}:
        assert found.remedy, whole


__all__ = ["APP_ID", "Doctor", "says"]
