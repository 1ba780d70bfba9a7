"""Rules between settings: which only work together, and what must not be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ZOOM_API_NAMES: Final = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
"""With what Zoom is asked."""
SECOND: Final = ("ORGANISATION_CLIENT_ID", "ORGANISATION_CLIENT_SECRET")
"""The registration whose own token tells Microsoft of people for the organisation."""


def problems_between(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with these settings (by name) beside each other, in sentences."""
    return [*_of_second(texts), *_of_zoom(texts), *_of_redis(texts)]


def _of_second(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the second registration beside the first, in sentences."""
    given = [name for name in SECOND if name in texts]
    if len(given) == 1:
        [missing] = set(SECOND) - set(given)
        return [f"{missing} is missing: set both {' and '.join(SECOND)}, or neither."]
    problems = []
    if given and texts[SECOND[0]].lower() == texts.get("MicrosoftAppId", "").lower():
        problems.append(
            "ORGANISATION_CLIENT_ID is the same as MicrosoftAppId. Name another app registration, "
            "or leave both ORGANISATION_ settings out: then MicrosoftAppId does this, too."
        )
    elif given and texts[SECOND[1]] == texts.get("MicrosoftAppPassword"):
        problems.append(
            "ORGANISATION_CLIENT_SECRET is the same as MicrosoftAppPassword. Each registration has "
            "its own secret: copy that of ORGANISATION_CLIENT_ID."
        )
    return problems


def _of_zoom(texts: Mapping[str, str]) -> list[str]:
    problems = []
    given = {name for name in ZOOM_API_NAMES if name in texts}
    # The account may be named alone: it says whose events count.
    if given - {"ZOOM_ACCOUNT_ID"} and len(given) < len(ZOOM_API_NAMES):
        missing = [name for name in ZOOM_API_NAMES if name not in given]
        problems.append(
            f"{' and '.join(missing)} missing: set all three of {', '.join(ZOOM_API_NAMES)}."
        )
    if "ZOOM_APP_ID" in texts and not given - {"ZOOM_ACCOUNT_ID"}:
        problems.append(f"ZOOM_APP_ID only works with {', '.join(ZOOM_API_NAMES)}.")
    return problems


def _of_redis(texts: Mapping[str, str]) -> list[str]:
    if texts.get("REDIS_MODE", "").lower() != "cluster":
        return []
    if "REDIS_URL" not in texts:
        return ["REDIS_MODE is cluster, so REDIS_URL must name a node of the cluster."]
    if texts["REDIS_URL"].startswith("unix:"):
        return ["REDIS_MODE is cluster, so REDIS_URL can't be a unix socket."]
    return []
