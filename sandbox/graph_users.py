"""Graph's users as an application reads them: lists, filters by address, pages, and batches.

The limits are Graph's: 15 clauses of a `$filter`, 999 users on a page, 20 requests in a batch. With
User.ReadBasic.All alone, what is more than basic is refused. Pure, but for what is ordered of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

FULL: Final = "User.Read.All"
BASIC: Final = "User.ReadBasic.All"
BASIC_FIELDS: Final = frozenset(
    {"id", "displayName", "givenName", "mail", "surname", "userPrincipalName"}
)
DEFAULT_FIELDS: Final = ("id", "displayName", "userPrincipalName", "mail")
MOST_CLAUSES: Final = 15
LARGEST_PAGE: Final = 999
LARGEST_BATCH: Final = 20
_CLAUSE = re.compile(
    r"(?:(?P<field>userPrincipalName|mail|id) eq |proxyAddresses/any\((?P<it>\w+):(?P=it) eq )"
    r"'(?P<value>(?:[^']|'')*)'(?P<end>\)?)"
)


class Refusal(Exception):
    """An answer other than success: HTTP status, Graph's code and words, and headers."""

    def __init__(
        self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """As Graph writes it."""
        return {"error": {"code": self.code, "message": str(self)}}


@dataclass
class Users:
    """A tenant's users: whole rows as Graph writes them. `rows` gives them, in a steady order.

    `page`: no page is longer, whatever is asked for. `ordered`: answers to give in place of the
    right ones, by a part of the path: taken out one by one.
    """

    rows: Callable[[], Sequence[Mapping[str, Any]]]
    page: int = LARGEST_PAGE
    ordered: list[tuple[str, Refusal | dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, roles: Collection[str], base: str) -> dict[str, Any] | int:
        """Answer a GET of `/users…` (a path below the version, with its query). Raises Refusal.

        `base` is what links to more pages begin with.
        """
        self.asked.append(url)
        for number, (part, answer) in enumerate(self.ordered):
            if part in url:
                del self.ordered[number]
                if isinstance(answer, Refusal):
                    raise answer
                return answer
        if FULL not in roles and BASIC not in roles:
            raise _denied()
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        segments = [segment for segment in parts.path.split("/") if segment]
        if segments == ["users"]:
            return self._list(query, roles, base)
        if segments == ["users", "$count"]:
            return len(self.rows())
        if len(segments) == 2 and segments[0] == "users":
            return self._one(segments[1], query, roles)
        raise Refusal(
            400, "BadRequest", f"Resource not found for the segment '{parts.path[:100]}'."
        )

    def batch(self, body: object, roles: Collection[str], base: str) -> dict[str, Any]:
        """Answer a batch of GETs; in the other order, as Graph may. Raises Refusal."""
        requests = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(requests, list) or not all(isinstance(it, dict) for it in requests):
            raise Refusal(400, "BadRequest", "Invalid batch payload format.")
        if len(requests) > LARGEST_BATCH:
            text = f"Number of batch request steps exceeds the maximum value of {LARGEST_BATCH}."
            raise Refusal(400, "MaximumValueExceeded", text)
        ids = [str(it.get("id", "")).lower() for it in requests]
        if len(set(ids)) < len(ids) or "" in ids:
            raise Refusal(400, "BadRequest", "Request Id must be unique and not empty.")
        return {"responses": [self._step(it, roles, base) for it in reversed(requests)]}

    def _step(
        self, request: Mapping[str, Any], roles: Collection[str], base: str
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        # Anything but GET is answered as an address that there isn't.
        url = str(request.get("url")) if request.get("method") == "GET" else "/"
        try:
            answer = self.get(url, roles, base)
        except Refusal as error:
            status, said = error.status, error.body()
            headers |= error.headers
        else:
            status, said = 200, answer if isinstance(answer, dict) else {"": answer}
        return {"id": request["id"], "status": status, "headers": headers, "body": said}

    def _one(self, wanted: str, query: Mapping[str, str], roles: Collection[str]) -> dict[str, Any]:
        fields = _fields(query, roles)
        for row in self.rows():
            if wanted.lower() in {row["id"], row["userPrincipalName"].lower()}:
                return {name: row.get(name) for name in fields}
        raise Refusal(
            404,
            "Request_ResourceNotFound",
            f"Resource '{wanted[:100]}' does not exist or one of its queried reference-property "
            "objects are not present.",
        )

    def _list(self, query: Mapping[str, str], roles: Collection[str], base: str) -> dict[str, Any]:
        fields = _fields(query, roles)
        top = query.get("$top", "100")
        if not top.isdecimal() or not 1 <= int(top) <= LARGEST_PAGE:
            raise Refusal(
                400,
                "Request_UnsupportedQuery",
                f"Invalid page size specified: '{top[:20]}'. Must be between 1 and 999 inclusive.",
            )
        rows = self.rows()
        if "$filter" in query:
            chosen = _filter(query["$filter"])
            rows = [row for row in rows if chosen(row)]
        start = int(query.get("$skiptoken", "0"))
        end = start + min(int(top), self.page)
        answer: dict[str, Any] = {
            "@odata.context": f"{base}/$metadata#users",
            "value": [{name: row.get(name) for name in fields} for row in rows[start:end]],
        }
        if end < len(rows):
            kept = {name: value for name, value in query.items() if name != "$skiptoken"}
            more = "&".join(f"{name}={quote(value, safe='')}" for name, value in kept.items())
            answer["@odata.nextLink"] = f"{base}/users?{more}&$skiptoken={end}"
        return answer


def _fields(query: Mapping[str, str], roles: Collection[str]) -> tuple[str, ...]:
    fields = tuple(filter(None, query.get("$select", ",".join(DEFAULT_FIELDS)).split(",")))
    if FULL not in roles and not BASIC_FIELDS.issuperset(fields):
        raise _denied()
    return fields


def _filter(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """What a `$filter` of addresses chooses. Raises Refusal for what Graph does not take."""
    clauses, rest = list[tuple[str, str]](), text
    while rest:
        found = _CLAUSE.match(rest)
        if found is None or bool(found["end"]) == bool(found["field"]):
            raise Refusal(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter.")
        clauses.append((found["field"] or "", found["value"].replace("''", "'")))
        rest = rest[found.end() :]
        if rest and not rest.startswith(" or "):
            raise Refusal(400, "BadRequest", "Invalid filter clause: Syntax error.")
        rest = rest.removeprefix(" or ")
    if len(clauses) > MOST_CLAUSES:
        raise Refusal(
            400,
            "Request_UnsupportedQuery",
            "Too many child clauses specified in search filter expression containing 'OR' "
            f"operators: {len(clauses)}. Max allowed: {MOST_CLAUSES}.",
        )
    plain = {(name, value.lower()) for name, value in clauses if name}
    proxies = {value for name, value in clauses if not name}  # letters of either case differ here

    def chosen(row: Mapping[str, Any]) -> bool:
        names = ("userPrincipalName", "mail", "id")
        return any((name, str(row.get(name) or "").lower()) in plain for name in names) or (
            not proxies.isdisjoint(row.get("proxyAddresses") or ())
        )

    return chosen


def _denied() -> Refusal:
    text = "Insufficient privileges to complete the operation."
    return Refusal(403, "Authorization_RequestDenied", text)


def batch_body(raw: bytes) -> object:
    """What a request for a batch holds; None: no JSON."""
    try:
        return json.loads(raw)
    except ValueError:
        return None
