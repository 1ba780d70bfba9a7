"""The only module that knows the Bot Framework SDK, which is imported with it, beside the start.

The SDK runs the turn (`CloudAdapterBase`); its slow parts are left aside: activities are not
decoded into its model classes, its blocking token checks are replaced by `bot.teams.inbound_auth`,
and no client for replies is built, because replies go through `bot.teams.sender`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)

from bot.teams.inbound_auth import Unauthorized
from bot.teams.shapes import text_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.teams.inbound_auth import Sender


async def run(
    body: Mapping[str, Any],
    sender: Sender | None,
    turn: Callable[[], Awaitable[Mapping[str, Any] | None]],
) -> tuple[int, Any]:
    """Run the turn of an activity (decoded JSON) of `sender`, who was admitted; None in local mode.

    The HTTP answer: status and JSON body. `turn` gives the body that answers an invoke; None where
    there is none, and the answer to an invoke is then 501. What it raises is raised.
    """

    async def logic(context: TurnContext) -> None:
        answered = await turn()
        if answered is not None:
            response = InvokeResponse(status=200, body=answered)
            await _ADAPTER.send_activities(
                context, [Activity(type=ActivityTypes.invoke_response, value=response)]
            )

    result = await _ADAPTER.process_activity(_admitted(sender), _activity(body), logic)
    return (200, None) if result is None else (result.status, result.body)


def _admitted(sender: Sender | None) -> Any:
    """What the SDK wants to know of an authenticated request."""
    result = AuthenticateRequestResult()
    claims = {} if sender is None else dict(sender.claims)
    result.claims_identity = ClaimsIdentity(claims, sender is not None)
    result.connector_factory = _ADMITTED
    return result


def _activity(body: Mapping[str, Any]) -> Any:
    """The little that the SDK's pipeline reads; decoding everything would cost milliseconds."""
    return Activity(
        type=text_at(body, "type"),
        id=text_at(body, "id"),
        name=text_at(body, "name"),
        channel_id=text_at(body, "channelId"),
        service_url=text_at(body, "serviceUrl"),
    )


class _Admitted(BotFrameworkAuthentication, ConnectorFactory):  # type: ignore[misc]  # no types
    """In the place of the SDK's authentication, which `Channel.admit` has done before.

    At each turn the SDK insists on a client for replies as well: it is this object, never used.
    """

    async def authenticate_request(self, *_: Any) -> Any:
        raise Unauthorized("nobody was admitted")

    async def authenticate_streaming_request(self, *_: Any) -> Any:
        raise Unauthorized("streaming is not offered")

    def create_connector_factory(self, *_: Any) -> Any:
        return self

    async def create(self, *_: Any) -> Any:
        return self

    async def create_user_token_client(self, *_: Any) -> None:
        """Give none: people sign in on our own pages, not at the Bot Framework's token service."""


_ADMITTED = _Admitted()
_ADAPTER = CloudAdapterBase(_ADMITTED)
