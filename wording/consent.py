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
    "Authorising doesn’t start anyone. The account-wide settings and the groups’ settings decide "
    "who is shown, and people are told first."
)

RIGHTS: Final[Mapping[Right, str]] = {
    Right.WRITE: "set and see everyone’s presence",
    Right.READ: "see everyone’s presence",
    Right.USERS: "find people by all their addresses, and know guests and disabled accounts",
    Right.USERS_BASIC: "find people by their user name and main address",
}
"""What each is for, as the end of "The app may …"."""

MATCHING: Final[Mapping[Matching, str]] = {
    Matching.FULL: "",
    Matching.BASIC: (
        "Without User.Read.All, people are found by their user name and main address only, and "
        "guests and disabled accounts can’t be recognised."
    ),
    Matching.NONE: "Without User.Read.All, I can’t find the account that belongs to a Zoom user.",
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
        f"More than I need: {listed}. Consent covers everything the app’s registration lists. "
        "Remove what isn’t needed from its API permissions in Entra, and revoke it under "
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
    person: str = "Your organisation’s authorisation for this app isn’t working right now"


WHY: Final[Mapping[Why, WhyWords]] = {
    Why.NEVER: WhyWords(
        "Nobody has authorised this app for the whole organisation yet.",
        "Press Authorise to get an address for someone who may consent.",
        "Your organisation hasn’t authorised this app",
    ),
    Why.WITHDRAWN: WhyWords(
        "The consent was withdrawn in Entra.",
        "If that wasn’t intended, press Authorise and have it given again.",
        "Your organisation has withdrawn its authorisation for this app",
    ),
    Why.TOO_FEW: WhyWords(
        "Presence.ReadWrite.All is missing, so nobody’s presence can be set with it.",
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
        "Ask the people who look after Conditional Access in Entra to allow this app from where "
        "it runs.",
    ),
    Why.CREDENTIAL: WhyWords(
        "Microsoft refuses the app’s secret: it has expired, or it’s the wrong one.",
        "Ask the team that runs this app to create a new secret in Entra and set "
        "MicrosoftAppPassword, or ORGANISATION_CLIENT_SECRET where it has a second registration.",
    ),
    Why.TENANT: WhyWords(
        "Microsoft doesn’t know this app in your organisation.",
        "Ask the team that runs this app to compare MicrosoftAppId (or "
        "ORGANISATION_CLIENT_ID) and MicrosoftAppTenantId with Entra.",
    ),
    Why.REFUSED: WhyWords(
        "Microsoft refuses the app.",
        "Ask the team that runs this app to look for organisation_authorisation_ended in its "
        "log: it has Microsoft’s error number.",
    ),
    Why.UNREACHABLE: WhyWords(
        "I can’t ask Microsoft right now, so this is what I last knew.",
        "Nothing. I try again every minute.",
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
    "Ask the admin who sent you the address for a new one. They say settings organisation in the "
    "app’s chat."
)
_AGAIN = "The address still works. Open it again to continue."

ANSWERS: Final[Mapping[Answer, AnswerWords]] = {
    Answer.AUTHORISED: AnswerWords(
        "Authorised",
        "Your organisation has authorised Presence Bridge. That doesn’t change anyone’s "
        "presence. An admin decides who is shown, and people are told first.",
        "You can close this page.",
        status=200,
    ),
    Answer.NOT_YET: AnswerWords(
        "Not there yet",
        "Microsoft’s page says consent was given, but the app can’t use it yet. That can take a "
        "minute.",
        "Reload this page in a minute, or close it. The app keeps checking, and the admin’s "
        "card in Teams changes once it works.",
        status=202,
        card="Microsoft’s page says consent was given. I can’t use it yet, but I’ll keep checking.",
    ),
    Answer.WORKED_NOT: AnswerWords(
        "It doesn’t work yet",
        "Consent may have been given, but the app still can’t use it.",
        "Tell the admin who sent you the address. Once it’s fixed, open it again.",
        card="Someone came back from Microsoft’s page, but it doesn’t work yet.",
    ),
    Answer.DECLINED: AnswerWords(
        "Not authorised",
        "Consent wasn’t given, so nothing has changed.",
        _AGAIN,
        card="Someone opened the address and left Microsoft’s page without consenting.",
    ),
    Answer.NOT_ALLOWED: AnswerWords(
        "Someone else has to do this",
        "Microsoft says your account may not consent to these permissions. Nothing has changed.",
        f"{WHO_MAY} Send the address on to one of them.",
        card="The person who opened the address may not consent to these permissions.",
    ),
    Answer.WRONG_TENANT: AnswerWords(
        "That was another organisation",
        "Consent was given in another organisation, not in this app’s. Nothing has changed here.",
        f"{_AGAIN} Sign in with an account of this organisation.",
        card="Someone consented in another organisation, not in this one.",
    ),
    Answer.OTHER: AnswerWords(
        "Microsoft refused",
        "Microsoft didn’t accept the consent, and gave a reason I don’t recognise. Nothing has "
        "changed.",
        f"{_AGAIN} If it happens again, tell the admin who sent you the address.",
        card="Microsoft didn’t accept the consent, and gave a reason I don’t recognise.",
    ),
    Answer.EXPIRED: AnswerWords(
        "This address has expired",
        "It only works for 7 days, or it isn’t complete. Nothing has changed.",
        _NEW_ADDRESS,
        status=410,
    ),
    Answer.REPLACED: AnswerWords(
        "There’s a newer address",
        "An admin has made another one in the meantime, so this one no longer works.",
        _NEW_ADDRESS,
        status=410,
    ),
    Answer.ENDED: AnswerWords(
        "This address no longer works",
        "It was used, or an admin ended it.",
        "If you still have to consent, ask the admin who sent it to you for a new one.",
        status=410,
    ),
    Answer.NOT_ADMIN: AnswerWords(
        "This address no longer works",
        "The person who made it is no longer an admin of this app. Nothing has changed.",
        "Ask an admin of the app for a new address.",
    ),
    Answer.FORGED: AnswerWords(
        "This answer can’t be used",
        "It doesn’t belong to anything that was started here in the last hour.",
        "Open the address the admin sent you, and start again.",
    ),
    Answer.OTHER_BROWSER: AnswerWords(
        "Continue in the browser where you started",
        "This answer belongs to another browser. Nothing has changed.",
        "Open the address the admin sent you in this browser, and start again.",
    ),
    Answer.INCOMPLETE: AnswerWords(
        "This address isn’t complete",
        "Part of it is missing, perhaps because it was cut off when it was copied.",
        "Copy the whole address, or ask the admin to send it again.",
        status=400,
    ),
    Answer.FOREIGN_FORM: AnswerWords(
        "This didn’t come from Presence Bridge",
        "The button wasn’t pressed on one of this app’s pages. Nothing has changed.",
        "Open the address the admin sent you, and press the button there.",
    ),
    Answer.OUR_FAULT: AnswerWords(
        "Something went wrong",
        "It wasn’t anything you did, and this page changed nothing.",
        "Reload this page in a minute.",
        status=503,
    ),
}
