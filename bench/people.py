"""Connected people in a Redis, put there by the product's own code, and what Zoom says of them."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from bench.outside import APP_ID, APP_SECRET, TENANT_ID, Outside
from domain.link import Link
from domain.policy import ACCOUNT, Authoriser
from domain.policy_edits import Authorise
from sync.connect.tokens import PURPOSE
from sync.connect.vault import Vault
from sync.engine.people import PeopleStore
from sync.microsoft.authorization import Authorization
from sync.redis.connection import connect
from sync.redis.scripts import Scripts
from sync.settings.audit import INSTALLATION
from sync.settings.store import SettingsStore
from sync.upgrade.data_version import DataVersions
from sync.zoom.signature import sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ACCOUNT_ID = "bench-zoom-account"
WEBHOOK_SECRET = "the-webhook-secret-of-the-bench"
GROUPS = ("zoom-group-of-all-01-A", "zoom-group-of-some-2-B")
"""Zoom's group ids have 22 characters."""
_AT_ONCE = 32


def tag(number: int) -> str:
    """What tells one person from another: it stands in all their ids and addresses."""
    return f"{number:012d}"


def object_id(number: int) -> str:
    """The Entra object id of a person."""
    return f"00000000-0000-4000-8000-{tag(number)}"


def zoom_id(number: int) -> str:
    """The Zoom id of a person; those have 22 characters too."""
    return f"zoomuserid{tag(number)}"


def addresses(number: int) -> tuple[str, str]:
    """User principal name and mail, as many organisations have them."""
    return f"ada.{tag(number)}@example.com", f"ada.lindqvist.{tag(number)}@mail.example.com"


async def connect_people(
    world: Outside, redis_url: str, token_key: str, people: Iterable[int]
) -> None:
    """Connect people as if each had signed in at the stand-in.

    One of them does. The others get the same tokens under their own object id: a sign-in takes MSAL
    20 ms, and no figure is about sign-ins.
    """
    everybody = list(people)
    client = connect(redis_url)
    scripts = Scripts(client)
    store, vault = PeopleStore(client, scripts), Vault([token_key])
    signed_in = object_id(everybody[0])
    cache = await _sign_in(world, signed_in)

    async def some(numbers: Sequence[int]) -> None:
        for number in numbers:
            oid = object_id(number)
            sealed = vault.seal(oid, PURPOSE, cache.replace(signed_in, oid))
            await store.connect(_link(number), sealed, None, GROUPS)

    try:
        await DataVersions(client, scripts, release="bench").enter()
        await asyncio.gather(*(some(everybody[start::_AT_ONCE]) for start in range(_AT_ONCE)))
    finally:
        await client.aclose()


async def start_people(redis_url: str, people: Sequence[int]) -> None:
    """Start people as if the organisation authorised it and each had said Start."""
    client = connect(redis_url)
    scripts = Scripts(client)
    store, settings = PeopleStore(client, scripts), SettingsStore(client, scripts)

    async def some(numbers: Sequence[int]) -> None:
        for number in numbers:
            # Nobody said Not for me: there is no such mark.
            await store.start(_link(number), "-" * 32, None, GROUPS)

    try:
        await DataVersions(client, scripts, release="bench").enter()
        await settings.start(on=True)
        edit = Authorise(ACCOUNT, Authoriser.ASK)
        version = (await settings.read()).version
        await settings.save(edit, expected=version, by=INSTALLATION)
        await asyncio.gather(*(some(people[start::_AT_ONCE]) for start in range(_AT_ONCE)))
    finally:
        await client.aclose()


def _link(number: int) -> Link:
    mail = addresses(number)
    return Link(
        object_id=object_id(number),
        tenant_id=TENANT_ID,
        name=f"Ada Lindqvist {number}",
        addresses=mail,
        connected_ms=int(time.time() * 1000),
        zoom_id=zoom_id(number),
        zoom_email=mail[0],
    )


async def _sign_in(world: Outside, oid: str) -> str:
    """Tokens as MSAL keeps them."""
    authorization = Authorization(
        client_id=APP_ID,
        client_secret=APP_SECRET,
        tenant_id=TENANT_ID,
        login_url=world.login,
        scopes=("Presence.ReadWrite", "Presence.Read", "User.Read"),
        redirect_uri="https://bot.example/auth/microsoft/callback",
        verify=str(world.authorities),
    )
    try:
        flow = await authorization.begin(state=oid)
        nonce = parse_qs(urlsplit(flow.auth_uri).query)["nonce"][0]
        code = json.dumps({"oid": oid, "nonce": nonce})
        return (await authorization.finish(flow, {"state": oid, "code": code})).cache
    finally:
        authorization.close()


class Zoom:
    """Makes signed webhook events: the people in turn, each in another state than before."""

    def __init__(self, people: Sequence[int]) -> None:
        self._people = people
        self._numbers = itertools.count()

    def event(self) -> tuple[str, bytes]:
        """Headers (complete lines) and body of the next delivery."""
        turn, place = divmod(next(self._numbers), len(self._people))
        person = self._people[place]
        now = time.time()
        body = json.dumps(
            {
                "event": "user.presence_status_updated",
                "event_ts": int(now * 1000),
                "payload": {
                    "account_id": ACCOUNT_ID,
                    "object": {
                        "id": zoom_id(person),
                        "email": addresses(person)[0],
                        "date_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
                        "presence_status": ("In_Meeting", "Presenting")[turn % 2],
                    },
                },
            }
        ).encode()
        timestamp = str(int(now))
        headers = (
            "Content-Type: application/json\r\n"
            f"x-zm-request-timestamp: {timestamp}\r\n"
            f"x-zm-signature: {sign(WEBHOOK_SECRET, timestamp, body)}\r\n"
        )
        return headers, body
