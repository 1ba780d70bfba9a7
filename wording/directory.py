"""How the mirror of Zoom's users and groups is doing, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.directory import DirectoryHealth

_BECAUSE = {
    "zoom_credentials": (
        "Zoom refuses this app's credentials. Ask whoever runs this app to check "
        "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
    ),
    "zoom_rights": (
        "Zoom doesn't let this app read them. A Zoom admin must add the missing scopes to the "
        "Server-to-Server app."
    ),
    "zoom_token_refused": (
        "Zoom refuses the access it has just given. Ask a Zoom admin to see in the Zoom App "
        "Marketplace whether the Server-to-Server app is active, and that nothing else uses its "
        "credentials. I’ll try again."
    ),
    "zoom_intercepted": (
        "something between us and Zoom answered in its place: a firewall or a proxy, most likely. "
        "Ask whoever runs this app to let it reach ZOOM_API_URL and ZOOM_OAUTH_URL. It is tried "
        "again by itself."
    ),
    "zoom_busy": "Zoom is busy. I’ll try again.",
    "zoom_daily_limit": ("the Zoom account has used up its requests for today. I’ll try again."),
    "empty": "Zoom answered with an empty list, which can't be right. The list we have stays.",
    "users_lost": (
        "many people were suddenly missing from Zoom's list. The list we have stays; if Zoom says "
        "the same for a day, it is taken over."
    ),
    "groups_lost": (
        "many groups were suddenly missing from Zoom's list. The list we have stays; if Zoom says "
        "the same for a day, it is taken over."
    ),
    "memberships_lost": (
        "many people had suddenly lost their groups in Zoom's list. The list we have stays; if "
        "Zoom says the same for a day, it is taken over."
    ),
}
_BECAUSE_OTHERWISE = "Zoom didn't answer as it should. I’ll try again."


def explain(health: DirectoryHealth) -> str:
    """One or two sentences for an admin: how old the list is, what is wrong, what to do."""
    if not health.configured:
        return (
            "Zoom's groups can't be used, because this app isn't set up to read them. Ask whoever "
            "runs it to set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
        )
    because = None if health.reason is None else _BECAUSE.get(health.reason, _BECAUSE_OTHERWISE)
    age = health.age_seconds
    if age is None:
        if because is None:
            return "Zoom's users and groups are being read for the first time. Try again soon."
        return f"Zoom's users and groups couldn't be read yet: {because}"
    read = f"Zoom's users and groups were read {_ago(age)}"
    return f"{read}." if because is None else f"{read}. The last try failed: {because}"


def _ago(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "just now"
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    raise AssertionError(seconds)
