"""Edits of the settings in words: the question, what people notice, what is in force then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, assert_never

from domain.effect import switches
from domain.policy import Authoriser
from domain.policy_edits import (
    Authorise,
    ChooseShare,
    ChooseStyle,
    Disable,
    Enable,
    Inherit,
    Lock,
    Move,
    Narrow,
    SaveForm,
    Stop,
    Unlock,
    form_of,
)
from domain.share import EVERYBODY
from wording.figures import people
from wording.policy import (
    AUTHORISERS_EXPLAINED,
    STYLES,
    because,
    level_words,
    only_words,
    property_words,
)
from wording.reason import shown_reason
from wording.text import outside

if TYPE_CHECKING:
    from domain.effect import Effect
    from domain.policy import Policy
    from domain.policy_edits import Edit, OneLine
    from domain.presence import Style


def effect_title(edit: Edit, before: Policy, after: Policy, effect: Effect) -> str:
    """What a saved edit comes to, as a heading: for those who are connected, or else its level."""
    off, on, rest = effect.off, effect.on, len(effect.now) - effect.off - effect.on
    if off and on:
        return f"Presence sync is now on for {people(on)} and off for {off:,}"
    if off or on:
        return f"Presence sync is now {'off' if off else 'on'} for {people(off or on)}"
    if effect.ends:
        return f"It ends for {people(effect.ends)}"
    if rest:
        return f"The style changes for {people(rest)}"
    switched = switches(before, after, edit.level)
    if switched is None:
        return "Saved"
    return f"Presence sync is now {'on' if switched else 'off'} for {level_words(edit.level, 60)}"


def saved_sentence(edit: Edit, after: Policy) -> str:
    """What is in force once an edit is saved, and where it does not count yet."""
    said = state_sentence(edit)
    if not edit.level.is_account and after.account.locked:
        return f"{said} The account is locked, so this only counts once it’s unlocked."
    if isinstance(edit, SaveForm) and edit.entered.manages:
        why = because(edit.entered.form)
        style = f"on, style {edit.entered.form.style}"
        return f"{said} Presence sync is {f'off, because {why}' if why else style}."
    return said


def state_sentence(edit: Edit) -> str:
    """How a level is set once an edit is made."""
    where = level_words(edit.level)
    match edit:
        case Enable():
            return f"Presence sync is enabled for {where}."
        case Disable():
            return f"Presence sync is disabled for {where}."
        case Inherit():
            return f"{where} inherits from the account."
        case Lock():
            return f"{_first(where)} is locked."
        case Unlock():
            return f"{_first(where)} is unlocked."
        case Move(_, priority):
            return f"{where} has priority {priority}."
        case ChooseStyle(_, style):
            return f"The style for {where} is {style}."
        case Authorise(_, authoriser):
            who = "each person" if authoriser is Authoriser.PERSON else "the organisation"
            return f"For {where}, {who} authorises it{_WHEN[authoriser]}."
        case ChooseShare(_, share):
            return (
                f"The share for {where} is {share}%. It counts where the organisation authorises "
                "it after notice."
            )
        case Stop():
            return (
                "The organisation’s authorisation is no longer used for anyone: each person "
                "authorises it themselves."
            )
        case Narrow(_, only) if only is not None:
            return f"For {where}, the organisation’s authorisation counts {only_words(only)}."
        case Narrow():
            return f"For {where}, it counts for everyone whom the organisation authorises."
        case SaveForm():
            return f"The settings for {where} are saved."
    assert_never(edit)


def question(edit: OneLine, *, own: int = 0) -> str:
    """What is asked before an edit is made; `own`: so many carry on by their own sign-in."""
    where = level_words(edit.level, 60)
    match edit:
        case Enable():
            return f"Enable presence sync for {where}?"
        case Disable():
            return f"Disable presence sync for {where}?"
        case Inherit():
            return f"Let {where} inherit from the account?"
        case Lock():
            return f"Lock {where}?"
        case Unlock():
            return f"Unlock {where}?"
        case Move(_, priority):
            return f"Give {where} priority {priority}?"
        case ChooseStyle(_, style):
            return f"Set the style for {where} to {style}?"
        case Authorise(_, authoriser):
            who = "each person" if authoriser is Authoriser.PERSON else "the organisation"
            return f"Let {who} authorise it for {where}{_WHEN[authoriser]}?"
        case ChooseShare(_, share):
            return f"Set the share for {where} to {share}%?"
        case Narrow(_, only) if only is not None:
            return f"Limit {where} to people with {property_words(only)}?"
        case Narrow():
            return f"Lift the limit for {where}?"
        case Stop() if own:
            return "Stop using the organisation’s authorisation for everyone?"
        case Stop():
            return "Stop and clear everyone whom the organisation authorised?"
    assert_never(edit)


def spoken(edit: OneLine, reason: str = "") -> str:
    """The edit as an admin says it in one line, with the reason if there is one."""
    where = "account" if edit.level.is_account else f"group {outside(edit.level.name, 60)}"
    if isinstance(edit, Stop):
        where = "organisation"
    value = ""
    if isinstance(edit, Move):
        value = f" {edit.priority}"
    elif isinstance(edit, ChooseStyle):
        value = f" {edit.style}"
    elif isinstance(edit, Authorise):
        value = f" {edit.authoriser}"
    elif isinstance(edit, ChooseShare):
        value = f" {edit.share}"
    elif isinstance(edit, Narrow):
        only = edit.only
        value = " everyone" if only is None else f" {only.name} {outside(only.value, 100)}"
    why = f" because {shown_reason(reason)}" if reason else ""
    return f"settings {where} {edit.act}{value}{why}"


_WHEN: Final = {
    Authoriser.PERSON: "",
    Authoriser.ASK: ", on request",
    Authoriser.INFORM: ", after notice",
}
_AUTHORISING: Final = {
    Authoriser.PERSON: "Let each person authorise",
    Authoriser.ASK: "Authorise on request",
    Authoriser.INFORM: "Authorise after notice",
}


def confirming(edit: OneLine, *, own: int = 0) -> str:
    """The title of the button that confirms: it says the act. `own`: as for `question`."""
    match edit:
        case Enable() | Disable() | Inherit() | Lock() | Unlock():
            return edit.act.capitalize()
        case Move(_, priority):
            return f"Set priority {priority}"
        case ChooseStyle(_, style):
            return f"Use {style}"
        case Authorise(_, authoriser):
            return _AUTHORISING[authoriser]
        case ChooseShare(_, share):
            return f"Use {share}%"
        case Narrow(_, only):
            return "Lift the limit" if only is None else "Limit"
        case Stop() if own:
            return "Stop for everyone"
        case Stop():
            return "Stop and clear everyone"
    assert_never(edit)


def noticed(edit: OneLine, style: Style) -> str:
    """What the people of a level notice; `style` is the one that applies afterwards.

    What the style `full` may do to a status set by hand is a warning of its own (StyleWords).
    """
    account = edit.level.is_account
    match edit:
        case Enable():
            shows = "Their Zoom presence shows in Teams, Outlook and SharePoint."
            if STYLES[style].writes_own_status:
                return shows
            return f"{shows} A status they’ve set themselves stays."
        case Disable():
            return (
                "I clear what I set for them, and Microsoft shows their presence without Zoom. "
                "They stay connected, so they don’t have to do anything when you enable it again."
            )
        case Inherit():
            return "The account decides for them. The group’s own settings are deleted."
        case Lock() if account:
            return (
                "The account decides for everyone: groups’ own settings no longer count, and "
                f"everyone has the style {style}. Anyone can still pause."
            )
        case Lock():
            return (
                f"They all have the style {style} and can’t choose another. They can still pause."
            )
        case Unlock() if account:
            return "Groups’ own settings count again, and people can choose their own style."
        case Unlock():
            return "They can choose their own style."
        case Move():
            return (
                "If someone is in several groups with their own settings, the group with the "
                "lowest number decides."
            )
        case ChooseStyle(_, chosen):
            return STYLES[chosen].sentence
        case Authorise() | ChooseShare() | Narrow() | Stop():
            return _noticed_of_starting(edit)
    assert_never(edit)


def _noticed_of_starting(edit: Authorise | ChooseShare | Narrow | Stop) -> str:
    """The same of what decides who is started without a sign-in."""
    match edit:
        case Authorise(_, Authoriser.PERSON):
            return (
                f"{AUTHORISERS_EXPLAINED[Authoriser.PERSON]} I stop showing the presence of "
                "people without a sign-in of their own, until they connect."
            )
        case Authorise(_, authoriser):
            return (
                f"{AUTHORISERS_EXPLAINED[authoriser]} People who connected themselves stay "
                "connected."
            )
        case Stop():
            return (
                "I clear what I set for people without a sign-in of their own, and show nothing "
                "for them until they connect. People who are connected by their own sign-in "
                "aren’t affected. Once it’s done, the consent can be withdrawn in Entra."
            )
        case Narrow(_, only) if only is not None:
            return (
                f"The organisation’s authorisation counts {only_words(only)}. It ends for "
                "everyone else, including people for whom Entra doesn’t say it or this app can’t "
                "see it. People who connect themselves, or whose own sign-in I still keep, aren’t "
                "limited."
            )
        case Narrow():
            return (
                "The organisation’s authorisation may count for everyone here again. That "
                "alone starts nobody: the card with Start, or the notice, comes first."
            )
        case ChooseShare(_, share) if share == EVERYBODY:
            return "After notice, everyone in scope is started."
        case ChooseShare(_, share):
            return (
                f"After notice, about {share} in 100 people are started, always the same ones. If "
                "that lowers the share, it ends for the others, unless they chose Start "
                "themselves. People who connect or choose Start themselves aren’t limited, nor are "
                "those whose own sign-in I still keep."
            )
    assert_never(edit)


def noticed_since(edit: Edit, before: Policy, after: Policy, effect: Effect) -> str:
    """What people notice of an edit that was saved, from `before` to `after`.

    Empty: nothing, or not while it doesn't count, or there is nobody to notice it.
    """
    level, switched = edit.level, switches(before, after, edit.level)
    somebody = effect.now or effect.later or switched is None
    if not somebody or (not level.is_account and after.account.locked):
        return ""
    style = form_of(after, level).style
    if not isinstance(edit, SaveForm):
        return noticed(edit, style)
    if switched is not None:
        return noticed(Enable(level) if switched else Disable(level), style)
    on = form_of(after, level).stopped_by() is None
    restyled = on and style is not form_of(before, level).style
    return STYLES[style].sentence if restyled else ""


def why_not_inherited(edit: OneLine) -> str:
    """Why an edit makes no sense for a group that inherits, as the rest of a sentence."""
    match edit:
        case Lock() | Unlock():
            return f"there’s nothing of its own to {edit.act}"
        case Move():
            return "a priority has no effect"
        case ChooseStyle():
            return "it doesn’t have its own style"
        case Authorise():
            return "the account says who authorises"
        case Narrow():
            return "the account says for whom it counts"
        case ChooseShare():
            return "the account says how many people are started"
        case Enable() | Disable() | Inherit() | Stop():
            return "it doesn’t have its own settings"
    assert_never(edit)


def overtaken(who: str = "", scope: str = "", when: str = "a moment ago") -> str:
    """The sentence for a card that was overtaken by another change of the settings.

    `who` made it ("You" is the reader, empty: not known), of the level `scope` ("the account", or a
    group's name), `when` ("a moment ago", "at 14:02").
    """
    if not who:
        what = "Someone changed the settings a moment ago"
    else:
        what = f"{outside(who, 60)} changed the settings for {outside(scope, 60)} {when}"
    return f"{what}, so nothing was saved. This is how it looks now."


def stops_for(effect: Effect) -> str:
    """For whom the organisation's authorisation ends everywhere, and how long clearing takes."""
    if not effect.off:
        return "nobody right now."
    return f"{people(effect.off)} now. {clearing_takes(effect.off)}"


def own_carries_on(count: int) -> str:
    """What an edit means for so many people whose own sign-in is still kept; empty: for none."""
    if not count:
        return ""
    return (
        f"{people(count)} had signed in themselves, and I still keep that. They carry on with "
        "their own sign-in, in the style of their level, and aren’t cleared. To stop that too, "
        "disable presence sync for their level."
    )


def clearing_takes(count: int) -> str:
    """How long it takes to clear so many people's presence, within what Microsoft allows."""
    minutes = math.ceil(count / CLEARED_A_MINUTE)
    return f"That takes about {'a minute' if minutes <= 1 else f'{minutes:,} minutes'}."


CLEARED_A_MINUTE: Final = 2_400
"""Of the 3,000 presence requests a minute that Graph allows; the rest is for everybody else."""


def _first(words: str) -> str:
    return words[:1].upper() + words[1:] if words == "the account" else words
