"""Who a Microsoft person is: Graph `/me`, through Microsoft's SDK (a rare call).

The SDK retries 429 and 5xx by sleeping inside the call; here it gets no retries and a time limit,
because a person is waiting on a web page.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.user import User
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.graph_request_adapter import options as SDK_OPTIONS  # noqa: N812 - it is a constant
from msgraph_core import GraphClientFactory

from sync.errors import AdminMustAct, AuthorizeAgain, RetryLater
from sync.ports import Profile

if TYPE_CHECKING:
    import ssl

TIME_LIMIT = 10.0
_FIELDS = ["id", "displayName", "userPrincipalName", "mail"]


class _OneToken(AccessTokenProvider):  # type: ignore[misc] # the SDK is not typed for us
    """Gives one token, to one host."""

    def __init__(self, token: str, host: str) -> None:
        self._token = token
        self._hosts = AllowedHostsValidator([host])

    async def get_authorization_token(
        self,
        uri: str,
        additional_authentication_context: dict[str, Any] = {},  # noqa: B006 - the SDK's signature
    ) -> str:
        return self._token if self._hosts.is_url_host_valid(uri) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts


async def read_profile(
    token: str, *, graph_url: str, verify: ssl.SSLContext, time_limit: float = TIME_LIMIT
) -> Profile:
    """Read the profile of the token's person, within `time_limit` seconds.

    Raises RetryLater, AuthorizeAgain, AdminMustAct.
    """
    await asyncio.to_thread(_load_models)
    provider = BaseBearerTokenAuthenticationProvider(_OneToken(token, httpx.URL(graph_url).host))
    async with httpx.AsyncClient(
        verify=verify,
        timeout=time_limit,
        # The SDK's transport does not pass on the client's close, so nothing may stay open.
        limits=httpx.Limits(max_keepalive_connections=0),
    ) as plain:
        client = GraphClientFactory.create_with_default_middleware(
            client=plain,
            options={
                **SDK_OPTIONS,  # without them /me goes out as /users/me-token-to-replace
                RetryHandlerOption.get_key(): RetryHandlerOption(should_retry=False),
            },
        )
        adapter = GraphRequestAdapter(provider, client)
        adapter.base_url = f"{graph_url}/v1.0"
        query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=_FIELDS)
        try:
            me = await asyncio.wait_for(
                GraphServiceClient(request_adapter=adapter).me.get(
                    RequestConfiguration(query_parameters=query)
                ),
                time_limit,
            )
        except APIError as error:
            raise _failure(error.response_status_code or 0) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise RetryLater("graph_unreachable", type(error).__name__) from error
        except Exception as error:  # the SDK raises bare ones for a body that it cannot read
            raise RetryLater("graph_answer", type(error).__name__) from error
    if me is None or not me.id or not me.user_principal_name:
        raise RetryLater("graph_answer")
    return Profile(
        object_id=str(me.id).lower(),
        name=str(me.display_name or me.user_principal_name)[:256],
        upn=str(me.user_principal_name)[:320],
        mail=str(me.mail)[:320] if me.mail else None,
    )


@functools.cache
def _load_models() -> None:
    """Import what the SDK needs to read a user: a thousand modules, once, seconds of work.

    Otherwise it does so while it reads the first answer, and the event loop stands still.
    """
    User().get_field_deserializers()


def _failure(status: int) -> Exception:
    if status == 401:
        return AuthorizeAgain("graph_401")
    if status == 403:
        return AdminMustAct("graph_403")
    return RetryLater("graph_error", str(status))
