"""Everything around the product, on this machine: Teams, Entra, Graph, Zoom, Redis, browsers.

The sandbox listens twice, with http and with https under a private authority, so that each of the
product's addresses can be either. The product itself is reached at a public https address, as if
it stood behind a reverse proxy (tests.doubles.browser).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Final

import jwt
import trustme
from aiohttp import web
from cryptography.fernet import Fernet
from yarl import URL

from sandbox.people import APP_ID, PEOPLE, TENANT_ID, ZOOM_ACCOUNT_ID, SandboxPerson
from sandbox.server import WORLD, SandboxConfig, build_sandbox
from tests.doubles.browser import Browser, Page
from tests.doubles.product import APP, Command, http, reports, running
from tests.doubles.teams import Client, Sent, TeamsDouble, signing_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from redis.asyncio import ConnectionPool

    from sandbox.graph_presence import Pair
    from sandbox.world import PersonState, World
    from tests.doubles.redis import RedisServer

PUBLIC: Final = "https://bot.example.com"
APP_SECRET: Final = "the-app-secret-7f3d"
WEBHOOK_SECRET: Final = "the-webhook-secret-1c9a"
METRICS_TOKEN: Final = "the-metrics-token-of-the-operator"
ZOOM_SECRET: Final = "the-zoom-secret-52be"
SECOND_ID: Final = "00000000-0000-4000-8000-00000000a992"
SECOND_SECRET: Final = "the-second-secret-9d1c"
SECOND: Final[dict[str, Any]] = {
    "ORGANISATION_CLIENT_ID": SECOND_ID,
    "ORGANISATION_CLIENT_SECRET": SECOND_SECRET,
}
"""Settings: the organisation's token is of a registration of its own."""
TOKEN_KEY: Final = Fernet.generate_key().decode()
BOT_SCOPE: Final = "https://api.botframework.com"
FARID: Final = PEOPLE[-1]
OWNER: Final = PEOPLE[1]
TWIN: Final = SandboxPerson(
    "00000000-0000-4000-8000-000000000099",
    "Twin of Ben",
    "twin@example.com",
    OWNER.mail,
    "",
    None,
)
"""Somebody whose Microsoft account carries the address of OWNER as well."""
FIRST_MEETING: Final = "Your first Zoom meeting"
UNASKED: Final = (
    FIRST_MEETING,
    "Show your Zoom meetings in Teams?",
    "Your Zoom meetings will show in Teams",
)
"""How messages begin that come when they come, and mostly answer nothing."""
NOT_NOTED: Final = "and I’m telling Microsoft"
CROWD: Final = 90


def _crowd() -> tuple[SandboxPerson, ...]:
    """So many people that every test can take somebody whom no other test knows."""
    return tuple(
        SandboxPerson(
            f"00000000-0000-4000-8000-0000000{n:05d}",
            f"Nia Nr{n}",
            f"nia{n}@example.com",
            f"nia{n}@example.com",
            f"zNia{n:016d}",
            f"nia{n}@example.com",
        )
        for n in range(1001, 1001 + CROWD)
    )


