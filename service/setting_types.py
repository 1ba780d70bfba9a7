"""The kinds of settings that several have, as types of their model."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, SecretStr

from service import setting_values as values

Guid = Annotated[str, BeforeValidator(values.guid)]
Address = Annotated[str, BeforeValidator(values.web_address)]
Secret = Annotated[SecretStr, BeforeValidator(values.secret)]
Port = Annotated[int, BeforeValidator(values.port)]
PublicUrl = Annotated[
    str,
    BeforeValidator(
        values.web_address_without(
            r"/(api/messages|zoom/webhook|auth/microsoft)(/|$)",
            "must be the address of the bot itself; /api/messages and the like are added to it",
        )
    ),
]
LoginUrl = Annotated[
    str,
    BeforeValidator(
        values.web_address_without(
            r"/(common|organizations|consumers|oauth2|[0-9a-f]{8}-[0-9a-f-]{27})(/|$)",
            "must not name a tenant or an endpoint: those are added to it",
        )
    ),
]
GraphUrl = Annotated[
    str,
    BeforeValidator(
        values.web_address_without(
            r"/(v[0-9.]+|beta)(/|$)", "must not contain a version: /v1.0 is added to it"
        )
    ),
]
ZoomOauthUrl = Annotated[
    str,
    BeforeValidator(
        values.web_address_without(
            r"/oauth(/|$)", "must not contain /oauth: /oauth/token is added to it"
        )
    ),
]
ZoomApiUrl = Annotated[
    str,
    BeforeValidator(
        values.web_address_without(
            r"/v[0-9.]+(/|$)", "must not contain a version: /v2 is added to it"
        )
    ),
]
