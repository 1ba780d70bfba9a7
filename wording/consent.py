"""The organisation's consent in words: rights, why it does not work, and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.organisation import Answer, Matching, Right, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

WHO_MAY: Final = (
    "A Privileged Role Administrator or a Global Administrator has to do it. An Application "
    "Administrator or Cloud Application Administrator can’t consent to these permissions."
)
STARTS_NOBODY: Final = (
    "Authorising starts nobody. Who is shown by it is decided in the account-wide settings and in "
    "those of groups, and people are told first."
)

RIGHTS: Final[Mapping[Right, str]] = {
    Right.WRITE: "set and see everybody’s presence",
    Right.READ: "see everybody’s presence",
    Right.USERS: "find people by all their addresses, and know guests and disabled accounts",
    Right.USERS_BASIC: "find people by their user name and main address",
}
"""What each is for, as the end of "The app may …"."""

MATCHING: Final[Mapping[Matching, str]] = {
    Matching.FULL: "",
    Matching.BASIC: (
        "Without User.Read.All people are found by their user name and main address only, and "
        "guests and disabled accounts can’t be recognised."
    ),
    Matching.NONE: "Without User.Read.All nobody’s account can be found for their Zoom user.",
}


def right_words(name: str) -> str:
    """What a permission is for; empty: the app never uses it."""
    return RIGHTS[Right(name)] if name in set(Right) else ""


def more_than_needed(names: tuple[str, ...]) -> str:
    """Warn of permissions that are granted and never used; empty: there are none."""
    if not names:
        return ""
    listed = ", ".join(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        listed += f" and {len(names) - MOST_NAMED:,} more"
    return (
        f"More than I need: {listed}. Consent covers everything that the app’s registration "
        "lists. Take what isn’t needed off its API permissions in Entra, and revoke it under "
        "Enterprise applications, Permissions."
    )


MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class WhyWords:
    """Why it does not work: `what` is wrong and what to do (`to_do`), in whole sentences.

    `person` is for somebody whose presence is shown by it: why Microsoft has not accepted
    something, as the end of a sentence or alone.
    """

    what: str
    to_do: str
    person: str = "Your organisation’s authorisation for this app doesn’t work at the moment"


WHY: Final[Mapping[Why, WhyWords]] = {
    Why.NEVER: WhyWords(
        "Nobody has authorised this app for the whole organisation yet.",
        "Press Authorise to get an address for whoever may consent.",
        "Your organisation has not authorised this app",
    ),
    Why.WITHDRAWN: WhyWords(
        "The consent was withdrawn in Entra.",
        "If that was not meant, press Authorise and have it given again.",
        "Your organisation has withdrawn its authorisation for this app",
    ),
    Why.TOO_FEW: WhyWords(
        "Presence.ReadWrite.All is missing, so nobody’s presence can be set.",
        "Add it to the registration’s API permissions as an application permission, then press "
        "Authorise.",
    ),
    Why.DISABLED: WhyWords(
        "The app is switched off in Entra.",
        "Entra > Enterprise applications > this app > Properties > “Enabled for users to sign "
        "in”: Yes.",
    ),
    Why.BLOCKED: WhyWords(
        "A Conditional Access policy for workload identities blocks this app.",
        "Ask who looks after Conditional Access in Entra to allow this app from the place where "
        "it runs.",
    ),
    Why.CREDENTIAL: WhyWords(
        "Microsoft refuses the app’s secret: it has expired, or it is another one.",
        "Whoever runs this app makes a new secret in Entra and sets MicrosoftAppPassword.",
    ),
    Why.TENANT: WhyWords(
        "Microsoft doesn’t know this app in your organisation.",
        "Whoever runs this app compares MicrosoftAppId and MicrosoftAppTenantId with Entra.",
    ),
    Why.REFUSED: WhyWords(
        "Microsoft refuses the app.",
        "Whoever runs this app finds Microsoft’s number in its log, under "
        "organisation_authorisation_ended.",
    ),
    Why.UNREACHABLE: WhyWords(
        "Microsoft can’t be asked at the moment; what was known before still holds.",
        "Nothing: I try again every minute.",
    ),
}


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """A page: its title, what happened, what to do next, and its HTTP status.

    `card` is what the card in the chat says of it; empty: nothing.
    """

    title: str
    happened: str
    next_step: str
    status: int = 403
    card: str = ""

    @property
    def good(self) -> bool:
        """Whether it is what was wanted."""
        return self.status == 200


_NEW_ADDRESS = (
    "Ask the admin who sent you the address for a new one: they say “settings organisation” in "
    "the app’s chat."
)
_AGAIN = "The address still works: open it again to go on."

ANSWERS: Final[Mapping[Answer, AnswerWords]] = {
    Answer.AUTHORISED: AnswerWords(
        "Authorised",
        "Your organisation has authorised Presence Bridge. Nobody’s presence changes by that: an "
        "admin decides who is shown, and people are told first.",
        "You can close this page.",
        status=200,
    ),
    Answer.NOT_YET: AnswerWords(
        "Not there yet",
        "Microsoft’s page says that consent was given, but the app’s own access doesn’t show it "
        "yet. Microsoft may take a minute for that.",
        "Load this page again in a minute, or close it: the app keeps looking, and the admin’s "
        "card in Teams changes once it is there.",
        status=202,
        card="Microsoft’s page says that consent was given. My own access doesn’t show it yet; "
        "I keep looking.",
    ),
    Answer.WORKED_NOT: AnswerWords(
        "It doesn’t work yet",
        "Consent may have been given, but the app still can’t use it.",
        "Tell the admin who sent you the address. After that is mended, open it again.",
        card="Somebody came back from Microsoft’s page, but it doesn’t work yet.",
    ),
    Answer.DECLINED: AnswerWords(
        "Not authorised",
        "Consent was not given, so nothing has changed.",
        _AGAIN,
        card="Somebody opened the address and left Microsoft’s page without consenting.",
    ),
    Answer.NOT_ALLOWED: AnswerWords(
        "Somebody else has to do this",
        "Microsoft says that your account may not consent to these permissions. Nothing has "
        "changed.",
        f"{WHO_MAY} Send the address on to one of them.",
        card="Whoever opened the address may not consent to these permissions.",
    ),
    Answer.WRONG_TENANT: AnswerWords(
        "That was another organisation",
        "Consent was given in another organisation than this app’s. Here nothing has changed.",
        f"{_AGAIN} Sign in with an account of this organisation.",
        card="Somebody consented in another organisation than this one.",
    ),
    Answer.OTHER: AnswerWords(
        "Microsoft refused",
        "Microsoft did not take the consent, for a reason of its own. Nothing has changed.",
        f"{_AGAIN} If it happens again, tell the admin who sent you the address.",
        card="Microsoft did not take the consent, for a reason of its own.",
    ),
    Answer.EXPIRED: AnswerWords(
        "This address has expired",
        "It worked for 7 days, or it is not complete. Nothing has changed.",
        _NEW_ADDRESS,
        status=410,
    ),
    Answer.REPLACED: AnswerWords(
        "There is a newer address",
        "An admin has made another one since, so this one no longer works.",
        _NEW_ADDRESS,
        status=410,
    ),
    Answer.ENDED: AnswerWords(
        "This address no longer works",
        "It was used, or an admin has ended it.",
        "If you still have to consent, ask the admin who sent it to you for a new one.",
        status=410,
    ),
    Answer.NOT_ADMIN: AnswerWords(
        "This address no longer works",
        "Whoever made it is no longer an admin of this app. Nothing has changed.",
        "Ask an admin of the app for a new address.",
    ),
    Answer.FORGED: AnswerWords(
        "This answer can’t be used",
        "It doesn’t belong to anything that was begun here within the last hour.",
        "Open the address that the admin sent you, and begin again.",
    ),
    Answer.OTHER_BROWSER: AnswerWords(
        "Go on in the browser where you began",
        "This answer belongs to another browser. Nothing has changed.",
        "Open the address that the admin sent you in this browser, and begin again.",
    ),
    Answer.INCOMPLETE: AnswerWords(
        "This address is not complete",
        "A part of it is missing, perhaps because it was cut when it was copied.",
        "Copy the whole address, or ask the admin to send it again.",
        status=400,
    ),
    Answer.FOREIGN_FORM: AnswerWords(
        "This came from another page",
        "The button was not pressed on a page of this app. Nothing has changed.",
        "Open the address that the admin sent you, and press the button there.",
    ),
    Answer.OUR_FAULT: AnswerWords(
        "Something went wrong",
        "It is not your fault, and nothing was changed by this page.",
        "Load this page again in a minute.",
        status=503,
    ),
}