class Outside:
    """The world around one product. `product` is the address where it listens at the moment;
    `program` is what Python runs as `app.py`. `authority` is whom processes are told to trust,
    beside those of the `system`. `pool` are the connections to Redis that one product
    in this process leaves to the next (tests.doubles.inside).
    """

    def __init__(self, teams: TeamsDouble, world: World, redis: RedisServer) -> None:
        self.teams = teams
        self.world = world
        self.redis = redis
        self.http = ""
        self.https = ""
        self.trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody yet: the system's take long
        self.authority: Path
        self.system: Path
        self.product = ""
        self.program: Sequence[str] = (str(APP),)
        self.pool: ConnectionPool | None = None
        self._unknown = iter(_crowd())
        self._ours = set[str]()

    def environ(self, **changes: str | None) -> dict[str, str]:
        """The environment of a production process that `reports`; None leaves a name out."""
        settings: dict[str, str | None] = {
            "MicrosoftAppId": APP_ID,
            "MicrosoftAppPassword": APP_SECRET,
            "MicrosoftAppTenantId": TENANT_ID,
            "PUBLIC_URL": PUBLIC,
            "REDIS_URL": self.redis.url,
            "TOKEN_KEYS": TOKEN_KEY,
            "ZOOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "ZOOM_ACCOUNT_ID": ZOOM_ACCOUNT_ID,
            "ZOOM_CLIENT_ID": "zoom-client",
            "ZOOM_CLIENT_SECRET": ZOOM_SECRET,
            "MICROSOFT_LOGIN_URL": self.https,
            "GRAPH_URL": self.http,
            "ZOOM_OAUTH_URL": self.http,
            "ZOOM_API_URL": self.http,
            "BOT_OPENID_METADATA_URL": self.teams.metadata_url,
            "BOT_SERVICE_HOSTS": self.teams.host,
            "HOST": "127.0.0.1",
            "PORT": "0",
            "METRICS_TOKEN": METRICS_TOKEN,
            "REQUESTS_CA_BUNDLE": str(self.authority),
            "SSL_CERT_FILE": str(self.system),
            "PYTHONDEVMODE": "1",
        }
        settings |= changes
        if settings.pop("PYTHONDEVMODE"):
            settings |= reports()
        return {name: value for name, value in settings.items() if value is not None}

    def somebody(self) -> SandboxPerson:
        """A person with Zoom whom nothing has happened to yet."""
        return next(self._unknown)

    def state(self, person: SandboxPerson) -> PersonState:
        """What the sandbox knows of a person."""
        return self.world.people[person.object_id]

    def told(self, person: SandboxPerson) -> Pair | None:
        """The session of the product that Microsoft holds of a person."""
        session = self.state(person).sessions.get(APP_ID)
        return None if session is None else session.pair

    async def until(
        self, condition: Callable[[], bool], what: str, log: Command, seconds: float = 10.0
    ) -> None:
        """Wait until something holds in the sandbox."""
        try:
            async with asyncio.timeout(seconds):
                await self.world.wait_until(condition)
        except TimeoutError:
            raise AssertionError(f"It never came true that {what}.\n{log.tail()}") from None

    def reach(self, public: URL) -> URL:
        """Where a public address really is."""
        if str(public.origin()) == PUBLIC:
            return URL(self.product).join(public.relative())
        return public

    def browser(self) -> Browser:
        """A browser that trusts the private authority."""
        return Browser(self.reach, self.trust)

    def token_is_ours(self, authorization: str | None) -> bool:
        """Whether the bot presents a token that Entra made for the Bot Framework."""
        token = (authorization or "").removeprefix("Bearer ")
        if token in self._ours:
            return True
        key = jwt.PyJWK(self.world.identity.keys.jwks()["keys"][0])
        try:
            jwt.decode(
                token,
                key,
                audience=BOT_SCOPE,
                # Its times go by the sandbox's clock.
                options={"verify_nbf": False, "verify_iat": False, "verify_exp": False},
            )
        except jwt.PyJWTError:
            return False
        self._ours.add(token)
        return True


@contextlib.asynccontextmanager
async def outside(folder: Path, redis: RedisServer) -> AsyncIterator[Outside]:
    """Start everything around the product. `folder` gets the private authority's certificate."""
    config = SandboxConfig(
        tenant_id=TENANT_ID,
        client_id=APP_ID,
        client_secret=APP_SECRET,
        redirect_uris=(
            f"{PUBLIC}/auth/microsoft/callback",
            f"{PUBLIC}/auth/microsoft/organisation",
        ),
        zoom_webhook_url=None,
        zoom_webhook_secret=WEBHOOK_SECRET,
        zoom_account_id=ZOOM_ACCOUNT_ID,
        zoom_client_id="zoom-client",
        zoom_client_secret=ZOOM_SECRET,
        people=(*_crowd(), *PEOPLE, TWIN),
        second_client_id=SECOND_ID,
        second_client_secret=SECOND_SECRET,
        second_redirect_uris=(f"{PUBLIC}/auth/microsoft/organisation",),
    )
    sandbox = build_sandbox(config)
    sandbox[WORLD].identity.keys._use_key(signing_key("entra"))
    private = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    private.issue_cert("127.0.0.1").configure_cert(tls)
    runner = web.AppRunner(sandbox, shutdown_timeout=1)
    await runner.setup()
    try:
        for context in (None, tls):
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        async with TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams:
            world = Outside(teams, sandbox[WORLD], redis)
            plain, secure = (address[1] for address in runner.addresses)
            world.http, world.https = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
            world.authority = folder / "authority.pem"
            private.cert_pem.write_to_path(str(world.authority))
            # A system that trusts a single stranger: each process would read some hundred, which
            # takes a third of its start.
            world.system = folder / "system.pem"
            trustme.CA().cert_pem.write_to_path(str(world.system))
            private.configure_trust(world.trust)
            teams.accepts_token = world.token_is_ours
            for person in config.people:
                teams.knows(person.object_id, person.name, upn=person.upn, mail=person.mail)
            try:
                yield world
            finally:
                if world.pool is not None:
                    await world.pool.disconnect()
    finally:
        await runner.cleanup()


