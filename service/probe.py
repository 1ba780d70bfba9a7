"""Whether the process of this container lives: `python3 -m service.probe`, exit code 0 or 1.

For the health check of the image, in which there is no other program that could ask.
"""

from __future__ import annotations

import http.client
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 3.0
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing listens here


def lives(environ: Mapping[str, str]) -> bool:
    """Whether `serve` (HOST and PORT) or `worker` (WORKER_PORT) answers /livez with 200."""
    host = environ.get("HOST", "0.0.0.0")  # noqa: S104 - as above
    ports = (environ.get("PORT", "3978"), environ.get("WORKER_PORT", ""))
    return any(_answers(_LOOPBACK.get(host, host), int(port)) for port in ports if port.isdecimal())


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    raise SystemExit(not lives(os.environ))
