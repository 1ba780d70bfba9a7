"""The HTTP client that MSAL is given for talking with the Microsoft login service.

MSAL accepts any object with `get` and `post`. Ours differs from its default in what matters for a
server: every request has time-outs, no redirect is followed (it would carry the client secret
along), no cookies are kept (one person's answer must not touch another's request), and temporary
trouble becomes `RetryLater` at once, with the time that Microsoft asked for.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from domain.errors import RetryLater
from domain.loopback import is_loopback
from sync.answers import MICROSOFTS_SIGNS, is_from_between, json_object, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

TIMEOUT = (3.05, 10.0)
"""Seconds to connect, and to wait for the next bytes of the answer. Shorter than a lease."""

THREADS = 16
"""How many requests run at once, and so how many connections are kept."""

METADATA_TTL = 3600
"""Seconds for which the login service's OpenID metadata is not asked for again."""

MOST_SECONDS = 3600.0
"""A longer Retry-After is cut to this."""


@dataclass(frozen=True, slots=True, repr=False)  # a token answer must not reach a traceback
class Answer:
    """An HTTP answer in the shape that MSAL reads."""

    status_code: int
    text: str
    headers: Mapping[str, str]


class LoginHttp:
    """Talks to one login service, at `login_url`. Used from several threads.

    MSAL refuses http authorities. For a stand-in at http://<loopback> it is given the https
    address of the same host, `authority`, and this client puts http on the wire for exactly that
    host and port. Raises ValueError for http anywhere else.

    `verify` is True (the system's authorities) or the path of a CA bundle.
    """

    def __init__(
        self, login_url: str, *, verify: bool | str = True, clock: Callable[[], float] = time.time
    ) -> None:
        parts = urlsplit(login_url)
        if (
            parts.scheme not in {"https", "http"}
            or not parts.hostname
            or parts.username is not None
            or parts.query
            or parts.fragment
        ):
            raise ValueError("the login address must look like https://login.microsoftonline.com")
        self._plain = parts.scheme == "http"
        self._local = is_loopback(parts.hostname)
        if self._plain and not self._local:
            raise ValueError("the login address must be https (http only on this machine)")
        self._port = parts.port or 80
        self._http_origin = f"http://{parts.netloc}"
        self._https_origin = f"https://{parts.netloc}"
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.authority = self._https_origin + parts.path.rstrip("/")
        self._verify = verify
        self._clock = clock
        self._metadata: dict[str, tuple[float, Answer]] = {}
        self._session: requests.Session | None = None
        self._making = threading.Lock()

    def warm_up(self) -> None:
        """Import requests now; else the first request does."""
        self._kept()

    def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            self._session.close()

    def get(self, url: str, params: Mapping[str, str] | None = None, **given: Any) -> Answer:
        """Fetch public metadata, from memory while it is fresh. Raises RetryLater."""
        key = f"{url} {sorted((params or {}).items())}"
        fetched_at, known = self._metadata.get(key, (0.0, None))
        if known is not None and self._clock() - fetched_at < METADATA_TTL:
            return known
        answer = self._send("GET", url, params=params, **given)
        if answer.status_code == 200:
            if self._plain:
                answer = Answer(200, self._with_https_token_endpoint(answer.text), answer.headers)
            self._metadata[key] = (self._clock(), answer)
        return answer

    def post(self, url: str, **given: Any) -> Answer:
        """Ask for tokens; always on the wire. Raises RetryLater."""
        answer = self._send("POST", url, **given)
        if not json.loads(answer.text).keys() & {"access_token", "error"}:
            # MSAL takes an answer without either for "no such person in the cache".
            raise RetryLater("login_garbled", f"HTTP {answer.status_code}")
        return answer

    def browser_address(self, url: str) -> str:
        """The address to give to a browser for one that MSAL made."""
        if self._plain and url.startswith(self._https_origin + "/"):
            return self._http_origin + url.removeprefix(self._https_origin)
        return url

    def _kept(self) -> requests.Session:
        """What keeps the connections, for all threads."""
        with self._making:
            if self._session is None:
                self._session = _session()
            return self._session

    def _send(self, method: str, url: str, **given: Any) -> Answer:
        """`given`: what MSAL may add (params, data, headers)."""
        session = self._kept()
        from requests import exceptions  # noqa: PLC0415 - `_session` has imported it

        try:
            response = session.request(
                method,
                self.browser_address(url),
                **given,
                timeout=TIMEOUT,
                allow_redirects=False,
                # A CA bundle given here wins over REQUESTS_CA_BUNDLE; one set on the session loses.
                verify=None if self._verify is True else self._verify,
                # This machine is never reached through a proxy, whatever the environment says.
                proxies={"http": "", "https": ""} if self._local else None,
            )
            text = response.content.decode("utf-8", "replace")  # JSON is UTF-8; do not guess
        except exceptions.SSLError as error:
            raise RetryLater("login_tls", type(error).__name__) from None
        except exceptions.RequestException as error:
            # "from None": the request in the exception holds the secret.
            raise RetryLater("login_unreachable", type(error).__name__) from None
        status = response.status_code
        between = is_from_between(status, response.content, MICROSOFTS_SIGNS)
        if status == 429 or status >= 500 or between:
            wait = retry_after(
                response.headers.get("Retry-After"), self._clock(), longest=MOST_SECONDS
            )
            code = "login_intercepted" if between else "login_busy"
            raise RetryLater(code, f"HTTP {status}", after=wait)
        if not json_object(text):  # MSAL would write all of it to the log
            raise RetryLater("login_garbled", f"HTTP {status}")
        return Answer(status, text, response.headers)

    def _with_https_token_endpoint(self, text: str) -> str:
        metadata = json.loads(text)
        endpoint = urlsplit(str(metadata.get("token_endpoint")))
        if is_loopback(endpoint.hostname or "") and (endpoint.port or 80) == self._port:
            metadata["token_endpoint"] = endpoint._replace(
                scheme="https", netloc=urlsplit(self._https_origin).netloc
            ).geturl()
        return json.dumps(metadata)


def _session() -> requests.Session:
    """A session that keeps no cookies. requests is imported here: a start does not wait for it."""
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 - as requests

    import requests  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for prefix in ("https://", "http://"):
        session.mount(prefix, HTTPAdapter(pool_maxsize=THREADS))
    return session
