"""Whom admins have excluded as a file, and a file of people to exclude or include. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from domain.link import fold_address
from domain.reason import LONGEST_REASON, BadReason, reason_of
from sync.organisation import csv_file
from sync.organisation.csv_file import BadFile, is_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sync.organisation.exclusions import Exclusion

COLUMNS: Final = ("name", "address", "entra_id", "reason", "by", "since")
ADDRESS, ENTRA_ID, REASON = "address", "entra_id", "reason"
"""What of a file that comes back is read. `entra_id` counts only where there is no address."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody whom a file names: by their address, or else by their object id; and why."""

    line: int
    address: str
    object_id: str = ""
    reason: str = ""


def written(rows: Iterable[Exclusion]) -> Iterator[str]:
    """The list as a file, line by line; `since` is UTC."""
    return csv_file.written(COLUMNS, map(_cells, rows))


def _cells(row: Exclusion) -> tuple[str, ...]:
    since = datetime.fromtimestamp(row.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    return (
        *(row.name, row.address, row.object_id, row.reason),
        *(row.by.name, since if row.at_ms else ""),
    )


def named(raw: bytes) -> list[Named]:
    """Whom a file names, each once, as they stand first. Raises BadFile, whatever is wrong."""
    table = csv_file.read(raw, (ADDRESS,), perhaps=(ENTRA_ID, REASON))
    found: dict[str, Named] = {}
    problems = table.problems
    for line, (address, object_id, why) in table.lines.items():
        if address and not is_address(address):
            problems.append(f"Line {line}: {ADDRESS} is no address.")
        elif not address and not _is_id(object_id):
            problems.append(f"Line {line} names nobody.")
        else:
            try:
                reason = reason_of(why)
            except BadReason:
                problems.append(f"Line {line}: the reason has more than {LONGEST_REASON} letters.")
                continue
            key = fold_address(address) if address else object_id.lower()
            by_id = "" if address else object_id.lower()
            found.setdefault(key, Named(line, address, by_id, reason))
    if problems:
        raise BadFile(problems)
    if not found:
        raise BadFile(["The file names nobody."])
    return list(found.values())


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
