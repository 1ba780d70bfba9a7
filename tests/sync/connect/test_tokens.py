"""Access tokens for background writes: one refresh at a time, and never for a link that is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet

from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater
from sync.connect.tokens import MARGIN, PURPOSE, Tokens
from sync.connect.vault import Vault
from sync.microsoft.authorization import AccessToken, Authorization
from tests.doubles.entra import ADA, BEN, CLIENT, SECRET, TENANT, Entra, running_entra

REDIRECT = "http://127.0.0.1/auth/microsoft/callback"
NOW = 1_000_000.0
KEY = Fernet.generate_key().decode()
VAULT = Vault([KEY])


@dataclass
class Rows:
    """The store's rows in memory, with its compare-and-set and one lock per person."""

    rows: dict[str, tuple[int, str]] = field(default_factory=dict)
    reads: int = 0
    saves: int = 0
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def read_tokens(self, object_id: str) -> tuple[int, str] | None:
        self.reads += 1
        return self.rows.get(object_id)

    async def save_tokens(self, object_id: str, generation: int, sealed: str) -> bool:
        row = self.rows.get(object_id)
        if row is None or row[0] != generation:
            return False
        self.saves += 1
        self.rows[object_id] = (generation, sealed)
        return True

    def token_lease(self, object_id: str) -> AbstractAsyncContextManager[object]:
        return self.locks.setdefault(object_id, asyncio.Lock())

    def put(self, object_id: str, generation: int, cache: str) -> None:
        self.rows[object_id] = (generation, VAULT.seal(object_id, PURPOSE, cache))


@dataclass
class Login:
    """A login service that counts: the cache is the number of the newest token."""

    now: float = NOW
    calls: list[tuple[str, bool]] = field(default_factory=list)
    renews: bool = False  # also when nobody forces it
    gate: asyncio.Event | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def refresh(self, cache: str, *, force: bool = False) -> tuple[AccessToken, str | None]:
        self.calls.append((cache, force))
        self.started.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        if force or self.renews:
            newer = str(int(cache) + 1)
            return AccessToken(f"token-{newer}", self.now + 3600), newer
        return AccessToken(f"token-{cache}", self.now + 3600), None


@pytest.fixture
def rows() -> Rows:
    rows = Rows()
    rows.put(ADA, 1, "1")
    return rows


@pytest.fixture
def login() -> Login:
    return Login()


@pytest.fixture
async def tokens(rows: Rows, login: Login) -> AsyncIterator[Tokens]:
    async with aclosing(Tokens(rows, VAULT, login, clock=lambda: login.now)) as tokens:
        yield tokens


# --- with the real MSAL


@pytest.fixture
async def entra() -> AsyncIterator[Entra]:
    async with running_entra() as double:
        double.redirect_uri = REDIRECT
        yield double


@pytest.fixture
async def authorization(entra: Entra) -> AsyncIterator[Authorization]:
    authorization = Authorization(
        client_id=CLIENT,
        client_secret=SECRET,
        tenant_id=TENANT,
        login_url=entra.base,
        scopes=["Presence.ReadWrite"],
        redirect_uri=REDIRECT,
    )
    yield authorization
    authorization.close()


async def sign_in(authorization: Authorization) -> str:
    flow = await authorization.begin(state="s")
    async with (
        aiohttp.ClientSession() as session,
        session.get(flow.auth_uri, allow_redirects=False) as answer,
    ):
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
    grant = await authorization.finish(flow, {key: values[0] for key, values in back.items()})
    return grant.cache


async def test_twenty_writes_at_once_send_one_refresh(
    entra: Entra, authorization: Authorization, rows: Rows
) -> None:
    entra.lifetime = 100  # already too old when it is issued
    rows.put(ADA, 1, await sign_in(authorization))
    entra.lifetime = 3600

    async with aclosing(Tokens(rows, VAULT, authorization)) as tokens:
        given = await asyncio.gather(*(tokens.access_token(ADA, 1) for _ in range(20)))

    assert len(set(given)) == 1
    assert entra.count("refresh_token") == 1
    assert rows.saves == 1


