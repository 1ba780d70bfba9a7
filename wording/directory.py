"""How the mirror of Zoom's users and groups is doing, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wording.text import outside

if TYPE_CHECKING:
    from domain.directory import DirectoryHealth

_KEPT = "I’ve kept the list I have. If Zoom still says the same in a day, I’ll take it over."
_BECAUSE = {
    "zoom_credentials": (
        "Zoom doesn’t accept this app’s credentials. Ask the team that runs this app to check "
        "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
    ),
    "zoom_rights": (
        "Zoom doesn’t let this app read them. A Zoom admin needs to add the missing scopes to the "
        "Server-to-Server app."
    ),
    "zoom_token_refused": (
        "Zoom gave this app access and then refused it. Ask a Zoom admin to check in the Zoom App "
        "Marketplace that the Server-to-Server app is active, and that nothing else uses its "
        "credentials. I’ll try again."
    ),
    "zoom_intercepted": (
        "something else answered in Zoom’s place, most likely a firewall or a proxy. Ask the team "
        "that runs this app to let it reach ZOOM_API_URL and ZOOM_OAUTH_URL. I’ll try again."
    ),
    "zoom_busy": "Zoom is busy. I’ll try again.",
    "zoom_daily_limit": "the Zoom account has used up its requests for today. I’ll try again.",
    "empty": "Zoom sent an empty list, which can’t be right. I’ve kept the list I have.",
    "users_lost": f"many people were suddenly missing from Zoom’s list. {_KEPT}",
    "groups_lost": f"many groups were suddenly missing from Zoom’s list. {_KEPT}",
    "memberships_lost": f"many people suddenly had no groups in Zoom’s list. {_KEPT}",
}
_BECAUSE_OTHERWISE = "Zoom gave no usable answer. I’ll try again."

GROUP_GONE: Final = (
    "Zoom no longer has this group, so nothing was changed. Say settings groups to see the groups "
    "it has."
)
WITHOUT_GROUPS: Final = "Ask again in a minute. Settings for the whole account still work."
PERSON_GONE: Final = "This person is no longer on Zoom’s list. Say settings user and their address."


def no_group(name: str) -> str:
    """Zoom has no group of a name that somebody typed."""
    return f"There’s no group called “{outside(name, 60)}”."


def explain(health: DirectoryHealth) -> str:
    """One or two sentences for an admin: how old the list is, what is wrong, what to do."""
    if not health.configured:
        return (
            "Groups can’t be used, because this app isn’t set up to read them from Zoom. Ask the "
            "team that runs it to set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
        )
    because = None if health.reason is None else _BECAUSE.get(health.reason, _BECAUSE_OTHERWISE)
    age = health.age_seconds
    if age is None:
        if because is None:
            return "I’m reading Zoom’s users and groups for the first time. Try again in a minute."
        return f"I couldn’t read Zoom’s users and groups yet: {because}"
    read = f"Zoom’s users and groups were last read {_ago(age)}"
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
