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
        "What is kept while you are connected",
        (
            "Who you are in Microsoft 365 and Zoom: name, e-mail addresses and ids, and whether "
            "you are a guest of the organisation.",
            "Your Microsoft authorisation, encrypted. It allows to see and set your presence and "
            "to read your basic profile, and nothing else: no mail, calendar, files or chats.",
            "The newest presence that Zoom reported, and what Microsoft was told. There is no "
            "history of your presence.",
        ),
    ),
    (
        "Who sees it",
        (
            "Your presence is shown where Microsoft 365 shows presence. Only you can see what "
            "Zoom says about you.",
            "It runs at your organisation; nothing is sent anywhere but to Microsoft and Zoom.",
        ),
    ),
    (
        "How to erase it",
        (
            "Say disconnect in the chat, or remove the app: what is kept about you is erased and "
            "the presence that was set is cleared. While Teams replaces the app by a newer "
            "version, nothing is shown; if it is not back within a day, it counts as removed.",
            "If Microsoft cannot be reached when you leave, your authorisation is kept until the "
            "presence is cleared, at most for the hour after which that ends by itself.",
            "The file in which the app writes down every change is then written anew without you, "
            "and at least once a day in any case.",
            "What stays after disconnect: a note that you left, so that you are not invited (400 "
            "days, or until you connect again), your address and that of your chat with the app, "
            "until you remove it, and notes of what you were told once (400 days). What admins "
            "changed or looked up stays in the history of the settings. The list of your "
            "organisation’s Zoom users (name, address, groups), where it is read, stays as Zoom "
            "has it.",
            "If your account leaves the organisation, the same happens by itself, after 37 days "
            "at the latest.",
        ),
    ),
)

_TERMS: tuple[Section, ...] = (
    (
        "In short",
        (
            "Presence Bridge is free software under the MIT licence and comes without warranty.",
            "Your organisation runs it and answers questions about its use.",
            "It is not made or endorsed by Microsoft or Zoom.",
        ),
    ),
)


ABOUT: Final[Mapping[str, tuple[str, str, tuple[Section, ...]]]] = {
    "/": (
        "Presence Bridge",
        "It shows people’s Zoom presence in Microsoft Teams, Outlook and SharePoint.",
        _HOME,
    ),
    "/privacy": ("Privacy", "What Presence Bridge knows about you, and why.", _PRIVACY),
    "/terms": ("Terms of use", "The rules, in plain words.", _TERMS),
}
"""By path: title, first sentence, sections."""

NOT_FOUND: Final = (
    "There’s no page here",
    "The address may have a typo, or the link may be an old one.",
    "Everything starts in the chat with Presence Bridge: say help there to see what you can do.",
)
"""For an address that doesn't exist: title, what happened, next step."""
