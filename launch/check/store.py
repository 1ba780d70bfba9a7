"""Redis, and what is in it: whether all of it is kept, who encrypts it, when Zoom delivered.

INFO and CONFIG GET tell what a server does with what it is given (Redis documentation,
"Persistence", "Key eviction"). Managed services refuse CONFIG, and some leave fields of INFO out:
then it can't be seen.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    InvalidResponse,
    RedisError,
)

from domain.clock import DAY, HOUR, MINUTE
from domain.feed import VALIDATION_LATE_MS
from launch.check.findings import Check, Fault, Found, Once, failed, ok, unseen, warning
from launch.redis import redis_for_command
from service.redis_folder import EmbeddedRedisError
from service.setting_values import redis_risk
from sync.connect.resealing import RUNNING_MS
from sync.connect.sealed import ButtonKey, SealedStore
from sync.connect.tokens import PURPOSE as TOKENS
from sync.connect.vault import Vault, VaultError
from sync.feed.store import FeedStore
from sync.redis.connection import REDIS_TROUBLE, connect, server_ms, takes_writes
from sync.redis.scripts import Scripts
from sync.upgrade.data_version import OtherData, check_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AsyncExitStack

    from launch.check.visit import Visit
    from sync.connect.sealed import Sealing
    from sync.feed.store import FeedState
    from sync.redis.connection import Client

OLDEST: Final = (6, 2)
"""The oldest version of Redis whose commands are used."""
LONG_AGO_MS: Final = 4 * DAY
"""After so long without any delivery something is wrong, whatever the pattern of an account is."""


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis that answers: a client, and what INFO says of each node that holds keys.

    `saves`: when each makes snapshots ("": never); None where that can't be seen.
    """

    client: Client
    infos: Sequence[Mapping[str, Any]]
    saves: Sequence[str] | None


def store_checks(visit: Visit, server: Once[Server]) -> Sequence[Check]:
    """The checks of this part."""
    return (
        Check("redis", "Redis", lambda: _redis(visit, server)),
        Check("redis-tls", "Redis TLS", lambda: _tls(visit)),
        Check("redis-durable", "Redis durability", lambda: _durable(server)),
        Check("redis-memory", "Redis eviction", lambda: _memory(server)),
        Check("keys", "Encryption keys", lambda: _keys(visit, server), ("TOKEN_KEYS",)),
        Check("zoom-events", "Zoom events", lambda: _events(visit, server)),
    )


async def open_server(visit: Visit, stack: AsyncExitStack) -> Server:
    """Connect to the Redis of the settings, or to the embedded one. Raises Fault."""
    settings = visit.settings
    try:
        url = await stack.enter_async_context(redis_for_command(settings))
        client = await stack.enter_async_context(aclosing(connect(url, settings.redis_mode)))
        infos, saves = await _asked(client, cluster=settings.redis_mode == "cluster")
    except EmbeddedRedisError as error:
        raise Fault(failed(str(error), "See docs/set-up.md, What you need.")) from error
    except InvalidResponse as error:
        raise Fault(
            failed(
                "What answers at REDIS_URL isn't Redis.",
                "Correct its host and port. For TLS the address begins with rediss://.",
            )
        ) from error
    except (AuthenticationError, AuthorizationError) as error:
        raise Fault(
            failed(
                "Redis refuses the user name or password in REDIS_URL.",
                "Write them as redis://USER:PASSWORD@host; encode special characters (%40 for @).",
            )
        ) from error
    except REDIS_TROUBLE as error:
        raise Fault(
            failed(
                f"Redis doesn't answer ({_plainly(error)}).",
                "Start it, or correct REDIS_URL. For TLS the address begins with rediss://.",
            )
        ) from error
    return Server(client, infos, saves)


async def _asked(
    client: Client, *, cluster: bool
) -> tuple[list[Mapping[str, Any]], list[str] | None]:
    """What INFO and CONFIG GET say."""
    where = {"target_nodes": "primaries"} if cluster else {}
    told = await client.info(**where)
    # A cluster of one node answers as a single server does.
    infos = list(told.values()) if "redis_version" not in told else [told]
    try:
        save = await client.config_get("save", **where)
    except RedisError:
        return infos, None
    saves = [save] if "save" in save else save.values()
    return infos, [str(dict(one).get("save", "")) for one in saves]


