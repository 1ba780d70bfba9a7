"""Zoom's log of webhook calls: `GET /v2/marketplace/apps/{appId}/webhook_logs`.

Written from Zoom's documentation ("Get webhook logs"): one row for each attempt, of the last seven
days, and its refusals word for word. Its times are real time: other processes compare them with
their own clocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEPT: Final = 20_000
SCOPE: Final = "marketplace_app:read:admin"
NOT_SENT: Final = -1
"""The status of an attempt that reached nobody."""
TIMED_OUT: Final = 1
REFUSED: Final = 2
_DAYS: Final = 7 * 86_400.0
_ALL, _FAILED, _SUCCESSFUL = 1, 2, 3
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class LogRefused(Exception):
    """A query that Zoom refuses: the HTTP status and Zoom's own number."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Logged:
    """One attempt. `at` is real time, `status` the HTTP answer or NOT_SENT, `good` its success."""

    at: float
    event: str
    status: int
    good: bool
    failed_reason_type: int
    url: str
    body: str
    request_id: str
    retry_num: int

    def row(self) -> dict[str, Any]:
        """As Zoom tells it."""
        moment = datetime.fromtimestamp(self.at, UTC)
        row = {
            "event": self.event,
            "status": self.status,
            "user_id": "",
            "endpoint": self.url,
            "subscription_id": "sandbox-subscription",
            "request_headers": "N/A",
            "request_body": self.body,
            "response_headers": "",
            "response_body": "",
            # Three digits after a colon: so it stands in Zoom's own example.
            "date_time": moment.strftime("%Y-%m-%dT%H:%M:") + f"{moment.second:03d}Z",
            "trace_id": f"WEB_{self.request_id.replace('-', '')}",
            "request_id": self.request_id.replace("-", "_"),
            "retry_num": self.retry_num,
        }
        if self.failed_reason_type:
            row["failed_reason_type"] = self.failed_reason_type
        return row


def select(log: Iterable[Logged], query: Mapping[str, str], now: float) -> list[dict[str, Any]]:
    """The rows that a query asks for, oldest first. Raises LogRefused. `now` is real time."""
    start, end = _dates(query, now)
    kind = query.get("type", str(_FAILED))
    if kind not in {str(known) for known in (_ALL, _FAILED, _SUCCESSFUL)}:
        raise LogRefused(400, 300, "Validation Failed: type.")
    retry = query.get("retry_num")
    if retry is not None and retry not in {"0", "1", "2", "3"}:
        text = "The 'retry_num' value must be an integer within the range of 0 to 3."
        raise LogRefused(400, 1506, text)
    return [
        entry.row()
        for entry in log
        if start <= entry.at <= end
        and query.get("event", entry.event) == entry.event
        and kind in {str(_ALL), str(_SUCCESSFUL if entry.good else _FAILED)}
        and (retry is None or int(retry) == entry.retry_num)
    ]


def _dates(query: Mapping[str, str], now: float) -> tuple[float, float]:
    texts = [query[name] for name in ("from", "to") if name in query]
    if not all(_DATE.fullmatch(text) for text in texts):
        raise LogRefused(404, 1503, "The dates must follow the format: `yyyy-MM-dd'T'HH:mm:ss'Z'`.")
    try:
        start = _seconds(query["from"]) if "from" in query else now - _DAYS
        end = _seconds(query["to"]) if "to" in query else now
    except ValueError as error:
        text = "The dates must follow the format: `yyyy-MM-dd'T'HH:mm:ss'Z'`."
        raise LogRefused(404, 1503, text) from error
    if start > now:
        raise LogRefused(404, 1504, "The 'from' date must be before the current date(UTC).")
    if end <= start:
        raise LogRefused(404, 1501, "The 'to' date must be after the 'from' date.")
    if start < now - _DAYS or end - start > _DAYS:
        raise LogRefused(404, 1502, "The date range must be within the last seven days.")
    return start, end


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
