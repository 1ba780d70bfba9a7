"""The texts of the web pages to read: what this is, privacy, terms, and that nothing is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Section = tuple[str, tuple[str, ...]]
"""A heading and its sentences."""

_HOME: tuple[Section, ...] = (
    (
        "How to use it",
        (
            "Open the app Presence Bridge in Microsoft Teams and say connect. You sign in with "
            "Microsoft once; after that it works on its own.",
            "Say status at any time to see what Microsoft shows for you, and why.",
        ),
    ),
)

_PRIVACY: tuple[Section, ...] = (
    (
        "What is stored while you’re connected",
        (
            "Who you are in Microsoft 365 and Zoom: your name, e-mail addresses and ids, and "
            "whether you’re a guest of the organisation.",
            "Your Microsoft authorisation, encrypted. It lets the app see and set your presence "
            "and read your basic profile, and nothing else: no mail, calendar, files or chats.",
            "The latest presence that Zoom reported, and what Microsoft was told. There’s no "
            "history of your presence.",
        ),
    ),
    (
        "Who sees it",
        (
            "Your presence is shown wherever Microsoft 365 shows presence. Only you can see what "
            "Zoom says about you.",
            "Your organisation runs the app. It sends nothing to anyone but Microsoft and Zoom.",
        ),
    ),
    (
        "How to erase it",
        (
            "Say disconnect in the chat, or remove the app. What is stored about you is erased, "
            "and the presence that was set is cleared. While Teams replaces the app with a newer "
            "version, nothing is shown; if it isn’t back within a day, it counts as removed.",
            "If Microsoft can’t be reached when you leave, your authorisation is kept until the "
            "presence is cleared: for an hour at most, because then that presence ends anyway.",
            "The app also keeps a file of its latest changes. It’s rewritten without you soon "
            "after you leave, and at least once a day.",
            "If your account leaves the organisation, the same happens on its own, after 37 days "
            "at the latest.",
        ),
    ),
    (
        "What stays after you disconnect",
        (
            "A note that you left, which keeps you from being invited again: 400 days, or until "
            "you connect again.",
            "Notes of messages that you get only once: 400 days.",
            "Your address, and that of your chat with the app, until you remove the app.",
            "What admins changed or looked up, in the history of the settings.",
            "The list of your organisation’s Zoom users (name, address, groups), where it’s read, "
            "as Zoom has it.",
        ),
    ),
)

_TERMS: tuple[Section, ...] = (
    (
        "In short",
        (
            "Presence Bridge is free software under the MIT licence and comes without warranty.",
            "Your organisation runs it and answers questions about its use.",
            "It isn’t made or endorsed by Microsoft or Zoom.",
        ),
    ),
)


ABOUT: Final[Mapping[str, tuple[str, str, tuple[Section, ...]]]] = {
    "/": (
        "Presence Bridge",
        "It shows people’s Zoom presence in Microsoft Teams, Outlook and SharePoint.",
        _HOME,
    ),
    "/privacy": ("Privacy", "What Presence Bridge stores about you, and who sees it.", _PRIVACY),
    "/terms": ("Terms of use", "The rules, in plain words.", _TERMS),
}
"""By path: title, first sentence, sections."""

NOT_FOUND: Final = (
    "There’s no page here",
    "The address may have a typo, or the link may be an old one.",
    "Everything starts in the chat with Presence Bridge: say help there to see what you can do.",
)
"""For an address that doesn't exist: title, what happened, next step."""
