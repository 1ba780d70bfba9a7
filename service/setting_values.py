"""What each kind of setting may look like: text in, clean value out, and the types made of that.

Every function raises ValueError with a sentence that continues the setting's name ("must be ...").
No sentence repeats the text it was given: people paste secrets into the wrong line.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from cryptography.fernet import Fernet
from pydantic import BeforeValidator, SecretStr

if TYPE_CHECKING:
    from collections.abc import Callable

PLACEHOLDER = "replace-me"
"""Every value of `.env.example` that must not be used contains this word."""

NATIONAL_CLOUDS = {
    "graph.microsoft.us": "gov.teams.microsoft.us",
    "dod-graph.microsoft.us": "dod.teams.microsoft.us",
    "microsoftgraph.chinacloudapi.cn": "teams.microsoftonline.cn",
}
"""The host of Graph, and where Teams is for browsers. There, unqualified scopes would mean another
Graph (Graph documentation, deployments)."""

SECRET_LENGTH = 12
"""Characters. Microsoft's and Zoom's have 22 and more; this is for what people make up."""

_DIFFERENT = 5
_STANDS_FOR_ANOTHER = re.compile(
    r"your[-_ ]|(?:change|.*replace)[-_ ]?me|.*place[-_ ]?holder|<.*>$|\$[({].*[)}]$|\{\{.*\}\}$"
    r"|(.)\1*$",
    re.IGNORECASE | re.DOTALL,
)
"""What stands in manuals and templates, and what a template leaves where it was not filled in."""
_SIMPLE = re.compile(
    r"(?:password|passphrase|secret|token|1234567890)[-_ ]?\d*\W*$|(.{1,40}?)\1+$",
    re.IGNORECASE | re.DOTALL,
)
"""What is long and still the first that comes to mind."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.I)
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_FERNET_KEY = re.compile(r"[A-Za-z0-9_+/-]{43}=")
_APP_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNSAFE = re.compile(r"[\s\\\x00-\x1f\x7f]")