class Product:
    """A running `serve`, and what people do with it."""

    def __init__(self, around: Outside, command: Command, url: str) -> None:
        self.around = around
        self.command = command
        self.url = url
        self.messages_url = f"{url}/api/messages"
        self.webhook_url = f"{url}/zoom/webhook"

    def chat(self, person: SandboxPerson) -> Chat:
        """A person's own chat with the bot."""
        client = self.around.teams.person(person.object_id, person.name)
        return Chat(self, person, client)

    def group(self, person: SandboxPerson, conversation_id: str, kind: str = "groupChat") -> Chat:
        """A group chat or channel in which somebody speaks to the bot."""
        client = self.around.teams.person(
            person.object_id,
            person.name,
            conversation_id=conversation_id,
            conversation_type=kind,
        )
        return Chat(self, person, client)

    async def metrics(self) -> str:
        """Its page of metrics, as Prometheus reads it."""
        return await metrics_of(self.url)

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        """Wait until something holds in the sandbox."""
        await self.around.until(condition, what, self.command, seconds)

    async def told(self, person: SandboxPerson, pair: tuple[str, str] | None) -> None:
        """Wait until Microsoft holds this pair of ours (None: nothing)."""
        await self.until(
            lambda: self.around.told(person) == pair,
            f"Microsoft is told {pair} of {person.name} (at last: {self.around.told(person)})",
        )

    async def sign_in(
        self,
        link: str,
        person: SandboxPerson,
        *,
        decision: str = "accept",
        browser: Browser | None = None,
    ) -> Page:
        """Go from the start page through Microsoft's pages to the last page."""
        if browser is not None:
            return await sign_in(browser, link, person, decision)
        async with self.around.browser() as fresh:
            return await sign_in(fresh, link, person, decision)

    async def connected(self, person: SandboxPerson) -> Chat:
        """Connect a person, from the chat through the browser."""
        chat = self.chat(person)
        page = await self.sign_in(link_in((await chat.says("connect")).card), person)
        assert "Connected" in page.words, f"{page.words}\n{self.command.tail()}"
        return chat


async def metrics_of(url: str) -> str:
    """The page of metrics of the process at `url`."""
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    status, text = await http("GET", f"{url}/metrics", headers=token)
    assert status == 200, f"{status} {text}"
    return text


async def sign_in(
    browser: Browser, link: str, person: SandboxPerson, decision: str = "accept"
) -> Page:
    """Go from the start page through Microsoft's pages to the last page."""
    page = await browser.submit(await browser.open(link))
    page = await browser.submit(page, person=person.object_id)
    if '<form method="post"' in page.text and ("decision", decision) in page.form.buttons:
        page = await browser.submit(page, decision=decision)
    return page


