"""Connected people in a Redis, put there by the product's own code, and what Zoom says of them."""

from __future__ import annotations

import itertools
import json
import time
from urllib.parse import parse_qs, urlsplit

from bench.outside import APP_ID, APP_SECRET, TENANT_ID, Outside
from sync.links import Link
from sync.microsoft.authorization import Authorization
from sync.microsoft.tokens import Tokens
from sync.store.connection import Scripts, connect
from sync.store.people import PeopleStore
from sync.store.vault import Vault
from sync.zoom.signature import sign

ACCOUNT_ID = "bench-zoom-account"
WEBHOOK_SECRET = "the-webhook-secret-of-the-bench"


def object_id(number: int) -> str:
    """The Entra object id of a person."""
    return f"00000000-0000-4000-8000-{number:012d}"


async def connect_people(world: Outside, redis_url: str, token_key: str, count: int) -> None:
    """Connect people 0 to `count` - 1 as if each had signed in at the stand-in."""
    client = connect(redis_url)
    store = PeopleStore(client, Scripts(client))
    authorization = Authorization(
        client_id=APP_ID,
        client_secret=APP_SECRET,
        tenant_id=TENANT_ID,
        login_url=world.login,
        scopes=("Presence.ReadWrite", "Presence.Read", "User.Read"),
        redirect_uri="https://bot.example/auth/microsoft/callback",
        verify=str(world.authorities),
    )
    tokens = Tokens(store, Vault([token_key]), authorization)
    try:
        for number in range(count):
            oid = object_id(number)
            flow = await authorization.begin(state=oid, login_hint=None)
            nonce = parse_qs(urlsplit(flow.auth_uri).query)["nonce"][0]
            code = json.dumps({"oid": oid, "nonce": nonce})
            grant = await authorization.finish(flow, {"state": oid, "code": code})
            link = Link(
                object_id=oid,
                tenant_id=TENANT_ID,
                name=f"Person {number}",
                addresses=(f"person{number}@example.com",),
                connected_ms=int(time.time() * 1000),
                zoom_id=f"zoom-{number}",
            )
            await store.connect(link, tokens.seal(oid, grant.cache), None)
    finally:
        authorization.close()
        await client.aclose()


class Zoom:
    """Makes signed webhook events: the people in turn, each in another state than before."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._numbers = itertools.count()

    def event(self) -> tuple[str, bytes]:
        """Headers (complete lines) and body of the next delivery, about `last_person`."""
        number = next(self._numbers)
        turn, person = divmod(number, self._people)
        self.last_person = object_id(person)
        now = time.time()
        body = json.dumps(
            {
                "event": "user.presence_status_updated",
                "event_ts": int(now * 1000),
                "payload": {
                    "account_id": ACCOUNT_ID,
                    "object": {
                        "id": f"zoom-{person}",
                        "email": f"person{person}@example.com",
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