def is_loopback(host: str) -> bool:
    """Whether a host (no brackets, no port) can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def guid(text: str) -> str:
    """Lower-case GUID."""
    if not _GUID.fullmatch(text):
        raise ValueError(
            "must be a GUID: 32 hexadecimal digits in groups of 8-4-4-4-12, without braces"
        )
    return text.lower()


def guid_list(text: str) -> str:
    """Comma-separated GUIDs, lower-case, without spaces."""
    return ",".join(_each(text, guid, "is not a GUID (8-4-4-4-12 hexadecimal digits)"))


def _split(text: str, *, unsafe: str, otherwise: str) -> SplitResult:
    """The parts of an address, whose host and port can be read. The sentences say why not."""
    if _UNSAFE.search(text):
        raise ValueError(unsafe)
    try:
        parts = urlsplit(text)
        _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(otherwise) from None
    return parts


def web_address(text: str) -> str:
    """An https address without its trailing slash; http only to loopback hosts."""
    unsafe = "must be one web address, without spaces or backslashes"
    otherwise = "must be a web address such as https://bot.example.com"
    parts = _split(text, unsafe=unsafe, otherwise=otherwise)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(otherwise)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https:// (http:// only for this machine)")
    if "@" in parts.netloc:
        raise ValueError("must not contain a user name or password")
    if "?" in text or "#" in text:
        raise ValueError("must not contain ? or #")
    return text.rstrip("/")


def contact(text: str) -> str:
    """An e-mail address, or an https address (a help desk's; queries are usual there)."""
    if "://" in text:
        web_address(re.split("[?#]", text)[0])
        if _UNSAFE.search(text) or not text.startswith("https://"):
            raise ValueError("must begin with https://, without spaces or backslashes")
        return text
    if not _EMAIL.fullmatch(text) or not _HOST_NAME.fullmatch(text.rpartition("@")[2]):
        raise ValueError(
            "must be an e-mail address such as it-help@example.com, or a web address that begins "
            "with https://"
        )
    return text


def _address_without(pattern: str, sentence: str) -> BeforeValidator:
    """Like `web_address`, refusing paths that match: what follows is added by us."""
    unwanted = re.compile(pattern, re.IGNORECASE)

    def check(text: str) -> str:
        address = web_address(text)
        if unwanted.search(urlsplit(address).path):
            raise ValueError(sentence)
        return address

    return BeforeValidator(check)


def secret(text: str) -> str:
    """A text that can be a secret. Guessing one of them must be hopeless."""
    if len(text) > 1 and _STANDS_FOR_ANOTHER.match(text):
        raise ValueError("has a placeholder as its value: put your own there")
    if len(text) < SECRET_LENGTH:
        raise ValueError(
            f"is too short to be a secret: it must have at least {SECRET_LENGTH} characters"
        )
    if len(set(text)) < _DIFFERENT or _SIMPLE.match(text):
        raise ValueError("is too simple to be a secret: use random characters")
    return text


def passwords_in(address: str) -> set[str]:
    """The password of an address, as it is written there and as it is meant."""
    password = urlsplit(address).password or ""
    return {password, unquote(password)}


def redis_risk(text: str) -> str | None:
    """Why others may read along on the way to a Redis, in a sentence; None: they can't."""
    parts = urlsplit(text)
    if parts.scheme == "unix" or is_loopback(parts.hostname or ""):
        return None
    if parts.scheme == "redis":
        return (
            "REDIS_URL uses redis:// to another machine, so anyone in between can read people's "
            "addresses and presence. Use rediss:// (TLS), or a private network."
        )
    if "none" in parse_qs(parts.query).get("ssl_cert_reqs", ()):
        return (
            "REDIS_URL says ssl_cert_reqs=none, so anyone in between can pretend to be your Redis. "
            "Leave that out."
        )
    return None


def redis_address(text: str) -> str:
    """A redis, rediss or unix address."""
    parts = _split(
        text,
        unsafe="must be one address: write spaces and backslashes as %20 and %5C",
        otherwise="must be a Redis address such as redis://localhost:6379/0",
    )
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must begin with redis://, rediss:// (TLS) or unix://")
    if parts.scheme == "unix" and not parts.path.startswith("/"):
        raise ValueError("must name an absolute path after unix://, as in unix:///run/redis.sock")
    if parts.scheme != "unix" and not parts.hostname:
        raise ValueError("must name a host, as in redis://localhost:6379/0")
    return parts.scheme + text[len(parts.scheme) :]  # in lower case, as redis-py wants it


def zoom_app_id(text: str) -> str:
    """The id of an app in Zoom's App Marketplace, which becomes part of an address."""
    if not _APP_ID.fullmatch(text):
        raise ValueError("must be only the app's id: letters, digits, - and _")
    return text


def fernet_keys(text: str) -> str:
    """Comma-separated Fernet keys, without spaces."""

    def key(entry: str) -> str:
        # Of two keys with a space between them Fernet would take the first, without a word.
        if not _FERNET_KEY.fullmatch(entry):
            raise ValueError
        Fernet(entry)
        if len(set(entry)) < _DIFFERENT + 1:  # "=" at its end
            raise ValueError
        return entry

    return ",".join(
        _each(
            text,
            key,
            'is not a Fernet key; make one with: python -c "from cryptography.fernet import '
            'Fernet; print(Fernet.generate_key().decode())"',
        )
    )


def host_list(text: str) -> str:
    """Comma-separated `host` or `host:port`, lower-case, without spaces."""

    def host_and_port(entry: str) -> str:
        if re.search(r"[/?#@]", entry):
            raise ValueError
        parts = urlsplit(f"//{entry}")
        if parts.hostname is None or entry.endswith(":") or parts.port == 0:
            raise ValueError
        listen_host(parts.hostname)
        return entry.lower()

    return ",".join(
        _each(text, host_and_port, "must be host or host:port, without https:// and without a path")
    )


def listen_host(text: str) -> str:
    """An IP address or host name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise ValueError("must be an IP address or a host name, without a port") from None
    return text


def port(text: str) -> int:
    """A TCP port; 0 lets the system choose."""
    if text.startswith("tcp://"):
        raise ValueError(
            "must be a port number. Kubernetes sets names like this one for its Services: set it "
            "yourself, or turn that off with enableServiceLinks: false"
        )
    number = _whole_number(text)
    if number is None or number > 65535:
        raise ValueError("must be a port number from 0 to 65535")
    return number


def seconds(text: str) -> int:
    """A positive whole number of seconds."""
    number = _whole_number(text)
    if not number:
        raise ValueError("must be a whole number of seconds above 0")
    return number


def looks_per_second(text: str) -> float:
    """A number from 0 to 2; 0 switches looking off."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) or not 0 <= float(text) <= 2:
        raise ValueError("must be a number from 0 (off) to 2, such as 1 or 0.5")
    return float(text)


def questions_per_second(text: str) -> float:
    """A number from 1 to 50 (with what lists take, Zoom allows a Business account that)."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) or not 1 <= float(text) <= 50:
        raise ValueError("must be a number from 1 to 50, such as 10")
    return float(text)


def _one_of(*words: str) -> BeforeValidator:
    """One of a few words, in any case."""

    def check(text: str) -> str:
        for word in words:
            if text.lower() == word.lower():
                return word
        raise ValueError(f"must be {' or '.join(words)}")

    return BeforeValidator(check)


def single_tenant(text: str) -> str:
    """Bot Framework's app type: this product serves one organisation."""
    if text.lower() != "singletenant":
        raise ValueError(
            "must be SingleTenant: this bot serves one organisation, and the same app registration "
            "signs its people in. Leave it out, or register the bot as SingleTenant"
        )
    return "SingleTenant"


def _whole_number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _each(text: str, check: Callable[[str], str], sentence: str) -> list[str]:
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if not entries:
        raise ValueError("has no entries")
    values = []
    for position, entry in enumerate(entries, 1):
        try:
            values.append(check(entry))
        except ValueError:
            which = f"entry {position} of {len(entries)} " if len(entries) > 1 else ""
            raise ValueError(f"{which}{sentence}" if which else sentence) from None
    return values


Guid = Annotated[str, BeforeValidator(guid)]
GuidList = Annotated[str, BeforeValidator(guid_list)]
Address = Annotated[str, BeforeValidator(web_address)]
Contact = Annotated[str, BeforeValidator(contact)]
Secret = Annotated[SecretStr, BeforeValidator(secret)]
RedisAddress = Annotated[SecretStr, BeforeValidator(redis_address)]
FernetKeys = Annotated[SecretStr, BeforeValidator(fernet_keys)]
ZoomAppId = Annotated[str, BeforeValidator(zoom_app_id)]
HostList = Annotated[str, BeforeValidator(host_list)]
Host = Annotated[str, BeforeValidator(listen_host)]
Port = Annotated[int, BeforeValidator(port)]
LooksPerSecond = Annotated[float, BeforeValidator(looks_per_second)]
QuestionsPerSecond = Annotated[float, BeforeValidator(questions_per_second)]
Seconds = Annotated[int, BeforeValidator(seconds)]
SingleTenant = Annotated[Literal["SingleTenant"], BeforeValidator(single_tenant)]
OnOff = Annotated[Literal["on", "off"], _one_of("on", "off")]
Welcome = Annotated[Literal["install", "quiet"], _one_of("install", "quiet")]
RedisMode = Annotated[Literal["single", "cluster"], _one_of("single", "cluster")]
LogFormat = Annotated[Literal["auto", "json", "text"], _one_of("auto", "json", "text")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"], _one_of("debug", "info", "warning", "error")
]
PublicUrl = Annotated[
    str,
    _address_without(
        r"/(api/messages|zoom/webhook|auth/microsoft)(/|$)",
        "must be the bot's address without a path such as /api/messages, which is added to it",
    ),
]
LoginUrl = Annotated[
    str,
    _address_without(
        r"/(common|organizations|consumers|oauth2|[0-9a-f]{8}-[0-9a-f-]{27})(/|$)",
        "must not name a tenant or an endpoint: those are added to it",
    ),
]
GraphUrl = Annotated[
    str,
    _address_without(r"/(v[0-9.]+|beta)(/|$)", "must not contain a version: /v1.0 is added to it"),
]
ZoomOauthUrl = Annotated[
    str,
    _address_without(r"/oauth(/|$)", "must not contain /oauth: /oauth/token is added to it"),
]
ZoomApiUrl = Annotated[
    str,
    _address_without(r"/v[0-9.]+(/|$)", "must not contain a version: /v2 is added to it"),
]
