"""`python app.py check`: what works, what does not, and what to do about it."""

from __future__ import annotations

from typing import Final

SETTINGS: Final = "settings"
NAMES: Final = (
    SETTINGS,
    *("redis", "redis-tls", "redis-durable", "redis-memory", "keys", "zoom-events"),
    *("entra-tenant", "entra-secret", "entra-redirect", "graph", "bot", "bot-keys"),
    *("entra-secret-end", "entra-kind", "entra-consent", "entra-assignment", "entra-roles"),
    *("organisation-app", "organisation-rights", "organisation-declared"),
    *("organisation-redirect", "organisation-alone"),
    *("zoom", "zoom-scopes", "zoom-api", "zoom-pace", "zoom-log", "zoom-own-sync"),
    *("public-address", "public-headers", "teams-messages", "public-certificate", "clock"),
)
"""The checks by the words for `--only`, `--skip` and `--json`, in the order of the table."""
