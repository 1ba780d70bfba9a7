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
            "How often you were looked up in the last 90 days, and whether by an admin or the "
            "helpdesk, without who it was. Say status to read it.",
        ),
    ),
    (
        "Who sees it",
        (
            "Your presence is shown wherever Microsoft 365 shows presence. Only you can see what "
            "Zoom says about you.",
            "Admins and the helpdesk can look up whether it’s on for you and works, and when it "
            "last did; the helpdesk reads no more of that than the day.",
            "Your organisation runs the app. It sends nothing to anyone but Microsoft and Zoom.",
        ),
    ),
    (
        "If your organisation starts it for you",
        (
            "Your organisation can authorise the app once for everybody. You’re told before "
            "anything is shown, and you can say no at any time, also without the app in Teams.",
            "If you choose Not for me, the app keeps that as codes that don’t say who you are, "
            "until you undo it or 30 days after you’ve left.",
        ),
    ),
    (
        "How to erase it",
        (
            "Say disconnect in the chat, or remove the app. What is stored about you is erased, "
            "and the presence the app set is cleared. While Teams replaces the app with a newer "
            "version, Zoom isn’t shown. If the app isn’t back within a day, it counts as removed.",
            "If Microsoft can’t be reached when you leave, your authorisation is kept until the "
            "presence is cleared: for an hour at most, because that presence ends by then anyway.",
            "The app also keeps a log file of its latest changes. It’s rewritten without you soon "
            "after you leave, and at least once a day.",
            "If your account is removed from the organisation, all this happens on its own, within "
            "37 days.",
        ),
    ),
    (
        "If your organisation authorised it",
        (
            "Then you never sign in, and no authorisation of yours is stored. Nothing is shown "
            "before you were told.",
            "If you chose Not for me, that’s kept as a code that doesn’t say who you are, for "
            "nothing else. It ends 30 days after you leave the organisation.",
            "Removing the app from Teams doesn’t end it: say disconnect.",
        ),
    ),
    (
        "What stays after you disconnect",
        (
            "A note that you left, so you aren’t invited again: for 400 days, or until you "
            "connect again.",
            "A note of each message you get only once: for 400 days.",
            "Your address and the address of your chat with the app: until you remove the app.",
            "What admins changed or looked up: in the history of the settings.",
            "Your name, address and groups in Zoom, if the app reads the list of your "
            "organisation’s Zoom users: for as long as you’re on that list.",
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
