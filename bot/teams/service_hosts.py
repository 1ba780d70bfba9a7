"""Which channel services the bot talks to: an allow-list for `serviceUrl`.

Whoever can name a service address receives the bot's access token and its messages. A signed
token binds the address to Microsoft; this list is the second lock, used both for what comes in
and, again, before a token is attached to what goes out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from yarl import URL

from domain.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable

MICROSOFT_HOSTS = frozenset(
    {
        # Teams, "Send proactive messages": global, GCC, GCC High and DoD.
        "smba.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "smba.infra.gov.teams.microsoft.us",
        "smba.infra.dod.teams.microsoft.us",
    }
)
MICROSOFT_DOMAINS = (".botframework.com", ".botframework.azure.us")
"""Azure Bot Service's own domains; every host below them is Microsoft's."""

_PLAIN = re.compile(r"[!-\[\]-~]{1,2048}")  # printable ASCII without space and backslash


class ServiceHosts:
    """An allow-list of service addresses.

    `ServiceHosts(extra)` allows Microsoft's hosts over https and the extra ones, written `host`
    (any port) or `host:port`. An extra host that is loopback may be http.
    `ServiceHosts(loopback_only=True)` is local mode: this machine, any port, and nothing else.

    Raises ValueError for an extra entry that is not a host.
    """

    def __init__(self, extra: Iterable[str] = (), *, loopback_only: bool = False) -> None:
        self._extra = frozenset(_host_and_port(entry) for entry in extra)
        self._loopback_only = loopback_only
        self._decided = lru_cache(maxsize=256)(self._decide)

    def allows(self, service_url: str) -> bool:
        """Whether messages and tokens may be sent to this address. Never raises."""
        return self._decided(service_url)

    def _decide(self, service_url: str) -> bool:
        url = _parsed(service_url)
        if url is None:
            return False
        host = url.raw_host or ""
        if self._loopback_only:
            return is_loopback(host)
        if (host, None) in self._extra or (host, url.port) in self._extra:
            return url.scheme == "https" or is_loopback(host)
        if url.scheme != "https" or url.port != 443:
            return False
        return host in MICROSOFT_HOSTS or host.endswith(MICROSOFT_DOMAINS)


def _parsed(text: str) -> URL | None:
    """The address as the HTTP client will read it, or None when it is not a plain web address."""
    if not _PLAIN.fullmatch(text):
        return None
    try:
        url = URL(text)
    except ValueError:
        return None
    if url.scheme not in {"http", "https"} or url.raw_host is None:
        return None
    if url.raw_user or url.raw_password or url.raw_query_string or url.raw_fragment:
        return None
    return url


def _host_and_port(entry: str) -> tuple[str, int | None]:
    url = _parsed(f"http://{entry.strip().lower()}")
    if url is None or url.raw_path not in {"", "/"} or not url.raw_host:
        raise ValueError(f"Not a host or host:port: {entry[:100]!r}")
    return url.raw_host, url.explicit_port
