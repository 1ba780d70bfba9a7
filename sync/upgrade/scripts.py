"""The script of data versions."""

from typing import Any, Final

from domain.clock import DAY
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script

GONE_MS: Final = 30_000
"""A process that has not shown itself for so long is taken to have ended."""
_KEPT_MS: Final = DAY


@script(head=CLOCK, constants={"GONE_MS": GONE_MS, "KEPT_MS": _KEPT_MS})
def data_show(
    *,
    contract: Key,
    processes: Key,
    member: str,
    version: int,
    reads_from: int,
    known: int,
    wanted: int,
    release: str,
    found: int,
) -> list[Any]:
    """A process shows itself as `member` (`<data version> <name>`), unless it can't read the rows.

    Where nothing is stored yet a contract is founded for rows of version `found`, unless that is 0.
    `known`: rows of this version were written. `wanted`: rows of this version may be written once
    every process can read them; who does not say its version can't.

    Returns the newest and the oldest version of rows (0: there is no contract, -1: it can't be
    read), whether the process had been showing itself all the time, and which release set it.
    """
