"""Rows of Entra's users as Graph writes them, read strictly: what has another shape isn't there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.link import addresses_of, is_external_account, is_external_name
from domain.matching import PROPERTIES, EntraUser, has_teams, is_resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASIC: Final = ("id", "displayName", "userPrincipalName", "mail")
"""What User.ReadBasic.All shows of these ("Microsoft Graph permissions reference")."""
_EXTENSIONS: Final = "onPremisesExtensionAttributes"
FULL: Final = (
    *BASIC,
    *("proxyAddresses", "accountEnabled", "userType", "identities"),
    *("assignedPlans", "assignedLicenses", _EXTENSIONS),
    *(name for name in PROPERTIES if not name.startswith("extensionAttribute")),
)
"""With User.Read.All (Graph, "user resource type"); nothing that isn't used is asked for."""

MOST_PROXIES: Final = 400
"""Exchange's limit of a mailbox's addresses."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def object_id_of(text: str) -> str | None:
    """An object id in the form that is stored; None: it is none."""
    folded = text.strip().lower()
    return folded if _GUID.fullmatch(folded) else None


def read_user(row: Any, *, full: bool) -> EntraUser | None:
    """Read a row; None where it names nobody. `full`: all of FULL was asked for, else only BASIC.

    A user without any address is one: somebody may be mapped to them by hand.
    """
    if not isinstance(row, dict):
        return None
    object_id = object_id_of(_text(row, "id", 64))
    upn, mail = _text(row, "userPrincipalName", 320), _text(row, "mail", 320)
    if object_id is None or not upn:
        return None
    name = _text(row, "displayName", 256) or upn
    foreign = is_external_name((upn,))
    if not full:
        return EntraUser(object_id, name, addresses_of(upn, mail), external=foreign or None)
    enabled = row.get("accountEnabled")
    user_type = _text(row, "userType", 32)
    identities = [
        (_text(each, "signInType", 64), _text(each, "issuer", 256))
        for each in _objects(row, "identities")
    ]
    extensions = row.get(_EXTENSIONS)
    properties = {**row, **(extensions if isinstance(extensions, dict) else {})}
    return EntraUser(
        object_id,
        name,
        addresses_of(upn, mail, *_smtp(row)),
        enabled=enabled if isinstance(enabled, bool) else None,
        external=foreign or is_external_account(user_type, identities),
        resource=is_resource(
            _text(each, "skuId", 64) for each in _objects(row, "assignedLicenses")
        ),
        teams=_teams(row),
        properties={name: value for name in PROPERTIES if (value := _text(properties, name, 256))},
    )


def _teams(row: Mapping[str, Any]) -> bool | None:
    """Whether they have Teams; None where no plans are shown at all."""
    if not isinstance(row.get("assignedPlans"), list):
        return None
    return has_teams(
        (_text(each, "service", 128), _text(each, "capabilityStatus", 32))
        for each in _objects(row, "assignedPlans")
    )


def _smtp(row: Mapping[str, Any]) -> Iterator[str]:
    """Their proxy addresses for mail: `SMTP:` before the first one, `smtp:` before the others."""
    proxies = row.get("proxyAddresses")
    for proxy in (proxies if isinstance(proxies, list) else ())[:MOST_PROXIES]:
        if isinstance(proxy, str) and proxy[:5].lower() == "smtp:":
            yield _clean(proxy[5:])


def _objects(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = row.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(row: Mapping[str, Any], name: str, longest: int) -> str:
    value = row.get(name)
    return _clean(value)[:longest] if isinstance(value, str) else ""


def _clean(text: str) -> str:
    # Half a surrogate pair is no text, and Redis would refuse it.
    return text.encode("utf-8", "ignore").decode().strip()
