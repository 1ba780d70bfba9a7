"""Whom we trust in TLS: one answer for aiohttp and httpx (OpenSSL) and for requests (MSAL).

Each of them has variables of its own: OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR, which replace
its default file and folder; requests reads REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE, which replaces
the bundle of certifi. Here each keeps its own rule and also trusts what the other's variables name,
so that a private authority is named once.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self

BUNDLE_NAME = "trusted-authorities.pem"

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""Names that OpenSSL looks for in a folder of authorities (OpenSSL documentation, rehash)."""

_CERTIFICATE = re.compile(
    rb"-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----.*?-----END (TRUSTED |X509 )?CERTIFICATE-----",
    re.DOTALL,
)


_SETTINGS = (
    *("options", "verify_flags", "check_hostname", "verify_mode", "post_handshake_auth"),
    *("minimum_version", "maximum_version", "keylog_filename", "hostname_checks_common_name"),
)
"""What can be set of a context. Ciphers and protocols are OpenSSL's own in both."""


class TrustError(Exception):
    """A variable names something that can't be used; the text says which."""


def client_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """The context for aiohttp and httpx. Raises TrustError.

    OpenSSL itself looks at the process's own SSL_CERT_FILE and SSL_CERT_DIR.
    """
    return context_if_named(environ) or ssl.create_default_context()


def context_if_named(environ: Mapping[str, str]) -> ssl.SSLContext | None:
    """The same, or None where nobody is named and `ssl.create_default_context()` does.

    That one takes a tenth of a second, and aiohttp has made it already; so this one reads the
    system's authorities when they are needed (`read_authorities`). Raises TrustError.
    """
    defaults = ssl.get_default_verify_paths()
    named = [*_for_openssl(environ), *_for_requests(environ)]
    if not named and not (defaults.cafile or defaults.capath):
        named = [("certifi", Path(certifi.where()))]  # Python for macOS brings no authorities
    if not named:
        return None
    context = _Later()
    for name, path in named:
        try:
            if path.is_dir():
                context.load_verify_locations(capath=path)
            else:
                context.load_verify_locations(cafile=path)
        except OSError as error:  # ssl.SSLError too
            raise TrustError(f"{name} names {path}, which holds no usable certificate.") from error
    return context


def read_authorities(context: ssl.SSLContext | None) -> None:
    """Read now what the first connection would wait for; for a thread. None: there is nothing."""
    if isinstance(context, _Later):
        context.read()


class _Later(ssl.SSLContext):
    """As `ssl.create_default_context()`, but the system's authorities are read when it is used."""

    _reading: threading.Lock
    _read: bool

    def __new__(cls) -> Self:
        """Make it with all that Python's own default has, whichever version of it this is."""
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        # In a folder nothing is read before a connection, and this one is never used for any.
        default = ssl.create_default_context(capath=Path(__file__).parent)
        for name in filter(partial(hasattr, default), _SETTINGS):
            setattr(made, name, getattr(default, name))
        made._reading, made._read = threading.Lock(), False
        return made

    def read(self) -> None:
        """Read them, once."""
        with self._reading:
            if not self._read:
                self.load_default_certs()
                self._read = True

    def wrap_bio(self, *given: Any, **more: Any) -> ssl.SSLObject:
        """Begin a connection (asyncio's)."""
        self.read()
        return super().wrap_bio(*given, **more)

    def wrap_socket(self, *given: Any, **more: Any) -> ssl.SSLSocket:
        """Begin a connection."""
        self.read()
        return super().wrap_socket(*given, **more)


def requests_verify(environ: Mapping[str, str], folder: Path) -> str | bool:
    """The `verify=` of a request made with requests: a path, or True for its own rule.

    A bundle of both sides is written into `folder` when both have something to say. Pass it with
    every request: in a session's `verify`, requests lets REQUESTS_CA_BUNDLE win over it.
    Raises TrustError.
    """
    added = _for_openssl(environ)
    if not added:
        return str(own[0][1]) if (own := _for_requests(environ)) else True
    named = [*(_for_requests(environ) or [("certifi", Path(certifi.where()))]), *added]
    return str(_write_bundle(folder, [pem for name, path in named for pem in _read(name, path)]))


def _for_openssl(environ: Mapping[str, str]) -> list[tuple[str, Path]]:
    file = environ.get("SSL_CERT_FILE")
    named = [("SSL_CERT_FILE", _existing("SSL_CERT_FILE", file))] if file else []
    folders = [Path(text) for text in environ.get("SSL_CERT_DIR", "").split(os.pathsep) if text]
    # OpenSSL passes over folders that do not exist, and some systems name such.
    return named + [("SSL_CERT_DIR", folder) for folder in folders if folder.is_dir()]


def _for_requests(environ: Mapping[str, str]) -> list[tuple[str, Path]]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := environ.get(name):
            return [(name, _existing(name, path))]
    return []


def _existing(name: str, text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise TrustError(f"{name} names {path}, which does not exist.")
    return path


def _read(name: str, path: Path) -> Iterator[bytes]:
    """Certificates only: a file may also hold a private key, which is to stay where it is."""
    folder = path.is_dir()
    files = sorted(f for f in path.iterdir() if _HASHED.fullmatch(f.name)) if folder else [path]
    found = False
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise TrustError(f"{name} names {file}, which can't be read.") from error
        for match in _CERTIFICATE.finditer(content):
            found = True
            yield match[0] + b"\n"
    if not found and not folder:
        raise TrustError(f"{name} names {path}, which holds no usable certificate.")


def _write_bundle(folder: Path, certificates: list[bytes]) -> Path:
    """Write the bundle whole or not at all: another process may be reading the last one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(prefix=f"{BUNDLE_NAME}.", dir=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(dict.fromkeys(certificates))
    return Path(part).replace(folder / BUNDLE_NAME)