async def test_two_processes_send_one_refresh(
    entra: Entra, authorization: Authorization, rows: Rows
) -> None:
    entra.lifetime = 100
    rows.put(ADA, 1, await sign_in(authorization))
    entra.lifetime = 3600

    async with (
        aclosing(Tokens(rows, VAULT, authorization)) as here,
        aclosing(Tokens(rows, VAULT, authorization)) as there,
    ):
        given = await asyncio.gather(here.access_token(ADA, 1), there.access_token(ADA, 1))

    assert len(set(given)) == 1
    assert entra.count("refresh_token") == 1


async def test_a_revoked_authorisation_is_told_and_keeps_the_row(
    entra: Entra, authorization: Authorization, rows: Rows
) -> None:
    entra.lifetime = 100
    rows.put(ADA, 1, await sign_in(authorization))
    before = rows.rows[ADA]
    entra.revoked = True
    async with aclosing(Tokens(rows, VAULT, authorization)) as tokens:
        with pytest.raises(AuthorizeAgain, match="revoked"):
            await tokens.access_token(ADA, 1)
    assert rows.rows[ADA] == before


# --- memory


async def test_a_token_in_memory_costs_neither_a_read_nor_a_refresh(
    tokens: Tokens, rows: Rows, login: Login
) -> None:
    assert [await tokens.access_token(ADA, 1) for _ in range(5)] == ["token-1"] * 5
    assert (rows.reads, len(login.calls)) == (1, 1)


@pytest.mark.parametrize(("left", "reads"), [(MARGIN + 1, 1), (MARGIN, 2), (-1, 2)])
async def test_a_token_is_renewed_five_minutes_before_its_end(
    tokens: Tokens, rows: Rows, login: Login, left: float, reads: int
) -> None:
    await tokens.access_token(ADA, 1)
    login.now += 3600 - left
    await tokens.access_token(ADA, 1)
    assert rows.reads == reads


async def test_memory_is_bounded_and_the_least_recently_used_leave(
    rows: Rows, login: Login
) -> None:
    people = [f"person-{number}" for number in range(4)]
    for person in people:
        rows.put(person, 1, "1")
    async with aclosing(Tokens(rows, VAULT, login, clock=lambda: NOW, capacity=3)) as tokens:
        for person in (*people[:3], people[0], people[3]):
            await tokens.access_token(person, 1)
        assert rows.reads == 4
        await tokens.access_token(people[0], 1)
        assert rows.reads == 4
        await tokens.access_token(people[1], 1)
        assert rows.reads == 5


async def test_a_forgotten_person_is_read_again(tokens: Tokens, rows: Rows) -> None:
    await tokens.access_token(ADA, 1)
    tokens.forget(ADA)
    tokens.forget(BEN)  # never seen: nothing happens
    del rows.rows[ADA]
    with pytest.raises(AuthorizeAgain, match="not_connected"):
        await tokens.access_token(ADA, 1)


# --- what Graph refused


async def test_a_refused_token_is_renewed_once(tokens: Tokens, login: Login) -> None:
    await tokens.access_token(ADA, 1)
    tokens.invalidate(ADA)
    assert [await tokens.access_token(ADA, 1) for _ in range(3)] == ["token-2"] * 3
    assert [force for _, force in login.calls] == [False, False, True]


async def test_a_refused_token_that_another_process_has_renewed_is_not_renewed_again(
    tokens: Tokens, rows: Rows, login: Login
) -> None:
    await tokens.access_token(ADA, 1)
    tokens.invalidate(ADA)
    rows.put(ADA, 1, "7")
    assert await tokens.access_token(ADA, 1) == "token-7"
    assert not any(force for _, force in login.calls)


async def test_a_refusal_of_somebody_elses_token_changes_nothing(
    tokens: Tokens, login: Login
) -> None:
    await tokens.access_token(ADA, 1)
    tokens.invalidate(BEN)
    assert await tokens.access_token(ADA, 1) == "token-1"
    assert len(login.calls) == 1


# --- links come and go


async def test_tokens_of_an_older_link_are_not_used_for_a_newer_one(
    tokens: Tokens, rows: Rows
) -> None:
    await tokens.access_token(ADA, 1)
    rows.put(ADA, 2, "20")
    assert await tokens.access_token(ADA, 2) == "token-20"
    with pytest.raises(RetryLater, match="link_replaced"):
        await tokens.access_token(ADA, 1)