class Chat:
    """One person in one conversation with the bot."""

    def __init__(self, product: Product, person: SandboxPerson, client: Client) -> None:
        self.product = product
        self.person = person
        self.client = client
        self.teams = product.around.teams

    @property
    def received(self) -> list[Sent]:
        """What the bot has sent into this conversation, edits included, oldest first."""
        here = self.client.conversation_id
        return [sent for sent in self.teams.messages if sent.conversation_id == here]

    @property
    def mention(self) -> dict[str, Any]:
        """What Teams adds to a message in which the bot is mentioned."""
        return {
            "type": "mention",
            "mentioned": {"id": self.teams.bot_id, "name": "Presence Bridge"},
            "text": "<at>Presence Bridge</at>",
        }

    def now(self, message: Sent) -> dict[str, Any]:
        """The card that a message shows at last."""
        versions = [m.card for m in self.received if m.activity_id == message.activity_id]
        card = versions[-1]
        assert card is not None
        return card

    async def deliver(self, activity: dict[str, Any]) -> Any:
        """Hand an activity to the bot; its answer. It must be 200."""
        status, answer = await self.teams.deliver(self.product.messages_url, activity)
        assert status == 200, f"{status} {answer}\n{self.product.command.tail()}"
        return answer

    async def says(self, text: str, **fields: Any) -> Sent:
        """Type something; the last thing that the bot sends in answer.

        Meanwhile it may edit an earlier message, whose work goes on: that answers nothing.
        """
        before = self.received
        earlier = {sent.activity_id for sent in before}
        await self.deliver(self.teams.says(self.client, text, **fields))
        since = self.received[len(before) :]
        new = [sent for sent in since if sent.activity_id not in earlier]
        answers = [sent for sent in new if not words(sent.card).startswith(UNASKED)] or new
        assert answers, f"no answer to {text[:80]!r}\n{self.product.command.tail()}"
        return answers[-1]

    async def works(self) -> dict[str, Any] | None:
        """The card of the status, which says that it works.

        What Microsoft took is noted a moment later: until then the card says that it is being told.
        """
        async with asyncio.timeout(10):
            while NOT_NOTED in words(  # noqa: ASYNC110 - only the product knows
                card := (await self.says("status")).card
            ):
                await asyncio.sleep(0.02)
        assert "Working." in words(card), words(card)
        return card

    async def installs(self, action: str = "add") -> None:
        """Add, remove or upgrade the app."""
        await self.deliver(self.teams.installs(self.client, action))

    async def presses(self, title: str, on: Sent) -> dict[str, Any]:
        """Press a button of what a message shows now; the card that comes back."""
        answer = await self.deliver(
            self.teams.presses(self.client, self.now(on), title, on=on),
        )
        assert answer["statusCode"] == 200, f"{answer}\n{self.product.command.tail()}"
        card: dict[str, Any] = answer["value"]
        return card


def link_in(card: dict[str, Any] | None) -> str:
    """The address that the card's link button opens."""
    for node in _nodes(card):
        if node.get("type") == "Action.OpenUrl":
            return str(node["url"])
    raise LookupError(f"no link in {words(card)}")


def words(card: dict[str, Any] | None) -> str:
    """Everything that a card says, in one line, without its buttons."""
    texts = [
        str(node["text"]) for node in _nodes(card) if node.get("type") in {"TextBlock", "TextRun"}
    ]
    return " ".join(" ".join(texts).split())


def titles(card: dict[str, Any] | None) -> list[str]:
    """The titles of a card's buttons; rows that answer to a click are none."""
    rows = {id(node["selectAction"]) for node in _nodes(card) if "selectAction" in node}
    return [
        str(node["title"])
        for node in _nodes(card)
        if str(node.get("type")) in {"Action.Execute", "Action.OpenUrl"}
        and "title" in node
        and id(node) not in rows
    ]


def facts(card: dict[str, Any] | None) -> dict[str, str]:
    """The rows of a card that have a label."""
    rows = [node["columns"] for node in _nodes(card) if node.get("type") == "ColumnSet"]
    return {words(row[0]): words(row[1]) for row in rows if len(row) == 2}


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a card in reading order; what a button carries is not the card's."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in {"data", "fallback"}:
                yield from _nodes(value)


@contextlib.asynccontextmanager
async def serving(
    around: Outside, folder: Path, *arguments: str, **changes: str | None
) -> AsyncIterator[Product]:
    """Run `serve`; Zoom's webhooks and the browsers go there. `changes` are settings."""
    environ = around.environ(**changes)
    serve = running("serve", *arguments, environ=environ, folder=folder, program=around.program)
    async with serve as command:
        port = (await command.event("started"))["port"]
        product = Product(around, command, f"http://127.0.0.1:{port}")
        around.product = product.url
        around.world.webhooks.url = product.webhook_url
        yield product
