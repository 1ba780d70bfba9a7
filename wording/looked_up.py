"""`settings user` in words: why it is so for one person. Never what Zoom says of them now.

The helpdesk gets less than admins: no minutes and no pauses, because both tell what somebody does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import Trouble
from domain.policy import Reason
from domain.storms import Delivery
from wording.ended import storm_words
from wording.trouble import TROUBLES, of_an_admin, parked_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.person import PersonState
    from domain.policy import Policy, Verdict
    from wording.status import Tone


@dataclass(frozen=True, slots=True)
class UserView:
    """What an admin, or the helpdesk, may know of a person. Empty lines are left out.

    Times are in the reader's own zone; `for_admin`: the reader is one. `counted`: the person is
    told that they were looked up, though not by whom.

    `verdict` is the answer in one sentence (whether presence sync is on for them, and if not which
    field stops it, or that they paused). `level` names the deciding level (“the account, locked”,
    “Sales, priority 2”), `field` the field that decides, `style` the style and who chose it, `link`
    how their connection is, `written` when Microsoft was last told and whether it took it, `error`
    the last failure, also one that is over. `to_do` is what the admin or the person can do.
    `group_id` is the deciding group's. `parked` is the person's object id where it may help to try
    again. `notice` says what has just happened, `match` whom they are matched with in Entra. There
    is no place here for a person's live state, on purpose.
    """

    name: str
    address: str
    verdict: str
    level: str
    field: str = ""
    style: str = ""
    link: str = ""
    written: str = ""
    error: str = ""
    to_do: str = ""
    group_id: str = ""
    tone: Tone = "good"
    parked: str = ""
    notice: str = ""
    for_admin: bool = True
    match: str = ""
    counted: bool = False


def looked_up(
    state: PersonState | None,
    policy: Policy,
    verdict: Verdict,
    at: Callable[[int], str],
    *,
    name: str,
    address: str,
    notice: str = "",
    for_admin: bool = True,
) -> UserView:
    """Explain somebody who is connected, or (without `state`) at least in Zoom's list of people.

    `at` words a time (epoch ms) for the reader: for admins as by a clock, else the day's distance.
    The `verdict` for the helpdesk is one without the person's pause.
    """

    def when(at_ms: int) -> str:
        return f"at {at(at_ms)}" if for_admin else at(at_ms)

    chosen = "their own choice" if verdict.own_style else "set by their admins"
    reason = None if state is None else parked_for(state.trouble)
    troubled = state is None or state.trouble is not None
    tone: Tone = "good" if verdict.on and not troubled else "neutral"
    revivable = state is not None and reason is not None and TROUBLES[reason].revivable
    return UserView(
        name=name,
        address=address,
        verdict=_VERDICTS.get(verdict.reason, "Presence sync is off for them."),
        level=_level(policy, verdict),
        field=_FIELDS.get(verdict.reason, ""),
        style=f"{verdict.style.value}, {chosen}",
        link=_link(state, reason, when),
        written=_written(state, when, for_admin=for_admin),
        error=_error(state, reason, at, when),
        to_do=_to_do(state, reason, verdict),
        group_id="" if verdict.group is None else verdict.group.group_id,
        tone=tone if reason is None else "warning",
        parked=state.object_id if state is not None and revivable else "",
        notice=notice,
        for_admin=for_admin,
    )


_VERDICTS: Final[Mapping[Reason, str]] = {
    Reason.ON: "Presence sync is on for them.",
    Reason.PAUSED: "They paused presence sync themselves.",
}
_FIELDS: Final[Mapping[Reason, str]] = {
    Reason.INTEGRATION_OFF: "Calendar and contacts integration is off",
    Reason.OTHER_SERVICE: "The default service isn’t Office 365",
    Reason.NOT_GRAPH: "It authorises with EWS, not with the Graph API",
    Reason.NO_PRESENCE_WRITE: "The Presence permission isn’t Write",
}


def _level(policy: Policy, verdict: Verdict) -> str:
    group = verdict.group
    if group is None:
        return "the account, locked" if policy.account.locked else "the account"
    return f"{group.name}, priority {group.priority}{', locked' if verdict.locked else ''}"


_NOTIFIED = {
    Delivery.SENT: "they were asked to connect again",
    Delivery.SENDING: "they are being asked to connect again",
    Delivery.UNSURE: "they may have been asked to connect again, but Teams didn’t confirm it",
    Delivery.UNDELIVERED: "they couldn’t be notified, but will see it when they write to the app",
}


def _link(state: PersonState | None, reason: str | None, when: Callable[[int], str]) -> str:
    if state is None:
        return "Not connected"
    if state.gone_ms is not None:
        return (
            f"Connected, but the app was removed from their Teams {when(state.gone_ms)}. Zoom "
            "isn’t shown for them. If the app isn’t back within a day, they’re disconnected"
        )
    if reason == Trouble.AUTHORIZE:
        notified = _NOTIFIED.get(state.notified.delivery, "they haven’t been notified yet")
        return f"Their authorisation ended; {notified}"
    if reason is not None:
        return "Connected, but I’ve stopped trying to update them"
    return "Connected"


def _written(state: PersonState | None, when: Callable[[int], str], *, for_admin: bool) -> str:
    """When Microsoft last accepted something, be it that nothing is to be shown any more.

    Not what, nor whether it holds something now: that would tell what Zoom says of them.
    """
    if state is None:
        return ""
    if state.wrote_ms is None:
        return "Microsoft hasn’t accepted an update yet"
    if not for_admin:
        return f"It last worked {when(state.wrote_ms)}"
    return f"Microsoft last accepted an update {when(state.wrote_ms)}"


def _error(
    state: PersonState | None,
    reason: str | None,
    at: Callable[[int], str],
    when: Callable[[int], str],
) -> str:
    if state is None:
        return ""
    if state.trouble is None or state.trouble_ms is None:
        if state.failed_ms is None:
            return ""
        return f"None now. The last was {state.failed_code} {when(state.failed_ms)}"
    if reason is not None:
        what = TROUBLES[reason].what
        if reason == Trouble.AUTHORIZE:
            return f"{what} ({at(state.trouble_ms)}). {storm_words(state.trouble_code)[0]}"
    elif state.trouble == Trouble.ADMIN:
        what = f"The team that runs this app needs to act: {state.trouble_code} in its log says why"
    else:
        what = f"{state.trouble_code}; I’ll try again"
    return f"{what} ({at(state.trouble_ms)})"


def _to_do(state: PersonState | None, reason: str | None, verdict: Verdict) -> str:
    if state is None:
        return "Ask them to say connect to the app in Teams." if verdict.on else ""
    if reason is not None:
        return TROUBLES[reason].to_do
    admins = None if state.trouble is None else of_an_admin(state.trouble_code)
    return "" if admins is None else admins.to_do