async def test_a_disconnect_during_a_refresh_leaves_no_row_and_no_token(
    tokens: Tokens, rows: Rows, login: Login
) -> None:
    login.gate, login.renews = asyncio.Event(), True
    writing = asyncio.create_task(tokens.access_token(ADA, 1))
    await login.started.wait()
    del rows.rows[ADA]
    tokens.forget(ADA)
    login.gate.set()
    with pytest.raises(RetryLater, match="link_replaced"):
        await writing
    assert rows.rows == {}
    with pytest.raises(AuthorizeAgain, match="not_connected"):
        await tokens.access_token(ADA, 1)


async def test_a_disconnect_during_a_look_leaves_nothing_in_memory(
    tokens: Tokens, rows: Rows, login: Login
) -> None:
    login.gate = asyncio.Event()
    writing = asyncio.create_task(tokens.access_token(ADA, 1))
    await login.started.wait()
    del rows.rows[ADA]
    tokens.forget(ADA)
    login.gate.set()
    await writing
    with pytest.raises(AuthorizeAgain, match="not_connected"):
        await tokens.access_token(ADA, 1)


async def test_a_reconnect_during_a_refresh_keeps_the_new_row(
    tokens: Tokens, rows: Rows, login: Login
) -> None:
    login.gate, login.renews = asyncio.Event(), True
    old = asyncio.create_task(tokens.access_token(ADA, 1))
    await login.started.wait()
    rows.put(ADA, 2, "20")
    new = asyncio.create_task(tokens.access_token(ADA, 2))
    login.gate.set()
    with pytest.raises(RetryLater, match="link_replaced"):
        await old
    assert await new == "token-21"
    assert await tokens.access_token(ADA, 2) == "token-21"
    assert VAULT.open(ADA, PURPOSE, rows.rows[ADA][1]) == "21"


# --- callers and failures


async def test_a_caller_that_gives_up_does_not_stop_the_others(
    tokens: Tokens, login: Login
) -> None:
    login.gate = asyncio.Event()
    impatient = asyncio.create_task(tokens.access_token(ADA, 1))
    patient = asyncio.create_task(tokens.access_token(ADA, 1))
    await login.started.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    login.gate.set()
    assert await patient == "token-1"
    assert len(login.calls) == 1


async def test_closing_waits_until_a_renewed_token_is_stored(rows: Rows, login: Login) -> None:
    login.gate, login.renews = asyncio.Event(), True
    tokens = Tokens(rows, VAULT, login, clock=lambda: NOW)
    writing = asyncio.create_task(tokens.access_token(ADA, 1))
    await login.started.wait()
    writing.cancel()
    closing = asyncio.create_task(tokens.aclose())
    login.gate.set()
    await closing
    assert rows.saves == 1


async def test_a_failure_is_told_to_everyone_who_waits_and_not_remembered(
    tokens: Tokens, login: Login
) -> None:
    login.error = RetryLater("login_busy")
    told = await asyncio.gather(
        *(tokens.access_token(ADA, 1) for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in told] == [RetryLater] * 3
    assert len(login.calls) == 1
    login.error = None
    assert await tokens.access_token(ADA, 1) == "token-1"


async def test_a_row_moved_from_another_person_does_not_open(tokens: Tokens, rows: Rows) -> None:
    rows.rows[BEN] = rows.rows[ADA]
    with pytest.raises(AdminMustAct, match="tokens_unreadable"):
        await tokens.access_token(BEN, 1)


async def test_rows_move_to_the_newest_key_when_they_are_used(rows: Rows, login: Login) -> None:
    newer = Fernet.generate_key().decode()
    async with aclosing(Tokens(rows, Vault([newer, KEY]), login, clock=lambda: NOW)) as tokens:
        await tokens.access_token(ADA, 1)
    assert Vault([newer]).open(ADA, PURPOSE, rows.rows[ADA][1]) == "1"


async def test_a_new_link_is_sealed_for_its_person(tokens: Tokens, rows: Rows) -> None:
    rows.rows[BEN] = (5, tokens.seal(BEN, "5"))
    assert await tokens.access_token(BEN, 5) == "token-5"
