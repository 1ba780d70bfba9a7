"""How the mirror of Zoom's users and groups is doing, in numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DirectoryHealth:
    """Times are epoch ms of the Redis server's clock; None: never.

    `configured`: the Zoom API names are set. `reason` is why the last try failed (a code of
    domain.errors, or why an answer was not believed), None when it succeeded. `detail` adds to it,
    for operators. `doubted_since_ms`: since when Zoom's answers were not believed.
    """

    configured: bool
    now_ms: int
    read_ms: int | None = None
    users: int = 0
    groups: int = 0
    failed_ms: int | None = None
    reason: str | None = None
    detail: str = ""
    doubted_since_ms: int | None = None

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the last successful reading; None before the first."""
        return None if self.read_ms is None else max(0, self.now_ms - self.read_ms) / 1000
