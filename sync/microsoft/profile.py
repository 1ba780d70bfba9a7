"""Who a Microsoft person is: Graph `/me`, through Microsoft's SDK (a rare call).

The SDK retries 429 and 5xx by sleeping inside the call; here it gets no retries and a time limit,
because a person is waiting on a web page. Its model of a user imports a thousand modules before it
can read one (two seconds), so the few fields that are needed have a model here.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import h2.connection  # noqa: F401 - httpx imports these two when it is first used,
import httpcore  # noqa: F401 - and then somebody waits
import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.serialization import Parsable
from kiota_http.middleware.options import RedirectHandlerOption, RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.object_identity import ObjectIdentity
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.graph_request_adapter import options as SDK_OPTIONS  # noqa: N812 - it is a constant
from msgraph_core import GraphClientFactory

from domain.errors import AdminMustAct, AuthorizeAgain, OutsideError, RetryLater
from domain.link import is_external_account, is_external_name
from sync.answers import MICROSOFTS_SIGNS, is_from_between, retry_after
from sync.engine.ports import Profile

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from kiota_abstractions.serialization import ParseNode, SerializationWriter

TIME_LIMIT = 10.0
LONGEST_WAIT = 3600.0
_FIELDS = ["id", "displayName", "userPrincipalName", "mail"]
_MORE_FIELDS = ["userType", "identities"]


@dataclass
class _Me(Parsable):  # type: ignore[misc] # the SDK is not typed for us
    """What we read of a user. `identities` are pairs of sign-in type and issuer."""

    texts: dict[str, str | None] = field(default_factory=dict)
    identities: list[tuple[str, str]] = field(default_factory=list)

    @staticmethod
    def create_from_discriminator_value(_: ParseNode | None) -> _Me:
        return _Me()

    def get_field_deserializers(self) -> dict[str, Callable[[ParseNode], None]]:
        def text(name: str) -> Callable[[ParseNode], None]:
            return lambda node: self.texts.update({name: node.get_str_value()})

        names = [*_FIELDS, "userType"]
        return {name: text(name) for name in names} | {"identities": self._read_identities}

    def serialize(self, writer: SerializationWriter) -> None:
        raise NotImplementedError  # it is only read

    def _read_identities(self, node: ParseNode) -> None:
        self.identities = [
            (str(each.sign_in_type or ""), str(each.issuer or ""))
            for each in node.get_collection_of_object_values(ObjectIdentity) or ()
        ]


async def read_profile(
    token: str,
    *,
    graph_url: str,
    verify: ssl.SSLContext,
    time_limit: float = TIME_LIMIT,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Profile:
    """Read the profile of the token's person, within `time_limit` seconds.

    Raises RetryLater, AuthorizeAgain, AdminMustAct.
    """
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {token}"},  # nothing leads from here to another host
        verify=verify,
        transport=transport,
        timeout=time_limit,
        # The SDK's transport does not pass on the client's close, so nothing may stay open.
        limits=httpx.Limits(max_keepalive_connections=0),
        event_hooks={"response": [_look]},
    ) as plain:
        client = GraphClientFactory.create_with_default_middleware(
            client=plain,
            options={
                **SDK_OPTIONS,  # without them /me goes out as /users/me-token-to-replace
                RetryHandlerOption.get_key(): RetryHandlerOption(should_retry=False),
                RedirectHandlerOption.get_key(): RedirectHandlerOption(should_redirect=False),
            },
        )
        adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), client)
        adapter.base_url = f"{graph_url}/v1.0"
        try:
            me = await asyncio.wait_for(_ask(adapter), time_limit)
        except OutsideError:
            raise
        except APIError as error:
            raise _failure(error) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise RetryLater("graph_unreachable", type(error).__name__) from error
        except Exception as error:  # the SDK raises bare ones for a body that it cannot read
            raise RetryLater("graph_answer", type(error).__name__) from error
    texts = {} if me is None else me.texts
    object_id, upn, mail = texts.get("id"), texts.get("userPrincipalName"), texts.get("mail")
    if me is None or not object_id or not upn:
        raise RetryLater("graph_answer")
    return Profile(
        object_id=object_id.lower(),
        name=(texts.get("displayName") or upn)[:256],
        upn=upn[:320],
        mail=mail[:320] if mail else None,
        external=is_external_name((upn,))
        or is_external_account(texts.get("userType"), me.identities),
    )


async def rehearse(graph_url: str, verify: ssl.SSLContext) -> None:
    """Read a made-up profile, without the network: what is made once is there then."""
    await (
        anyio.lowlevel.checkpoint()
    )  # which httpx uses to connect; this loads its part for asyncio
    somebody = {"id": "-", "userPrincipalName": "-", "identities": [{}]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=somebody))
    await read_profile("", graph_url=graph_url, verify=verify, transport=transport)


async def _ask(adapter: GraphRequestAdapter) -> _Me | None:
    """Ask for all fields; where one of them is unknown (400), for those that always were there."""
    try:
        return await _ask_for(adapter, [*_FIELDS, *_MORE_FIELDS])
    except APIError as error:
        if error.response_status_code != 400:
            raise
        return await _ask_for(adapter, _FIELDS)


async def _ask_for(adapter: GraphRequestAdapter, fields: list[str]) -> _Me | None:
    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=fields)
    request = GraphServiceClient(request_adapter=adapter).me.to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )
    me: _Me | None = await adapter.send_async(request, _Me, {"XXX": ODataError})
    return me


async def _look(response: httpx.Response) -> None:
    """Told apart before the SDK reads it: it says of any page only that it is no JSON."""
    if is_from_between(response.status_code, await response.aread(), MICROSOFTS_SIGNS):
        raise RetryLater("graph_intercepted", str(response.status_code))


def _failure(error: APIError) -> Exception:
    status = error.response_status_code or 0
    if status == 401:
        return AuthorizeAgain("graph_401")
    if status == 403:
        return AdminMustAct("graph_403")
    headers = httpx.Headers(error.response_headers or {})
    wait = retry_after(headers.get("Retry-After"), time.time(), longest=LONGEST_WAIT)
    return RetryLater("graph_error", str(status), after=wait)