def _plainly(error: BaseException) -> str:
    """What redis-py says, without the numbers of the operating system."""
    # "Error 111 connecting to 127.0.0.1:6379. Connection refused.": an address has dots, too.
    text = re.sub(r"^Error .*?\.\s+", "", str(error))
    text = re.sub(r"\[Errno -?\d+\] |^-?\d+\. ", "", text).strip(" .")
    return text or type(error).__name__


async def _redis(visit: Visit, server: Once[Server]) -> Found:
    found = await server.get()
    oldest = min(found.infos, key=_numbers)
    version = server_version(oldest)
    if _numbers(oldest) < OLDEST:
        return failed(
            f"Redis is too old: version {version}.",
            "Use Redis 6.2 or newer, or Valkey.",
        )
    if any(str(info.get("role")) in {"slave", "replica"} for info in found.infos):
        return failed(
            "REDIS_URL names a replica, which takes no writes.",
            "Use the primary's address, or promote this one.",
        )
    try:
        await check_rows(found.client)
        await Scripts(found.client).loaded()
        writes = await takes_writes(found.client)
    except OtherData as error:
        return failed(str(error), "See docs/operate.md, Upgrades.")
    except RedisError as error:
        return failed(
            f"Redis answers, but refuses a command ({_plainly(error)}).",
            "Give it more memory, or give its user the right to run scripts and to write keys "
            "pb:*.",
        )
    if not writes:
        return failed("Redis takes no writes.", "Check its log: its disk or memory is full.")
    where = "" if visit.settings.redis_url else ", the embedded one"
    if len(found.infos) > 1:
        where = f", {len(found.infos)} nodes"
    return ok(f"version {version}{where}; takes writes and scripts")


