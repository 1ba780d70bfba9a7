"""What the checks have in common: the settings, a way to ask over HTTP, whose clock says what."""

from __future__ import annotations

import os
import socket
import ssl
import time
from dataclasses import KW_ONLY, dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from launch.check.findings import Fault, Found, failed
from launch.outside import login_service, organisation_login
from service import tls
from sync.answers import is_from_between, json_object, read_body

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AsyncExitStack

    from service.settings import Settings
    from sync.microsoft.authorization import Authorization

LONGEST_ANSWER = 1 << 20
PATIENCE = aiohttp.ClientTimeout(total=6, sock_connect=4)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is {} where it is no JSON object."""

    status: int
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object."""
        return json_object(self.raw)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.decode(errors="replace")


@dataclass(eq=False)
class Visit:
    """One run of `check`. `now` gives epoch seconds.

    `entra_token` is an admin's token for Graph, with which the app's registration can be read.
    `clocks`: what the clocks of others said, by their name: how many seconds ours is ahead.
    """

    settings: Settings
    session: aiohttp.ClientSession
    authorization: Authorization
    organisation: Authorization
    _: KW_ONLY
    entra_token: str | None = None
    now: Callable[[], float] = time.time
    clocks: dict[str, float] = field(default_factory=dict)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        service: str,
        signs: Collection[str] | None = (),
        **arguments: Any,
    ) -> Answer:
        """Ask a service, by its name. Raises Fault where it is not reached.

        `signs` are fields that every refusal of the service has (None: it may answer anything).
        """
        try:
            async with self.session.request(
                method, url, timeout=PATIENCE, allow_redirects=False, **arguments
            ) as response:
                raw = await read_body(response, LONGEST_ANSWER)
                answer = Answer(response.status, response.headers, raw)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Fault(why_unreachable(error, url)) from error
        self._compare_clock(service, answer.headers.get("Date", ""))
        if signs is not None and is_from_between(answer.status, raw, signs):
            raise Fault(
                failed(
                    f"Something else answered in place of {service} (HTTP {answer.status}): a "
                    "firewall or a proxy.",
                    f"Let this machine reach {host_of(url)} without inspection or sign-in. If "
                    "the address is wrong, .env.example has the usual ones.",
                )
            )
        return answer

    def _compare_clock(self, service: str, date: str) -> None:
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError):
            return
        self.clocks[service] = self.now() - theirs


async def open_visit(
    settings: Settings, stack: AsyncExitStack, *, entra_token: str | None = None
) -> Visit:
    """Make what the checks ask with; nothing is sent yet. Raises TrustError."""
    # Each request has a connection of its own: a load balancer may have several answer.
    connector = aiohttp.TCPConnector(ssl=tls.context_if_named(os.environ) or True, force_close=True)
    session = await stack.enter_async_context(
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    )
    people = login_service(settings, stack)
    organisation = organisation_login(settings, stack) or people
    return Visit(settings, session, people, organisation, entra_token=entra_token)


def host_of(url: str) -> str:
    """The host of an address, with its port if that is named."""
    return urlsplit(url).netloc.rpartition("@")[2]


def why_unreachable(error: BaseException, url: str) -> Found:
    """Why an address is not reached, in a sentence."""
    host = host_of(url)
    match error:
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return failed(
                f"The name {host} can't be found.",
                "Check the address, its DNS entry and this machine's DNS.",
            )
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError() | ssl.SSLError():
            return failed(
                f"The certificate of {host} isn't trusted: {_why_not_trusted(error)}.",
                "It must be valid, for this name, and sent with its whole chain. Where your own "
                "network inspects TLS, name its authority in SSL_CERT_FILE.",
            )
        case TimeoutError():
            return failed(
                f"{host} didn't answer in time.",
                "A firewall may drop the connection: let this machine reach it.",
            )
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            return failed(
                f"{host} can't be connected to: {_os_words(error)}.",
                "Check that it is running and that no firewall is in between.",
            )
        case _:
            return failed(
                f"{host} broke off ({type(error).__name__}).",
                "Run it again, and check what is in between.",
            )


def _os_words(error: BaseException) -> str:
    number = getattr(error, "errno", None) or getattr(
        getattr(error, "os_error", None), "errno", None
    )
    return os.strerror(number).lower() if number else "it refused"


def _why_not_trusted(error: BaseException) -> str:
    inner = getattr(error, "certificate_error", error)
    told = getattr(inner, "verify_message", "") or getattr(inner, "reason", "")
    return str(told or type(inner).__name__).strip(". ")
