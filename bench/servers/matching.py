"""One measurement of matching, in a process of its own: what it took, as a line of JSON.

    python -m bench.servers.matching FILE PEOPLE parse|match

FILE holds pages of Entra's users as Graph sends them, one a line. `parse` reads them as JSON and
throws them away; `match` does what the product does with them.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.directory import DirectoryUser
from domain.matching import match, wanted
from sync.organisation.entra_rows import read_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.matching import EntraUser

ALIASES = {"old.example": "example.com"}


def main(file: str, people: int, what: str) -> None:
    """Measure once."""
    zoom = [zoom_user(number) for number in range(people)]
    began, cpu = time.perf_counter(), time.process_time()
    found = 0
    if what == "parse":
        for page in _pages(file):
            found += len(page["value"])
    else:
        found = _match(file, zoom)
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "cpu": time.process_time() - cpu,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "found": found,
            }
        )
    )


def zoom_user(number: int) -> DirectoryUser:
    """Every tenth has an address of before the merger, every hundredth is nobody in Entra."""
    domain = "nowhere.example" if number % 100 == 0 else "old.example" if number % 10 == 0 else ""
    return DirectoryUser(f"z{number}", f"user{number}@{domain or 'example.com'}", f"User {number}")


def _pages(file: str) -> Iterator[dict[str, Any]]:
    with Path(file).open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def _match(file: str, zoom: list[DirectoryUser]) -> int:
    addresses = wanted(zoom, ALIASES)
    users: dict[str, EntraUser] = {}
    for page in _pages(file):
        for row in page["value"]:
            user = read_user(row, full=True)
            if user is not None and not addresses.isdisjoint(user.addresses):
                users[user.object_id] = user
    found = match(zoom, users.values(), ALIASES)
    return sum(it.why is None for it in found.values())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