def _numbers(info: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", str(info["redis_version"]))[:2])


def server_version(info: Mapping[str, Any]) -> str:
    """What a server says of itself: 7.0.15, or for Valkey also what it is compatible with."""
    valkey = f" (Valkey {info['valkey_version']})" if "valkey_version" in info else ""
    return f"{info['redis_version']}{valkey}"


async def _tls(visit: Visit) -> Found:
    url = visit.settings.redis_url
    if url is None:
        return ok("it is on this machine")
    if (risk := redis_risk(url.get_secret_value())) is not None:
        sentence, _, remedy = risk.partition(". ")
        return warning(f"{sentence}.", remedy)
    safe = url.get_secret_value().startswith("rediss:")
    return ok("encrypted" if safe else "it is on this machine")


async def _durable(server: Once[Server]) -> Found:
    found = await server.for_others()
    if not all("aof_enabled" in info for info in found.infos):
        return unseen(
            "Whether Redis keeps its data on disk can't be checked: it doesn't say.",
            "Check your provider's settings for persistence (AOF, every second).",
        )
    if all(str(info["aof_enabled"]) == "1" for info in found.infos):
        if any(str(info.get("aof_last_write_status", "ok")) != "ok" for info in found.infos):
            return failed("Redis can't write its file.", "Free up its disk, and check its log.")
        return ok("every change is written to its append-only file")
    if found.saves is None:
        return unseen(
            "There is no append-only file. Whether Redis takes snapshots can't be checked (CONFIG "
            "is refused).",
            "Check your provider's settings for persistence (AOF, every second).",
        )
    if all(save.strip() for save in found.saves):
        return warning(
            "Redis only takes snapshots: a crash loses everything since the last one, including "
            "new connections.",
            "Set appendonly yes.",
        )
    return failed(
        "Nothing is kept: when Redis restarts, everyone has to connect again.",
        "Set appendonly yes (redis-cli CONFIG SET appendonly yes, and in its configuration).",
    )


async def _memory(server: Once[Server]) -> Found:
    infos = (await server.for_others()).infos
    if not all("maxmemory_policy" in info for info in infos):
        return unseen(
            "Whether Redis evicts keys can't be checked: it doesn't say.",
            "Check your provider's settings: maxmemory-policy must be noeviction.",
        )
    evicting = [info for info in infos if str(info["maxmemory_policy"]) != "noeviction"]
    if not evicting:
        return ok("a full Redis refuses writes and loses nobody")
    policy, remedy = evicting[0]["maxmemory_policy"], "Set maxmemory-policy noeviction."
    if any(int(info.get("maxmemory", 0) or 0) for info in evicting):
        return failed(f"When it is full, it throws people's data away ({policy}).", remedy)
    return warning(
        f"It has no memory limit now. With one, it would throw people's data away ({policy}).",
        remedy,
    )


async def _keys(visit: Visit, server: Once[Server]) -> Found:
    client = (await server.for_others()).client
    rows, vault = SealedStore(client, Scripts(client)), Vault(visit.settings.token_key_list)
    now = await server_ms(client)
    others = [one for one in await rows.sealing() if _runs_with_another(one, vault.newest, now)]
    if others:
        return failed(
            "A running process has another first key in TOKEN_KEYS.",
            "Give every process the same TOKEN_KEYS, in the same order, and restart them.",
        )
    sealed = await rows.sealed_key(ButtonKey.row)
    if sealed is not None and not _opens(vault, ButtonKey.owner, ButtonKey.purpose, sealed):
        return failed(
            "None of TOKEN_KEYS opens what is stored.",
            "Put the missing key behind the first one. If it is lost: python app.py rotate-keys "
            "--lost.",
        )
    async for batch in rows.tokens():  # one batch tells enough, and takes milliseconds
        bad = sum(not _opens(vault, row.object_id, TOKENS, row.sealed) for row in batch)
        if bad:
            return failed(
                f"Of {len(batch)} authorisations looked at, {bad} can't be opened with any of "
                "TOKEN_KEYS.",
                "Put the missing key behind the first one. If it is lost: python app.py "
                "rotate-keys --lost.",
            )
        if batch:
            break
    if sealed is None:
        return ok("nothing that needs them is stored yet")
    return ok("they open what is stored, and all running processes have the same")


def _runs_with_another(one: Sealing, name: str, now_ms: int) -> bool:
    return not one.stopped and one.name != name and now_ms - one.at_ms < RUNNING_MS


def _opens(vault: Vault, owner: str, purpose: str, sealed: str) -> bool:
    try:
        vault.open(owner, purpose, sealed)
    except VaultError:
        return False
    return True


async def _events(visit: Visit, server: Once[Server]) -> Found:
    client = (await server.for_others()).client
    state = await FeedStore(client, Scripts(client)).read()
    address = f"{visit.settings.public_url or 'PUBLIC_URL'}/zoom/webhook"
    where = "Zoom App Marketplace > your app > Features > Access > Event subscription"
    if state.last_ms is None and state.validated_ms is None:
        if state.beat_ms is None:
            return unseen("Nothing can have come yet, because serve has never run.", "Start serve.")
        return failed(
            "Zoom has never validated the webhook or delivered anything.",
            f"{where}: the endpoint is {address}. Press Validate while serve is running, then "
            "save.",
        )
    said = ", ".join(filter(None, _told(state)))
    if state.silent_ms is not None or _silent_for_long(state):
        return failed(
            f"Zoom has gone silent ({said}).",
            f"{where}: check that it is enabled, and press Validate. {address} must be reached "
            "from outside.",
        )
    if state.validated_ms is None:
        return ok(said)
    if state.now_ms - state.validated_ms > VALIDATION_LATE_MS:
        return warning(
            f"Zoom validates the webhook every 72 hours, but hasn't lately ({said}).",
            f"{where}: press Validate. After six failures Zoom switches it off.",
        )
    return ok(said)


def _silent_for_long(state: FeedState) -> bool:
    last = max(state.last_ms or 0, state.validated_ms or 0)
    return state.now_ms - last > LONG_AGO_MS


def _told(state: FeedState) -> tuple[str, str]:
    last, validated = state.last_ms, state.validated_ms
    return (
        "nothing delivered yet" if last is None else f"delivered {_ago(state.now_ms - last)}",
        "" if validated is None else f"validated {_ago(state.now_ms - validated)}",
    )


def _ago(ms: int) -> str:
    for length, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if ms >= length:
            count = ms // length
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


async def redis_ms(server: Once[Server]) -> int | None:
    """The clock of the Redis server (epoch ms); None where it does not answer."""
    try:
        return await server_ms((await server.get()).client)
    except asyncio.CancelledError:
        raise
    except Exception:  # noqa: BLE001 - another line says why
        return None
