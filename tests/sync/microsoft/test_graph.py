"""Graph's presence calls on the wire: the exact bytes, and what becomes of every failure."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import aiohttp
import pytest

from domain.errors import (
    AuthorizeAgain,
    NotAllowed,
    OutsideError,
    PersonGone,
    Refused,
    RetryLater,
    TenantPaused,
)
from domain.presence import (
    AVAILABLE,
    IN_A_CALL,
    NOT_SAID,
    PREFERRED_PAIRS,
    PRESENTING,
    SESSION_PAIRS,
    Pair,
    Shown,
)
from sync.microsoft.graph import GraphPresence
from tests.doubles.graph import APP, CLEAR, LOOK, SET, Fault, Graph, running_graph

ADA = "00000000-0000-4000-8000-000000000001"
TOKEN = "ada's token"
NOW = 1_760_000_000.0

Call = Callable[[GraphPresence], Awaitable[object]]
CALLS: dict[str, Call] = {
    SET: lambda api: api.set_session(TOKEN, ADA, IN_A_CALL, 30),
    CLEAR: lambda api: api.clear_session(TOKEN, ADA),
    LOOK: lambda api: api.look(TOKEN, ADA),
}
every_call = pytest.mark.parametrize("name", CALLS)


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with running_graph() as double:
        double.tokens[TOKEN] = ADA
        yield double


def client_of(base: str, session: aiohttp.ClientSession, seconds: float = 10) -> GraphPresence:
    return GraphPresence(
        session,
        graph_url=base,
        session_id=APP,
        now=lambda: NOW,
        time_limit=seconds,
    )


@pytest.fixture
async def api(graph: Graph) -> AsyncIterator[GraphPresence]:
    async with aiohttp.ClientSession() as session:
        yield client_of(graph.base, session)


# -- what is sent --------------------------------------------------------------------------------


async def test_a_session_is_set_with_exactly_these_bytes(graph: Graph, api: GraphPresence) -> None:
    await api.set_session(TOKEN, ADA, PRESENTING, 30)
    [request] = graph.requests
    assert request.action == "setPresence"
    assert request.person == ADA
    assert request.token == TOKEN
    assert request.content_type == "application/json"
    assert request.body == (
        b'{"sessionId": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "availability": "DoNotDisturb", '
        b'"activity": "Presenting", "expirationDuration": "PT30M"}'
    )
    assert graph.sessions == {ADA: "DoNotDisturb/Presenting"}


async def test_a_session_is_cleared_with_exactly_these_bytes(
    graph: Graph, api: GraphPresence
) -> None:
    await api.set_session(TOKEN, ADA, AVAILABLE, 5)
    await api.clear_session(TOKEN, ADA)
    assert graph.asked(CLEAR)[0].body == b'{"sessionId": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"}'
    assert graph.sessions == {}


@pytest.mark.parametrize("pair", SESSION_PAIRS, ids=str)
@pytest.mark.parametrize("minutes", [5, 60, 240])
async def test_every_documented_session_is_taken(
    graph: Graph, api: GraphPresence, pair: Pair, minutes: int
) -> None:
    await api.set_session(TOKEN, ADA, pair, minutes)
    assert graph.sessions == {ADA: str(pair)}


@pytest.mark.parametrize(
    ("pair", "minutes"),
    [
        (Pair("Busy", "Busy"), 30),
        (Pair("Busy", "InAMeeting"), 30),
        (Pair("Offline", "OffWork"), 30),
        (IN_A_CALL, 4),
        (IN_A_CALL, 241),
    ],
    ids=str,
)
async def test_nothing_undocumented_is_sent(
    graph: Graph, api: GraphPresence, pair: Pair, minutes: int
) -> None:
    with pytest.raises(ValueError, match=r"Pair"):
        await api.set_session(TOKEN, ADA, pair, minutes)
    assert graph.requests == []


async def test_nothing_to_clear_is_success(graph: Graph, api: GraphPresence) -> None:
    await api.clear_session(TOKEN, ADA)
    assert graph.requests[0].status == 404


async def test_looking_reads_what_microsoft_shows(graph: Graph, api: GraphPresence) -> None:
    graph.shown[ADA] = ("Busy", "InAMeeting")
    assert await api.look(TOKEN, ADA) == Shown("Busy", "InAMeeting")


async def test_an_answer_in_many_pieces_is_read_whole(graph: Graph, api: GraphPresence) -> None:
    graph.split_answers = True
    assert await api.look(TOKEN, ADA) == Shown("Offline", "Offline")


@pytest.mark.parametrize(
    ("body", "shown", "known"),
    [
        (b'{"availability": "Busy"}', Shown("Busy", ""), True),
        (b'{"availability": "Busy", "activity": null}', Shown("Busy", ""), True),
        (
            b'{"availability": "BusyIdle", "activity": "Unheard"}',
            Shown("BusyIdle", "Unheard"),
            True,
        ),
        (b'{"availability": "Unheard", "activity": "InACall"}', Shown("Unheard", "InACall"), False),
        (b'{"availability": null, "activity": "InACall"}', Shown("", "InACall"), False),
        (b'{"availability": "PresenceUnknown"}', Shown("PresenceUnknown", ""), False),
        *(
            (body, NOT_SAID, False)
            for body in (
                b'{"availability": null, "activity": null}',
                b'{"availability": 1, "activity": {}}',
                b"{}",
            )
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_presence_without_words_is_no_failure(
    graph: Graph, api: GraphPresence, body: bytes, shown: Shown, *, known: bool
) -> None:
    graph.faults.append(Fault(200, body=body))
    assert await api.look(TOKEN, ADA) == shown
    assert shown.known is known


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"[]",
        b"null",
        b"no JSON",
        b'{"availability": "Busy", "acti',
        b'"' + b"x" * 300_000 + b'"',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_answer_that_is_none_is_asked_for_again(
    graph: Graph, api: GraphPresence, body: bytes
) -> None:
    graph.faults.append(Fault(200, body=body))
    with pytest.raises(RetryLater, match="graph_garbled"):
        await api.look(TOKEN, ADA)
    assert await api.look(TOKEN, ADA) == Shown("Offline", "Offline")


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b'{"error": {"code": "x"}}'])
@pytest.mark.parametrize("name", [SET, CLEAR])
async def test_what_a_successful_write_answers_does_not_matter(
    graph: Graph, api: GraphPresence, name: str, body: bytes
) -> None:
    graph.faults.append(Fault(200, body=body))
    await CALLS[name](api)


# -- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (Refused, "graph_refused")),
        (401, (AuthorizeAgain, "graph_401")),
        (403, (NotAllowed, "graph_403")),
        (404, (PersonGone, "graph_404")),
        (408, (RetryLater, "graph_error")),
        (409, (RetryLater, "graph_error")),
        (302, (RetryLater, "graph_intercepted")),
        (429, (TenantPaused, "graph_throttled")),
        (500, (RetryLater, "graph_error")),
        (502, (RetryLater, "graph_error")),
        (503, (RetryLater, "graph_error")),
    ],
)
@every_call
async def test_each_failure_is_named_by_who_must_act(
    graph: Graph,
    api: GraphPresence,
    name: str,
    status: int,
    expected: tuple[type[OutsideError], str],
) -> None:
    graph.faults.append(Fault(status))
    if name == CLEAR and status == 404:
        await CALLS[name](api)
        return
    with pytest.raises(OutsideError) as caught:
        await CALLS[name](api)
    assert (type(caught.value), caught.value.code) == expected
    assert str(status) in caught.value.detail
    assert TOKEN not in str(caught.value)
    assert graph.count() == 1, "whoever calls decides whether to send it again"


@pytest.mark.parametrize("body", [b"", b"oops", b"[]", b'{"error": "text"}', b'{"error": {}}'])
async def test_an_unreadable_error_body_does_not_matter(
    graph: Graph, api: GraphPresence, body: bytes
) -> None:
    graph.faults.append(Fault(503, body=body or b" "))
    with pytest.raises(RetryLater):
        await CALLS[SET](api)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("2.5", 2.5),
        ("86400", 600.0),
        (format_datetime(datetime.fromtimestamp(NOW + 42, UTC), usegmt=True), 42.0),
        (format_datetime(datetime.fromtimestamp(NOW - 42, UTC), usegmt=True), 0.0),
        ("0", 0.0),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Mon, 01 Jan 0001 00:00:00 -0000", 0.0),
    ],
)
async def test_retry_after_is_read_in_seconds_or_as_a_date(
    graph: Graph, api: GraphPresence, header: str, seconds: float | None
) -> None:
    graph.faults.append(Fault(503, {"Retry-After": header}))
    with pytest.raises(RetryLater) as later:
        await CALLS[SET](api)
    assert later.value.after == seconds

    graph.faults.append(Fault(429, {"Retry-After": header}))
    with pytest.raises(TenantPaused) as paused:
        await CALLS[SET](api)
    assert paused.value.after == (30.0 if seconds is None else max(seconds, 1.0))


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>Sign in to this network</html>"), (302, b" "), (401, b"<html>"), (407, b" ")]
    + [(status, b"<html>blocked</html>") for status in (403, 404, 451, 511)]
    + [(status, b'{"message": "no Route matched"}') for status in (400, 401, 403, 404)],
)
@every_call
async def test_what_stands_between_us_and_microsoft_is_nobodys_fault(
    graph: Graph, api: GraphPresence, name: str, status: int, body: bytes, *, split: bool
) -> None:
    graph.split_answers = split
    graph.faults.append(Fault(status, {"Retry-After": "9"}, body=body))
    with pytest.raises(RetryLater) as caught:
        await CALLS[name](api)
    assert (caught.value.code, caught.value.detail) == ("graph_intercepted", str(status))
    assert caught.value.after == 9


@every_call
async def test_a_broken_connection_is_temporary(
    graph: Graph, api: GraphPresence, name: str
) -> None:
    # aiohttp itself sends a GET once more; a write never.
    graph.faults.extend([Fault(kind="reset")] * (2 if name == LOOK else 1))
    with pytest.raises(RetryLater) as caught:
        await CALLS[name](api)
    assert caught.value.code == "graph_unreachable"
    await CALLS[name](api)


async def test_an_answer_that_breaks_off_is_temporary(graph: Graph, api: GraphPresence) -> None:
    graph.faults.append(Fault(kind="truncate", done=True))
    with pytest.raises(RetryLater) as caught:
        await api.look(TOKEN, ADA)
    assert caught.value.code == "graph_unreachable"


@every_call
async def test_a_server_that_is_not_there_is_temporary(
    graph: Graph, unused_tcp_port: int, name: str
) -> None:
    async with aiohttp.ClientSession() as session:
        api = client_of(f"http://127.0.0.1:{unused_tcp_port}", session)
        with pytest.raises(RetryLater):
            await CALLS[name](api)


@every_call
async def test_a_slow_server_is_given_up_in_time(graph: Graph, name: str) -> None:
    graph.faults.append(Fault(kind="stall"))
    async with aiohttp.ClientSession() as session:
        with pytest.raises(RetryLater) as caught:
            await CALLS[name](client_of(graph.base, session, seconds=0.05))
    assert caught.value.code == "graph_unreachable"


# -- the preferred slot ----------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PREFERRED_PAIRS, ids=str)
async def test_a_preferred_presence_is_sent_without_a_session(
    graph: Graph, api: GraphPresence, pair: Pair
) -> None:
    graph.faults.append(Fault(200, body=b""))
    await api.set_preferred(TOKEN, ADA, pair, 45)
    [request] = graph.requests
    assert request.action == "setUserPreferredPresence"
    assert (
        request.body
        == (
            f'{{"availability": "{pair.availability}", "activity": "{pair.activity}", '
            '"expirationDuration": "PT45M"}'
        ).encode()
    )


async def test_a_preferred_presence_is_taken_back_with_an_empty_object(
    graph: Graph, api: GraphPresence
) -> None:
    graph.faults.append(Fault(200, body=b""))
    await api.clear_preferred(TOKEN, ADA)
    assert [(r.action, r.body) for r in graph.requests] == [("clearUserPreferredPresence", b"{}")]


async def test_an_undocumented_preferred_presence_is_not_sent(
    graph: Graph, api: GraphPresence
) -> None:
    with pytest.raises(ValueError, match="Presenting"):
        await api.set_preferred(TOKEN, ADA, PRESENTING, 45)
    with pytest.raises(ValueError, match="0"):
        await api.set_preferred(TOKEN, ADA, PREFERRED_PAIRS[0], 0)
    assert graph.requests == []
