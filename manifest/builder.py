"""The Teams app manifest and the package (.zip) that an admin uploads.

Written for manifest schema 1.19: nothing this app does needs a later one, and a tenant or cloud
that is behind refuses a version it does not know. Limits below are that schema's.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA_VERSION = "1.19"
NAME = "Presence Bridge"
ACCENT_COLOR = "#1a4c9c"
ICONS = Path(__file__).parent / "icons"

MAX_COMMANDS = 10
MAX_TITLE = 32
MAX_DESCRIPTION = 128
_MAX_URL = 2048

_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NUMBERS = re.compile(r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)", re.ASCII)

_SHORT_DESCRIPTION = "Shows your Zoom presence in Microsoft Teams, Outlook and SharePoint."
_FULL_DESCRIPTION = """\
When you’re in a Zoom meeting, your colleagues see it in Microsoft Teams, Outlook and SharePoint. \
Presence Bridge takes your presence from Zoom and shows it in Microsoft 365.

To start, say connect in the chat with the app and sign in with Microsoft once. After that it \
works on its own.

- A status you set yourself in Teams always stays, unless you or your admin choose the style full.
- Say status to see what Microsoft shows right now, and why.
- Say disconnect to stop, and to erase what’s stored about you.

The app asks to see and set your presence and to read your basic profile. It doesn’t read mail, \
calendars, contacts, chats or meetings.

You need a Zoom account and a Microsoft 365 account in your organisation."""


class ManifestError(ValueError):
    """The manifest cannot be built. `problems` are sentences for the operator."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


def build_manifest(
    *,
    app_id: str,
    public_url: str,
    version: str,
    commands: Sequence[tuple[str, str]],
    group_commands: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Build the manifest.

    `app_id` is the app registration's id; it also serves as the Teams app's own id, so that a
    newer package replaces an older one. `commands` are (words, description) as the command menu
    shows them in the personal chat; `group_commands` those in teams and group chats.

    Raises ManifestError with everything that is wrong at once.
    """
    base = public_url.rstrip("/")
    problems = [
        *_app_problems(app_id, version),
        *_address_problems(public_url),
        *_command_problems(commands),
        *_command_problems(group_commands),
    ]
    if problems:
        raise ManifestError(problems)
    app_id = app_id.lower()
    return {
        "$schema": "https://developer.microsoft.com/json-schemas/teams/"
        f"v{SCHEMA_VERSION}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA_VERSION,
        "version": version,
        "id": app_id,
        "developer": {
            "name": NAME,
            "websiteUrl": f"{base}/",
            "privacyUrl": f"{base}/privacy",
            "termsOfUseUrl": f"{base}/terms",
        },
        "localizationInfo": {"defaultLanguageTag": "en-us"},
        "name": {"short": NAME, "full": "Presence Bridge: Zoom presence in Microsoft 365"},
        "description": {"short": _SHORT_DESCRIPTION, "full": _FULL_DESCRIPTION},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT_COLOR,
        "bots": [
            {
                "botId": app_id,
                "scopes": ["personal", "team", "groupChat"],
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [
                    {"scopes": ["personal"], "commands": _menu(commands)},
                    {"scopes": ["team", "groupChat"], "commands": _menu(group_commands)},
                ],
            }
        ],
        "defaultInstallScope": "personal",
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(public_url).netloc],
        "webApplicationInfo": {"id": app_id},
    }


def build_package(manifest: Mapping[str, Any]) -> bytes:
    """Pack a manifest of `build_manifest` and the icons.

    The same manifest always gives the same bytes: fixed order and times, nothing compressed (zlib
    releases differ in their output, and the icons are compressed already).
    """
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    files = {
        "manifest.json": text.encode(),
        "color.png": (ICONS / "color.png").read_bytes(),
        "outline.png": (ICONS / "outline.png").read_bytes(),
    }
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # its time is 1980-01-01
            entry.create_system = 3  # Unix on every system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return package.getvalue()


def _menu(commands: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"title": title, "description": description} for title, description in commands]


def _app_problems(app_id: str, version: str) -> list[str]:
    problems = []
    if not _GUID.fullmatch(app_id):
        problems.append("MicrosoftAppId must be a GUID like 01234567-89ab-cdef-0123-456789abcdef.")
    if not _NUMBERS.fullmatch(version):
        problems.append("The version must be three numbers like 1.2.3.")
    return problems


def _address_problems(public_url: str) -> list[str]:
    try:
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        whole = bool(host) and parts.port != 0
    except ValueError:
        return ["PUBLIC_URL isn't a web address."]
    problems = []
    if parts.scheme != "https" or not whole:
        problems.append("PUBLIC_URL must be an https address. Teams accepts nothing else.")
    if not host.isascii():
        problems.append("PUBLIC_URL must have its host name in ASCII (xn--…).")
    if len(public_url) > _MAX_URL - len("/privacy"):
        problems.append("PUBLIC_URL is too long.")
    if not problems and (parts.username is not None or parts.query or parts.fragment):
        problems.append("PUBLIC_URL must be an address without user name, query or fragment.")
    return problems


def _command_problems(commands: Sequence[tuple[str, str]]) -> list[str]:
    problems = []
    titles = [title for title, _ in commands]
    if not 1 <= len(titles) <= MAX_COMMANDS:
        problems.append(f"Teams lists 1 to {MAX_COMMANDS} commands, but there are {len(titles)}.")
    problems += [
        f"Command “{title}” is listed twice."
        for title in sorted(set(titles))
        if titles.count(title) > 1
    ]
    for title, description in commands:
        if not 0 < len(title.strip()) <= MAX_TITLE:
            problems.append(f"Command “{title}” must have 1 to {MAX_TITLE} characters.")
        if title.startswith("/"):
            problems.append(f"Command “{title}” must not begin with a slash (Teams store rules).")
        if not 0 < len(description.strip()) <= MAX_DESCRIPTION:
            problems.append(
                f"The description of “{title}” must have 1 to {MAX_DESCRIPTION} characters."
            )
    return problems
